/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline: owns the stages and runs a recording through them, once to survey it and
 * once in time order, on the calling thread.
 */
#ifndef ETWITNESS_PIPELINE_H
#define ETWITNESS_PIPELINE_H

#include "etwitness/aggregate.h"
#include "etwitness/decode.h"
#include "etwitness/recording.h"

/* Called now and then: bytes read of `total`, both passes counted. */
typedef void (*ew_replay_progress_fn)(void *context, uint64_t done, uint64_t total);

/* Called for each document after it was published, or in place of that when there is no
 * directory (`published` is then NULL). The evidence lives until the call returns. */
typedef void (*ew_replay_document_fn)(void *context, const struct ew_evidence *evidence,
                                      const struct ew_published *published);

/* Filters of one kind are alternatives, kinds are conditions: (pid 1 or 2) and (name a). */
struct ew_replay_filters {
    const uint32_t *process_ids;
    size_t process_id_count;
    const char *const *names; /* file names, case aside */
    size_t name_count;
    const char *const *containers; /* GUID text, either case; "host" for no container */
    size_t container_count;
};

struct ew_replay_options {
    const char *const *paths; /* 1 .. EW_FILES_MAX */
    size_t path_count;
    const char *directory;   /* for evidence; NULL publishes nothing */
    uint64_t window_seconds; /* 0: one window; else EW_WINDOW_SECONDS_MIN .. _MAX */
    const char *stream_id;   /* 32 hex digits, or NULL: made from the recording */
    struct ew_replay_filters filters;

    /* Folders and stores with PDBs and images ("SRV*folder"); none: native code is told by
     * offsets. EW_UNSUPPORTED but on Windows. The documents then depend on what is there, and
     * on images of this machine that are the recording's. */
    const char *const *symbol_paths;
    size_t symbol_path_count;
    bool single_pass; /* as live collection does: without the survey. For tests of the model:
                         the command line does not show it */
    ew_replay_progress_fn on_progress; /* may be NULL */
    ew_replay_document_fn on_document; /* may be NULL */
    void *context;
};

/* One process as the whole replay saw it. */
struct ew_replay_process {
    uint32_t process_id;
    uint64_t start_100ns;
    char name[64];
    uint64_t samples;
    struct ew_stack_counts sample_stacks;
    struct ew_stack_counts event_stacks;
};

struct ew_replay_result {
    uint64_t events;
    uint64_t first_100ns;
    uint64_t last_100ns;
    uint64_t events_lost; /* by the files' headers */
    uint64_t buffers_lost;
    uint64_t late; /* stacks whose window was closed already */
    uint64_t documents;
    uint64_t documents_existed;
    struct ew_decode_counts decode;
    struct ew_model_counts model;
    struct ew_aggregate_counts aggregate;
    struct ew_symbols_counts symbols; /* zeros without symbol paths */
    struct ew_recording_counts recording;
    struct ew_recording_damage damage;
    struct ew_replay_process *processes; /* by samples, most first, then pid */
    size_t process_count;
};

/*
 * Replays recordings into evidence. Deterministic: equal recordings and options give
 * equal bytes, whatever the order of the paths.
 *
 * result_out  filled also when something was lost; freed with ew_replay_result_free()
 *
 * EW_FORMAT, EW_IO, EW_LIMIT, EW_USAGE, EW_UNSUPPORTED  as ew_recording_open(), and what
 * publishing says
 */
EW_MUST_USE enum ew_status ew_replay_run(const struct ew_replay_options *options,
                                         struct ew_replay_result *result_out,
                                         struct ew_error *error);

/* Frees what a result holds; the structure is the caller's. */
void ew_replay_result_free(struct ew_replay_result *result);

/* True when anything was lost, damaged, refused or dropped: the evidence says what. */
bool ew_replay_is_incomplete(const struct ew_replay_result *result);

#endif
