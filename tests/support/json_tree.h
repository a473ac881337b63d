/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of jansson made of the tokens of our scanner, so that both can be compared. */
#ifndef EW_TESTS_SUPPORT_JSON_TREE_H
#define EW_TESTS_SUPPORT_JSON_TREE_H

#include "base/json_scan.h"

#include <jansson.h>

/* NULL when the scanner failed, or an integer is beyond what jansson holds
 * (`*too_large_out`). The caller gives the tree back with json_decref(). */
json_t *json_tree_scan(struct ew_json_scan *scan, bool *too_large_out);

#endif
