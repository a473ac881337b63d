/* SPDX-License-Identifier: Apache-2.0 */
/* An export as a text. */
#include "export/export_text.h"

#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

bool export_text_sink(void *text, const void *bytes, size_t byte_count)
{
    struct export_text *out = text;
    if (out->room != 0 && byte_count > out->room - out->used) {
        return false;
    }
    if (byte_count >= out->capacity - out->used) {
        size_t capacity = (out->used + byte_count + 1) * 2;
        out->bytes = realloc(out->bytes, capacity);
        ck_assert_ptr_nonnull(out->bytes);
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->used, bytes, byte_count);
    out->used += byte_count;
    out->bytes[out->used] = '\0';
    return true;
}

struct ew_export_counts export_text_write(struct export_text *text,
                                          const struct ew_export_options *options)
{
    struct ew_export_counts counts = {0};
    struct ew_error error = {0};
    text->used = 0;
    ck_assert(export_text_sink(text, "", 0));
    enum ew_status status = ew_export_write(options, export_text_sink, text, &counts, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return counts;
}

void export_text_free(struct export_text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}
