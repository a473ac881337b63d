/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that double. */
#ifndef EW_EXPORT_GROW_H
#define EW_EXPORT_GROW_H

#include <stdint.h>
#include <stdlib.h>

/*
 * The array with room for one more element behind `count`, moved when it had none. NULL without
 * memory; the array is then as before.
 */
static inline void *ew_grow(void *array, size_t *capacity, size_t count, size_t each_bytes)
{
    if (count < *capacity) {
        return array;
    }
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    if (wanted > SIZE_MAX / each_bytes) {
        return NULL;
    }
    void *grown = realloc(array, wanted * each_bytes);
    if (grown != NULL) {
        *capacity = wanted;
    }
    return grown;
}

#endif
