/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a merged document beside nodes and edges: conflicts, coverage, inputs, builds. */
#include "merge/read.h"

static const char *conflict_class(unsigned i)
{
    return ew_conflict_name((enum ew_conflict)i);
}

static const char *strength_name(unsigned i)
{
    return i == 0 ? "not-sampled" : "never-prepared";
}

/* --- conflicts and coverage
 * --------------------------------------------------------------------- */

enum {
    CONFLICT_CLASS,
    CONFLICT_COUNT,
    CONFLICT_EDGE,
    CONFLICT_GRAPH,
    CONFLICT_NODE,
    CONFLICT_RESOLUTION,
    CONFLICT_TEXT
};
static const char *const conflict_members[] = {
    [CONFLICT_CLASS] = "class", [CONFLICT_COUNT] = "count", [CONFLICT_EDGE] = "edge",
    [CONFLICT_GRAPH] = "graph", [CONFLICT_NODE] = "node",   [CONFLICT_RESOLUTION] = "resolution",
    [CONFLICT_TEXT] = "text"};

bool ew_merged_read_conflict(struct reading *reading)
{
    struct ew_reach_conflict row = {
        .graph = NONE, .node = NONE, .edge = NONE, .text = "", .resolution = ""};
    uint32_t seen = 0;
    bool fine = true;
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_CONFLICT, &seen)) >= 0;) {
        unsigned index = 0;
        switch (member) {
        case CONFLICT_CLASS:
            fine = ew_merged_read_name(reading, conflict_class, EW_CONFLICT_COUNT, &index);
            row.conflict = (enum ew_conflict)index;
            break;
        case CONFLICT_COUNT:
            fine = ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row.count);
            break;
        case CONFLICT_EDGE:
            fine = ew_merged_read_u32(reading, &row.edge);
            break;
        case CONFLICT_GRAPH:
            fine = ew_merged_read_u32(reading, &row.graph);
            break;
        case CONFLICT_NODE:
            fine = ew_merged_read_u32(reading, &row.node);
            break;
        case CONFLICT_RESOLUTION:
            fine = ew_merged_read_text(reading, &row.resolution);
            break;
        default:
            fine = ew_merged_read_text(reading, &row.text);
            break;
        }
    }
    if (fine && ew_merge_scan_status(reading->scan) == EW_OK
        && (seen & 1U << CONFLICT_CLASS) == 0) {
        return ew_merge_scan_fail(reading->scan, "has no class");
    }
    struct ew_reach_conflict *place =
        fine ? ew_merged_read_append(reading, &reading->conflicts, sizeof row) : NULL;
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

enum { RANGE_FROM, RANGE_STREAM, RANGE_TO };
static const char *const range_members[] = {
    [RANGE_FROM] = "from", [RANGE_STREAM] = "stream", [RANGE_TO] = "to"};

static bool read_range(struct reading *reading)
{
    struct ew_reach_range row = {0};
    uint32_t seen = 0;
    bool fine = true;
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_RANGE, &seen)) >= 0;) {
        fine = member == RANGE_STREAM
                   ? ew_merged_read_u32(reading, &row.stream)
                   : ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX,
                                       member == RANGE_FROM ? &row.from : &row.to);
    }
    struct ew_reach_range *place =
        fine ? ew_merged_read_append(reading, &reading->ranges, sizeof row) : NULL;
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_ranges(struct reading *reading, struct ew_reach_scope *row)
{
    row->first_range = (uint32_t)reading->ranges.count;
    bool fine = ew_merge_scan_array(reading->scan);
    while (fine && ew_merge_scan_more_objects(reading->scan)) {
        fine = read_range(reading);
        row->range_count++;
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

enum { SCOPE_BUILD, SCOPE_RANGES, SCOPE_STACKS, SCOPE_STRENGTH };
static const char *const scope_members[] = {[SCOPE_BUILD] = "build",
                                            [SCOPE_RANGES] = "ranges",
                                            [SCOPE_STACKS] = "stacks",
                                            [SCOPE_STRENGTH] = "strength"};

bool ew_merged_read_scope(struct reading *reading)
{
    struct ew_reach_scope row = {0};
    uint32_t seen = 0;
    bool fine = true;
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_SCOPE, &seen)) >= 0;) {
        unsigned strength = 0;
        switch (member) {
        case SCOPE_BUILD:
            fine = ew_merged_read_u32(reading, &row.build);
            break;
        case SCOPE_RANGES:
            fine = read_ranges(reading, &row);
            break;
        case SCOPE_STACKS:
            fine = ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row.stacks);
            break;
        default:
            fine = ew_merged_read_name(reading, strength_name, 2, &strength);
            row.never_prepared = strength == 1;
            break;
        }
    }
    struct ew_reach_scope *place =
        fine ? ew_merged_read_append(reading, &reading->scopes, sizeof row) : NULL;
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

/* --- inputs
 * --------------------------------------------------------------------------------------- */

/* A graph of which only the head is known: its texts, and no nodes. */
static struct ew_graph *make_graph(struct reading *reading)
{
    static const uint32_t no_edges[1];
    struct ew_graph *graph = ew_arena_take(&reading->merge->arena, sizeof *graph);
    if (graph == NULL) {
        (void)ew_merge_scan_fail(reading->scan, "finds no room in memory");
        return NULL;
    }
    memset(graph, 0, sizeof *graph);
    graph->texts = "";
    graph->text_bytes = 1;
    graph->first_edge = no_edges;
    return graph;
}

/* The texts of a graph's head lie in one pool, as the contract of graphs wants it. */
enum { HEAD_GRAPH_ID, HEAD_ANALYZER, HEAD_VERSION, HEAD_ALGORITHM, HEAD_TEXTS };
struct head_texts {
    const char *texts[HEAD_TEXTS];
};

static bool pool_texts(struct reading *reading, struct ew_graph *graph,
                       const struct head_texts *head)
{
    ew_graph_text *const places[HEAD_TEXTS] = {
        [HEAD_GRAPH_ID] = &graph->graph_id,
        [HEAD_ANALYZER] = &graph->analyzer_name,
        [HEAD_VERSION] = &graph->analyzer_version,
        [HEAD_ALGORITHM] = &graph->analyzer_algorithm,
    };
    size_t byte_count = 1;
    for (size_t i = 0; i < HEAD_TEXTS; i++) {
        byte_count += head->texts[i] != NULL ? strlen(head->texts[i]) + 1 : 0;
    }
    char *pool = ew_merged_read_keep(reading, byte_count);
    if (pool == NULL) {
        return false;
    }
    size_t used = 1;
    pool[0] = '\0';
    for (size_t i = 0; i < HEAD_TEXTS; i++) {
        if (head->texts[i] != NULL) {
            size_t length = strlen(head->texts[i]) + 1;
            memcpy(pool + used, head->texts[i], length);
            *places[i] = (ew_graph_text)used;
            used += length;
        }
    }
    graph->texts = pool;
    graph->text_bytes = used;
    return true;
}

static bool read_sha256(struct reading *reading, char out[65])
{
    const char *text = NULL;
    size_t byte_count = 0;
    if (!ew_merge_scan_text(reading->scan, &text, &byte_count)) {
        return false;
    }
    if (byte_count != 64) {
        return ew_merge_scan_fail(reading->scan, "is not a SHA-256 of 64 hexadecimal digits");
    }
    memcpy(out, text, byte_count);
    out[byte_count] = '\0';
    return true;
}

enum {
    GRAPH_ALGORITHM,
    GRAPH_ANALYZER,
    GRAPH_CLOSED,
    GRAPH_GRAPH_ID,
    GRAPH_PRESENCE_ONLY,
    GRAPH_SHA256,
    GRAPH_VERSION
};
static const char *const graph_members[] = {[GRAPH_ALGORITHM] = "algorithm",
                                            [GRAPH_ANALYZER] = "analyzer",
                                            [GRAPH_CLOSED] = "closed",
                                            [GRAPH_GRAPH_ID] = "graphId",
                                            [GRAPH_PRESENCE_ONLY] = "presenceOnly",
                                            [GRAPH_SHA256] = "sha256",
                                            [GRAPH_VERSION] = "version"};

bool ew_merged_read_graph(struct reading *reading)
{
    struct head_texts head = {{NULL}};
    struct ew_graph *graph = make_graph(reading);
    uint32_t seen = 0;
    bool fine = graph != NULL;
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_GRAPH, &seen)) >= 0;) {
        switch (member) {
        case GRAPH_ALGORITHM:
            fine = ew_merged_read_text(reading, &head.texts[HEAD_ALGORITHM]);
            break;
        case GRAPH_ANALYZER:
            fine = ew_merged_read_text(reading, &head.texts[HEAD_ANALYZER]);
            break;
        case GRAPH_CLOSED:
            fine = ew_merge_scan_bool(reading->scan, &graph->closed);
            break;
        case GRAPH_GRAPH_ID:
            fine = ew_merged_read_text(reading, &head.texts[HEAD_GRAPH_ID]);
            break;
        case GRAPH_PRESENCE_ONLY:
            fine = ew_merge_scan_bool(reading->scan, &graph->presence_only);
            break;
        case GRAPH_SHA256:
            fine = read_sha256(reading, graph->sha256);
            break;
        default:
            fine = ew_merged_read_text(reading, &head.texts[HEAD_VERSION]);
            break;
        }
    }
    if (!fine || ew_merge_scan_status(reading->scan) != EW_OK
        || !pool_texts(reading, graph, &head)) {
        return false;
    }
    struct ew_graph **place = ew_merged_read_append(reading, &reading->graphs, sizeof *place);
    if (place != NULL) {
        *place = graph;
    }
    return place != NULL;
}

enum {
    STREAM_CONTAINER,
    STREAM_FIRST_SEQ,
    STREAM_GAPS,
    STREAM_HOST,
    STREAM_ID,
    STREAM_LAST_END,
    STREAM_LAST_SEQ,
    STREAM_MISSING,
    STREAM_WINDOWS
};
static const char *const stream_members[] = {[STREAM_CONTAINER] = "container",
                                             [STREAM_FIRST_SEQ] = "firstSeq",
                                             [STREAM_GAPS] = "gaps",
                                             [STREAM_HOST] = "host",
                                             [STREAM_ID] = "id",
                                             [STREAM_LAST_END] = "lastEnd",
                                             [STREAM_LAST_SEQ] = "lastSeq",
                                             [STREAM_MISSING] = "missing",
                                             [STREAM_WINDOWS] = "windows"};

static bool read_stream_member(struct reading *reading, int member, struct ew_window_stream *row)
{
    uint64_t *const numbers[] = {[STREAM_FIRST_SEQ] = &row->first_sequence,
                                 [STREAM_GAPS] = &row->gaps,
                                 [STREAM_LAST_SEQ] = &row->last_sequence,
                                 [STREAM_MISSING] = &row->missing,
                                 [STREAM_WINDOWS] = &row->windows};
    switch (member) {
    case STREAM_CONTAINER:
        return ew_merged_read_text(reading, &row->container);
    case STREAM_HOST:
        return ew_merged_read_text(reading, &row->host_id);
    case STREAM_ID:
        return ew_merged_read_text(reading, &row->id);
    case STREAM_LAST_END:
        return ew_merged_read_time(reading, &row->last_end_100ns);
    default:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, numbers[member]);
    }
}

bool ew_merged_read_stream(struct reading *reading)
{
    struct ew_window_stream row = {.id = "", .host_id = ""};
    uint32_t seen = 0;
    for (int member; (member = ew_merge_scan_member(reading->scan, KIND_STREAM, &seen)) >= 0;) {
        if (!read_stream_member(reading, member, &row)) {
            return false;
        }
    }
    struct ew_window_stream *place =
        ew_merged_read_append(reading, &reading->streams, sizeof row);
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

static const char *const build_members[] = {"buildId", "codeId", "debugId", "mvid",
                                            "name",    "purl",   "sha256"};

bool ew_merged_read_build(struct reading *reading)
{
    struct ew_reach_build row = {0};
    /* As their names lie. */
    const char **const members[] = {&row.build_id, &row.code_id, &row.debug_id, &row.mvid,
                                    &row.name,     &row.purl,    &row.sha256};
    uint32_t seen = 0;
    for (int member; (member = ew_merge_scan_member(reading->scan, KIND_BUILD, &seen)) >= 0;) {
        if (!ew_merged_read_text(reading, members[member])) {
            return false;
        }
    }
    struct ew_reach_build *place = ew_merged_read_append(reading, &reading->builds, sizeof row);
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

void ew_merged_read_learn_tables(struct scan *scan)
{
    MERGED_READ_LEARN(scan, KIND_CONFLICT, conflict_members);
    MERGED_READ_LEARN(scan, KIND_SCOPE, scope_members);
    MERGED_READ_LEARN(scan, KIND_RANGE, range_members);
    MERGED_READ_LEARN(scan, KIND_GRAPH, graph_members);
    MERGED_READ_LEARN(scan, KIND_STREAM, stream_members);
    MERGED_READ_LEARN(scan, KIND_BUILD, build_members);
}
