/* SPDX-License-Identifier: Apache-2.0 */
/* What `record` tells of a collection: a line while it runs, and a summary at its end. */
#include "record.h"

#include <string.h>

enum { GROUPED_BYTES = 27 };

static uint64_t dropped(const struct ew_collect_status *status, enum ew_queue_class record_class)
{
    uint64_t sum = 0;
    for (int i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        sum += status->queues[i].dropped[record_class];
    }
    return sum;
}

/* Events that ETW lost, those of lost buffers not known, and events that we dropped. */
static uint64_t lost_events(const struct ew_collect_status *status)
{
    return status->capture.events_lost + dropped(status, EW_QUEUE_STATE)
           + dropped(status, EW_QUEUE_SAMPLE);
}

/* Of the fullest ring, in percent, rounded up so that only an empty one shows 0. */
static unsigned ring_fill(const struct ew_collect_status *status)
{
    unsigned fullest = 0;
    for (int i = 0; i < EW_CAPTURE_QUEUE_COUNT; i++) {
        const struct ew_queue_counts *queue = &status->queues[i];
        if (queue->capacity_bytes == 0) {
            continue;
        }
        uint64_t percent =
            (queue->waiting_bytes * 100 + queue->capacity_bytes - 1) / queue->capacity_bytes;
        unsigned shown = percent > 100 ? 100 : (unsigned)percent;
        fullest = shown > fullest ? shown : fullest;
    }
    return fullest;
}

/* Saturates: a conversion of what no integer holds is undefined. */
static uint64_t rate(uint64_t before, uint64_t now, uint64_t elapsed_ns)
{
    if (elapsed_ns == 0 || now < before) {
        return 0;
    }
    double per_second = (double)(now - before) * 1e9 / (double)elapsed_ns;
    return per_second < 1e19 ? (uint64_t)per_second : UINT64_MAX;
}

static const char *state_of(const struct ew_collect_status *status)
{
    if (status->stopping) {
        return "  stopping";
    }
    return status->capture.state == EW_CAPTURE_RESTARTING ? "  session lost, trying again" : "";
}

void record_status_line(const struct ew_collect_status *before,
                        const struct ew_collect_status *now, uint64_t elapsed_ns,
                        char out[RECORD_STATUS_BYTES])
{
    char text[4][GROUPED_BYTES];
    (void)snprintf(out, RECORD_STATUS_BYTES,
                   "%s events/s  ring %u %%  lost %s%s  edges %s  windows %s%s",
                   ew_cli_grouped(rate(before->events, now->events, elapsed_ns), text[0]),
                   ring_fill(now), ew_cli_grouped(lost_events(now), text[1]),
                   now->capture.buffers_lost != 0 ? "+" : "", ew_cli_grouped(now->edges, text[2]),
                   ew_cli_grouped(now->windows, text[3]), state_of(now));
}

struct loss {
    uint64_t count;
    const char *meaning;
};

enum { LOSS_COUNT = 7 };

static void list_losses(const struct ew_collect_status *status, struct loss out[LOSS_COUNT])
{
    const struct loss losses[LOSS_COUNT] = {
        {status->capture.events_lost, "events lost by Windows: no buffer was free"},
        {status->capture.buffers_lost, "buffers lost by Windows, with all that was in them"},
        {dropped(status, EW_QUEUE_STATE), "loads and starts for which our ring had no room"},
        {dropped(status, EW_QUEUE_SAMPLE), "samples and stacks for which our ring had no room"},
        {status->refused, "items that found no room in our tables"},
        {status->capture.restarts, "times that a session was lost and came back"},
        {status->waiting, "documents that could not be published"},
    };
    memcpy(out, losses, sizeof losses);
}

bool record_is_incomplete(const struct ew_collect_status *status)
{
    struct loss losses[LOSS_COUNT];
    list_losses(status, losses);
    for (size_t i = 0; i < LOSS_COUNT; i++) {
        if (losses[i].count != 0) {
            return true;
        }
    }
    return false;
}

void record_summary(FILE *out, const struct ew_collect_status *status)
{
    struct loss losses[LOSS_COUNT];
    char text[5][GROUPED_BYTES];
    (void)fprintf(out, "\n%s events, %s stacks, %s edges in %s windows, %s documents\n",
                  ew_cli_grouped(status->events, text[0]),
                  ew_cli_grouped(status->stacks, text[1]), ew_cli_grouped(status->edges, text[2]),
                  ew_cli_grouped(status->windows, text[3]),
                  ew_cli_grouped(status->documents, text[4]));
    if (!record_is_incomplete(status)) {
        (void)fputs("nothing was lost\n", out);
        return;
    }
    (void)fputs("missing, and in the documents as a number:\n", out);
    list_losses(status, losses);
    for (size_t i = 0; i < LOSS_COUNT; i++) {
        if (losses[i].count != 0) {
            (void)fprintf(out, "  %9s  %s\n", ew_cli_grouped(losses[i].count, text[0]),
                          losses[i].meaning);
        }
    }
}
