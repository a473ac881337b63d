/* SPDX-License-Identifier: Apache-2.0 */
/* Merged documents beyond their schema: indexes in range, tables sorted and unique. */
#include "evidence/check_tables.h"

#include <string.h>

struct merge_check {
    json_t *document;
    size_t nodes;
    size_t edges;
    size_t builds;
    size_t graphs;
    size_t streams;
    size_t scopes;
    struct ew_error *error;
};

static json_t *inside(json_t *document, const char *object, const char *member)
{
    return json_object_get(json_object_get(document, object), member);
}

/* A member that is an index, when it is there. */
static enum ew_status index_below(const struct merge_check *check, const char *table, size_t row,
                                  json_t *object, const char *member, size_t count)
{
    json_t *index = json_object_get(object, member);
    if (index == NULL
        || (json_integer_value(index) >= 0 && (size_t)json_integer_value(index) < count)) {
        return EW_OK;
    }
    return ew_fail(check->error, EW_FORMAT, "%s[%zu].%s: %lld is none of %zu", table, row, member,
                   (long long)json_integer_value(index), count);
}

static enum ew_status check_provenance(const struct merge_check *check, const char *table,
                                       size_t row, json_t *object)
{
    enum ew_status status = EW_OK;
    size_t i;
    json_t *item;
    json_array_foreach(inside(object, "provenance", "runtime"), i, item)
    {
        status = status == EW_OK ? index_below(check, table, row, item, "stream", check->streams)
                                 : status;
    }
    json_array_foreach(inside(object, "provenance", "static"), i, item)
    {
        status = status == EW_OK ? index_below(check, table, row, item, "graph", check->graphs)
                                 : status;
    }
    return status;
}

/* The words are known, by the schema. */
static enum ew_status check_entry_kinds(const struct merge_check *check, size_t row, json_t *node)
{
    const char *before = "";
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(node, "entryPoint"), i, item)
    {
        const char *word = json_string_value(item);
        if (strcmp(before, word) >= 0) {
            return ew_fail(check->error, EW_FORMAT,
                           "nodes[%zu].entryPoint[%zu]: \"%s\" does not come after \"%s\"", row,
                           i, word, before);
        }
        before = word;
    }
    return EW_OK;
}

static enum ew_status check_nodes(const struct merge_check *check)
{
    const char *before = NULL;
    enum ew_status status = EW_OK;
    size_t i;
    json_t *node;
    json_array_foreach(json_object_get(check->document, "nodes"), i, node)
    {
        const char *key = json_string_value(json_object_get(node, "key"));
        if (before != NULL && strcmp(before, key) >= 0) {
            return ew_fail(check->error, EW_FORMAT,
                           "nodes[%zu].key: \"%.80s\" does not come after \"%.80s\"", i, key,
                           before);
        }
        before = key;
        status = index_below(check, "nodes", i, node, "build", check->builds);
        if (status == EW_OK) {
            status = index_below(check, "nodes", i, node, "scope", check->scopes);
        }
        if (status == EW_OK) {
            status = check_provenance(check, "nodes", i, node);
        }
        if (status == EW_OK) {
            status = check_entry_kinds(check, i, node);
        }
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static enum ew_status check_via(const struct merge_check *check, size_t row, json_t *edge)
{
    size_t i;
    json_t *via;
    json_array_foreach(json_object_get(edge, "via"), i, via)
    {
        if (json_integer_value(via) < 0 || (size_t)json_integer_value(via) >= check->nodes) {
            return ew_fail(check->error, EW_FORMAT, "edges[%zu].via[%zu]: is none of %zu nodes",
                           row, i, check->nodes);
        }
    }
    return EW_OK;
}

static enum ew_status check_edges(const struct merge_check *check)
{
    json_int_t from_before = -1;
    json_int_t to_before = -1;
    size_t i;
    json_t *edge;
    json_array_foreach(json_object_get(check->document, "edges"), i, edge)
    {
        json_int_t from = json_integer_value(json_object_get(edge, "from"));
        json_int_t to = json_integer_value(json_object_get(edge, "to"));
        if (from < from_before || (from == from_before && to <= to_before)) {
            return ew_fail(check->error, EW_FORMAT,
                           "edges[%zu]: does not come after the one before it", i);
        }
        from_before = from;
        to_before = to;
        enum ew_status status = index_below(check, "edges", i, edge, "from", check->nodes);
        if (status == EW_OK) {
            status = index_below(check, "edges", i, edge, "to", check->nodes);
        }
        if (status == EW_OK) {
            status = check_via(check, i, edge);
        }
        if (status == EW_OK) {
            status = check_provenance(check, "edges", i, edge);
        }
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static enum ew_status check_conflicts(const struct merge_check *check)
{
    enum ew_status status = EW_OK;
    size_t i;
    json_t *conflict;
    json_array_foreach(json_object_get(check->document, "conflicts"), i, conflict)
    {
        status = index_below(check, "conflicts", i, conflict, "edge", check->edges);
        if (status == EW_OK) {
            status = index_below(check, "conflicts", i, conflict, "graph", check->graphs);
        }
        if (status == EW_OK) {
            status = index_below(check, "conflicts", i, conflict, "node", check->nodes);
        }
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

static enum ew_status check_scopes(const struct merge_check *check)
{
    size_t i;
    size_t k;
    json_t *scope;
    json_t *range;
    json_array_foreach(inside(check->document, "coverage", "scopes"), i, scope)
    {
        enum ew_status status = index_below(check, "scopes", i, scope, "build", check->builds);
        json_array_foreach(json_object_get(scope, "ranges"), k, range)
        {
            status = status == EW_OK
                         ? index_below(check, "scopes", i, range, "stream", check->streams)
                         : status;
        }
        if (status != EW_OK) {
            return status;
        }
    }
    return EW_OK;
}

enum ew_status check_merge(json_t *document, struct ew_error *error)
{
    const struct merge_check check = {
        .document = document,
        .nodes = json_array_size(json_object_get(document, "nodes")),
        .edges = json_array_size(json_object_get(document, "edges")),
        .builds = json_array_size(json_object_get(document, "builds")),
        .graphs = json_array_size(inside(document, "inputs", "graphs")),
        .streams = json_array_size(inside(document, "inputs", "streams")),
        .scopes = json_array_size(inside(document, "coverage", "scopes")),
        .error = error,
    };
    enum ew_status status = check_nodes(&check);
    if (status == EW_OK) {
        status = check_edges(&check);
    }
    if (status == EW_OK) {
        status = check_conflicts(&check);
    }
    return status == EW_OK ? check_scopes(&check) : status;
}
