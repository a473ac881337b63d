/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorting in place, without recursion and never slower than n log n, whatever somebody wrote
 * into a file: heap sort. Inline, so that each kind of row has one of its own.
 */
#ifndef EW_CALLGRAPH_HEAP_SORT_H
#define EW_CALLGRAPH_HEAP_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Below, at or above 0, as strcmp(). */
typedef int (*graph_compare_fn)(const void *context, const void *a, const void *b);

/* Moves a row down to where no row below it is larger. */
static inline void graph_heap_sift(char *rows, size_t at, size_t count, size_t row_bytes,
                                   graph_compare_fn compare, const void *context)
{
    uint64_t row[2]; /* as large and as aligned as any row that is sorted */
    memcpy(row, rows + at * row_bytes, row_bytes);
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        const char *rival = rows + child * row_bytes;
        child += child + 1 < count && compare(context, rival + row_bytes, rival) > 0;
        if (compare(context, rows + child * row_bytes, row) <= 0) {
            break;
        }
        memcpy(rows + at * row_bytes, rows + child * row_bytes, row_bytes);
        at = child;
    }
    memcpy(rows + at * row_bytes, row, row_bytes);
}

/* Sorts rows of at most 16 bytes in ascending order. */
static inline void graph_heap_sort(void *rows, size_t count, size_t row_bytes,
                                   graph_compare_fn compare, const void *context)
{
    char *first = rows;
    for (size_t i = count / 2; i-- > 0;) {
        graph_heap_sift(first, i, count, row_bytes, compare, context);
    }
    for (size_t end = count; end > 1; end--) {
        uint64_t row[2];
        char *last = first + (end - 1) * row_bytes;
        memcpy(row, last, row_bytes);
        memcpy(last, first, row_bytes);
        memcpy(first, row, row_bytes);
        graph_heap_sift(first, 0, end - 1, row_bytes, compare, context);
    }
}

#endif
