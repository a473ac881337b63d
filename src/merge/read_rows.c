/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a merged document: nodes and edges. */
#include "merge/entry_kinds.h"
#include "merge/read.h"

#include <string.h>

/* What a node and an edge have in members of the same names. */
#define TAKE_STATE(row, from)                                     \
    do {                                                          \
        (row)->state = (from)->state;                             \
        (row)->confidence_claimed = (from)->confidence_claimed;   \
        (row)->confidence_observed = (from)->confidence_observed; \
        (row)->first_claim = (from)->first_claim;                 \
        (row)->claim_count = (from)->claim_count;                 \
        (row)->first_observation = (from)->first_observation;     \
        (row)->observation_count = (from)->observation_count;     \
    } while (false)

/* --- nodes
 * ----------------------------------------------------------------------------------------- */

static bool read_token(struct reading *reading, uint32_t *token_out)
{
    const char *text = NULL;
    size_t byte_count = 0;
    uint32_t token = 0;
    if (!ew_merge_scan_text(reading->scan, &text, &byte_count)) {
        return false;
    }
    for (size_t i = 0; i < byte_count; i++) {
        char c = text[i];
        bool digit = c >= '0' && c <= '9';
        if (byte_count != 8 || (!digit && (c < 'a' || c > 'f'))) {
            return ew_merge_scan_fail(reading->scan, "is not a token of 8 hexadecimal digits");
        }
        token = token << 4 | (uint32_t)(digit ? c - '0' : c - 'a' + 10);
    }
    *token_out = token;
    return true;
}

static bool read_vulnerabilities(struct reading *reading, struct ew_reach_node *row)
{
    const char *text = NULL;
    size_t byte_count = 0;
    row->first_vulnerability = (uint32_t)reading->vulnerabilities.count;
    bool fine = ew_merge_scan_array(reading->scan);
    while (fine && ew_merge_scan_more_text(reading->scan, &text, &byte_count)) {
        const char **place =
            ew_merged_read_append(reading, &reading->vulnerabilities, sizeof *place);
        fine = place != NULL && ew_merged_read_copy(reading, text, byte_count, place);
        row->vulnerability_count++;
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

/* A word behind those that came before it: `*next` is the first position that is left. */
static bool read_entry_kind(struct reading *reading, const char *word, size_t byte_count,
                            size_t *next)
{
    size_t at = ew_merge_entry_find(word, byte_count);
    if (at == ENTRY_KINDS) {
        return ew_merge_scan_fail(reading->scan, "is no kind of entry point");
    }
    if (at < *next) {
        return ew_merge_scan_fail(reading->scan, "does not come after the one before it");
    }
    *next = at + 1;
    return true;
}

static bool read_entry_kinds(struct reading *reading, struct ew_reach_node *row)
{
    const char *text = NULL;
    size_t byte_count = 0;
    size_t next = 0;
    bool fine = ew_merge_scan_array(reading->scan);
    while (fine && ew_merge_scan_more_text(reading->scan, &text, &byte_count)) {
        fine = read_entry_kind(reading, text, byte_count, &next);
        if (fine) {
            row->entry_kinds |= entry_kind_bit(ew_merge_entry_order[next - 1]);
        }
    }
    if (!fine || ew_merge_scan_status(reading->scan) != EW_OK) {
        return false;
    }
    return next > 0 || ew_merge_scan_fail(reading->scan, "names no kind of entry point");
}

static bool read_weak(struct reading *reading, bool *weak_out)
{
    const char *text = NULL;
    size_t byte_count = 0;
    bool fine = ew_merge_scan_text(reading->scan, &text, &byte_count);
    *weak_out = fine && byte_count == 4 && memcmp(text, "weak", 4) == 0;
    return *weak_out || (fine && ew_merge_scan_fail(reading->scan, "is not \"weak\""));
}

/* Members, in the order that documents have them. */
enum {
    NODE_AUGMENTED,
    NODE_BUILD,
    NODE_CONFIDENCE,
    NODE_DECORATED,
    NODE_DOC_ID,
    NODE_ENTRY_POINT,
    NODE_ID,
    NODE_IDENTITY,
    NODE_INFERRED,
    NODE_KEY,
    NODE_MAYBE,
    NODE_NAME,
    NODE_PROVENANCE,
    NODE_RUNTIME,
    NODE_RVA,
    NODE_SCOPE,
    NODE_SIGNATURE,
    NODE_STALE,
    NODE_STATE,
    NODE_STATIC,
    NODE_TARGET,
    NODE_TOKEN,
    NODE_VULNERABILITIES,
};
static const char *const node_members[] = {
    [NODE_AUGMENTED] = "augmentedReachable",
    [NODE_BUILD] = "build",
    [NODE_CONFIDENCE] = "confidence",
    [NODE_DECORATED] = "decorated",
    [NODE_DOC_ID] = "docId",
    [NODE_ENTRY_POINT] = "entryPoint",
    [NODE_ID] = "id",
    [NODE_IDENTITY] = "identity",
    [NODE_INFERRED] = "inferred",
    [NODE_KEY] = "key",
    [NODE_MAYBE] = "maybe",
    [NODE_NAME] = "name",
    [NODE_PROVENANCE] = "provenance",
    [NODE_RUNTIME] = "runtime",
    [NODE_RVA] = "rva",
    [NODE_SCOPE] = "scope",
    [NODE_SIGNATURE] = "sig",
    [NODE_STALE] = "stale",
    [NODE_STATE] = "state",
    [NODE_STATIC] = "static",
    [NODE_TARGET] = "target",
    [NODE_TOKEN] = "token",
    [NODE_VULNERABILITIES] = "vulnerabilities",
};

static bool read_node_text(struct reading *reading, int member, struct ew_reach_node *row)
{
    switch (member) {
    case NODE_DECORATED:
        return ew_merged_read_text(reading, &row->decorated);
    case NODE_DOC_ID:
        return ew_merged_read_text(reading, &row->doc_id);
    case NODE_ENTRY_POINT:
        return read_entry_kinds(reading, row);
    case NODE_ID:
        return ew_merged_read_text(reading, &row->id);
    case NODE_IDENTITY:
        return read_weak(reading, &row->weak_identity);
    case NODE_KEY:
        return ew_merged_read_text(reading, &row->key);
    case NODE_NAME:
        return ew_merged_read_text(reading, &row->name);
    case NODE_SIGNATURE:
        return ew_merged_read_text(reading, &row->signature);
    case NODE_TOKEN:
        return read_token(reading, &row->token);
    default:
        return read_vulnerabilities(reading, row);
    }
}

static bool read_node_member(struct reading *reading, int member, struct ew_reach_node *row,
                             struct read_state *state)
{
    switch (member) {
    case NODE_AUGMENTED:
        return ew_merge_scan_bool(reading->scan, &row->augmented_reachable);
    case NODE_BUILD:
        return ew_merged_read_u32(reading, &row->build);
    case NODE_CONFIDENCE:
        return ew_merged_read_confidence(reading, state);
    case NODE_INFERRED:
        return ew_merge_scan_bool(reading->scan, &row->inferred);
    case NODE_MAYBE:
        return ew_merge_scan_bool(reading->scan, &row->maybe);
    case NODE_PROVENANCE:
        return ew_merged_read_provenance(reading, state);
    case NODE_RUNTIME:
        return ew_merged_read_runtime(reading, state);
    case NODE_RVA:
        row->has_rva = true;
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->rva);
    case NODE_SCOPE:
        return ew_merged_read_u32(reading, &row->scope);
    case NODE_STALE:
        return ew_merge_scan_bool(reading->scan, &row->stale);
    case NODE_STATE:
        return ew_merged_read_label(reading, state);
    case NODE_STATIC:
        return ew_merged_read_static(reading, state);
    case NODE_TARGET:
        return ew_merge_scan_bool(reading->scan, &row->target);
    default:
        return read_node_text(reading, member, row);
    }
}

bool ew_merged_read_node(struct reading *reading)
{
    struct ew_reach_node row = {.build = NONE, .scope = NONE};
    struct read_state state = {.label = EW_LABEL_U};
    uint32_t seen = 0;
    for (int member; (member = ew_merge_scan_member(reading->scan, KIND_NODE, &seen)) >= 0;) {
        if (!read_node_member(reading, member, &row, &state)) {
            return false;
        }
    }
    if (!ew_merged_read_agrees(reading, &state) || row.key == NULL) {
        return ew_merge_scan_fail(reading->scan, "has no key");
    }
    TAKE_STATE(&row, &state);
    struct ew_reach_node *place = ew_merged_read_append(reading, &reading->nodes, sizeof row);
    if (place != NULL) {
        *place = row;
    }
    return place != NULL;
}

/* --- edges
 * ----------------------------------------------------------------------------------------- */

enum {
    EDGE_CLASS,
    EDGE_CONFIDENCE,
    EDGE_FROM,
    EDGE_INFERRED,
    EDGE_MAYBE,
    EDGE_PROVENANCE,
    EDGE_RUNTIME,
    EDGE_STALE,
    EDGE_STATE,
    EDGE_STATIC,
    EDGE_TO,
    EDGE_VIA,
};
static const char *const edge_members[] = {
    [EDGE_CLASS] = "class",     [EDGE_CONFIDENCE] = "confidence",
    [EDGE_FROM] = "from",       [EDGE_INFERRED] = "inferred",
    [EDGE_MAYBE] = "maybe",     [EDGE_PROVENANCE] = "provenance",
    [EDGE_RUNTIME] = "runtime", [EDGE_STALE] = "stale",
    [EDGE_STATE] = "state",     [EDGE_STATIC] = "static",
    [EDGE_TO] = "to",           [EDGE_VIA] = "via",
};

static const char *class_name(unsigned i)
{
    return ew_edge_class_name((enum ew_edge_class)i);
}

static bool read_via(struct reading *reading, struct ew_reach_edge *row)
{
    uint64_t node = 0;
    row->first_via = (uint32_t)reading->via.count;
    bool fine = ew_merge_scan_array(reading->scan);
    while (fine && ew_merge_scan_more_u64(reading->scan, NONE - 1, &node)) {
        uint32_t *place = ew_merged_read_append(reading, &reading->via, sizeof *place);
        fine = place != NULL;
        if (fine) {
            *place = (uint32_t)node;
        }
        row->via_count++;
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_edge_member(struct reading *reading, int member, struct ew_reach_edge *row,
                             struct read_state *state)
{
    unsigned index = 0;
    bool flag = false;
    bool fine = true;
    switch (member) {
    case EDGE_CLASS:
        fine = ew_merged_read_name(reading, class_name, EW_CLASS_COUNT, &index);
        row->edge_class = (enum ew_edge_class)index;
        return fine;
    case EDGE_CONFIDENCE:
        return ew_merged_read_confidence(reading, state);
    case EDGE_FROM:
        return ew_merged_read_u32(reading, &row->from);
    case EDGE_INFERRED:
        return ew_merge_scan_bool(reading->scan, &row->inferred);
    case EDGE_MAYBE:
        return ew_merge_scan_bool(reading->scan, &flag);
    case EDGE_PROVENANCE:
        return ew_merged_read_provenance(reading, state);
    case EDGE_RUNTIME:
        return ew_merged_read_runtime(reading, state);
    case EDGE_STALE:
        return ew_merge_scan_bool(reading->scan, &row->stale);
    case EDGE_STATE:
        return ew_merged_read_label(reading, state);
    case EDGE_STATIC:
        return ew_merged_read_static(reading, state);
    case EDGE_TO:
        return ew_merged_read_u32(reading, &row->to);
    default:
        return read_via(reading, row);
    }
}

bool ew_merged_read_edge(struct reading *reading)
{
    enum { ENDS = 1 << EDGE_FROM | 1 << EDGE_TO };
    struct ew_reach_edge row = {0};
    struct read_state state = {.label = EW_LABEL_U};
    uint32_t seen = 0;
    for (int member; (member = ew_merge_scan_member(reading->scan, KIND_EDGE, &seen)) >= 0;) {
        if (!read_edge_member(reading, member, &row, &state)) {
            return false;
        }
    }
    if (!ew_merged_read_agrees(reading, &state) || (seen & ENDS) != ENDS) {
        return ew_merge_scan_fail(reading->scan, "has no ends");
    }
    TAKE_STATE(&row, &state);
    struct ew_reach_edge *place = ew_merged_read_append(reading, &reading->edges, sizeof row);
    if (place != NULL) {
        *place = row;
        reading->merge->merged.class_counts[row.edge_class]++;
    }
    return place != NULL;
}

void ew_merged_read_learn_rows(struct scan *scan)
{
    MERGED_READ_LEARN(scan, KIND_NODE, node_members);
    MERGED_READ_LEARN(scan, KIND_EDGE, edge_members);
}
