/* SPDX-License-Identifier: Apache-2.0 */
/* Edges of a merged result, written by jansson, record by record. */
#include "bench/bench_merge_jansson.h"

#include "base/filetime.h"

#include <jansson.h>

static int count_text(const char *text, size_t byte_count, void *context)
{
    (void)text;
    *(uint64_t *)context += byte_count;
    return 0;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *time_text(uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(filetime, text);
    return json_string(text);
}

static json_t *observation(const struct ew_reach_observation *row)
{
    json_t *record = json_object();
    (void)json_object_set_new(record, "first", time_text(row->first_100ns));
    (void)json_object_set_new(record, "firstSeq", number(row->first_sequence));
    (void)json_object_set_new(record, "hits", number(row->hits));
    (void)json_object_set_new(record, "last", time_text(row->last_100ns));
    (void)json_object_set_new(record, "lastSeq", number(row->last_sequence));
    (void)json_object_set_new(record, "level", number(row->level));
    (void)json_object_set_new(record, "stream", number(row->stream));
    if (row->tier != 0) {
        (void)json_object_set_new(record, "tier", number(row->tier));
    }
    (void)json_object_set_new(record, "unit", json_string(row->samples ? "samples" : "events"));
    (void)json_object_set_new(record, "windows", number(row->windows));
    return record;
}

static json_t *claim(const struct ew_reach_claim *row)
{
    json_t *record = json_object();
    if (row->build_match) {
        (void)json_object_set_new(record, "buildMatch", json_true());
    }
    (void)json_object_set_new(
        record, "claim", json_string(ew_static_state_name((enum ew_static_state)row->claim)));
    (void)json_object_set_new(record, "graph", number(row->graph));
    if (row->tier != 0) {
        (void)json_object_set_new(record, "tier", number(row->tier));
    }
    return record;
}

static json_t *provenance(const struct ew_merged *merged, const struct ew_reach_edge *edge)
{
    json_t *record = json_object();
    if (edge->observation_count > 0) {
        json_t *rows = json_array();
        for (uint32_t i = 0; i < edge->observation_count; i++) {
            (void)json_array_append_new(
                rows, observation(&merged->observations[edge->first_observation + i]));
        }
        (void)json_object_set_new(record, "runtime", rows);
    }
    if (edge->claim_count > 0) {
        json_t *rows = json_array();
        for (uint32_t i = 0; i < edge->claim_count; i++) {
            (void)json_array_append_new(rows, claim(&merged->claims[edge->first_claim + i]));
        }
        (void)json_object_set_new(record, "static", rows);
    }
    return record;
}

static json_t *confidence(const struct ew_reach_edge *edge)
{
    json_t *record = json_object();
    if (edge->confidence_observed != 0) {
        (void)json_object_set_new(record, "runtime", number(edge->confidence_observed));
    }
    if (edge->confidence_claimed != 0) {
        (void)json_object_set_new(record, "static", number(edge->confidence_claimed));
    }
    return record;
}

static json_t *via(const struct ew_merged *merged, const struct ew_reach_edge *edge)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < edge->via_count; i++) {
        (void)json_array_append_new(list, number(merged->via[edge->first_via + i]));
    }
    return list;
}

/* Members in the order of the document, which jansson keeps. */
static json_t *record_of(const struct ew_merged *merged, const struct ew_reach_edge *edge)
{
    json_t *record = json_object();
    (void)json_object_set_new(record, "class", json_string(ew_edge_class_name(edge->edge_class)));
    if (edge->confidence_observed != 0 || edge->confidence_claimed != 0) {
        (void)json_object_set_new(record, "confidence", confidence(edge));
    }
    (void)json_object_set_new(record, "from", number(edge->from));
    if (edge->inferred) {
        (void)json_object_set_new(record, "inferred", json_true());
    }
    if (edge->state.observed == EW_RUNTIME_MAYBE) {
        (void)json_object_set_new(record, "maybe", json_true());
    }
    if (edge->observation_count > 0 || edge->claim_count > 0) {
        (void)json_object_set_new(record, "provenance", provenance(merged, edge));
    }
    if (edge->state.observed != EW_RUNTIME_UNKNOWN) {
        (void)json_object_set_new(
            record, "runtime",
            json_string(ew_runtime_state_name((enum ew_runtime_state)edge->state.observed)));
    }
    (void)json_object_set_new(record, "state",
                              json_string(ew_reach_label_name(ew_reach_label(edge->state))));
    if (edge->state.claimed != EW_STATIC_UNKNOWN) {
        (void)json_object_set_new(
            record, "static",
            json_string(ew_static_state_name((enum ew_static_state)edge->state.claimed)));
    }
    (void)json_object_set_new(record, "to", number(edge->to));
    if (edge->via_count > 0) {
        (void)json_object_set_new(record, "via", via(merged, edge));
    }
    return record;
}

bool bench_jansson_edges(const struct ew_merged *merged, uint64_t *bytes_out)
{
    bool good = true;
    for (size_t i = 0; good && i < merged->edge_count; i++) {
        json_t *record = record_of(merged, &merged->edges[i]);
        good = json_dump_callback(record, count_text, bytes_out, JSON_COMPACT) == 0;
        json_decref(record);
    }
    return good;
}
