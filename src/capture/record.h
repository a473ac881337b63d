/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the record that ETW hands to a consumer to a record in a queue: filter, copy, nothing
 * else. Portable, so that it is measured and tested natively; src/capture/live asserts that
 * the structs here are laid out as those of Windows and calls it from its callback.
 */
#ifndef EW_CAPTURE_RECORD_H
#define EW_CAPTURE_RECORD_H

#include "capture/etl/reader_clock.h"
#include "etwitness/queue.h"

#include <stdatomic.h>

/* Flags of ew_event_record (reference etw.md 3.3.1). */
enum {
    EW_RECORD_TRACE_MESSAGE = 0x08,
    EW_RECORD_POINTERS_32 = 0x20,
    EW_RECORD_POINTERS_64 = 0x40,
    EW_RECORD_CLASSIC = 0x100,
    EW_RECORD_PROCESSOR_INDEX = 0x200,
};

/* EVENT_HEADER_EXTENDED_DATA_ITEM (reference etw.md 3.3.1). */
struct ew_event_record_item {
    uint16_t reserved;
    uint16_t type;
    uint16_t linkage;
    uint16_t data_bytes;
    uint64_t data; /* an address of this process */
};

/* EVENT_RECORD on 64-bit Windows, 112 bytes (reference etw.md 3.3.1 and appendix A). */
struct ew_event_record {
    uint16_t size;
    uint16_t header_type;
    uint16_t flags;
    uint16_t property;
    uint32_t thread_id;
    uint32_t process_id;
    uint64_t time_raw;
    struct ew_guid provider;
    uint16_t id;
    uint8_t version;
    uint8_t channel;
    uint8_t level;
    uint8_t opcode;
    uint16_t task;
    uint64_t keyword;
    uint64_t processor_time;
    struct ew_guid activity;
    uint16_t processor; /* index with EW_RECORD_PROCESSOR_INDEX, else number in the low byte */
    uint16_t logger_id;
    uint16_t item_count;
    uint16_t payload_bytes;
    const struct ew_event_record_item *items;
    const void *payload;
    void *context;
};

/* Numbers that the consumer's thread writes and any thread reads. */
struct ew_record_counts {
    _Atomic uint64_t events;
    _Atomic uint64_t filtered;
    _Atomic uint64_t damaged;       /* lengths that cannot be: not put */
    _Atomic uint64_t first_100ns;   /* of the first event that was put; 0: none yet */
    _Atomic uint64_t last_100ns;    /* of the last one */
    _Atomic uint64_t rundown;       /* events of the CLR's rundown provider */
    _Atomic uint64_t rundown_begun; /* of these: a process begins its rundown */
    _Atomic uint64_t rundown_ended;
};

/* Where the events of one consumer go. Set up before its first event. */
struct ew_record_sink {
    struct ew_queue *queue;
    struct ew_etl_clock clock;
    uint64_t last_raw;
    uint8_t pointer_bytes; /* of classic events whose header does not say: 4 or 8 */
    bool kernel;           /* events of kernel classes are the kernel's: a system logger */
    struct ew_record_counts counts;
};

/*
 * Puts one event into the sink's queue, or counts why not. No locks, no allocation. What no
 * stage has a use for is left out; the rest makes the same evidence as a replay of the same
 * events. Events of kernel classes are only taken from a system logger: in any other session
 * an ordinary process can have written them.
 */
void ew_record_take(struct ew_record_sink *sink, const struct ew_event_record *record);

/* Whether this is the header event that begins a session (reference etw.md 3.5). */
bool ew_record_is_header(const struct ew_event_record *record);

/*
 * The clock of a session: `kind` is 1 for QPC, 2 for system time (reference etw.md 3.1.3);
 * `origin_raw` is the raw time at `start_100ns`. False for clocks that events cannot be
 * dated by.
 */
bool ew_record_clock(uint32_t kind, uint64_t frequency, uint64_t origin_raw, uint64_t start_100ns,
                     struct ew_etl_clock *clock_out);

#endif
