/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile merges, by the first byte: a merged document to be read, names of methods, or a graph
 * and windows made of the bytes. What comes out is a document that reads back to the same bytes.
 */
#include "base/cursor.h"
#include "etwitness/merge.h"
#include "fuzz/fuzz.h"
#include "merge/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_be(bool is_true, int line, const char *why)
{
    if (!is_true) {
        (void)fprintf(stderr, "line %d: %s\n", line, why);
        abort();
    }
}
#define must(is_true) must_be(is_true, __LINE__, "")

/* --- documents ------------------------------------------------------------------ */

struct bytes {
    char *at;
    size_t count;
};

static bool take_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct bytes *out = context;
    char *grown = realloc(out->at, out->count + byte_count);
    must(grown != NULL);
    memcpy(grown + out->count, bytes, byte_count);
    out->at = grown;
    out->count += byte_count;
    return true;
}

/* Written, read and written again is the same. */
static void check_round(const struct ew_merged *merged)
{
    struct bytes first = {0};
    struct bytes again = {0};
    struct ew_merged *read = NULL;
    struct ew_error error = {0};
    must(ew_merged_write(merged, take_bytes, &first, NULL) == EW_OK);
    must_be(ew_merged_read("doc", first.at, first.count, &read, &error) == EW_OK, __LINE__,
            error.text);
    must(ew_merged_write(read, take_bytes, &again, NULL) == EW_OK);
    must(first.count == again.count && memcmp(first.at, again.at, first.count) == 0);
    ew_merged_free(read);
    free(first.at);
    free(again.at);
}

static void read_document(const uint8_t *data, size_t size)
{
    struct ew_merged *merged = NULL;
    struct ew_error error = {0};
    enum ew_status status = ew_merged_read("doc", (const char *)data, size, &merged, &error);
    if (status == EW_OK) {
        check_round(merged);
        ew_merged_free(merged);
    } else {
        must(error.text[0] != '\0');
    }
}

/* --- names ------------------------------------------------------------------------ */

static void compare_names(const uint8_t *data, size_t size)
{
    static struct method_name left;
    static struct method_name right;
    static struct method_name user;
    char *text = malloc(size + 1);
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    char *signature = strchr(text, '\n');
    if (signature != NULL) {
        *signature++ = '\0';
    }
    ew_merge_method_from_doc_id(text, &left);
    ew_merge_method_from_name(text, signature, METHOD_BY_RUNTIME, &right);
    must(left.cut || ew_merge_method_same_types(&left, &left));
    must(ew_merge_method_same_types(&left, &right) == ew_merge_method_same_types(&right, &left));
    (void)ew_merge_method_of_user(&left, &user);
    (void)ew_merge_method_of_user(&right, &user);
    free(text);
}

/* --- a world of bytes -------------------------------------------------------------- */

enum { NODES = 12, EDGES = 32, FUNCTIONS = 12, WINDOWS = 3, ROWS = 16, TEXTS_BYTES = 4096 };

struct ew_window_set {
    struct ew_window windows[WINDOWS];
    struct ew_window_stream streams[WINDOWS];
    size_t count;
};

const struct ew_window *ew_window_set_windows(struct ew_window_set *set, size_t *count_out)
{
    *count_out = set->count;
    return set->windows;
}

const struct ew_window_stream *ew_window_set_streams(struct ew_window_set *set, size_t *count_out)
{
    *count_out = set->count;
    return set->streams;
}

enum ew_status ew_window_set_digest(struct ew_window_set *set, char digest_out[72])
{
    (void)set;
    (void)snprintf(digest_out, 72, "sha256:%064d", 0);
    return EW_OK;
}

/* Few, so that they meet; odd, so that they hurt. */
static const char *const words[] = {
    "",
    "N.T.A",
    "N.T.B",
    "N.T.A(System.Int32)",
    "M:N.T.A(System.Int32)",
    "M:N.T.A",
    "M:N.T.B(System.String,N.X@)",
    "N.T+<A>d__1.MoveNext",
    "N.T+<>c.<B>b__0",
    "N.G`1[System.__Canon].A",
    "M:N.G`1.A(`0)",
    "void  (int32)",
    "instance void  (class X&,!0)",
    "System.Threading.ThreadPoolWorkQueue.Dispatch",
    "KiUserCallbackDispatcher",
    "a.dll",
    "A.DLL",
    "b.exe",
    "0f0e0d0c0b0a090807060504030201001",
    "0f0e0d0c0b0a09080706050403020100ffffffff",
    "542D574Ec2000",
    "6d000000-0000-0000-0000-000000000001",
    "?a@@YAXXZ",
    "<(`[,",
};
enum { WORDS = sizeof words / sizeof words[0] };

static const char *word(struct ew_cursor *cursor)
{
    return words[ew_cursor_u8(cursor) % WORDS];
}

struct graph_parts {
    struct ew_graph graph;
    struct ew_graph_artifact artifacts[2];
    struct ew_graph_node nodes[NODES];
    uint32_t first_edge[NODES + 1];
    struct ew_graph_edge edges[EDGES];
    struct ew_graph_entry entries[2];
    struct ew_graph_target targets[2];
    uint32_t overrides[NODES];
    uint32_t candidates[EDGES];
    char texts[TEXTS_BYTES];
    size_t text_used;
};

static ew_graph_text pool(struct graph_parts *parts, const char *text)
{
    size_t byte_count = strlen(text) + 1;
    size_t at = parts->text_used;
    if (byte_count == 1 || at + byte_count > TEXTS_BYTES) {
        return 0;
    }
    memcpy(parts->texts + at, text, byte_count);
    parts->text_used += byte_count;
    return (ew_graph_text)at;
}

static void make_nodes(struct graph_parts *parts, struct ew_cursor *cursor)
{
    for (uint32_t i = 0; i < parts->graph.node_count; i++) {
        struct ew_graph_node *node = &parts->nodes[i];
        char id[8];
        uint8_t kind = ew_cursor_u8(cursor);
        (void)snprintf(id, sizeof id, "%c", (char)('A' + i));
        node->id = pool(parts, id);
        node->name = pool(parts, word(cursor));
        node->doc_id = pool(parts, word(cursor));
        node->signature = pool(parts, word(cursor));
        node->decorated = pool(parts, word(cursor));
        node->artifact = kind % 3 < 2 ? kind % 3 : EW_GRAPH_NONE;
        node->token = kind & 4 ? 0x06000001U + ew_cursor_u8(cursor) % 4 : 0;
        node->flags = (uint8_t)(kind >> 3 & 3);
        node->rva = ew_cursor_u8(cursor) % 8 * 16;
        node->size_bytes = ew_cursor_u8(cursor) % 64;
        node->kind = ew_cursor_u8(cursor) % (EW_NODE_TYPE_INIT + 1);
        node->inlining = ew_cursor_u8(cursor) % (EW_INLINE_ALWAYS + 1);
        node->first_override = parts->graph.override_count;
        if ((kind & 64) != 0) {
            parts->overrides[parts->graph.override_count++] =
                ew_cursor_u8(cursor) % parts->graph.node_count;
        }
    }
}

static void make_edges(struct graph_parts *parts, struct ew_cursor *cursor)
{
    struct ew_graph *graph = &parts->graph;
    for (uint32_t from = 0; from < graph->node_count; from++) {
        uint8_t which = ew_cursor_u8(cursor);
        parts->first_edge[from] = graph->edge_count;
        for (uint32_t to = 0; to < graph->node_count && graph->edge_count < EDGES; to++) {
            if ((which >> (to % 8) & 1) == 0) {
                continue;
            }
            struct ew_graph_edge *edge = &parts->edges[graph->edge_count++];
            edge->to = to;
            edge->kind = ew_cursor_u8(cursor) % (EW_EDGE_DEPENDENCY + 1);
            edge->confidence = ew_cursor_u8(cursor);
            edge->site = EW_GRAPH_NONE;
            edge->first_candidate = graph->candidate_count;
            if (ew_cursor_u8(cursor) % 8 == 0) {
                parts->candidates[graph->candidate_count++] =
                    ew_cursor_u8(cursor) % graph->node_count;
            }
        }
    }
    parts->first_edge[graph->node_count] = graph->edge_count;
}

static void make_graph(struct graph_parts *parts, struct ew_cursor *cursor, unsigned number)
{
    struct ew_graph *graph = &parts->graph;
    uint8_t kind = ew_cursor_u8(cursor);
    memset(parts, 0, sizeof *parts);
    parts->text_used = 1;
    (void)snprintf(graph->sha256, sizeof graph->sha256, "%064u", number);
    graph->closed = (kind & 1) != 0;
    graph->presence_only = (kind & 14) == 14;
    graph->node_count = 1 + (kind >> 4) % NODES;
    graph->artifact_count = 2;
    for (int i = 0; i < 2; i++) {
        parts->artifacts[i].name = pool(parts, word(cursor));
        parts->artifacts[i].debug_id = pool(parts, word(cursor));
        parts->artifacts[i].code_id = pool(parts, word(cursor));
        parts->artifacts[i].mvid = pool(parts, word(cursor));
    }
    make_nodes(parts, cursor);
    make_edges(parts, cursor);
    graph->entry_count = (kind & 2) != 0;
    parts->entries[0].node = ew_cursor_u8(cursor) % graph->node_count;
    graph->target_count = (kind & 4) != 0;
    parts->targets[0].node = ew_cursor_u8(cursor) % graph->node_count;
    parts->targets[0].vulnerability = pool(parts, word(cursor));
    graph->texts = parts->texts;
    graph->text_bytes = parts->text_used;
    graph->artifacts = parts->artifacts;
    graph->nodes = parts->nodes;
    graph->first_edge = parts->first_edge;
    graph->edges = parts->edges;
    graph->entries = parts->entries;
    graph->targets = parts->targets;
    graph->overrides = parts->overrides;
    graph->candidates = parts->candidates;
}

struct window_parts {
    struct ew_evidence evidence;
    struct ew_evidence_source sources[4];
    struct ew_evidence_module modules[2];
    char module_keys[2][40];
    struct ew_evidence_function functions[FUNCTIONS];
    char keys[FUNCTIONS][64];
    struct ew_evidence_observation observations[ROWS];
    struct ew_evidence_edge edges[ROWS];
    struct ew_evidence_path paths[4];
    uint32_t frames[4][8];
    struct ew_evidence_ambiguous ambiguous;
    const char *candidates[2];
};

static void make_functions(struct window_parts *parts, struct ew_cursor *cursor)
{
    static const char kinds[] = "mnxudg";
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        struct ew_evidence_function *row = &parts->functions[i];
        uint8_t kind = ew_cursor_u8(cursor);
        row->token = kind & 1 ? 0x06000001U + kind % 4 : 0;
        row->has_rva = (kind & 2) != 0;
        row->rva = ew_cursor_u8(cursor);
        row->module = kind >> 2 & 1;
        row->resolution = (enum ew_resolution)(ew_cursor_u8(cursor) % (EW_RESOLVED_SYMBOL + 1));
        row->flags = ew_cursor_u8(cursor);
        row->name = word(cursor);
        row->signature = word(cursor);
        row->decorated = word(cursor);
        (void)snprintf(parts->keys[i], sizeof parts->keys[i], "%c:%s:%08x",
                       kinds[kind % (sizeof kinds - 1)], word(cursor),
                       0x06000001U + kind % 4 + i);
        row->key = parts->keys[i];
    }
}

static void make_rows(struct window_parts *parts, struct ew_cursor *cursor)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        struct ew_evidence_observation *row = &parts->observations[i];
        row->function = ew_cursor_u8(cursor) % FUNCTIONS;
        row->source = ew_cursor_u8(cursor) % 4;
        row->hits = ew_cursor_u8(cursor);
        row->first_100ns = 1;
        row->last_100ns = 2;
        struct ew_evidence_edge *edge = &parts->edges[i];
        edge->from = ew_cursor_u8(cursor) % FUNCTIONS;
        edge->to = ew_cursor_u8(cursor) % FUNCTIONS;
        edge->adjacency = (enum ew_adjacency)(ew_cursor_u8(cursor) % 5);
        edge->hits = ew_cursor_u64(cursor) & EW_JSON_INTEGER_MAX;
        edge->first_100ns = 1;
        edge->last_100ns = 2;
    }
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t kind = ew_cursor_u8(cursor);
        for (uint32_t k = 0; k < 8; k++) {
            parts->frames[i][k] = ew_cursor_u8(cursor) % FUNCTIONS;
        }
        struct ew_evidence_path path = {.frames = parts->frames[i],
                                        .frame_count = kind % 9,
                                        .complete = kind >= 128,
                                        .hits = kind,
                                        .first_100ns = 1,
                                        .last_100ns = 2};
        parts->paths[i] = path;
    }
    parts->candidates[0] = parts->keys[ew_cursor_u8(cursor) % FUNCTIONS];
    parts->candidates[1] = word(cursor);
    parts->ambiguous.candidates = parts->candidates;
    parts->ambiguous.candidate_count = 2;
    parts->ambiguous.hits = 1;
    parts->ambiguous.reason = (enum ew_ambiguity)(ew_cursor_u8(cursor) % 4);
}

static void make_window(struct window_parts *parts, struct ew_cursor *cursor, unsigned number)
{
    struct ew_evidence *evidence = &parts->evidence;
    memset(parts, 0, sizeof *parts);
    (void)snprintf(evidence->stream_id, sizeof evidence->stream_id, "%032u", number);
    evidence->sequence = 1;
    evidence->sealed = ew_cursor_u8(cursor) < 128;
    evidence->quality.rundown = EW_RUNDOWN_COMPLETE;
    evidence->quality.events_lost = ew_cursor_u8(cursor) > 200;
    evidence->subject_kind = "host";
    evidence->subject_name = "host";
    for (int i = 0; i < 4; i++) {
        parts->sources[i].kind = (enum ew_source_kind)i;
    }
    for (int i = 0; i < 2; i++) {
        struct ew_evidence_module *row = &parts->modules[i];
        (void)snprintf(parts->module_keys[i], sizeof parts->module_keys[i], "name:%d", i);
        row->key = parts->module_keys[i];
        row->name = word(cursor);
        row->debug_id = word(cursor);
        row->code_id = word(cursor);
        row->mvid = word(cursor);
        row->kind = (enum ew_evidence_module_kind)(ew_cursor_u8(cursor) % 5);
        row->samples = ew_cursor_u8(cursor) * UINT64_C(100);
        row->loads = 1;
    }
    make_functions(parts, cursor);
    make_rows(parts, cursor);
    evidence->sources = parts->sources;
    evidence->source_count = 4;
    evidence->modules = parts->modules;
    evidence->module_count = 2;
    evidence->functions = parts->functions;
    evidence->function_count = FUNCTIONS;
    evidence->observations = parts->observations;
    evidence->observation_count = ROWS;
    evidence->edges = parts->edges;
    evidence->edge_count = ROWS;
    evidence->paths = parts->paths;
    evidence->path_count = 4;
    evidence->ambiguous = &parts->ambiguous;
    evidence->ambiguous_count = 1;
}

/* What holds whatever was merged. */
static void check_result(const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        bool unobserved = node->state.observed == EW_RUNTIME_UNOBSERVED;
        must(unobserved == (node->scope != EW_GRAPH_NONE));
        must(!unobserved || node->observation_count == 0);
        must(node->state.observed == EW_RUNTIME_OBSERVED || node->observation_count == 0
             || node->maybe);
    }
    for (size_t i = 0; i < merged->edge_count; i++) {
        const struct ew_reach_edge *edge = &merged->edges[i];
        must(ew_reach_label(edge->state) != EW_LABEL_X
             || edge->edge_class == EW_CLASS_CONTRADICTION);
        must(edge->state.observed == EW_RUNTIME_OBSERVED || edge->observation_count == 0);
    }
    check_round(merged);
}

static void merge_world(const uint8_t *data, size_t size)
{
    static struct graph_parts graphs[2];
    static struct window_parts windows[WINDOWS];
    static struct ew_window_set set;
    struct ew_cursor cursor = ew_cursor_make(data, size);
    uint8_t kind = ew_cursor_u8(&cursor);
    struct ew_merged *merged = NULL;
    memset(&set, 0, sizeof set);
    set.count = 1 + kind % WINDOWS;
    for (unsigned i = 0; i < 2; i++) {
        make_graph(&graphs[i], &cursor, i);
    }
    for (unsigned i = 0; i < set.count; i++) {
        make_window(&windows[i], &cursor, i);
        struct ew_window window = {
            .evidence = &windows[i].evidence, .covers_from = 1, .covers_to = 1};
        struct ew_window_stream stream = {
            .id = windows[i].evidence.stream_id, .host_id = "h", .windows = 1};
        set.windows[i] = window;
        set.streams[i] = stream;
    }
    const struct ew_graph *const both[] = {&graphs[0].graph, &graphs[1].graph};
    const struct ew_merge_options options = {.graphs = both,
                                             .graph_count = kind / 64 % 3,
                                             .windows = &set,
                                             .ask_unobserved = (kind & 32) != 0};
    must(ew_merge(&options, &merged, NULL) == EW_OK);
    check_result(merged);
    ew_merged_free(merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    switch (data[0] % 3) {
    case 0:
        read_document(data + 1, size - 1);
        break;
    case 1:
        compare_names(data + 1, size - 1);
        break;
    default:
        merge_world(data + 1, size - 1);
        break;
    }
    return 0;
}
