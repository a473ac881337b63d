/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain LZ77 XPRESS decompression (MS-XCA 2.4).
 *
 * A stream is a sequence of flag words, each followed by its 32 tokens, from the
 * highest bit down:
 *
 *     0  one literal byte
 *     1  a match: u16, low 3 bits length - 3, high 13 bits distance - 1.
 *        Length 7 goes on: + a nibble (a byte serves two matches, low half first);
 *        nibble 15: + a byte; byte 255: a u16 that holds length - 3; u16 0: a u32.
 *
 * The flags not yet used stand at the top of a 64-bit word, with a one behind the last
 * of them. So the count of leading zeros is the length of a run of literals, and the
 * word is empty when the marker has reached the top.
 *
 * The fast loop runs while a whole flag word with its longest possible tokens lies in
 * the input, and so checks the input once a word. The careful loop does the rest, byte
 * by byte.
 */
#include "capture/etl/xpress_decompress.h"

#include "base/cursor.h"

#include <stdbool.h>
#include <string.h>

#define FLAGS_EMPTY (UINT64_C(1) << 63)

enum {
    FLAGS_PER_WORD = 32,
    MATCH_BYTES_MAX = 2 + 1 + 1 + 2 + 4,
    WORD_BYTES_MAX = 4 + FLAGS_PER_WORD * MATCH_BYTES_MAX + FLAGS_PER_WORD,
    LENGTH_MIN = 3,
    LENGTH_SHORT_MAX = 7,
    LENGTH_NIBBLE_MAX = 15,
    LENGTH_BYTE_MAX = 255,
};

struct xpress {
    const uint8_t *in;
    const uint8_t *in_end;
    uint8_t *out;
    uint8_t *out_end;
    const uint8_t *out_start;
    unsigned nibble; /* the high half of a length byte that waits for its match */
    bool has_nibble;
};

enum outcome { OUT_FULL, IN_LOW, BROKEN };

static unsigned leading_zeros(uint64_t bits)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_clzll(bits);
#else
    unsigned count = 0;
    for (; (bits & FLAGS_EMPTY) == 0; bits <<= 1) {
        count++;
    }
    return count;
#endif
}

static uint64_t flags_of(uint32_t word)
{
    return (uint64_t)word << 32 | UINT64_C(1) << 31;
}

static void copy_16(uint8_t *to, const uint8_t *from)
{
    uint8_t piece[16];
    memcpy(piece, from, sizeof piece);
    memcpy(to, piece, sizeof piece);
}

static void copy_8(uint8_t *to, const uint8_t *from)
{
    uint8_t piece[8];
    memcpy(piece, from, sizeof piece);
    memcpy(to, piece, sizeof piece);
}

/*
 * A match at a distance below 8 repeats a pattern: it is spread over one word by a
 * multiplication and stored again and again, each time a whole number of periods on.
 */
static void copy_pattern(uint8_t *to, unsigned distance, size_t byte_count)
{
    static const uint64_t spread[8] = {0,
                                       UINT64_C(0x0101010101010101),
                                       UINT64_C(0x0001000100010001),
                                       UINT64_C(0x0001000001000001),
                                       UINT64_C(0x0000000100000001),
                                       UINT64_C(0x0000010000000001),
                                       UINT64_C(0x0001000000000001),
                                       UINT64_C(0x0100000000000001)};
    static const uint8_t step[8] = {0, 8, 8, 6, 8, 5, 6, 7};
    uint64_t mask = (UINT64_C(1) << (8 * distance)) - 1;
    uint64_t pattern = (ew_load_u64(to - distance) & mask) * spread[distance];
    const uint8_t *end = to + byte_count;
    do {
        ew_store_u64(to, pattern);
        to += step[distance];
    } while (to < end);
}

/* Copies a match in whole words; up to 15 bytes behind its end are overwritten. */
static inline void copy_match(uint8_t *to, unsigned distance, size_t byte_count)
{
    const uint8_t *from = to - distance;
    const uint8_t *end = to + byte_count;
    if (distance >= 16) {
        copy_16(to, from);
        while (end - to > 16) {
            to += 16;
            from += 16;
            copy_16(to, from);
        }
    } else if (distance >= 8) {
        do {
            copy_8(to, from);
            to += 8;
            from += 8;
        } while (to < end);
    } else {
        copy_pattern(to, distance, byte_count);
    }
}

/*
 * The rest of a length whose short form is full; the input holds at least
 * MATCH_BYTES_MAX bytes. Zero for a length that is below what its form is for.
 */
static inline uint64_t length_long(const uint8_t **in, unsigned *nibble, bool *has_nibble)
{
    unsigned byte = **in;
    unsigned length = *has_nibble ? *nibble : byte & 15;
    *nibble = byte >> 4;
    *in += !*has_nibble;
    *has_nibble = !*has_nibble;
    if (length != LENGTH_NIBBLE_MAX) {
        return length + LENGTH_SHORT_MAX + LENGTH_MIN;
    }
    length = *(*in)++;
    if (length != LENGTH_BYTE_MAX) {
        return length + LENGTH_NIBBLE_MAX + LENGTH_SHORT_MAX + LENGTH_MIN;
    }
    uint64_t longest = ew_load_u16(*in);
    *in += 2;
    if (longest == 0) {
        longest = ew_load_u32(*in);
        *in += 4;
    }
    return longest < LENGTH_NIBBLE_MAX + LENGTH_SHORT_MAX ? 0 : longest + LENGTH_MIN;
}

static enum outcome run_fast(struct xpress *state)
{
    const uint8_t *in = state->in;
    const uint8_t *const in_end = state->in_end;
    uint8_t *out = state->out;
    uint8_t *const out_end = state->out_end;
    unsigned nibble = 0;
    bool has_nibble = false;
    while (in_end - in >= WORD_BYTES_MAX) {
        uint64_t flags = flags_of(ew_load_u32(in));
        in += 4;
        for (;;) {
            unsigned literals = leading_zeros(flags);
            copy_16(out, in);
            if (literals > 16) {
                copy_16(out + 16, in + 16);
            }
            if (literals >= (size_t)(out_end - out)) {
                return OUT_FULL;
            }
            out += literals;
            in += literals;
            flags <<= literals + 1;
            if (flags == 0) {
                break;
            }
            unsigned token = ew_load_u16(in);
            in += 2;
            uint64_t length = (token & LENGTH_SHORT_MAX) + LENGTH_MIN;
            if (length == LENGTH_SHORT_MAX + LENGTH_MIN) {
                length = length_long(&in, &nibble, &has_nibble);
            }
            unsigned distance = (token >> 3) + 1;
            if (distance > (size_t)(out - state->out_start)
                || length - 1 >= (size_t)(out_end - out)) {
                return BROKEN;
            }
            copy_match(out, distance, (size_t)length);
            out += length;
        }
    }
    state->in = in;
    state->out = out;
    state->nibble = nibble;
    state->has_nibble = has_nibble;
    return IN_LOW;
}

/* A match with every read checked: its bytes are padded to the longest form first. */
static bool match_careful(struct xpress *state)
{
    uint8_t form[MATCH_BYTES_MAX] = {0};
    size_t left = (size_t)(state->in_end - state->in);
    memcpy(form, state->in, left < sizeof form ? left : sizeof form);
    const uint8_t *at = form + 2;
    unsigned token = ew_load_u16(form);
    uint64_t length = (token & LENGTH_SHORT_MAX) + LENGTH_MIN;
    if (length == LENGTH_SHORT_MAX + LENGTH_MIN) {
        length = length_long(&at, &state->nibble, &state->has_nibble);
    }
    unsigned distance = (token >> 3) + 1;
    if ((size_t)(at - form) > left || distance > (size_t)(state->out - state->out_start)
        || length - 1 >= (size_t)(state->out_end - state->out)) {
        return false;
    }
    state->in += at - form;
    copy_match(state->out, distance, (size_t)length);
    state->out += length;
    return true;
}

static enum outcome run_careful(struct xpress *state)
{
    uint64_t flags = FLAGS_EMPTY;
    while (state->out < state->out_end) {
        if (flags == FLAGS_EMPTY) {
            if (state->in_end - state->in < 4) {
                return BROKEN;
            }
            flags = flags_of(ew_load_u32(state->in));
            state->in += 4;
        }
        bool is_match = (flags & FLAGS_EMPTY) != 0;
        flags <<= 1;
        if (is_match) {
            if (!match_careful(state)) {
                return BROKEN;
            }
        } else {
            if (state->in == state->in_end) {
                return BROKEN;
            }
            *state->out++ = *state->in++;
        }
    }
    return OUT_FULL;
}

enum ew_status ew_xpress_decompress(const uint8_t *in, size_t in_bytes, uint8_t *out,
                                    size_t out_bytes)
{
    struct xpress state = {
        .in = in,
        .in_end = in_bytes == 0 ? in : in + in_bytes,
        .out = out,
        .out_end = out + out_bytes,
        .out_start = out,
    };
    enum outcome outcome = out_bytes == 0 ? OUT_FULL : run_fast(&state);
    if (outcome == IN_LOW) {
        outcome = run_careful(&state);
    }
    return outcome == OUT_FULL ? EW_OK : EW_FORMAT;
}
