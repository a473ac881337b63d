/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graphs that were read once, kept as their columns: one file for each input hash and format,
 * mapped when it is wanted again. A small stamp leads from what the file system tells of an
 * input (volume, file, size, times) to its hash, so that nothing of the input has to be read.
 *
 * A cache is an input like others: everything in it is checked before it is used, and one that
 * breaks a rule, or is of another version, is as if it were not there.
 */
#ifndef EW_CALLGRAPH_CACHE_H
#define EW_CALLGRAPH_CACHE_H

#include "etwitness/callgraph.h"
#include "platform/map.h"

/* The graph of the file's cache, which lies in the map. False: there is none that serves. */
bool graph_cache_find(const char *path, const struct ew_graph_options *options,
                      struct ew_map *map_out, struct ew_graph *graph_out,
                      struct ew_graph_counts *counts_out);

/* Keeps a graph for the next time, if that can be done; `before` was told before it was read. */
void graph_cache_keep(const char *path, const struct ew_graph_options *options,
                      const struct ew_file_identity *before, const struct ew_graph *graph,
                      const struct ew_graph_counts *counts);

/* Checks the bytes of a cache: false when anything in it is out of range. */
bool graph_cache_check(const void *bytes, size_t byte_count, struct ew_graph *graph_out,
                       struct ew_graph_counts *counts_out);

#endif
