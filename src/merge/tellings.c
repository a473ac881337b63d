/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents can tell one key in several ways: a later one knows more names, two builds share
 * an id, or somebody forged it. Whatever one of them says, it takes nothing from the others:
 * each matches for itself, and only what cannot be told apart is one.
 */
#include "merge/sets.h"

/* What it tells is what its key says; it tells nothing else; it tells something else. */
enum { FITS, FITS_BARELY, FITS_NOT };

struct telling {
    const struct merge *merge;
    uint32_t function;
    uint32_t head;
    unsigned tier; /* none is the last */
    uint32_t fit;  /* FITS_... */
};

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_surely(const struct telling *a, const struct telling *b)
{
    int order = compare_numbers(a->fit, b->fit);
    order = order != 0 ? order : compare_numbers(a->tier, b->tier);
    order = order != 0 ? order : ew_merge_function_compare(a->merge, a->function, b->function);
    return order != 0 ? order : compare_numbers(a->function, b->function);
}

/* The surest of each key first. */
static int compare_tellings(const void *a, const void *b)
{
    const struct telling *left = a;
    const struct telling *right = b;
    int order = compare_numbers(left->head, right->head);
    return order != 0 ? order : compare_surely(left, right);
}

static size_t list_tellings(const struct merge *merge, struct telling *out)
{
    size_t count = 0;
    for (uint32_t f = 0; f < merge->function_count; f++) {
        const struct function *function = &merge->functions[f];
        if (merge->functions[function->head].retold) {
            if (out != NULL) {
                struct telling telling = {
                    .merge = merge,
                    .function = f,
                    .head = function->head,
                    .tier = function->tier == TIER_NONE ? TIER_NAME_ONLY + 1U : function->tier,
                    .fit = ew_merge_function_fits(merge, f) ? FITS
                           : function->row == NULL          ? FITS_BARELY
                                                            : FITS_NOT};
                out[count] = telling;
            }
            count++;
        }
    }
    return count;
}

static bool may_be_one(const struct merge *merge, const struct telling *a,
                       const struct telling *b)
{
    uint32_t left = merge->functions[a->function].build;
    uint32_t right = merge->functions[b->function].build;
    return left == right || left == NONE || right == NONE
           || ew_merge_build_relation(&merge->builds[left].ids, &merge->builds[right].ids)
                  != RELATION_DIFFERENT;
}

/* What ran may have been a function of this one's build, and nothing tells which. */
static void hide_others(struct merge *merge, const struct telling *telling)
{
    uint32_t build = merge->functions[telling->function].build;
    if (build != NONE) {
        merge->builds[build].has_untold = true;
    }
}

enum { LEADERS_MAX = 8 };

/* Tellings of one key that differ, the surest first. */
struct leaders {
    const struct telling *items[LEADERS_MAX];
    size_t count;
};

/* Whoever matches nothing is what the surest one is that it can be; if it can be others as well,
 * that these were not seen is nothing that could be said. */
static bool follow_leader(struct merge *merge, struct sets *sets, const struct leaders *leaders,
                          const struct telling *telling)
{
    bool joined = false;
    for (size_t k = 0; k < leaders->count; k++) {
        const struct telling *leader = leaders->items[k];
        if (!may_be_one(merge, leader, telling)) {
            continue;
        }
        if (joined) {
            hide_others(merge, leader);
        } else {
            unite(sets, leader->function, telling->function);
        }
        joined = true;
    }
    return joined;
}

/* Those of one key; of many that differ some stay apart. */
static void join_key(struct merge *merge, struct sets *sets, const struct telling *tellings,
                     size_t count, const struct tellings *out)
{
    struct leaders leaders = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        uint32_t function = tellings[i].function;
        out->surest[function] = tellings[0].function;
        out->numbers[function] = (uint32_t)i + 1;
        bool follows = merge->functions[function].tier == TIER_NONE
                       && follow_leader(merge, sets, &leaders, &tellings[i]);
        if (!follows && leaders.count < LEADERS_MAX) {
            leaders.items[leaders.count++] = &tellings[i];
        } else if (!follows) {
            hide_others(merge, &tellings[i]);
        }
    }
}

enum ew_status ew_merge_tellings_join(struct merge *merge, struct sets *sets,
                                      struct tellings *out)
{
    size_t count = list_tellings(merge, NULL);
    if (count == 0) {
        return EW_OK;
    }
    struct telling *tellings = calloc(count, sizeof *tellings);
    out->surest = calloc(merge->function_count, sizeof *out->surest);
    out->numbers = calloc(merge->function_count, sizeof *out->numbers);
    if (tellings == NULL || out->surest == NULL || out->numbers == NULL) {
        free(tellings);
        return merge_no_memory(merge);
    }
    (void)list_tellings(merge, tellings);
    qsort(tellings, count, sizeof *tellings, compare_tellings);
    for (size_t first = 0, end = 0; first < count; first = end) {
        while (end < count && tellings[end].head == tellings[first].head) {
            end++;
        }
        join_key(merge, sets, tellings + first, end - first, out);
    }
    free(tellings);
    return EW_OK;
}
