/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a document. */
#include "evidence/read_parts.h"

#include <stddef.h>
#include <string.h>

/* --- modules and functions -------------------------------------------------------------------
 */

bool ew_read_modules(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_module, member)
    static const char *const kinds[] = {"native", "managed", "nativeaot",
                                        "kernel", "dynamic", NULL};
    static const struct field fields[] = {
        {"buildId", FIELD_TEXT, false, AT(build_id), "^[0-9a-f]{8,64}$", NULL, NULL},
        {"codeId", FIELD_TEXT, false, AT(code_id), "^[0-9A-F]{8}[0-9a-f]{1,8}$", NULL, NULL},
        {"debugId", FIELD_TEXT, false, AT(debug_id), "^[0-9a-f]{32}[0-9a-f]{1,8}$", NULL, NULL},
        {"fileVersion", FIELD_TEXT, false, AT(file_version), NULL, NULL, NULL},
        {"htlhash", FIELD_TEXT, false, AT(htlhash), "^[0-9A-F]{32}$", NULL, NULL},
        {"key", FIELD_TEXT, true, AT(key), NULL, NULL, NULL},
        {"kind", FIELD_CHOICE, true, AT(kind), NULL, kinds, NULL},
        {"loads", FIELD_U64, false, AT(loads), NULL, NULL, NULL},
        {"mvid", FIELD_TEXT, false, AT(mvid), "^[0-9a-f-]{36}$", NULL, NULL},
        {"name", FIELD_TEXT, true, AT(name), NULL, NULL, NULL},
        {"path", FIELD_TEXT, false, AT(path), NULL, NULL, NULL},
        {"purl", FIELD_TEXT, false, AT(purl), NULL, NULL, NULL},
        {"samples", FIELD_U64, false, AT(samples), NULL, NULL, NULL},
        {"sha256", FIELD_TEXT, false, AT(sha256), "^[0-9a-f]{64}$", NULL, NULL},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_module),
                                             NULL, NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->module_count);
    evidence->modules = rows;
    return done;
}

static bool read_aliases(struct reader *reader, void *out)
{
    struct ew_evidence_function *function = out;
    size_t count = 0;
    bool done = ew_read_texts(reader, &function->aliases, &count);
    function->alias_count = (uint32_t)count;
    return done;
}

static bool read_flags(struct reader *reader, void *out)
{
    static const char *const names[] = {"async",  "dynamic", "folded", "generic", "inline-site",
                                        "lambda", "stub",    "thunk",  NULL};
    struct ew_evidence_function *function = out;
    struct ew_json_scan *scan = &reader->scan;
    enum ew_json_token token;
    if (!ew_json_scan_want(scan, EW_JSON_ARRAY)) {
        return false;
    }
    while ((token = ew_json_scan_next(scan)) == EW_JSON_STRING) {
        unsigned i = 0;
        while (names[i] != NULL
               && (strlen(names[i]) != scan->text_bytes
                   || memcmp(names[i], scan->text, scan->text_bytes) != 0)) {
            i++;
        }
        if (names[i] == NULL) {
            (void)ew_json_scan_fail(scan, EW_FORMAT, "is no flag that is known");
            return false;
        }
        function->flags |= 1U << i;
    }
    if (token != EW_JSON_ARRAY_END) {
        (void)ew_json_scan_fail(scan, EW_FORMAT, "is %s, must be a string",
                                ew_json_token_name(token));
    }
    return token == EW_JSON_ARRAY_END;
}

static bool read_rva(struct reader *reader, void *out)
{
    struct ew_evidence_function *function = out;
    function->has_rva = true;
    return ew_json_scan_want_u64(&reader->scan, EW_JSON_INTEGER_MAX, &function->rva);
}

static bool read_token(struct reader *reader, void *out)
{
    static const char digits[] = "0123456789abcdef";
    struct ew_evidence_function *function = out;
    const char *text = ew_read_text(reader, "^06[0-9a-f]{6}$");
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        function->token = function->token << 4 | (uint32_t)(strchr(digits, *at) - digits);
    }
    return text != NULL;
}

bool ew_read_functions(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_function, member)
    static const char *const resolutions[] = {"token",   "pdb", "export",  "export-near",
                                              "r2r-map", "jit", "dynamic", "unresolved",
                                              "symbol",  NULL};
    static const struct field fields[] = {
        {"aliases", FIELD_CUSTOM, false, 0, NULL, NULL, read_aliases},
        {"decorated", FIELD_TEXT, false, AT(decorated), NULL, NULL, NULL},
        {"docId", FIELD_TEXT, false, AT(doc_id), NULL, NULL, NULL},
        {"flags", FIELD_CUSTOM, false, 0, NULL, NULL, read_flags},
        {"key", FIELD_TEXT, true, AT(key), NULL, NULL, NULL},
        {"module", FIELD_INDEX, true, AT(module), NULL, NULL, NULL},
        {"name", FIELD_TEXT, false, AT(name), NULL, NULL, NULL},
        {"res", FIELD_CHOICE, true, AT(resolution), NULL, resolutions, NULL},
        {"rva", FIELD_CUSTOM, false, 0, NULL, NULL, read_rva},
        {"sig", FIELD_TEXT, false, AT(signature), NULL, NULL, NULL},
        {"size", FIELD_U64, false, AT(size_bytes), NULL, NULL, NULL},
        {"token", FIELD_CUSTOM, false, 0, NULL, NULL, read_token},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_function),
                                             NULL, NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->function_count);
    evidence->functions = rows;
    return done;
}

/* --- observations and edges -------------------------------------------------------------------
 */

/* The details of the row that is read: the last ones, or new ones. */
static struct ew_evidence_detail *detail_of_row(struct reader *reader)
{
    struct read_rows *rows = &reader->details;
    struct ew_evidence_detail last;
    if (rows->count > 0) {
        char *at = rows->bytes + (rows->count - 1) * sizeof last;
        memcpy(&last, at, sizeof last);
        if (last.row == reader->row) {
            return (struct ew_evidence_detail *)(void *)at;
        }
    }
    struct ew_evidence_detail *added = ew_read_rows_add(reader, rows);
    if (added != NULL) {
        added->row = (uint32_t)reader->row;
    }
    return added;
}

static bool read_row_processes(struct reader *reader, void *row)
{
    const uint32_t *items = NULL;
    uint32_t count = 0;
    (void)row;
    if (!ew_read_indexes(reader, &items, &count)) {
        return false;
    }
    struct ew_evidence_detail *detail = count > 0 ? detail_of_row(reader) : NULL;
    if (detail != NULL) {
        detail->processes = items;
        detail->process_count = count;
    }
    return count == 0 || detail != NULL;
}

static bool read_row_sites(struct reader *reader, void *row)
{
    const uint64_t *items = NULL;
    uint32_t count = 0;
    (void)row;
    if (!ew_read_numbers(reader, &items, &count)) {
        return false;
    }
    struct ew_evidence_detail *detail = count > 0 ? detail_of_row(reader) : NULL;
    if (detail != NULL) {
        detail->sites = items;
        detail->site_count = count;
    }
    return count == 0 || detail != NULL;
}

static bool keep_details(struct reader *reader, const struct ew_evidence_detail **details_out,
                         size_t *count_out)
{
    const void *kept = NULL;
    *count_out = reader->details.count;
    bool done = ew_read_rows_keep(reader, &reader->details, &kept);
    *details_out = kept;
    return done;
}

bool ew_read_observations(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_observation, member)
    static const struct field fields[] = {
        {"f", FIELD_INDEX, true, AT(function), NULL, NULL, NULL},
        {"first", FIELD_TIME, true, AT(first_100ns), NULL, NULL, NULL},
        {"hits", FIELD_U64, true, AT(hits), NULL, NULL, NULL},
        {"last", FIELD_TIME, true, AT(last_100ns), NULL, NULL, NULL},
        {"leaf", FIELD_U64, false, AT(leaf), NULL, NULL, NULL},
        {"procs", FIELD_CUSTOM, false, 0, NULL, NULL, read_row_processes},
        {"root", FIELD_U64, false, AT(root), NULL, NULL, NULL},
        {"s", FIELD_INDEX, true, AT(source), NULL, NULL, NULL},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields),
                                             sizeof(struct ew_evidence_observation), NULL, NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    reader->details.row_bytes = sizeof(struct ew_evidence_detail);
    bool done = ew_read_table(reader, &shape, &rows, &evidence->observation_count);
    evidence->observations = rows;
    return done
           && keep_details(reader, &evidence->observation_details,
                           &evidence->observation_detail_count);
}

static const char *const adjacencies[] = {"bridge",     "frame",        "inline",
                                          "jit-inline", "jit-tailcall", NULL};

bool ew_read_edges(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_edge, member)
    static const struct field fields[] = {
        {"adj", FIELD_CHOICE, true, AT(adjacency), NULL, adjacencies, NULL},
        {"first", FIELD_TIME, true, AT(first_100ns), NULL, NULL, NULL},
        {"from", FIELD_INDEX, true, AT(from), NULL, NULL, NULL},
        {"hits", FIELD_U64, true, AT(hits), NULL, NULL, NULL},
        {"last", FIELD_TIME, true, AT(last_100ns), NULL, NULL, NULL},
        {"procs", FIELD_CUSTOM, false, 0, NULL, NULL, read_row_processes},
        {"s", FIELD_INDEX, true, AT(source), NULL, NULL, NULL},
        {"sites", FIELD_CUSTOM, false, 0, NULL, NULL, read_row_sites},
        {"to", FIELD_INDEX, true, AT(to), NULL, NULL, NULL},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_edge), NULL,
                                             NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    reader->details.row_bytes = sizeof(struct ew_evidence_detail);
    bool done = ew_read_table(reader, &shape, &rows, &evidence->edge_count);
    evidence->edges = rows;
    return done && keep_details(reader, &evidence->edge_details, &evidence->edge_detail_count);
}

/* --- paths, gaps, ambiguities
 * ------------------------------------------------------------------- */

static bool read_frames(struct reader *reader, void *out)
{
    struct ew_evidence_path *path = out;
    return ew_read_indexes(reader, &path->frames, &path->frame_count);
}

bool ew_read_paths(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_path, member)
    static const struct field fields[] = {
        {"complete", FIELD_BOOL, true, AT(complete), NULL, NULL, NULL},
        {"first", FIELD_TIME, true, AT(first_100ns), NULL, NULL, NULL},
        {"frames", FIELD_CUSTOM, true, 0, NULL, NULL, read_frames},
        {"hits", FIELD_U64, true, AT(hits), NULL, NULL, NULL},
        {"last", FIELD_TIME, true, AT(last_100ns), NULL, NULL, NULL},
        {"s", FIELD_INDEX, false, AT(source), NULL, NULL, NULL},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_path), NULL,
                                             NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->path_count);
    evidence->paths = rows;
    return done;
}

/* A span that is told by one of its ends is none. */
static bool finish_gap(struct reader *reader, void *row)
{
    struct ew_evidence_gap *gap = row;
    (void)reader;
    if (gap->start_100ns == 0 || gap->end_100ns == 0) {
        gap->start_100ns = 0;
        gap->end_100ns = 0;
    }
    return true;
}

bool ew_read_gaps(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_gap, member)
    static const char *const reasons[] = {"crash",        "disk-full", "retention",
                                          "session-lost", "throttle",  NULL};
    static const struct field fields[] = {
        {"end", FIELD_TIME, false, AT(end_100ns), NULL, NULL, NULL},
        {"from", FIELD_U64, true, AT(from_sequence), NULL, NULL, NULL},
        {"start", FIELD_TIME, false, AT(start_100ns), NULL, NULL, NULL},
        {"to", FIELD_U64, true, AT(to_sequence), NULL, NULL, NULL},
        {"why", FIELD_CHOICE, true, AT(reason), NULL, reasons, NULL},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_gap), NULL,
                                             finish_gap};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->gap_count);
    evidence->gaps = rows;
    return done;
}

static bool read_candidates(struct reader *reader, void *out)
{
    struct ew_evidence_ambiguous *row = out;
    return ew_read_texts(reader, &row->candidates, &row->candidate_count);
}

bool ew_read_ambiguous(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_ambiguous, member)
    static const char *const reasons[] = {"folded", "name-only", "address-reuse", "export-near",
                                          NULL};
    static const struct field fields[] = {
        {"candidates", FIELD_CUSTOM, true, 0, NULL, NULL, read_candidates},
        {"hits", FIELD_U64, true, AT(hits), NULL, NULL, NULL},
        {"why", FIELD_CHOICE, true, AT(reason), NULL, reasons, NULL},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_ambiguous),
                                             NULL, NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->ambiguous_count);
    evidence->ambiguous = rows;
    return done;
}

/* --- sources -----------------------------------------------------------------------------------
 */

static bool read_event_id(struct reader *reader, void *out)
{
    struct ew_evidence_source *source = out;
    uint64_t value = 0;
    if (!ew_json_scan_want_u64(&reader->scan, UINT16_MAX, &value)) {
        return false;
    }
    source->event_id = (uint16_t)value;
    source->has_event_id = true;
    return true;
}

static bool read_period(struct reader *reader, void *out)
{
    struct ew_evidence_source *source = out;
    struct ew_json_scan *scan = &reader->scan;
    enum ew_json_token token = ew_json_scan_next(scan);
    if (token == EW_JSON_NULL) {
        return true;
    }
    if (token != EW_JSON_NUMBER || !scan->is_integer || scan->is_negative
        || scan->magnitude > EW_JSON_INTEGER_MAX) {
        (void)ew_json_scan_fail(scan, EW_FORMAT, "is neither null nor an integer of 0 to 2^53-1");
        return false;
    }
    source->period_ns = scan->magnitude;
    return true;
}

static bool read_unit(struct reader *reader, void *out)
{
    static const char *const units[] = {"events", "samples", NULL};
    struct ew_evidence_source *source = out;
    unsigned position = 0;
    bool done = ew_read_choice(reader, units, &position);
    source->samples = position == 1;
    return done;
}

/* True when the source has exactly what its kind suggests, so that its provider is a GUID. */
static bool is_own(const struct ew_evidence_source *source, struct ew_guid *provider_out)
{
    char text[EW_GUID_TEXT_BYTES];
    bool has_event = source->kind != EW_SOURCE_MODULE_LOAD;
    const char *name = source->provider_name;
    if (source->samples != (source->kind == EW_SOURCE_STACK_SAMPLE)
        || source->has_event_id != has_event || (name != NULL) != has_event) {
        return false;
    }
    if (name == NULL) {
        return true;
    }
    if (!ew_guid_parse(name, strlen(name), provider_out)) {
        return false;
    }
    ew_guid_format(provider_out, text);
    return strcmp(text, name) == 0;
}

static bool finish_source(struct reader *reader, void *row)
{
    struct ew_evidence_source *source = row;
    struct ew_guid provider = {{0}};
    (void)reader;
    source->is_foreign = !is_own(source, &provider);
    if (!source->is_foreign) {
        source->provider = provider;
        source->provider_name = NULL;
        source->has_event_id = false;
        source->samples = false;
    }
    return true;
}

bool ew_read_sources(struct reader *reader, void *out)
{
#define AT(member) offsetof(struct ew_evidence_source, member)
    static const char *const kinds[] = {"stack-sample", "stack-event", "module-load",
                                        "method-prepare", NULL};
    static const struct field fields[] = {
        {"eventId", FIELD_CUSTOM, false, 0, NULL, NULL, read_event_id},
        {"kind", FIELD_CHOICE, true, AT(kind), NULL, kinds, NULL},
        {"periodNs", FIELD_CUSTOM, false, 0, NULL, NULL, read_period},
        {"provider", FIELD_TEXT, false, AT(provider_name), NULL, NULL, NULL},
        {"unit", FIELD_CUSTOM, true, 0, NULL, NULL, read_unit},
    };
#undef AT
    static const struct table_shape shape = {SHAPE(fields), sizeof(struct ew_evidence_source),
                                             NULL, finish_source};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->source_count);
    evidence->sources = rows;
    return done;
}
