/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the row of an event and runs its decoder. */
#include "etwitness/decode.h"

#include "decode/decoders.h"

#include <string.h>

struct provider {
    const struct ew_guid *guid;
    const struct ew_decode_family *family;
};

/*
 * The one provider that may have this first group, so that a single comparison decides.
 * Live kernel events and old recordings name their class, not their hook.
 */
static struct provider find_classic(uint32_t first_group)
{
    switch (first_group) {
    case 0x68fdd900u:
        return (struct provider){&ew_guid_event_trace, &ew_decode_groups[0x00]};
    case 0x3d6fa8d4u:
        return (struct provider){&ew_guid_disk_io, &ew_decode_groups[0x01]};
    case 0x3d6fa8d3u:
        return (struct provider){&ew_guid_page_fault, &ew_decode_groups[0x02]};
    case 0x3d6fa8d0u:
        return (struct provider){&ew_guid_process, &ew_decode_groups[0x03]};
    case 0x90cbdc39u:
        return (struct provider){&ew_guid_file_io, &ew_decode_groups[0x04]};
    case 0x3d6fa8d1u:
        return (struct provider){&ew_guid_thread, &ew_decode_groups[0x05]};
    case 0xce1dbfb4u:
        return (struct provider){&ew_guid_perf_info, &ew_decode_groups[0x0f]};
    case 0x2cb15d1du:
        return (struct provider){&ew_guid_image, &ew_decode_groups[0x14]};
    case 0xdef2fe46u:
        return (struct provider){&ew_guid_stack_walk, &ew_decode_groups[0x18]};
    case 0x6a399ae0u:
        return (struct provider){&ew_guid_lost_event, &ew_decode_lost_family};
    case 0xb3e675d7u:
        return (struct provider){&ew_guid_image_id, &ew_decode_image_id_family};
    default:
        return (struct provider){NULL, NULL};
    }
}

static struct provider find_manifest(uint32_t first_group)
{
    switch (first_group) {
    case 0xe13c0d23u:
        return (struct provider){&ew_guid_clr_runtime, &ew_decode_clr_runtime_family};
    case 0xa669021cu:
        return (struct provider){&ew_guid_clr_rundown, &ew_decode_clr_rundown_family};
    case 0x22fb2cd6u:
        return (struct provider){&ew_guid_kernel_process, &ew_decode_kernel_process_family};
    default:
        return (struct provider){NULL, NULL};
    }
}

static const struct ew_decode_row *family_row(const struct ew_decode_family *family,
                                              unsigned number)
{
    if (number >= family->row_count || family->rows[number].name == NULL) {
        return NULL;
    }
    return &family->rows[number];
}

/* The row of an event, whatever its version; NULL when the event is not known. */
static const struct ew_decode_row *find_row(const struct ew_event *event)
{
    if (event->kind == EW_EVENT_KERNEL) {
        unsigned group = event->hook >> 8;
        return group < EW_DECODE_GROUPS ? family_row(&ew_decode_groups[group], event->hook & 0xff)
                                        : NULL;
    }
    bool classic = event->kind == EW_EVENT_CLASSIC;
    if (!classic && event->kind != EW_EVENT_MANIFEST) {
        return NULL;
    }
    uint32_t first_group = ew_load_u32(event->provider->bytes);
    struct provider found = classic ? find_classic(first_group) : find_manifest(first_group);
    if (found.guid == NULL || !ew_guid_equal(found.guid, event->provider)) {
        return NULL;
    }
    return family_row(found.family, classic ? event->opcode : event->id);
}

static enum ew_status decode_by(const struct ew_decode_row *row, const struct ew_event *event,
                                struct ew_fact *fact_out)
{
    if (row == NULL || row->decode == NULL || event->version < row->version_min) {
        return EW_NOT_FOUND;
    }
    struct ew_payload payload = {ew_cursor_make(event->payload, event->payload_bytes), event,
                                 row};
    if (!row->decode(&payload, fact_out)) {
        return EW_FORMAT;
    }
    fact_out->kind = row->kind;
    return EW_OK;
}

enum ew_status ew_decode(const struct ew_event *event, struct ew_fact *fact_out)
{
    return decode_by(find_row(event), event, fact_out);
}

enum ew_status ew_decode_counted(const struct ew_event *event, struct ew_decode_counts *counts,
                                 struct ew_fact *fact_out)
{
    const struct ew_decode_row *row = find_row(event);
    enum ew_status status = decode_by(row, event, fact_out);
    if (status == EW_OK) {
        counts->decoded[row->kind]++;
    } else if (status == EW_FORMAT) {
        counts->refused[row->kind]++;
    } else {
        counts->unknown++;
    }
    return status;
}

const char *ew_event_name(const struct ew_event *event)
{
    const struct ew_decode_row *row = find_row(event);
    return row != NULL ? row->name : NULL;
}
