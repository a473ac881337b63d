/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the windows and the merge say about each function, module and stack, joined by key: the
 * tables that every format is written from. They borrow from both.
 */
#ifndef EW_EXPORT_TABLES_H
#define EW_EXPORT_TABLES_H

#include "base/index.h"
#include "etwitness/export.h"

/* Counts of different units are never added. Methods that were prepared did not run yet. */
enum ew_unit { EW_UNIT_SAMPLES, EW_UNIT_EVENTS, EW_UNIT_PREPARED, EW_UNIT_COUNT };

#define EW_TABLE_NONE UINT32_C(0xffffffff)

/* Sums stop at the largest number that every reader of JSON knows. */
static inline void ew_table_sum(uint64_t *sum, uint64_t value)
{
    *sum = value > EW_JSON_INTEGER_MAX - *sum ? EW_JSON_INTEGER_MAX : *sum + value;
}

struct ew_table_module {
    const struct ew_evidence_module *module;
    const char *purl;             /* NULL: nobody knows it */
    uint16_t confidence_permille; /* that the package is this one */
    uint32_t component;           /* the first module of the same package; itself without one */
    uint32_t first_function;      /* of a component: the list of its functions */
    uint32_t witness;             /* of a component: the best stack, or EW_TABLE_NONE */
    bool observed;                /* of a component: a function of it was */
};

struct ew_table_function {
    const struct ew_evidence_function *function;
    const struct ew_reach_node *node; /* NULL: the merge does not list it */
    uint32_t module;
    uint32_t next;    /* of its component, or EW_TABLE_NONE */
    uint32_t witness; /* the best stack that it is on, or EW_TABLE_NONE */
    uint64_t hits[EW_UNIT_COUNT];
    uint64_t windows;
    uint64_t first_100ns; /* of all observations; 0: there is none */
    uint64_t last_100ns;
};

/* Distinct in frames, unit and completeness. */
struct ew_table_stack {
    const uint32_t *frames; /* functions, root first; set when all windows are in */
    uint32_t first_frame;
    uint32_t frame_count;
    enum ew_unit unit;
    bool complete;
    uint64_t hits;
};

struct ew_tables {
    const struct ew_export_options *options;
    struct ew_table_module *modules; /* in order of first sight, as the next two */
    size_t module_count;
    struct ew_table_function *functions;
    size_t function_count;
    struct ew_table_stack *stacks;
    size_t stack_count;
    uint32_t *frames; /* functions */
    size_t frame_count;
    struct ew_index module_index;
    struct ew_index function_index;
    struct ew_index stack_index;
    size_t module_capacity;
    size_t function_capacity;
    size_t stack_capacity;
    size_t frame_capacity;
};

/* EW_LIMIT, EW_NO_MEMORY, EW_FORMAT (an index that leads nowhere). Freed by the caller. */
EW_MUST_USE enum ew_status ew_tables_build(struct ew_tables *tables,
                                           const struct ew_export_options *options,
                                           struct ew_error *error);
void ew_tables_free(struct ew_tables *tables);

/* The function of a key, or EW_TABLE_NONE. */
uint32_t ew_tables_find(struct ew_tables *tables, const char *key);

/* Finds the packages of modules, in the documents and in the graphs, and joins those of one
 * package to a component (tables_names.c). EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_tables_name_packages(struct ew_tables *tables);

/* Puts the stacks in the order in which they witness: complete ones, most hits, short ones
 * first; then those whose frames were seen first. Functions and components get their witness. */
void ew_tables_rank_stacks(struct ew_tables *tables);

/* Names for people: never NULL or "". */
const char *ew_table_function_name(const struct ew_table_function *function);
const char *ew_table_module_name(const struct ew_tables *tables, uint32_t module);
const char *ew_node_name(const struct ew_reach_node *node);

/* The id under which others know a function: the producer's of a static graph, else its key. */
const char *ew_table_function_id(const struct ew_table_function *function);

enum ew_unit ew_unit_of(const struct ew_evidence *evidence, uint32_t source);
const char *ew_unit_name(enum ew_unit unit);

#endif
