/* SPDX-License-Identifier: Apache-2.0 */
/* Interned names: equal text is one pointer, until the table is swept (prune.c). */
#ifndef EW_MODEL_NAMES_H
#define EW_MODEL_NAMES_H

#include "base/arena.h"
#include "base/index.h"
#include "etwitness/fact.h"

struct name_entry {
    const char *text;
    uint32_t bytes;
};

/* Zeroed is valid and empty; the arena's maximum is set by names_init(). */
struct names {
    struct name_entry *entries;
    struct ew_index index;
    struct ew_arena arena;
    uint32_t count;
    uint32_t capacity;
    uint64_t refused; /* names that found no room: they became "" */
};

void names_init(struct names *names);
void names_free(struct names *names);

/* Each answers a terminated UTF-8 text that lives with the table, "" when refused. */
const char *names_intern(struct names *names, const char *text, size_t byte_count);
const char *names_utf16(struct names *names, const struct ew_utf16_slice *slice);
const char *names_bytes(struct names *names, const struct ew_bytes_slice *slice);

#endif
