/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema cannot say: indexes, orders, times, sums. */
#ifndef EW_EVIDENCE_CHECK_TABLES_H
#define EW_EVIDENCE_CHECK_TABLES_H

#include "etwitness/status.h"

#include <jansson.h>

/* `document` is valid by its schema. EW_FORMAT with the place in the error. */
EW_MUST_USE enum ew_status check_tables(json_t *document, struct ew_error *error);
EW_MUST_USE enum ew_status check_head(json_t *document, struct ew_error *error);
/* Of merged documents (check_merge.c). */
EW_MUST_USE enum ew_status check_merge(json_t *document, struct ew_error *error);

#endif
