/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CycloneDX 1.6 and 1.7: a component for each package (or module of no known package) in which
 * something was observed. Functions are its occurrences, the stack that witnesses best is its
 * callstack, and the window documents are told as reports. Nothing in it is a judgement on a
 * vulnerability.
 */
#include "export/cyclonedx.h"

#include "base/filetime.h"
#include "base/text.h"
#include "export/purl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIAL_BYTES = sizeof "urn:uuid:" + 36 };

const char *ew_cyclonedx_reference(const struct ew_tables *tables, uint32_t component)
{
    const struct ew_table_module *module = &tables->modules[component];
    return module->purl != NULL ? module->purl : module->module->key;
}

static bool is_observed(const struct ew_table_function *function)
{
    return function->last_100ns != 0;
}

/* --- occurrences -------------------------------------------------------------- */

static void put_context(struct ew_json_writer *writer, const struct ew_table_function *function)
{
    char last[EW_FILETIME_TEXT_BYTES];
    char text[160];
    ew_filetime_format(function->last_100ns, last);
    (void)snprintf(text, sizeof text,
                   "windows=%" PRIu64 " samples=%" PRIu64 " events=%" PRIu64 " prepared=%" PRIu64
                   " last=%s",
                   function->windows, function->hits[EW_UNIT_SAMPLES],
                   function->hits[EW_UNIT_EVENTS], function->hits[EW_UNIT_PREPARED], last);
    ew_json_member_text(writer, "additionalContext", text);
}

static void put_occurrence(struct ew_json_writer *writer, const struct ew_tables *tables,
                           const struct ew_table_function *function)
{
    const struct ew_evidence_module *module = tables->modules[function->module].module;
    bool has_path = module->path != NULL && module->path[0] != '\0';
    ew_json_object(writer);
    put_context(writer, function);
    ew_json_member_text(writer, "location",
                        has_path ? module->path : ew_table_module_name(tables, function->module));
    if (function->function->has_rva) {
        ew_json_member_u64(writer, "offset", function->function->rva);
    }
    ew_json_member_text(writer, "symbol", ew_table_function_name(function));
    ew_json_object_end(writer);
}

/* Answers how many were left out. */
static uint64_t put_occurrences(struct ew_json_writer *writer, const struct ew_tables *tables,
                                const struct ew_table_module *component)
{
    uint64_t count = 0;
    ew_json_key(writer, "occurrences");
    ew_json_array(writer);
    for (uint32_t i = component->first_function; i != EW_TABLE_NONE;
         i = tables->functions[i].next) {
        if (is_observed(&tables->functions[i]) && ++count <= EW_EXPORT_OCCURRENCES_MAX) {
            put_occurrence(writer, tables, &tables->functions[i]);
        }
    }
    ew_json_array_end(writer);
    return count > EW_EXPORT_OCCURRENCES_MAX ? count - EW_EXPORT_OCCURRENCES_MAX : 0;
}

/* --- callstack ---------------------------------------------------------------- */

static void put_frame(struct ew_json_writer *writer, const struct ew_tables *tables, uint32_t at)
{
    const struct ew_table_function *function = &tables->functions[at];
    const struct ew_table_module *module = &tables->modules[function->module];
    ew_json_object(writer);
    ew_json_member_text(writer, "function", ew_table_function_name(function));
    ew_json_member_text(writer, "module", ew_table_module_name(tables, function->module));
    if (module->purl != NULL) {
        ew_json_member_text(writer, "package", module->purl);
    }
    ew_json_object_end(writer);
}

static void put_callstack(struct ew_json_writer *writer, const struct ew_tables *tables,
                          const struct ew_table_module *component)
{
    if (component->witness == EW_TABLE_NONE) {
        return;
    }
    const struct ew_table_stack *stack = &tables->stacks[component->witness];
    ew_json_key(writer, "callstack");
    ew_json_object(writer);
    ew_json_key(writer, "frames");
    ew_json_array(writer);
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        put_frame(writer, tables, stack->frames[i]);
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
}

/* --- identity ----------------------------------------------------------------- */

static void put_identity(struct ew_json_writer *writer, const struct ew_table_module *component)
{
    bool package = component->purl != NULL;
    unsigned confidence = package ? component->confidence_permille : 1000;
    ew_json_key(writer, "identity");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_key(writer, "confidence");
    ew_json_permille(writer, confidence);
    ew_json_member_text(writer, "field", package ? "purl" : "name");
    ew_json_key(writer, "methods");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_key(writer, "confidence");
    ew_json_permille(writer, confidence);
    ew_json_member_text(writer, "technique", "dynamic-analysis");
    ew_json_member_text(writer, "value", component->module->key);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
}

/* --- components --------------------------------------------------------------- */

static void put_properties(struct ew_json_writer *writer, const struct ew_tables *tables,
                           const struct ew_table_module *component, uint64_t cut)
{
    char text[21];
    ew_json_key(writer, "properties");
    ew_json_array(writer);
    if (component->witness != EW_TABLE_NONE) {
        bool complete = tables->stacks[component->witness].complete;
        ew_export_property(writer, "etwitness:callstackComplete", complete ? "true" : "false");
        ew_export_property(writer, "etwitness:callstackOrder", "root-to-leaf");
    }
    ew_export_property(writer, "etwitness:moduleKey", component->module->key);
    if (cut > 0) {
        (void)snprintf(text, sizeof text, "%" PRIu64, cut);
        ew_export_property(writer, "etwitness:occurrencesOmitted", text);
    }
    ew_json_array_end(writer);
}

static void put_names(struct ew_json_writer *writer, const struct ew_tables *tables,
                      const struct ew_table_module *component)
{
    struct ew_purl purl;
    if (component->purl != NULL && ew_purl_parse(component->purl, &purl)) {
        ew_json_member_text(writer, "name", purl.name);
    } else {
        uint32_t at = (uint32_t)(component - tables->modules);
        ew_json_member_text(writer, "name", ew_table_module_name(tables, at));
    }
}

static void put_version(struct ew_json_writer *writer, const struct ew_table_module *component)
{
    struct ew_purl purl;
    if (component->purl != NULL && ew_purl_parse(component->purl, &purl)
        && purl.version[0] != '\0') {
        ew_json_member_text(writer, "version", purl.version);
    }
}

static void put_component(const struct ew_export_job *job, struct ew_json_writer *writer,
                          const struct ew_table_module *component)
{
    const struct ew_tables *tables = job->tables;
    ew_json_object(writer);
    ew_json_member_text(writer, "bom-ref", ew_cyclonedx_reference(tables, component->component));
    ew_json_key(writer, "evidence");
    ew_json_object(writer);
    put_callstack(writer, tables, component);
    put_identity(writer, component);
    uint64_t cut = put_occurrences(writer, tables, component);
    ew_json_object_end(writer);
    put_names(writer, tables, component);
    put_properties(writer, tables, component, cut);
    if (component->purl != NULL) {
        ew_json_member_text(writer, "purl", component->purl);
    }
    ew_json_member_text(writer, "type", component->purl != NULL ? "library" : "file");
    put_version(writer, component);
    ew_json_object_end(writer);
    job->counts->rows++;
    job->counts->cut += cut;
}

/* --- the document -------------------------------------------------------------- */

static void put_report(struct ew_json_writer *writer, const struct ew_window *window)
{
    const struct ew_evidence *evidence = window->evidence;
    char name[128];
    (void)snprintf(name, sizeof name, "re1-%s-%012" PRIu64 "-%03" PRIu32 "-%c-%.16s.json",
                   evidence->stream_id, evidence->sequence, evidence->revision,
                   window->covers_from == window->covers_to ? 'w' : 'r', window->sha256);
    ew_json_object(writer);
    ew_json_key(writer, "hashes");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_member_text(writer, "alg", "SHA-256");
    ew_json_member_text(writer, "content", window->sha256);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    ew_json_member_text(writer, "type", "runtime-analysis-report");
    ew_json_member_text(writer, "url", name);
    ew_json_object_end(writer);
}

/* When the last window ended: the time of what is told, not of the export. */
static void put_timestamp(struct ew_json_writer *writer, const struct ew_export_options *options)
{
    char text[EW_FILETIME_TEXT_BYTES];
    uint64_t end_100ns = 0;
    for (size_t i = 0; i < options->window_count; i++) {
        uint64_t end = options->windows[i].evidence->end_100ns;
        end_100ns = end > end_100ns ? end : end_100ns;
    }
    ew_filetime_format(end_100ns, text);
    ew_json_member_text(writer, "timestamp", text);
}

/* The subject, when all windows have the same. */
static void put_subject(struct ew_json_writer *writer, const struct ew_export_options *options)
{
    const struct ew_evidence *first = options->windows[0].evidence;
    for (size_t i = 1; i < options->window_count; i++) {
        const struct ew_evidence *other = options->windows[i].evidence;
        if (strcmp(first->subject_kind, other->subject_kind) != 0
            || strcmp(first->subject_name, other->subject_name) != 0) {
            return;
        }
    }
    bool image = strcmp(first->subject_kind, "oci-image") == 0;
    bool host = strcmp(first->subject_kind, "host") == 0;
    ew_json_key(writer, "component");
    ew_json_object(writer);
    ew_json_member_text(writer, "name", first->subject_name);
    ew_json_member_text(writer, "type", image ? "container" : host ? "platform" : "application");
    ew_json_object_end(writer);
}

static void put_metadata(struct ew_json_writer *writer, const struct ew_export_options *options)
{
    ew_json_object(writer);
    put_subject(writer, options);
    ew_json_key(writer, "lifecycles");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_member_text(writer, "phase", "operations");
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    put_timestamp(writer, options);
    ew_json_key(writer, "tools");
    ew_json_object(writer);
    ew_json_key(writer, "components");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_member_text(writer, "name", "etwitness");
    ew_json_member_text(writer, "type", "application");
    ew_json_member_text(writer, "version", options->producer_version);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    ew_json_object_end(writer);
    ew_json_object_end(writer);
}

/* An UUID of the documents, the format and this program's version (RFC 9562, version 8): the
 * same BOM again has the same one. */
static enum ew_status make_serial(const struct ew_export_job *job, char out[SERIAL_BYTES])
{
    const struct ew_export_options *options = job->options;
    uint8_t digest[EW_SHA256_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    size_t count = 3;
    const char **texts = malloc((count + options->window_count) * sizeof *texts);
    if (texts == NULL) {
        return EW_NO_MEMORY;
    }
    texts[0] = ew_export_format_name(options->format);
    texts[1] = options->producer_version;
    texts[2] = ew_export_digest(options);
    for (size_t i = 0; i < options->window_count; i++) {
        texts[count++] = options->windows[i].sha256;
    }
    enum ew_status status = ew_export_hash(job, texts, count, digest);
    free((void *)texts);
    if (status != EW_OK) {
        return status;
    }
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80);
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    ew_text_hex(digest, sizeof digest, hex);
    (void)snprintf(out, SERIAL_BYTES, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
    return EW_OK;
}

static enum ew_status put_document(const struct ew_export_job *job, struct ew_json_writer *writer)
{
    char serial[SERIAL_BYTES];
    enum ew_status status = make_serial(job, serial);
    if (status != EW_OK) {
        return status;
    }
    bool newest = job->options->format == EW_EXPORT_CYCLONEDX;
    ew_json_object(writer);
    ew_json_member_text(writer, "$schema",
                        newest ? "http://cyclonedx.org/schema/bom-1.7.schema.json"
                               : "http://cyclonedx.org/schema/bom-1.6.schema.json");
    ew_json_member_text(writer, "bomFormat", "CycloneDX");
    /* One in which nothing was observed is no component: a stack may have passed through it only
     * in a window whose functions were cut. */
    ew_json_key(writer, "components");
    ew_json_array(writer);
    for (uint32_t i = 0; i < job->tables->module_count; i++) {
        const struct ew_table_module *module = &job->tables->modules[i];
        if (module->component == i && module->observed) {
            put_component(job, writer, module);
        }
    }
    ew_json_array_end(writer);
    ew_json_key(writer, "externalReferences");
    ew_json_array(writer);
    for (size_t i = 0; i < job->options->window_count; i++) {
        put_report(writer, &job->options->windows[i]);
    }
    ew_json_array_end(writer);
    ew_json_key(writer, "metadata");
    put_metadata(writer, job->options);
    ew_json_member_text(writer, "serialNumber", serial);
    ew_json_member_text(writer, "specVersion", newest ? "1.7" : "1.6");
    ew_json_member_u64(writer, "version", 1);
    status = ew_cyclonedx_vulnerabilities(job, writer);
    ew_json_object_end(writer);
    return status;
}

enum ew_status ew_export_cyclonedx(const struct ew_export_job *job)
{
    struct ew_json_writer writer;
    ew_json_init(&writer, job->sink, job->context);
    enum ew_status status = put_document(job, &writer);
    return status != EW_OK ? status : ew_export_written(job, ew_json_finish(&writer));
}
