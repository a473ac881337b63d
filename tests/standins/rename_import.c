/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renames one imported DLL in a copy of a Windows x86-64 program: ADVAPI32.dll, in whatever
 * case, to ETWSIM32.dll, which is equally long. Strict: exactly one import descriptor must
 * name it, or nothing is written.
 *
 * usage: rename_import PROGRAM COPY
 */
#include "base/cursor.h"
#include "base/text.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char old_name[] = "advapi32.dll";
static const char new_name[] = "ETWSIM32.dll";

_Static_assert(sizeof old_name == sizeof new_name, "the names are equally long");

enum {
    PROGRAM_BYTES_MAX = 256 * 1024 * 1024,
    PE_OFFSET_AT = 0x3c,
    FILE_HEADER_BYTES = 24, /* with the signature */
    SECTION_BYTES = 40,
    DESCRIPTOR_BYTES = 20,
    DESCRIPTORS_MAX = 4096,
    MAGIC_PE32_PLUS = 0x20b,
    IMPORT_DIRECTORY_AT = 112 + 8, /* in the optional header of PE32+ */
};

struct image {
    uint8_t *bytes;
    size_t byte_count;
    size_t sections_at;
    unsigned section_count;
    uint32_t imports_rva;
};

static bool has(const struct image *image, size_t at, size_t byte_count)
{
    return at <= image->byte_count && byte_count <= image->byte_count - at;
}

static bool parse(struct image *image)
{
    if (!has(image, PE_OFFSET_AT, 4)) {
        return false;
    }
    size_t pe = ew_load_u32(image->bytes + PE_OFFSET_AT);
    if (!has(image, pe, FILE_HEADER_BYTES + IMPORT_DIRECTORY_AT + 8)
        || memcmp(image->bytes + pe, "PE\0\0", 4) != 0) {
        return false;
    }
    const uint8_t *optional = image->bytes + pe + FILE_HEADER_BYTES;
    image->section_count = ew_load_u16(image->bytes + pe + 6);
    image->sections_at = pe + FILE_HEADER_BYTES + ew_load_u16(image->bytes + pe + 20);
    image->imports_rva = ew_load_u32(optional + IMPORT_DIRECTORY_AT);
    return ew_load_u16(optional) == MAGIC_PE32_PLUS
           && has(image, image->sections_at, (size_t)image->section_count * SECTION_BYTES);
}

/* Where an address is in the file; 0 when it is nowhere. */
static size_t offset_of(const struct image *image, uint32_t rva)
{
    for (unsigned i = 0; i < image->section_count; i++) {
        const uint8_t *section = image->bytes + image->sections_at + (size_t)i * SECTION_BYTES;
        uint32_t start = ew_load_u32(section + 12);
        uint32_t stored = ew_load_u32(section + 16);
        if (rva >= start && rva - start < stored) {
            return (size_t)ew_load_u32(section + 20) + (rva - start);
        }
    }
    return 0;
}

static bool is_old_name(const struct image *image, size_t at)
{
    char name[sizeof old_name];
    if (at == 0 || !has(image, at, sizeof name)) {
        return false;
    }
    memcpy(name, image->bytes + at, sizeof name);
    return name[sizeof name - 1] == '\0' && ew_text_equal_fold(name, old_name);
}

/* Answers how many descriptors name the DLL; the last one's name stands at `*at_out`. */
static unsigned find_import(const struct image *image, size_t *at_out)
{
    unsigned found = 0;
    size_t descriptor = offset_of(image, image->imports_rva);
    for (unsigned i = 0; descriptor != 0 && i < DESCRIPTORS_MAX; i++) {
        if (!has(image, descriptor, DESCRIPTOR_BYTES)) {
            break;
        }
        uint32_t name_rva = ew_load_u32(image->bytes + descriptor + 12);
        if (name_rva == 0) {
            break;
        }
        size_t at = offset_of(image, name_rva);
        if (is_old_name(image, at)) {
            *at_out = at;
            found++;
        }
        descriptor += DESCRIPTOR_BYTES;
    }
    return found;
}

static enum ew_status write_copy(const struct image *image, const char *path,
                                 struct ew_error *error)
{
    struct ew_file *file = NULL;
    enum ew_status status = ew_file_create(path, true, &file, error);
    if (status == EW_OK) {
        status = ew_file_write_at(file, 0, image->bytes, image->byte_count, error);
        ew_file_close(file);
    }
    return status;
}

static int rename_import(const char *from, const char *to)
{
    struct image image = {0};
    struct ew_error error = {0};
    size_t at = 0;
    char *bytes = NULL;
    if (ew_file_read_all(from, PROGRAM_BYTES_MAX, &bytes, &image.byte_count, &error) != EW_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    image.bytes = (uint8_t *)bytes;
    unsigned found = parse(&image) ? find_import(&image, &at) : 0;
    int result = EXIT_FAILURE;
    if (found != 1) {
        (void)fprintf(stderr, "%s: %u import descriptors name %s; it must be one\n", from, found,
                      old_name);
    } else {
        memcpy(image.bytes + at, new_name, sizeof new_name);
        result = write_copy(&image, to, &error) == EW_OK ? EXIT_SUCCESS : EXIT_FAILURE;
        (void)fputs(error.text, stderr);
    }
    free(bytes);
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: rename_import PROGRAM COPY\n");
        return 2;
    }
    return rename_import(argv[1], argv[2]);
}
