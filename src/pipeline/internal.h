/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A replay in progress:
 *
 *     replay.c     the two passes and what is checked on the way
 *     windows.c    windows opened and closed by event time, documents handed out
 *     processes.c  the processes of the whole replay, for its statistics
 *     streams.c    stream ids and their chains
 */
#ifndef EW_PIPELINE_INTERNAL_H
#define EW_PIPELINE_INTERNAL_H

#include "pipeline/streams.h"

struct open_window {
    struct ew_window_span span;
    enum ew_window_reason reason;
    bool used;
};

struct replay {
    const struct ew_replay_options *options;
    struct ew_replay_result *result;
    struct ew_error *error;
    enum ew_status status; /* the first failure stops the replay */
    struct ew_recording *recording;
    struct ew_fragments *fragments;
    struct ew_model *model;
    struct ew_aggregate *aggregate;
    struct ew_publisher *publisher;
    struct streams streams;
    struct open_window current;
    struct open_window previous; /* ended, waiting for stacks that come late */
    uint64_t next_window;
    uint64_t bytes_before; /* of the first pass, for progress */
    uint32_t process_capacity;
    bool saw_64bit;
    char config_digest[EW_SHA256_HEX_BYTES + 7];
    char os_build[32];
};

/* Opens and closes windows so that one holds `time_100ns`; before the event is applied. */
void windows_advance(struct replay *replay, uint64_t time_100ns);

/* The window of a stack; counts those that come too late. */
void windows_take_stack(void *context, const struct ew_stack *stack);

/* Closes the current window now, because its tables are full. */
void windows_cut(struct replay *replay, uint64_t time_100ns);

/* Closes what is open, at the end of the recording. */
void windows_finish(struct replay *replay);

/* Notes what is known of the processes that ew_model_prune() will drop at `time_100ns`;
 * UINT64_MAX: of all. */
void processes_note(struct replay *replay, uint64_t time_100ns);

/* Joins the notes with the aggregate's totals, and sorts them. */
void processes_finish(struct replay *replay);

bool replay_wants(void *context, const struct ew_process *process);

#endif
