/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow by doubling. */
#ifndef EW_MERGE_LIST_H
#define EW_MERGE_LIST_H

#include <stddef.h>
#include <stdlib.h>

/*
 * Room for one item more than `count`: the array, moved or not, or NULL without memory; it is
 * then as before. `*capacity` is in items.
 */
static inline void *list_grow(void *items, size_t *capacity, size_t count, size_t item_bytes)
{
    enum { CAPACITY_FIRST = 64 };
    if (items != NULL && count < *capacity) {
        return items;
    }
    size_t wanted = *capacity < CAPACITY_FIRST ? CAPACITY_FIRST : *capacity * 2;
    void *grown = wanted <= (size_t)-1 / item_bytes ? realloc(items, wanted * item_bytes) : NULL;
    if (grown != NULL) {
        *capacity = wanted;
    }
    return grown;
}

#endif
