/* SPDX-License-Identifier: Apache-2.0 */
/* The id of an evidence directory: made by chance once, and kept in it. */
#ifndef EW_PIPELINE_INSTALL_H
#define EW_PIPELINE_INSTALL_H

#include "etwitness/evidence.h"

struct install {
    char root[EW_STREAM_ID_BYTES];    /* id of the host's stream; others come from it */
    char host_id[EW_STREAM_ID_BYTES]; /* says which host without saying its name */
};

/*
 * Reads `stream.json` of a directory, or makes it when there is none. A file that cannot be
 * read is an error and never replaced: a new id would begin a new history.
 *
 * EW_IO, EW_FORMAT, EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status install_open(const char *directory, struct install *install_out,
                                        struct ew_error *error);

#endif
