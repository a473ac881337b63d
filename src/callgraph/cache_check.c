/* SPDX-License-Identifier: Apache-2.0 */
/* What the bytes of a cache must be like before they are used as a graph. */
#include "base/index.h"
#include "callgraph/cache.h"
#include "callgraph/cache_layout.h"

#include <string.h>

void graph_columns(const struct ew_graph *graph, struct graph_column_view *views)
{
    const struct graph_column_view columns[COLUMN_COUNT] = {
        [COLUMN_TEXTS] = {graph->texts, 1, graph->text_bytes},
        [COLUMN_ARTIFACTS] = {graph->artifacts, sizeof *graph->artifacts, graph->artifact_count},
        [COLUMN_NODES] = {graph->nodes, sizeof *graph->nodes, graph->node_count},
        [COLUMN_FIRST_EDGE] = {graph->first_edge, sizeof *graph->first_edge,
                               (size_t)graph->node_count + 1},
        [COLUMN_EDGES] = {graph->edges, sizeof *graph->edges, graph->edge_count},
        [COLUMN_ENTRIES] = {graph->entries, sizeof *graph->entries, graph->entry_count},
        [COLUMN_TARGETS] = {graph->targets, sizeof *graph->targets, graph->target_count},
        [COLUMN_OVERRIDES] = {graph->overrides, sizeof *graph->overrides, graph->override_count},
        [COLUMN_CANDIDATES] = {graph->candidates, sizeof *graph->candidates,
                               graph->candidate_count},
    };
    memcpy(views, columns, sizeof columns);
}

uint64_t graph_checksum(uint64_t sum, const void *bytes, size_t byte_count)
{
    return ew_index_hash_pair(sum, ew_index_hash_bytes(bytes, byte_count));
}

uint64_t graph_checksum_head(const struct graph_cache_head *head)
{
    const char *from = (const char *)&head->version;
    return graph_checksum(0, from, sizeof *head - (size_t)(from - (const char *)head));
}

/* --- rows -------------------------------------------------------------------------------------
 */

struct check {
    const struct ew_graph *graph;
    uint32_t last_override;
    uint32_t last_edge;
    uint32_t last_candidate;
};

/* Texts end with the pool at the latest, since its last byte is a terminator. */
static bool is_text(const struct ew_graph *graph, ew_graph_text text)
{
    return text < graph->text_bytes;
}

static bool check_artifacts(struct check *check, const void *rows, size_t row_count)
{
    const struct ew_graph_artifact *row = rows;
    bool good = true;
    for (size_t i = 0; i < row_count; i++, row++) {
        const struct ew_graph *graph = check->graph;
        good = good && is_text(graph, row->name) && is_text(graph, row->code_id)
               && is_text(graph, row->debug_id) && is_text(graph, row->mvid)
               && is_text(graph, row->sha256) && is_text(graph, row->purl);
    }
    return good;
}

static bool check_nodes(struct check *check, const void *rows, size_t row_count)
{
    const struct ew_graph *graph = check->graph;
    const struct ew_graph_node *row = rows;
    bool bad = false;
    for (size_t i = 0; i < row_count; i++, row++) {
        bad |= !is_text(graph, row->id) || !is_text(graph, row->name)
               || !is_text(graph, row->signature) || !is_text(graph, row->doc_id)
               || !is_text(graph, row->decorated);
        bad |= row->artifact != EW_GRAPH_NONE && row->artifact >= graph->artifact_count;
        bad |= row->kind > EW_NODE_TYPE_INIT || row->inlining > EW_INLINE_ALWAYS
               || row->flags > (EW_NODE_CALLS_COMPLETE | EW_NODE_HAS_RVA) || row->reserved != 0;
        bad |= row->first_override < check->last_override
               || row->first_override > graph->override_count;
        check->last_override = row->first_override;
    }
    return !bad;
}

static bool check_first_edge(struct check *check, const void *rows, size_t row_count)
{
    const uint32_t *row = rows;
    bool bad = false;
    for (size_t i = 0; i < row_count; i++) {
        bad |= row[i] < check->last_edge || row[i] > check->graph->edge_count;
        check->last_edge = row[i];
    }
    return !bad;
}

static bool check_edges(struct check *check, const void *rows, size_t row_count)
{
    const struct ew_graph *graph = check->graph;
    const struct ew_graph_edge *row = rows;
    bool bad = false;
    for (size_t i = 0; i < row_count; i++, row++) {
        bad |= row->to >= graph->node_count;
        bad |= row->first_candidate < check->last_candidate;
        bad |= row->first_candidate > graph->candidate_count;
        bad |= !is_text(graph, row->reason);
        bad |= row->confidence > 1000;
        bad |= row->kind > EW_EDGE_DEPENDENCY;
        bad |= row->reserved != 0;
        check->last_candidate = row->first_candidate;
    }
    return !bad;
}

static bool check_entries(struct check *check, const void *rows, size_t row_count)
{
    const struct ew_graph_entry *row = rows;
    bool bad = false;
    for (size_t i = 0; i < row_count; i++, row++) {
        bad |= row->node >= check->graph->node_count || row->kind > EW_ENTRY_TEST;
    }
    return !bad;
}

static bool check_targets(struct check *check, const void *rows, size_t row_count)
{
    const struct ew_graph_target *row = rows;
    bool bad = false;
    for (size_t i = 0; i < row_count; i++, row++) {
        bad |=
            row->node >= check->graph->node_count || !is_text(check->graph, row->vulnerability);
    }
    return !bad;
}

static bool check_node_numbers(struct check *check, const void *rows, size_t row_count)
{
    const uint32_t *row = rows;
    bool bad = false;
    for (size_t i = 0; i < row_count; i++) {
        bad |= row[i] >= check->graph->node_count;
    }
    return !bad;
}

static bool check_nothing(struct check *check, const void *rows, size_t row_count)
{
    (void)check;
    (void)rows;
    (void)row_count;
    return true;
}

/* Checks and sums a column, a piece at a time, so that each is read from memory once. */
static bool check_column(struct check *check, enum graph_column column,
                         const struct graph_column_view *view, uint64_t *sum)
{
    static bool (*const checks[COLUMN_COUNT])(struct check *, const void *, size_t) = {
        [COLUMN_TEXTS] = check_nothing,
        [COLUMN_ARTIFACTS] = check_artifacts,
        [COLUMN_NODES] = check_nodes,
        [COLUMN_FIRST_EDGE] = check_first_edge,
        [COLUMN_EDGES] = check_edges,
        [COLUMN_ENTRIES] = check_entries,
        [COLUMN_TARGETS] = check_targets,
        [COLUMN_OVERRIDES] = check_node_numbers,
        [COLUMN_CANDIDATES] = check_node_numbers,
    };
    size_t step = GRAPH_CHECKSUM_BYTES / view->row_bytes;
    const char *at = view->bytes;
    for (size_t i = 0; i < view->row_count; i += step) {
        size_t rows = view->row_count - i < step ? view->row_count - i : step;
        *sum = graph_checksum(*sum, at, rows * view->row_bytes);
        if (!checks[column](check, at, rows)) {
            return false;
        }
        at += rows * view->row_bytes;
    }
    return true;
}

/* --- the head
 * ----------------------------------------------------------------------------------- */

static bool are_counts_possible(const struct graph_cache_head *head)
{
    static const uint64_t maxima[COLUMN_COUNT] = {
        [COLUMN_TEXTS] = EW_GRAPH_TEXT_BYTES_MAX,
        [COLUMN_ARTIFACTS] = EW_GRAPH_ARTIFACTS_MAX,
        [COLUMN_NODES] = EW_GRAPH_NODES_MAX,
        [COLUMN_FIRST_EDGE] = (uint64_t)EW_GRAPH_NODES_MAX + 1,
        [COLUMN_EDGES] = EW_GRAPH_EDGES_MAX,
        [COLUMN_ENTRIES] = EW_GRAPH_ROWS_MAX,
        [COLUMN_TARGETS] = EW_GRAPH_ROWS_MAX,
        [COLUMN_OVERRIDES] = EW_GRAPH_ROWS_MAX,
        [COLUMN_CANDIDATES] = EW_GRAPH_ROWS_MAX,
    };
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (head->row_counts[i] > maxima[i]) {
            return false;
        }
    }
    return head->row_counts[COLUMN_TEXTS] > 0
           && head->row_counts[COLUMN_FIRST_EDGE] == head->row_counts[COLUMN_NODES] + 1;
}

static void take_head(const struct graph_cache_head *head, struct ew_graph *graph)
{
    memset(graph, 0, sizeof *graph);
    graph->text_bytes = (size_t)head->row_counts[COLUMN_TEXTS];
    graph->artifact_count = (uint32_t)head->row_counts[COLUMN_ARTIFACTS];
    graph->node_count = (uint32_t)head->row_counts[COLUMN_NODES];
    graph->edge_count = (uint32_t)head->row_counts[COLUMN_EDGES];
    graph->entry_count = (uint32_t)head->row_counts[COLUMN_ENTRIES];
    graph->target_count = (uint32_t)head->row_counts[COLUMN_TARGETS];
    graph->override_count = (uint32_t)head->row_counts[COLUMN_OVERRIDES];
    graph->candidate_count = (uint32_t)head->row_counts[COLUMN_CANDIDATES];
    graph->graph_id = head->graph_id;
    graph->analyzer_name = head->analyzer_name;
    graph->analyzer_version = head->analyzer_version;
    graph->analyzer_algorithm = head->analyzer_algorithm;
    graph->unsound_for = head->unsound_for;
    graph->closed = (head->flags & GRAPH_CACHE_CLOSED) != 0;
    graph->presence_only = (head->flags & GRAPH_CACHE_PRESENCE_ONLY) != 0;
    memcpy(graph->sha256, head->sha256, sizeof graph->sha256);
}

static bool is_head(const struct graph_cache_head *head)
{
    return head->magic == GRAPH_CACHE_MAGIC && head->version == GRAPH_CACHE_VERSION
           && head->head_bytes == sizeof *head && are_counts_possible(head)
           && memchr(head->sha256, '\0', sizeof head->sha256) == head->sha256 + 64;
}

/* Sets the columns one after another; false when they are not exactly what the file has. */
static bool place_columns(struct ew_graph *graph, const char *bytes, size_t byte_count)
{
    struct graph_column_view views[COLUMN_COUNT];
    const char *starts[COLUMN_COUNT];
    size_t at = sizeof(struct graph_cache_head);
    graph_columns(graph, views);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        size_t column_bytes = graph_column_bytes(&views[i]);
        if (column_bytes > byte_count - at) {
            return false;
        }
        starts[i] = bytes + at;
        at += column_bytes;
    }
    graph->texts = starts[COLUMN_TEXTS];
    graph->artifacts = (const void *)starts[COLUMN_ARTIFACTS];
    graph->nodes = (const void *)starts[COLUMN_NODES];
    graph->first_edge = (const void *)starts[COLUMN_FIRST_EDGE];
    graph->edges = (const void *)starts[COLUMN_EDGES];
    graph->entries = (const void *)starts[COLUMN_ENTRIES];
    graph->targets = (const void *)starts[COLUMN_TARGETS];
    graph->overrides = (const void *)starts[COLUMN_OVERRIDES];
    graph->candidates = (const void *)starts[COLUMN_CANDIDATES];
    return at == byte_count;
}

static bool check_texts(const struct ew_graph *graph)
{
    return graph->texts[0] == '\0' && graph->texts[graph->text_bytes - 1] == '\0'
           && is_text(graph, graph->graph_id) && is_text(graph, graph->analyzer_name)
           && is_text(graph, graph->analyzer_version)
           && is_text(graph, graph->analyzer_algorithm);
}

bool graph_cache_check(const void *bytes, size_t byte_count, struct ew_graph *graph_out,
                       struct ew_graph_counts *counts_out)
{
    struct graph_cache_head head;
    struct graph_column_view views[COLUMN_COUNT];
    if (byte_count < sizeof head) {
        return false;
    }
    memcpy(&head, bytes, sizeof head);
    if (!is_head(&head)) {
        return false;
    }
    take_head(&head, graph_out);
    if (!place_columns(graph_out, bytes, byte_count) || !check_texts(graph_out)) {
        return false;
    }
    struct check check = {.graph = graph_out};
    uint64_t sum = graph_checksum_head(&head);
    graph_columns(graph_out, views);
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        if (!check_column(&check, (enum graph_column)i, &views[i], &sum)) {
            return false;
        }
    }
    *counts_out = (struct ew_graph_counts){.bytes = head.bytes,
                                           .records = head.records,
                                           .unknown_members = head.unknown_members,
                                           .observed_edges = head.observed_edges,
                                           .dangling = head.dangling,
                                           .duplicates = head.duplicates,
                                           .from_cache = true};
    return sum == head.checksum && graph_out->first_edge[0] == 0
           && check.last_edge == graph_out->edge_count;
}
