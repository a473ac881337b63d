/* SPDX-License-Identifier: Apache-2.0 */
/* File names of published documents (reference evidence.md 4.4). */
#ifndef EW_EVIDENCE_DOCUMENT_NAME_H
#define EW_EVIDENCE_DOCUMENT_NAME_H

#include "etwitness/evidence.h"

#include <stdbool.h>
#include <stdint.h>

/* Longest of all names below, with its terminator. */
enum { EW_DOCUMENT_NAME_BYTES = 96, EW_HASH_PREFIX_BYTES = 17 };

/* Twelve digits in names; a window every ten seconds reaches it after 300,000 years. */
#define EW_SEQUENCE_MAX UINT64_C(999999999999)

/* What a name tells: re1-<stream>-<sequence>-<revision>-<w|r>-<hash prefix>.json */
struct ew_document_name {
    char stream[EW_STREAM_ID_BYTES];
    char hash[EW_HASH_PREFIX_BYTES]; /* first half of a quarter: 16 hex digits */
    uint64_t sequence;
    uint32_t revision;
    bool rollup; /* 'r', else 'w': a plain window */
};

void ew_document_name_format(const struct ew_document_name *name,
                             char out[EW_DOCUMENT_NAME_BYTES]);

/* False when `text` is no such name, letter for letter. */
bool ew_document_name_parse(const char *text, struct ew_document_name *name_out);

/* The name under tmp while a document is written: it cannot know the hash yet. */
void ew_document_name_partial(const struct ew_document_name *name,
                              char out[EW_DOCUMENT_NAME_BYTES]);

/* Names of a stream's head, and of the head while it is written. */
void ew_head_name_format(const char *stream, char out[EW_DOCUMENT_NAME_BYTES]);
void ew_head_name_partial(const char *stream, char out[EW_DOCUMENT_NAME_BYTES]);

/* True for the names that a writer leaves under tmp when it is stopped on its way. */
bool ew_document_name_is_partial(const char *text);

#endif
