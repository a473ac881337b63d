/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the evidence tables, checked before a byte is written. */
#include "evidence/verify.h"

#include "base/filetime.h"
#include "base/text.h"

#include <string.h>

#define HEX_LOWER "0123456789abcdef"
#define HEX_UPPER "0123456789ABCDEF"

enum { TOKEN_METHOD_DEF = 0x06, REVISION_MAX = 999 };

static bool is_missing(const char *text)
{
    return text == NULL || text[0] == '\0';
}

/* True when `text` is `min` to `max` characters, all of `alphabet`. */
static bool is_made_of(const char *text, const char *alphabet, size_t min, size_t max)
{
    size_t length = strlen(text);
    return length >= min && length <= max && strspn(text, alphabet) == length;
}

static bool is_one_of(const char *text, const char *const *choices)
{
    for (; *choices != NULL; choices++) {
        if (text != NULL && strcmp(text, *choices) == 0) {
            return true;
        }
    }
    return false;
}

static enum ew_status refuse(struct ew_error *error, const char *table, size_t row,
                             const char *why)
{
    return ew_fail(error, EW_FORMAT, "%s[%zu]: %s", table, row, why);
}

static enum ew_status verify_texts(const struct ew_evidence *evidence, struct ew_error *error)
{
    static const char *const arches[] = {"amd64", "arm64", "x86", NULL};
    static const char *const kinds[] = {"application", "host", "oci-image", NULL};
    if (evidence->producer_version == NULL) {
        return ew_fail(error, EW_FORMAT, "producer.version: is missing");
    }
    const char *digest = evidence->config_digest;
    if (digest != NULL
        && (strncmp(digest, "sha256:", 7) != 0 || !is_made_of(digest + 7, HEX_LOWER, 64, 64))) {
        return ew_fail(error, EW_FORMAT, "producer.configDigest: is no sha256 digest");
    }
    if (is_missing(evidence->host_id) || is_missing(evidence->subject_name)) {
        return ew_fail(error, EW_FORMAT, "%s: is missing",
                       is_missing(evidence->host_id) ? "host.id" : "subject.name");
    }
    if (!is_one_of(evidence->arch, arches)) {
        return ew_fail(error, EW_FORMAT, "host.arch: is none of amd64, arm64, x86");
    }
    if (!is_one_of(evidence->subject_kind, kinds)) {
        return ew_fail(error, EW_FORMAT, "subject.kind: is none of application, host, oci-image");
    }
    return EW_OK;
}

static enum ew_status verify_stream(const struct ew_evidence *evidence, struct ew_error *error)
{
    if (!is_made_of(evidence->stream_id, HEX_LOWER, 32, 32)) {
        return ew_fail(error, EW_FORMAT, "stream.id: is not 32 hexadecimal digits");
    }
    if (evidence->sequence == 0 || evidence->sequence > EW_JSON_INTEGER_MAX) {
        return ew_fail(error, EW_FORMAT, "stream.seq: is not from 1 to 2^53 - 1");
    }
    if (evidence->revision > REVISION_MAX) {
        return ew_fail(error, EW_FORMAT, "stream.rev: %u is above %d", evidence->revision,
                       REVISION_MAX);
    }
    if (evidence->previous[0] != '\0' && !is_made_of(evidence->previous, HEX_LOWER, 64, 64)) {
        return ew_fail(error, EW_FORMAT, "stream.prev: is no SHA-256 in hexadecimal");
    }
    if (evidence->start_100ns >= evidence->end_100ns || evidence->end_100ns > EW_FILETIME_MAX) {
        return ew_fail(error, EW_FORMAT, "window: does not start before its end");
    }
    if ((unsigned)evidence->reason > EW_WINDOW_RECOVERED) {
        return ew_fail(error, EW_FORMAT, "window.reason: is unknown");
    }
    if (evidence->covers_to != 0
        && (!ew_evidence_range_is_aligned(evidence->covers_from, evidence->covers_to)
            || evidence->covers_to != evidence->sequence)) {
        return ew_fail(error, EW_FORMAT,
                       "stream.covers: is no aligned power of two that ends with seq");
    }
    return EW_OK;
}

static enum ew_status verify_quality(const struct ew_evidence_quality *quality,
                                     struct ew_error *error)
{
    const uint64_t counters[] = {
        quality->events_lost,         quality->buffers_lost,         quality->lost_event_records,
        quality->decode_refused,      quality->damaged_buffers,      quality->stacks_total,
        quality->stacks_truncated,    quality->stacks_gapped,        quality->stacks_kernel_only,
        quality->stacks_orphan,       quality->stacks_key_undefined, quality->stacks_late,
        quality->frames_total,        quality->frames_exact,         quality->frames_named,
        quality->frames_no_module,    quality->frames_unresolved,    quality->dropped,
        quality->frames_after_unload, quality->stacks_missing,       quality->stacks_no_process,
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        if (counters[i] > EW_JSON_INTEGER_MAX) {
            return ew_fail(error, EW_FORMAT, "quality: a counter is above 2^53 - 1");
        }
    }
    if ((unsigned)quality->rundown > EW_RUNDOWN_NONE) {
        return ew_fail(error, EW_FORMAT, "quality.rundown: is unknown");
    }
    return EW_OK;
}

static enum ew_status verify_sources(const struct ew_evidence *evidence, struct ew_error *error)
{
    if (evidence->source_count == 0) {
        return ew_fail(error, EW_FORMAT, "sources: is empty, so nothing could be observed");
    }
    for (size_t i = 0; i < evidence->source_count; i++) {
        if (evidence->sources[i].period_ns > EW_JSON_INTEGER_MAX) {
            return refuse(error, "sources", i, "the period is above 2^53 - 1");
        }
    }
    return EW_OK;
}

static enum ew_status verify_processes(const struct ew_evidence *evidence, struct ew_error *error)
{
    for (size_t i = 0; i < evidence->process_count; i++) {
        const struct ew_evidence_process *process = &evidence->processes[i];
        if (process->image != EW_INDEX_NONE && process->image >= evidence->module_count) {
            return refuse(error, "processes", i, "the image is not an index of modules");
        }
        if (process->start_100ns > EW_FILETIME_MAX || process->end_100ns > EW_FILETIME_MAX) {
            return refuse(error, "processes", i, "a time is after the year 9999");
        }
    }
    return EW_OK;
}

/* A code id is the time stamp in 8 upper-case digits and the image size in lower case. */
static bool is_code_id(const char *text)
{
    size_t length = strlen(text);
    return length >= 9 && strspn(text, HEX_UPPER) >= 8 && is_made_of(text + 8, HEX_LOWER, 1, 8);
}

static const char *module_fault(const struct ew_evidence_module *module)
{
    if (is_missing(module->name)) {
        return "the name is missing";
    }
    if ((unsigned)module->kind > EW_EVIDENCE_DYNAMIC) {
        return "the kind is unknown";
    }
    if (!is_missing(module->code_id) && !is_code_id(module->code_id)) {
        return "the codeId is misspelt";
    }
    if (!is_missing(module->debug_id) && !is_made_of(module->debug_id, HEX_LOWER, 33, 40)) {
        return "the debugId is misspelt";
    }
    if (module->samples > EW_JSON_INTEGER_MAX || module->loads > EW_JSON_INTEGER_MAX) {
        return "a number is above 2^53 - 1";
    }
    return NULL;
}

static const char *key_fault(const char *key, const char *before)
{
    if (is_missing(key)) {
        return "the key is missing";
    }
    if (!ew_text_is_utf8(key, strlen(key))) {
        return "the key is not UTF-8"; /* it would be repaired, and no longer be sorted */
    }
    if (before != NULL && strcmp(before, key) >= 0) {
        return "the key is not above the one before";
    }
    return NULL;
}

static enum ew_status verify_modules(const struct ew_evidence *evidence, struct ew_error *error)
{
    const char *before = NULL;
    for (size_t i = 0; i < evidence->module_count; i++) {
        const struct ew_evidence_module *module = &evidence->modules[i];
        const char *fault = key_fault(module->key, before);
        fault = fault != NULL ? fault : module_fault(module);
        if (fault != NULL) {
            return refuse(error, "modules", i, fault);
        }
        before = module->key;
    }
    return EW_OK;
}

static const char *function_fault(const struct ew_evidence_function *function,
                                  size_t module_count)
{
    if (function->module >= module_count) {
        return "the module is not an index of modules";
    }
    if ((unsigned)function->resolution > EW_RESOLVED_SYMBOL) {
        return "the resolution is unknown";
    }
    if (function->token != 0 && function->token >> 24 != TOKEN_METHOD_DEF) {
        return "the token is not one of a method";
    }
    if (function->has_rva && function->rva > EW_JSON_INTEGER_MAX) {
        return "the RVA is above 2^53 - 1";
    }
    return NULL;
}

static enum ew_status verify_functions(const struct ew_evidence *evidence, struct ew_error *error)
{
    const char *before = NULL;
    for (size_t i = 0; i < evidence->function_count; i++) {
        const struct ew_evidence_function *function = &evidence->functions[i];
        const char *fault = key_fault(function->key, before);
        fault = fault != NULL ? fault : function_fault(function, evidence->module_count);
        if (fault != NULL) {
            return refuse(error, "functions", i, fault);
        }
        before = function->key;
    }
    return EW_OK;
}

/* What observations, edges and paths have in common. */
static const char *seen_fault(const struct ew_evidence *evidence, uint32_t source, uint64_t hits,
                              uint64_t first_100ns, uint64_t last_100ns)
{
    if (source >= evidence->source_count) {
        return "s is not an index of sources";
    }
    if (hits == 0 || hits > EW_JSON_INTEGER_MAX) {
        return "hits is not from 1 to 2^53 - 1";
    }
    if (first_100ns < evidence->start_100ns) {
        return "first is before the window";
    }
    if (last_100ns < first_100ns || last_100ns >= evidence->end_100ns) {
        return "last is before first, or after the window";
    }
    return NULL;
}

static enum ew_status verify_observations(const struct ew_evidence *evidence,
                                          struct ew_error *error)
{
    const struct ew_evidence_observation *before = NULL;
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *seen = &evidence->observations[i];
        const char *fault =
            seen_fault(evidence, seen->source, seen->hits, seen->first_100ns, seen->last_100ns);
        if (seen->function >= evidence->function_count) {
            fault = "f is not an index of functions";
        } else if (seen->leaf > seen->hits || seen->root > seen->hits) {
            fault = "leaf or root is above hits";
        } else if (before != NULL
                   && (before->function > seen->function
                       || (before->function == seen->function
                           && before->source >= seen->source))) {
            fault = "is not above the row before (by f, s)";
        }
        if (fault != NULL) {
            return refuse(error, "functionObs", i, fault);
        }
        before = seen;
    }
    return EW_OK;
}

static bool edges_ascend(const struct ew_evidence_edge *a, const struct ew_evidence_edge *b)
{
    if (a->from != b->from) {
        return a->from < b->from;
    }
    if (a->to != b->to) {
        return a->to < b->to;
    }
    return a->source != b->source ? a->source < b->source : a->adjacency < b->adjacency;
}

static enum ew_status verify_edges(const struct ew_evidence *evidence, struct ew_error *error)
{
    const struct ew_evidence_edge *before = NULL;
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        const char *fault =
            seen_fault(evidence, edge->source, edge->hits, edge->first_100ns, edge->last_100ns);
        if (edge->from >= evidence->function_count || edge->to >= evidence->function_count) {
            fault = "from or to is not an index of functions";
        } else if ((unsigned)edge->adjacency > EW_ADJACENT_JIT_TAIL_CALL) {
            fault = "adj is unknown";
        } else if (before != NULL && !edges_ascend(before, edge)) {
            fault = "is not above the row before (by from, to, s, adj)";
        }
        if (fault != NULL) {
            return refuse(error, "edges", i, fault);
        }
        before = edge;
    }
    return EW_OK;
}

int ew_evidence_compare_paths(const struct ew_evidence_path *a, const struct ew_evidence_path *b)
{
    uint32_t shared = a->frame_count < b->frame_count ? a->frame_count : b->frame_count;
    for (uint32_t i = 0; i < shared; i++) {
        if (a->frames[i] != b->frames[i]) {
            return a->frames[i] < b->frames[i] ? -1 : 1;
        }
    }
    if (a->frame_count != b->frame_count) {
        return a->frame_count < b->frame_count ? -1 : 1;
    }
    if (a->complete != b->complete) {
        return b->complete ? -1 : 1;
    }
    return a->source == b->source ? 0 : a->source < b->source ? -1 : 1;
}

static const char *frames_fault(const struct ew_evidence_path *path, size_t function_count)
{
    if (path->frame_count == 0) {
        return "has no frames";
    }
    for (uint32_t i = 0; i < path->frame_count; i++) {
        if (path->frames[i] >= function_count) {
            return "a frame is not an index of functions";
        }
    }
    return NULL;
}

static enum ew_status verify_paths(const struct ew_evidence *evidence, struct ew_error *error)
{
    const struct ew_evidence_path *before = NULL;
    for (size_t i = 0; i < evidence->path_count; i++) {
        const struct ew_evidence_path *path = &evidence->paths[i];
        const char *fault =
            seen_fault(evidence, path->source, path->hits, path->first_100ns, path->last_100ns);
        fault = fault != NULL ? fault : frames_fault(path, evidence->function_count);
        if (fault == NULL && before != NULL && ew_evidence_compare_paths(before, path) >= 0) {
            fault = "is not above the row before (by frames, complete, s)";
        }
        if (fault != NULL) {
            return refuse(error, "paths", i, fault);
        }
        before = path;
    }
    return EW_OK;
}

/* Details of rows: ascending, each of a row that is there. */
static enum ew_status verify_details(const struct ew_evidence *evidence, const char *table,
                                     const struct ew_evidence_detail *details, size_t count,
                                     size_t row_count, struct ew_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct ew_evidence_detail *detail = &details[i];
        if (detail->row >= row_count || (i > 0 && detail->row <= details[i - 1].row)) {
            return refuse(error, table, detail->row, "its details have no place");
        }
        for (uint32_t p = 0; p < detail->process_count; p++) {
            if (detail->processes[p] >= evidence->process_count) {
                return refuse(error, table, detail->row, "procs has no index of processes");
            }
        }
        for (uint32_t s = 0; s < detail->site_count; s++) {
            if (detail->sites[s] > EW_JSON_INTEGER_MAX) {
                return refuse(error, table, detail->row, "a site is above 2^53 - 1");
            }
        }
    }
    return EW_OK;
}

static enum ew_status verify_all_details(const struct ew_evidence *evidence,
                                         struct ew_error *error)
{
    enum ew_status status =
        verify_details(evidence, "functionObs", evidence->observation_details,
                       evidence->observation_detail_count, evidence->observation_count, error);
    if (status != EW_OK) {
        return status;
    }
    return verify_details(evidence, "edges", evidence->edge_details, evidence->edge_detail_count,
                          evidence->edge_count, error);
}

static enum ew_status verify_ambiguous(const struct ew_evidence *evidence, struct ew_error *error)
{
    for (size_t i = 0; i < evidence->ambiguous_count; i++) {
        const struct ew_evidence_ambiguous *row = &evidence->ambiguous[i];
        if (row->hits > EW_JSON_INTEGER_MAX || (unsigned)row->reason > EW_AMBIGUOUS_EXPORT_NEAR) {
            return refuse(error, "ambiguous", i, "hits or the reason is out of range");
        }
    }
    return EW_OK;
}

static enum ew_status verify_gaps(const struct ew_evidence *evidence, struct ew_error *error)
{
    for (size_t i = 0; i < evidence->gap_count; i++) {
        const struct ew_evidence_gap *gap = &evidence->gaps[i];
        if (gap->from_sequence == 0 || gap->from_sequence > gap->to_sequence
            || gap->to_sequence > evidence->sequence) {
            return refuse(error, "gaps", i, "is not of this document or one before it");
        }
        if (gap->start_100ns > gap->end_100ns || gap->end_100ns > EW_FILETIME_MAX) {
            return refuse(error, "gaps", i, "does not start before its end");
        }
        if ((unsigned)gap->reason > EW_GAP_THROTTLE) {
            return refuse(error, "gaps", i, "has an unknown reason");
        }
    }
    return EW_OK;
}

enum ew_status ew_evidence_verify(const struct ew_evidence *evidence, struct ew_error *error)
{
    static enum ew_status (*const steps[])(const struct ew_evidence *, struct ew_error *) = {
        verify_texts,   verify_stream,    verify_sources,      verify_processes,
        verify_modules, verify_functions, verify_observations, verify_edges,
        verify_paths,   verify_gaps,      verify_all_details,  verify_ambiguous,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum ew_status status = steps[i](evidence, error);
        if (status != EW_OK) {
            return status;
        }
    }
    return verify_quality(&evidence->quality, error);
}
