/* SPDX-License-Identifier: Apache-2.0 */
/* What merges are made of, as the command line names it: documents, folders, callgraphs. */
#include "cli/merge_inputs.h"

#include "platform/file.h"

static bool stop_listing(void *context, const char *name, uint64_t bytes)
{
    (void)context;
    (void)name;
    (void)bytes;
    return false;
}

bool ew_cli_is_directory(const char *path)
{
    return ew_directory_list(path, stop_listing, NULL, NULL) == EW_OK;
}

static void say_oddities(const char *path, const struct ew_graph_counts *counts)
{
    if (counts->dangling > 0) {
        ew_cli_say("%s: %llu references to nodes that it does not list", path,
                   (unsigned long long)counts->dangling);
    }
}

enum ew_status ew_cli_load_graphs(const struct ew_text_list *paths, const char *cache, bool quiet,
                                  struct ew_cli_graphs *graphs, struct ew_error *error)
{
    const struct ew_graph_options options = {.format = EW_GRAPH_AUTO, .cache_directory = cache};
    for (size_t i = 0; i < paths->count; i++) {
        struct ew_graph_counts counts = {0};
        const char *path = paths->items[i];
        if (graphs->count >= EW_MERGE_GRAPHS_MAX) {
            return ew_fail(error, EW_LIMIT, "--callgraph: at most %d graphs can be merged",
                           EW_MERGE_GRAPHS_MAX);
        }
        enum ew_status status =
            ew_graph_load(path, &options, &graphs->items[graphs->count], &counts, error);
        if (status != EW_OK) {
            return status;
        }
        graphs->count++;
        if (!quiet) {
            say_oddities(path, &counts);
        }
    }
    return EW_OK;
}

void ew_cli_free_graphs(struct ew_cli_graphs *graphs)
{
    for (size_t i = 0; i < graphs->count; i++) {
        ew_graph_free(graphs->items[i]);
    }
    graphs->count = 0;
}
