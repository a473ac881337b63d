/* SPDX-License-Identifier: Apache-2.0 */
/* The part of an input that is in memory, and how it moves on. */
#include "base/byte_window.h"

#include <stdlib.h>
#include <string.h>

void ew_byte_window_over(struct ew_byte_window *window, const void *bytes, size_t byte_count)
{
    memset(window, 0, sizeof *window);
    window->begin = bytes != NULL ? bytes : "";
    window->at = window->begin;
    window->end = window->begin + byte_count;
}

enum ew_status ew_byte_window_open(struct ew_byte_window *window, size_t capacity,
                                   ew_byte_window_fill_fn fill, void *context)
{
    memset(window, 0, sizeof *window);
    window->buffer = malloc(capacity);
    if (window->buffer == NULL) {
        return EW_NO_MEMORY;
    }
    window->capacity = capacity;
    window->begin = window->buffer;
    window->at = window->buffer;
    window->end = window->buffer;
    window->fill = fill;
    window->context = context;
    return EW_OK;
}

void ew_byte_window_close(struct ew_byte_window *window)
{
    free(window->buffer);
    memset(window, 0, sizeof *window);
}

/* Gives up what is before `*keep`. */
static void move_down(struct ew_byte_window *window, const char **keep)
{
    size_t given_up = (size_t)(*keep - window->begin);
    size_t kept = (size_t)(window->end - *keep);
    memmove(window->buffer, *keep, kept);
    window->begin_offset += given_up;
    window->at -= given_up;
    window->end -= given_up;
    *keep -= given_up;
}

enum ew_status ew_byte_window_more(struct ew_byte_window *window, const char **keep,
                                   struct ew_error *error)
{
    if (window->buffer == NULL) {
        return EW_END;
    }
    if (window->settle != NULL) {
        window->settle(window->context);
    }
    if (*keep != window->begin) {
        move_down(window, keep);
    }
    size_t used = (size_t)(window->end - window->begin);
    if (used == window->capacity) {
        return EW_LIMIT;
    }
    size_t got = 0;
    enum ew_status status = window->fill(window->context, window->buffer + used,
                                         window->capacity - used, &got, error);
    if (status != EW_OK) {
        return status;
    }
    window->end += got;
    return got > 0 ? EW_OK : EW_END;
}
