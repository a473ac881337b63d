/* SPDX-License-Identifier: Apache-2.0 */
/* Folded stacks: "process;root;...;leaf COUNT". */
#include "base/text.h"
#include "import/parts.h"

#include <string.h>

/* The number behind the last space. */
static bool take_count(struct slice *line, uint64_t *count_out)
{
    uint64_t count = 0;
    size_t at = line->bytes;
    while (at > 0 && line->at[at - 1] >= '0' && line->at[at - 1] <= '9') {
        at--;
    }
    if (at == line->bytes || at < 2 || line->at[at - 1] != ' ') {
        return false;
    }
    for (size_t i = at; i < line->bytes; i++) {
        if (count > EW_JSON_INTEGER_MAX / 10) {
            return false;
        }
        count = count * 10 + (uint64_t)(line->at[i] - '0');
    }
    line->bytes = at - 1;
    *count_out = count;
    return count <= EW_JSON_INTEGER_MAX;
}

static bool next_name(struct slice *rest, struct slice *name_out)
{
    if (rest->at == NULL) {
        return false;
    }
    const char *end = memchr(rest->at, ';', rest->bytes);
    name_out->at = rest->at;
    name_out->bytes = end != NULL ? (size_t)(end - rest->at) : rest->bytes;
    rest->bytes -= end != NULL ? name_out->bytes + 1 : rest->bytes;
    rest->at = end != NULL ? end + 1 : NULL;
    return true;
}

struct line_frames {
    struct frame frames[EW_FRAMES_MAX];
    uint32_t count;
    bool cut; /* there were more, further out */
};

static size_t count_names(struct slice text)
{
    struct slice name;
    size_t count = 0;
    while (next_name(&text, &name)) {
        count++;
    }
    return count;
}

/* The innermost frames are kept: they are what ran. Behind a separator stands the kernel's
 * half. */
static void read_frames(struct slice text, bool root_is_function, struct line_frames *line)
{
    struct slice name;
    bool kernel = false;
    line->count = 0;
    if (!root_is_function) {
        (void)next_name(&text, &name);
    }
    size_t names = count_names(text);
    line->cut = names > EW_FRAMES_MAX;
    for (; names > EW_FRAMES_MAX; names--) {
        (void)next_name(&text, &name);
    }
    while (next_name(&text, &name)) {
        struct frame frame = ew_frame_read(name);
        if (frame.kind == FRAME_SEPARATOR) {
            kernel = true;
            continue;
        }
        if (kernel && frame.kind == FRAME_USER) {
            frame.kind = FRAME_KERNEL;
        }
        line->frames[line->count++] = frame;
    }
}

static enum ew_status take_line(struct import *import, struct stacks *stacks, struct slice text,
                                struct line_frames *line)
{
    uint64_t hits = 0;
    if (!ew_text_is_utf8(text.at, text.bytes) || memchr(text.at, '\0', text.bytes) != NULL) {
        return ew_import_fail(import, EW_FORMAT, "is no UTF-8 text");
    }
    if (!take_count(&text, &hits)) {
        return ew_import_fail(import, EW_FORMAT, "does not end with a space and a count");
    }
    if (hits == 0) {
        return EW_OK;
    }
    read_frames(text, import->options->root_is_function, line);
    import_sum(&import->counts.stacks, hits);
    if (line->cut) {
        import_sum(&stacks->quality.stacks_truncated, hits);
    }
    enum ew_status status = ew_stacks_count(stacks, line->frames, line->count, hits);
    return status == EW_OK ? EW_OK
                           : ew_import_fail(import, status,
                                            status == EW_LIMIT ? "there are too many functions,"
                                                                 " edges or stacks"
                                                               : "no memory for it");
}

static enum ew_status take_lines(struct import *import, struct stacks *stacks)
{
    struct slice text;
    struct line_frames line;
    size_t offset = 0;
    enum ew_status status = EW_OK;
    while (status == EW_OK && ew_import_line(import, &offset, &text)) {
        if (text.bytes > 0 && text.at[0] != '#') {
            status = take_line(import, stacks, text, &line);
        }
    }
    return status;
}

static enum ew_status emit(struct import *import, struct stacks *stacks)
{
    struct ew_evidence evidence;
    struct ew_evidence_source source = {.kind = import->options->events ? EW_SOURCE_STACK_EVENT
                                                                        : EW_SOURCE_STACK_SAMPLE,
                                        .period_ns = import->options->period_ns,
                                        .is_foreign = true,
                                        .samples = !import->options->events,
                                        .provider_name = "folded"};
    enum ew_status status = ew_import_head(import, import->options->container, &evidence);
    if (status != EW_OK) {
        return status;
    }
    status = ew_stacks_tables(stacks, &evidence);
    if (status != EW_OK) {
        return ew_fail(import->error, status, "%s: no memory for its tables",
                       import->options->name);
    }
    evidence.sources = &source;
    evidence.source_count = 1;
    import->counts.unknown = evidence.quality.frames_unresolved;
    import->counts.dropped = evidence.quality.dropped;
    import->counts.documents = 1;
    return import->emit(import->context, &evidence, import->error);
}

enum ew_status ew_import_folded(struct import *import)
{
    struct stacks stacks;
    if (import->options->end_100ns == 0) {
        return ew_fail(import->error, EW_USAGE,
                       "folded stacks tell no times: the start and the end of their window are"
                       " needed");
    }
    ew_stacks_init(&stacks);
    enum ew_status status = take_lines(import, &stacks);
    if (status == EW_OK) {
        status = emit(import, &stacks);
    }
    ew_stacks_free(&stacks);
    return status;
}
