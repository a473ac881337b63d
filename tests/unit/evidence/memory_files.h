/* SPDX-License-Identifier: Apache-2.0 */
/*
 * platform/file.h in memory: a volume that can refuse the Nth operation, lose power at
 * the Nth operation, and then forget what was not flushed. A test program that links
 * this has no other files.
 */
#ifndef EW_TESTS_MEMORY_FILES_H
#define EW_TESTS_MEMORY_FILES_H

#include "platform/file.h"

/* Empties the volume; nothing fails. */
void ew_memory_reset(void);

/*
 * The operation after `operations` more that change something fails, once, with EW_IO;
 * after ew_memory_crash_after() all later ones fail too, until the restart.
 */
void ew_memory_fail_after(unsigned operations);
void ew_memory_crash_after(unsigned operations);

/* True when the failure asked for has come. Nothing fails any more afterwards. */
bool ew_memory_has_failed(void);

/* Power is back: files hold what was flushed, open files are closed. */
void ew_memory_restart(void);

/* Bytes written from now on; the operation that would exceed them fails. */
void ew_memory_set_room(size_t bytes);

/* Calls `hook` once, before the next file is opened: what others do meanwhile. */
void ew_memory_before_open(void (*hook)(void));

/* Files whose path begins with `prefix`; and the one of them at `index`, by path. */
size_t ew_memory_count(const char *prefix);
const char *ew_memory_path(const char *prefix, size_t index);

/* Content of a file; NULL when there is none. And a file put there by somebody else. */
const char *ew_memory_content(const char *path, size_t *byte_count_out);
void ew_memory_place(const char *path, const char *content);

#endif
