/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A replay in progress:
 *
 *     replay.c     the two passes, and the documents that come of them
 *     processes.c  the processes of the whole replay, for its statistics
 *     replay_symbols.c  names of native code
 *
 * and what it has in common with a live collection:
 *
 *     windows.c    windows opened and closed by event time
 *     losses.c     what was lost, as documents tell it
 *     streams.c    streams and their chains
 *     identity.c   ids made by hashing
 */
#ifndef EW_PIPELINE_INTERNAL_H
#define EW_PIPELINE_INTERNAL_H

#include "pipeline/filters.h"
#include "pipeline/identity.h"
#include "pipeline/losses.h"
#include "pipeline/streams.h"
#include "pipeline/windows.h"

struct replay {
    const struct ew_replay_options *options;
    struct ew_replay_result *result;
    struct ew_error *error;
    struct ew_recording *recording;
    struct ew_fragments *fragments;
    struct ew_model *model;
    struct ew_aggregate *aggregate;
    struct ew_symbols *symbols; /* NULL: none */
    struct ew_publisher *publisher;
    struct streams streams;
    struct windows windows;
    uint64_t bytes_before; /* of the first pass, for progress */
    uint32_t process_capacity;
    bool saw_64bit;
    char config_digest[IDENTITY_DIGEST_BYTES];
    char os_build[32];
};

/* Notes what is known of the processes that ew_model_prune() will drop at `time_100ns`;
 * UINT64_MAX: of all. */
void processes_note(void *context, uint64_t time_100ns); /* context: the replay */

/* Joins the notes with the aggregate's totals, and sorts them. */
void processes_finish(struct replay *replay);

/* Opens the paths of the options, if there are any. EW_UNSUPPORTED but on Windows. */
EW_MUST_USE enum ew_status replay_open_symbols(struct replay *replay);

/* Looks up what the stacks held will need. */
void replay_learn_symbols(void *context); /* the replay */

/* A window is closed: what nobody asks for any more may go. */
void replay_forget_symbols(struct replay *replay);

bool replay_wants(void *context, const struct ew_process *process);

#endif
