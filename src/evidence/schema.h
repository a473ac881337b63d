/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of JSON Schema (draft 2020-12) that our schemas use: type, const, enum,
 * pattern, required, properties, additionalProperties, items, oneOf, $ref into $defs,
 * minimum, maximum, minLength, minItems. Any other keyword is refused, not ignored.
 */
#ifndef EW_EVIDENCE_SCHEMA_H
#define EW_EVIDENCE_SCHEMA_H

#include "etwitness/status.h"

#include <jansson.h>

enum { SCHEMA_PLACE_BYTES = 256 };

/* A place in a document as people write it: "edges[3].to". */
struct place {
    char text[SCHEMA_PLACE_BYTES];
    size_t length;
};

/* Adds ".key" or "[index]"; what does not fit is left out. Answers the length before. */
size_t place_enter_key(struct place *place, const char *key);
size_t place_enter_index(struct place *place, size_t index);
void place_leave(struct place *place, size_t length_before);

/* The place as text: "the document" at the top. */
const char *place_text(const struct place *place);

/*
 * Validates `value` against `schema`.
 *
 * EW_OK           valid
 * EW_FORMAT       not; the error begins with the place
 * EW_LIMIT        nested deeper than EW_JSON_DEPTH_MAX
 * EW_UNSUPPORTED  the schema itself uses something else
 */
EW_MUST_USE enum ew_status schema_validate(json_t *schema, json_t *value, struct ew_error *error);

#endif
