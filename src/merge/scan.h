/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader of merged documents asks of the JSON scanner. Every question fails once and
 * stays failed; who asks looks at the answer, and at ew_merge_scan_status() at the end.
 */
#ifndef EW_MERGE_SCAN_H
#define EW_MERGE_SCAN_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan;

/* EW_NO_MEMORY. `bytes` and `error` outlive it. Closed by the caller; NULL is allowed there. */
EW_MUST_USE enum ew_status ew_merge_scan_open(const char *name, const char *bytes,
                                              size_t byte_count, struct ew_error *error,
                                              struct scan **scan_out);
void ew_merge_scan_close(struct scan *scan);
enum ew_status ew_merge_scan_status(const struct scan *scan);

/* Kinds of objects: the names of their members, told once, in the order of the bytes. */
enum { SCAN_KINDS_MAX = 16, SCAN_MEMBERS_MAX = 32 };
void ew_merge_scan_learn(struct scan *scan, unsigned kind, const char *const *names,
                         size_t count);

/* The next value has to be an object, an array. */
bool ew_merge_scan_object(struct scan *scan);
bool ew_merge_scan_array(struct scan *scan);

/* Whether the array has one more element, which has to be an object, a number, a text. */
bool ew_merge_scan_more_objects(struct scan *scan);
bool ew_merge_scan_more_u64(struct scan *scan, uint64_t max, uint64_t *value_out);
bool ew_merge_scan_more_text(struct scan *scan, const char **text_out, size_t *byte_count_out);

/* The position of the next member's name in its kind, or -1 behind the last. Unknown members
 * are passed over. `*seen` begins with 0 and has a bit for each that was there. */
int ew_merge_scan_member(struct scan *scan, unsigned kind, uint32_t *seen);

bool ew_merge_scan_text(struct scan *scan, const char **text_out, size_t *byte_count_out);
bool ew_merge_scan_u64(struct scan *scan, uint64_t max, uint64_t *value_out);
bool ew_merge_scan_bool(struct scan *scan, bool *value_out);
/* null, or an object that begins here. */
bool ew_merge_scan_object_or_null(struct scan *scan, bool *object_out);
/* Nothing but white space is left. */
bool ew_merge_scan_end(struct scan *scan);

/* Fails at the value that was read last; answers false. */
bool ew_merge_scan_fail(struct scan *scan, const char *reason);

#endif
