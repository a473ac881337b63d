/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a record of the ledger. */
#ifndef EW_EXPORT_LEDGER_SCAN_H
#define EW_EXPORT_LEDGER_SCAN_H

#include "etwitness/status.h"

#include <stddef.h>
#include <stdint.h>

#define EW_LEDGER_SCHEMA "stella-facts-ledger/1"

/* Where its members go. */
struct ew_ledger_found {
    void *context;
    /* For each range of windows; `stream_id` has 32 hex digits. What is not EW_OK ends it. */
    enum ew_status (*range)(void *context, const char *stream_id, uint64_t from, uint64_t to);
    char *out;
    char *part; /* these two hold `path_capacity` bytes, the next one 65 */
    size_t path_capacity;
    char *sha256;
};

/* EW_FORMAT with the place, EW_LIMIT, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_ledger_scan(const char *name, const char *bytes, size_t byte_count,
                                          const struct ew_ledger_found *found,
                                          struct ew_error *error);

#endif
