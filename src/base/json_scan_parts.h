/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JSON scanner share: texts and numbers are read in json_scan_text.c. */
#ifndef EW_BASE_JSON_SCAN_PARTS_H
#define EW_BASE_JSON_SCAN_PARTS_H

#include "base/cursor.h"
#include "base/json_scan.h"

/* Adds bytes to the window and keeps those from `scan->token` on. EW_END: there are none. */
enum ew_status ew_json_scan_more(struct ew_json_scan *scan);

/* The text whose opening quote is at `scan->token`, and the number that begins there; the
 * window is then behind them. False: failed. */
bool ew_json_scan_string(struct ew_json_scan *scan);
bool ew_json_scan_number(struct ew_json_scan *scan);

/* Where in the input a list of records can go on. */
enum ew_json_place {
    EW_JSON_ELSEWHERE,
    EW_JSON_IN_ARRAY,    /* a value of an array comes next, white space before it is passed */
    EW_JSON_BEHIND_LINE, /* behind an outermost value; others may follow on other lines */
};
enum ew_json_place ew_json_scan_place(const struct ew_json_scan *scan);

/* At such a place, records were passed, at least one. */
struct ew_json_mark;
void ew_json_scan_records_passed(struct ew_json_scan *scan, const struct ew_json_mark *passed);

/* --- plain texts ---------------------------------------------------------------------------- */

#define EW_EACH_BYTE UINT64_C(0x0101010101010101)
#define EW_HIGH_BITS UINT64_C(0x8080808080808080)

/*
 * Bit 7 of the first byte of `word` that is a quote, a backslash, a control character or not
 * ASCII, and perhaps of bytes behind it. A byte that is none of these stays below 0x80 in each
 * difference; a borrow can only come from a byte that is marked, so nothing before the first one
 * ever is.
 */
static inline uint64_t ew_json_special_bytes(uint64_t word)
{
    uint64_t quote = (word ^ EW_EACH_BYTE * '"') - EW_EACH_BYTE;
    uint64_t backslash = (word ^ EW_EACH_BYTE * '\\') - EW_EACH_BYTE;
    uint64_t control = word - EW_EACH_BYTE * 0x20;
    return (quote | backslash | control | word) & EW_HIGH_BITS;
}

/* The number of the lowest byte whose bit 7 is set in `marks`, which is not 0. */
static inline size_t ew_json_first_marked(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 8;
}

/* The first byte that is a quote, a backslash, a control character or not ASCII, or `end`. */
static inline const char *ew_json_plain_end(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t marks = ew_json_special_bytes(ew_load_u64((const uint8_t *)at));
        if (marks != 0) {
            return at + ew_json_first_marked(marks);
        }
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20
           && (unsigned char)*at < 0x80) {
        at++;
    }
    return at;
}

#endif
