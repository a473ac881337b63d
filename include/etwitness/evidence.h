/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One window document, `runtime-evidence/1`, as plain tables: what the aggregate
 * makes and the evidence writer puts into canonical bytes. The meaning of each
 * member is in docs/FORMATS.md and docs/schemas/evidence.schema.json.
 */
#ifndef ETWITNESS_EVIDENCE_H
#define ETWITNESS_EVIDENCE_H

#include "etwitness/guid.h"
#include "etwitness/limits.h"
#include "etwitness/status.h"

#include <stddef.h>

enum { EW_SHA256_HEX_BYTES = 65, EW_STREAM_ID_BYTES = 33 };

/* No table entry: the member is left out. */
#define EW_INDEX_NONE UINT32_C(0xffffffff)

enum ew_window_reason {
    EW_WINDOW_INTERVAL,
    EW_WINDOW_SIZE,
    EW_WINDOW_PROCESS_EXIT,
    EW_WINDOW_SHUTDOWN, /* the end of the recording or of the session */
    EW_WINDOW_ROLLUP,
    EW_WINDOW_RECOVERED,
};

enum ew_source_kind {
    EW_SOURCE_STACK_SAMPLE, /* in samples */
    EW_SOURCE_STACK_EVENT,  /* in events */
    EW_SOURCE_MODULE_LOAD,  /* of kernel and runtimes together: says where `loads` come from */
};

struct ew_evidence_source {
    enum ew_source_kind kind;
    struct ew_guid provider; /* not of module loads */
    uint16_t event_id;       /* not of module loads */
    uint64_t period_ns;      /* of samples; 0: null */
};

struct ew_evidence_process {
    uint32_t process_id;
    uint64_t start_key;
    uint64_t start_100ns;
    uint64_t end_100ns;     /* 0: null, it lives */
    uint32_t image;         /* module index or EW_INDEX_NONE */
    bool attached_at_start; /* it ran before the collection began */
};

enum ew_evidence_module_kind {
    EW_EVIDENCE_NATIVE,
    EW_EVIDENCE_MANAGED,
    EW_EVIDENCE_NATIVE_AOT,
    EW_EVIDENCE_KERNEL,
    EW_EVIDENCE_DYNAMIC,
};

/* Strings are UTF-8; NULL or "" leaves the member out. */
struct ew_evidence_module {
    const char *key; /* "mvid:...", "pdb:...", "pe:...", "name:..."; unique */
    const char *name;
    enum ew_evidence_module_kind kind;
    const char *code_id;
    const char *debug_id;
    const char *mvid; /* of managed modules whose file was read */
    const char *path; /* scrubbed: volume-relative, no user names */
    uint64_t samples; /* stacks with at least one frame in it */
    uint64_t loads;
};

enum ew_resolution {
    EW_RESOLVED_TOKEN,
    EW_RESOLVED_PDB,
    EW_RESOLVED_EXPORT,
    EW_RESOLVED_EXPORT_NEAR,
    EW_RESOLVED_R2R_MAP,
    EW_RESOLVED_JIT,
    EW_RESOLVED_DYNAMIC,
    EW_RESOLVED_NOT,
};

enum ew_function_flag {
    EW_FUNCTION_ASYNC = 1,
    EW_FUNCTION_DYNAMIC = 2,
    EW_FUNCTION_FOLDED = 4,
    EW_FUNCTION_GENERIC = 8,
    EW_FUNCTION_INLINE_SITE = 16,
    EW_FUNCTION_LAMBDA = 32,
    EW_FUNCTION_STUB = 64,
    EW_FUNCTION_THUNK = 128,
};

struct ew_evidence_function {
    const char *key; /* "m:...", "n:...", "x:...", "u:...", "d:..."; unique */
    uint32_t module;
    enum ew_resolution resolution;
    uint32_t token; /* 0: none */
    bool has_rva;
    uint64_t rva;
    uint64_t size_bytes; /* 0: not known */
    const char *name;
    const char *decorated; /* NULL: none, or as `name` */
    const char *signature;
    uint32_t flags; /* enum ew_function_flag */
};

struct ew_evidence_observation {
    uint32_t function;
    uint32_t source;
    uint64_t hits;
    uint64_t leaf;
    uint64_t root;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

enum ew_adjacency {
    EW_ADJACENT_BRIDGE,
    EW_ADJACENT_FRAME,
    EW_ADJACENT_INLINE,
    EW_ADJACENT_JIT_INLINE,
    EW_ADJACENT_JIT_TAIL_CALL,
};

struct ew_evidence_edge {
    uint32_t from;
    uint32_t to;
    uint32_t source;
    enum ew_adjacency adjacency;
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

struct ew_evidence_path {
    const uint32_t *frames; /* function indexes, root first */
    uint32_t frame_count;
    bool complete;
    uint32_t source;
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

enum ew_rundown { EW_RUNDOWN_COMPLETE, EW_RUNDOWN_PARTIAL, EW_RUNDOWN_NONE };

/* All that was lost or guessed, in numbers. */
struct ew_evidence_quality {
    uint64_t events_lost;
    uint64_t buffers_lost;
    uint64_t lost_event_records; /* RT_LostEvent; overlaps events_lost, never added */
    uint64_t decode_refused;     /* payloads that broke their layout */
    uint64_t damaged_buffers;    /* of a file */
    uint64_t stacks_total;
    uint64_t stacks_truncated;
    uint64_t stacks_gapped; /* with a frame of no known module between others */
    uint64_t stacks_kernel_only;
    uint64_t stacks_orphan;
    uint64_t stacks_key_undefined;
    uint64_t stacks_late;       /* came after their window was closed */
    uint64_t stacks_missing;    /* samples that were not idle and came without a stack */
    uint64_t stacks_no_process; /* stacks and samples whose process could not be told */
    uint64_t frames_total;
    uint64_t frames_exact;        /* token or PDB */
    uint64_t frames_named;        /* a name, not an exact identity */
    uint64_t frames_unresolved;   /* module and RVA, or nothing */
    uint64_t frames_no_module;    /* of these: nothing is known to be there */
    uint64_t frames_after_unload; /* told to be gone; methods are resolved all the same */
    uint64_t dropped;             /* by a table of ours that was full */
    bool throttled;
    enum ew_rundown rundown;
};

enum ew_gap_reason {
    EW_GAP_CRASH,     /* the collector ended without a stop */
    EW_GAP_DISK_FULL, /* documents could not be written */
    EW_GAP_RETENTION,
    EW_GAP_SESSION_LOST, /* ETW ended a session, which then came back */
    EW_GAP_THROTTLE,
};

/* History that is missing: nothing can be said of it, least of all that nothing ran. */
struct ew_evidence_gap {
    uint64_t from_sequence; /* documents of the stream it lies in or before */
    uint64_t to_sequence;
    uint64_t start_100ns; /* the span that nobody watched; both 0: the documents' windows */
    uint64_t end_100ns;
    enum ew_gap_reason reason;
};

/*
 * A document before it is written. All tables are sorted as the contract says
 * (modules and functions by key, the others by their indexes) by whoever fills them;
 * the writer checks that and refuses otherwise.
 */
struct ew_evidence {
    const char *producer_version;
    const char *config_digest; /* "sha256:..." or NULL */
    char stream_id[EW_STREAM_ID_BYTES];
    uint64_t sequence; /* from 1 */
    uint32_t revision;
    bool sealed;
    char previous[EW_SHA256_HEX_BYTES]; /* hex of the previous document; "" is null */
    uint64_t start_100ns;
    uint64_t end_100ns;
    enum ew_window_reason reason;
    uint64_t boot_id; /* FILETIME of the boot, written as 16 hex digits */
    const char *host_id;
    const char *os_build;     /* "10.0.20348"; NULL when not known */
    const char *arch;         /* "amd64", "x86", "arm64" */
    const char *container;    /* id, or NULL for the host */
    const char *subject_kind; /* "host", "application", "oci-image" */
    const char *subject_name;

    const struct ew_evidence_source *sources;
    size_t source_count;
    const struct ew_evidence_process *processes;
    size_t process_count;
    const struct ew_evidence_module *modules;
    size_t module_count;
    const struct ew_evidence_function *functions;
    size_t function_count;
    const struct ew_evidence_observation *observations;
    size_t observation_count;
    const struct ew_evidence_edge *edges;
    size_t edge_count;
    const struct ew_evidence_path *paths;
    size_t path_count;
    const struct ew_evidence_gap *gaps; /* in order of time */
    size_t gap_count;
    struct ew_evidence_quality quality;
};

/* Where a document's bytes go; false stops the writing. */
typedef bool (*ew_evidence_sink_fn)(void *context, const void *bytes, size_t byte_count);

/*
 * Writes the canonical bytes: members in ascending order, no white space, one
 * spelling for each value, no final newline; valid RFC 8785.
 *
 * EW_OK      written
 * EW_IO      the sink answered false
 * EW_FORMAT  the tables break the contract (order, index, a number above 2^53 - 1)
 */
EW_MUST_USE enum ew_status ew_evidence_write(const struct ew_evidence *evidence,
                                             ew_evidence_sink_fn sink, void *context,
                                             struct ew_error *error);

/* --- publication ----------------------------------------------------------- */

struct ew_publisher;

struct ew_publisher_options {
    const char *directory;    /* made if missing, with tmp, evidence and heads in it */
    uint64_t retention_bytes; /* of `evidence`; 0: EW_RETENTION_BYTES_DEFAULT */
    uint64_t heartbeat_100ns; /* written to heads: FILETIME of the caller's choice */
};

struct ew_published {
    char file_name[160];
    char sha256[EW_SHA256_HEX_BYTES];
    uint64_t bytes;
    bool existed; /* the same document was there already: that is success */
};

/* The caller closes the publisher; NULL is allowed there. */
EW_MUST_USE enum ew_status ew_publisher_open(const struct ew_publisher_options *options,
                                             struct ew_publisher **publisher_out,
                                             struct ew_error *error);
void ew_publisher_close(struct ew_publisher *publisher);

/*
 * Publishes one document: written under tmp, flushed, renamed into evidence under its
 * content-hashed name, then the stream's head is replaced, then retention is applied.
 * A reader never sees a part of a document.
 */
EW_MUST_USE enum ew_status ew_publisher_put(struct ew_publisher *publisher,
                                            const struct ew_evidence *evidence,
                                            struct ew_published *published_out,
                                            struct ew_error *error);

/* A document as canonical bytes, with what its name and its head need. */
struct ew_document {
    char stream_id[EW_STREAM_ID_BYTES];
    uint64_t sequence;
    uint32_t revision;
    bool sealed;
    uint64_t start_100ns; /* of its window */
    const char *bytes;    /* what ew_evidence_write() wrote */
    size_t byte_count;
};

/* Publishes a document that was written into memory, as ew_publisher_put() does. */
EW_MUST_USE enum ew_status ew_publisher_put_bytes(struct ew_publisher *publisher,
                                                  const struct ew_document *document,
                                                  struct ew_published *published_out,
                                                  struct ew_error *error);

/* Where a stream stands, by its head and documents. */
struct ew_stream_state {
    uint64_t sequence;  /* of the last document */
    uint64_t end_100ns; /* of its window; 0 when that cannot be read */
    char sha256[EW_SHA256_HEX_BYTES];
    bool stopped; /* by ew_publisher_finish(); else its writer was cut off, or runs */
};

/* EW_NOT_FOUND  the stream has published nothing */
EW_MUST_USE enum ew_status ew_publisher_stream(const struct ew_publisher *publisher,
                                               const char *stream_id,
                                               struct ew_stream_state *state_out,
                                               struct ew_error *error);

/* The heartbeat of heads from now on, FILETIME. */
void ew_publisher_set_heartbeat(struct ew_publisher *publisher, uint64_t heartbeat_100ns);

/* Writes a stream's head again, for its heartbeat. EW_NOT_FOUND as above. */
EW_MUST_USE enum ew_status ew_publisher_renew(struct ew_publisher *publisher,
                                              const char *stream_id, struct ew_error *error);

/* Makes folders that somebody has removed; harmless when they are there. */
EW_MUST_USE enum ew_status ew_publisher_repair(struct ew_publisher *publisher,
                                               struct ew_error *error);

/* Marks a stream's head as stopped. */
EW_MUST_USE enum ew_status ew_publisher_finish(struct ew_publisher *publisher,
                                               const char *stream_id, struct ew_error *error);

/* --- checking --------------------------------------------------------------- */

struct ew_check_result {
    const char *schema; /* the schema the document names; "" when none */
    bool canonical;     /* its bytes are the canonical ones */
    bool name_checked;  /* the file's name carries a hash, and it agrees */
};

/*
 * Validates a document: JSON, schema, indexes in range, tables sorted and unique,
 * canonical bytes, and, where the file's name carries a hash, that hash.
 *
 * EW_OK      valid
 * EW_FORMAT  not; the error names the place ("edges[3].to: ...")
 * EW_IO, EW_LIMIT  cannot be read, is too large
 */
EW_MUST_USE enum ew_status ew_document_check(const char *path, struct ew_check_result *result_out,
                                             struct ew_error *error);

/* The same for a document in memory; `path` is its name, for messages and for the hash
 * in it. */
EW_MUST_USE enum ew_status ew_document_check_bytes(const char *path, const char *bytes,
                                                   size_t byte_count,
                                                   struct ew_check_result *result_out,
                                                   struct ew_error *error);

#endif
