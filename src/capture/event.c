/* SPDX-License-Identifier: Apache-2.0 */
/* Extended items of an event, and the classes behind kernel hooks. */
#include "etwitness/event.h"

#include "base/cursor.h"

/* An item's head in the file: Size 2 | ExtType 2 | Linkage 2 | DataSize 2
 * (reference etl-format.md 4). */
enum { ITEM_HEAD_BYTES = 8 };

bool ew_event_next_item(const struct ew_event *event, uint32_t *offset, struct ew_item *item_out)
{
    uint32_t left = event->extended_bytes - *offset;
    if (*offset >= event->extended_bytes || left < ITEM_HEAD_BYTES) {
        return false;
    }
    const uint8_t *at = event->extended + *offset;
    uint32_t size = ew_load_u16(at);
    uint32_t data_bytes = ew_load_u16(at + 6);
    if (size < ITEM_HEAD_BYTES || size > left || data_bytes > size - ITEM_HEAD_BYTES) {
        return false;
    }
    item_out->type = ew_load_u16(at + 2);
    item_out->data = at + ITEM_HEAD_BYTES;
    item_out->data_bytes = (uint16_t)data_bytes;
    *offset += size;
    return true;
}

bool ew_event_find_item(const struct ew_event *event, uint16_t type, struct ew_item *item_out)
{
    uint32_t offset = 0;
    while (ew_event_next_item(event, &offset, item_out)) {
        if (item_out->type == type) {
            return true;
        }
    }
    return false;
}

struct kernel_group {
    const struct ew_guid *class_guid;
    const char *name;
};

/* Group bytes of hooks (reference etw.md 3.5, "Hook id"). */
static const struct kernel_group kernel_groups[] = {
    [0x00] = {&ew_guid_event_trace, "EventTrace"},
    [0x01] = {&ew_guid_disk_io, "DiskIo"},
    [0x02] = {&ew_guid_page_fault, "PageFault"},
    [0x03] = {&ew_guid_process, "Process"},
    [0x04] = {&ew_guid_file_io, "FileIo"},
    [0x05] = {&ew_guid_thread, "Thread"},
    [0x06] = {&ew_guid_tcp_ip, "TcpIp"},
    [0x08] = {&ew_guid_udp_ip, "UdpIp"},
    [0x09] = {&ew_guid_registry, "Registry"},
    [0x0b] = {&ew_guid_event_trace_config, "EventTraceConfig"},
    [0x0f] = {&ew_guid_perf_info, "PerfInfo"},
    [0x11] = {&ew_guid_object, "Object"},
    [0x14] = {&ew_guid_image, "Image"},
    [0x18] = {&ew_guid_stack_walk, "StackWalk"},
};

enum { GROUP_COUNT = sizeof kernel_groups / sizeof kernel_groups[0], HOOK_IMAGE_LOAD = 0x030a };

const struct ew_guid *ew_kernel_class(uint16_t hook)
{
    static const struct ew_guid none;
    unsigned group = hook >> 8;
    if (hook == HOOK_IMAGE_LOAD) {
        return &ew_guid_image;
    }
    if (group >= GROUP_COUNT || kernel_groups[group].class_guid == NULL) {
        return &none;
    }
    return kernel_groups[group].class_guid;
}

int ew_kernel_group(const struct ew_guid *provider)
{
    for (int group = 0; group < GROUP_COUNT; group++) {
        const struct ew_guid *class_guid = kernel_groups[group].class_guid;
        if (class_guid != NULL
            && (class_guid == provider || ew_guid_equal(class_guid, provider))) {
            return group;
        }
    }
    return -1;
}

const char *ew_kernel_group_name(uint16_t hook)
{
    unsigned group = hook >> 8;
    return group < GROUP_COUNT ? kernel_groups[group].name : NULL;
}
