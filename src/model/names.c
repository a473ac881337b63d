/* SPDX-License-Identifier: Apache-2.0 */
/* Interned names: equal text is one pointer, until the table is swept (prune.c). */
#include "model/names.h"

#include "base/text.h"
#include "etwitness/limits.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_START = 1024 };

void names_init(struct names *names)
{
    names->arena.bytes_max = EW_NAME_BYTES_MAX;
}

void names_free(struct names *names)
{
    ew_arena_clear(&names->arena);
    ew_index_free(&names->index);
    free(names->entries);
}

static bool make_room(struct names *names)
{
    if (names->count < names->capacity) {
        return true;
    }
    if (names->count == EW_NAMES_MAX) {
        return false;
    }
    uint32_t wanted = names->capacity == 0 ? ENTRIES_START : names->capacity * 2;
    struct name_entry *grown = realloc(names->entries, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    names->entries = grown;
    names->capacity = wanted;
    return true;
}

static const char *add(struct names *names, uint64_t hash, const char *text, size_t byte_count)
{
    char *copy = make_room(names) ? ew_arena_text(&names->arena, text, byte_count) : NULL;
    if (copy == NULL || !ew_index_insert(&names->index, hash, names->count)) {
        names->refused++;
        return "";
    }
    names->entries[names->count].text = copy;
    names->entries[names->count].bytes = (uint32_t)byte_count;
    names->count++;
    return copy;
}

const char *names_intern(struct names *names, const char *text, size_t byte_count)
{
    if (byte_count == 0) {
        return "";
    }
    uint64_t hash = ew_index_hash_bytes(text, byte_count);
    for (uint32_t i = ew_index_first(&names->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&names->index)) {
        const struct name_entry *entry = &names->entries[i];
        if (entry->bytes == byte_count && memcmp(entry->text, text, byte_count) == 0) {
            return entry->text;
        }
    }
    return add(names, hash, text, byte_count);
}

const char *names_utf16(struct names *names, const struct ew_utf16_slice *slice)
{
    char text[EW_NAME_BYTES_EACH_MAX];
    if (slice->bytes == 0) {
        return "";
    }
    size_t bytes = ew_text_from_utf16(slice->data, slice->bytes, text, sizeof text);
    return names_intern(names, text, bytes);
}

const char *names_bytes(struct names *names, const struct ew_bytes_slice *slice)
{
    char text[EW_NAME_BYTES_EACH_MAX];
    if (slice->bytes == 0) {
        return "";
    }
    size_t bytes = ew_text_from_bytes(slice->data, slice->bytes, text, sizeof text);
    return names_intern(names, text, bytes);
}
