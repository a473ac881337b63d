/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as schema and payload of a TraceLogging event: schema size 2 | schema |
 * payload. What is read is also printed, as `dump` does.
 */
#include "base/cursor.h"
#include "cli/dump.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 2, ITEM_HEAD_BYTES = 8, SIZE_BYTES = 2 };

static bool swallow(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    (void)bytes;
    (void)byte_count;
    return true;
}

/* One item of type 11 around the schema; answers its size. */
static size_t make_item(uint8_t *item, const uint8_t *schema, size_t schema_bytes)
{
    size_t data_bytes = schema_bytes + SIZE_BYTES;
    ew_store_u16(item, (uint16_t)(ITEM_HEAD_BYTES + data_bytes));
    ew_store_u16(item + 2, EW_ITEM_EVENT_SCHEMA_TL);
    ew_store_u16(item + 4, 0);
    ew_store_u16(item + 6, (uint16_t)data_bytes);
    ew_store_u16(item + 8, (uint16_t)data_bytes);
    memcpy(item + ITEM_HEAD_BYTES + SIZE_BYTES, schema, schema_bytes);
    return ITEM_HEAD_BYTES + data_bytes;
}

static void read_and_print(const struct ew_event *event)
{
    static struct ew_dump_output output;
    struct ew_tlg_reader reader;
    struct ew_tlg_name name;
    struct ew_tlg_step step;
    if (ew_tlg_open(event, &reader, &name) != EW_OK) {
        return;
    }
    struct ew_tlg_reader again = reader;
    enum ew_status status;
    do {
        status = ew_tlg_next(&reader, &step);
    } while (status == EW_OK);
    if (status == EW_END) {
        ew_json_init(&output.json, swallow, NULL);
        ew_json_object(&output.json);
        ew_json_key(&output.json, "fields");
        ew_json_object(&output.json);
        ew_dump_tlg_fields(&output, again);
        ew_json_object_end(&output.json);
        ew_json_object_end(&output.json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES || size > 60000) {
        return 0;
    }
    size_t left = size - HEAD_BYTES;
    size_t schema_bytes = ew_load_u16(data) < left ? ew_load_u16(data) : left;
    size_t payload_bytes = left - schema_bytes;
    uint8_t *item = malloc(ITEM_HEAD_BYTES + SIZE_BYTES + schema_bytes);
    uint8_t *payload = malloc(payload_bytes == 0 ? 1 : payload_bytes);
    if (item != NULL && payload != NULL) {
        struct ew_event event = {.provider = &ew_guid_process, .payload = payload};
        memcpy(payload, data + HEAD_BYTES + schema_bytes, payload_bytes);
        event.payload_bytes = (uint32_t)payload_bytes;
        event.pointer_bytes = 8;
        event.kind = EW_EVENT_MANIFEST;
        event.extended = item;
        event.extended_bytes = (uint32_t)make_item(item, data + HEAD_BYTES, schema_bytes);
        read_and_print(&event);
    }
    free(item);
    free(payload);
    return 0;
}
