/* SPDX-License-Identifier: Apache-2.0 */
/* What a document says of itself: all members that are no tables. */
#include "evidence/read_parts.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct ew_evidence, member)
#define QUALITY(member) offsetof(struct ew_evidence_quality, member)

/* --- small values -------------------------------------------------------------------------- */

static bool read_schema(struct reader *reader, void *out)
{
    static const char *const names[] = {"runtime-evidence/1", NULL};
    unsigned position;
    (void)out;
    return ew_read_choice(reader, names, &position);
}

static bool read_schema_version(struct reader *reader, void *out)
{
    struct ew_evidence *evidence = out;
    const char *text = ew_read_text(reader, "^1\\.[0-9]+\\.[0-9]+$");
    if (text == NULL) {
        return false;
    }
    evidence->schema_version = strcmp(text, EW_EVIDENCE_SCHEMA_VERSION) != 0 ? text : NULL;
    return true;
}

static bool read_producer_name(struct reader *reader, void *out)
{
    struct ew_evidence *evidence = out;
    const char *text = ew_read_text(reader, NULL);
    if (text == NULL) {
        return false;
    }
    evidence->producer_name = strcmp(text, "etwitness") != 0 ? text : NULL;
    return true;
}

/* 16 lower-case hexadecimal digits. */
static bool parse_hex16(const char *text, uint64_t *value_out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;
    if (strlen(text) != 16) {
        return false;
    }
    for (; *text != '\0'; text++) {
        const char *digit = strchr(digits, *text);
        if (digit == NULL) {
            return false;
        }
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *value_out = value;
    return true;
}

/* Other systems tell a boot by another text. */
static bool read_boot_id(struct reader *reader, void *out)
{
    struct ew_evidence *evidence = out;
    const char *text = ew_read_text(reader, NULL);
    if (text == NULL) {
        return false;
    }
    evidence->boot_text = parse_hex16(text, &evidence->boot_id) ? NULL : text;
    return true;
}

static bool read_start_key(struct reader *reader, void *out)
{
    struct ew_evidence_process *process = out;
    const char *text = ew_read_text(reader, "^[0-9a-f]{16}$");
    return text != NULL && parse_hex16(text, &process->start_key);
}

static bool read_end(struct reader *reader, void *out)
{
    struct ew_evidence_process *process = out;
    enum ew_json_token token = ew_json_scan_next(&reader->scan);
    if (token == EW_JSON_STRING) {
        return ew_read_time_token(reader, &process->end_100ns);
    }
    if (token != EW_JSON_NULL) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "is neither null nor a time");
    }
    return token == EW_JSON_NULL;
}

bool ew_read_processes(struct reader *reader, void *out)
{
    static const struct ew_evidence_process blank = {.image = EW_INDEX_NONE};
    static const struct field fields[] = {
        {"attachedAtStart", FIELD_BOOL, false,
         offsetof(struct ew_evidence_process, attached_at_start), NULL, NULL, NULL},
        {"end", FIELD_CUSTOM, false, 0, NULL, NULL, read_end},
        {"image", FIELD_INDEX, false, offsetof(struct ew_evidence_process, image), NULL, NULL,
         NULL},
        {"pid", FIELD_U32, true, offsetof(struct ew_evidence_process, process_id), NULL, NULL,
         NULL},
        {"start", FIELD_TIME, true, offsetof(struct ew_evidence_process, start_100ns), NULL, NULL,
         NULL},
        {"startKey", FIELD_CUSTOM, true, 0, NULL, NULL, read_start_key},
    };
    static const struct table_shape shape = {SHAPE(fields), sizeof blank, &blank, NULL};
    struct ew_evidence *evidence = out;
    const void *rows = NULL;
    bool done = ew_read_table(reader, &shape, &rows, &evidence->process_count);
    evidence->processes = rows;
    return done;
}

/* --- stream -------------------------------------------------------------------------------- */

static bool read_stream_id(struct reader *reader, void *out)
{
    struct ew_evidence *evidence = out;
    const char *text = ew_read_text(reader, "^[0-9a-f]{32}$");
    if (text != NULL) {
        memcpy(evidence->stream_id, text, sizeof evidence->stream_id);
    }
    return text != NULL;
}

static bool fail_neither(struct reader *reader, const char *what)
{
    (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "is neither null nor %s", what);
    return false;
}

static bool read_previous(struct reader *reader, void *out)
{
    static const char prefix[] = "sha256:";
    static const char digits[] = "0123456789abcdef";
    struct ew_evidence *evidence = out;
    struct ew_json_scan *scan = &reader->scan;
    enum ew_json_token token = ew_json_scan_next(scan);
    if (token == EW_JSON_NULL) {
        return true;
    }
    if (token != EW_JSON_STRING
        || scan->text_bytes != sizeof prefix - 1 + sizeof evidence->previous - 1
        || memcmp(scan->text, prefix, sizeof prefix - 1) != 0) {
        return fail_neither(reader, "a sha256 digest");
    }
    memcpy(evidence->previous, scan->text + sizeof prefix - 1, sizeof evidence->previous - 1);
    return strspn(evidence->previous, digits) == sizeof evidence->previous - 1
           || fail_neither(reader, "a sha256 digest");
}

static bool read_covers(struct reader *reader, void *out)
{
    static const struct field fields[] = {
        {"from", FIELD_U64, true, AT(covers_from), NULL, NULL, NULL},
        {"to", FIELD_U64, true, AT(covers_to), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    struct ew_evidence *evidence = out;
    enum ew_json_token token = ew_json_scan_next(&reader->scan);
    if (token == EW_JSON_NULL) {
        return true;
    }
    if (token != EW_JSON_OBJECT) {
        return fail_neither(reader, "an object");
    }
    if (!ew_read_members(reader, &shape, evidence)) {
        return false;
    }
    if (evidence->covers_to == 0) {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "covers nothing");
    }
    return evidence->covers_to != 0;
}

static bool read_stream(struct reader *reader, void *out)
{
    static const struct field fields[] = {
        {"covers", FIELD_CUSTOM, false, 0, NULL, NULL, read_covers},
        {"id", FIELD_CUSTOM, true, 0, NULL, NULL, read_stream_id},
        {"prev", FIELD_CUSTOM, false, 0, NULL, NULL, read_previous},
        {"rev", FIELD_U32, true, AT(revision), NULL, NULL, NULL},
        {"sealed", FIELD_BOOL, true, AT(sealed), NULL, NULL, NULL},
        {"seq", FIELD_U64, true, AT(sequence), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    return ew_read_object(reader, &shape, out);
}

/* --- whom and when ------------------------------------------------------------------------- */

static bool read_image(struct reader *reader, void *out)
{
    static const struct field fields[] = {
        {"digest", FIELD_TEXT, false, AT(image_digest), PATTERN_SHA256, NULL, NULL},
        {"ref", FIELD_TEXT, false, AT(image_reference), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    return ew_read_object(reader, &shape, out);
}

static bool read_container(struct reader *reader, void *out)
{
    static const char *const id_sources[] = {"etw-ext", "job", "hcs", "operator", NULL};
    static const char *const isolations[] = {"process", "hyperv", "unknown", NULL};
    static const struct field fields[] = {
        {"id", FIELD_TEXT, true, AT(container), NULL, NULL, NULL},
        {"idSource", FIELD_CHOICE, true, AT(container_id_source), NULL, id_sources, NULL},
        {"image", FIELD_CUSTOM, false, 0, NULL, NULL, read_image},
        {"isolation", FIELD_CHOICE, true, AT(isolation), NULL, isolations, NULL},
        {"runtime", FIELD_TEXT, false, AT(container_runtime), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    struct ew_evidence *evidence = out;
    enum ew_json_token token = ew_json_scan_next(&reader->scan);
    if (token == EW_JSON_NULL) {
        return true;
    }
    if (token != EW_JSON_OBJECT) {
        return fail_neither(reader, "an object");
    }
    if (!ew_read_members(reader, &shape, evidence)) {
        return false;
    }
    if (evidence->container[0] == '\0') {
        (void)ew_json_scan_fail(&reader->scan, EW_FORMAT, "id is empty");
    }
    return evidence->container[0] != '\0';
}

static bool read_host(struct reader *reader, void *out)
{
    static const char *const arches[] = {"x86", "amd64", "arm64", NULL};
    static const char *const systems[] = {"windows", "linux", NULL};
    static const struct field fields[] = {
        {"arch", FIELD_WORD, true, AT(arch), NULL, arches, NULL},
        {"id", FIELD_TEXT, true, AT(host_id), NULL, NULL, NULL},
        {"os", FIELD_CHOICE, true, AT(os), NULL, systems, NULL},
        {"osBuild", FIELD_TEXT, false, AT(os_build), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    return ew_read_object(reader, &shape, out);
}

static bool read_producer(struct reader *reader, void *out)
{
    static const struct field fields[] = {
        {"configDigest", FIELD_TEXT, false, AT(config_digest), PATTERN_SHA256, NULL, NULL},
        {"name", FIELD_CUSTOM, true, 0, NULL, NULL, read_producer_name},
        {"version", FIELD_TEXT, true, AT(producer_version), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    return ew_read_object(reader, &shape, out);
}

static bool read_callgraph_ids(struct reader *reader, void *out)
{
    struct ew_evidence *evidence = out;
    return ew_read_texts(reader, &evidence->callgraph_ids, &evidence->callgraph_id_count);
}

static bool read_subject(struct reader *reader, void *out)
{
    static const char *const kinds[] = {"oci-image", "application", "host", NULL};
    static const struct field fields[] = {
        {"callgraphIds", FIELD_CUSTOM, false, 0, NULL, NULL, read_callgraph_ids},
        {"digest", FIELD_TEXT, false, AT(subject_digest), PATTERN_SHA256, NULL, NULL},
        {"kind", FIELD_WORD, true, AT(subject_kind), NULL, kinds, NULL},
        {"name", FIELD_TEXT, true, AT(subject_name), NULL, NULL, NULL},
        {"purl", FIELD_TEXT, false, AT(subject_purl), "^pkg:", NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    return ew_read_object(reader, &shape, out);
}

static bool read_window(struct reader *reader, void *out)
{
    static const char *const reasons[] = {
        "interval", "size", "process-exit", "shutdown", "rollup", "recovered", NULL};
    static const struct field fields[] = {
        {"bootId", FIELD_CUSTOM, true, 0, NULL, NULL, read_boot_id},
        {"end", FIELD_TIME, true, AT(end_100ns), NULL, NULL, NULL},
        {"reason", FIELD_CHOICE, true, AT(reason), NULL, reasons, NULL},
        {"start", FIELD_TIME, true, AT(start_100ns), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    return ew_read_object(reader, &shape, out);
}

/* --- quality ------------------------------------------------------------------------------- */

static bool read_frames_quality(struct reader *reader, void *out)
{
    static const struct field fields[] = {
        {"afterUnload", FIELD_U64, false, QUALITY(frames_after_unload), NULL, NULL, NULL},
        {"exact", FIELD_U64, true, QUALITY(frames_exact), NULL, NULL, NULL},
        {"named", FIELD_U64, true, QUALITY(frames_named), NULL, NULL, NULL},
        {"noModule", FIELD_U64, false, QUALITY(frames_no_module), NULL, NULL, NULL},
        {"total", FIELD_U64, true, QUALITY(frames_total), NULL, NULL, NULL},
        {"unresolved", FIELD_U64, true, QUALITY(frames_unresolved), NULL, NULL, NULL},
    };
    static const struct shape shape = {fields, sizeof fields / sizeof fields[0], true};
    return ew_read_object(reader, &shape, out);
}

static bool read_stacks_quality(struct reader *reader, void *out)
{
    static const struct field fields[] = {
        {"gapped", FIELD_U64, true, QUALITY(stacks_gapped), NULL, NULL, NULL},
        {"kernelOnly", FIELD_U64, true, QUALITY(stacks_kernel_only), NULL, NULL, NULL},
        {"keyUndefined", FIELD_U64, false, QUALITY(stacks_key_undefined), NULL, NULL, NULL},
        {"late", FIELD_U64, false, QUALITY(stacks_late), NULL, NULL, NULL},
        {"missing", FIELD_U64, false, QUALITY(stacks_missing), NULL, NULL, NULL},
        {"noProcess", FIELD_U64, false, QUALITY(stacks_no_process), NULL, NULL, NULL},
        {"orphan", FIELD_U64, false, QUALITY(stacks_orphan), NULL, NULL, NULL},
        {"total", FIELD_U64, true, QUALITY(stacks_total), NULL, NULL, NULL},
        {"truncated", FIELD_U64, true, QUALITY(stacks_truncated), NULL, NULL, NULL},
    };
    static const struct shape shape = {fields, sizeof fields / sizeof fields[0], true};
    return ew_read_object(reader, &shape, out);
}

static bool read_quality(struct reader *reader, void *out)
{
    static const char *const rundowns[] = {"complete", "partial", "none", NULL};
    static const struct field fields[] = {
        {"buffersLost", FIELD_U64, true, QUALITY(buffers_lost), NULL, NULL, NULL},
        {"damagedBuffers", FIELD_U64, false, QUALITY(damaged_buffers), NULL, NULL, NULL},
        {"decodeRefused", FIELD_U64, false, QUALITY(decode_refused), NULL, NULL, NULL},
        {"dropped", FIELD_U64, false, QUALITY(dropped), NULL, NULL, NULL},
        {"eventsLost", FIELD_U64, true, QUALITY(events_lost), NULL, NULL, NULL},
        {"frames", FIELD_CUSTOM, true, 0, NULL, NULL, read_frames_quality},
        {"lostEventRecords", FIELD_U64, false, QUALITY(lost_event_records), NULL, NULL, NULL},
        {"rundown", FIELD_CHOICE, true, QUALITY(rundown), NULL, rundowns, NULL},
        {"stacks", FIELD_CUSTOM, true, 0, NULL, NULL, read_stacks_quality},
        {"throttled", FIELD_BOOL, false, QUALITY(throttled), NULL, NULL, NULL},
    };
    static const struct shape shape = SHAPE(fields);
    struct ew_evidence *evidence = out;
    return ew_read_object(reader, &shape, &evidence->quality);
}

/* --- the document -------------------------------------------------------------------------- */

static const struct field document_fields[] = {
    {"ambiguous", FIELD_CUSTOM, false, 0, NULL, NULL, ew_read_ambiguous},
    {"container", FIELD_CUSTOM, true, 0, NULL, NULL, read_container},
    {"edges", FIELD_CUSTOM, true, 0, NULL, NULL, ew_read_edges},
    {"functionObs", FIELD_CUSTOM, true, 0, NULL, NULL, ew_read_observations},
    {"functions", FIELD_CUSTOM, true, 0, NULL, NULL, ew_read_functions},
    {"gaps", FIELD_CUSTOM, false, 0, NULL, NULL, ew_read_gaps},
    {"host", FIELD_CUSTOM, true, 0, NULL, NULL, read_host},
    {"modules", FIELD_CUSTOM, true, 0, NULL, NULL, ew_read_modules},
    {"paths", FIELD_CUSTOM, false, 0, NULL, NULL, ew_read_paths},
    {"processes", FIELD_CUSTOM, false, 0, NULL, NULL, ew_read_processes},
    {"producer", FIELD_CUSTOM, true, 0, NULL, NULL, read_producer},
    {"quality", FIELD_CUSTOM, true, 0, NULL, NULL, read_quality},
    {"schema", FIELD_CUSTOM, true, 0, NULL, NULL, read_schema},
    {"schemaVersion", FIELD_CUSTOM, true, 0, NULL, NULL, read_schema_version},
    {"sources", FIELD_CUSTOM, true, 0, NULL, NULL, ew_read_sources},
    {"stream", FIELD_CUSTOM, true, 0, NULL, NULL, read_stream},
    {"subject", FIELD_CUSTOM, true, 0, NULL, NULL, read_subject},
    {"window", FIELD_CUSTOM, true, 0, NULL, NULL, read_window},
};

const struct shape ew_read_document_shape = SHAPE(document_fields);
