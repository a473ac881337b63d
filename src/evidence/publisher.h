/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher's parts:
 *
 *     publisher.c      documents moved into place
 *     document_file.c  written under tmp
 *     retention.c      listed, and deleted again
 *     stream.c         where a stream stands, and its head
 *     folder.c         documents added beside it
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
    uint64_t listed_100ns; /* the heartbeat when `catalog` was listed */
};

/*
 * Lists the documents of a folder in the place of what `catalog` held; what is known of those
 * that were there stays known, and roll-ups tell their range. Untouched on failure.
 *
 * EW_LIMIT  more than the catalog may have
 */
EW_MUST_USE enum ew_status document_list(const char *folder, struct ew_catalog *catalog,
                                         struct ew_error *error);

/* Deletes what is too much, and corrects the heads of the streams that lose something. */
EW_MUST_USE enum ew_status publisher_retain(struct ew_publisher *publisher,
                                            struct ew_error *error);

#endif
