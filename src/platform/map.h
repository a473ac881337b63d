/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory by the page: files seen as memory, columns that grow where they are, and what tells
 * that a file is still the one it was. posix/ and win32/ implement it.
 */
#ifndef EW_PLATFORM_MAP_H
#define EW_PLATFORM_MAP_H

#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole file, to be read only. Whoever can write the file changes what is seen; who makes
 * it shorter ends the process, so only files that are replaced and never written to are mapped.
 */
struct ew_map {
    const void *bytes; /* NULL: nothing is mapped, also of an empty file */
    size_t byte_count;
};

EW_MUST_USE enum ew_status ew_map_open(const char *path, struct ew_map *map_out,
                                       struct ew_error *error);
void ew_map_close(struct ew_map *map); /* of a zeroed one is allowed */

/* Memory whose addresses are taken at once and whose pages as they are needed, so that it
 * grows without a copy. Pages are zero at first. Zeroed is a valid empty one. */
struct ew_region {
    void *bytes;
    size_t reserved;
    size_t usable;
};

/* EW_NO_MEMORY */
EW_MUST_USE enum ew_status ew_region_reserve(struct ew_region *region, size_t bytes_max);

/* Makes at least the first `byte_count` bytes usable, which is at most what was reserved. */
EW_MUST_USE enum ew_status ew_region_grow(struct ew_region *region, size_t byte_count);
void ew_region_release(struct ew_region *region);

/* What changes when a file is written to, replaced or renamed over, as far as its file
 * system tells. Times are in units of the platform. */
struct ew_file_identity {
    uint64_t volume;
    uint64_t file;
    uint64_t byte_count;
    uint64_t written;
    uint64_t changed; /* cannot be set by who may only write the file */
};

EW_MUST_USE enum ew_status ew_file_identify(const char *path,
                                            struct ew_file_identity *identity_out,
                                            struct ew_error *error);

/* True when the change is so recent that another one could carry the same time. */
bool ew_file_identity_is_fresh(const struct ew_file_identity *identity);

#endif
