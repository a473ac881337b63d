/* SPDX-License-Identifier: Apache-2.0 */
/* Which document a file holds, by the schema that it names. */
#ifndef EW_CLI_DOCUMENT_KIND_H
#define EW_CLI_DOCUMENT_KIND_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the bytes name `reach-merge/1` as their schema. Only the top is looked at: what is
 * inside is for its reader to judge.
 *
 * EW_FORMAT  no JSON object, or no schema in it
 */
EW_MUST_USE enum ew_status ew_cli_is_merge(const char *name, const char *bytes, size_t byte_count,
                                           bool *is_merge_out, struct ew_error *error);

#endif
