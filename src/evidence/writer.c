/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical bytes of a window document. Members are written in ascending byte order,
 * so the order of the calls below is the format: a new member goes to its place in the
 * alphabet. Members without a value are left out.
 */
#include "base/filetime.h"
#include "base/json_writer.h"
#include "evidence/rows.h"
#include "evidence/verify.h"

#include <stdio.h>

static void put_optional(struct ew_json_writer *writer, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        ew_json_member_text(writer, key, text);
    }
}

static void put_bool(struct ew_json_writer *writer, const char *key, bool value)
{
    ew_json_key(writer, key);
    ew_json_bool(writer, value);
}

static void put_null(struct ew_json_writer *writer, const char *key)
{
    ew_json_key(writer, key);
    ew_json_null(writer);
}

static void put_time(struct ew_json_writer *writer, const char *key, uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(filetime, text);
    ew_json_member_text(writer, key, text);
}

static void put_hex16(struct ew_json_writer *writer, const char *key, uint64_t value)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    ew_json_member_text(writer, key, text);
}

static void put_image(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "image");
    ew_json_object(writer);
    put_optional(writer, "digest", evidence->image_digest);
    put_optional(writer, "ref", evidence->image_reference);
    ew_json_object_end(writer);
}

static void put_container(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    static const char *const id_sources[] = {"etw-ext", "job", "hcs", "operator"};
    static const char *const isolations[] = {"process", "hyperv", "unknown"};
    if (evidence->container == NULL || evidence->container[0] == '\0') {
        put_null(writer, "container");
        return;
    }
    ew_json_key(writer, "container");
    ew_json_object(writer);
    ew_json_member_text(writer, "id", evidence->container);
    ew_json_member_text(writer, "idSource", id_sources[evidence->container_id_source]);
    if (evidence->image_reference != NULL || evidence->image_digest != NULL) {
        put_image(writer, evidence);
    }
    ew_json_member_text(writer, "isolation", isolations[evidence->isolation]);
    put_optional(writer, "runtime", evidence->container_runtime);
    ew_json_object_end(writer);
}

static void put_texts(struct ew_json_writer *writer, const char *key, const char *const *texts,
                      size_t count)
{
    ew_json_key(writer, key);
    ew_json_array(writer);
    for (size_t i = 0; i < count; i++) {
        ew_json_text(writer, texts[i]);
    }
    ew_json_array_end(writer);
}

static void put_ambiguous(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    static const char *const reasons[] = {"folded", "name-only", "address-reuse", "export-near"};
    if (evidence->ambiguous_count == 0) {
        return;
    }
    ew_json_key(writer, "ambiguous");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->ambiguous_count; i++) {
        const struct ew_evidence_ambiguous *row = &evidence->ambiguous[i];
        ew_json_object(writer);
        put_texts(writer, "candidates", row->candidates, row->candidate_count);
        ew_json_member_u64(writer, "hits", row->hits);
        ew_json_member_text(writer, "why", reasons[row->reason]);
        ew_json_object_end(writer);
    }
    ew_json_array_end(writer);
}

static void put_function_flags(struct ew_json_writer *writer, uint32_t flags)
{
    static const char *const names[] = {"async",       "dynamic", "folded", "generic",
                                        "inline-site", "lambda",  "stub",   "thunk"};
    ew_json_key(writer, "flags");
    ew_json_array(writer);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((flags >> i & 1) != 0) {
            ew_json_text(writer, names[i]);
        }
    }
    ew_json_array_end(writer);
}

static void put_function(struct ew_json_writer *writer,
                         const struct ew_evidence_function *function)
{
    static const char *const resolutions[] = {"token",       "pdb",        "export",
                                              "export-near", "r2r-map",    "jit",
                                              "dynamic",     "unresolved", "symbol"};
    ew_json_object(writer);
    if (function->alias_count > 0) {
        put_texts(writer, "aliases", function->aliases, function->alias_count);
    }
    put_optional(writer, "decorated", function->decorated);
    put_optional(writer, "docId", function->doc_id);
    if ((function->flags & 0xff) != 0) {
        put_function_flags(writer, function->flags);
    }
    ew_json_member_text(writer, "key", function->key);
    ew_json_member_u64(writer, "module", function->module);
    put_optional(writer, "name", function->name);
    ew_json_member_text(writer, "res", resolutions[function->resolution]);
    if (function->has_rva) {
        ew_json_member_u64(writer, "rva", function->rva);
    }
    put_optional(writer, "sig", function->signature);
    if (function->size_bytes != 0) {
        ew_json_member_u64(writer, "size", function->size_bytes);
    }
    if (function->token != 0) {
        char token[9];
        (void)snprintf(token, sizeof token, "%08lx", (unsigned long)function->token);
        ew_json_member_text(writer, "token", token);
    }
    ew_json_object_end(writer);
}

static void put_functions(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "functions");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->function_count; i++) {
        put_function(writer, &evidence->functions[i]);
    }
    ew_json_array_end(writer);
}

static void put_gap(struct ew_json_writer *writer, const struct ew_evidence_gap *gap)
{
    static const char *const reasons[] = {"crash", "disk-full", "retention", "session-lost",
                                          "throttle"};
    ew_json_object(writer);
    if (gap->end_100ns != 0) {
        put_time(writer, "end", gap->end_100ns);
    }
    ew_json_member_u64(writer, "from", gap->from_sequence);
    if (gap->end_100ns != 0) {
        put_time(writer, "start", gap->start_100ns);
    }
    ew_json_member_u64(writer, "to", gap->to_sequence);
    ew_json_member_text(writer, "why", reasons[gap->reason]);
    ew_json_object_end(writer);
}

static void put_gaps(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    if (evidence->gap_count == 0) {
        return;
    }
    ew_json_key(writer, "gaps");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->gap_count; i++) {
        put_gap(writer, &evidence->gaps[i]);
    }
    ew_json_array_end(writer);
}

static void put_host(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "host");
    ew_json_object(writer);
    ew_json_member_text(writer, "arch", evidence->arch);
    ew_json_member_text(writer, "id", evidence->host_id);
    ew_json_member_text(writer, "os", evidence->os == EW_HOST_LINUX ? "linux" : "windows");
    put_optional(writer, "osBuild", evidence->os_build);
    ew_json_object_end(writer);
}

static void put_module(struct ew_json_writer *writer, const struct ew_evidence_module *module)
{
    static const char *const kinds[] = {"native", "managed", "nativeaot", "kernel", "dynamic"};
    ew_json_object(writer);
    put_optional(writer, "buildId", module->build_id);
    put_optional(writer, "codeId", module->code_id);
    put_optional(writer, "debugId", module->debug_id);
    put_optional(writer, "fileVersion", module->file_version);
    put_optional(writer, "htlhash", module->htlhash);
    ew_json_member_text(writer, "key", module->key);
    ew_json_member_text(writer, "kind", kinds[module->kind]);
    ew_json_member_u64(writer, "loads", module->loads);
    put_optional(writer, "mvid", module->mvid);
    ew_json_member_text(writer, "name", module->name);
    put_optional(writer, "path", module->path);
    put_optional(writer, "purl", module->purl);
    ew_json_member_u64(writer, "samples", module->samples);
    put_optional(writer, "sha256", module->sha256);
    ew_json_object_end(writer);
}

static void put_modules(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "modules");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->module_count; i++) {
        put_module(writer, &evidence->modules[i]);
    }
    ew_json_array_end(writer);
}

static void put_path(struct ew_json_writer *writer, const struct ew_evidence_path *path)
{
    ew_json_object(writer);
    put_bool(writer, "complete", path->complete);
    put_time(writer, "first", path->first_100ns);
    ew_json_key(writer, "frames");
    ew_json_array(writer);
    for (uint32_t i = 0; i < path->frame_count; i++) {
        ew_json_u64(writer, path->frames[i]);
    }
    ew_json_array_end(writer);
    ew_json_member_u64(writer, "hits", path->hits);
    put_time(writer, "last", path->last_100ns);
    ew_json_member_u64(writer, "s", path->source);
    ew_json_object_end(writer);
}

static void put_paths(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "paths");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->path_count; i++) {
        put_path(writer, &evidence->paths[i]);
    }
    ew_json_array_end(writer);
}

static void put_process(struct ew_json_writer *writer, const struct ew_evidence_process *process)
{
    ew_json_object(writer);
    put_bool(writer, "attachedAtStart", process->attached_at_start);
    if (process->end_100ns == 0) {
        put_null(writer, "end");
    } else {
        put_time(writer, "end", process->end_100ns);
    }
    if (process->image != EW_INDEX_NONE) {
        ew_json_member_u64(writer, "image", process->image);
    }
    ew_json_member_u64(writer, "pid", process->process_id);
    put_time(writer, "start", process->start_100ns);
    put_hex16(writer, "startKey", process->start_key);
    ew_json_object_end(writer);
}

static void put_processes(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "processes");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->process_count; i++) {
        put_process(writer, &evidence->processes[i]);
    }
    ew_json_array_end(writer);
}

static void put_producer(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "producer");
    ew_json_object(writer);
    put_optional(writer, "configDigest", evidence->config_digest);
    ew_json_member_text(writer, "name",
                        evidence->producer_name != NULL ? evidence->producer_name : "etwitness");
    ew_json_member_text(writer, "version", evidence->producer_version);
    ew_json_object_end(writer);
}

static void put_frames_quality(struct ew_json_writer *writer,
                               const struct ew_evidence_quality *quality)
{
    ew_json_key(writer, "frames");
    ew_json_object(writer);
    ew_json_member_u64(writer, "afterUnload", quality->frames_after_unload);
    ew_json_member_u64(writer, "exact", quality->frames_exact);
    ew_json_member_u64(writer, "named", quality->frames_named);
    ew_json_member_u64(writer, "noModule", quality->frames_no_module);
    ew_json_member_u64(writer, "total", quality->frames_total);
    ew_json_member_u64(writer, "unresolved", quality->frames_unresolved);
    ew_json_object_end(writer);
}

static void put_stacks_quality(struct ew_json_writer *writer,
                               const struct ew_evidence_quality *quality)
{
    ew_json_key(writer, "stacks");
    ew_json_object(writer);
    ew_json_member_u64(writer, "gapped", quality->stacks_gapped);
    ew_json_member_u64(writer, "kernelOnly", quality->stacks_kernel_only);
    ew_json_member_u64(writer, "keyUndefined", quality->stacks_key_undefined);
    ew_json_member_u64(writer, "late", quality->stacks_late);
    ew_json_member_u64(writer, "missing", quality->stacks_missing);
    ew_json_member_u64(writer, "noProcess", quality->stacks_no_process);
    ew_json_member_u64(writer, "orphan", quality->stacks_orphan);
    ew_json_member_u64(writer, "total", quality->stacks_total);
    ew_json_member_u64(writer, "truncated", quality->stacks_truncated);
    ew_json_object_end(writer);
}

static void put_quality(struct ew_json_writer *writer, const struct ew_evidence_quality *quality)
{
    static const char *const rundowns[] = {"complete", "partial", "none"};
    ew_json_key(writer, "quality");
    ew_json_object(writer);
    ew_json_member_u64(writer, "buffersLost", quality->buffers_lost);
    ew_json_member_u64(writer, "damagedBuffers", quality->damaged_buffers);
    ew_json_member_u64(writer, "decodeRefused", quality->decode_refused);
    ew_json_member_u64(writer, "dropped", quality->dropped);
    ew_json_member_u64(writer, "eventsLost", quality->events_lost);
    put_frames_quality(writer, quality);
    ew_json_member_u64(writer, "lostEventRecords", quality->lost_event_records);
    ew_json_member_text(writer, "rundown", rundowns[quality->rundown]);
    put_stacks_quality(writer, quality);
    put_bool(writer, "throttled", quality->throttled);
    ew_json_object_end(writer);
}

/* What a source of the kind has when we observed it, and what another producer's has. */
static struct ew_evidence_source source_parts(const struct ew_evidence_source *source,
                                              char guid_text[EW_GUID_TEXT_BYTES])
{
    struct ew_evidence_source parts = *source;
    if (!source->is_foreign) {
        ew_guid_format(&source->provider, guid_text);
        parts.has_event_id = source->kind != EW_SOURCE_MODULE_LOAD;
        parts.provider_name = parts.has_event_id ? guid_text : NULL;
        parts.samples = source->kind == EW_SOURCE_STACK_SAMPLE;
    }
    return parts;
}

static void put_source(struct ew_json_writer *writer, const struct ew_evidence_source *source)
{
    static const char *const kinds[] = {"stack-sample", "stack-event", "module-load",
                                        "method-prepare"};
    char guid_text[EW_GUID_TEXT_BYTES];
    struct ew_evidence_source parts = source_parts(source, guid_text);
    ew_json_object(writer);
    if (parts.has_event_id) {
        ew_json_member_u64(writer, "eventId", parts.event_id);
    }
    ew_json_member_text(writer, "kind", kinds[parts.kind]);
    if (parts.period_ns != 0) {
        ew_json_member_u64(writer, "periodNs", parts.period_ns);
    } else if (parts.samples) {
        put_null(writer, "periodNs");
    }
    if (parts.provider_name != NULL) {
        ew_json_member_text(writer, "provider", parts.provider_name);
    }
    ew_json_member_text(writer, "unit", parts.samples ? "samples" : "events");
    ew_json_object_end(writer);
}

static void put_sources(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "sources");
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->source_count; i++) {
        put_source(writer, &evidence->sources[i]);
    }
    ew_json_array_end(writer);
}

static void put_stream(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "stream");
    ew_json_object(writer);
    if (evidence->covers_to != 0) {
        ew_json_key(writer, "covers");
        ew_json_object(writer);
        ew_json_member_u64(writer, "from", evidence->covers_from);
        ew_json_member_u64(writer, "to", evidence->covers_to);
        ew_json_object_end(writer);
    }
    ew_json_member_text(writer, "id", evidence->stream_id);
    if (evidence->previous[0] == '\0') {
        put_null(writer, "prev");
    } else {
        char previous[sizeof "sha256:" + EW_SHA256_HEX_BYTES];
        (void)snprintf(previous, sizeof previous, "sha256:%s", evidence->previous);
        ew_json_member_text(writer, "prev", previous);
    }
    ew_json_member_u64(writer, "rev", evidence->revision);
    put_bool(writer, "sealed", evidence->sealed);
    ew_json_member_u64(writer, "seq", evidence->sequence);
    ew_json_object_end(writer);
}

static void put_subject(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_key(writer, "subject");
    ew_json_object(writer);
    if (evidence->callgraph_id_count > 0) {
        put_texts(writer, "callgraphIds", evidence->callgraph_ids, evidence->callgraph_id_count);
    }
    put_optional(writer, "digest", evidence->subject_digest);
    ew_json_member_text(writer, "kind", evidence->subject_kind);
    ew_json_member_text(writer, "name", evidence->subject_name);
    put_optional(writer, "purl", evidence->subject_purl);
    ew_json_object_end(writer);
}

static void put_window(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    static const char *const reasons[] = {"interval", "size",   "process-exit",
                                          "shutdown", "rollup", "recovered"};
    ew_json_key(writer, "window");
    ew_json_object(writer);
    if (evidence->boot_text != NULL) {
        ew_json_member_text(writer, "bootId", evidence->boot_text);
    } else {
        put_hex16(writer, "bootId", evidence->boot_id);
    }
    put_time(writer, "end", evidence->end_100ns);
    ew_json_member_text(writer, "reason", reasons[evidence->reason]);
    put_time(writer, "start", evidence->start_100ns);
    ew_json_object_end(writer);
}

static void put_document(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    ew_json_object(writer);
    put_ambiguous(writer, evidence);
    put_container(writer, evidence);
    ew_json_key(writer, "edges");
    ew_rows_edges(writer, evidence);
    ew_json_key(writer, "functionObs");
    ew_rows_observations(writer, evidence);
    put_functions(writer, evidence);
    put_gaps(writer, evidence);
    put_host(writer, evidence);
    put_modules(writer, evidence);
    put_paths(writer, evidence);
    put_processes(writer, evidence);
    put_producer(writer, evidence);
    put_quality(writer, &evidence->quality);
    ew_json_member_text(writer, "schema", "runtime-evidence/1");
    ew_json_member_text(writer, "schemaVersion",
                        evidence->schema_version != NULL ? evidence->schema_version
                                                         : EW_EVIDENCE_SCHEMA_VERSION);
    put_sources(writer, evidence);
    put_stream(writer, evidence);
    put_subject(writer, evidence);
    put_window(writer, evidence);
    ew_json_object_end(writer);
}

enum ew_status ew_evidence_write(const struct ew_evidence *evidence, ew_evidence_sink_fn sink,
                                 void *context, struct ew_error *error)
{
    enum ew_status status = ew_evidence_verify(evidence, error);
    if (status != EW_OK) {
        return status;
    }
    struct ew_json_writer writer;
    ew_json_init(&writer, sink, context);
    put_document(&writer, evidence);
    if (!ew_json_finish(&writer)) {
        return ew_fail(error, EW_IO, "the document could not be written to its end");
    }
    return EW_OK;
}
