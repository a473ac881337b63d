/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher's parts:
 *
 *     publisher.c  documents written, moved into place, and deleted again
 *     stream.c     where a stream stands, and its head
 */
#ifndef EW_EVIDENCE_PUBLISHER_H
#define EW_EVIDENCE_PUBLISHER_H

#include "evidence/head.h"

struct ew_publisher {
    char root[PUBLISHER_PATH_BYTES]; /* as it was opened */
    struct publisher_paths paths;
    struct ew_catalog catalog;
    uint64_t retention_bytes;
    uint64_t heartbeat_100ns;
};

/* Fills in age and state of a document, from its last bytes. */
void publisher_learn(const struct ew_publisher *publisher, struct ew_catalog_entry *entry);

#endif
