/* SPDX-License-Identifier: Apache-2.0 */
/* Callgraphs of a running collection: reading, reading again, and the folder of their caches. */
#include "pipeline/collect_graphs.h"

#include "etwitness/collect.h"
#include "platform/file.h"
#include "platform/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, HASH_LETTERS = 64, STAMP_BYTES = 256 };

struct source {
    char *path;
    struct ew_graph *graph;           /* NULL: never read */
    struct ew_file_identity identity; /* of the file when it was tried last */
    bool tried;                       /* `identity` and `refusal` hold */
    struct ew_error refusal;          /* EW_OK: `graph` is what the file holds */
};

struct collect_graphs {
    char cache[PATH_BYTES];
    struct source *sources;
    const struct ew_graph **all;
    size_t count;
};

enum ew_status collect_graphs_create(const struct ew_settings *settings,
                                     struct collect_graphs **graphs_out, struct ew_error *error)
{
    const struct ew_settings_list *paths = &settings->callgraphs;
    struct collect_graphs *graphs = calloc(1, sizeof *graphs);
    bool complete = graphs != NULL;
    if (complete) {
        graphs->sources = calloc(paths->count + 1, sizeof *graphs->sources);
        graphs->all = calloc(paths->count + 1, sizeof *graphs->all);
        complete = graphs->sources != NULL && graphs->all != NULL;
    }
    for (size_t i = 0; complete && i < paths->count; i++) {
        size_t bytes = strlen(paths->items[i]) + 1;
        char *path = malloc(bytes);
        complete = path != NULL;
        if (complete) {
            memcpy(path, paths->items[i], bytes);
            graphs->sources[graphs->count++].path = path;
        }
    }
    if (!complete) {
        collect_graphs_destroy(graphs);
        return ew_fail(error, EW_NO_MEMORY, "no memory for callgraphs");
    }
    int length = snprintf(graphs->cache, PATH_BYTES, "%s/graphs", settings->directory);
    if (length < 0 || length >= PATH_BYTES) {
        collect_graphs_destroy(graphs);
        return ew_fail(error, EW_LIMIT, "%s: the path is too long", settings->directory);
    }
    *graphs_out = graphs;
    return EW_OK;
}

void collect_graphs_destroy(struct collect_graphs *graphs)
{
    if (graphs == NULL) {
        return;
    }
    for (size_t i = 0; i < graphs->count; i++) {
        ew_graph_free(graphs->sources[i].graph);
        free(graphs->sources[i].path);
    }
    free(graphs->sources);
    free(graphs->all);
    free(graphs);
}

/* --- reading --------------------------------------------------------------------------- */

static enum ew_status check_bytes(const char *path, uint64_t byte_count, struct ew_error *error)
{
    if (byte_count > EW_COLLECT_GRAPH_BYTES_MAX) {
        return ew_fail(error, EW_LIMIT,
                       "%s: has more than the %d bytes of a callgraph that a collection reads;"
                       " merge on another host (etwitness merge)",
                       path, EW_COLLECT_GRAPH_BYTES_MAX);
    }
    return EW_OK;
}

static enum ew_status check_sums(const char *path, uint64_t nodes, uint64_t edges,
                                 struct ew_error *error)
{
    if (nodes > EW_COLLECT_GRAPH_NODES_MAX || edges > EW_COLLECT_GRAPH_EDGES_MAX) {
        return ew_fail(error, EW_LIMIT,
                       "%s: all callgraphs together have %llu nodes and %llu edges, more than"
                       " the %d and %d of a collection; merge on another host (etwitness merge)",
                       path, (unsigned long long)nodes, (unsigned long long)edges,
                       EW_COLLECT_GRAPH_NODES_MAX, EW_COLLECT_GRAPH_EDGES_MAX);
    }
    return EW_OK;
}

/* What the graphs take together with `graph` in the place of the one that `source` has. */
static enum ew_status check_size(const struct collect_graphs *graphs, const struct source *source,
                                 const struct ew_graph *graph, struct ew_error *error)
{
    uint64_t nodes = graph->node_count;
    uint64_t edges = graph->edge_count;
    for (size_t i = 0; i < graphs->count; i++) {
        const struct ew_graph *other = graphs->sources[i].graph;
        if (&graphs->sources[i] != source && other != NULL) {
            nodes += other->node_count;
            edges += other->edge_count;
        }
    }
    return check_sums(source->path, nodes, edges, error);
}

static enum ew_status load(struct collect_graphs *graphs, struct source *source,
                           struct ew_error *error)
{
    struct ew_graph_options options = {.format = EW_GRAPH_AUTO, .cache_directory = graphs->cache};
    struct ew_graph_counts counts;
    struct ew_graph *graph = NULL;
    enum ew_status status = check_bytes(source->path, source->identity.byte_count, error);
    if (status == EW_OK) {
        status = ew_graph_load(source->path, &options, &graph, &counts, error);
    }
    if (status != EW_OK) {
        return status;
    }
    status = check_size(graphs, source, graph, error);
    if (status != EW_OK) {
        ew_graph_free(graph);
        return status;
    }
    ew_graph_free(source->graph);
    source->graph = graph;
    return EW_OK;
}

static bool is_same_file(const struct ew_file_identity *a, const struct ew_file_identity *b)
{
    return a->volume == b->volume && a->file == b->file && a->byte_count == b->byte_count
           && a->written == b->written && a->changed == b->changed;
}

static enum ew_status refresh(struct collect_graphs *graphs, struct source *source, bool *changed,
                              struct ew_error *error)
{
    struct ew_file_identity now;
    enum ew_status status = ew_file_identify(source->path, &now, error);
    if (status != EW_OK) {
        source->tried = false;
        return status;
    }
    if (source->tried && is_same_file(&source->identity, &now)) {
        return source->refusal.status == EW_OK
                   ? EW_OK
                   : ew_fail(error, source->refusal.status, "%s", source->refusal.text);
    }
    source->identity = now;
    status = load(graphs, source, &source->refusal);
    *changed = *changed || status == EW_OK;
    /* A file that was written a moment ago can be written again without a trace, and a system
     * that was short of something may have it the next time: both are looked at again. */
    source->tried = !ew_file_identity_is_fresh(&now) && status != EW_IO && status != EW_NO_MEMORY;
    if (status != EW_OK) {
        return ew_fail(error, status, "%s", source->refusal.text);
    }
    source->refusal.status = EW_OK;
    return EW_OK;
}

/* --- caches of graphs that are gone ------------------------------------------------------- */

static bool is_hash_in_use(const struct collect_graphs *graphs, const char *hash)
{
    for (size_t i = 0; i < graphs->count; i++) {
        const struct ew_graph *graph = graphs->sources[i].graph;
        if (graph != NULL && memcmp(graph->sha256, hash, HASH_LETTERS) == 0) {
            return true;
        }
    }
    return false;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t bytes = strlen(name);
    size_t ending_bytes = strlen(ending);
    return bytes >= ending_bytes && strcmp(name + bytes - ending_bytes, ending) == 0;
}

/* A stamp, which leads from a file to a graph, ends with the hash of the graph and a newline. */
static bool is_stamp_in_use(const struct collect_graphs *graphs, const char *path)
{
    char *text = NULL;
    size_t byte_count = 0;
    if (ew_file_read_all(path, STAMP_BYTES, &text, &byte_count, NULL) != EW_OK) {
        return false;
    }
    bool used =
        byte_count > HASH_LETTERS && is_hash_in_use(graphs, text + byte_count - HASH_LETTERS - 1);
    free(text);
    return used;
}

/* Only files with names of the cache are ours. One that stays is no harm until the next time. */
static bool drop_unused(void *context, const char *name, uint64_t bytes)
{
    const struct collect_graphs *graphs = context;
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s", graphs->cache, name);
    (void)bytes;
    if (length < 0 || length >= PATH_BYTES) {
        return true;
    }
    bool unused = ends_with(name, ".tmp");
    if (ends_with(name, ".ewgraph") && strspn(name, "0123456789abcdef") == HASH_LETTERS) {
        unused = !is_hash_in_use(graphs, name);
    } else if (ends_with(name, ".stamp")) {
        unused = !is_stamp_in_use(graphs, path);
    }
    if (unused) {
        (void)!ew_file_remove(path, NULL);
    }
    return true;
}

/* --- collect_graphs.h ----------------------------------------------------------------------- */

enum ew_status collect_graphs_refresh(struct collect_graphs *graphs, bool *changed_out,
                                      struct ew_error *error)
{
    enum ew_status status = EW_OK;
    bool changed = false;
    for (size_t i = 0; i < graphs->count; i++) {
        struct ew_error *first = status == EW_OK ? error : NULL;
        enum ew_status one = refresh(graphs, &graphs->sources[i], &changed, first);
        status = status == EW_OK ? one : status;
    }
    if (changed) {
        (void)!ew_directory_list(graphs->cache, drop_unused, graphs, NULL);
    }
    *changed_out = changed;
    return status;
}

const struct ew_graph *const *collect_graphs_all(const struct collect_graphs *graphs,
                                                 size_t *count_out)
{
    for (size_t i = 0; i < graphs->count; i++) {
        graphs->all[i] = graphs->sources[i].graph;
        if (graphs->all[i] == NULL) {
            return NULL;
        }
    }
    *count_out = graphs->count;
    return graphs->all;
}

/* --- collect.h -------------------------------------------------------------------------------
 */

/* Adds to the sums what is accepted. */
static enum ew_status examine(const char *path, struct ew_collect_graph *sums,
                              struct ew_collect_graph *one, struct ew_error *error)
{
    struct ew_graph_options options = {.format = EW_GRAPH_AUTO};
    struct ew_graph_counts counts;
    struct ew_graph *graph = NULL;
    struct ew_file_identity identity;
    enum ew_status status = ew_file_identify(path, &identity, error);
    if (status == EW_OK) {
        status = check_bytes(path, identity.byte_count, error);
    }
    if (status == EW_OK) {
        status = ew_graph_load(path, &options, &graph, &counts, error);
    }
    if (status != EW_OK) {
        return status;
    }
    one->byte_count = counts.bytes;
    one->nodes = graph->node_count;
    one->edges = graph->edge_count;
    one->dangling = counts.dangling;
    one->presence_only = graph->presence_only;
    ew_graph_free(graph);
    status = check_sums(path, sums->nodes + one->nodes, sums->edges + one->edges, error);
    if (status == EW_OK) {
        sums->nodes += one->nodes;
        sums->edges += one->edges;
    }
    return status;
}

void ew_collect_examine_graphs(const struct ew_settings *settings, ew_collect_graph_fn each,
                               void *context)
{
    struct ew_collect_graph sums = {.path = NULL};
    for (size_t i = 0; i < settings->callgraphs.count; i++) {
        struct ew_collect_graph one = {.path = settings->callgraphs.items[i]};
        enum ew_status status = examine(one.path, &sums, &one, &one.refusal);
        if (status == EW_OK) {
            one.refusal.status = EW_OK;
        }
        each(context, &one);
    }
}
