/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `etwitness dump`: which events, and how each becomes a line of JSON. */
#ifndef EW_CLI_DUMP_H
#define EW_CLI_DUMP_H

#include "base/json_writer.h"
#include "etwitness/decode.h"
#include "etwitness/tracelogging.h"

/* --- what is asked for ------------------------------------------------------- */

struct ew_dump_provider {
    const char *name; /* of a TraceLogging provider; NULL: `guid` decides */
    struct ew_guid guid;
};

struct ew_dump_options {
    const char *const *paths;
    size_t path_count;
    struct ew_dump_provider providers[EW_FILTERS_MAX]; /* none: all */
    uint32_t process_ids[EW_FILTERS_MAX];              /* none: all */
    size_t provider_count;
    size_t process_id_count;
    uint64_t limit; /* lines */
};

struct ew_dump_result {
    uint64_t shown;
    uint64_t refused; /* of the shown: payloads that break their layout */
    bool damaged;     /* something of the files could not be read */
    char damage[EW_ERROR_TEXT_BYTES];
};

/*
 * Writes the events of recordings, one JSON object a line, in time order.
 *
 * EW_OK  done; the result tells what was refused and damaged
 * EW_IO  reading failed, or the sink refused
 * else   as ew_recording_open()
 */
EW_MUST_USE enum ew_status ew_dump_run(const struct ew_dump_options *options,
                                       ew_json_sink_fn sink, void *context,
                                       struct ew_dump_result *result_out, struct ew_error *error);

/* --- providers: dump_names.c -------------------------------------------------- */

/*
 * What `--provider TEXT` means: a GUID, a kernel class ("Process"), "clr", "clr-rundown",
 * "kernel-process", and everything else the name of a TraceLogging provider.
 */
struct ew_dump_provider ew_dump_provider_read(const char *text);

/* The usual name of a provider, or NULL. */
const char *ew_dump_provider_name(const struct ew_guid *guid);

/* --- values: dump_values.c ---------------------------------------------------- */

/* Room for any text of one event as UTF-8 or hex. */
enum { EW_DUMP_TEXT_BYTES = 2 * EW_EVENT_BYTES_MAX + 8 };

/* Where values are written, and room to make them. */
struct ew_dump_output {
    struct ew_json_writer json;
    char text[EW_DUMP_TEXT_BYTES];
};

/* A number, or "0x..." when JSON readers would round it. */
void ew_dump_u64(struct ew_dump_output *output, uint64_t value);
void ew_dump_hex(struct ew_dump_output *output, uint64_t value);
void ew_dump_guid(struct ew_dump_output *output, const struct ew_guid *guid);
void ew_dump_time(struct ew_dump_output *output, uint64_t filetime);
void ew_dump_utf16(struct ew_dump_output *output, const uint8_t *data, size_t bytes);
void ew_dump_bytes_text(struct ew_dump_output *output, const uint8_t *data, size_t bytes);
/* Lower-case hex digits. */
void ew_dump_bytes_hex(struct ew_dump_output *output, const uint8_t *data, size_t bytes);
/* A value of a TraceLogging event, as its two types say. */
void ew_dump_tlg_value(struct ew_dump_output *output, const struct ew_tlg_step *step);

/* --- fields: dump_fields.c ---------------------------------------------------- */

/* The fields of a fact, as members of the object that is open. */
void ew_dump_fact(struct ew_dump_output *output, const struct ew_fact *fact);

/* The process that a fact is about; false when it names none. */
bool ew_dump_fact_process(const struct ew_fact *fact, uint32_t *process_id_out);

/* The fields of a TraceLogging event whose schema has been checked. */
void ew_dump_tlg_fields(struct ew_dump_output *output, struct ew_tlg_reader reader);

#endif
