/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the payload of any event: provider 1 | hook, opcode or id 2 | version 1 |
 * pointer size 1 | payload. Every byte that a fact points to is read.
 */
#include "etwitness/decode.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 5 };

static const struct ew_guid *const providers[] = {
    NULL, /* a kernel hook */
    &ew_guid_process,
    &ew_guid_thread,
    &ew_guid_image,
    &ew_guid_page_fault,
    &ew_guid_disk_io,
    &ew_guid_file_io,
    &ew_guid_perf_info,
    &ew_guid_stack_walk,
    &ew_guid_image_id,
    &ew_guid_lost_event,
    &ew_guid_event_trace,
    &ew_guid_kernel_process,
    &ew_guid_clr_runtime,
    &ew_guid_clr_rundown,
};

enum { PROVIDER_COUNT = sizeof providers / sizeof providers[0], FIRST_MANIFEST = 12 };

static struct ew_event make_event(const uint8_t head[HEAD_BYTES])
{
    unsigned provider = head[0] % PROVIDER_COUNT;
    uint16_t number = (uint16_t)(head[1] | head[2] << 8);
    struct ew_event event = {.provider = providers[provider], .version = head[3]};
    event.pointer_bytes = (head[4] & 1) != 0 ? 8 : 4;
    event.kind = provider == 0                ? EW_EVENT_KERNEL
                 : provider >= FIRST_MANIFEST ? EW_EVENT_MANIFEST
                                              : EW_EVENT_CLASSIC;
    event.hook = provider == 0 ? number : 0;
    event.opcode = (uint8_t)number;
    event.id = provider >= FIRST_MANIFEST ? number : 0;
    event.provider = provider == 0 ? ew_kernel_class(number) : event.provider;
    return event;
}

static unsigned sum_bytes(const uint8_t *data, size_t bytes)
{
    unsigned sum = 0;
    for (size_t i = 0; i < bytes; i++) {
        sum += data[i];
    }
    return sum;
}

/* Written, so that no read is left out by the compiler. */
extern unsigned fuzz_decode_sum;
unsigned fuzz_decode_sum;

/* Reads what a field shows. */
static unsigned touch_field(const struct ew_field *field, const char *from)
{
    struct ew_utf16_slice utf16;
    struct ew_bytes_slice bytes;
    struct ew_address_slice words;
    switch (field->type) {
    case EW_FIELD_UTF16:
        memcpy(&utf16, from, sizeof utf16);
        return utf16.bytes % 2 != 0 ? (abort(), 0u) : sum_bytes(utf16.data, utf16.bytes);
    case EW_FIELD_BYTES:
        memcpy(&bytes, from, sizeof bytes);
        return sum_bytes(bytes.data, bytes.bytes);
    case EW_FIELD_ADDRESSES:
        memcpy(&words, from, sizeof words);
        return sum_bytes(words.data, (size_t)words.count * words.pointer_bytes);
    default:
        return (unsigned)(unsigned char)*from;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_decode_counts counts = {.unknown = 0};
    struct ew_fact fact;
    unsigned sum = 0;
    if (size < HEAD_BYTES) {
        return 0;
    }
    struct ew_event event = make_event(data);
    /* An exact copy, so that a read behind the payload is seen. */
    size_t payload_bytes = size - HEAD_BYTES;
    uint8_t *payload = malloc(payload_bytes == 0 ? 1 : payload_bytes);
    if (payload == NULL) {
        return 0;
    }
    memcpy(payload, data + HEAD_BYTES, payload_bytes);
    event.payload = payload;
    event.payload_bytes = (uint32_t)payload_bytes;
    (void)ew_event_name(&event);
    if (ew_decode_counted(&event, &counts, &fact) == EW_OK) {
        size_t field_count = 0;
        const struct ew_field *fields = ew_fact_fields(fact.kind, &field_count);
        for (size_t i = 0; i < field_count; i++) {
            sum += touch_field(&fields[i], (const char *)&fact + fields[i].offset);
        }
    }
    free(payload);
    fuzz_decode_sum = sum;
    return 0;
}
