/* SPDX-License-Identifier: Apache-2.0 */
/* map.h on Windows. */
#include "platform/map.h"
#include "platform/win32/wide_win32.h"

#include <stdlib.h>
#include <string.h>

/* Regions grow by this much; times are in 100 ns. */
enum { GROW_BYTES = 4 * 1024 * 1024, FRESH_100NS = 20 * 1000 * 1000 };

/* The file opened for reading, shared with everybody; INVALID_HANDLE_VALUE told in `error`. */
static HANDLE open_shared(const char *path, DWORD access, struct ew_error *error)
{
    wchar_t *wide = ew_wide_path(path);
    if (wide == NULL) {
        (void)ew_fail(error, EW_IO, "%s: is not a path in UTF-8, or there is no memory for it",
                      path);
        return INVALID_HANDLE_VALUE;
    }
    HANDLE handle =
        CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                    OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        (void)ew_wide_fail(error, GetLastError(), "open", path);
    }
    free(wide);
    return handle;
}

static enum ew_status map_handle(HANDLE handle, const char *path, struct ew_map *map_out,
                                 struct ew_error *error)
{
    LARGE_INTEGER size;
    if (!GetFileSizeEx(handle, &size)) {
        return ew_wide_fail(error, GetLastError(), "measure", path);
    }
    memset(map_out, 0, sizeof *map_out);
    if (size.QuadPart == 0) {
        return EW_OK;
    }
    HANDLE section = CreateFileMappingW(handle, NULL, PAGE_READONLY, 0, 0, NULL);
    if (section == NULL) {
        return ew_wide_fail(error, GetLastError(), "map", path);
    }
    const void *bytes = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    DWORD code = GetLastError();
    (void)CloseHandle(section); /* the view keeps it */
    if (bytes == NULL) {
        return ew_wide_fail(error, code, "map", path);
    }
    map_out->bytes = bytes;
    map_out->byte_count = (size_t)size.QuadPart;
    return EW_OK;
}

enum ew_status ew_map_open(const char *path, struct ew_map *map_out, struct ew_error *error)
{
    struct ew_error why = {0};
    HANDLE handle = open_shared(path, GENERIC_READ, &why);
    if (handle == INVALID_HANDLE_VALUE) {
        return ew_fail(error, why.status, "%s", why.text);
    }
    enum ew_status status = map_handle(handle, path, map_out, error);
    (void)CloseHandle(handle);
    return status;
}

void ew_map_close(struct ew_map *map)
{
    if (map->bytes != NULL) {
        (void)UnmapViewOfFile(map->bytes);
    }
    memset(map, 0, sizeof *map);
}

enum ew_status ew_region_reserve(struct ew_region *region, size_t bytes_max)
{
    size_t reserved = (bytes_max + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;
    void *bytes = VirtualAlloc(NULL, reserved, MEM_RESERVE, PAGE_NOACCESS);
    if (bytes == NULL) {
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
    if (VirtualAlloc((char *)region->bytes + region->usable, usable - region->usable, MEM_COMMIT,
                     PAGE_READWRITE)
        == NULL) {
        return EW_NO_MEMORY;
    }
    region->usable = usable;
    return EW_OK;
}

void ew_region_release(struct ew_region *region)
{
    if (region->bytes != NULL) {
        (void)VirtualFree(region->bytes, 0, MEM_RELEASE);
    }
    memset(region, 0, sizeof *region);
}

enum ew_status ew_file_identify(const char *path, struct ew_file_identity *identity_out,
                                struct ew_error *error)
{
    struct ew_error why = {0};
    HANDLE handle = open_shared(path, FILE_READ_ATTRIBUTES, &why);
    if (handle == INVALID_HANDLE_VALUE) {
        return ew_fail(error, why.status, "%s", why.text);
    }
    BY_HANDLE_FILE_INFORMATION info;
    FILE_BASIC_INFO times;
    bool told = GetFileInformationByHandle(handle, &info)
                && GetFileInformationByHandleEx(handle, FileBasicInfo, &times, sizeof times);
    DWORD code = GetLastError();
    (void)CloseHandle(handle);
    if (!told) {
        return ew_wide_fail(error, code, "look at", path);
    }
    identity_out->volume = info.dwVolumeSerialNumber;
    identity_out->file = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
    identity_out->byte_count = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    identity_out->written = (uint64_t)times.LastWriteTime.QuadPart;
    identity_out->changed = (uint64_t)times.ChangeTime.QuadPart;
    return EW_OK;
}

bool ew_file_identity_is_fresh(const struct ew_file_identity *identity)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    uint64_t time = (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
    return identity->changed + FRESH_100NS > time;
}
