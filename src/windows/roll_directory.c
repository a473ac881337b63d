/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups of all ranges of a directory that are whole. */
#include "windows/roll.h"

#include <stdlib.h>
#include <string.h>

/* The listed documents of one stream, and the numbers that they lie between. */
struct span {
    char stream_id[EW_STREAM_ID_BYTES];
    size_t first;
    size_t count;
    uint64_t lowest;
    uint64_t highest;
};

/* --- telling ---------------------------------------------------------------------------------
 */

void ew_rolling_tell(struct rolling *rolling, enum ew_roll_up_outcome outcome,
                     const struct ew_roll_up_range *range, const char *text)
{
    rolling->report.ranges[outcome]++;
    if (rolling->options->tell != NULL) {
        rolling->options->tell(rolling->options->context, outcome, range,
                               text != NULL ? text : "");
    }
}

/* With removal the documents are looked at twice; the second listing has other ones, so the total
 * is as good as a progress bar needs. */
void ew_rolling_advance(struct rolling *rolling, size_t documents)
{
    uint64_t total = rolling->report.documents * (rolling->options->remove ? 2 : 1);
    rolling->done += documents;
    if (rolling->options->progress != NULL) {
        rolling->options->progress(rolling->options->context,
                                   rolling->done < total ? rolling->done : total, total);
    }
}

bool ew_rolling_goes_on(enum ew_status status)
{
    return status == EW_LIMIT || status == EW_FORMAT || status == EW_NOT_FOUND
           || status == EW_EXISTS;
}

enum ew_status ew_rolling_add(struct rolling *rolling, struct ew_window_set *set,
                              const struct ew_folder_document *document, struct ew_error *error)
{
    char path[ROLL_PATH_BYTES];
    ew_folder_path(rolling->folder, &document->name, path, sizeof path);
    return ew_set_add_listed(set, path, error);
}

void ew_rolling_doubts(struct ew_window_set *set, char text_out[EW_ERROR_TEXT_BYTES])
{
    struct ew_window_set_counts counts = {.documents = 0};
    struct ew_error doubt = {.text = ""};
    size_t count = 0;
    const struct ew_window_stream *stream = ew_window_set_streams(set, &count);
    if (stream == NULL || ew_window_set_counts(set, &counts) != EW_OK) {
        (void)ew_fail(&doubt, EW_FORMAT, "no document can be read%s%s",
                      counts.refused > 0 ? ": " : "", ew_window_set_refusal(set));
    } else if (counts.refused > 0) {
        (void)ew_fail(&doubt, EW_FORMAT, "a document is not valid: %s",
                      ew_window_set_refusal(set));
    } else if (counts.conflicts > 0) {
        (void)ew_fail(&doubt, EW_FORMAT, "two documents claim to be the same window");
    } else if (stream->broken_links > 0) {
        (void)ew_fail(&doubt, EW_FORMAT,
                      "a document does not follow the one before it: one of the two was changed"
                      " or replaced");
    }
    memcpy(text_out, doubt.text, sizeof doubt.text);
}

/* --- one range -------------------------------------------------------------------------------
 */

/* The first number of a range that no document of it covers, by their names; 0 when none is
 * missing. They are in order of their last numbers, and nested or apart: who covers a number that
 * another one has left open ends later, and covers that other one too. */
static uint64_t first_missing(const struct rolling *rolling, const struct span *parts,
                              const struct ew_roll_up_range *range)
{
    uint64_t expected = range->from == 0 ? 1 : range->from;
    for (size_t i = parts->first; i < parts->first + parts->count; i++) {
        struct ew_folder_document document;
        ew_folder_at(rolling->folder, i, &document);
        if (document.from >= range->from && document.from <= expected
            && document.name.sequence >= expected) {
            expected = document.name.sequence + 1;
        }
    }
    return expected == range->to + 1 ? 0 : expected;
}

static enum ew_status add_parts(struct rolling *rolling, const struct span *parts,
                                const struct ew_roll_up_range *range, struct ew_window_set *set,
                                struct ew_error *error)
{
    enum ew_status status = EW_OK;
    for (size_t i = parts->first; i < parts->first + parts->count && status == EW_OK; i++) {
        struct ew_folder_document document;
        ew_folder_at(rolling->folder, i, &document);
        if (document.from >= range->from) {
            status = ew_rolling_add(rolling, set, &document, error);
            rolling->report.bytes_read += document.bytes;
        }
    }
    return status;
}

static bool has_unsealed(struct ew_window_set *set)
{
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    for (size_t i = 0; i < count; i++) {
        if (!windows[i].evidence->sealed) {
            return true;
        }
    }
    return false;
}

static uint64_t start_of(struct ew_window_set *set)
{
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    return count > 0 ? windows[0].evidence->start_100ns : 0;
}

static enum ew_status publish(struct rolling *rolling, const struct ew_roll_up_range *range,
                              struct ew_window_set *set, struct ew_error *error)
{
    struct ew_published published;
    char *bytes = NULL;
    struct ew_document document = {.sequence = range->to,
                                   .sealed = true,
                                   .start_100ns = start_of(set),
                                   .rollup = true,
                                   .covers_from = range->from};
    memcpy(document.stream_id, range->stream_id, sizeof document.stream_id);
    enum ew_status status = ew_window_set_roll_up(set, range->stream_id, range->from, range->to,
                                                  &bytes, &document.byte_count, error);
    if (status != EW_OK) {
        return status;
    }
    document.bytes = bytes;
    status = ew_folder_put(rolling->folder, &document, &published, error);
    free(bytes);
    if (status == EW_OK) {
        rolling->report.bytes_made += published.bytes;
    }
    /* Whatever it was, it was not about the documents of this range. */
    return status == EW_OK ? EW_OK : EW_IO;
}

static enum ew_roll_up_outcome outcome_of(enum ew_status status)
{
    return status == EW_LIMIT    ? EW_ROLL_UP_TOO_LARGE
           : status == EW_FORMAT ? EW_ROLL_UP_MIXED
           : status == EW_EXISTS ? EW_ROLL_UP_COVERED
                                 : EW_ROLL_UP_MISSING;
}

/* All numbers are there, by their names. */
static enum ew_status roll_documents(struct rolling *rolling, const struct span *parts,
                                     const struct ew_roll_up_range *range,
                                     struct ew_window_set *set)
{
    struct ew_error inner = {.text = ""};
    uint64_t bytes_before = rolling->report.bytes_read;
    enum ew_status status = add_parts(rolling, parts, range, set, &inner);
    if (status == EW_OK) {
        ew_rolling_doubts(set, inner.text);
        if (inner.text[0] != '\0' || has_unsealed(set)) {
            ew_rolling_tell(rolling,
                            inner.text[0] != '\0' ? EW_ROLL_UP_DOUBTFUL : EW_ROLL_UP_UNSEALED,
                            range, inner.text);
            rolling->report.bytes_read = bytes_before;
            return EW_OK;
        }
        status = publish(rolling, range, set, &inner);
    }
    if (status != EW_OK) {
        rolling->report.bytes_read = bytes_before;
    }
    if (status != EW_OK && !ew_rolling_goes_on(status)) {
        return ew_fail(rolling->error, status, "%s", inner.text);
    }
    ew_rolling_tell(rolling, status == EW_OK ? EW_ROLL_UP_MADE : outcome_of(status), range,
                    inner.text);
    return EW_OK;
}

static enum ew_status roll_range(struct rolling *rolling, const struct span *stream,
                                 const struct span *parts, const struct ew_roll_up_range *range)
{
    struct ew_window_set *set = NULL;
    uint64_t missing = first_missing(rolling, parts, range);
    if (missing != 0) {
        struct ew_error why;
        bool at_an_end =
            stream->highest < range->to || (stream->lowest > range->from && stream->lowest > 1);
        (void)ew_fail(&why, EW_NOT_FOUND, "number %llu is missing", (unsigned long long)missing);
        ew_rolling_tell(rolling, at_an_end ? EW_ROLL_UP_PARTIAL : EW_ROLL_UP_MISSING, range,
                        why.text);
        return EW_OK;
    }
    enum ew_status status = ew_window_set_create(&set);
    if (status != EW_OK) {
        return ew_fail(rolling->error, status, "no memory for the documents of a range");
    }
    status = roll_documents(rolling, parts, range, set);
    ew_window_set_destroy(set);
    return status;
}

/* --- streams ---------------------------------------------------------------------------------
 */

/* Documents from `first` on that are of one stream. */
static struct span next_stream(const struct ew_folder *folder, size_t first)
{
    struct ew_folder_document document;
    struct span span = {.first = first, .lowest = UINT64_MAX};
    ew_folder_at(folder, first, &document);
    memcpy(span.stream_id, document.name.stream, sizeof span.stream_id);
    for (size_t i = first; i < ew_folder_count(folder); i++) {
        ew_folder_at(folder, i, &document);
        if (strcmp(document.name.stream, span.stream_id) != 0) {
            break;
        }
        span.lowest = document.from < span.lowest ? document.from : span.lowest;
        span.highest = document.name.sequence;
        span.count++;
    }
    return span;
}

/* The documents that end in the same range as the one before `end`. */
static struct span range_before(const struct rolling *rolling, const struct span *stream,
                                size_t end, uint64_t *index_out)
{
    struct ew_folder_document document;
    struct span parts = *stream;
    ew_folder_at(rolling->folder, end - 1, &document);
    uint64_t index = document.name.sequence / rolling->options->windows;
    parts.first = end;
    while (parts.first > stream->first) {
        ew_folder_at(rolling->folder, parts.first - 1, &document);
        if (document.name.sequence / rolling->options->windows != index) {
            break;
        }
        parts.first--;
    }
    parts.count = end - parts.first;
    *index_out = index;
    return parts;
}

/* The lowest first number of roll-ups among `parts` that end with the range. */
static uint64_t lowest_cover(const struct rolling *rolling, const struct span *parts,
                             const struct ew_roll_up_range *range)
{
    uint64_t lowest = UINT64_MAX;
    for (size_t i = parts->first; i < parts->first + parts->count; i++) {
        struct ew_folder_document document;
        ew_folder_at(rolling->folder, i, &document);
        if (document.name.rollup && document.name.sequence == range->to
            && document.from < lowest) {
            lowest = document.from;
        }
    }
    return lowest;
}

/*
 * From the last range to the first: a roll-up comes before the ranges that it covers, and two of
 * them are nested or apart, so the lowest number where one begins tells whether a range is
 * covered.
 */
static enum ew_status roll_stream(struct rolling *rolling, const struct span *stream)
{
    uint64_t covered_from = UINT64_MAX;
    enum ew_status status = EW_OK;
    for (size_t end = stream->first + stream->count; end > stream->first && status == EW_OK;) {
        uint64_t index = 0;
        const struct span parts = range_before(rolling, stream, end, &index);
        const struct ew_roll_up_range range = {.stream_id = stream->stream_id,
                                               .from = index * rolling->options->windows,
                                               .to = (index + 1) * rolling->options->windows - 1};
        uint64_t cover = lowest_cover(rolling, &parts, &range);
        covered_from = cover < covered_from ? cover : covered_from;
        if (covered_from <= range.from) {
            ew_rolling_tell(rolling, EW_ROLL_UP_COVERED, &range, NULL);
        } else {
            status = roll_range(rolling, stream, &parts, &range);
        }
        end = parts.first;
        ew_rolling_advance(rolling, parts.count);
    }
    return status;
}

/* Calls `each` for all streams of a fresh listing. */
static enum ew_status walk(struct rolling *rolling,
                           enum ew_status (*each)(struct rolling *, const struct span *))
{
    enum ew_status status =
        ew_folder_open(rolling->options->directory, &rolling->folder, rolling->error);
    rolling->report.streams = 0;
    if (status == EW_OK && rolling->report.documents == 0) {
        rolling->report.documents = ew_folder_count(rolling->folder);
        rolling->report.compressed = ew_folder_compressed(rolling->folder);
    }
    size_t count = status == EW_OK ? ew_folder_count(rolling->folder) : 0;
    for (size_t i = 0; i < count && status == EW_OK;) {
        struct span stream = next_stream(rolling->folder, i);
        rolling->report.streams++;
        status = each(rolling, &stream);
        i += stream.count;
    }
    ew_folder_close(rolling->folder);
    rolling->folder = NULL;
    return status;
}

static enum ew_status remove_stream(struct rolling *rolling, const struct span *stream)
{
    return ew_rolling_remove(rolling, stream->first, stream->count);
}

enum ew_status ew_roll_up_directory(const struct ew_roll_up_options *options,
                                    struct ew_roll_up_report *report_out, struct ew_error *error)
{
    struct rolling rolling = {.options = options, .error = error};
    uint64_t windows = options->windows;
    if (windows < 2 || windows > EW_ROLL_UP_WINDOWS_MAX || (windows & (windows - 1)) != 0) {
        return ew_fail(error, EW_USAGE, "%llu windows: it must be a power of two from 2 to %d",
                       (unsigned long long)windows, EW_ROLL_UP_WINDOWS_MAX);
    }
    enum ew_status status = walk(&rolling, roll_stream);
    if (status == EW_OK && options->remove) {
        status = walk(&rolling, remove_stream);
    }
    *report_out = rolling.report;
    return status;
}
