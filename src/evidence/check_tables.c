/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes in range, tables sorted and unique, times inside the window. */
#include "evidence/check_tables.h"

#include "base/filetime.h"
#include "evidence/document_name.h"
#include "evidence/rows.h"

#include <string.h>

enum { KEYS_MAX = 4 };

struct tables {
    json_t *document;
    const char *start; /* of the window */
    const char *end;
    struct ew_error *error;
};

static json_int_t number(json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

static const char *text(json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static size_t size_of(const struct tables *tables, const char *table)
{
    return json_array_size(json_object_get(tables->document, table));
}

/* --- keyed tables ------------------------------------------------------------------ */

static enum ew_status check_keys(const struct tables *tables, const char *table)
{
    const char *before = NULL;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(tables->document, table), i, row)
    {
        const char *key = text(row, "key");
        if (before != NULL && strcmp(before, key) >= 0) {
            return ew_fail(tables->error, EW_FORMAT,
                           "%s[%zu].key: \"%.80s\" does not come after \"%.80s\"", table, i, key,
                           before);
        }
        before = key;
    }
    return EW_OK;
}

/* --- indexes ------------------------------------------------------------------------- */

static enum ew_status check_index(const struct tables *tables, const char *table, size_t i,
                                  json_t *row, const char *member, const char *target)
{
    json_t *index = json_object_get(row, member);
    size_t count = size_of(tables, target);
    if (index == NULL
        || (json_integer_value(index) >= 0 && (size_t)json_integer_value(index) < count)) {
        return EW_OK;
    }
    return ew_fail(tables->error, EW_FORMAT, "%s[%zu].%s: %lld is not an index of %s (%zu)",
                   table, i, member, (long long)json_integer_value(index), target, count);
}

/* --- rows in order --------------------------------------------------------------------- */

/* What rows of a table are sorted by, the adjacency as its rank. */
static json_int_t sort_key(json_t *row, const char *member)
{
    if (strcmp(member, "adj") != 0) {
        return number(row, member);
    }
    for (int rank = EW_ADJACENT_BRIDGE; rank <= EW_ADJACENT_JIT_TAIL_CALL; rank++) {
        if (strcmp(text(row, "adj"), ew_adjacency_name((enum ew_adjacency)rank)) == 0) {
            return rank;
        }
    }
    return -1;
}

static int compare_rows(json_t *a, json_t *b, const char *const members[KEYS_MAX])
{
    for (size_t k = 0; k < KEYS_MAX && members[k] != NULL; k++) {
        json_int_t left = sort_key(a, members[k]);
        json_int_t right = sort_key(b, members[k]);
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return 0;
}

static enum ew_status check_order(const struct tables *tables, const char *table,
                                  const char *const members[KEYS_MAX])
{
    json_t *rows = json_object_get(tables->document, table);
    for (size_t i = 1; i < json_array_size(rows); i++) {
        if (compare_rows(json_array_get(rows, i - 1), json_array_get(rows, i), members) >= 0) {
            return ew_fail(tables->error, EW_FORMAT,
                           "%s[%zu]: does not come after the row before it", table, i);
        }
    }
    return EW_OK;
}

/* --- times and sums ---------------------------------------------------------------------- */

/* Times have a fixed width, so the order of texts is the order of times. */
static enum ew_status check_seen(const struct tables *tables, const char *table, size_t i,
                                 json_t *row)
{
    const char *first = text(row, "first");
    const char *last = text(row, "last");
    /* Elsewhere they are members of somebody else. */
    bool ends_told = strcmp(table, "functionObs") == 0;
    const char *fault =
        strcmp(first, tables->start) < 0                         ? "first: is before the window"
        : strcmp(first, last) > 0                                ? "first: is after last"
        : strcmp(last, tables->end) >= 0                         ? "last: is after the window"
        : number(row, "hits") < 1                                ? "hits: is none"
        : ends_told && number(row, "hits") < number(row, "leaf") ? "leaf: is more than hits"
        : ends_told && number(row, "hits") < number(row, "root") ? "root: is more than hits"
                                                                 : NULL;
    return fault == NULL ? EW_OK
                         : ew_fail(tables->error, EW_FORMAT, "%s[%zu].%s", table, i, fault);
}

struct index_rule {
    const char *table;
    const char *member;
    const char *target;
};

static const struct index_rule index_rules[] = {
    {"processes", "image", "modules"}, {"functions", "module", "modules"},
    {"functionObs", "f", "functions"}, {"functionObs", "s", "sources"},
    {"edges", "from", "functions"},    {"edges", "to", "functions"},
    {"edges", "s", "sources"},         {"paths", "s", "sources"},
};

/* A list of indexes, such as the processes of an edge. */
static enum ew_status check_list(const struct tables *tables, const char *table, size_t i,
                                 json_t *row, const char *member, const char *target)
{
    size_t count = size_of(tables, target);
    size_t at;
    json_t *index;
    json_array_foreach(json_object_get(row, member), at, index)
    {
        if ((size_t)json_integer_value(index) >= count) {
            return ew_fail(tables->error, EW_FORMAT,
                           "%s[%zu].%s[%zu]: %lld is not an index of %s (%zu)", table, i, member,
                           at, (long long)json_integer_value(index), target, count);
        }
    }
    return EW_OK;
}

static enum ew_status check_indexes(const struct tables *tables)
{
    enum ew_status status = EW_OK;
    for (size_t rule = 0; rule < sizeof index_rules / sizeof index_rules[0]; rule++) {
        const struct index_rule *r = &index_rules[rule];
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(tables->document, r->table), i, row)
        {
            if (status == EW_OK) {
                status = check_index(tables, r->table, i, row, r->member, r->target);
            }
        }
    }
    return status;
}

static enum ew_status check_all_seen(const struct tables *tables)
{
    static const char *const names[] = {"functionObs", "edges", "paths"};
    enum ew_status status = EW_OK;
    for (size_t table = 0; table < sizeof names / sizeof names[0]; table++) {
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(tables->document, names[table]), i, row)
        {
            if (status == EW_OK) {
                status = check_seen(tables, names[table], i, row);
            }
            if (status == EW_OK) {
                status = check_list(tables, names[table], i, row, "procs", "processes");
            }
        }
    }
    return status;
}

/* --- times that exist ---------------------------------------------------------------------- */

/* The schema knows the spelling of times, not the calendar. */
static enum ew_status check_dates(const struct tables *tables, const char *table, json_t *row,
                                  const char *const members[KEYS_MAX])
{
    uint64_t time;
    for (size_t k = 0; k < KEYS_MAX && members[k] != NULL; k++) {
        const char *value = text(row, members[k]);
        if (value != NULL && !ew_filetime_parse(value, &time)) {
            return ew_fail(tables->error, EW_FORMAT, "%s: %s: there is no such time", table,
                           members[k]);
        }
    }
    return EW_OK;
}

static enum ew_status check_all_dates(const struct tables *tables)
{
    static const char *const names[] = {"functionObs", "edges", "paths", "processes", "gaps"};
    static const char *const members[] = {"first", "last", NULL, NULL};
    static const char *const spans[KEYS_MAX] = {"start", "end"};
    enum ew_status status =
        check_dates(tables, "window", json_object_get(tables->document, "window"), spans);
    for (size_t table = 0; table < sizeof names / sizeof names[0]; table++) {
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(tables->document, names[table]), i, row)
        {
            status = status != EW_OK
                         ? status
                         : check_dates(tables, names[table], row, table < 3 ? members : spans);
        }
    }
    return status;
}

/* --- stream and gaps --------------------------------------------------------------------------
 */

static enum ew_status check_stream(const struct tables *tables)
{
    json_t *stream = json_object_get(tables->document, "stream");
    json_t *covers = json_object_get(stream, "covers");
    if (number(stream, "seq") == 0) {
        return ew_fail(tables->error, EW_FORMAT, "stream.seq: begins with 1");
    }
    if (json_is_object(covers)
        && (!ew_evidence_range_is_aligned((uint64_t)number(covers, "from"),
                                          (uint64_t)number(covers, "to"))
            || number(covers, "to") != number(stream, "seq"))) {
        return ew_fail(tables->error, EW_FORMAT,
                       "stream.covers: is no aligned power of two that ends with seq");
    }
    return EW_OK;
}

static enum ew_status check_gaps(const struct tables *tables)
{
    json_int_t sequence = number(json_object_get(tables->document, "stream"), "seq");
    size_t i;
    json_t *gap;
    json_array_foreach(json_object_get(tables->document, "gaps"), i, gap)
    {
        const char *start = text(gap, "start");
        const char *end = text(gap, "end");
        if (number(gap, "from") == 0 || number(gap, "from") > number(gap, "to")
            || number(gap, "to") > sequence) {
            return ew_fail(tables->error, EW_FORMAT,
                           "gaps[%zu]: is not of this document or one before it", i);
        }
        if (start != NULL && end != NULL && strcmp(start, end) > 0) {
            return ew_fail(tables->error, EW_FORMAT, "gaps[%zu]: does not start before its end",
                           i);
        }
    }
    return EW_OK;
}

/* --- paths -----------------------------------------------------------------------------------
 */

static int compare_paths(json_t *a, json_t *b)
{
    json_t *left = json_object_get(a, "frames");
    json_t *right = json_object_get(b, "frames");
    size_t left_count = json_array_size(left);
    size_t right_count = json_array_size(right);
    for (size_t i = 0; i < left_count && i < right_count; i++) {
        json_int_t x = json_integer_value(json_array_get(left, i));
        json_int_t y = json_integer_value(json_array_get(right, i));
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    if (left_count != right_count) {
        return left_count < right_count ? -1 : 1;
    }
    int complete = json_is_true(json_object_get(a, "complete"))
                   - json_is_true(json_object_get(b, "complete"));
    return complete != 0 ? complete : (int)(number(a, "s") - number(b, "s"));
}

static enum ew_status check_paths(const struct tables *tables)
{
    json_t *paths = json_object_get(tables->document, "paths");
    size_t i;
    json_t *path;
    json_array_foreach(paths, i, path)
    {
        enum ew_status status = check_list(tables, "paths", i, path, "frames", "functions");
        if (status == EW_OK && json_array_size(json_object_get(path, "frames")) == 0) {
            status = ew_fail(tables->error, EW_FORMAT, "paths[%zu].frames: is empty", i);
        }
        if (status != EW_OK) {
            return status;
        }
        if (i > 0 && compare_paths(json_array_get(paths, i - 1), path) >= 0) {
            return ew_fail(tables->error, EW_FORMAT,
                           "paths[%zu]: does not come after the path before it", i);
        }
    }
    return EW_OK;
}

enum ew_status check_tables(json_t *document, struct ew_error *error)
{
    static const char *const by_function[KEYS_MAX] = {"f", "s"};
    static const char *const by_edge[KEYS_MAX] = {"from", "to", "s", "adj"};
    json_t *window = json_object_get(document, "window");
    struct tables tables = {document, text(window, "start"), text(window, "end"), error};
    if (strcmp(tables.start, tables.end) >= 0) {
        return ew_fail(error, EW_FORMAT, "window.end: is not after window.start");
    }
    enum ew_status status = check_stream(&tables);
    status = status != EW_OK ? status : check_all_dates(&tables);
    status = status != EW_OK ? status : check_gaps(&tables);
    status = status != EW_OK ? status : check_keys(&tables, "modules");
    status = status != EW_OK ? status : check_keys(&tables, "functions");
    status = status != EW_OK ? status : check_indexes(&tables);
    status = status != EW_OK ? status : check_order(&tables, "functionObs", by_function);
    status = status != EW_OK ? status : check_order(&tables, "edges", by_edge);
    status = status != EW_OK ? status : check_all_seen(&tables);
    return status != EW_OK ? status : check_paths(&tables);
}

enum ew_status check_head(json_t *document, struct ew_error *error)
{
    struct ew_document_name name;
    if (number(document, "firstSeq") > number(document, "lastSeq")) {
        return ew_fail(error, EW_FORMAT, "firstSeq: is above lastSeq");
    }
    if (!ew_document_name_parse(text(document, "lastFile"), &name)) {
        return ew_fail(error, EW_FORMAT, "lastFile: is not the name of a document");
    }
    if (strcmp(name.stream, text(document, "stream")) != 0
        || name.sequence != (uint64_t)number(document, "lastSeq")) {
        return ew_fail(error, EW_FORMAT, "lastFile: is of another stream, or not of lastSeq");
    }
    if (strncmp(name.hash, text(document, "lastSha256"), strlen(name.hash)) != 0) {
        return ew_fail(error, EW_FORMAT, "lastFile: its hash is not that of lastSha256");
    }
    return EW_OK;
}
