/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger's parts. A record is one document, `facts-<number:012>.json`:
 *
 *     {"lines":2,"out":"facts.ndjson","part":"facts.ndjson.<16 hex>.part",
 *      "schema":"stella-facts-ledger/1","sha256":"<of the batch>",
 *      "windows":[{"from":1,"stream":"<32 hex>","to":1}]}
 */
#ifndef EW_EXPORT_LEDGER_H
#define EW_EXPORT_LEDGER_H

#include "etwitness/export.h"

/* What was told of one stream. Ranges of one stream never overlap. */
struct ew_ledger_window {
    char stream[EW_STREAM_ID_BYTES];
    uint64_t from;
    uint64_t to;
};

/* A record's name with what is appended to it, and a path. */
enum { EW_LEDGER_NAME_BYTES = 48, EW_LEDGER_PATH_BYTES = 4096 };

struct ew_ledger {
    char directory[EW_LEDGER_PATH_BYTES - EW_LEDGER_NAME_BYTES];
    uint64_t batches;
    bool recovered;
    struct ew_ledger_window *windows; /* by stream and number, then those just told */
    size_t window_count;
    size_t sorted_count; /* those that questions are answered from */
    size_t window_capacity;
    /* Of the last record, which may not be finished. */
    char out[EW_LEDGER_PATH_BYTES];
    char part[EW_LEDGER_PATH_BYTES];
    char sha256[EW_SHA256_HEX_BYTES];
};

/* "DIRECTORY/facts-000000000001.json", and the same with `suffix` behind it. */
void ew_ledger_record_path(const struct ew_ledger *ledger, uint64_t number, const char *suffix,
                           char out[EW_LEDGER_PATH_BYTES]);

/* Adds what a record says to the ledger. EW_FORMAT with the place, EW_LIMIT, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_ledger_record_read(struct ew_ledger *ledger, const char *path,
                                                 struct ew_error *error);

/* A record that is about to be written. */
struct ew_ledger_batch {
    const char *out;
    const char *part;
    const char *sha256;
    uint64_t lines;
    const struct ew_export_options *options; /* whose windows it tells */
};

/* Writes a record's bytes. EW_IO. */
EW_MUST_USE enum ew_status ew_ledger_record_write(const char *path,
                                                  const struct ew_ledger_batch *batch,
                                                  struct ew_error *error);

/* Adds a range. EW_LIMIT, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_ledger_take(struct ew_ledger *ledger,
                                          const struct ew_ledger_window *window);

#endif
