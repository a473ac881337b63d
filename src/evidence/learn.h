/* SPDX-License-Identifier: Apache-2.0 */
/* What the last bytes of a document tell of it: it need not be read to be ordered or deleted. */
#ifndef EW_EVIDENCE_LEARN_H
#define EW_EVIDENCE_LEARN_H

#include "evidence/head.h"

/*
 * Fills in age, state and range of a document from its last 4 KiB, where "stream" and "window"
 * are. One that cannot be read counts as oldest, and covers its own number only.
 */
void document_learn(const char *folder, struct ew_catalog_entry *entry);

/* The end of its window; 0 when that cannot be read. */
uint64_t document_learn_end(const char *folder, const struct ew_catalog_entry *entry);

#endif
