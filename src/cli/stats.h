/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `etwitness stats`: the table of counts, and the ways to show it. */
#ifndef EW_CLI_STATS_H
#define EW_CLI_STATS_H

#include "base/index.h"
#include "etwitness/recording.h"

#include <stdio.h>

/* Room for the name of a TraceLogging provider, cut when it is longer. */
enum { EW_STATS_NAME_BYTES = 40 };

/* Slots of the cache in front of the index; a power of two. */
enum { EW_STATS_CACHE_SLOTS = 4096 };

/* One kind of event: what ETW tells events apart by. */
struct ew_stats_kind {
    struct ew_guid provider;
    uint64_t key; /* kind, number, opcode and version of the event, packed */
    uint64_t count;
    char provider_name[EW_STATS_NAME_BYTES]; /* UTF-8, of its first event; "" for none */
};

/* Counts of events by kind. Zeroed is a valid empty table. */
struct ew_stats_table {
    struct ew_stats_kind *kinds; /* in the order of first sight until they are sorted */
    uint32_t kind_count;
    uint32_t kind_capacity;
    struct ew_index index;
    uint64_t events;      /* all, those that found no room included */
    uint64_t not_counted; /* events of kinds that found no room (EW_EVENT_KINDS_MAX) */
    uint64_t first_100ns; /* FILETIME; of no meaning without events */
    uint64_t last_100ns;
    uint32_t cache[EW_STATS_CACHE_SLOTS]; /* position in `kinds` + 1, or 0 */
};

/* Counts one event. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_stats_count(struct ew_stats_table *table,
                                          const struct ew_event *event);

/* Puts the kinds into the order of their texts; nothing can be counted after that. */
void ew_stats_sort(struct ew_stats_table *table);

void ew_stats_free(struct ew_stats_table *table);

/* The event that a kind stands for, with what is needed to name it. */
struct ew_event ew_stats_event(const struct ew_stats_kind *kind);

enum { EW_STATS_PROVIDER_BYTES = 64, EW_STATS_ID_BYTES = 16 };

/* "kernel/Process" or "manifest/GUID", and "0x0301", "op", "id:10" or "msg:10". */
void ew_stats_provider_text(const struct ew_stats_kind *kind,
                            char text_out[EW_STATS_PROVIDER_BYTES]);
void ew_stats_id_text(const struct ew_stats_kind *kind, char text_out[EW_STATS_ID_BYTES]);

/* Losses and damage: what makes a recording incomplete. */
struct ew_stats_losses {
    uint64_t events;  /* as the sessions declare them */
    uint64_t buffers; /* as the sessions declare them */
    bool incomplete;  /* these, damage, buffers that tell of a loss, or a full table */
};
struct ew_stats_losses ew_stats_losses(const struct ew_recording *recording,
                                       const struct ew_stats_table *table);

/* --- showing: the table is sorted, the recording read to its end ----------------- */

/* For people: files, the most frequent kinds, damage. */
void ew_stats_print(FILE *out, const struct ew_recording *recording,
                    const struct ew_stats_table *table);

/* A line of column names, and one for each kind. */
void ew_stats_write_tsv(FILE *out, const struct ew_stats_table *table);

/* One JSON object and a newline; false when the sink refused. */
bool ew_stats_write_json(FILE *out, const struct ew_recording *recording,
                         const struct ew_stats_table *table);

#endif
