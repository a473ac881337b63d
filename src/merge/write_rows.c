/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges and provenance of `reach-merge/1`, record by record. Members are in ascending byte
 * order. Edges that nobody saw are alike but for their ends, and are most of a large merge: their
 * text is kept, and copied.
 */
#include "merge/write_rows.h"

#include "merge/row.h"

/* --- provenance ------------------------------------------------------------------------------
 */

static void put_observation(struct row_out *out, const struct ew_reach_observation *row)
{
    row_room(out);
    ROW_PUT(out, "{\"first\":");
    row_put_time(out, row->first_100ns);
    ROW_PUT(out, ",\"firstSeq\":");
    row_put_number(out, row->first_sequence);
    ROW_PUT(out, ",\"hits\":");
    row_put_number(out, row->hits);
    ROW_PUT(out, ",\"last\":");
    row_put_time(out, row->last_100ns);
    ROW_PUT(out, ",\"lastSeq\":");
    row_put_number(out, row->last_sequence);
    ROW_PUT(out, ",\"level\":");
    row_put_number(out, row->level);
    ROW_PUT(out, ",\"stream\":");
    row_put_number(out, row->stream);
    if (row->tier != 0) {
        ROW_PUT(out, ",\"tier\":");
        row_put_number(out, row->tier);
    }
    ROW_PUT(out, ",\"unit\":\"");
    row_put_text(out, row->samples ? "samples" : "events");
    ROW_PUT(out, "\",\"windows\":");
    row_put_number(out, row->windows);
    *out->at++ = '}';
}

static void put_claim(struct row_out *out, const struct ew_reach_claim *claim)
{
    row_room(out);
    *out->at++ = '{';
    if (claim->build_match) {
        ROW_PUT(out, "\"buildMatch\":true,");
    }
    ROW_PUT(out, "\"claim\":\"");
    row_put_text(out, ew_static_state_name((enum ew_static_state)claim->claim));
    ROW_PUT(out, "\",\"graph\":");
    row_put_number(out, claim->graph);
    if (claim->tier != 0) {
        ROW_PUT(out, ",\"tier\":");
        row_put_number(out, claim->tier);
    }
    *out->at++ = '}';
}

/* Leaves room for one piece that ends it. */
static void put_provenance(struct row_out *out, const struct ew_merged *merged,
                           const struct provenance *provenance)
{
    ROW_PUT(out, "\"provenance\":{");
    if (provenance->observation_count > 0) {
        ROW_PUT(out, "\"runtime\":[");
        for (uint32_t i = 0; i < provenance->observation_count; i++) {
            put_observation(out, &merged->observations[provenance->first_observation + i]);
            *out->at++ = ',';
        }
        out->at[-1] = ']';
        *out->at++ = ',';
    }
    if (provenance->claim_count > 0) {
        ROW_PUT(out, "\"static\":[");
        for (uint32_t i = 0; i < provenance->claim_count; i++) {
            put_claim(out, &merged->claims[provenance->first_claim + i]);
            *out->at++ = ',';
        }
        out->at[-1] = ']';
        *out->at++ = ',';
    }
    out->at[-1] = '}';
    row_room(out);
}

void ew_merge_write_provenance(struct ew_json_writer *writer, const struct ew_merged *merged,
                               const struct provenance *provenance)
{
    struct row_out out;
    if (provenance->observation_count == 0 && provenance->claim_count == 0) {
        return;
    }
    row_begin(&out, writer);
    row_room(&out);
    if (writer->comma) {
        *out.at++ = ',';
    }
    put_provenance(&out, merged, provenance);
    row_end(&out);
    writer->comma = true;
}

/* --- edges -----------------------------------------------------------------------------------
 */

static void put_before_from(struct row_out *out, const struct ew_reach_edge *edge)
{
    ROW_PUT(out, "{\"class\":\"");
    row_put_text(out, ew_edge_class_name(edge->edge_class));
    *out->at++ = '"';
    if (edge->confidence_observed != 0 || edge->confidence_claimed != 0) {
        ROW_PUT(out, ",\"confidence\":{");
        if (edge->confidence_observed != 0) {
            ROW_PUT(out, "\"runtime\":");
            row_put_number(out, edge->confidence_observed);
            *out->at++ = ',';
        }
        if (edge->confidence_claimed != 0) {
            ROW_PUT(out, "\"static\":");
            row_put_number(out, edge->confidence_claimed);
            *out->at++ = ',';
        }
        out->at[-1] = '}';
    }
    ROW_PUT(out, ",\"from\":");
}

static void put_before_to(struct row_out *out, const struct ew_merged *merged,
                          const struct ew_reach_edge *edge)
{
    const struct provenance provenance = {edge->first_observation, edge->observation_count,
                                          edge->first_claim, edge->claim_count};
    if (edge->inferred) {
        ROW_PUT(out, ",\"inferred\":true");
    }
    if (edge->state.observed == EW_RUNTIME_MAYBE) {
        ROW_PUT(out, ",\"maybe\":true");
    }
    if (edge->observation_count > 0 || edge->claim_count > 0) {
        *out->at++ = ',';
        put_provenance(out, merged, &provenance);
    }
    if (edge->state.observed != EW_RUNTIME_UNKNOWN) {
        ROW_PUT(out, ",\"runtime\":\"");
        row_put_text(out, ew_runtime_state_name((enum ew_runtime_state)edge->state.observed));
        *out->at++ = '"';
    }
    if (edge->stale) {
        ROW_PUT(out, ",\"stale\":true");
    }
    ROW_PUT(out, ",\"state\":\"");
    row_put_text(out, ew_reach_label_name(ew_reach_label(edge->state)));
    *out->at++ = '"';
    if (edge->state.claimed != EW_STATIC_UNKNOWN) {
        ROW_PUT(out, ",\"static\":\"");
        row_put_text(out, ew_static_state_name((enum ew_static_state)edge->state.claimed));
        *out->at++ = '"';
    }
    ROW_PUT(out, ",\"to\":");
}

static void put_via(struct row_out *out, const struct ew_merged *merged,
                    const struct ew_reach_edge *edge)
{
    ROW_PUT(out, ",\"via\":[");
    for (uint32_t i = 0; i < edge->via_count; i++) {
        row_room(out);
        row_put_number(out, merged->via[edge->first_via + i]);
        *out->at++ = ',';
    }
    out->at[-1] = ']';
}

static void put_edge(struct row_out *out, const struct ew_merged *merged,
                     const struct ew_reach_edge *edge)
{
    row_room(out);
    put_before_from(out, edge);
    row_put_number(out, edge->from);
    put_before_to(out, merged, edge);
    row_put_number(out, edge->to);
    if (edge->via_count > 0) {
        put_via(out, merged, edge);
    }
    row_room(out);
    *out->at++ = '}';
}

/* --- edges that nobody saw -------------------------------------------------------------------
 */

/* The text of an edge around its two numbers. */
struct likeness {
    struct ew_reach_edge edge; /* with that text; a claim_count of 0: none yet */
    struct ew_reach_claim claim;
    size_t before_from_bytes;
    size_t before_to_bytes;
    char before_from[ROW_PIECE_BYTES / 4];
    char before_to[ROW_PIECE_BYTES / 2];
};
enum { LIKENESSES = 16 };

/* Claimed once, and nothing else is told of it: not longer than a likeness can be. */
static bool is_plain(const struct ew_reach_edge *edge)
{
    return edge->claim_count == 1 && edge->observation_count == 0 && edge->via_count == 0
           && edge->state.observed == EW_RUNTIME_UNKNOWN;
}

static bool is_like(const struct likeness *likeness, const struct ew_reach_edge *edge,
                    const struct ew_reach_claim *claim)
{
    const struct ew_reach_edge *known = &likeness->edge;
    return known->claim_count == 1 && likeness->claim.graph == claim->graph
           && likeness->claim.claim == claim->claim && likeness->claim.tier == claim->tier
           && likeness->claim.build_match == claim->build_match
           && known->confidence_claimed == edge->confidence_claimed
           && known->confidence_observed == edge->confidence_observed
           && known->state.claimed == edge->state.claimed && known->edge_class == edge->edge_class
           && known->inferred == edge->inferred && known->stale == edge->stale;
}

/* Writes an edge, and keeps its text, which must not be flushed before. */
static void put_first(struct row_out *out, const struct ew_merged *merged,
                      const struct ew_reach_edge *edge, struct likeness *likeness)
{
    row_rooms(out, 3);
    likeness->edge = *edge;
    likeness->claim = merged->claims[edge->first_claim];
    const char *start = out->at;
    put_before_from(out, edge);
    likeness->before_from_bytes = (size_t)(out->at - start);
    memcpy(likeness->before_from, start, likeness->before_from_bytes);
    row_put_number(out, edge->from);
    start = out->at;
    put_before_to(out, merged, edge);
    likeness->before_to_bytes = (size_t)(out->at - start);
    memcpy(likeness->before_to, start, likeness->before_to_bytes);
    row_put_number(out, edge->to);
    *out->at++ = '}';
}

static void put_like(struct row_out *out, const struct ew_reach_edge *edge,
                     const struct likeness *likeness)
{
    row_room(out);
    row_put(out, likeness->before_from, likeness->before_from_bytes);
    row_put_number(out, edge->from);
    row_put(out, likeness->before_to, likeness->before_to_bytes);
    row_put_number(out, edge->to);
    *out->at++ = '}';
}

static void put_plain(struct row_out *out, const struct ew_merged *merged,
                      const struct ew_reach_edge *edge, struct likeness likenesses[LIKENESSES])
{
    const struct ew_reach_claim *claim = &merged->claims[edge->first_claim];
    struct likeness *likeness =
        &likenesses[(claim->graph * 8 + claim->tier + edge->confidence_claimed) % LIKENESSES];
    if (is_like(likeness, edge, claim)) {
        put_like(out, edge, likeness);
    } else {
        put_first(out, merged, edge, likeness);
    }
}

void ew_merge_write_edges(struct ew_json_writer *writer, const struct ew_merged *merged)
{
    struct likeness likenesses[LIKENESSES] = {0};
    struct row_out out;
    ew_json_array(writer);
    row_begin(&out, writer);
    for (size_t i = 0; i < merged->edge_count; i++) {
        const struct ew_reach_edge *edge = &merged->edges[i];
        if (i > 0) {
            row_room(&out);
            *out.at++ = ',';
        }
        if (is_plain(edge)) {
            put_plain(&out, merged, edge, likenesses);
        } else {
            put_edge(&out, merged, edge);
        }
    }
    row_end(&out);
    ew_json_array_end(writer);
}
