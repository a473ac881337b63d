/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator with a maximum: pieces are freed all at once. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 256 * 1024 };

struct ew_arena_block {
    struct ew_arena_block *next;
    size_t used;
    size_t capacity;
    max_align_t memory[];
};

static struct ew_arena_block *block_make(size_t capacity, struct ew_arena_block *next)
{
    struct ew_arena_block *block = malloc(sizeof *block + capacity);
    if (block != NULL) {
        block->next = next;
        block->used = 0;
        block->capacity = capacity;
    }
    return block;
}

void *ew_arena_take(struct ew_arena *arena, size_t byte_count)
{
    if (byte_count > arena->bytes_max - arena->bytes_used) {
        return NULL;
    }
    size_t rounded = (byte_count + 7) & ~(size_t)7;
    struct ew_arena_block *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < rounded) {
        size_t least = arena->block_bytes != 0 ? arena->block_bytes : BLOCK_BYTES;
        block = block_make(rounded > least ? rounded : least, arena->blocks);
        if (block == NULL) {
            return NULL;
        }
        arena->blocks = block;
    }
    uint8_t *piece = (uint8_t *)block->memory + block->used;
    block->used += rounded;
    arena->bytes_used += byte_count;
    return piece;
}

char *ew_arena_text(struct ew_arena *arena, const char *text, size_t byte_count)
{
    char *copy = ew_arena_take(arena, byte_count + 1);
    if (copy != NULL) {
        memcpy(copy, text, byte_count);
        copy[byte_count] = '\0';
    }
    return copy;
}

void ew_arena_clear(struct ew_arena *arena)
{
    while (arena->blocks != NULL) {
        struct ew_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->bytes_used = 0;
}
