/* SPDX-License-Identifier: Apache-2.0 */
/* What imports of every format have in common. */
#include "base/filetime.h"
#include "base/text.h"
#include "etwitness/version.h"
#include "import/parts.h"
#include "platform/hash.h"

#include <string.h>

bool ew_import_line(struct import *import, size_t *offset, struct slice *line_out)
{
    if (*offset >= import->byte_count) {
        return false;
    }
    const char *at = import->bytes + *offset;
    size_t left = import->byte_count - *offset;
    const char *end = memchr(at, '\n', left);
    line_out->at = at;
    line_out->bytes = end != NULL ? (size_t)(end - at) : left;
    *offset += line_out->bytes + (end != NULL);
    if (line_out->bytes > 0 && at[line_out->bytes - 1] == '\r') {
        line_out->bytes--;
    }
    import->counts.lines++;
    return true;
}

enum ew_status ew_import_fail(struct import *import, enum ew_status status, const char *why)
{
    return ew_fail(import->error, status, "%s: line %llu: %s", import->options->name,
                   (unsigned long long)import->counts.lines, why);
}

static const char *or_else(const char *text, const char *other)
{
    return text != NULL ? text : other;
}

static void hash_text(struct ew_sha256 *hash, const char *text)
{
    const char *told = or_else(text, "");
    ew_sha256_update(hash, told, strlen(told) + 1);
}

/* A stream of this input alone: importing it again makes the same document. */
static enum ew_status make_stream(struct import *import, const char *container,
                                  struct ew_evidence *evidence)
{
    const struct ew_import_options *options = import->options;
    uint8_t digest[EW_SHA256_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    char times[2][EW_FILETIME_TEXT_BYTES];
    struct ew_sha256 *hash = NULL;
    enum ew_status status = ew_sha256_create(&hash);
    if (status != EW_OK) {
        return ew_fail(import->error, status, "%s: SHA-256 is not available", options->name);
    }
    ew_filetime_format(options->start_100ns, times[0]);
    ew_filetime_format(options->end_100ns, times[1]);
    hash_text(hash, options->format == EW_IMPORT_FACTS ? "import facts" : "import folded");
    hash_text(hash, evidence->host_id);
    hash_text(hash, evidence->arch);
    hash_text(hash, options->subject);
    hash_text(hash, container);
    hash_text(hash, times[0]);
    hash_text(hash, times[1]);
    hash_text(hash, options->events ? "events" : "samples");
    hash_text(hash, options->root_is_function ? "function" : "process");
    ew_sha256_update(hash, import->bytes, import->byte_count);
    status = ew_sha256_finish(hash, digest);
    if (status != EW_OK) {
        return ew_fail(import->error, status, "%s: SHA-256 is not available", options->name);
    }
    ew_text_hex(digest, sizeof digest, hex);
    memcpy(evidence->stream_id, hex, sizeof evidence->stream_id - 1);
    return EW_OK;
}

static void tell_subject(const struct ew_import_options *options, const char *container,
                         struct ew_evidence *evidence)
{
    bool application = options->subject != NULL || container != NULL;
    evidence->subject_kind = application ? "application" : "host";
    evidence->subject_name = or_else(options->subject, or_else(container, "host"));
    if (container != NULL) {
        evidence->container = container;
        evidence->container_id_source = EW_CONTAINER_ID_OPERATOR;
        evidence->isolation = EW_ISOLATION_UNKNOWN;
    }
}

enum ew_status ew_import_head(struct import *import, const char *container,
                              struct ew_evidence *evidence)
{
    const struct ew_import_options *options = import->options;
    memset(evidence, 0, sizeof *evidence);
    evidence->producer_version = EW_VERSION;
    evidence->sequence = options->sequence != 0 ? options->sequence : 1;
    evidence->sealed = true;
    evidence->start_100ns = options->start_100ns;
    evidence->end_100ns = options->end_100ns;
    evidence->reason = EW_WINDOW_INTERVAL;
    evidence->boot_text = "";
    evidence->host_id = or_else(options->host_id, "import");
    evidence->os = EW_HOST_LINUX;
    evidence->arch = or_else(options->arch, "amd64");
    tell_subject(options, container, evidence);
    if (options->stream_id == NULL) {
        return make_stream(import, container, evidence);
    }
    memcpy(evidence->stream_id, options->stream_id, sizeof evidence->stream_id);
    return EW_OK;
}

static enum ew_status check_names(const struct ew_import_options *options, struct ew_error *error)
{
    const char *const names[] = {options->host_id, options->subject, options->container};
    static const char *const what[] = {"host's id", "subject's name", "container's id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i] != NULL && names[i][0] == '\0') {
            return ew_fail(error, EW_USAGE, "the %s is empty", what[i]);
        }
    }
    const char *arch = or_else(options->arch, "amd64");
    if (strcmp(arch, "amd64") != 0 && strcmp(arch, "arm64") != 0 && strcmp(arch, "x86") != 0) {
        return ew_fail(error, EW_USAGE, "the architecture is none of x86, amd64, arm64");
    }
    return EW_OK;
}

/* What would make no valid document, whatever the input is. */
static enum ew_status check_options(const struct ew_import_options *options,
                                    struct ew_error *error)
{
    const char *stream = options->stream_id;
    if ((options->start_100ns != 0 || options->end_100ns != 0)
        && (options->start_100ns >= options->end_100ns || options->end_100ns > EW_FILETIME_MAX)) {
        return ew_fail(error, EW_USAGE, "the window does not start before its end");
    }
    if (stream != NULL
        && (strlen(stream) != EW_STREAM_ID_BYTES - 1
            || strspn(stream, "0123456789abcdef") != EW_STREAM_ID_BYTES - 1)) {
        return ew_fail(error, EW_USAGE,
                       "the stream's id is not 32 hexadecimal digits in lower case");
    }
    return check_names(options, error);
}

enum ew_status ew_import(const struct ew_import_options *options, const char *bytes,
                         size_t byte_count, ew_import_emit_fn emit, void *context,
                         struct ew_import_counts *counts_out, struct ew_error *error)
{
    struct import import = {.options = options,
                            .bytes = bytes,
                            .byte_count = byte_count,
                            .emit = emit,
                            .context = context,
                            .error = error};
    enum ew_status status = check_options(options, error);
    if (status == EW_OK) {
        status = options->format == EW_IMPORT_FACTS ? ew_import_facts(&import)
                                                    : ew_import_folded(&import);
    }
    if (status == EW_OK) {
        *counts_out = import.counts;
    }
    return status;
}
