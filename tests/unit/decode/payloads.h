/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads made by hand, and the events around them. */
#ifndef EW_TESTS_DECODE_PAYLOADS_H
#define EW_TESTS_DECODE_PAYLOADS_H

#include "etwitness/decode.h"

enum { PAYLOAD_BYTES_MAX = 8192 };

/* A payload being written; numbers are little-endian, too much is a failed test. */
struct payload {
    uint8_t bytes[PAYLOAD_BYTES_MAX];
    size_t used;
    uint8_t pointer_bytes;
};

void put_u8(struct payload *payload, uint8_t value);
void put_u16(struct payload *payload, uint16_t value);
void put_u32(struct payload *payload, uint32_t value);
void put_u64(struct payload *payload, uint64_t value);
/* Cut to 4 bytes when pointers have 4. */
void put_pointer(struct payload *payload, uint64_t value);
/* ASCII as zero-terminated UTF-16, and as it is. */
void put_utf16(struct payload *payload, const char *text);
void put_text(struct payload *payload, const char *text);
void put_zeros(struct payload *payload, size_t count);
/* S-1-5-21-1-2. */
void put_sid(struct payload *payload);
/* A TOKEN_USER and that SID. */
void put_user(struct payload *payload);
/* 00 01 02 ... 0f. */
void put_guid(struct payload *payload);

/* Events over a payload, which must outlive them. */
struct ew_event kernel_event(const struct payload *payload, uint16_t hook, uint8_t version);
struct ew_event classic_event(const struct payload *payload, const struct ew_guid *provider,
                              uint8_t opcode, uint8_t version);
struct ew_event manifest_event(const struct payload *payload, const struct ew_guid *provider,
                               uint16_t id, uint8_t version);

/* True when a text of a fact is these ASCII characters. */
bool utf16_is(struct ew_utf16_slice slice, const char *text);
bool bytes_are(struct ew_bytes_slice slice, const char *text);

#endif
