/* SPDX-License-Identifier: Apache-2.0 */
/* The name and the version inside a package URL, `pkg:type/namespace/name@version?...#...`. */
#ifndef EW_EXPORT_PURL_H
#define EW_EXPORT_PURL_H

#include <stdbool.h>

enum { EW_PURL_TEXT_BYTES = 256 };

struct ew_purl {
    char name[EW_PURL_TEXT_BYTES];
    char version[EW_PURL_TEXT_BYTES]; /* "" when it has none */
};

/* Percent-decoded. False, with outputs of no meaning, for what is no package URL, has an empty
 * name, or parts that are longer than the above. */
bool ew_purl_parse(const char *text, struct ew_purl *purl_out);

#endif
