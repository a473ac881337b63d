/* SPDX-License-Identifier: Apache-2.0 */
/* Headers and sections of a PE image. */
#include "symbols/pe.h"

#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

enum {
    DOS_HEADER_BYTES = 64,
    DOS_NEW_HEADER_AT = 60,
    FILE_HEADER_BYTES = 24, /* the signature included */
    OPTIONAL_BYTES_MAX = 240,
    SECTION_BYTES = 40,
    MAGIC_32 = 0x10b,
    MAGIC_64 = 0x20b,
    SECTION_EXECUTABLE = 0x20000000,
};

/* The optional header's parts that are used:
 *
 *     Magic 2 at 0 | SizeOfImage 4 at 56 | SizeOfHeaders 4 at 60 |
 *     NumberOfRvaAndSizes 4 at 92 or 108 | directories 8 each
 */
static bool read_optional(struct pe_image *image, const uint8_t *bytes, size_t byte_count)
{
    struct ew_cursor in = ew_cursor_make(bytes, byte_count);
    uint16_t magic = ew_cursor_u16(&in);
    ew_cursor_skip(&in, 54);
    image->size_bytes = ew_cursor_u32(&in);
    image->header_bytes = ew_cursor_u32(&in);
    ew_cursor_skip(&in, magic == MAGIC_64 ? 44 : 28);
    uint32_t count = ew_cursor_u32(&in);
    count = count < PE_DIRECTORIES_MAX ? count : PE_DIRECTORIES_MAX;
    for (uint32_t i = 0; i < count && ew_cursor_left(&in) >= 8; i++) {
        image->directories[i].rva = ew_cursor_u32(&in);
        image->directories[i].byte_count = ew_cursor_u32(&in);
    }
    return !in.failed && (magic == MAGIC_32 || magic == MAGIC_64);
}

/* A section: name 8 | VirtualSize 4 | VirtualAddress 4 | SizeOfRawData 4 |
 * PointerToRawData 4 | 12 of no use | Characteristics 4. */
static bool read_sections(struct pe_image *image, uint64_t offset, uint32_t count)
{
    uint8_t bytes[SECTION_BYTES];
    for (uint32_t i = 0; i < count; i++) {
        struct pe_section *section = &image->sections[i];
        if (!source_read(image->source, offset + (uint64_t)i * SECTION_BYTES, bytes,
                         sizeof bytes)) {
            return false;
        }
        section->byte_count = ew_load_u32(bytes + 8);
        section->rva = ew_load_u32(bytes + 12);
        section->file_bytes = ew_load_u32(bytes + 16);
        section->file_offset = ew_load_u32(bytes + 20);
        section->executable = (ew_load_u32(bytes + 36) & SECTION_EXECUTABLE) != 0;
    }
    image->section_count = count;
    return true;
}

enum ew_status pe_open(struct pe_image *image, struct source *source)
{
    uint8_t dos[DOS_HEADER_BYTES];
    uint8_t header[FILE_HEADER_BYTES];
    uint8_t optional[OPTIONAL_BYTES_MAX];
    memset(image, 0, sizeof *image);
    image->source = source;
    if (!source_read(source, 0, dos, sizeof dos) || ew_load_u16(dos) != 0x5a4d) {
        return EW_FORMAT;
    }
    uint64_t at = ew_load_u32(dos + DOS_NEW_HEADER_AT);
    if (!source_read(source, at, header, sizeof header) || ew_load_u32(header) != 0x4550) {
        return EW_FORMAT;
    }
    image->machine = ew_load_u16(header + 4);
    image->timestamp = ew_load_u32(header + 8);
    uint32_t section_count = ew_load_u16(header + 6);
    uint32_t optional_bytes = ew_load_u16(header + 20);
    size_t taken = optional_bytes < sizeof optional ? optional_bytes : sizeof optional;
    at += sizeof header;
    if (section_count > EW_PE_SECTIONS_MAX || !source_read(source, at, optional, taken)
        || !read_optional(image, optional, taken)
        || !read_sections(image, at + optional_bytes, section_count)) {
        return EW_FORMAT;
    }
    return EW_OK;
}

static const struct pe_section *section_of(const struct pe_image *image, uint64_t rva)
{
    for (uint32_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        uint32_t byte_count =
            section->byte_count > section->file_bytes ? section->byte_count : section->file_bytes;
        if (rva >= section->rva && rva - section->rva < byte_count) {
            return section;
        }
    }
    return NULL;
}

bool pe_read(const struct pe_image *image, uint64_t rva, void *out, size_t byte_count)
{
    const struct pe_section *section = section_of(image, rva);
    if (section == NULL) {
        return rva < image->header_bytes && byte_count <= image->header_bytes - rva
               && source_read(image->source, rva, out, byte_count);
    }
    uint64_t within = rva - section->rva;
    return within < section->file_bytes && byte_count <= section->file_bytes - within
           && source_read(image->source, section->file_offset + within, out, byte_count);
}

bool pe_read_text(const struct pe_image *image, uint64_t rva, char *out, size_t capacity)
{
    uint8_t bytes[PE_NAME_BYTES_MAX];
    enum { STEP = 32 };
    size_t used = 0;
    size_t limit = capacity < sizeof bytes ? capacity : sizeof bytes;
    while (used < limit) {
        size_t step = limit - used < STEP ? limit - used : STEP;
        while (step > 0 && !pe_read(image, rva + used, bytes + used, step)) {
            step /= 2; /* the text may end where the section does */
        }
        const uint8_t *end = step == 0 ? NULL : memchr(bytes + used, 0, step);
        if (end != NULL) {
            (void)ew_text_from_bytes(bytes, (size_t)(end - bytes), out, capacity);
            return true;
        }
        if (step == 0) {
            return false;
        }
        used += step;
    }
    return false;
}

bool pe_is_code(const struct pe_image *image, uint32_t rva)
{
    const struct pe_section *section = section_of(image, rva);
    return section != NULL && section->executable;
}
