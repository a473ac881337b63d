/* SPDX-License-Identifier: Apache-2.0 */
/* Documents removed that lie in a roll-up which is published, and says all that they say. */
#include "platform/file.h"
#include "windows/roll.h"

#include <stdio.h>
#include <string.h>

/* A published roll-up, and the listed documents that end in its range, itself among them. */
struct cover {
    struct ew_folder_document document;
    struct ew_roll_up_range range;
    size_t first;
    size_t end;
};

/* --- which documents -------------------------------------------------------------------------
 */

/* The number of the stream's last window, whose document stays; 0: it has none. */
static uint64_t last_window(const struct ew_folder *folder, size_t first, size_t count)
{
    for (size_t i = first + count; i-- > first;) {
        struct ew_folder_document document;
        ew_folder_at(folder, i, &document);
        if (!document.name.rollup) {
            return document.name.sequence;
        }
    }
    return 0;
}

static bool same_document(const struct ew_folder_document *a, const struct ew_folder_document *b)
{
    return a->name.rollup == b->name.rollup && a->name.sequence == b->name.sequence
           && a->name.revision == b->name.revision && strcmp(a->name.hash, b->name.hash) == 0;
}

/* True for what lies in the roll-up and is narrower. */
static bool is_inside(const struct cover *cover, const struct ew_folder_document *document)
{
    return document->from > cover->range.from || document->name.sequence < cover->range.to;
}

static bool may_go(const struct cover *cover, const struct ew_folder_document *document,
                   uint64_t last)
{
    return is_inside(cover, document)
           && (document->name.rollup || document->name.sequence != last);
}

static size_t count_removable(const struct rolling *rolling, const struct cover *cover,
                              uint64_t last)
{
    size_t count = 0;
    for (size_t i = cover->first; i < cover->end; i++) {
        struct ew_folder_document document;
        ew_folder_at(rolling->folder, i, &document);
        count += may_go(cover, &document, last);
    }
    return count;
}

/* Finds the widest roll-up that ends with the number of the document before `end`; false when
 * there is none. */
static bool find_cover(const struct rolling *rolling, size_t first, size_t end,
                       struct cover *cover)
{
    struct ew_folder_document document;
    bool found = false;
    ew_folder_at(rolling->folder, end - 1, &document);
    uint64_t number = document.name.sequence;
    for (size_t i = end; i-- > first;) {
        ew_folder_at(rolling->folder, i, &document);
        if (document.name.sequence != number) {
            break;
        }
        if (document.name.rollup && document.from < number
            && (!found || document.from < cover->document.from)) {
            cover->document = document;
            found = true;
        }
    }
    return found;
}

/* The documents that lie in it: from its first number on. */
static void find_inside(const struct rolling *rolling, size_t first, size_t end,
                        struct cover *cover)
{
    cover->range.stream_id = cover->document.name.stream;
    cover->range.from = cover->document.from;
    cover->range.to = cover->document.name.sequence;
    cover->first = end;
    cover->end = end;
    while (cover->first > first) {
        struct ew_folder_document document;
        ew_folder_at(rolling->folder, cover->first - 1, &document);
        if (document.name.sequence < cover->range.from) {
            break;
        }
        cover->first--;
    }
}

/* --- may they go -----------------------------------------------------------------------------
 */

/* The roll-up as it lies there; its bytes are those that its name tells. NULL: it is not valid,
 * which `set` tells. */
static const struct ew_evidence *read_back(struct rolling *rolling, const struct cover *cover,
                                           struct ew_window_set *set, struct ew_error *error)
{
    size_t count = 0;
    if (ew_rolling_add(rolling, set, &cover->document, error) != EW_OK) {
        return NULL;
    }
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    if (count != 1 || windows[0].covers_from != cover->range.from
        || windows[0].covers_to != cover->range.to) {
        (void)ew_fail(error, EW_FORMAT, "the roll-up is not valid: %s",
                      ew_window_set_refusal(set));
        return NULL;
    }
    return windows[0].evidence;
}

/* All that lies in the roll-up, also what stays; a second roll-up of the same range is one that
 * contradicts it. */
static enum ew_status add_inside(struct rolling *rolling, const struct cover *cover,
                                 struct ew_window_set *set, struct ew_error *error)
{
    enum ew_status status = EW_OK;
    for (size_t i = cover->first; i < cover->end && status == EW_OK; i++) {
        struct ew_folder_document document;
        ew_folder_at(rolling->folder, i, &document);
        if (is_inside(cover, &document)) {
            status = ew_rolling_add(rolling, set, &document, error);
        } else if (!same_document(&document, &cover->document)) {
            status = ew_fail(error, EW_FORMAT, "two roll-ups claim to be of this range");
        }
    }
    return status;
}

static enum ew_status compare(const struct ew_evidence *rolled, struct ew_window_set *inside,
                              struct ew_error *error)
{
    size_t count = 0;
    bool contains = false;
    const struct ew_window *windows = ew_window_set_windows(inside, &count);
    for (size_t i = 0; i < count; i++) {
        const char *differs = ew_roll_up_difference(rolled, windows[i].evidence);
        if (differs != NULL) {
            return ew_fail(error, EW_FORMAT, "the roll-up is of different %s", differs);
        }
        if (!windows[i].evidence->sealed) {
            return ew_fail(error, EW_FORMAT, "number %llu may still be revised",
                           (unsigned long long)windows[i].covers_to);
        }
    }
    enum ew_status status = ew_roll_up_contains(rolled, windows, count, &contains);
    if (status != EW_OK) {
        return ew_fail(error, status, "its documents cannot be compared: %s",
                       ew_status_name(status));
    }
    return contains ? EW_OK
                    : ew_fail(error, EW_FORMAT, "the roll-up does not say all that they say");
}

static enum ew_status check_both(struct rolling *rolling, const struct cover *cover,
                                 struct ew_window_set *outside, struct ew_window_set *inside,
                                 struct ew_error *error)
{
    const struct ew_evidence *rolled = read_back(rolling, cover, outside, error);
    if (rolled == NULL) {
        return error->status;
    }
    enum ew_status status = add_inside(rolling, cover, inside, error);
    if (status != EW_OK) {
        return status;
    }
    ew_rolling_doubts(inside, error->text);
    if (error->text[0] != '\0') {
        return EW_FORMAT;
    }
    status = compare(rolled, inside, error);
    return status == EW_OK ? ew_folder_sync(rolling->folder, error) : status;
}

static enum ew_status check(struct rolling *rolling, const struct cover *cover,
                            struct ew_error *error)
{
    struct ew_window_set *outside = NULL;
    struct ew_window_set *inside = NULL;
    enum ew_status status = ew_window_set_create(&outside);
    if (status == EW_OK) {
        status = ew_window_set_create(&inside);
    }
    status = status == EW_OK ? check_both(rolling, cover, outside, inside, error)
                             : ew_fail(error, status, "no memory for the documents of a range");
    ew_window_set_destroy(outside);
    ew_window_set_destroy(inside);
    return status;
}

/* --- removal ---------------------------------------------------------------------------------
 */

/* One that is gone already was removed by somebody else. One that cannot be removed, because
 * somebody reads it on Windows, can be the next time. */
static void remove_inside(struct rolling *rolling, const struct cover *cover, uint64_t last)
{
    struct ew_error first = {.text = ""};
    for (size_t i = cover->first; i < cover->end; i++) {
        struct ew_folder_document document;
        char path[ROLL_PATH_BYTES];
        ew_folder_at(rolling->folder, i, &document);
        if (!may_go(cover, &document, last)) {
            continue;
        }
        ew_folder_path(rolling->folder, &document.name, path, sizeof path);
        struct ew_error error = {.text = ""};
        enum ew_status status = ew_file_remove(path, &error);
        if (status == EW_OK) {
            rolling->report.removed++;
            rolling->report.bytes_removed += document.bytes;
        } else if (status != EW_NOT_FOUND && first.text[0] == '\0') {
            first = error;
        }
    }
    ew_rolling_tell(rolling, first.text[0] == '\0' ? EW_ROLL_UP_EMPTIED : EW_ROLL_UP_KEPT,
                    &cover->range, first.text);
}

static enum ew_status empty(struct rolling *rolling, const struct cover *cover, uint64_t last)
{
    struct ew_error inner = {.text = ""};
    if (count_removable(rolling, cover, last) == 0) {
        return EW_OK;
    }
    enum ew_status status = check(rolling, cover, &inner);
    if (status == EW_OK) {
        remove_inside(rolling, cover, last);
        return EW_OK;
    }
    if (!ew_rolling_goes_on(status)) {
        return ew_fail(rolling->error, status, "%s", inner.text);
    }
    ew_rolling_tell(rolling, EW_ROLL_UP_KEPT, &cover->range, inner.text);
    return EW_OK;
}

/* From the last number to the first: a roll-up comes before all that lies in it, so each
 * that is met is in no other. */
enum ew_status ew_rolling_remove(struct rolling *rolling, size_t first, size_t count)
{
    uint64_t last = last_window(rolling->folder, first, count);
    enum ew_status status = EW_OK;
    for (size_t end = first + count; end > first && status == EW_OK;) {
        struct cover cover;
        if (!find_cover(rolling, first, end, &cover)) {
            end--;
            ew_rolling_advance(rolling, 1);
            continue;
        }
        find_inside(rolling, first, end, &cover);
        status = empty(rolling, &cover, last);
        ew_rolling_advance(rolling, end - cover.first);
        end = cover.first;
    }
    return status;
}
