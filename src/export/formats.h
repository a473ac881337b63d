/* SPDX-License-Identifier: Apache-2.0 */
/* The writers of formats, one file each. */
#ifndef EW_EXPORT_FORMATS_H
#define EW_EXPORT_FORMATS_H

#include "base/json_writer.h"
#include "export/tables.h"
#include "platform/hash.h"

/* Where a writer writes, and what it counts. */
struct ew_export_job {
    const struct ew_export_options *options;
    struct ew_tables *tables;
    ew_evidence_sink_fn sink;
    void *context;
    struct ew_export_counts *counts;
    struct ew_error *error;
};

/* EW_OK, EW_IO (the sink), EW_NO_MEMORY; the tables are built. */
EW_MUST_USE enum ew_status ew_export_folded(const struct ew_export_job *job);
EW_MUST_USE enum ew_status ew_export_speedscope(const struct ew_export_job *job);
EW_MUST_USE enum ew_status ew_export_cyclonedx(const struct ew_export_job *job);
EW_MUST_USE enum ew_status ew_export_sarif(const struct ew_export_job *job);
EW_MUST_USE enum ew_status ew_export_stella_facts(const struct ew_export_job *job);
EW_MUST_USE enum ew_status ew_export_stella_callgraph(const struct ew_export_job *job);
EW_MUST_USE enum ew_status ew_export_dot(const struct ew_export_job *job);

/* EW_OK, or EW_IO with a sentence when the sink refused. */
EW_MUST_USE enum ew_status ew_export_written(const struct ew_export_job *job, bool written);

/* The digest of the documents behind the export: "sha256:...", or "" when there is no merge. */
const char *ew_export_digest(const struct ew_export_options *options);

/* The SHA-256 of texts, each with its terminator. EW_IO with a sentence. */
EW_MUST_USE enum ew_status ew_export_hash(const struct ew_export_job *job,
                                          const char *const *texts, size_t text_count,
                                          uint8_t digest_out[EW_SHA256_BYTES]);

/* A member of {"name": ..., "value": ...}, as CycloneDX has them. */
void ew_export_property(struct ew_json_writer *writer, const char *name, const char *value);

#endif
