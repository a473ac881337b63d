/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounds-checked, little-endian reader of foreign bytes. It fails once and stays
 * failed: a decoder reads all its fields and asks once, at the end.
 */
#ifndef EW_BASE_CURSOR_H
#define EW_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ew_cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* a read went past the end; all reads since answer zero */
};

static inline uint16_t ew_load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t ew_load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t ew_load_u64(const uint8_t *at)
{
    return (uint64_t)ew_load_u32(at) | (uint64_t)ew_load_u32(at + 4) << 32;
}

static inline void ew_store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void ew_store_u32(uint8_t *at, uint32_t value)
{
    ew_store_u16(at, (uint16_t)value);
    ew_store_u16(at + 2, (uint16_t)(value >> 16));
}

static inline void ew_store_u64(uint8_t *at, uint64_t value)
{
    ew_store_u32(at, (uint32_t)value);
    ew_store_u32(at + 4, (uint32_t)(value >> 32));
}

static inline struct ew_cursor ew_cursor_make(const void *bytes, size_t byte_count)
{
    const uint8_t *at = bytes;
    struct ew_cursor cursor = {at, byte_count == 0 ? at : at + byte_count, false};
    return cursor;
}

static inline size_t ew_cursor_left(const struct ew_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

/* Takes `byte_count` bytes; NULL, and failed, when they are not there. */
static inline const uint8_t *ew_cursor_take(struct ew_cursor *cursor, size_t byte_count)
{
    if (cursor->failed || ew_cursor_left(cursor) < byte_count) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *at = cursor->at;
    cursor->at += byte_count;
    return at;
}

static inline uint8_t ew_cursor_u8(struct ew_cursor *cursor)
{
    const uint8_t *at = ew_cursor_take(cursor, 1);
    return at != NULL ? at[0] : 0;
}

static inline uint16_t ew_cursor_u16(struct ew_cursor *cursor)
{
    const uint8_t *at = ew_cursor_take(cursor, 2);
    return at != NULL ? ew_load_u16(at) : 0;
}

static inline uint32_t ew_cursor_u32(struct ew_cursor *cursor)
{
    const uint8_t *at = ew_cursor_take(cursor, 4);
    return at != NULL ? ew_load_u32(at) : 0;
}

static inline uint64_t ew_cursor_u64(struct ew_cursor *cursor)
{
    const uint8_t *at = ew_cursor_take(cursor, 8);
    return at != NULL ? ew_load_u64(at) : 0;
}

/* A pointer-sized word, zero-extended; `pointer_bytes` is 4 or 8. */
static inline uint64_t ew_cursor_pointer(struct ew_cursor *cursor, uint8_t pointer_bytes)
{
    return pointer_bytes == 4 ? ew_cursor_u32(cursor) : ew_cursor_u64(cursor);
}

static inline void ew_cursor_skip(struct ew_cursor *cursor, size_t byte_count)
{
    (void)ew_cursor_take(cursor, byte_count);
}

#endif
