/* SPDX-License-Identifier: Apache-2.0 */
/* Types of parameters in one form, part of names.h. */
#ifndef EW_MERGE_TYPES_H
#define EW_MERGE_TYPES_H

#include "merge/names.h"

/* Appends the types of a list, parted by commas, up to `end`. */
void ew_merge_types_put_list(struct method_name *out, const char *at, const char *end,
                             enum method_dialect dialect);

/* Appends the result of a conversion operator, marked by "~". */
void ew_merge_types_put_result(struct method_name *out, const char *at, const char *end,
                               enum method_dialect dialect);

#endif
