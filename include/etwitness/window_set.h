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

/*
 * What of all documents counts is a fold over the set, whatever the order in which they came:
 *
 * * of one (stream, range) the highest revision; a plain window's range is its number
 * * of two documents that differ and claim the same (stream, range, revision) the one with the
 *   smaller hash: one of them is forged or broken, and the stream tells of the conflict
 * * of these, those that lie in no wider range of the same stream
 *
 * The caller destroys it. EW_NO_MEMORY. */
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

/*
 * All documents of a directory's `evidence` folder, or of the directory itself where there is no
 * such folder: the files with names of published documents. One that is not valid is counted,
 * and the first by name is told by ew_window_set_refusal(); one that goes away meanwhile is
 * not there. Compressed ones are counted, and not read.
 *
 * Beside an `evidence` folder the heads are read too, before the documents: a head that is read
 * names no document that the listing could not have. What heads tell changes no document, none
 * of the counts of documents, and not the digest.
 */
EW_MUST_USE enum ew_status ew_window_set_add_directory(struct ew_window_set *set,
                                                       const char *directory,
                                                       struct ew_error *error);

/* Adds all that `other` holds; the tables are shared. EW_NO_MEMORY, EW_LIMIT; what was added
 * until then stays. */
EW_MUST_USE enum ew_status ew_window_set_join(struct ew_window_set *set,
                                              const struct ew_window_set *other,
                                              struct ew_error *error);

/* What became of the documents that were added. */
struct ew_window_set_counts {
    uint64_t documents;     /* that differ */
    uint64_t counted;       /* of these: they count */
    uint64_t superseded;    /* by a higher revision */
    uint64_t absorbed;      /* they lie in a roll-up */
    uint64_t conflicts;     /* another document claims to be the same */
    uint64_t repeated;      /* added once more */
    uint64_t refused;       /* files of directories that are no valid documents */
    uint64_t compressed;    /* files of directories that are not read: gunzip them */
    uint64_t heads;         /* streams of which a head was read */
    uint64_t heads_refused; /* heads that are not valid, or of which there are too many */
};
EW_MUST_USE enum ew_status ew_window_set_counts(struct ew_window_set *set,
                                                struct ew_window_set_counts *counts_out);

/* Why the first file of a directory was refused; "" when none was. */
const char *ew_window_set_refusal(const struct ew_window_set *set);

/* The same of heads. */
const char *ew_window_set_head_refusal(const struct ew_window_set *set);

/* One document that counts: neither superseded nor inside a roll-up. */
struct ew_window {
    const struct ew_evidence *evidence; /* as tables; lives with the set */
    char sha256[EW_SHA256_HEX_BYTES];
    uint64_t covers_from; /* of a roll-up; else its own number */
    uint64_t covers_to;
};

/* The first number that a window covers: no document has number 0, where a roll-up may begin. */
static inline uint64_t ew_window_first_number(const struct ew_window *window)
{
    return window->covers_from == 0 ? 1 : window->covers_from;
}

/* Those that count, by stream and number; valid until the next add. NULL: no memory, or none
 * counts and the number is 0. */
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
    uint64_t conflicts;      /* documents that were passed over, see above */
    uint64_t broken_links;   /* documents whose `prev` is not the hash of the one before them:
                                one of the two was changed or replaced */
    bool mixed;              /* its documents name different hosts or containers */
};

/* All streams, by id; valid until the next add. NULL as above. */
const struct ew_window_stream *ew_window_set_streams(struct ew_window_set *set,
                                                     size_t *count_out);

/* What the head of a stream tells that documents cannot: whether its collector is alive, and
 * which documents are missing at the end, where no other document follows them. */
struct ew_window_head {
    struct ew_head head;     /* of several of one stream the one that knows most */
    uint64_t missing_at_end; /* numbers that were given, behind the last that the set has; all
                                from the head's first one when it has none */
    bool differs;            /* the last document is another than the head names: replaced */
};

/* By stream, also those that have no document; valid until the next add. NULL: none, or no
 * memory. */
const struct ew_window_head *ew_window_set_heads(struct ew_window_set *set, size_t *count_out);

/* "sha256:" of the sorted list of the hashes of all documents that count. */
EW_MUST_USE enum ew_status ew_window_set_digest(struct ew_window_set *set, char digest_out[72]);

/*
 * Joins the sealed documents of an aligned range of one stream, k * 2^j .. (k + 1) * 2^j - 1,
 * into one roll-up, as canonical bytes that the caller frees; a terminator is added and not
 * counted. EW_USAGE when the range is not
 * aligned, EW_NOT_FOUND when one of its documents is missing or not sealed, EW_EXISTS when they
 * are in a roll-up already, EW_FORMAT when they tell of different hosts, containers or subjects,
 * EW_LIMIT when it would be too large. Number 0, which no document has, is missed by nobody.
 */
EW_MUST_USE enum ew_status ew_window_set_roll_up(struct ew_window_set *set, const char *stream_id,
                                                 uint64_t from, uint64_t to, char **bytes_out,
                                                 size_t *byte_count_out, struct ew_error *error);

/* --- roll-ups of a directory --------------------------------------------------------------- */

/* What becomes of a range of numbers of which documents lie there. */
enum ew_roll_up_outcome {
    EW_ROLL_UP_MADE,
    EW_ROLL_UP_COVERED,  /* it lies in a roll-up already */
    EW_ROLL_UP_PARTIAL,  /* at an end of its stream: it has not all numbers yet, or no longer */
    EW_ROLL_UP_UNSEALED, /* a document may still be revised */
    EW_ROLL_UP_MISSING,  /* numbers are missing within the stream */
    EW_ROLL_UP_DOUBTFUL, /* documents are not valid, contradict one another, or were changed */
    EW_ROLL_UP_MIXED,    /* they tell of different hosts, containers or subjects */
    EW_ROLL_UP_TOO_LARGE,
    EW_ROLL_UP_EMPTIED, /* of a published roll-up: its documents were removed */
    EW_ROLL_UP_KEPT,    /* they were not, or not all of them */
};
enum { EW_ROLL_UP_OUTCOMES = EW_ROLL_UP_KEPT + 1 };

struct ew_roll_up_range {
    const char *stream_id;
    uint64_t from;
    uint64_t to;
};

/* Told for each range, with the reason where there is one ("" else). */
typedef void (*ew_roll_up_fn)(void *context, enum ew_roll_up_outcome outcome,
                              const struct ew_roll_up_range *range, const char *reason);

/* Told after each range: documents that were looked at, of all that will be. */
typedef void (*ew_roll_up_progress_fn)(void *context, uint64_t done, uint64_t total);

struct ew_roll_up_options {
    const char *directory; /* as a publisher made it */
    uint64_t windows;      /* numbers of a range: a power of two, 2 .. EW_ROLL_UP_WINDOWS_MAX */
    bool remove;           /* what lies in roll-ups */
    ew_roll_up_fn tell;    /* may be NULL */
    ew_roll_up_progress_fn progress; /* may be NULL */
    void *context;
};

struct ew_roll_up_report {
    uint64_t streams;
    uint64_t documents; /* that were listed at the beginning */
    uint64_t compressed;
    uint64_t ranges[EW_ROLL_UP_OUTCOMES];
    uint64_t bytes_read; /* of the documents that were rolled up */
    uint64_t bytes_made;
    uint64_t removed; /* documents */
    uint64_t bytes_removed;
};

/*
 * Publishes the roll-ups of all aligned ranges of a directory that can be made, and removes,
 * when that is asked for, the documents that lie in published roll-ups: after the roll-up was
 * read back, found to say all that they say, and made durable. The last window of each stream
 * stays, so that its writer knows where it stands. One range is in memory at a time.
 *
 * The directory's publisher may be at work; what it has in the meantime published or removed is
 * seen the next time.
 *
 * EW_USAGE      `windows` is no such power of two
 * EW_NOT_FOUND  the directory has no folder `evidence`
 * EW_IO, EW_LIMIT, EW_NO_MEMORY  what was done until then stays, and is told
 */
EW_MUST_USE enum ew_status ew_roll_up_directory(const struct ew_roll_up_options *options,
                                                struct ew_roll_up_report *report_out,
                                                struct ew_error *error);

#endif
