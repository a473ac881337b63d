/* SPDX-License-Identifier: Apache-2.0 */
/* A small program, its static graph and what was seen of it, made line by line. */
#include "merge/merge_world.h"

#include "platform/file.h"
#include "support/check_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOWS_MAX = 8,
    ROWS_MAX = 64,
    WORDS_MAX = 64,
    FRAMES_MAX = 32,
    TEXT_BYTES = 128 * 1024,
    GRAPHS_MAX = 4
};

/* The set that the merge asks: windows by hand, in the order of their making. */
struct ew_window_set {
    struct ew_window windows[WINDOWS_MAX];
    size_t count;
    struct ew_window_stream streams[WINDOWS_MAX];
    size_t stream_count;
};

struct window {
    struct ew_evidence evidence;
    struct ew_evidence_source sources[3];
    struct ew_evidence_module modules[ROWS_MAX];
    struct ew_evidence_function functions[ROWS_MAX];
    const char *words[ROWS_MAX];
    struct ew_evidence_observation observations[ROWS_MAX];
    struct ew_evidence_edge edges[ROWS_MAX];
    struct ew_evidence_path paths[ROWS_MAX];
    uint32_t frames[ROWS_MAX][FRAMES_MAX];
    struct ew_evidence_ambiguous ambiguous[ROWS_MAX];
    const char *candidates[ROWS_MAX][FRAMES_MAX];
};

static struct window windows[WINDOWS_MAX];
static struct ew_window_set set;
static struct window *here;
static char texts[TEXT_BYTES];
static size_t text_used;
static struct ew_graph *graphs[GRAPHS_MAX];
static size_t graph_count;
static struct ew_merged *merged;
static char *document;
static size_t document_bytes;

static char *keep(const char *format, ...) EW_PRINTF(1, 2);

static char *keep(const char *format, ...)
{
    char *text = texts + text_used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof texts - text_used, format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(text_used + (size_t)length + 1, sizeof texts);
    text_used += (size_t)length + 1;
    return text;
}

/* --- the set ------------------------------------------------------------------ */

const struct ew_window *ew_window_set_windows(struct ew_window_set *asked, size_t *count_out)
{
    *count_out = asked->count;
    return asked->windows;
}

const struct ew_window_stream *ew_window_set_streams(struct ew_window_set *asked,
                                                     size_t *count_out)
{
    *count_out = asked->stream_count;
    return asked->streams;
}

enum ew_status ew_window_set_digest(struct ew_window_set *asked, char digest_out[72])
{
    (void)asked;
    (void)snprintf(digest_out, 72, "sha256:%064d", 0);
    return EW_OK;
}

/* --- windows ------------------------------------------------------------------ */

static void free_results(void)
{
    ew_merged_free(merged);
    merged = NULL;
    free(document);
    document = NULL;
    document_bytes = 0;
}

void world_begin(void)
{
    memset(windows, 0, sizeof windows);
    memset(&set, 0, sizeof set);
    here = NULL;
    text_used = 0;
    graph_count = 0;
}

void world_end(void)
{
    free_results();
    for (size_t i = 0; i < graph_count; i++) {
        ew_graph_free(graphs[i]);
    }
    graph_count = 0;
}

static void point_to_tables(struct window *window)
{
    struct ew_evidence *evidence = &window->evidence;
    evidence->sources = window->sources;
    evidence->modules = window->modules;
    evidence->functions = window->functions;
    evidence->observations = window->observations;
    evidence->edges = window->edges;
    evidence->paths = window->paths;
    evidence->ambiguous = window->ambiguous;
}

static void fill_head(struct window *window, const char *stream_id, uint64_t sequence)
{
    struct ew_evidence *evidence = &window->evidence;
    (void)snprintf(evidence->stream_id, sizeof evidence->stream_id, "%s", stream_id);
    evidence->sequence = sequence;
    evidence->sealed = true;
    evidence->start_100ns = WORLD_START + sequence * 3000000000;
    evidence->end_100ns = evidence->start_100ns + 3000000000;
    evidence->host_id = "host";
    evidence->arch = "amd64";
    evidence->subject_kind = "application";
    evidence->subject_name = "app";
    evidence->source_count = 3;
    window->sources[0].kind = EW_SOURCE_STACK_SAMPLE;
    window->sources[1].kind = EW_SOURCE_STACK_EVENT;
    window->sources[2].kind = EW_SOURCE_MODULE_LOAD;
    point_to_tables(window);
}

struct ew_evidence *world_stream(const char *stream_id)
{
    ck_assert_uint_lt(set.count, WINDOWS_MAX);
    struct ew_window_stream *stream =
        set.stream_count > 0 ? &set.streams[set.stream_count - 1] : NULL;
    if (stream == NULL || strcmp(stream->id, stream_id) != 0) {
        stream = &set.streams[set.stream_count++];
        stream->id = keep("%s", stream_id);
        stream->host_id = "host";
        stream->first_sequence = 1;
    }
    stream->last_sequence++;
    stream->windows++;
    here = &windows[set.count];
    fill_head(here, stream_id, stream->last_sequence);
    stream->last_end_100ns = here->evidence.end_100ns;
    struct ew_window window = {.evidence = &here->evidence,
                               .covers_from = stream->last_sequence,
                               .covers_to = stream->last_sequence};
    set.windows[set.count++] = window;
    (void)world_module("App.dll", WORLD_DEBUG_ID, EW_EVIDENCE_MANAGED);
    return &here->evidence;
}

struct ew_evidence *world_window(void)
{
    return world_stream("00000000000000000000000000000001");
}

struct ew_window *world_last_window(void)
{
    return &set.windows[set.count - 1];
}

struct ew_window_stream *world_last_stream(void)
{
    return &set.streams[set.stream_count - 1];
}

uint32_t world_module(const char *name, const char *debug_id, enum ew_evidence_module_kind kind)
{
    uint32_t index = (uint32_t)here->evidence.module_count++;
    struct ew_evidence_module *row = &here->modules[index];
    row->key = debug_id != NULL ? keep("pdb:%s", debug_id) : keep("name:%s", name);
    row->name = name;
    row->debug_id = debug_id;
    row->kind = kind;
    row->loads = 1;
    return index;
}

struct ew_evidence_module *world_module_row(uint32_t module)
{
    return &here->modules[module];
}

struct ew_evidence_function *world_function(const char *word, const char *key, uint32_t module)
{
    uint32_t index = (uint32_t)here->evidence.function_count++;
    ck_assert_uint_lt(index, ROWS_MAX);
    struct ew_evidence_function *row = &here->functions[index];
    here->words[index] = keep("%s", word);
    row->key = keep("%s", key);
    row->module = module;
    row->resolution = EW_RESOLVED_TOKEN;
    return row;
}

static struct ew_evidence_function *letter_row(char letter)
{
    char word[2] = {letter, '\0'};
    unsigned token = 0x06000001U + (unsigned)(letter - 'A');
    struct ew_evidence_function *row =
        world_function(word, keep("m:%s:%08x", WORLD_DEBUG_ID, token), 0);
    row->token = token;
    row->name = keep("N.T.%c", letter);
    row->signature = "void  ()";
    return row;
}

struct ew_evidence_function *world_row(const char *word)
{
    for (size_t i = 0; i < here->evidence.function_count; i++) {
        if (strcmp(here->words[i], word) == 0) {
            return &here->functions[i];
        }
    }
    ck_assert_msg(strlen(word) == 1, "%s was not told", word);
    return letter_row(word[0]);
}

/* --- stacks -------------------------------------------------------------------- */

static void observe(uint32_t function, uint64_t hits)
{
    for (size_t i = 0; i < here->evidence.observation_count; i++) {
        if (here->observations[i].function == function) {
            here->observations[i].hits += hits;
            return;
        }
    }
    struct ew_evidence_observation row = {.function = function,
                                          .hits = hits,
                                          .first_100ns = here->evidence.start_100ns,
                                          .last_100ns = here->evidence.start_100ns + 1000};
    here->observations[here->evidence.observation_count++] = row;
}

static void connect(uint32_t from, uint32_t to, char mark, uint64_t hits)
{
    enum ew_adjacency adjacency = mark == '~'   ? EW_ADJACENT_BRIDGE
                                  : mark == '=' ? EW_ADJACENT_JIT_INLINE
                                                : EW_ADJACENT_FRAME;
    for (size_t i = 0; i < here->evidence.edge_count; i++) {
        struct ew_evidence_edge *edge = &here->edges[i];
        if (edge->from == from && edge->to == to && edge->adjacency == adjacency) {
            edge->hits += hits;
            return;
        }
    }
    struct ew_evidence_edge row = {.from = from,
                                   .to = to,
                                   .adjacency = adjacency,
                                   .hits = hits,
                                   .first_100ns = here->evidence.start_100ns,
                                   .last_100ns = here->evidence.start_100ns + 1000};
    here->edges[here->evidence.edge_count++] = row;
}

/* Reads the word at `*at` and moves behind it. */
static uint32_t take_word(const char **at)
{
    char word[64];
    size_t length = strcspn(*at, ">~=|");
    ck_assert_uint_lt(length, sizeof word);
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length;
    return (uint32_t)(world_row(word) - here->functions);
}

void world_stack(const char *frames, uint64_t hits)
{
    bool complete = strncmp(frames, "..>", 3) != 0;
    const char *at = complete ? frames : frames + 3;
    size_t path = here->evidence.path_count++;
    bool is_path = true;
    uint32_t count = 0;
    char mark = '\0';
    for (;;) {
        uint32_t function = take_word(&at);
        is_path = is_path && mark != '=';
        if (mark != '\0') {
            connect(here->frames[path][count - 1], function, mark, hits);
        }
        here->frames[path][count++] = function;
        if (mark != '=') {
            observe(function, hits);
        }
        if (*at == '\0') {
            break;
        }
        mark = *at++;
    }
    struct ew_evidence_path row = {.frames = here->frames[path],
                                   .frame_count = is_path ? count : 0,
                                   .complete = complete && is_path,
                                   .hits = hits,
                                   .first_100ns = here->evidence.start_100ns,
                                   .last_100ns = here->evidence.start_100ns + 1000};
    here->paths[path] = row;
}

void world_ambiguous(const char *words, enum ew_ambiguity reason, uint64_t hits)
{
    size_t index = here->evidence.ambiguous_count++;
    size_t count = 0;
    for (const char *at = words; *at != '\0';) {
        uint32_t function = take_word(&at);
        here->candidates[index][count++] = here->functions[function].key;
        at += *at == '|';
    }
    struct ew_evidence_ambiguous row = {here->candidates[index], count, hits, reason};
    here->ambiguous[index] = row;
}

/* --- graphs -------------------------------------------------------------------- */

static char graph_nodes[32 * 1024];
static char graph_edges[128 * 1024];
static char graph_entries[4 * 1024];
static char graph_targets[4 * 1024];
static char graph_artifacts[4 * 1024];
static bool graph_closed;

static void append(char *list, size_t capacity, const char *format, ...) EW_PRINTF(3, 4);

static void append(char *list, size_t capacity, const char *format, ...)
{
    size_t used = strlen(list);
    if (used > 0) {
        list[used++] = ',';
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(list + used, capacity - used, format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(used + (size_t)length, capacity);
}

void claim_begin(bool closed)
{
    graph_closed = closed;
    graph_nodes[0] = '\0';
    graph_edges[0] = '\0';
    graph_entries[0] = '\0';
    graph_targets[0] = '\0';
    graph_artifacts[0] = '\0';
}

void claim_artifact(const char *members)
{
    append(graph_artifacts, sizeof graph_artifacts, "{%s}", members);
}

void claim_node(char letter, const char *members)
{
    append(graph_nodes, sizeof graph_nodes,
           "{'id':'%c','artifact':0,'token':'%08x','name':'N.T.%c','sig':'void ()'%s}", letter,
           0x06000001U + (unsigned)(letter - 'A'), letter, members);
}

void claim_member(const char *object)
{
    append(graph_nodes, sizeof graph_nodes, "%s", object);
}

void claim_edge(const char *edge, const char *members)
{
    append(graph_edges, sizeof graph_edges, "{'from':'%c','to':'%c'%s}", edge[0], edge[2],
           members);
}

void claim_entry_of(const char *id, const char *kind)
{
    append(graph_entries, sizeof graph_entries, "{'node':'%s','kind':'%s'}", id, kind);
}

void claim_entry_kind(char letter, const char *kind)
{
    char id[2] = {letter, '\0'};
    claim_entry_of(id, kind);
}

void claim_entry(char letter)
{
    claim_entry_kind(letter, "main");
}

void claim_target(char letter, const char *vulnerability)
{
    append(graph_targets, sizeof graph_targets, "{'node':'%c','vuln':['%s']}", letter,
           vulnerability);
}

static void write_file(const char *path, const char *text)
{
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(path, true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, text, strlen(text), NULL), EW_OK);
    ew_file_close(file);
}

const struct ew_graph *claim_end(void)
{
    static const char path[] = EW_WORLD_FILE; /* one for each program: they run side by side */
    static char text[200 * 1024];
    const struct ew_graph_options options = {.format = EW_GRAPH_AUTO};
    struct ew_graph_counts counts;
    struct ew_error error = {0};
    if (graph_artifacts[0] == '\0') {
        claim_artifact("'name':'App.dll','debugId':'" WORLD_DEBUG_ID "'");
    }
    (void)snprintf(text, sizeof text,
                   "{'schema':'static-callgraph/1','graphId':'g%zu','analyzer':{'name':'an%zu',"
                   "'version':'1'},'world':{'closed':%s},'artifacts':[%s],'nodes':[%s],"
                   "'edges':[%s],'entrypoints':[%s],'targets':[%s]}",
                   graph_count, graph_count, graph_closed ? "true" : "false", graph_artifacts,
                   graph_nodes, graph_edges, graph_entries, graph_targets);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    write_file(path, text);
    enum ew_status status = ew_graph_load(path, &options, &graphs[graph_count], &counts, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_OK);
    return graphs[graph_count++];
}

/* --- the result ----------------------------------------------------------------- */

const struct ew_merged *world_merge_with(const struct ew_merge_options *options)
{
    struct ew_merge_options all = *options;
    struct ew_error error = {0};
    free_results();
    if (all.graphs == NULL) {
        all.graphs = (const struct ew_graph *const *)graphs;
        all.graph_count = graph_count;
    }
    all.windows = &set;
    enum ew_status status = ew_merge(&all, &merged, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return merged;
}

const struct ew_merged *world_merge(void)
{
    const struct ew_merge_options options = {0};
    return world_merge_with(&options);
}

const struct ew_merged *world_merge_asking(void)
{
    const struct ew_merge_options options = {.ask_unobserved = true};
    return world_merge_with(&options);
}

const struct ew_reach_node *world_find(const char *name)
{
    const char *full = strlen(name) == 1 ? keep("N.T.%s", name) : name;
    for (size_t i = 0; i < merged->node_count; i++) {
        const char *known = merged->nodes[i].name;
        if ((known != NULL && strcmp(known, full) == 0) || strcmp(merged->nodes[i].key, name) == 0
            || (merged->nodes[i].id != NULL && strcmp(merged->nodes[i].id, name) == 0)) {
            return &merged->nodes[i];
        }
    }
    return NULL;
}

const struct ew_reach_node *world_node(const char *name)
{
    const struct ew_reach_node *node = world_find(name);
    ck_assert_msg(node != NULL, "there is no node %s", name);
    return node;
}

const struct ew_reach_edge *world_edge(const char *edge)
{
    char from[2] = {edge[0], '\0'};
    char to[2] = {edge[2], '\0'};
    uint32_t left = (uint32_t)(world_node(from) - merged->nodes);
    uint32_t right = (uint32_t)(world_node(to) - merged->nodes);
    for (size_t i = 0; i < merged->edge_count; i++) {
        if (merged->edges[i].from == left && merged->edges[i].to == right) {
            return &merged->edges[i];
        }
    }
    return NULL;
}

const char *world_label(const char *name)
{
    return ew_reach_label_name(ew_reach_label(world_node(name)->state));
}

const char *world_edge_label(const char *edge)
{
    const struct ew_reach_edge *found = world_edge(edge);
    ck_assert_msg(found != NULL, "there is no edge %s", edge);
    return ew_reach_label_name(ew_reach_label(found->state));
}

size_t world_conflicts(enum ew_conflict conflict)
{
    size_t count = 0;
    for (size_t i = 0; i < merged->conflict_count; i++) {
        count += merged->conflicts[i].conflict == conflict;
    }
    return count;
}

const char *world_sentence(enum ew_conflict conflict)
{
    for (size_t i = 0; i < merged->conflict_count; i++) {
        if (merged->conflicts[i].conflict == conflict) {
            return merged->conflicts[i].text;
        }
    }
    ck_abort_msg("no %s", ew_conflict_name(conflict));
    return "";
}

void world_only(int first, ...)
{
    size_t wanted[EW_CONFLICT_COUNT] = {0};
    va_list classes;
    va_start(classes, first);
    for (int conflict = first; conflict >= 0; conflict = va_arg(classes, int)) {
        wanted[conflict]++;
    }
    va_end(classes);
    for (int i = 0; i < EW_CONFLICT_COUNT; i++) {
        enum ew_conflict conflict = (enum ew_conflict)i;
        ck_assert_msg(world_conflicts(conflict) == wanted[i], "%zu of %s instead of %zu: %s",
                      world_conflicts(conflict), ew_conflict_name(conflict), wanted[i],
                      world_conflicts(conflict) > 0 ? world_sentence(conflict) : "");
    }
}

static bool take_bytes(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    char *grown = realloc(document, document_bytes + byte_count + 1);
    ck_assert_ptr_nonnull(grown);
    document = grown;
    memcpy(document + document_bytes, bytes, byte_count);
    document_bytes += byte_count;
    document[document_bytes] = '\0';
    return true;
}

const char *world_document(size_t *byte_count_out)
{
    free(document);
    document = NULL;
    document_bytes = 0;
    ck_assert_int_eq(ew_merged_write(merged, take_bytes, NULL, NULL), EW_OK);
    *byte_count_out = document_bytes;
    return document;
}
