/* SPDX-License-Identifier: Apache-2.0 */
/* Windows by event time, and the documents they become. */
#include "pipeline/windows.h"

#include "base/filetime.h"

/* A window is closed when no stack of it can be waiting any more. */
static const uint64_t grace_100ns = EW_STACK_WAIT_100NS + EW_FILETIME_SECOND;

enum { FRAGMENTS_FULL_PERMILLE = 900 };

struct closing {
    struct windows *windows;
    const struct open_window *window;
};

static enum ew_status emit(void *context, struct ew_evidence *evidence, struct ew_error *error)
{
    struct closing *closing = context;
    struct windows *windows = closing->windows;
    evidence->reason = closing->window->reason;
    return windows->owner.on_document(windows->owner.context, evidence, error);
}

static void open_at(struct windows *windows, uint64_t start, uint64_t end)
{
    windows->current.span.number = windows->next_number++;
    windows->current.span.start_100ns = start;
    windows->current.span.end_100ns = end;
    windows->current.reason = EW_WINDOW_INTERVAL;
    windows->current.used = true;
}

static void tell_end(struct windows *windows, const struct open_window *window)
{
    if (windows->owner.on_end != NULL && window->used && windows->status == EW_OK) {
        windows->owner.on_end(windows->owner.context, window->span.number);
    }
}

static void close_window(struct windows *windows, struct open_window *window)
{
    struct closing closing = {windows, window};
    if (!window->used || windows->status != EW_OK) {
        return;
    }
    ew_model_flush(windows->model, window->span.end_100ns);
    windows->status =
        ew_aggregate_close(windows->aggregate, &window->span, emit, &closing, windows->error);
    windows->closed++;
    window->used = false;
}

/* After a window is closed nothing needs what ended before it did. The fragments of its
 * stacks can go too. */
static void forget_before(struct windows *windows, uint64_t time_100ns)
{
    if (windows->owner.on_forget != NULL) {
        windows->owner.on_forget(windows->owner.context, time_100ns);
    }
    ew_model_prune(windows->model, time_100ns);
    if (windows->status == EW_OK) {
        windows->status = ew_aggregate_forget_fragments(windows->aggregate);
    }
}

static void close_previous(struct windows *windows)
{
    if (windows->previous.used) {
        close_window(windows, &windows->previous);
        forget_before(windows, windows->previous.span.end_100ns);
    }
}

/* The current window becomes the one that waits for late stacks. */
static void end_current(struct windows *windows)
{
    close_previous(windows);
    windows->previous = windows->current;
    tell_end(windows, &windows->previous);
}

/* The start of the window of the grid that holds a time. */
static uint64_t grid_start(const struct windows *windows, uint64_t time_100ns)
{
    uint64_t origin = windows->origin_100ns;
    uint64_t length = windows->length_100ns;
    return time_100ns < origin ? origin : origin + (time_100ns - origin) / length * length;
}

void windows_advance(struct windows *windows, uint64_t time_100ns)
{
    windows->last_100ns = time_100ns > windows->last_100ns ? time_100ns : windows->last_100ns;
    if (!windows->current.used) {
        uint64_t length = windows->length_100ns;
        open_at(windows, windows->origin_100ns,
                length == 0 ? UINT64_MAX : windows->origin_100ns + length);
    }
    if (windows->previous.used && time_100ns >= windows->previous.span.end_100ns + grace_100ns) {
        close_previous(windows);
    }
    if (time_100ns < windows->current.span.end_100ns) {
        return;
    }
    end_current(windows);
    uint64_t start = grid_start(windows, time_100ns);
    /* After an early cut the rest of that window's time is one of its own. */
    start = start < windows->current.span.end_100ns ? windows->current.span.end_100ns : start;
    open_at(windows, start, grid_start(windows, time_100ns) + windows->length_100ns);
}

void windows_cut(struct windows *windows, uint64_t time_100ns)
{
    if (windows->length_100ns == 0 || windows->previous.used
        || time_100ns <= windows->current.span.start_100ns) {
        return;
    }
    uint64_t end = windows->current.span.end_100ns;
    windows->current.span.end_100ns = time_100ns;
    windows->current.reason = EW_WINDOW_SIZE;
    end_current(windows);
    open_at(windows, time_100ns, end);
}

void windows_check_tables(struct windows *windows, struct ew_fragments *fragments,
                          uint64_t time_100ns)
{
    if (ew_fragments_fill_permille(fragments) > FRAGMENTS_FULL_PERMILLE
        && ew_fragments_loose_count(fragments) > 0) {
        ew_aggregate_fold(windows->aggregate);
        windows->status = ew_model_forget_fragments(windows->model);
    }
    if (ew_aggregate_window_is_full(windows->aggregate, windows->current.span.number)) {
        windows_cut(windows, time_100ns);
    }
}

void windows_take_stack(void *context, const struct ew_stack *stack)
{
    struct windows *windows = context;
    bool before = windows->previous.used && stack->time_100ns < windows->previous.span.end_100ns;
    const struct open_window *window = before ? &windows->previous : &windows->current;
    if (stack->time_100ns < window->span.start_100ns) {
        windows->late += stack->weight;
        return;
    }
    ew_aggregate_add(windows->aggregate, window->span.number, stack);
}

void windows_finish(struct windows *windows)
{
    ew_model_flush(windows->model, UINT64_MAX);
    close_previous(windows);
    if (!windows->current.used) {
        open_at(windows, windows->origin_100ns, windows->origin_100ns + 1);
    }
    windows->current.span.end_100ns = windows->last_100ns + 1;
    windows->current.reason = EW_WINDOW_SHUTDOWN;
    tell_end(windows, &windows->current);
    close_window(windows, &windows->current);
}
