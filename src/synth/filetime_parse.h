/* SPDX-License-Identifier: Apache-2.0 */
/* Times of a scenario: the way back from ew_filetime_format(). */
#ifndef EW_SYNTH_FILETIME_PARSE_H
#define EW_SYNTH_FILETIME_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads "2026-03-02T08:30:00Z", with up to seven fractional digits. False when it is no
 * such time; `filetime_out` is then untouched.
 */
bool ew_filetime_parse(const char *text, uint64_t *filetime_out);

#endif
