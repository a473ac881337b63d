/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile records of the ledger, by the first byte: the bytes as a record, or a record with its
 * pieces taken from them. What is read holds what a record must.
 */
#include "base/cursor.h"
#include "etwitness/export.h"
#include "export/ledger_scan.h"
#include "fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 256, TEXT_BYTES = 4096, RANGES_MAX = 64 };

static void must_be(bool is_true, int line)
{
    if (!is_true) {
        (void)fprintf(stderr, "line %d\n", line);
        abort();
    }
}
#define must(is_true) must_be(is_true, __LINE__)

struct ranges {
    size_t count;
    size_t max;
};

static bool is_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static enum ew_status take_range(void *context, const char *stream_id, uint64_t from, uint64_t to)
{
    struct ranges *ranges = context;
    must(is_hex(stream_id, 32));
    must(from > 0 && from <= to && to <= EW_JSON_INTEGER_MAX);
    ranges->count++;
    return ranges->count <= ranges->max ? EW_OK : EW_LIMIT;
}

static enum ew_status scan(const char *bytes, size_t byte_count, size_t ranges_max)
{
    char out[PATH_BYTES] = "";
    char part[PATH_BYTES] = "";
    char sha256[65] = "";
    struct ranges ranges = {0, ranges_max};
    struct ew_error error = {0};
    const struct ew_ledger_found found = {.context = &ranges,
                                          .range = take_range,
                                          .out = out,
                                          .part = part,
                                          .path_capacity = PATH_BYTES,
                                          .sha256 = sha256};
    enum ew_status status = ew_ledger_scan("record", bytes, byte_count, &found, &error);
    must(memchr(out, 0, sizeof out) != NULL && memchr(part, 0, sizeof part) != NULL);
    must(status == EW_OK || error.text[0] != '\0');
    if (status == EW_OK) {
        must(is_hex(sha256, 64));
        must(ranges.count <= ranges_max);
    }
    return status;
}

/* --- a record of pieces ---------------------------------------------------------- */

struct text {
    char at[TEXT_BYTES];
    size_t used;
};

static void put(struct text *text, const char *piece)
{
    size_t length = strlen(piece);
    if (text->used + length < TEXT_BYTES) {
        memcpy(text->at + text->used, piece, length + 1);
        text->used += length;
    }
}

static void put_number(struct text *text, struct ew_cursor *cursor)
{
    static const uint64_t odd[] = {0, 1, 2, EW_JSON_INTEGER_MAX, EW_JSON_INTEGER_MAX + 1};
    uint8_t kind = ew_cursor_u8(cursor);
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, kind < 5 ? odd[kind] : kind);
    put(text, number);
}

static void put_text(struct text *text, struct ew_cursor *cursor)
{
    static const char *const texts[] = {
        "\"0123456789abcdef0123456789abcdef\"",
        "\"0123456789ABCDEF0123456789abcdef\"",
        "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
        "\"stella-facts-ledger/1\"",
        "\"stella-facts-ledger/2\"",
        "\"\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"facts.ndjson\"",
        "7",
        "null",
        "[[[[[[[[[]]]]]]]]]",
        "{\"from\":1}",
    };
    put(text, texts[ew_cursor_u8(cursor) % (sizeof texts / sizeof texts[0])]);
}

/* One in sixteen is not what it should be. */
static bool is_odd(struct ew_cursor *cursor)
{
    return ew_cursor_u8(cursor) % 16 == 15;
}

static void put_window(struct text *text, struct ew_cursor *cursor)
{
    put(text, is_odd(cursor) ? "{\"from\":1,\"from\":" : "{\"from\":");
    put_number(text, cursor);
    put(text, ",\"stream\":");
    if (is_odd(cursor)) {
        put_text(text, cursor);
    } else {
        put(text, "\"0123456789abcdef0123456789abcdef\"");
    }
    put(text, is_odd(cursor) ? ",\"more\":{},\"to\":" : ",\"to\":");
    put_number(text, cursor);
    put(text, "}");
}

#define SHA256_TEXT "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""

static void put_record(struct text *text, struct ew_cursor *cursor)
{
    static const char *const right[] = {"7", "\"facts.ndjson\"", "\"facts.ndjson.part\"",
                                        "\"stella-facts-ledger/1\"", SHA256_TEXT};
    static const char *const names[] = {
        "{\"lines\":", ",\"out\":", ",\"part\":", ",\"schema\":", ",\"sha256\":"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put(text, names[i]);
        if (is_odd(cursor)) {
            put_text(text, cursor);
        } else {
            put(text, right[i]);
        }
    }
    put(text, ",\"windows\":[");
    for (uint8_t i = 0, count = ew_cursor_u8(cursor) % RANGES_MAX; i < count; i++) {
        put(text, i > 0 ? "," : "");
        put_window(text, cursor);
    }
    put(text, is_odd(cursor) ? "]" : "]}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct text text;
    if (size < 2) {
        return 0;
    }
    if (data[0] % 2 == 0) {
        (void)scan((const char *)data + 1, size - 1, data[0] / 2);
        return 0;
    }
    struct ew_cursor cursor = ew_cursor_make(data + 1, size - 1);
    text.used = 0;
    text.at[0] = '\0';
    put_record(&text, &cursor);
    if (scan(text.at, text.used, RANGES_MAX) == EW_OK && text.used > 0) {
        must(scan(text.at, text.used - 1, RANGES_MAX) != EW_OK);
    }
    return 0;
}
