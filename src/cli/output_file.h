/* SPDX-License-Identifier: Apache-2.0 */
/* A result as a file, whole or not at all. */
#ifndef EW_CLI_OUTPUT_FILE_H
#define EW_CLI_OUTPUT_FILE_H

#include "etwitness/evidence.h"

/* Writes the result to `sink`; EW_IO when that answered false. */
typedef enum ew_status (*ew_cli_produce_fn)(void *context, ew_evidence_sink_fn sink,
                                            void *sink_context, struct ew_error *error);

/*
 * Writes PATH.part, flushes it and gives it the name PATH: what was there before stays until
 * then, and the part does not stay after a failure. The error says why a write failed.
 *
 * EW_USAGE (the path is too long), EW_IO, and what `produce` answered
 */
EW_MUST_USE enum ew_status ew_cli_write_file(const char *path, ew_cli_produce_fn produce,
                                             void *context, struct ew_error *error);

#endif
