/* SPDX-License-Identifier: Apache-2.0 */
/* What heads tell of streams: it stands beside the documents and changes nothing of them. */
#include "windows/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS_FIRST = 8 };

/* The first head that is not below a stream. */
static size_t lower_bound(const struct ew_window_set *set, const char *stream_id)
{
    size_t low = 0;
    size_t high = set->head_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(set->heads[middle].head.stream_id, stream_id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Of two heads of a stream the one that was written later, whatever the order in which they
 * come; a copy of an older one knows less. */
static bool knows_more(const struct ew_head *a, const struct ew_head *b)
{
    if (a->last_sequence != b->last_sequence) {
        return a->last_sequence > b->last_sequence;
    }
    if (a->heartbeat_100ns != b->heartbeat_100ns) {
        return a->heartbeat_100ns > b->heartbeat_100ns;
    }
    if (a->stopped != b->stopped) {
        return a->stopped;
    }
    int order = strcmp(a->last_file, b->last_file);
    return order != 0 ? order < 0 : a->first_sequence < b->first_sequence;
}

static enum ew_status reserve(struct ew_window_set *set)
{
    if (set->head_count < set->head_capacity) {
        return EW_OK;
    }
    if (set->head_count >= EW_WINDOW_HEADS_MAX) {
        return EW_LIMIT;
    }
    size_t capacity = set->head_capacity == 0 ? HEADS_FIRST : set->head_capacity * 2;
    struct ew_window_head *grown = realloc(set->heads, capacity * sizeof *grown);
    if (grown == NULL) {
        return EW_NO_MEMORY;
    }
    set->heads = grown;
    set->head_capacity = capacity;
    return EW_OK;
}

enum ew_status ew_set_put_head(struct ew_window_set *set, const struct ew_head *head)
{
    size_t at = lower_bound(set, head->stream_id);
    if (at < set->head_count && strcmp(set->heads[at].head.stream_id, head->stream_id) == 0) {
        if (knows_more(head, &set->heads[at].head)) {
            set->heads[at].head = *head;
        }
        return EW_OK;
    }
    enum ew_status status = reserve(set);
    if (status != EW_OK) {
        return status;
    }
    struct ew_window_head *place = &set->heads[at];
    memmove(place + 1, place, (set->head_count - at) * sizeof *place);
    memset(place, 0, sizeof *place);
    place->head = *head;
    set->head_count++;
    return EW_OK;
}

void ew_set_refuse_head(struct ew_window_set *set, const char *why)
{
    set->heads_refused++;
    if (set->head_refusal[0] == '\0') {
        (void)snprintf(set->head_refusal, sizeof set->head_refusal, "%s", why);
    }
}

const char *ew_window_set_head_refusal(const struct ew_window_set *set)
{
    return set->head_refusal;
}

/* --- beside the documents --------------------------------------------------------------------
 */

static int compare_stream(const void *key, const void *element)
{
    const struct ew_window_stream *stream = element;
    return strcmp(key, stream->id);
}

static int compare_last(const void *key, const void *element)
{
    const struct ew_head *head = key;
    const struct ew_window *window = element;
    int order = strcmp(head->stream_id, window->evidence->stream_id);
    if (order != 0) {
        return order;
    }
    return head->last_sequence == window->covers_to  ? 0
           : head->last_sequence < window->covers_to ? -1
                                                     : 1;
}

/* A window of the number and revision that the head names, with other bytes. In a roll-up that
 * cannot be told. */
static bool is_replaced(const struct ew_window_set *set, const struct ew_head *head)
{
    struct ew_document_name name;
    const struct ew_window *window =
        set->window_count > 0
            ? bsearch(head, set->windows, set->window_count, sizeof *window, compare_last)
            : NULL;
    return window != NULL && window->covers_from == window->covers_to
           && ew_document_name_parse(head->last_file, &name) && !name.rollup
           && name.revision == window->evidence->revision
           && strcmp(window->sha256, head->last_sha256) != 0;
}

static void compare_with_documents(const struct ew_window_set *set, struct ew_window_head *told)
{
    const struct ew_window_stream *stream =
        set->stream_count > 0 ? bsearch(told->head.stream_id, set->streams, set->stream_count,
                                        sizeof *stream, compare_stream)
                              : NULL;
    uint64_t last = stream != NULL ? stream->last_sequence : told->head.first_sequence - 1;
    told->missing_at_end = told->head.last_sequence > last ? told->head.last_sequence - last : 0;
    told->differs = is_replaced(set, &told->head);
}

const struct ew_window_head *ew_window_set_heads(struct ew_window_set *set, size_t *count_out)
{
    *count_out = 0;
    if (ew_set_settle(set) != EW_OK) {
        return NULL;
    }
    for (size_t i = 0; i < set->head_count; i++) {
        compare_with_documents(set, &set->heads[i]);
    }
    *count_out = set->head_count;
    return set->head_count > 0 ? set->heads : NULL;
}
