/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of an input that is in memory: a reader of files that are larger than memory looks
 * through it, and moves it on. An input that is in memory already is its own window.
 */
#ifndef EW_BASE_BYTE_WINDOW_H
#define EW_BASE_BYTE_WINDOW_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Gives the next bytes of an input, up to `capacity`, at least one but for its end. What else
 * it answers is passed on to who asked for more bytes, with the sentence in `error`.
 */
typedef enum ew_status (*ew_byte_window_fill_fn)(void *context, void *out, size_t capacity,
                                                 size_t *got_out, struct ew_error *error);

/* Called before bytes that were given move or are given up, for who still looks at them. */
typedef void (*ew_byte_window_settle_fn)(void *context);

struct ew_byte_window {
    const char *begin; /* of what is in memory */
    const char *at;    /* the next byte to be read; readers move it */
    const char *end;
    uint64_t begin_offset; /* of `begin` in the input */
    char *buffer;          /* owned; NULL: the input is in memory */
    size_t capacity;
    ew_byte_window_fill_fn fill;
    ew_byte_window_settle_fn settle; /* NULL: nobody does; may be set once it is open */
    void *context;
};

/* Over bytes that outlive it; nothing to close. */
void ew_byte_window_over(struct ew_byte_window *window, const void *bytes, size_t byte_count);

/* Over an input in pieces of at most `capacity` bytes. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_byte_window_open(struct ew_byte_window *window, size_t capacity,
                                               ew_byte_window_fill_fn fill, void *context);
void ew_byte_window_close(struct ew_byte_window *window);

/*
 * Adds bytes behind `end`. Those before `*keep` (at or before `at`) may be given up for them;
 * then all pointers into the window move, `*keep` with them.
 *
 * EW_END    the input has no more
 * EW_LIMIT  the window is full of bytes that are kept
 */
EW_MUST_USE enum ew_status ew_byte_window_more(struct ew_byte_window *window, const char **keep,
                                               struct ew_error *error);

/* Where a byte of the window is in the input. */
static inline uint64_t ew_byte_window_offset(const struct ew_byte_window *window, const char *at)
{
    return window->begin_offset + (uint64_t)(at - window->begin);
}

#endif
