/* SPDX-License-Identifier: Apache-2.0 */
/* What documents say of functions, counted once more and as plainly as can be. */
#include "merge/recount.h"

#include "support/check_main.h"
#include "windows/set_dump.h"

#include <string.h>

/* One row of the result, and what it is of: a function, or a call. */
struct wanted {
    const struct ew_merged *merged;
    const struct ew_reach_observation *row;
    const char *key;
    const char *callee; /* NULL: a function */
};

struct tally {
    uint64_t hits;
    uint64_t windows;
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint64_t first_100ns;
    uint64_t last_100ns;
    bool in_path; /* complete paths widen the times, and count no hit once more */
};

static void add(struct tally *tally, const struct ew_window *window, uint64_t hits,
                uint64_t first_100ns, uint64_t last_100ns)
{
    bool first = tally->windows == 0;
    tally->hits += hits;
    tally->windows += first || tally->last_sequence != window->covers_to;
    /* No document has number 0, where a roll-up may begin. */
    uint64_t from = window->covers_from > 0 ? window->covers_from : 1;
    tally->first_sequence = first ? from : tally->first_sequence;
    tally->last_sequence = window->covers_to;
    tally->first_100ns =
        first || first_100ns < tally->first_100ns ? first_100ns : tally->first_100ns;
    tally->last_100ns = last_100ns > tally->last_100ns ? last_100ns : tally->last_100ns;
}

static bool is_key(const struct ew_evidence *evidence, uint32_t function, const char *key)
{
    return strcmp(evidence->functions[function].key, key) == 0;
}

static bool is_unit(const struct ew_evidence *evidence, uint32_t source,
                    const struct wanted *wanted)
{
    return ew_evidence_source_samples(&evidence->sources[source]) == wanted->row->samples;
}

static void count_observations(struct tally *tally, const struct ew_window *window,
                               const struct wanted *wanted)
{
    const struct ew_evidence *evidence = window->evidence;
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *seen = &evidence->observations[i];
        if (is_key(evidence, seen->function, wanted->key)
            && is_unit(evidence, seen->source, wanted)) {
            add(tally, window, seen->hits, seen->first_100ns, seen->last_100ns);
        }
    }
}

static void count_calls(struct tally *tally, const struct ew_window *window,
                        const struct wanted *wanted)
{
    const struct ew_evidence *evidence = window->evidence;
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        if (edge->adjacency <= EW_ADJACENT_INLINE && is_key(evidence, edge->from, wanted->key)
            && is_key(evidence, edge->to, wanted->callee)
            && is_unit(evidence, edge->source, wanted)) {
            add(tally, window, edge->hits, edge->first_100ns, edge->last_100ns);
        }
    }
}

static bool path_has(const struct ew_evidence *evidence, const struct ew_evidence_path *path,
                     const char *key)
{
    for (uint32_t i = 0; path->complete && i < path->frame_count; i++) {
        if (is_key(evidence, path->frames[i], key)) {
            return true;
        }
    }
    return false;
}

static void count_window(struct tally *tally, const struct ew_window *window,
                         const struct wanted *wanted)
{
    const char *stream = wanted->merged->streams[wanted->row->stream].id;
    if (strcmp(window->evidence->stream_id, stream) != 0) {
        return;
    }
    if (wanted->callee == NULL) {
        count_observations(tally, window, wanted);
    } else {
        count_calls(tally, window, wanted);
    }
    for (size_t i = 0; i < window->evidence->path_count; i++) {
        tally->in_path = tally->in_path
                         || path_has(window->evidence, &window->evidence->paths[i], wanted->key);
    }
}

static void check_row(const struct wanted *wanted, struct ew_window_set *set)
{
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    const struct ew_reach_observation *row = wanted->row;
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++) {
        count_window(&tally, &windows[i], wanted);
    }
    ck_assert_msg(tally.hits == row->hits, "%s: %llu hits, not %llu", wanted->key,
                  (unsigned long long)row->hits, (unsigned long long)tally.hits);
    if (!tally.in_path) {
        ck_assert_msg(tally.windows == row->windows && tally.first_sequence == row->first_sequence
                          && tally.last_sequence == row->last_sequence
                          && tally.first_100ns == row->first_100ns
                          && tally.last_100ns == row->last_100ns,
                      "%s: windows or times", wanted->key);
    }
}

/* A function of no graph that is told in one way: the documents' rows are its own. */
static bool is_plain(const struct ew_merged *merged, const struct ew_reach_node *node)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        const char *key = merged->nodes[i].key;
        if (strncmp(key, "v:", 2) == 0 && strcmp(strchr(key + 2, ':') + 1, node->key) == 0) {
            return false;
        }
    }
    return node->claim_count == 0 && strncmp(node->key, "v:", 2) != 0;
}

/* What the documents are about is told when it is one thing. */
static void check_subject(const struct ew_merged *merged, struct ew_window_set *set)
{
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    bool one = true;
    for (size_t i = 1; i < count; i++) {
        const struct ew_evidence *a = windows[0].evidence;
        const struct ew_evidence *b = windows[i].evidence;
        one = one && strcmp(a->subject_kind, b->subject_kind) == 0
              && strcmp(a->subject_name, b->subject_name) == 0;
    }
    ck_assert_msg((merged->subject_kind != NULL) == one, "the subject");
    MUST(!one || strcmp(merged->subject_name, windows[0].evidence->subject_name) == 0);
}

size_t must_recount(const struct ew_merged *merged, struct ew_window_set *set)
{
    size_t count = 0;
    check_subject(merged, set);
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        for (uint32_t k = 0; is_plain(merged, node) && k < node->observation_count; k++) {
            struct wanted wanted = {merged, &merged->observations[node->first_observation + k],
                                    node->key, NULL};
            check_row(&wanted, set);
            count++;
        }
    }
    for (size_t i = 0; i < merged->edge_count; i++) {
        const struct ew_reach_edge *edge = &merged->edges[i];
        const struct ew_reach_node *from = &merged->nodes[edge->from];
        const struct ew_reach_node *to = &merged->nodes[edge->to];
        bool plain = is_plain(merged, from) && is_plain(merged, to);
        for (uint32_t k = 0; plain && k < edge->observation_count; k++) {
            struct wanted wanted = {merged, &merged->observations[edge->first_observation + k],
                                    from->key, to->key};
            check_row(&wanted, set);
            count++;
        }
    }
    return count;
}
