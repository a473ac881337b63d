/* SPDX-License-Identifier: Apache-2.0 */
/* map.h on POSIX systems; anonymous mappings are of every system that we know of. */
#include "platform/map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Regions grow by this much, so that the system is not asked for every row. */
enum { GROW_BYTES = 4 * 1024 * 1024, FRESH_SECONDS = 2 };

static enum ew_status failed(struct ew_error *error, const char *what, const char *path)
{
    enum ew_status status = errno == ENOENT ? EW_NOT_FOUND : EW_IO;
    return ew_fail(error, status, "%s: cannot %s: %s", path, what, strerror(errno));
}

static enum ew_status map_open(int descriptor, const char *path, struct ew_map *map_out,
                               struct ew_error *error)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        return failed(error, "measure", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return ew_fail(error, EW_IO, "%s: is no file", path);
    }
    size_t byte_count = (size_t)info.st_size;
    if (byte_count == 0) {
        memset(map_out, 0, sizeof *map_out);
        return EW_OK;
    }
    void *bytes = mmap(NULL, byte_count, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
        return failed(error, "map", path);
    }
    (void)posix_madvise(bytes, byte_count, POSIX_MADV_WILLNEED);
    map_out->bytes = bytes;
    map_out->byte_count = byte_count;
    return EW_OK;
}

enum ew_status ew_map_open(const char *path, struct ew_map *map_out, struct ew_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return failed(error, "open", path);
    }
    enum ew_status status = map_open(descriptor, path, map_out, error);
    (void)close(descriptor);
    return status;
}

/* The mapping as munmap() takes it: it was not const when the system gave it. */
static void *plain_pointer(const void *bytes)
{
    union {
        const void *constant;
        void *plain;
    } pointer = {bytes};
    return pointer.plain;
}

void ew_map_close(struct ew_map *map)
{
    if (map->bytes != NULL) {
        (void)munmap(plain_pointer(map->bytes), map->byte_count);
    }
    memset(map, 0, sizeof *map);
}

enum ew_status ew_region_reserve(struct ew_region *region, size_t bytes_max)
{
    size_t reserved = (bytes_max + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;
    void *bytes = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) {
        return EW_NO_MEMORY;
    }
    region->bytes = bytes;
    region->reserved = reserved;
    region->usable = 0;
    return EW_OK;
}

enum ew_status ew_region_grow(struct ew_region *region, size_t byte_count)
{
    if (byte_count <= region->usable) {
        return EW_OK;
    }
    if (byte_count > region->reserved) {
        return EW_LIMIT;
    }
    size_t usable = (byte_count + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;
    if (mprotect((char *)region->bytes + region->usable, usable - region->usable,
                 PROT_READ | PROT_WRITE)
        != 0) {
        return EW_NO_MEMORY;
    }
    region->usable = usable;
    return EW_OK;
}

void ew_region_release(struct ew_region *region)
{
    if (region->bytes != NULL) {
        (void)munmap(region->bytes, region->reserved);
    }
    memset(region, 0, sizeof *region);
}

static uint64_t nanoseconds(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

enum ew_status ew_file_identify(const char *path, struct ew_file_identity *identity_out,
                                struct ew_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return failed(error, "look at", path);
    }
    identity_out->volume = (uint64_t)info.st_dev;
    identity_out->file = (uint64_t)info.st_ino;
    identity_out->byte_count = (uint64_t)info.st_size;
    identity_out->written = nanoseconds(&info.st_mtim);
    identity_out->changed = nanoseconds(&info.st_ctim);
    return EW_OK;
}

bool ew_file_identity_is_fresh(const struct ew_file_identity *identity)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return true;
    }
    return identity->changed + FRESH_SECONDS * UINT64_C(1000000000) > nanoseconds(&now);
}
