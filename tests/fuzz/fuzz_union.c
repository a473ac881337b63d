/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents and callgraphs of a small world, changed where their members have a meaning, or byte
 * by byte: each is refused with a reason or taken, and what is made of those that were taken is
 * the same in any order, reads back, and is valid.
 */
#include "base/arena.h"
#include "base/cursor.h"
#include "fuzz/fuzz.h"
#include "merge/random_merge.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENTS = 5, GRAPHS = 2, CHANGES_MAX = 12, ARENA_BYTES = 4 * 1024 * 1024 };

#define GRAPH_FILE "fuzz-union.graph.json"

static void must_be(bool is_true, int line, const char *why)
{
    if (!is_true) {
        (void)fprintf(stderr, "line %d: %s\n", line, why);
        abort();
    }
}
#define must(is_true) must_be(is_true, __LINE__, "")

/* --- documents -------------------------------------------------------------------- */

static bool take_bytes(void *context, const void *bytes, size_t byte_count)
{
    struct bytes *out = context;
    char *grown = realloc(out->at, out->count + byte_count + 1);
    must(grown != NULL);
    out->at = grown;
    memcpy(grown + out->count, bytes, byte_count);
    out->count += byte_count;
    grown[out->count] = '\0';
    return true;
}

static const char *word(struct ew_cursor *cursor)
{
    static const char *const words[] = {
        NULL,
        "N.T.A",
        "N.T.B",
        "M:N.T.C",
        "void  ()",
        "N.T+<A>d__1.MoveNext",
        "System.Threading.ThreadPoolWorkQueue.Dispatch",
        "KiUserCallbackDispatcher",
        "alpha",
        "?alpha@@YAXXZ",
        "delta+0x8",
        "<(`[,",
    };
    return words[ew_cursor_u8(cursor) % (sizeof words / sizeof words[0])];
}

/* In the place of a key: what others made, or could make. */
static const char *key_word(struct ew_cursor *cursor)
{
    static const char *const words[] = {
        "g:0000000000000000:A",
        "r:g:0000000000000000:A",
        "v:2:m:0f0e0d0c0b0a090807060504030201001:06000001",
        "m:0f0e0d0c0b0a090807060504030201001:06000002",
        "n:542D574Ec2000:2000",
        "m::",
        "m",
        "zz",
    };
    return words[ew_cursor_u8(cursor) % (sizeof words / sizeof words[0])];
}

/* The tables of a document, for changing. */
struct tables {
    struct ew_evidence evidence;
    struct ew_evidence_function *functions;
    struct ew_evidence_module *modules;
    struct ew_evidence_observation *observations;
    struct ew_evidence_edge *edges;
    struct ew_evidence_ambiguous *ambiguous;
    const char *candidates[2];
};

static void *copy_rows(const void *rows, size_t count, size_t row_bytes)
{
    void *copy = calloc(count + 1, row_bytes);
    must(copy != NULL);
    if (count > 0) {
        memcpy(copy, rows, count * row_bytes);
    }
    return copy;
}

#define COPY(tables, table, count)                                                            \
    ((tables)->table = copy_rows((tables)->evidence.table, (count), sizeof *(tables)->table), \
     (tables)->evidence.table = (tables)->table)

static void open_tables(struct tables *tables)
{
    COPY(tables, functions, tables->evidence.function_count);
    COPY(tables, modules, tables->evidence.module_count);
    COPY(tables, observations, tables->evidence.observation_count);
    COPY(tables, edges, tables->evidence.edge_count);
    COPY(tables, ambiguous, tables->evidence.ambiguous_count);
}

static void free_tables(struct tables *tables)
{
    free(tables->functions);
    free(tables->modules);
    free(tables->observations);
    free(tables->edges);
    free(tables->ambiguous);
}

static void change_function(struct tables *tables, struct ew_cursor *cursor)
{
    const struct ew_evidence *evidence = &tables->evidence;
    if (evidence->function_count == 0) {
        return;
    }
    struct ew_evidence_function *row =
        &tables->functions[ew_cursor_u8(cursor) % evidence->function_count];
    switch (ew_cursor_u8(cursor) % 9) {
    case 0:
        row->token = ew_cursor_u8(cursor) % 2 == 0 ? 0 : 0x06000001U + ew_cursor_u8(cursor) % 6;
        break;
    case 1:
        row->flags = ew_cursor_u8(cursor);
        break;
    case 2:
        row->module = ew_cursor_u8(cursor) % (uint32_t)evidence->module_count;
        break;
    case 3:
        row->name = word(cursor);
        break;
    case 4:
        row->resolution = (enum ew_resolution)(ew_cursor_u8(cursor) % (EW_RESOLVED_SYMBOL + 1));
        break;
    case 5:
        row->has_rva = ew_cursor_u8(cursor) % 2 == 0;
        row->rva = (uint64_t)ew_cursor_u8(cursor) << 8;
        break;
    case 6:
        row->doc_id = word(cursor);
        row->signature = word(cursor);
        break;
    case 7:
        row->decorated = word(cursor);
        break;
    default:
        row->key = key_word(cursor);
        break;
    }
}

static void change_module(struct tables *tables, struct ew_cursor *cursor)
{
    static const char *const mvids[] = {NULL, "6d000000-0000-0000-0000-00000000000c",
                                        "ff000000-0000-0000-0000-000000000001"};
    static const char *const debug_ids[] = {NULL, "0f0e0d0c0b0a090807060504030201001",
                                            "ffffffffffffffffffffffffffffffff2"};
    static const char *const code_ids[] = {NULL, "542D574Ec2000", "6A000000e000"};
    struct ew_evidence_module *row =
        &tables->modules[ew_cursor_u8(cursor) % tables->evidence.module_count];
    switch (ew_cursor_u8(cursor) % 6) {
    case 0:
        row->mvid = mvids[ew_cursor_u8(cursor) % 3];
        break;
    case 1:
        row->debug_id = debug_ids[ew_cursor_u8(cursor) % 3];
        break;
    case 2:
        row->code_id = code_ids[ew_cursor_u8(cursor) % 3];
        break;
    case 3:
        row->kind =
            (enum ew_evidence_module_kind)(ew_cursor_u8(cursor) % (EW_EVIDENCE_DYNAMIC + 1));
        break;
    case 4:
        row->name = ew_cursor_u8(cursor) % 2 == 0 ? "App.dll" : "coreclr.dll";
        break;
    default:
        row->samples = ew_cursor_u64(cursor) & EW_JSON_INTEGER_MAX;
        break;
    }
}

static void change_rows(struct tables *tables, struct ew_cursor *cursor)
{
    const struct ew_evidence *evidence = &tables->evidence;
    uint64_t hits = ew_cursor_u64(cursor) & EW_JSON_INTEGER_MAX;
    uint8_t which = ew_cursor_u8(cursor);
    if (evidence->observation_count > 0) {
        tables->observations[which % evidence->observation_count].hits = hits;
    }
    if (evidence->edge_count > 0) {
        struct ew_evidence_edge *edge = &tables->edges[which % evidence->edge_count];
        edge->hits = hits;
        edge->adjacency = (enum ew_adjacency)(hits % (EW_ADJACENT_JIT_TAIL_CALL + 1));
    }
    if (evidence->ambiguous_count > 0) {
        struct ew_evidence_ambiguous *record =
            &tables->ambiguous[which % evidence->ambiguous_count];
        tables->candidates[0] = key_word(cursor);
        tables->candidates[1] = key_word(cursor);
        record->candidates = tables->candidates;
        record->candidate_count = 2;
    }
}

static void change_head(struct ew_evidence *evidence, struct ew_cursor *cursor)
{
    uint8_t kind = ew_cursor_u8(cursor);
    evidence->sealed = (kind & 1) != 0;
    evidence->revision = kind >> 1 & 3;
    evidence->quality.throttled = (kind & 8) != 0;
    evidence->quality.stacks_gapped = ew_cursor_u64(cursor) & EW_JSON_INTEGER_MAX;
    evidence->container = (kind & 16) != 0 ? "c9" : evidence->container;
    (void)snprintf(evidence->stream_id, sizeof evidence->stream_id, "%032u", kind >> 5U);
}

static void change_tables(struct tables *tables, struct ew_cursor *cursor)
{
    for (uint8_t i = ew_cursor_u8(cursor) % CHANGES_MAX; i > 0; i--) {
        switch (ew_cursor_u8(cursor) % 4) {
        case 0:
            change_function(tables, cursor);
            break;
        case 1:
            change_module(tables, cursor);
            break;
        case 2:
            change_rows(tables, cursor);
            break;
        default:
            change_head(&tables->evidence, cursor);
            break;
        }
    }
}

/* Read, changed in its tables, and written again; false when that is no document. */
static bool change_document(struct document *document, struct ew_cursor *cursor)
{
    struct ew_arena arena = {.bytes_max = ARENA_BYTES};
    struct tables tables;
    struct bytes out = {0};
    struct ew_error error = {0};
    char sha256[EW_SHA256_HEX_BYTES];
    must_be(ew_evidence_read("drawn", document->bytes, document->byte_count, &arena,
                             &tables.evidence, sha256, &error)
                == EW_OK,
            __LINE__, error.text);
    open_tables(&tables);
    change_tables(&tables, cursor);
    enum ew_status status = ew_evidence_write(&tables.evidence, take_bytes, &out, &error);
    must(status == EW_OK || error.text[0] != '\0');
    free_tables(&tables);
    ew_arena_clear(&arena);
    free_document(document);
    document->bytes = out.at;
    document->byte_count = out.count;
    if (status != EW_OK) {
        free_document(document);
    }
    return status == EW_OK;
}

static void change_bytes(char *bytes, size_t byte_count, struct ew_cursor *cursor)
{
    for (uint8_t i = ew_cursor_u8(cursor) % 3; i > 0 && byte_count > 0; i--) {
        size_t at = ew_cursor_u16(cursor) % byte_count;
        bytes[at] = (char)ew_cursor_u8(cursor);
    }
}

/* A document, or none. */
static bool make_document(struct ew_cursor *cursor, struct document *out)
{
    struct random random = {ew_cursor_u16(cursor)};
    uint8_t kind = ew_cursor_u8(cursor);
    uint64_t number = 1 + kind % 4;
    struct document_plan plan = {kind >> 2 & 1, number,           number,
                                 kind >> 3 & 1, (kind & 16) != 0, (kind & 32) != 0};
    if ((kind & 192) == 192) {
        plan.from = 2;
        plan.to = 3;
    }
    *out = random_evidence(&random, &plan);
    bool is_whole = change_document(out, cursor);
    if (is_whole && ew_cursor_u8(cursor) % 8 == 0) {
        change_bytes(out->bytes, out->byte_count, cursor);
    }
    return is_whole;
}

/* --- graphs ------------------------------------------------------------------------ */

static struct ew_graph *make_graph(struct ew_cursor *cursor)
{
    static char text[GRAPH_TEXT_BYTES];
    static const struct ew_graph_options options = {.format = EW_GRAPH_AUTO};
    struct random random = {ew_cursor_u16(cursor)};
    struct ew_graph_counts counts;
    struct ew_graph *graph = NULL;
    struct ew_file *file = NULL;
    struct ew_error error = {0};
    random_graph(&random, 1, ew_cursor_u8(cursor) % 2 == 0, text);
    if (ew_cursor_u8(cursor) % 4 == 0) {
        change_bytes(text, strlen(text), cursor);
    }
    must(ew_file_create(GRAPH_FILE, true, &file, &error) == EW_OK);
    must(ew_file_write_at(file, 0, text, strlen(text), &error) == EW_OK);
    ew_file_close(file);
    enum ew_status status = ew_graph_load(GRAPH_FILE, &options, &graph, &counts, &error);
    must(ew_file_remove(GRAPH_FILE, NULL) == EW_OK);
    must(status == EW_OK || error.text[0] != '\0');
    return status == EW_OK ? graph : NULL;
}

/* --- what comes of them -------------------------------------------------------------- */

struct world {
    struct document documents[DOCUMENTS];
    size_t document_count;
    const struct ew_graph *graphs[2 * GRAPHS];
    size_t graph_count;
    bool asks;
};

static struct bytes merge_set(const struct world *world, struct ew_window_set *set)
{
    const struct ew_merge_options options = {.graphs = world->graphs,
                                             .graph_count = world->graph_count,
                                             .windows = set,
                                             .ask_unobserved = world->asks};
    struct ew_merged *merged = NULL;
    struct ew_error error = {0};
    struct bytes out = {0};
    must_be(ew_merge(&options, &merged, &error) == EW_OK, __LINE__, error.text);
    must(ew_merged_write(merged, take_bytes, &out, NULL) == EW_OK);
    ew_merged_free(merged);
    return out;
}

/* All documents one by one, from the first or from the last on. */
static struct bytes merge_world(const struct world *world, bool backwards)
{
    struct ew_window_set *set = NULL;
    must(ew_window_set_create(&set) == EW_OK);
    for (size_t i = 0; i < world->document_count; i++) {
        const struct document *document =
            &world->documents[backwards ? world->document_count - 1 - i : i];
        struct ew_error error = {0};
        enum ew_status status =
            ew_window_set_add_bytes(set, "fuzzed", document->bytes, document->byte_count, &error);
        must(status == EW_OK || error.text[0] != '\0');
    }
    struct bytes out = merge_set(world, set);
    ew_window_set_destroy(set);
    return out;
}

static void check_world(const struct world *world)
{
    struct bytes bytes = merge_world(world, false);
    struct bytes again = merge_world(world, true);
    struct ew_merged *read = NULL;
    struct ew_check_result result;
    struct ew_error error = {0};
    must(bytes.count == again.count && memcmp(bytes.at, again.at, bytes.count) == 0);
    free(again.at);
    must_be(ew_merged_read("merged", bytes.at, bytes.count, &read, &error) == EW_OK, __LINE__,
            error.text);
    again = (struct bytes){0};
    must(ew_merged_write(read, take_bytes, &again, NULL) == EW_OK);
    must(bytes.count == again.count && memcmp(bytes.at, again.at, bytes.count) == 0);
    must_be(ew_document_check_bytes("merged", bytes.at, bytes.count, &result, &error) == EW_OK,
            __LINE__, error.text);
    ew_merged_free(read);
    free(again.at);
    free(bytes.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.document_count = 0};
    struct ew_graph *graphs[GRAPHS] = {NULL};
    struct ew_cursor cursor = ew_cursor_make(data, size);
    uint8_t kind = ew_cursor_u8(&cursor);
    world.asks = (kind & 1) != 0;
    for (size_t i = 0; i < 1U + (kind >> 1 & 3); i++) {
        world.document_count +=
            make_document(&cursor, &world.documents[world.document_count]) ? 1 : 0;
    }
    for (size_t i = 0; i < (kind >> 3 & 3) % (GRAPHS + 1U); i++) {
        graphs[i] = make_graph(&cursor);
        if (graphs[i] != NULL) {
            world.graphs[world.graph_count++] = graphs[i];
        }
    }
    if (world.graph_count > 0 && (kind & 32) != 0) {
        world.graphs[world.graph_count++] = world.graphs[0];
    }
    check_world(&world);
    for (size_t i = 0; i < world.document_count; i++) {
        free_document(&world.documents[i]);
    }
    for (size_t i = 0; i < GRAPHS; i++) {
        ew_graph_free(graphs[i]);
    }
    return 0;
}
