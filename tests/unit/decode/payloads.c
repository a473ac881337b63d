/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads made by hand, and the events around them. */
#include "unit/decode/payloads.h"

#include "base/cursor.h"

#include <check.h>

static uint8_t *grow(struct payload *payload, size_t count)
{
    ck_assert_uint_le(count, sizeof payload->bytes - payload->used);
    uint8_t *at = payload->bytes + payload->used;
    payload->used += count;
    return at;
}

void put_u8(struct payload *payload, uint8_t value)
{
    *grow(payload, 1) = value;
}

void put_u16(struct payload *payload, uint16_t value)
{
    ew_store_u16(grow(payload, 2), value);
}

void put_u32(struct payload *payload, uint32_t value)
{
    ew_store_u32(grow(payload, 4), value);
}

void put_u64(struct payload *payload, uint64_t value)
{
    ew_store_u64(grow(payload, 8), value);
}

void put_pointer(struct payload *payload, uint64_t value)
{
    if (payload->pointer_bytes == 4) {
        put_u32(payload, (uint32_t)value);
    } else {
        put_u64(payload, value);
    }
}

void put_utf16(struct payload *payload, const char *text)
{
    do {
        put_u16(payload, (uint16_t)(unsigned char)*text);
    } while (*text++ != '\0');
}

void put_text(struct payload *payload, const char *text)
{
    do {
        put_u8(payload, (uint8_t)*text);
    } while (*text++ != '\0');
}

void put_zeros(struct payload *payload, size_t count)
{
    memset(grow(payload, count), 0, count);
}

void put_sid(struct payload *payload)
{
    static const uint8_t sid[] = {1, 3, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
    memcpy(grow(payload, sizeof sid), sid, sizeof sid);
}

void put_user(struct payload *payload)
{
    put_pointer(payload, UINT64_C(0xffffcf05152bd160));
    put_pointer(payload, 0);
    put_sid(payload);
}

void put_guid(struct payload *payload)
{
    for (uint8_t i = 0; i < 16; i++) {
        put_u8(payload, i);
    }
}

static struct ew_event event_over(const struct payload *payload, enum ew_event_kind kind,
                                  const struct ew_guid *provider, uint8_t version)
{
    struct ew_event event = {.provider = provider, .payload = payload->bytes};
    event.payload_bytes = (uint32_t)payload->used;
    event.pointer_bytes = payload->pointer_bytes;
    event.process_id = 77;
    event.thread_id = 78;
    event.kind = (uint8_t)kind;
    event.version = version;
    return event;
}

struct ew_event kernel_event(const struct payload *payload, uint16_t hook, uint8_t version)
{
    struct ew_event event = event_over(payload, EW_EVENT_KERNEL, ew_kernel_class(hook), version);
    event.hook = hook;
    event.opcode = (uint8_t)hook;
    return event;
}

struct ew_event classic_event(const struct payload *payload, const struct ew_guid *provider,
                              uint8_t opcode, uint8_t version)
{
    struct ew_event event = event_over(payload, EW_EVENT_CLASSIC, provider, version);
    event.opcode = opcode;
    return event;
}

struct ew_event manifest_event(const struct payload *payload, const struct ew_guid *provider,
                               uint16_t id, uint8_t version)
{
    struct ew_event event = event_over(payload, EW_EVENT_MANIFEST, provider, version);
    event.id = id;
    return event;
}

bool utf16_is(struct ew_utf16_slice slice, const char *text)
{
    size_t length = strlen(text);
    if (slice.data == NULL || slice.bytes != 2 * length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (ew_load_u16(slice.data + 2 * i) != (unsigned char)text[i]) {
            return false;
        }
    }
    return true;
}

bool bytes_are(struct ew_bytes_slice slice, const char *text)
{
    return slice.data != NULL && slice.bytes == strlen(text)
           && memcmp(slice.data, text, slice.bytes) == 0;
}
