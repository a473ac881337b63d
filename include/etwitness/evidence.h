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
    EW_SOURCE_STACK_SAMPLE,   /* in samples */
    EW_SOURCE_STACK_EVENT,    /* in events */
    EW_SOURCE_MODULE_LOAD,    /* of kernel and runtimes together: says where `loads` come from */
    EW_SOURCE_METHOD_PREPARE, /* in events: compiled, or its precompiled code fetched */
};

struct ew_evidence_source {
    enum ew_source_kind kind;
    struct ew_guid provider; /* not of module loads */
    uint16_t event_id;       /* not of module loads */
    uint64_t period_ns;      /* of samples; 0: null */

    /* Of other producers, whose sources need not have what their kind suggests. Unset, the
     * members below mean nothing, and `kind` says what is there. */
    bool is_foreign;
    bool has_event_id;
    bool samples;              /* its unit; else events */
    const char *provider_name; /* instead of `provider`; NULL: none */
};

/* True when a source counts samples, else events: the two are never added. */
static inline bool ew_evidence_source_samples(const struct ew_evidence_source *source)
{
    return source->is_foreign ? source->samples : source->kind == EW_SOURCE_STACK_SAMPLE;
}

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
    const char *build_id;     /* of ELF files: hex */
    const char *sha256;       /* of the file: hex */
    const char *htlhash;      /* 32 upper-case hex digits (reference evidence.md 5.2) */
    const char *purl;         /* of the package it belongs to */
    const char *file_version; /* as its resources tell */
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
    EW_RESOLVED_SYMBOL, /* a name of another tool: weak */
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
    uint32_t alias_count;
    const char *doc_id;         /* the compiler's id of managed code: "M:Ns.Type.Method" */
    const char *const *aliases; /* other names of the same code */
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

/* What few producers tell of a row of observations or edges. */
struct ew_evidence_detail {
    uint32_t row;
    uint32_t process_count;
    uint32_t site_count;
    const uint32_t *processes; /* indexes */
    const uint64_t *sites;     /* of an edge: where it calls, as RVAs or offsets in IL */
};

enum ew_ambiguity {
    EW_AMBIGUOUS_FOLDED,
    EW_AMBIGUOUS_NAME_ONLY,
    EW_AMBIGUOUS_ADDRESS_REUSE,
    EW_AMBIGUOUS_EXPORT_NEAR,
};

/* An observation of one of several functions; which one cannot be told. */
struct ew_evidence_ambiguous {
    const char *const *candidates; /* keys */
    size_t candidate_count;
    uint64_t hits;
    enum ew_ambiguity reason;
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

enum ew_host_os { EW_HOST_WINDOWS, EW_HOST_LINUX };

/* Who told a container's id, and how it is kept apart from its host. */
enum ew_container_id_source {
    EW_CONTAINER_ID_ETW,
    EW_CONTAINER_ID_JOB,
    EW_CONTAINER_ID_HCS,
    EW_CONTAINER_ID_OPERATOR,
};
enum ew_isolation { EW_ISOLATION_PROCESS, EW_ISOLATION_HYPERV, EW_ISOLATION_UNKNOWN };

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

    /* What etwitness itself leaves at zero when it observes; other producers, roll-ups and
     * imports have it. Zero and NULL: left out, or what etwitness writes. */
    const char *producer_name;  /* NULL: "etwitness" */
    const char *schema_version; /* NULL: EW_EVIDENCE_SCHEMA_VERSION */
    const char *boot_text;      /* instead of `boot_id`; "" when it is not one boot */
    uint64_t covers_from;       /* of a roll-up, with `covers_to`, which is its sequence */
    uint64_t covers_to;         /* 0: no roll-up */
    enum ew_host_os os;
    enum ew_container_id_source container_id_source;
    enum ew_isolation isolation;
    const char *container_runtime;
    const char *image_reference;
    const char *image_digest; /* "sha256:..." */
    const char *subject_purl;
    const char *subject_digest; /* "sha256:..." */
    const char *const *callgraph_ids;
    size_t callgraph_id_count;
    const struct ew_evidence_detail *observation_details; /* by row */
    size_t observation_detail_count;
    const struct ew_evidence_detail *edge_details; /* by row */
    size_t edge_detail_count;
    const struct ew_evidence_ambiguous *ambiguous;
    size_t ambiguous_count;
};

#define EW_EVIDENCE_SCHEMA_VERSION "1.0.0"

/* True for the ranges that a roll-up may cover: k * 2^j .. (k + 1) * 2^j - 1, j above 0. Two
 * of them are nested or disjoint. `to` is at most 2^53 - 1. */
static inline bool ew_evidence_range_is_aligned(uint64_t from, uint64_t to)
{
    uint64_t count = to - from + 1;
    return from < to && (count & (count - 1)) == 0 && (from & (count - 1)) == 0;
}

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

/* --- reading ---------------------------------------------------------------- */

struct ew_arena;

/*
 * Reads a document in memory into tables that lie in `arena`, by the rules of
 * ew_document_check(): schema, indexes, orders, times, canonical bytes, and the hash that `name`
 * carries, if it carries one. What another producer left out comes back as what writing it
 * would spell: reading and writing a document once more gives the same bytes.
 *
 * name        of the document, for messages and for the hash in it
 * sha256_out  of the bytes
 *
 * EW_OK      valid; the tables live as long as the arena, and need nothing else
 * EW_FORMAT  not valid; the error names line, column and member, or table and row
 * EW_LIMIT   nested too deep, too many values, or larger than the arena allows
 * EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status ew_evidence_read(const char *name, const char *bytes,
                                            size_t byte_count, struct ew_arena *arena,
                                            struct ew_evidence *evidence_out,
                                            char sha256_out[EW_SHA256_HEX_BYTES],
                                            struct ew_error *error);

/* --- names ------------------------------------------------------------------ */

/* Longest name of a directory of evidence, with its terminator. */
enum { EW_DOCUMENT_NAME_BYTES = 96, EW_HASH_PREFIX_BYTES = 17 };

/* What the file name of a published document tells:
 * re1-<stream>-<sequence>-<revision>-<w|r>-<hash prefix>.json (reference evidence.md 4.4). */
struct ew_document_name {
    char stream[EW_STREAM_ID_BYTES];
    char hash[EW_HASH_PREFIX_BYTES]; /* first half of a quarter: 16 hex digits */
    uint64_t sequence;
    uint32_t revision;
    bool rollup; /* 'r', else 'w': a plain window */
};

/* The name as text. */
void ew_document_name_format(const struct ew_document_name *name,
                             char out[EW_DOCUMENT_NAME_BYTES]);

/* False when `text` is no such name, letter for letter. */
bool ew_document_name_parse(const char *text, struct ew_document_name *name_out);

/* True for the file names of published documents, letter for letter. */
bool ew_document_is_name(const char *file_name);

/* True for such a name with ".gz" behind it, which is not read. */
bool ew_document_is_compressed_name(const char *file_name);

/* --- heads ------------------------------------------------------------------ */

/* What the head of a stream tells: where its writer stands. */
struct ew_head {
    char stream_id[EW_STREAM_ID_BYTES];
    char last_sha256[EW_SHA256_HEX_BYTES];
    char last_file[EW_DOCUMENT_NAME_BYTES];
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint64_t last_bytes;
    uint64_t heartbeat_100ns; /* FILETIME: when the writer was last alive */
    bool stopped;             /* in order; else it runs, or was cut off */
};

/* True for the file names of heads, letter for letter. */
bool ew_head_is_name(const char *file_name);

/*
 * Reads `runtime-evidence-head/1`, as strictly as ew_document_check() does.
 *
 * name  for messages
 *
 * EW_FORMAT  is none · EW_LIMIT  is larger than EW_HEAD_BYTES_MAX · EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status ew_head_read(const char *name, const char *bytes, size_t byte_count,
                                        struct ew_head *head_out, struct ew_error *error);

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
    bool rollup; /* it covers `covers_from` to `sequence` */
    uint64_t covers_from;
};

/* Publishes a document that was written into memory, as ew_publisher_put() does. */
EW_MUST_USE enum ew_status ew_publisher_put_bytes(struct ew_publisher *publisher,
                                                  const struct ew_document *document,
                                                  struct ew_published *published_out,
                                                  struct ew_error *error);

/* Where a stream stands, by its head and documents: a number that was given once is not given
 * again, also when its document was rolled up or removed. */
struct ew_stream_state {
    uint64_t sequence;  /* of the last document */
    uint64_t end_100ns; /* of the last window that is there; 0 when that cannot be read */
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

/* --- beside a publisher ------------------------------------------------------ */

/*
 * A directory of evidence to which documents are added while its publisher may be at work, in
 * another process too. What the publisher owns is left alone: heads, retention, and what it
 * writes under tmp.
 */
struct ew_folder;

/*
 * Lists the documents of `directory`, by name. What was left under tmp by somebody who added
 * documents this way and was stopped is removed.
 *
 * EW_NOT_FOUND  there is no folder `evidence` in it
 * EW_LIMIT      more than EW_WINDOW_DOCUMENTS_MAX
 */
EW_MUST_USE enum ew_status ew_folder_open(const char *directory, struct ew_folder **folder_out,
                                          struct ew_error *error);
void ew_folder_close(struct ew_folder *folder); /* NULL is allowed */

/* One document as it was listed. */
struct ew_folder_document {
    struct ew_document_name name;
    uint64_t bytes;
    uint64_t from; /* of the range it covers up to its number, as a roll-up says itself: not
                      checked. A plain window's, and that of a roll-up that does not say it, is
                      its number. */
};

/* By stream, number, kind (roll-ups first), revision and hash. `index` is below the count. */
size_t ew_folder_count(const struct ew_folder *folder);
void ew_folder_at(const struct ew_folder *folder, size_t index,
                  struct ew_folder_document *document_out);

/* Documents that are there and not read, because they are compressed. */
uint64_t ew_folder_compressed(const struct ew_folder *folder);

/* "directory/evidence/name" of a document; at least 4096 bytes. */
void ew_folder_path(const struct ew_folder *folder, const struct ew_document_name *name,
                    char *path_out, size_t path_bytes);

/*
 * Publishes as ew_publisher_put_bytes() does, but for the head and retention. The listing does
 * not change.
 */
EW_MUST_USE enum ew_status ew_folder_put(const struct ew_folder *folder,
                                         const struct ew_document *document,
                                         struct ew_published *published_out,
                                         struct ew_error *error);

/* Makes the names that are there survive a power cut. */
EW_MUST_USE enum ew_status ew_folder_sync(const struct ew_folder *folder, struct ew_error *error);

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
