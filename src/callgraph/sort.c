/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting in place and without recursion: nodes by id, edges of a caller, plain numbers. */
#include "callgraph/builder.h"
#include "callgraph/heap_sort.h"

#include <string.h>

/* --- plain numbers ----------------------------------------------------------------------------
 */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_u64(const void *context, const void *a, const void *b)
{
    const uint64_t *number_a = a;
    const uint64_t *number_b = b;
    (void)context;
    return compare_numbers(*number_a, *number_b);
}

static int compare_u32(const void *context, const void *a, const void *b)
{
    const uint32_t *number_a = a;
    const uint32_t *number_b = b;
    (void)context;
    return compare_numbers(*number_a, *number_b);
}

void graph_sort_u64(uint64_t *rows, size_t count)
{
    graph_heap_sort(rows, count, sizeof *rows, compare_u64, NULL);
}

void graph_sort_u32(uint32_t *rows, size_t count)
{
    graph_heap_sort(rows, count, sizeof *rows, compare_u32, NULL);
}

/* --- nodes by id: quicksort over eight bytes at a time -----------------------------------------
 */

enum { SMALL_RANGE = 12, RANGES_MAX = 256 };

struct id_sort {
    const char *texts;
    const ew_graph_text *ids;
    struct graph_sort_row *rows;
    uint64_t random;
};

/* Rows [from, to), whose ids are alike in their first `depth` bytes. */
struct id_range {
    uint32_t from;
    uint32_t to;
    uint32_t depth;
};

static uint64_t row_key(const struct graph_sort_row *row)
{
    return (uint64_t)row->high << 32 | row->low;
}

/* Eight bytes of the id, the first highest; zeros behind its end. */
static void load_key(const struct id_sort *sort, struct graph_sort_row *row, uint32_t depth)
{
    const char *at = sort->texts + sort->ids[row->node] + depth;
    uint64_t key = 0;
    unsigned shift = 64;
    for (; shift > 0 && *at != '\0'; at++) {
        shift -= 8;
        key |= (uint64_t)(unsigned char)*at << shift;
    }
    row->high = (uint32_t)(key >> 32);
    row->low = (uint32_t)key;
}

static void load_keys(const struct id_sort *sort, const struct id_range *range)
{
    for (uint32_t i = range->from; i < range->to; i++) {
        load_key(sort, &sort->rows[i], range->depth);
    }
}

static bool is_before(const struct id_sort *sort, const struct graph_sort_row *a,
                      const struct graph_sort_row *b, uint32_t depth)
{
    uint64_t key_a = row_key(a);
    uint64_t key_b = row_key(b);
    if (key_a != key_b) {
        return key_a < key_b;
    }
    return strcmp(sort->texts + sort->ids[a->node] + depth,
                  sort->texts + sort->ids[b->node] + depth)
           < 0;
}

static void insert_rows(const struct id_sort *sort, const struct id_range *range)
{
    struct graph_sort_row *rows = sort->rows;
    for (uint32_t i = range->from + 1; i < range->to; i++) {
        struct graph_sort_row row = rows[i];
        uint32_t at = i;
        while (at > range->from && is_before(sort, &row, &rows[at - 1], range->depth)) {
            rows[at] = rows[at - 1];
            at--;
        }
        rows[at] = row;
    }
}

static uint64_t any_key(struct id_sort *sort, const struct id_range *range)
{
    sort->random ^= sort->random << 13;
    sort->random ^= sort->random >> 7;
    sort->random ^= sort->random << 17;
    return row_key(&sort->rows[range->from + sort->random % (range->to - range->from)]);
}

static void swap_rows(struct graph_sort_row *a, struct graph_sort_row *b)
{
    struct graph_sort_row row = *a;
    *a = *b;
    *b = row;
}

/* Parts a range by a key: below [from, *low), equal [*low, *high), above [*high, to). */
static void part(struct id_sort *sort, const struct id_range *range, uint32_t *low_out,
                 uint32_t *high_out)
{
    uint64_t pivot = any_key(sort, range);
    uint32_t low = range->from;
    uint32_t high = range->to;
    for (uint32_t at = low; at < high;) {
        uint64_t key = row_key(&sort->rows[at]);
        if (key < pivot) {
            swap_rows(&sort->rows[at++], &sort->rows[low++]);
        } else if (key > pivot) {
            swap_rows(&sort->rows[at], &sort->rows[--high]);
        } else {
            at++;
        }
    }
    *low_out = low;
    *high_out = high;
}

static uint32_t range_rows(const struct id_range *range)
{
    return range->to - range->from;
}

/* The smallest of three comes first, so that the ranges that wait are ever fewer than twice
 * the logarithm of their rows. */
static void smallest_first(struct id_range parts[3])
{
    for (unsigned i = 1; i < 3; i++) {
        if (range_rows(&parts[i]) < range_rows(&parts[0])) {
            struct id_range smaller = parts[i];
            parts[i] = parts[0];
            parts[0] = smaller;
        }
    }
}

/* Sorts a range, and puts what is left of it on the stack. Answers the new height. */
static unsigned sort_range(struct id_sort *sort, struct id_range *stack, unsigned height)
{
    struct id_range range = stack[--height];
    while (range_rows(&range) > SMALL_RANGE) {
        uint32_t low = 0;
        uint32_t high = 0;
        part(sort, &range, &low, &high);
        struct id_range parts[3] = {{range.from, low, range.depth},
                                    {low, high, range.depth + 8},
                                    {high, range.to, range.depth}};
        /* Equal keys with an end inside would be equal ids, which there are none of. */
        if (range_rows(&parts[1]) > 1) {
            load_keys(sort, &parts[1]);
        } else {
            parts[1].to = parts[1].from;
        }
        smallest_first(parts);
        for (unsigned i = 1; i < 3; i++) {
            if (range_rows(&parts[i]) > 1) {
                stack[height++] = parts[i];
            }
        }
        range = parts[0];
        if (range_rows(&range) == 0 && height > 0) {
            range = stack[--height];
        }
    }
    insert_rows(sort, &range);
    return height;
}

void graph_sort_ids(const char *texts, const ew_graph_text *ids, uint32_t node_count,
                    uint64_t seed, struct graph_sort_row *rows)
{
    struct id_sort sort = {texts, ids, rows, seed | 1};
    struct id_range stack[RANGES_MAX] = {{0, node_count, 0}};
    unsigned height = 1;
    for (uint32_t i = 0; i < node_count; i++) {
        rows[i].node = i;
    }
    load_keys(&sort, &stack[0]);
    while (height > 0) {
        height = sort_range(&sort, stack, height);
    }
}

/* --- edges of one caller
 * ------------------------------------------------------------------------ */

/* Candidates are sorted nodes already. */
static int compare_lists(const struct graph_builder *builder, uint32_t a, uint32_t b)
{
    const struct graph_list *lists = builder->lists.bytes;
    const uint32_t *nodes = builder->raw_candidates.bytes;
    uint32_t count_a = a != 0 ? lists[a - 1].count : 0;
    uint32_t count_b = b != 0 ? lists[b - 1].count : 0;
    if (count_a != count_b) {
        return compare_numbers(count_a, count_b);
    }
    for (uint32_t i = 0; i < count_a; i++) {
        uint32_t node_a = nodes[lists[a - 1].first + i];
        uint32_t node_b = nodes[lists[b - 1].first + i];
        if (node_a != node_b) {
            return compare_numbers(node_a, node_b);
        }
    }
    return 0;
}

static int compare_styles(const struct graph_builder *builder, uint32_t a, uint32_t b)
{
    const struct graph_style *styles = builder->styles.bytes;
    const struct graph_style *style_a = &styles[a];
    const struct graph_style *style_b = &styles[b];
    int order = a == b ? 0 : compare_numbers(style_a->kind, style_b->kind);
    if (order == 0 && style_a->reason != style_b->reason) {
        order =
            strcmp(graph_pool(builder) + style_a->reason, graph_pool(builder) + style_b->reason);
    }
    if (order == 0) {
        order = compare_numbers(style_a->confidence, style_b->confidence);
    }
    return order != 0 || style_a->list == style_b->list
               ? order
               : compare_lists(builder, style_a->list, style_b->list);
}

/* Edges of one caller and one callee. */
static int compare_alike(const struct graph_builder *builder, const struct graph_raw_edge *a,
                         const struct graph_raw_edge *b)
{
    int order = compare_styles(builder, a->style, b->style);
    return order != 0 ? order : compare_numbers(a->site, b->site);
}

static inline int compare_edges(const struct graph_builder *builder,
                                const struct graph_raw_edge *a, const struct graph_raw_edge *b)
{
    return a->to != b->to ? (a->to < b->to ? -1 : 1) : compare_alike(builder, a, b);
}

static int compare_rows(const void *context, const void *a, const void *b)
{
    return compare_edges(context, a, b);
}

static void insert_edges(const struct graph_builder *builder, struct graph_raw_edge *edges,
                         uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct graph_raw_edge edge = edges[i];
        uint32_t at = i;
        while (at > 0 && compare_edges(builder, &edge, &edges[at - 1]) < 0) {
            edges[at] = edges[at - 1];
            at--;
        }
        edges[at] = edge;
    }
}

uint32_t graph_sort_edges(const struct graph_builder *builder, struct graph_raw_edge *edges,
                          uint32_t edge_count)
{
    enum { FEW_EDGES = 24 };
    if (edge_count <= FEW_EDGES) {
        insert_edges(builder, edges, edge_count);
    } else {
        graph_heap_sort(edges, edge_count, sizeof *edges, compare_rows, builder);
    }
    uint32_t kept = edge_count < 1 ? 0 : 1;
    for (uint32_t i = 1; i < edge_count; i++) {
        if (compare_edges(builder, &edges[i], &edges[kept - 1]) != 0) {
            edges[kept++] = edges[i];
        }
    }
    return kept;
}
