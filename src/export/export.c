/* SPDX-License-Identifier: Apache-2.0 */
/* Formats by name, what each needs, and the call of its writer. */
#include "etwitness/export.h"

#include "export/formats.h"

#include <assert.h>
#include <string.h>

struct format {
    const char *name;
    enum ew_status (*write)(const struct ew_export_job *job);
    bool needs_windows;
    bool needs_merge;
};

static const struct format formats[EW_EXPORT_FORMAT_COUNT] = {
    [EW_EXPORT_FOLDED] = {"folded", ew_export_folded, true, false},
    [EW_EXPORT_SPEEDSCOPE] = {"speedscope", ew_export_speedscope, true, false},
    [EW_EXPORT_CYCLONEDX] = {"cyclonedx", ew_export_cyclonedx, true, false},
    [EW_EXPORT_CYCLONEDX_1_6] = {"cyclonedx-1.6", ew_export_cyclonedx, true, false},
    [EW_EXPORT_SARIF] = {"sarif", ew_export_sarif, false, true},
    [EW_EXPORT_STELLA_FACTS] = {"stella-facts", ew_export_stella_facts, true, false},
    [EW_EXPORT_STELLA_CALLGRAPH] = {"stella-callgraph", ew_export_stella_callgraph, false, true},
    [EW_EXPORT_DOT] = {"dot", ew_export_dot, false, true},
};

const char *ew_export_format_name(enum ew_export_format format)
{
    assert((unsigned)format < EW_EXPORT_FORMAT_COUNT);
    return formats[format].name;
}

bool ew_export_format_parse(const char *name, enum ew_export_format *format_out)
{
    for (unsigned i = 0; i < EW_EXPORT_FORMAT_COUNT; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *format_out = (enum ew_export_format)i;
            return true;
        }
    }
    return false;
}

enum ew_status ew_export_written(const struct ew_export_job *job, bool written)
{
    return written ? EW_OK
                   : ew_fail(job->error, EW_IO, "export to %s: the output cannot be written",
                             formats[job->options->format].name);
}

const char *ew_export_digest(const struct ew_export_options *options)
{
    return options->merged != NULL ? options->merged->documents_digest : "";
}

enum ew_status ew_export_hash(const struct ew_export_job *job, const char *const *texts,
                              size_t text_count, uint8_t digest_out[EW_SHA256_BYTES])
{
    struct ew_sha256 *hash = NULL;
    enum ew_status status = ew_sha256_create(&hash);
    for (size_t i = 0; status == EW_OK && i < text_count; i++) {
        ew_sha256_update(hash, texts[i], strlen(texts[i]) + 1);
    }
    if (status == EW_OK) {
        status = ew_sha256_finish(hash, digest_out);
    }
    return status == EW_OK ? EW_OK
                           : ew_fail(job->error, status, "export to %s: SHA-256 is not to be had",
                                     formats[job->options->format].name);
}

void ew_export_property(struct ew_json_writer *writer, const char *name, const char *value)
{
    ew_json_object(writer);
    ew_json_member_text(writer, "name", name);
    ew_json_member_text(writer, "value", value);
    ew_json_object_end(writer);
}

static enum ew_status check_needs(const struct ew_export_options *options, struct ew_error *error)
{
    const struct format *format = &formats[options->format];
    if (format->needs_windows && options->window_count == 0) {
        return ew_fail(error, EW_USAGE,
                       "export to %s needs evidence documents: a merge has no stacks and no "
                       "windows",
                       format->name);
    }
    if (format->needs_merge && options->merged == NULL) {
        return ew_fail(error, EW_USAGE, "export to %s needs a merge", format->name);
    }
    if (options->ledger != NULL && options->format != EW_EXPORT_STELLA_FACTS) {
        return ew_fail(error, EW_USAGE, "export to %s keeps no ledger; only stella-facts does",
                       format->name);
    }
    return EW_OK;
}

enum ew_status ew_export_write(const struct ew_export_options *options, ew_evidence_sink_fn sink,
                               void *context, struct ew_export_counts *counts_out,
                               struct ew_error *error)
{
    struct ew_tables tables;
    struct ew_export_counts counts = {0};
    enum ew_status status = check_needs(options, error);
    if (status == EW_OK) {
        status = ew_tables_build(&tables, options, error);
    }
    if (status != EW_OK) {
        return status;
    }
    ew_tables_rank_stacks(&tables);
    const struct ew_export_job job = {options, &tables, sink, context, &counts, error};
    status = formats[options->format].write(&job);
    if (status == EW_NO_MEMORY) {
        status = ew_fail(error, status, "export to %s: no memory", formats[options->format].name);
    }
    ew_tables_free(&tables);
    if (status == EW_OK) {
        *counts_out = counts;
    }
    return status;
}
