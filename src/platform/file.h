/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: what the product needs of them, the same on every platform. Paths are UTF-8;
 * '/' and the platform's separator both work. posix/ and win32/ implement it.
 */
#ifndef EW_PLATFORM_FILE_H
#define EW_PLATFORM_FILE_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ew_file; /* an open file, released with ew_file_close() */

/* Opens for reading; others may read, write and remove it meanwhile. */
EW_MUST_USE enum ew_status ew_file_open(const char *path, struct ew_file **file_out,
                                        struct ew_error *error);

/* Creates for writing (and reading back). Fails with EW_EXISTS when `replace` is false
 * and the path exists. */
EW_MUST_USE enum ew_status ew_file_create(const char *path, bool replace,
                                          struct ew_file **file_out, struct ew_error *error);

void ew_file_close(struct ew_file *file); /* NULL is allowed */

EW_MUST_USE enum ew_status ew_file_size(struct ew_file *file, uint64_t *bytes_out,
                                        struct ew_error *error);

/* Reads up to `byte_count` bytes at `offset`; fewer only at the end of the file. */
EW_MUST_USE enum ew_status ew_file_read_at(struct ew_file *file, uint64_t offset, void *out,
                                           size_t byte_count, size_t *read_out,
                                           struct ew_error *error);

/* Writes all of it at `offset`. */
EW_MUST_USE enum ew_status ew_file_write_at(struct ew_file *file, uint64_t offset,
                                            const void *bytes, size_t byte_count,
                                            struct ew_error *error);

/* Makes what was written survive a power cut. */
EW_MUST_USE enum ew_status ew_file_sync(struct ew_file *file, struct ew_error *error);

/* Moves within one volume. EW_EXISTS, nothing done, when `replace` is false and `to`
 * exists. With `replace` a reader sees the old or the new file, never neither. */
EW_MUST_USE enum ew_status ew_file_rename(const char *from, const char *to, bool replace,
                                          struct ew_error *error);

EW_MUST_USE enum ew_status ew_file_remove(const char *path, struct ew_error *error);

/* Makes a directory and its parents; one that is there is success. */
EW_MUST_USE enum ew_status ew_directory_make(const char *path, struct ew_error *error);

/* Removes an empty directory. EW_NOT_FOUND when there is none, or a file of that name. */
EW_MUST_USE enum ew_status ew_directory_remove(const char *path, struct ew_error *error);

/* Makes the entries of a directory survive a power cut, where the platform can. */
EW_MUST_USE enum ew_status ew_directory_sync(const char *path, struct ew_error *error);

/* Called for each plain file of a directory, in no order; false stops the listing. */
typedef bool (*ew_directory_fn)(void *context, const char *name, uint64_t bytes);

EW_MUST_USE enum ew_status ew_directory_list(const char *path, ew_directory_fn each,
                                             void *context, struct ew_error *error);

/* Reads a whole file of at most `bytes_max` into memory that the caller frees; a
 * terminator is added and not counted. EW_LIMIT when it is larger. Portable: file.c. */
EW_MUST_USE enum ew_status ew_file_read_all(const char *path, size_t bytes_max, char **bytes_out,
                                            size_t *byte_count_out, struct ew_error *error);

#endif
