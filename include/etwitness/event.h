/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capture contract: one ETW event, whoever delivers it. Two sources fill it,
 * the `.etl` reader and the live consumer; everything after them sees no other
 * form, and knows nothing of where the event came from.
 */
#ifndef ETWITNESS_EVENT_H
#define ETWITNESS_EVENT_H

#include "etwitness/guid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A process or thread id that the event does not carry (PERFINFO headers, and
 * kernel events logged outside a thread; reference etl-format.md 3). */
#define EW_ID_NONE UINT32_C(0xffffffff)

enum ew_event_kind {
    EW_EVENT_KERNEL,   /* SYSTEM, COMPACT and PERFINFO headers: keyed by hook */
    EW_EVENT_CLASSIC,  /* FULL and INSTANCE headers: keyed by class GUID and opcode */
    EW_EVENT_MANIFEST, /* EVENT_HEADER: keyed by provider GUID, id and version */
    EW_EVENT_MESSAGE,  /* WPP: keyed by message GUID and number */
    EW_EVENT_ERROR,    /* ERROR headers: counted, never decoded */
};

/*
 * One event. Everything it points to lives until the next event is asked for from
 * the same source; nothing here is owned by the reader of the struct.
 *
 * `provider` is never NULL: for kernel events it is the class GUID of the hook's
 * group (hook 0x030A, Image/Load, answers the Image class), a zero GUID where the
 * group has none. A live kernel event arrives as EW_EVENT_CLASSIC with the same
 * class GUID; decoders treat both alike.
 */
struct ew_event {
    uint64_t time_100ns; /* FILETIME, UTC */
    uint64_t time_raw;   /* ticks of the session's clock; what StackWalk refers to */
    const struct ew_guid *provider;
    const struct ew_guid *activity; /* NULL when the header has none */
    const uint8_t *payload;         /* user data */
    const uint8_t *extended;        /* extended items in their file form, or NULL */
    const uint8_t *record;          /* the whole record in file form, or NULL when live */
    uint64_t keyword;               /* manifest events only */
    uint32_t payload_bytes;
    uint32_t extended_bytes;
    uint32_t record_bytes;
    uint32_t process_id; /* of the header; EW_ID_NONE where it has none */
    uint32_t thread_id;
    uint16_t id;   /* manifest: event id · message: number · else 0 */
    uint16_t hook; /* kernel: group << 8 | opcode · else 0 */
    uint16_t task; /* manifest only */
    uint16_t cpu;
    uint16_t file; /* index of the recording's file; 0 when live */
    uint8_t version;
    uint8_t opcode;
    uint8_t level;
    uint8_t channel;
    uint8_t pointer_bytes; /* 4 or 8: of the payload, not of the machine */
    uint8_t header_type;   /* as in the file (reference etl-format.md 3) */
    uint8_t kind;          /* enum ew_event_kind */
};

/* Header types for ew_event.header_type (reference etl-format.md 3). */
enum ew_header_type {
    EW_HEADER_SYSTEM32 = 1,
    EW_HEADER_SYSTEM64 = 2,
    EW_HEADER_COMPACT32 = 3,
    EW_HEADER_COMPACT64 = 4,
    EW_HEADER_FULL32 = 10,
    EW_HEADER_INSTANCE32 = 11,
    EW_HEADER_TIMED = 12,
    EW_HEADER_ERROR = 13,
    EW_HEADER_WNODE = 14,
    EW_HEADER_MESSAGE = 15,
    EW_HEADER_PERFINFO32 = 16,
    EW_HEADER_PERFINFO64 = 17,
    EW_HEADER_EVENT32 = 18,
    EW_HEADER_EVENT64 = 19,
    EW_HEADER_FULL64 = 20,
    EW_HEADER_INSTANCE64 = 21,
};

/* Types of extended data items (reference etw.md 3.3.1). */
enum ew_item_type {
    EW_ITEM_RELATED_ACTIVITY = 1,
    EW_ITEM_SID = 2,
    EW_ITEM_TERMINAL_SESSION = 3,
    EW_ITEM_INSTANCE = 4,
    EW_ITEM_STACK_TRACE32 = 5,
    EW_ITEM_STACK_TRACE64 = 6,
    EW_ITEM_PEBS_INDEX = 7,
    EW_ITEM_PMC_COUNTERS = 8,
    EW_ITEM_PSM_KEY = 9,
    EW_ITEM_EVENT_KEY = 10,
    EW_ITEM_EVENT_SCHEMA_TL = 11,
    EW_ITEM_PROVIDER_TRAITS = 12,
    EW_ITEM_PROCESS_START_KEY = 13,
    EW_ITEM_CONTROL_GUID = 14,
    EW_ITEM_QPC_DELTA = 15,
    EW_ITEM_CONTAINER_ID = 16,
    EW_ITEM_STACK_KEY32 = 17,
    EW_ITEM_STACK_KEY64 = 18,
};

/* One extended data item; `data` points into the event. */
struct ew_item {
    const uint8_t *data;
    uint16_t data_bytes;
    uint16_t type; /* enum ew_item_type, or a number not known here */
};

/*
 * Steps through an event's extended items. `offset` starts at 0 and belongs to the
 * caller. True with the next item; false at the end. The source has already
 * checked that the items fit, so a false is never damage.
 */
bool ew_event_next_item(const struct ew_event *event, uint32_t *offset, struct ew_item *item_out);

/* The first item of a type; false when the event has none. */
bool ew_event_find_item(const struct ew_event *event, uint16_t type, struct ew_item *item_out);

/*
 * The class GUID of a kernel hook (group << 8 | opcode); a zero GUID for groups
 * without one. Never NULL. And back: the group (high byte of a hook) of a class
 * GUID, or -1 when it is no kernel class.
 */
const struct ew_guid *ew_kernel_class(uint16_t hook);
int ew_kernel_group(const struct ew_guid *provider);

/* "Process", "PerfInfo", ... for a hook's group; NULL for a group without a name. */
const char *ew_kernel_group_name(uint16_t hook);

#endif
