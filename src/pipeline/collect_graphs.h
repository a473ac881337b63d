/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callgraphs that a running collection merges with: read once, and again when a file is not
 * the one it was. What cannot be read leaves the graph that was read before. For one thread.
 */
#ifndef EW_PIPELINE_COLLECT_GRAPHS_H
#define EW_PIPELINE_COLLECT_GRAPHS_H

#include "etwitness/callgraph.h"
#include "etwitness/settings.h"

struct collect_graphs;

/* Remembers where they are, and reads nothing yet; nothing of `settings` is kept. EW_NO_MEMORY,
 * EW_LIMIT when the path of the cache would be too long. */
EW_MUST_USE enum ew_status collect_graphs_create(const struct ew_settings *settings,
                                                 struct collect_graphs **graphs_out,
                                                 struct ew_error *error);
void collect_graphs_destroy(struct collect_graphs *graphs); /* NULL is allowed */

/*
 * Reads those that were never read and those whose file was changed; a file that was refused is
 * only read again when it was changed. Caches of graphs that are gone are removed. Graphs that
 * were given out before may be freed. All are tried; the first failure is told.
 *
 * EW_LIMIT  one file, or all together, is more than a collection takes (EW_COLLECT_GRAPH_...)
 * and what ew_graph_load() fails with
 */
EW_MUST_USE enum ew_status collect_graphs_refresh(struct collect_graphs *graphs,
                                                  bool *changed_out, struct ew_error *error);

/* All of them, or NULL while one was never read. Valid until the next refresh. */
const struct ew_graph *const *collect_graphs_all(const struct collect_graphs *graphs,
                                                 size_t *count_out);

#endif
