/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window documents of many hosts as one set, and what they say together. The set is the unit
 * of merging: the union of two sets keeps of each (stream, number) the highest revision, so
 * that order, grouping and repetition of inputs change nothing (reference evidence.md 7).
 */
#ifndef ETWITNESS_WINDOW_SET_H
#define ETWITNESS_WINDOW_SET_H

#include "etwitness/evidence.h"

struct ew_window_set;

/* The caller destroys it. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_window_set_create(struct ew_window_set **set_out);
void ew_window_set_destroy(struct ew_window_set *set); /* NULL is allowed */

/*
 * Adds one document: file, or bytes with a name for messages. It must be valid, and carry the
 * hash that its name says, if it says one. A document that is superseded, or the same once
 * more, is counted and changes nothing.
 *
 * EW_FORMAT  not valid, or an unaligned roll-up · EW_IO, EW_LIMIT, EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status ew_window_set_add(struct ew_window_set *set, const char *path,
                                             struct ew_error *error);
EW_MUST_USE enum ew_status ew_window_set_add_bytes(struct ew_window_set *set, const char *name,
                                                   const char *bytes, size_t byte_count,
                                                   struct ew_error *error);

/* All documents of a directory's `evidence` folder, or of the directory itself. */
EW_MUST_USE enum ew_status ew_window_set_add_directory(struct ew_window_set *set,
                                                       const char *directory,
                                                       struct ew_error *error);

/* One document that counts: neither superseded nor inside a roll-up. */
struct ew_window {
    const struct ew_evidence *evidence; /* as tables; lives with the set */
    char sha256[EW_SHA256_HEX_BYTES];
    uint64_t covers_from; /* of a roll-up; else its own number */
    uint64_t covers_to;
};

/* Those that count, by stream and number; valid until the next add. */
const struct ew_window *ew_window_set_windows(struct ew_window_set *set, size_t *count_out);

/* One stream as a reader sees it. */
struct ew_window_stream {
    const char *id;
    const char *host_id;
    const char *container; /* NULL: the host */
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint64_t windows;        /* that count, each window inside a roll-up too */
    uint64_t missing;        /* numbers between first and last that nothing covers */
    uint64_t gaps;           /* declared in documents */
    uint64_t last_end_100ns; /* when it was last heard of */
};

/* All streams, by id; valid until the next add. */
const struct ew_window_stream *ew_window_set_streams(struct ew_window_set *set,
                                                     size_t *count_out);

/* "sha256:" of the sorted list of the hashes of all documents that count. */
EW_MUST_USE enum ew_status ew_window_set_digest(struct ew_window_set *set, char digest_out[72]);

/*
 * Joins the sealed documents of an aligned range of one stream, k * 2^j .. (k + 1) * 2^j - 1,
 * into one roll-up, as canonical bytes that the caller frees. EW_USAGE when the range is not
 * aligned, EW_NOT_FOUND when one of its documents is missing or not sealed.
 */
EW_MUST_USE enum ew_status ew_window_set_roll_up(struct ew_window_set *set, const char *stream_id,
                                                 uint64_t from, uint64_t to, char **bytes_out,
                                                 size_t *byte_count_out, struct ew_error *error);

#endif
