/* SPDX-License-Identifier: Apache-2.0 */
/* Random records of static-callgraph/1, and files of them. */
#ifndef EW_TESTS_GRAPH_RECORDS_H
#define EW_TESTS_GRAPH_RECORDS_H

#include <jansson.h>
#include <stddef.h>

enum record_kind { NODE, EDGE, ENTRY, TARGET, RECORD_KINDS };

/* As NDJSON names them, and the lists that a document has of them. */
extern const char *const record_names[RECORD_KINDS];
extern const char *const list_names[RECORD_KINDS];

/* Words of the schema, in its order. */
enum { NODE_KINDS = 5, INLINING = 3, EDGE_KINDS = 12, ENTRY_WORDS = 5 };
extern const char *const node_kinds[NODE_KINDS];
extern const char *const inlining[INLINING];
extern const char *const edge_kinds[EDGE_KINDS];
extern const char *const entry_words[ENTRY_WORDS];

/* A pair of files that tell the same random graph; the next call makes another. Texts are
 * spelled in all ways that jansson has. The caller frees both. */
struct graph_files {
    char *document;
    char *lines; /* NDJSON */
};
struct graph_files random_graph_files(void);

/* As json_object_set_new(), which must succeed. */
void set_member(json_t *object, const char *name, json_t *value);

#endif
