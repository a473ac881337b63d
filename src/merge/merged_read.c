/* SPDX-License-Identifier: Apache-2.0 */
/* A merged document read back into tables. */
#include "merge/read.h"

typedef bool (*object_fn)(struct reading *reading);

static bool read_objects(struct reading *reading, object_fn each)
{
    bool fine = ew_merge_scan_array(reading->scan);
    while (fine && ew_merge_scan_more_objects(reading->scan)) {
        fine = each(reading);
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_digest(struct reading *reading)
{
    char *digest = reading->merge->merged.documents_digest;
    const char *text = NULL;
    size_t byte_count = 0;
    if (!ew_merge_scan_text(reading->scan, &text, &byte_count)) {
        return false;
    }
    if (byte_count >= sizeof reading->merge->merged.documents_digest) {
        return ew_merge_scan_fail(reading->scan, "is not a digest");
    }
    memcpy(digest, text, byte_count);
    digest[byte_count] = '\0';
    return true;
}

static bool read_inputs(struct reading *reading)
{
    uint32_t seen = 0;
    bool fine = ew_merge_scan_object(reading->scan);
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_INPUTS, &seen)) >= 0;) {
        fine = member == 0   ? read_digest(reading)
               : member == 1 ? read_objects(reading, ew_merged_read_graph)
                             : read_objects(reading, ew_merged_read_stream);
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_coverage(struct reading *reading)
{
    struct ew_merged *merged = &reading->merge->merged;
    uint32_t seen = 0;
    bool fine = ew_merge_scan_object(reading->scan);
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_COVERAGE, &seen)) >= 0;) {
        fine = member == 0
                   ? read_objects(reading, ew_merged_read_scope)
                   : ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &merged->searches_cut);
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_subject(struct reading *reading)
{
    struct ew_merged *merged = &reading->merge->merged;
    bool is_object = false;
    uint32_t seen = 0;
    if (!ew_merge_scan_object_or_null(reading->scan, &is_object) || !is_object) {
        return ew_merge_scan_status(reading->scan) == EW_OK;
    }
    bool fine = true;
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_SUBJECT, &seen)) >= 0;) {
        fine = ew_merged_read_text(reading,
                                   member == 0 ? &merged->subject_kind : &merged->subject_name);
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK
           && (seen == 3 || ew_merge_scan_fail(reading->scan, "has no kind or no name"));
}

static bool read_schema(struct reading *reading)
{
    static const char schema[] = "reach-merge/1";
    const char *text = NULL;
    size_t byte_count = 0;
    return ew_merge_scan_text(reading->scan, &text, &byte_count)
           && ((byte_count == sizeof schema - 1 && memcmp(text, schema, byte_count) == 0)
               || ew_merge_scan_fail(reading->scan, "is not \"reach-merge/1\""));
}

enum {
    TOP_AS_OF,
    TOP_BUILDS,
    TOP_CONFLICTS,
    TOP_COVERAGE,
    TOP_EDGES,
    TOP_FRESH_DAYS,
    TOP_INPUTS,
    TOP_NODES,
    TOP_SCHEMA,
    TOP_SUBJECT
};
static const char *const top_members[] = {
    [TOP_AS_OF] = "asOf",        [TOP_BUILDS] = "builds", [TOP_CONFLICTS] = "conflicts",
    [TOP_COVERAGE] = "coverage", [TOP_EDGES] = "edges",   [TOP_FRESH_DAYS] = "freshDays",
    [TOP_INPUTS] = "inputs",     [TOP_NODES] = "nodes",   [TOP_SCHEMA] = "schema",
    [TOP_SUBJECT] = "subject"};
enum {
    TOP_NEEDED =
        1 << TOP_BUILDS | 1 << TOP_EDGES | 1 << TOP_INPUTS | 1 << TOP_NODES | 1 << TOP_SCHEMA
};

static bool read_top_member(struct reading *reading, int member)
{
    struct ew_merged *merged = &reading->merge->merged;
    switch (member) {
    case TOP_AS_OF:
        return ew_merged_read_time(reading, &merged->as_of_100ns);
    case TOP_BUILDS:
        return read_objects(reading, ew_merged_read_build);
    case TOP_CONFLICTS:
        return read_objects(reading, ew_merged_read_conflict);
    case TOP_COVERAGE:
        return read_coverage(reading);
    case TOP_EDGES:
        return read_objects(reading, ew_merged_read_edge);
    case TOP_FRESH_DAYS:
        return ew_merged_read_u32(reading, &merged->fresh_days);
    case TOP_INPUTS:
        return read_inputs(reading);
    case TOP_NODES:
        return read_objects(reading, ew_merged_read_node);
    case TOP_SCHEMA:
        return read_schema(reading);
    default:
        return read_subject(reading);
    }
}

static void learn(struct scan *scan)
{
    static const char *const inputs[] = {"documentsDigest", "graphs", "streams"};
    static const char *const coverage[] = {"scopes", "searchesCut"};
    static const char *const subject[] = {"kind", "name"};
    MERGED_READ_LEARN(scan, KIND_TOP, top_members);
    MERGED_READ_LEARN(scan, KIND_INPUTS, inputs);
    MERGED_READ_LEARN(scan, KIND_COVERAGE, coverage);
    MERGED_READ_LEARN(scan, KIND_SUBJECT, subject);
    ew_merged_read_learn_values(scan);
    ew_merged_read_learn_rows(scan);
    ew_merged_read_learn_tables(scan);
}

static bool read_document(struct reading *reading)
{
    uint32_t seen = 0;
    bool fine = ew_merge_scan_object(reading->scan);
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_TOP, &seen)) >= 0;) {
        fine = read_top_member(reading, member);
    }
    if (!fine || ew_merge_scan_status(reading->scan) != EW_OK) {
        return false;
    }
    if ((seen & TOP_NEEDED) != TOP_NEEDED) {
        return ew_merge_scan_fail(
            reading->scan, "lacks a member: schema, inputs, builds, nodes and edges are needed");
    }
    return ew_merge_scan_end(reading->scan);
}

/* Each table becomes the result's, which frees it. */
static void hand_over(struct reading *reading)
{
    struct merge *merge = reading->merge;
    struct ew_merged *merged = &merge->merged;
    const struct table tables[] = {
        reading->graphs,    reading->streams, reading->builds, reading->nodes,
        reading->edges,     reading->via,     reading->claims, reading->observations,
        reading->conflicts, reading->scopes,  reading->ranges, reading->vulnerabilities};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        merge_own(merge, tables[i].items);
    }
    merged->graphs = reading->graphs.items;
    merged->graph_count = reading->graphs.count;
    merged->streams = reading->streams.items;
    merged->stream_count = reading->streams.count;
    merged->builds = reading->builds.items;
    merged->build_count = reading->builds.count;
    merged->nodes = reading->nodes.items;
    merged->node_count = reading->nodes.count;
    merged->edges = reading->edges.items;
    merged->edge_count = reading->edges.count;
    merged->via = reading->via.items;
    merged->via_count = reading->via.count;
    merged->claims = reading->claims.items;
    merged->claim_count = reading->claims.count;
    merged->observations = reading->observations.items;
    merged->observation_count = reading->observations.count;
    merged->conflicts = reading->conflicts.items;
    merged->conflict_count = reading->conflicts.count;
    merged->scopes = reading->scopes.items;
    merged->scope_count = reading->scopes.count;
    merged->ranges = reading->ranges.items;
    merged->range_count = reading->ranges.count;
    merged->vulnerabilities = reading->vulnerabilities.items;
    merged->vulnerability_count = reading->vulnerabilities.count;
}

/* A node's module is the name of its build. */
static void name_modules(struct reading *reading)
{
    struct ew_reach_node *nodes = reading->nodes.items;
    for (size_t i = 0; i < reading->nodes.count; i++) {
        nodes[i].module = nodes[i].build < reading->merge->merged.build_count
                              ? reading->merge->merged.builds[nodes[i].build].name
                              : NULL;
    }
}

enum ew_status ew_merged_read(const char *name, const char *bytes, size_t byte_count,
                              struct ew_merged **merged_out, struct ew_error *error)
{
    struct reading reading = {.merge = calloc(1, sizeof *reading.merge)};
    if (reading.merge == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "%s: no memory", name);
    }
    reading.merge->arena.bytes_max = EW_MERGE_TEXT_BYTES_MAX;
    enum ew_status status = ew_merge_scan_open(name, bytes, byte_count, error, &reading.scan);
    if (status == EW_OK) {
        learn(reading.scan);
        status = read_document(&reading) ? EW_OK : ew_merge_scan_status(reading.scan);
    }
    hand_over(&reading);
    ew_merge_scan_close(reading.scan);
    if (status == EW_OK) {
        status = ew_merged_read_verify(&reading.merge->merged, name, error);
    }
    if (status == EW_OK) {
        name_modules(&reading);
        *merged_out = &reading.merge->merged;
        return EW_OK;
    }
    ew_merged_free(&reading.merge->merged);
    return status;
}
