/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of entry points as a set of bits, and as the list of words that documents have. */
#ifndef EW_MERGE_ENTRY_KINDS_H
#define EW_MERGE_ENTRY_KINDS_H

#include "etwitness/merge.h"

enum { ENTRY_KINDS = EW_ENTRY_TEST + 1 };
_Static_assert(ENTRY_KINDS <= 16, "a node has 16 bits for them");

/* By their words, ascending: lists have them in this order. */
extern const enum ew_graph_entry_kind ew_merge_entry_order[ENTRY_KINDS];

/* The position of a word in that order, or ENTRY_KINDS. */
size_t ew_merge_entry_find(const char *word, size_t byte_count);

static inline uint16_t entry_kind_bit(enum ew_graph_entry_kind kind)
{
    return (uint16_t)(1U << (unsigned)kind);
}

#endif
