/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator with a maximum: pieces are freed all at once. */
#ifndef EW_BASE_ARENA_H
#define EW_BASE_ARENA_H

#include <stddef.h>

struct ew_arena_block;

/* Zeroed but for `bytes_max` is a valid empty arena. */
struct ew_arena {
    struct ew_arena_block *blocks;
    size_t bytes_used;  /* asked for, all blocks */
    size_t bytes_max;   /* asks beyond it answer NULL */
    size_t block_bytes; /* memory is taken in pieces of at least this; 0: 256 KiB */
};

/* 8-byte aligned, uninitialised memory; NULL at the maximum or without memory. */
void *ew_arena_take(struct ew_arena *arena, size_t byte_count);

/* A terminated copy of `byte_count` bytes of text; NULL as above. */
char *ew_arena_text(struct ew_arena *arena, const char *text, size_t byte_count);

/* Frees everything; the arena is empty and can be used again. */
void ew_arena_clear(struct ew_arena *arena);

#endif
