/* SPDX-License-Identifier: Apache-2.0 */
/* A capture that plays a recording. */
#include "support/play_capture.h"

#include "etwitness/recording.h"
#include "platform/clock.h"
#include "platform/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PLAYERS = 2, STEP_100NS = 1000000, WAIT_MS = 1, BATCH = 64 };

struct play;

struct player {
    struct play *play;
    struct ew_thread *thread;
    size_t queue;
    atomic_uint_fast64_t now_100ns; /* event time it has come to */
    atomic_bool done;
    uint64_t put;
};

struct play {
    const struct play_options *options;
    struct ew_queue *queues[EW_CAPTURE_QUEUE_COUNT];
    struct player players[PLAYERS];
    struct ew_capture_clock clock;
    struct ew_capture_host host;
    atomic_bool stop;
    atomic_bool ended;
    atomic_uint_fast64_t events;
    bool gap_taken;
};

static atomic_uint threads_running;

unsigned play_threads_running(void)
{
    return atomic_load(&threads_running);
}

static bool is_kernel(const struct ew_event *event)
{
    return event->kind == EW_EVENT_KERNEL || event->kind == EW_EVENT_CLASSIC;
}

/* Neither player runs ahead of the other by more than a tenth of a second of the recording. */
static void keep_in_step(struct player *player, uint64_t time_100ns)
{
    struct play *play = player->play;
    struct player *other = &play->players[1 - player->queue];
    atomic_store(&player->now_100ns, time_100ns);
    while (!atomic_load(&other->done) && !atomic_load(&play->stop)
           && atomic_load(&other->now_100ns) + STEP_100NS < time_100ns) {
        ew_queue_publish(play->queues[player->queue]);
        ew_sleep_ms(WAIT_MS);
    }
}

static void wait_for_room(struct player *player)
{
    struct ew_queue *queue = player->play->queues[player->queue];
    for (;;) {
        struct ew_queue_counts counts = ew_queue_counts(queue);
        if (counts.waiting_bytes < counts.capacity_bytes / 2) {
            return;
        }
        ew_queue_publish(queue);
        ew_sleep_ms(WAIT_MS);
    }
}

static void keep_to_rate(const struct player *player, uint64_t began_ns)
{
    uint64_t rate = player->play->options->rate;
    while (rate != 0 && !atomic_load(&player->play->stop)
           && player->put > (ew_clock_monotonic_ns() - began_ns) * rate / 1000000000) {
        ew_queue_publish(player->play->queues[player->queue]);
        ew_sleep_ms(WAIT_MS);
    }
}

static void put(struct player *player, const struct ew_event *event)
{
    struct play *play = player->play;
    bool sample = is_kernel(event) && event->payload_bytes <= 32;
    uint8_t *extended = ew_queue_reserve_event(play->queues[player->queue], event,
                                               sample ? EW_QUEUE_SAMPLE : EW_QUEUE_STATE);
    atomic_fetch_add(&play->events, 1);
    player->put++;
    if (extended != NULL) {
        if (event->extended_bytes != 0) {
            memcpy(extended, event->extended, event->extended_bytes);
        }
        ew_queue_commit(play->queues[player->queue]);
    }
}

static void run_player(void *context)
{
    struct player *player = context;
    const struct play_options *options = player->play->options;
    struct ew_recording *recording = NULL;
    struct ew_event event;
    uint64_t began_ns = ew_clock_monotonic_ns();
    if (ew_recording_open(&options->path, 1, EW_ORDER_TIME, &recording, NULL) == EW_OK) {
        while (!atomic_load(&player->play->stop)
               && (options->events_max == 0 || player->put < options->events_max)
               && ew_recording_next(recording, &event, NULL) == EW_OK) {
            keep_in_step(player, event.time_100ns);
            if (is_kernel(&event) != (player->queue == EW_CAPTURE_KERNEL)) {
                continue;
            }
            if (options->waits && player->put % BATCH == 0) {
                wait_for_room(player);
            }
            put(player, &event);
            keep_to_rate(player, began_ns);
        }
    }
    ew_recording_close(recording);
    ew_queue_publish(player->play->queues[player->queue]);
    if (options->cpu_ns != NULL) {
        atomic_fetch_add(options->cpu_ns, ew_clock_thread_cpu_ns());
    }
    atomic_store(&player->done, true);
    atomic_fetch_sub(&threads_running, 1);
}

static void learn(struct play *play)
{
    struct ew_recording *recording = NULL;
    enum ew_status status =
        ew_recording_open(&play->options->path, 1, EW_ORDER_FILE, &recording, NULL);
    assert(status == EW_OK);
    (void)status;
    const struct ew_recording_file *file = ew_recording_file(recording, 0);
    play->clock.frequency = file->clock_frequency;
    play->clock.origin_raw = file->header_time_raw;
    play->clock.origin_100ns = file->start_time;
    play->host.boot_100ns = file->boot_time;
    play->host.os_major = file->os_major;
    play->host.os_minor = file->os_minor;
    play->host.os_build = file->os_build;
    play->host.cpu_count = file->cpu_count;
    play->host.arch = "amd64";
    ew_recording_close(recording);
}

static enum ew_status start(void *context, struct ew_queue *const queues[EW_CAPTURE_QUEUE_COUNT],
                            struct ew_error *error)
{
    struct play *play = context;
    if (play->options->fails_to_start) {
        return ew_fail(error, EW_IO, "access is denied: run as administrator");
    }
    memcpy(play->queues, queues, sizeof play->queues);
    learn(play);
    for (size_t i = 0; i < PLAYERS; i++) {
        play->players[i].play = play;
        play->players[i].queue = i;
        atomic_fetch_add(&threads_running, 1);
        enum ew_status status =
            ew_thread_start(&play->players[i].thread, run_player, &play->players[i]);
        assert(status == EW_OK);
        (void)status;
    }
    return EW_OK;
}

static bool tick(void *context, struct ew_error *error)
{
    (void)context;
    (void)error;
    return false;
}

static bool tell_clock(void *context, size_t queue, struct ew_capture_clock *clock_out)
{
    struct play *play = context;
    (void)queue;
    *clock_out = play->clock;
    return true;
}

/* What was recorded is "delivered": it is played to its end, as Windows drains its buffers. */
static void request_stop(void *context)
{
    (void)context;
}

static void abandon(void *context)
{
    struct play *play = context;
    atomic_store(&play->stop, true);
    for (size_t i = 0; i < PLAYERS; i++) {
        ew_thread_join(play->players[i].thread);
        play->players[i].thread = NULL;
    }
    atomic_store(&play->ended, true);
}

static void counts(void *context, struct ew_capture_counts *counts_out)
{
    struct play *play = context;
    bool done = !play->options->never_stops && atomic_load(&play->players[0].done)
                && atomic_load(&play->players[1].done);
    memset(counts_out, 0, sizeof *counts_out);
    counts_out->state =
        done || atomic_load(&play->ended) ? EW_CAPTURE_STOPPED : EW_CAPTURE_RUNNING;
    counts_out->events = atomic_load(&play->events);
    counts_out->events_lost = play->options->events_lost;
    counts_out->buffers_lost = play->options->buffers_lost;
}

static void host(void *context, struct ew_capture_host *host_out)
{
    *host_out = ((struct play *)context)->host;
}

static bool take_gap(void *context, struct ew_capture_gap *gap_out)
{
    struct play *play = context;
    if (play->gap_taken || play->options->gap.end_100ns == 0) {
        return false;
    }
    play->gap_taken = true;
    *gap_out = play->options->gap;
    return true;
}

static void close_play(void *context)
{
    abandon(context);
    free(context);
}

void play_capture(const struct play_options *options, struct ew_capture *capture_out)
{
    struct play *play = calloc(1, sizeof *play);
    assert(play != NULL);
    play->options = options;
    *capture_out = (struct ew_capture){.context = play,
                                       .start = start,
                                       .tick = tick,
                                       .clock = tell_clock,
                                       .request_stop = request_stop,
                                       .abandon = abandon,
                                       .counts = counts,
                                       .host = host,
                                       .take_gap = take_gap,
                                       .close = close_play};
}
