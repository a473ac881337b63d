/* SPDX-License-Identifier: Apache-2.0 */
/* Texts, arrays and SIDs inside payloads. */
#include "decode/payload.h"

#include "etwitness/limits.h"

enum { SID_HEAD_BYTES = 8, SID_REVISION = 1, SID_SUB_AUTHORITIES_MAX = 15 };

/*
 * The top bit of every 16-bit lane that is zero. Subtracting one borrows into the next
 * lane, so lanes above the lowest that is zero may be marked wrongly; the lowest is right.
 */
static uint64_t zero_lanes(uint64_t units)
{
    return (units - UINT64_C(0x0001000100010001)) & ~units & UINT64_C(0x8000800080008000);
}

/* Bytes before the lowest lane that is marked. */
static size_t lowest_lane_bytes(uint64_t lanes)
{
    uint64_t lowest = lanes & (0 - lanes);
    return 2
           * ((size_t)(lowest > 0x8000) + (size_t)(lowest > UINT64_C(0x80000000))
              + (size_t)(lowest > UINT64_C(0x800000000000)));
}

/*
 * Offset of the first zero unit, or `byte_count` rounded down to whole units. Four units
 * at a time: method names are the bulk of what a CLR rundown carries.
 */
static size_t find_utf16_end(const uint8_t *text, size_t byte_count)
{
    size_t at = 0;
    for (; byte_count - at >= 16; at += 16) {
        uint64_t first = zero_lanes(ew_load_u64(text + at));
        uint64_t second = zero_lanes(ew_load_u64(text + at + 8));
        if ((first | second) != 0) {
            return first != 0 ? at + lowest_lane_bytes(first)
                              : at + 8 + lowest_lane_bytes(second);
        }
    }
    while (byte_count - at >= 2 && (text[at] | text[at + 1]) != 0) {
        at += 2;
    }
    return at;
}

struct ew_utf16_slice ew_payload_utf16(struct ew_payload *payload)
{
    struct ew_utf16_slice text = {NULL, 0};
    size_t left = ew_cursor_left(&payload->in);
    if (payload->in.failed) {
        return text;
    }
    size_t bytes = find_utf16_end(payload->in.at, left);
    if (left - bytes < 2) {
        payload->in.failed = true;
        return text;
    }
    text.data = payload->in.at;
    text.bytes = (uint32_t)bytes;
    payload->in.at += bytes + 2;
    return text;
}

struct ew_bytes_slice ew_payload_bytes(struct ew_payload *payload)
{
    struct ew_bytes_slice text = {NULL, 0};
    size_t left = ew_cursor_left(&payload->in);
    const uint8_t *end = payload->in.failed || left == 0 ? NULL : memchr(payload->in.at, 0, left);
    if (end == NULL) {
        payload->in.failed = true;
        return text;
    }
    text.data = payload->in.at;
    text.bytes = (uint32_t)(end - payload->in.at);
    payload->in.at = end + 1;
    return text;
}

struct ew_guid ew_payload_guid(struct ew_payload *payload)
{
    struct ew_guid guid = {{0}};
    const uint8_t *at = ew_cursor_take(&payload->in, sizeof guid.bytes);
    if (at != NULL) {
        memcpy(guid.bytes, at, sizeof guid.bytes);
    }
    return guid;
}

struct ew_address_slice ew_payload_words(struct ew_payload *payload, size_t count,
                                         uint8_t word_bytes)
{
    struct ew_address_slice words = {NULL, 0, word_bytes};
    if (ew_cursor_left(&payload->in) / word_bytes < count) {
        payload->in.failed = true;
        return words;
    }
    words.data = ew_cursor_take(&payload->in, count * word_bytes);
    words.count = words.data != NULL ? (uint32_t)count : 0;
    return words;
}

struct ew_address_slice ew_payload_frames(struct ew_payload *payload)
{
    uint8_t pointer_bytes = payload->event->pointer_bytes;
    size_t left = ew_cursor_left(&payload->in);
    if (left % pointer_bytes != 0 || left / pointer_bytes > EW_FRAMES_MAX) {
        payload->in.failed = true;
    }
    return ew_payload_words(payload, payload->in.failed ? 0 : left / pointer_bytes,
                            pointer_bytes);
}

/* True when a SID may begin `offset` bytes from here. */
static bool has_sid_at(const struct ew_cursor *in, size_t offset)
{
    static const uint8_t high_authority[5];
    if (in->failed || ew_cursor_left(in) < offset + SID_HEAD_BYTES) {
        return false;
    }
    const uint8_t *sid = in->at + offset;
    return sid[0] == SID_REVISION && sid[1] <= SID_SUB_AUTHORITIES_MAX
           && memcmp(sid + 2, high_authority, sizeof high_authority) == 0;
}

void ew_payload_skip_sid(struct ew_payload *payload)
{
    if (!has_sid_at(&payload->in, 0)) {
        payload->in.failed = true;
        return;
    }
    ew_cursor_skip(&payload->in, SID_HEAD_BYTES + 4 * (size_t)payload->in.at[1]);
}

/*
 * TOKEN_USER is a pointer and attributes, padded to two pointers, and the SID follows.
 * Without a user there is one zero word of 4 bytes (reference etw.md 3.5, Process).
 * Recordings whose pointer was blanked have a zero first word and a SID all the same,
 * so the SID decides, not the pointer.
 */
void ew_payload_skip_user(struct ew_payload *payload)
{
    size_t token_bytes = 2 * (size_t)payload->event->pointer_bytes;
    if (has_sid_at(&payload->in, token_bytes)) {
        ew_cursor_skip(&payload->in, token_bytes);
        ew_payload_skip_sid(payload);
        return;
    }
    if (ew_cursor_u32(&payload->in) != 0) {
        payload->in.failed = true;
    }
}
