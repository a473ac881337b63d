/* SPDX-License-Identifier: Apache-2.0 */
/* One document written under tmp, hashed on the way, and flushed. */
#ifndef EW_EVIDENCE_DOCUMENT_FILE_H
#define EW_EVIDENCE_DOCUMENT_FILE_H

#include "evidence/head.h"

/* What is to be published: tables, or bytes that were made of them before. */
struct document_content {
    const struct ew_evidence *evidence; /* NULL: `document` */
    const struct ew_document *document;
};

/*
 * Writes a file that is not there yet, and fills in hash and size. After a failure nothing is
 * left, but for EW_EXISTS: somebody else writes that file.
 */
EW_MUST_USE enum ew_status document_file_write(const char *path,
                                               const struct document_content *content,
                                               struct ew_published *published,
                                               struct ew_error *error);

#endif
