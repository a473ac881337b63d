/* SPDX-License-Identifier: Apache-2.0 */
/* Small documents of a few streams, random but the same for the same seed. */
#ifndef EW_TESTS_RANDOM_DOCUMENTS_H
#define EW_TESTS_RANDOM_DOCUMENTS_H

#include "etwitness/window_set.h"

#include <stdint.h>

struct random {
    uint64_t state;
};

uint32_t random_below(struct random *random, uint32_t below);

struct document {
    char stream[EW_STREAM_ID_BYTES];
    uint64_t from;
    uint64_t to;
    uint32_t revision;
    bool forged;
    char *bytes; /* owned */
    size_t byte_count;
};

/* What a random document is told to be; the rest is drawn. */
struct document_plan {
    uint32_t stream; /* 0 .. 9 */
    uint64_t from;   /* of a roll-up; else as `to` */
    uint64_t to;
    uint32_t revision;
    bool sealed;
    bool forged; /* by somebody who tells of the same what is not so */
};

/* Running counters of the quality rise with the number, as a collector's do. */
struct document random_document(struct random *random, const struct document_plan *plan);

/* Writes tables as a document. */
struct document write_document(const struct ew_evidence *evidence);

void free_document(struct document *document);

#endif
