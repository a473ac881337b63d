/* SPDX-License-Identifier: Apache-2.0 */
/* What merges are made of, as the command line names it: documents, folders, callgraphs. */
#ifndef EW_CLI_MERGE_INPUTS_H
#define EW_CLI_MERGE_INPUTS_H

#include "cli/cli.h"
#include "etwitness/merge.h"

struct ew_cli_graphs {
    struct ew_graph *items[EW_MERGE_GRAPHS_MAX];
    size_t count;
};

/* True for a folder that can be listed. */
bool ew_cli_is_directory(const char *path);

/*
 * Loads callgraphs behind those that are there; the caller frees all of them, also after a
 * failure.
 *
 * cache  a folder for graphs once they were read; NULL: none
 * quiet  what is odd in a graph is not told
 *
 * EW_LIMIT when they are too many, and what ew_graph_load() fails with
 */
EW_MUST_USE enum ew_status ew_cli_load_graphs(const struct ew_text_list *paths, const char *cache,
                                              bool quiet, struct ew_cli_graphs *graphs,
                                              struct ew_error *error);
void ew_cli_free_graphs(struct ew_cli_graphs *graphs);

#endif
