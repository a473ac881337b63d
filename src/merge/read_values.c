/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a merged document, and what its nodes and edges share: states and provenance. */
#include "base/filetime.h"
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

/* Members, in the order that documents have them. */
enum {
    OBSERVATION_FIRST,
    OBSERVATION_FIRST_SEQUENCE,
    OBSERVATION_HITS,
    OBSERVATION_LAST,
    OBSERVATION_LAST_SEQUENCE,
    OBSERVATION_LEVEL,
    OBSERVATION_STREAM,
    OBSERVATION_TIER,
    OBSERVATION_UNIT,
    OBSERVATION_WINDOWS,
};
static const char *const observation_members[] = {
    [OBSERVATION_FIRST] = "first",
    [OBSERVATION_FIRST_SEQUENCE] = "firstSeq",
    [OBSERVATION_HITS] = "hits",
    [OBSERVATION_LAST] = "last",
    [OBSERVATION_LAST_SEQUENCE] = "lastSeq",
    [OBSERVATION_LEVEL] = "level",
    [OBSERVATION_STREAM] = "stream",
    [OBSERVATION_TIER] = "tier",
    [OBSERVATION_UNIT] = "unit",
    [OBSERVATION_WINDOWS] = "windows",
};

enum { CLAIM_BUILD_MATCH, CLAIM_CLAIM, CLAIM_GRAPH, CLAIM_TIER };
static const char *const claim_members[] = {[CLAIM_BUILD_MATCH] = "buildMatch",
                                            [CLAIM_CLAIM] = "claim",
                                            [CLAIM_GRAPH] = "graph",
                                            [CLAIM_TIER] = "tier"};

static bool read_observation_member(struct reading *reading, int member,
                                    struct ew_reach_observation *row)
{
    unsigned unit = 0;
    bool fine = true;
    switch (member) {
    case OBSERVATION_FIRST:
        return ew_merged_read_time(reading, &row->first_100ns);
    case OBSERVATION_FIRST_SEQUENCE:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->first_sequence);
    case OBSERVATION_HITS:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->hits);
    case OBSERVATION_LAST:
        return ew_merged_read_time(reading, &row->last_100ns);
    case OBSERVATION_LAST_SEQUENCE:
        return ew_merge_scan_u64(reading->scan, EW_JSON_INTEGER_MAX, &row->last_sequence);
    case OBSERVATION_LEVEL:
        return read_small(reading, 4, &row->level);
    case OBSERVATION_STREAM:
        return ew_merged_read_u32(reading, &row->stream);
    case OBSERVATION_TIER:
        return read_small(reading, TIER_NAME_ONLY, &row->tier);
    case OBSERVATION_UNIT:
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
        case CLAIM_BUILD_MATCH:
            fine = ew_merge_scan_bool(reading->scan, &row.build_match);
            break;
        case CLAIM_CLAIM:
            fine = ew_merged_read_name(reading, static_name, EW_STATIC_REACHABLE + 1, &claim);
            row.claim = (uint8_t)claim;
            break;
        case CLAIM_GRAPH:
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

bool ew_merged_read_agrees(struct reading *reading, const struct read_state *state)
{
    return ew_merge_scan_status(reading->scan) == EW_OK
           && ((unsigned)ew_reach_label(state->state) == state->label
               || ew_merge_scan_fail(reading->scan,
                                     "has a state that is not the label of its two axes"));
}

void ew_merged_read_learn_values(struct scan *scan)
{
    static const char *const axes[] = {"runtime", "static"};
    MERGED_READ_LEARN(scan, KIND_CONFIDENCE, axes);
    MERGED_READ_LEARN(scan, KIND_PROVENANCE, axes);
    MERGED_READ_LEARN(scan, KIND_OBSERVATION, observation_members);
    MERGED_READ_LEARN(scan, KIND_CLAIM, claim_members);
}
