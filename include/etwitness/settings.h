/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of live collection: what the configuration file and the command line say,
 * checked. Each member's unit, default and limits are documented in docs/OPERATIONS.md;
 * the limits themselves are in limits.h.
 */
#ifndef ETWITNESS_SETTINGS_H
#define ETWITNESS_SETTINGS_H

#include "etwitness/guid.h"
#include "etwitness/limits.h"
#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list of texts, UTF-8, in the order given. */
struct ew_settings_list {
    char **items;
    size_t count;
};

/* A manifest or TraceLogging provider to be enabled besides the CLR's. */
struct ew_settings_provider {
    struct ew_guid guid;
    uint8_t level; /* 1 .. 5 */
    uint64_t keyword_any;
    uint64_t keyword_all;
    bool stacks;
};

/* What the private system logger enables; processes, threads and images always are. */
struct ew_settings_kernel {
    bool enabled;
    bool profile;
    bool context_switch;
    bool disk;
    bool page_faults;
    bool counters;           /* process counters */
    bool image_stacks;       /* stacks of image loads */
    uint32_t interval_100ns; /* of samples: EW_SAMPLE_INTERVAL_MIN .. _MAX; 0: as it is */
};

struct ew_settings_clr {
    bool enabled;
    bool rundown;     /* of processes that run already, once, when collection starts */
    bool exceptions;  /* exceptions thrown, with their stacks */
    bool compilation; /* tiering and ReadyToRun entry points */
};

struct ew_settings_buffers {
    uint32_t buffer_kib;    /* EW_SESSION_BUFFER_KIB_MIN .. _MAX */
    uint32_t minimum_count; /* 0: two a processor, four at least */
    uint32_t maximum_count; /* 0: from the minimum */
    uint32_t flush_seconds; /* 1 .. EW_SESSION_FLUSH_SECONDS_MAX */
};

struct ew_settings_symbols {
    bool enabled;
    bool image_folder;             /* PDBs beside an image, where only administrators write */
    bool network;                  /* false: no symbol server is ever asked */
    struct ew_settings_list paths; /* local folders and stores ("SRV*folder") */
    char *cache;                   /* NULL: none */
    uint32_t seconds_per_window;   /* time for all look-ups of one window */
};

struct ew_settings {
    char *directory; /* of evidence; "": not named yet; never NULL */
    uint64_t retention_bytes;
    uint32_t window_seconds;
    uint64_t duration_seconds; /* stops by itself after that; 0: never */
    uint32_t stop_seconds;     /* a stop takes no longer than that */
    char *session_name;        /* base of the sessions' names */
    struct ew_settings_buffers buffers;
    struct ew_settings_kernel kernel;
    struct ew_settings_clr clr;
    struct ew_settings_provider *providers;
    size_t provider_count;
    struct ew_settings_list processes;  /* image names; empty: all */
    struct ew_settings_list callgraphs; /* files: merged with the evidence at each window */
    struct ew_settings_list containers; /* GUID text or "host"; empty: all */
    uint32_t queue_mib;                 /* of each of the two rings */
    struct ew_settings_symbols symbols;
};

enum ew_settings_type {
    EW_SETTINGS_BOOL,
    EW_SETTINGS_U8,
    EW_SETTINGS_U32,
    EW_SETTINGS_U64,
    EW_SETTINGS_MASK, /* u64, a whole number or text in 0x form */
    EW_SETTINGS_GUID, /* 36 characters, without braces */
    EW_SETTINGS_TEXT, /* never NULL */
    EW_SETTINGS_TEXT_OR_NULL,
    EW_SETTINGS_LIST, /* of texts */
    EW_SETTINGS_PROVIDERS,
};

/* One key of the configuration: reading, canonical text and documentation all follow it. */
struct ew_settings_key {
    const char *path; /* "kernel.profile"; "providers[].guid" of each element */
    enum ew_settings_type type;
    const char *unit;        /* "seconds"; "" for none */
    uint64_t preset;         /* of numbers and bools */
    const char *preset_text; /* of texts; NULL stays NULL */
    uint64_t min;            /* of numbers; texts and lists are limited by `max` alone: */
    uint64_t max;            /* bytes of a text, elements of a list */
    const char *zero;        /* what 0 means where it is allowed besides min .. max, or NULL */
    size_t offset;           /* in struct ew_settings, or in the provider */
    const char *meaning;     /* a phrase for people */
};

/* All keys, in ascending order of their paths. Static. */
const struct ew_settings_key *ew_settings_keys(size_t *count_out);

/* A key's default and its limits for people ("300", "10 to 86400"), cut at `capacity`. */
void ew_settings_key_texts(const struct ew_settings_key *key, char *preset_out, char *limits_out,
                           size_t capacity);

/* Fills in the defaults; the directory is empty until somebody names one. EW_NO_MEMORY. Released
 * with ew_settings_free(). */
EW_MUST_USE enum ew_status ew_settings_init(struct ew_settings *settings_out);
void ew_settings_free(struct ew_settings *settings);

/*
 * Reads one JSON document over what `settings` holds. Strict: unknown keys, wrong types,
 * numbers out of range and duplicate keys are refused with line and key, and leave `settings`
 * as it was.
 *
 * name  of the document, for messages
 *
 * EW_FORMAT  refused · EW_IO, EW_LIMIT  cannot be read, is too large (file only)
 */
EW_MUST_USE enum ew_status ew_settings_read(struct ew_settings *settings, const char *name,
                                            const char *bytes, size_t byte_count,
                                            struct ew_error *error);
EW_MUST_USE enum ew_status ew_settings_read_file(struct ew_settings *settings, const char *path,
                                                 struct ew_error *error);

/* Sets one key from "path=value", such as "kernel.profile=false" on a command line; texts
 * need no quotes, lists are JSON or a single element. EW_USAGE with key and reason. */
EW_MUST_USE enum ew_status ew_settings_set(struct ew_settings *settings, const char *assignment,
                                           struct ew_error *error);

/* Checks what holds between members: at least one provider, minimum not above maximum,
 * names that Windows takes. EW_USAGE with one clear sentence. */
EW_MUST_USE enum ew_status ew_settings_check(const struct ew_settings *settings,
                                             struct ew_error *error);

/* The effective settings as one canonical JSON text, and "sha256:" of it: what a document's
 * configDigest is. The caller frees the text. */
EW_MUST_USE enum ew_status ew_settings_digest(const struct ew_settings *settings, char **text_out,
                                              char digest_out[72], struct ew_error *error);

#endif
