/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a merged document: nodes and edges. */
#include "base/filetime.h"
#include "merge/entry_kinds.h"
#include "merge/read.h"

#include <assert.h>
#include <string.h>

/* --- values ------------------------------------------------------------------------------------
 */

void *ew_merged_read_append(struct reading *reading, struct table *table, size_t item_bytes)
{
    void *grown = list_grow(table->items, &table->capacity, table->count, item_bytes);
    if (grown == NULL || table->count >= NONE) {
        (void)ew_merge_scan_fail(reading->scan, "finds no room in memory");
        return NULL;
    }
    table->items = grown;
    void *item = (char *)grown + table->count * item_bytes;
    memset(item, 0, item_bytes);
    table->count++;
    return item;
}

static_assert(EW_MERGE_TEXT_BYTES_MAX == (size_t)512 << 20, "as the sentence says");

void *ew_merged_read_keep(struct reading *reading, size_t byte_count)
{
    void *kept = ew_arena_take(&reading->merge->arena, byte_count);
    if (kept == NULL) {
        (void)ew_merge_scan_fail(reading->scan,
                                 "finds no room: at most 512 MiB of texts are read");
    }
    return kept;
}

bool ew_merged_read_copy(struct reading *reading, const char *text, size_t byte_count,
                         const char **text_out)
{
    char *copy = ew_merged_read_keep(reading, byte_count + 1);
    if (copy != NULL) {
        memcpy(copy, text, byte_count);
        copy[byte_count] = '\0';
    }
    *text_out = copy;
    return copy != NULL;
}

bool ew_merged_read_text(struct reading *reading, const char **text_out)
{
    const char *text = NULL;
    size_t byte_count = 0;
    return ew_merge_scan_text(reading->scan, &text, &byte_count)
           && ew_merged_read_copy(reading, text, byte_count, text_out);
}

bool ew_merged_read_time(struct reading *reading, uint64_t *time_out)
{
    char copy[EW_FILETIME_TEXT_BYTES];
    const char *text = NULL;
    size_t byte_count = 0;
    if (!ew_merge_scan_text(reading->scan, &text, &byte_count)) {
        return false;
    }
    if (byte_count >= sizeof copy) {
        return ew_merge_scan_fail(reading->scan, "is not a time");
    }
    memcpy(copy, text, byte_count);
    copy[byte_count] = '\0';
    return ew_filetime_parse(copy, time_out)
           || ew_merge_scan_fail(reading->scan, "is not a time");
}

bool ew_merged_read_u32(struct reading *reading, uint32_t *value_out)
{
    uint64_t value = 0;
    bool fine = ew_merge_scan_u64(reading->scan, NONE - 1, &value);
    *value_out = (uint32_t)value;
    return fine;
}

bool ew_merged_read_name(struct reading *reading, const char *(*name_of)(unsigned),
                         unsigned count, unsigned *index_out)
{
    const char *text = NULL;
    size_t byte_count = 0;
    if (!ew_merge_scan_text(reading->scan, &text, &byte_count)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (strlen(name_of(i)) == byte_count && memcmp(name_of(i), text, byte_count) == 0) {
            *index_out = i;
            return true;
        }
    }
    return ew_merge_scan_fail(reading->scan, "is none of the values that are known");
}

static const char *static_name(unsigned i)
{
    return ew_static_state_name((enum ew_static_state)i);
}

static const char *runtime_name(unsigned i)
{
    return ew_runtime_state_name((enum ew_runtime_state)i);
}

static const char *label_name(unsigned i)
{
    return ew_reach_label_name((enum ew_reach_label)i);
}

static const char *class_name(unsigned i)
{
    return ew_edge_class_name((enum ew_edge_class)i);
}

static const char *unit_name(unsigned i)
{
    return i == 0 ? "events" : "samples";
}

/* --- states
 * -------------------------------------------------------------------------------------- */

bool ew_merged_read_static(struct reading *reading, struct read_state *state)
{
    unsigned index = 0;
    bool fine = ew_merged_read_name(reading, static_name, EW_STATIC_REACHABLE + 1, &index);
    state->state.claimed = (uint8_t)index;
    return fine;
}

bool ew_merged_read_runtime(struct reading *reading, struct read_state *state)
{
    unsigned index = 0;
    bool fine = ew_merged_read_name(reading, runtime_name, EW_RUNTIME_OBSERVED + 1, &index);
    state->state.observed = (uint8_t)index;
    return fine;
}

bool ew_merged_read_label(struct reading *reading, struct read_state *state)
{
    return ew_merged_read_name(reading, label_name, EW_LABEL_CR + 1, &state->label);
}

bool ew_merged_read_confidence(struct reading *reading, struct read_state *state)
{
    uint32_t seen = 0;
    bool fine = ew_merge_scan_object(reading->scan);
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_CONFIDENCE, &seen)) >= 0;) {
        uint64_t value = 0;
        fine = ew_merge_scan_u64(reading->scan, 1000, &value);
        if (member == 0) {
            state->confidence_observed = (uint16_t)value;
        } else {
            state->confidence_claimed = (uint16_t)value;
        }
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_small(struct reading *reading, uint64_t max, uint8_t *value_out)
{
    uint64_t value = 0;
    bool fine = ew_merge_scan_u64(reading->scan, max, &value);
    *value_out = (uint8_t)value;
    return fine;
}

static bool read_observation_member(struct reading *reading, int member,
                                    struct ew_reach_observation *row)
{
    unsigned unit = 0;
    bool fine = true;
    switch (member) {
    case 0:
        return ew_merged_read_time(reading, &row->first_100ns);
    case 1:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->first_sequence);
    case 2:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->hits);
    case 3:
        return ew_merged_read_time(reading, &row->last_100ns);
    case 4:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->last_sequence);
    case 5:
        return read_small(reading, 4, &row->level);
    case 6:
        return ew_merged_read_u32(reading, &row->stream);
    case 7:
        return read_small(reading, TIER_NAME_ONLY, &row->tier);
    case 8:
        fine = ew_merged_read_name(reading, unit_name, 2, &unit);
        row->samples = unit == 1;
        return fine;
    default:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->windows);
    }
}

static bool read_observation(struct reading *reading)
{
    struct ew_reach_observation row = {0};
    uint32_t seen = 0;
    for (int member;
         (member = ew_merge_scan_member(reading->scan, KIND_OBSERVATION, &seen)) >= 0;) {
        if (!read_observation_member(reading, member, &row)) {
            return false;
        }
    }
    struct ew_reach_observation *place =
        ew_merged_read_append(reading, &reading->observations, sizeof row);
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

static bool read_claim(struct reading *reading)
{
    struct ew_reach_claim row = {0};
    uint32_t seen = 0;
    bool fine = true;
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_CLAIM, &seen)) >= 0;) {
        unsigned claim = 0;
        switch (member) {
        case 0:
            fine = ew_merge_scan_bool(reading->scan, &row.build_match);
            break;
        case 1:
            fine = ew_merged_read_name(reading, static_name, EW_STATIC_REACHABLE + 1, &claim);
            row.claim = (uint8_t)claim;
            break;
        case 2:
            fine = ew_merged_read_u32(reading, &row.graph);
            break;
        default:
            fine = read_small(reading, TIER_NAME_ONLY, &row.tier);
            break;
        }
    }
    struct ew_reach_claim *place =
        fine ? ew_merged_read_append(reading, &reading->claims, sizeof row) : NULL;
    if (place != NULL) {
        *place = row;
    }
    return place != NULL && ew_merge_scan_status(reading->scan) == EW_OK;
}

bool ew_merged_read_provenance(struct reading *reading, struct read_state *state)
{
    uint32_t seen = 0;
    bool fine = ew_merge_scan_object(reading->scan);
    for (int member;
         fine && (member = ew_merge_scan_member(reading->scan, KIND_PROVENANCE, &seen)) >= 0;) {
        bool runtime = member == 0;
        uint32_t *first = runtime ? &state->first_observation : &state->first_claim;
        uint32_t *count = runtime ? &state->observation_count : &state->claim_count;
        const struct table *table = runtime ? &reading->observations : &reading->claims;
        *first = (uint32_t)table->count;
        fine = ew_merge_scan_array(reading->scan);
        while (fine && ew_merge_scan_more_objects(reading->scan)) {
            fine = runtime ? read_observation(reading) : read_claim(reading);
        }
        *count = (uint32_t)table->count - *first;
    }
    return fine && ew_merge_scan_status(reading->scan) == EW_OK;
}

/* The label is told for readers that know no pairs; it must be that of the pair. */
static bool agrees(struct reading *reading, const struct read_state *state)
{
    return ew_merge_scan_status(reading->scan) == EW_OK
           && ((unsigned)ew_reach_label(state->state) == state->label
               || ew_merge_scan_fail(reading->scan,
                                     "has a state that is not the label of its two axes"));
}

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

static const char *const node_members[] = {"augmentedReachable",
                                           "build",
                                           "confidence",
                                           "decorated",
                                           "docId",
                                           "entryPoint",
                                           "id",
                                           "identity",
                                           "inferred",
                                           "key",
                                           "maybe",
                                           "name",
                                           "provenance",
                                           "runtime",
                                           "rva",
                                           "scope",
                                           "sig",
                                           "stale",
                                           "state",
                                           "static",
                                           "target",
                                           "token",
                                           "vulnerabilities"};

static bool read_node_text(struct reading *reading, int member, struct ew_reach_node *row)
{
    switch (member) {
    case 3:
        return ew_merged_read_text(reading, &row->decorated);
    case 4:
        return ew_merged_read_text(reading, &row->doc_id);
    case 5:
        return read_entry_kinds(reading, row);
    case 6:
        return ew_merged_read_text(reading, &row->id);
    case 7:
        return read_weak(reading, &row->weak_identity);
    case 9:
        return ew_merged_read_text(reading, &row->key);
    case 11:
        return ew_merged_read_text(reading, &row->name);
    case 16:
        return ew_merged_read_text(reading, &row->signature);
    case 21:
        return read_token(reading, &row->token);
    default:
        return read_vulnerabilities(reading, row);
    }
}

static bool read_node_member(struct reading *reading, int member, struct ew_reach_node *row,
                             struct read_state *state)
{
    switch (member) {
    case 0:
        return ew_merge_scan_bool(reading->scan, &row->augmented_reachable);
    case 1:
        return ew_merged_read_u32(reading, &row->build);
    case 2:
        return ew_merged_read_confidence(reading, state);
    case 8:
        return ew_merge_scan_bool(reading->scan, &row->inferred);
    case 10:
        return ew_merge_scan_bool(reading->scan, &row->maybe);
    case 12:
        return ew_merged_read_provenance(reading, state);
    case 13:
        return ew_merged_read_runtime(reading, state);
    case 14:
        row->has_rva = true;
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->rva);
    case 15:
        return ew_merged_read_u32(reading, &row->scope);
    case 17:
        return ew_merge_scan_bool(reading->scan, &row->stale);
    case 18:
        return ew_merged_read_label(reading, state);
    case 19:
        return ew_merged_read_static(reading, state);
    case 20:
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
    if (!agrees(reading, &state) || row.key == NULL) {
        return ew_merge_scan_fail(reading->scan, "has no key");
    }
    row.state = state.state;
    row.confidence_claimed = state.confidence_claimed;
    row.confidence_observed = state.confidence_observed;
    row.first_claim = state.first_claim;
    row.claim_count = state.claim_count;
    row.first_observation = state.first_observation;
    row.observation_count = state.observation_count;
    struct ew_reach_node *place = ew_merged_read_append(reading, &reading->nodes, sizeof row);
    if (place != NULL) {
        *place = row;
    }
    return place != NULL;
}

/* --- edges
 * ----------------------------------------------------------------------------------------- */

static const char *const edge_members[] = {"class", "confidence", "from",    "inferred",
                                           "maybe", "provenance", "runtime", "stale",
                                           "state", "static",     "to",      "via"};

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
    case 0:
        fine = ew_merged_read_name(reading, class_name, EW_CLASS_COUNT, &index);
        row->edge_class = (enum ew_edge_class)index;
        return fine;
    case 1:
        return ew_merged_read_confidence(reading, state);
    case 2:
        return ew_merged_read_u32(reading, &row->from);
    case 3:
        return ew_merge_scan_bool(reading->scan, &row->inferred);
    case 4:
        return ew_merge_scan_bool(reading->scan, &flag);
    case 5:
        return ew_merged_read_provenance(reading, state);
    case 6:
        return ew_merged_read_runtime(reading, state);
    case 7:
        return ew_merge_scan_bool(reading->scan, &row->stale);
    case 8:
        return ew_merged_read_label(reading, state);
    case 9:
        return ew_merged_read_static(reading, state);
    case 10:
        return ew_merged_read_u32(reading, &row->to);
    default:
        return read_via(reading, row);
    }
}

bool ew_merged_read_edge(struct reading *reading)
{
    enum { ENDS = 1 << 2 | 1 << 10 };
    struct ew_reach_edge row = {0};
    struct read_state state = {.label = EW_LABEL_U};
    uint32_t seen = 0;
    for (int member; (member = ew_merge_scan_member(reading->scan, KIND_EDGE, &seen)) >= 0;) {
        if (!read_edge_member(reading, member, &row, &state)) {
            return false;
        }
    }
    if (!agrees(reading, &state) || (seen & ENDS) != ENDS) {
        return ew_merge_scan_fail(reading->scan, "has no ends");
    }
    row.state = state.state;
    row.confidence_claimed = state.confidence_claimed;
    row.confidence_observed = state.confidence_observed;
    row.first_claim = state.first_claim;
    row.claim_count = state.claim_count;
    row.first_observation = state.first_observation;
    row.observation_count = state.observation_count;
    struct ew_reach_edge *place = ew_merged_read_append(reading, &reading->edges, sizeof row);
    if (place != NULL) {
        *place = row;
        reading->merge->merged.class_counts[row.edge_class]++;
    }
    return place != NULL;
}

#define LEARN(kind, names) \
    ew_merge_scan_learn(scan, kind, names, sizeof(names) / sizeof(names)[0])

void ew_merged_read_learn_rows(struct scan *scan)
{
    static const char *const confidence[] = {"runtime", "static"};
    static const char *const observation[] = {"first", "firstSeq", "hits", "last", "lastSeq",
                                              "level", "stream",   "tier", "unit", "windows"};
    static const char *const claim[] = {"buildMatch", "claim", "graph", "tier"};
    LEARN(KIND_NODE, node_members);
    LEARN(KIND_EDGE, edge_members);
    LEARN(KIND_CONFIDENCE, confidence);
    LEARN(KIND_PROVENANCE, confidence);
    LEARN(KIND_OBSERVATION, observation);
    LEARN(KIND_CLAIM, claim);
}
