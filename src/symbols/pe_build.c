/* SPDX-License-Identifier: Apache-2.0 */
/* What an image says of its build: CodeView records and the metadata's MVID. */
#include "base/cursor.h"
#include "symbols/pe.h"

#include <string.h>

/* --- the debug directory ------------------------------------------------------ */

enum {
    DEBUG_ENTRY_BYTES = 28,
    DEBUG_TYPE_CODEVIEW = 2,
    DEBUG_PORTABLE_MINOR = 0x504d, /* "PM": the record names a portable PDB */
    RSDS = 0x53445352,
    RSDS_HEADER_BYTES = 24,
};

/* "RSDS" 4 | GUID 16 | age 4 | file name, terminated (reference etw.md 3.5, ImageID). */
static bool read_codeview(const struct pe_image *image, const uint8_t *entry,
                          struct pe_debug *debug_out)
{
    uint8_t header[RSDS_HEADER_BYTES];
    uint32_t rva = ew_load_u32(entry + 20);
    if (!pe_read(image, rva, header, sizeof header) || ew_load_u32(header) != RSDS) {
        return false;
    }
    memcpy(debug_out->guid.bytes, header + 4, sizeof debug_out->guid.bytes);
    debug_out->portable = ew_load_u16(entry + 10) == DEBUG_PORTABLE_MINOR;
    debug_out->age = debug_out->portable ? UINT32_MAX : ew_load_u32(header + 20);
    return pe_read_text(image, (uint64_t)rva + sizeof header, debug_out->name,
                        sizeof debug_out->name);
}

static bool is_wanted(const struct pe_debug *wanted, const struct pe_debug *found)
{
    return wanted == NULL
           || (ew_guid_equal(&wanted->guid, &found->guid)
               && (wanted->age == found->age || found->portable));
}

bool pe_read_debug(const struct pe_image *image, const struct pe_debug *wanted,
                   struct pe_debug *debug_out)
{
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_DEBUG];
    uint32_t count = directory->byte_count / DEBUG_ENTRY_BYTES;
    count = count < PE_DEBUG_ENTRIES_MAX ? count : PE_DEBUG_ENTRIES_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t entry[DEBUG_ENTRY_BYTES];
        struct pe_debug found;
        uint64_t rva = (uint64_t)directory->rva + (uint64_t)i * DEBUG_ENTRY_BYTES;
        if (!pe_read(image, rva, entry, sizeof entry)) {
            return false;
        }
        if (ew_load_u32(entry + 12) == DEBUG_TYPE_CODEVIEW && read_codeview(image, entry, &found)
            && is_wanted(wanted, &found)) {
            *debug_out = found;
            return true;
        }
    }
    return false;
}

/* --- metadata ------------------------------------------------------------------ */

enum {
    CLI_HEADER_BYTES = 16, /* as much of it as is used */
    METADATA_SIGNATURE = 0x424a5342,
    METADATA_VERSION_MAX = 256,
    METADATA_STREAMS_MAX = 16,
    STREAM_NAME_MAX = 32,
    TABLES_HEADER_BYTES = 24,
    TABLES_MAX = 64,
    HEAP_STRINGS_WIDE = 1,
    HEAP_GUIDS_WIDE = 2,
    GUID_BYTES = 16,
};

struct metadata {
    uint64_t tables_rva; /* 0: not there */
    uint64_t guids_rva;
    uint32_t guids_bytes;
};

/* A stream header: offset 4 | size 4 | name, terminated, padded to 4. */
static bool read_stream(const struct pe_image *image, uint64_t root, uint64_t *at,
                        struct metadata *metadata)
{
    uint8_t header[8];
    char name[STREAM_NAME_MAX];
    if (!pe_read(image, *at, header, sizeof header)
        || !pe_read_text(image, *at + sizeof header, name, sizeof name)) {
        return false;
    }
    uint64_t rva = root + ew_load_u32(header);
    if (strcmp(name, "#~") == 0 || strcmp(name, "#-") == 0) {
        metadata->tables_rva = rva;
    } else if (strcmp(name, "#GUID") == 0) {
        metadata->guids_rva = rva;
        metadata->guids_bytes = ew_load_u32(header + 4);
    }
    *at += sizeof header + ((strlen(name) + 4) & ~(size_t)3);
    return true;
}

/* The root: signature 4 | versions 4 | reserved 4 | length 4 | version text |
 * flags 2 | number of streams 2 | stream headers (ECMA-335 II.24.2.1). */
static bool read_root(const struct pe_image *image, uint64_t root, struct metadata *metadata)
{
    uint8_t header[16];
    uint8_t counts[4];
    if (!pe_read(image, root, header, sizeof header)
        || ew_load_u32(header) != METADATA_SIGNATURE) {
        return false;
    }
    uint32_t version_bytes = ew_load_u32(header + 12);
    if (version_bytes > METADATA_VERSION_MAX) {
        return false;
    }
    uint64_t at = root + sizeof header + ((version_bytes + 3) & ~UINT32_C(3));
    if (!pe_read(image, at, counts, sizeof counts)
        || ew_load_u16(counts + 2) > METADATA_STREAMS_MAX) {
        return false;
    }
    at += sizeof counts;
    for (unsigned i = 0; i < ew_load_u16(counts + 2); i++) {
        if (!read_stream(image, root, &at, metadata)) {
            return false;
        }
    }
    return metadata->tables_rva != 0 && metadata->guids_rva != 0;
}

/*
 * The index of the MVID: the Module table is the first, so its row follows the row counts.
 *
 *     reserved 4 | version 2 | HeapSizes 1 | reserved 1 | valid 8 | sorted 8 |
 *     rows 4 for each valid table | Module: Generation 2, Name 2 or 4, Mvid 2 or 4, ...
 */
static bool read_mvid_index(const struct pe_image *image, uint64_t tables, uint32_t *index_out)
{
    uint8_t header[TABLES_HEADER_BYTES];
    uint8_t row[10];
    if (!pe_read(image, tables, header, sizeof header)) {
        return false;
    }
    uint64_t valid = ew_load_u64(header + 8);
    unsigned table_count = 0;
    for (unsigned i = 0; i < TABLES_MAX; i++) {
        table_count += (unsigned)(valid >> i & 1);
    }
    if ((valid & 1) == 0
        || !pe_read(image, tables + sizeof header + 4 * (uint64_t)table_count, row, sizeof row)) {
        return false;
    }
    const uint8_t *at = row + 2 + ((header[6] & HEAP_STRINGS_WIDE) != 0 ? 4 : 2);
    *index_out = (header[6] & HEAP_GUIDS_WIDE) != 0 ? ew_load_u32(at) : ew_load_u16(at);
    return *index_out != 0;
}

bool pe_is_managed(const struct pe_image *image)
{
    return image->directories[PE_DIRECTORY_CLI].rva != 0
           && image->directories[PE_DIRECTORY_CLI].byte_count >= CLI_HEADER_BYTES;
}

bool pe_read_mvid(const struct pe_image *image, struct ew_guid *mvid_out)
{
    uint8_t cli[CLI_HEADER_BYTES];
    struct metadata metadata = {0};
    uint32_t index = 0;
    struct ew_guid mvid;
    if (!pe_is_managed(image)
        || !pe_read(image, image->directories[PE_DIRECTORY_CLI].rva, cli, sizeof cli)
        || !read_root(image, ew_load_u32(cli + 8), &metadata)
        || !read_mvid_index(image, metadata.tables_rva, &index)
        || index > metadata.guids_bytes / GUID_BYTES
        || !pe_read(image, metadata.guids_rva + (uint64_t)(index - 1) * GUID_BYTES, mvid.bytes,
                    sizeof mvid.bytes)
        || ew_guid_is_zero(&mvid)) {
        return false;
    }
    *mvid_out = mvid;
    return true;
}
