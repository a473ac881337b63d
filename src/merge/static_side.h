/* SPDX-License-Identifier: Apache-2.0 */
/* How nodes of a graph are looked up by name, token and address. */
#ifndef EW_MERGE_STATIC_SIDE_H
#define EW_MERGE_STATIC_SIDE_H

#include "merge/internal.h"
#include "merge/names.h"

/* The hash under which a path, or a decorated name, stands in `name_index`. */
uint64_t ew_merge_static_name_hash(const char *name, size_t byte_count);
uint64_t ew_merge_static_token_hash(uint32_t artifact, uint32_t token);
uint64_t ew_merge_static_id_hash(char kind, const char *id);

/* The name of a node as a method: its documentation id, its name, its id at last. */
void ew_merge_static_method(const struct ew_graph *graph, const struct ew_graph_node *node,
                            struct method_name *out);
/* What the linker calls it; "" when it is not told. */
const char *ew_merge_static_decorated(const struct ew_graph *graph,
                                      const struct ew_graph_node *node);

/* Fills `name_index` when that is asked for the first time: where functions have tokens or
 * addresses, it seldom is. False without memory. */
bool ew_merge_static_index_names(struct graph_side *side, struct method_name *scratch);

#endif
