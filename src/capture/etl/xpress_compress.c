/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A greedy plain-LZ77 compressor with one candidate a hash slot.
 *
 * The stream ([MS-XCA] 2.3): a 32-bit word of flags, then the 32 items that it
 * describes from its highest bit down. A 0 is one literal byte. A 1 is a match, a
 * 16-bit word of (offset - 1) << 3 | min(length - 3, 7), which longer matches extend:
 *
 *     length - 3 >= 7        a half byte min(length - 10, 15); two matches share a byte,
 *                            the first takes the low half
 *     length - 3 >= 7 + 15   a byte min(length - 25, 255)
 *     that byte is 255       16 bits of length - 3, or 0 and then 32 bits of it
 */
#include "capture/etl/xpress_compress.h"

#include "base/cursor.h"

#include <stdbool.h>
#include <string.h>

enum {
    MATCH_MIN = 3,
    OFFSET_MAX = 8192,
    SHORT_EXTRA = 7,
    HALF_EXTRA = 15,
    BYTE_EXTRA = 255,
    FLAGS_BYTES = 4,
    /* One item at its longest: match word, half byte, byte, 0, 32 bits; flags after it. */
    ITEM_BYTES_MAX = 2 + 1 + 1 + 2 + 4 + FLAGS_BYTES,
    /* Literals are tried ever further apart after so many misses (2 to this power). */
    SKIP_SHIFT = 6,
};

struct output {
    uint8_t *bytes;
    size_t used;
    size_t flags_at; /* of the word in progress */
    size_t half_at;  /* of a byte whose high half is free; 0 when there is none */
    uint32_t flags;
    uint32_t flag_count;
};

static void put_flag(struct output *out, uint32_t flag)
{
    out->flags = out->flags << 1 | flag;
    out->flag_count++;
    if (out->flag_count == 32) {
        ew_store_u32(out->bytes + out->flags_at, out->flags);
        out->flags_at = out->used;
        out->used += FLAGS_BYTES;
        out->flags = 0;
        out->flag_count = 0;
    }
}

static void put_literal(struct output *out, uint8_t byte)
{
    out->bytes[out->used++] = byte;
    put_flag(out, 0);
}

/* The half byte of a length; answers nothing more than where it went. */
static void put_half(struct output *out, uint32_t value)
{
    if (out->half_at == 0) {
        out->half_at = out->used;
        out->bytes[out->used++] = (uint8_t)value;
        return;
    }
    uint8_t *shared = out->bytes + out->half_at;
    *shared = (uint8_t)(*shared | value << 4);
    out->half_at = 0;
}

static void put_long_length(struct output *out, uint32_t extra)
{
    uint32_t rest = extra - SHORT_EXTRA;
    put_half(out, rest < HALF_EXTRA ? rest : HALF_EXTRA);
    if (rest < HALF_EXTRA) {
        return;
    }
    rest -= HALF_EXTRA;
    out->bytes[out->used++] = (uint8_t)(rest < BYTE_EXTRA ? rest : BYTE_EXTRA);
    if (rest < BYTE_EXTRA) {
        return;
    }
    ew_store_u16(out->bytes + out->used, (uint16_t)(extra <= UINT16_MAX ? extra : 0));
    out->used += 2;
    if (extra > UINT16_MAX) {
        ew_store_u32(out->bytes + out->used, extra);
        out->used += 4;
    }
}

static void put_match(struct output *out, size_t offset, size_t length)
{
    uint32_t extra = (uint32_t)(length - MATCH_MIN);
    uint32_t word = (uint32_t)(offset - 1) << 3 | (extra < SHORT_EXTRA ? extra : SHORT_EXTRA);
    ew_store_u16(out->bytes + out->used, (uint16_t)word);
    out->used += 2;
    if (extra >= SHORT_EXTRA) {
        put_long_length(out, extra);
    }
    put_flag(out, 1);
}

static size_t match_length(const uint8_t *a, const uint8_t *b, size_t length_max)
{
    size_t length = 0;
    while (length_max - length >= 8 && memcmp(a + length, b + length, 8) == 0) {
        length += 8;
    }
    while (length < length_max && a[length] == b[length]) {
        length++;
    }
    return length;
}

static uint32_t hash_at(const uint8_t *at)
{
    uint32_t word = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
    return word * UINT32_C(2654435761) >> (32 - EW_XPRESS_TABLE_BITS);
}

/* The length of the match at `at`, 0 for none; its start goes to `from_out`. */
static size_t find_match(const uint8_t *in, size_t at, size_t in_bytes,
                         struct ew_xpress_table *table, size_t *from_out)
{
    uint32_t *slot = &table->positions[hash_at(in + at)];
    size_t seen = *slot;
    *slot = (uint32_t)(at + 1);
    if (seen == 0 || at - (seen - 1) > OFFSET_MAX) {
        return 0;
    }
    *from_out = seen - 1;
    size_t length = match_length(in + seen - 1, in + at, in_bytes - at);
    return length >= MATCH_MIN ? length : 0;
}

/* The flags that are left are set: a reader takes them for a match at the end. */
static size_t finish(struct output *out)
{
    uint32_t spare = 32 - out->flag_count;
    uint32_t ones = (uint32_t)((UINT64_C(1) << spare) - 1);
    uint32_t flags = (uint32_t)((uint64_t)out->flags << spare) | ones;
    ew_store_u32(out->bytes + out->flags_at, flags);
    return out->used;
}

size_t ew_xpress_compress(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_capacity,
                          struct ew_xpress_table *table)
{
    struct output output = {.bytes = out, .used = FLAGS_BYTES};
    size_t at = 0;
    size_t misses = 0;
    memset(table, 0, sizeof *table);
    if (out_capacity < FLAGS_BYTES + ITEM_BYTES_MAX) {
        return 0;
    }
    size_t used_max = out_capacity - ITEM_BYTES_MAX;
    while (at < in_bytes) {
        size_t from = 0;
        size_t length =
            in_bytes - at >= MATCH_MIN ? find_match(in, at, in_bytes, table, &from) : 0;
        if (length != 0) {
            put_match(&output, at - from, length);
            at += length;
            misses = 0;
        } else {
            for (size_t left = 1 + (misses++ >> SKIP_SHIFT); left > 0 && at < in_bytes; left--) {
                put_literal(&output, in[at++]);
                if (output.used > used_max) {
                    return 0;
                }
            }
        }
        if (output.used > used_max) {
            return 0;
        }
    }
    return finish(&output);
}
