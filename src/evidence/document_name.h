/* SPDX-License-Identifier: Apache-2.0 */
/* File names that only the writers of a directory use (reference evidence.md 4.4). */
#ifndef EW_EVIDENCE_DOCUMENT_NAME_H
#define EW_EVIDENCE_DOCUMENT_NAME_H

#include "etwitness/evidence.h"

#include <stdbool.h>
#include <stdint.h>

/* Twelve digits in names; a window every ten seconds reaches it after 300,000 years. */
#define EW_SEQUENCE_MAX UINT64_C(999999999999)

/* The name under tmp while a document is written: it cannot know the hash yet. */
void ew_document_name_partial(const struct ew_document_name *name,
                              char out[EW_DOCUMENT_NAME_BYTES]);

/* The same for who writes beside the publisher: `chance` tells writers apart. */
void ew_document_name_beside(const struct ew_document_name *name, uint64_t chance,
                             char out[EW_DOCUMENT_NAME_BYTES]);

/* Names of a stream's head, and of the head while it is written. */
void ew_head_name_format(const char *stream, char out[EW_DOCUMENT_NAME_BYTES]);
void ew_head_name_partial(const char *stream, char out[EW_DOCUMENT_NAME_BYTES]);

/* True for the names that a writer leaves under tmp when it is stopped on its way; the latter:
 * one that wrote beside the publisher. */
bool ew_document_name_is_partial(const char *text);
bool ew_document_name_is_beside(const char *text);

#endif
