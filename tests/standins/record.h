/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the EVENT_RECORD that Windows would hand to a consumer (reference etw.md 3.3.1). */
#ifndef ETWSIM_RECORD_H
#define ETWSIM_RECORD_H

#include "compat.h"

#include "etwitness/event.h"

enum { RECORD_ITEMS_MAX = 32, RECORD_BYTES_MAX = 256 * 1024 };

/* One record and all it points to. Zeroed is empty; record_free() releases it. */
struct record {
    EVENT_RECORD event;
    EVENT_HEADER_EXTENDED_DATA_ITEM items[RECORD_ITEMS_MAX];
    uint8_t *bytes; /* RECORD_BYTES_MAX: payload and data of items, each 8-byte aligned */
    size_t used_bytes;
};

struct record_options {
    uint64_t shift_raw;    /* added to times, that of a StackWalk's event included */
    uint64_t filetime;     /* what TimeStamp is instead of raw ticks; 0: raw */
    uint32_t properties;   /* enable properties: which extended items are delivered */
    const char *container; /* text of extended item 16 to be added, or NULL */
    void *user_context;
};

/* Copies the event. False without memory. */
bool record_make(struct record *record, const struct ew_event *event,
                 const struct record_options *options);

/* Overwrites what the record pointed to, so that who kept a pointer into it fails. */
void record_spoil(struct record *record);
void record_free(struct record *record);

#endif
