/* SPDX-License-Identifier: Apache-2.0 */
/* What the stages lost, refused or could not tell, as a document's quality shows it. */
#include "pipeline/losses.h"

#include <string.h>

void losses_of(const struct ew_model_counts *model, const struct ew_decode_counts *decode,
               struct ew_evidence_quality *sums_out)
{
    memset(sums_out, 0, sizeof *sums_out);
    sums_out->lost_event_records = model->lost_events + model->lost_buffers;
    sums_out->stacks_orphan = model->orphans + model->clr_stacks_orphan;
    sums_out->stacks_key_undefined = model->keys_undefined;
    sums_out->stacks_missing = model->samples_busy - model->samples_with_stack;
    sums_out->stacks_no_process = model->no_process;
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        sums_out->decode_refused += decode->refused[kind];
    }
    sums_out->dropped = model->fragments_refused + model->processes_refused
                        + model->threads_evicted + model->images_refused + model->modules_refused
                        + model->methods_refused + model->names_refused + model->keys_refused
                        + model->sources_refused + model->pending_evicted;
}

/* A sample counts before its stack does, so that one sum may shrink between two windows. */
static uint64_t since(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

void losses_put(const struct ew_evidence_quality *before, const struct ew_evidence_quality *now,
                struct ew_evidence_quality *quality)
{
    quality->events_lost = since(before->events_lost, now->events_lost);
    quality->buffers_lost = since(before->buffers_lost, now->buffers_lost);
    quality->lost_event_records = since(before->lost_event_records, now->lost_event_records);
    quality->damaged_buffers = since(before->damaged_buffers, now->damaged_buffers);
    quality->stacks_orphan = since(before->stacks_orphan, now->stacks_orphan);
    quality->stacks_key_undefined =
        since(before->stacks_key_undefined, now->stacks_key_undefined);
    quality->stacks_late = since(before->stacks_late, now->stacks_late);
    quality->stacks_missing = since(before->stacks_missing, now->stacks_missing);
    quality->stacks_no_process = since(before->stacks_no_process, now->stacks_no_process);
    quality->decode_refused = since(before->decode_refused, now->decode_refused);
    quality->dropped += since(before->dropped, now->dropped);
    quality->throttled = quality->dropped != 0;
}
