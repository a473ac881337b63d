/* SPDX-License-Identifier: Apache-2.0 */
/* An image and a PDB made by hand, byte by byte. */
#include "unit/symbols/made_files.h"

#include "base/cursor.h"

#include <string.h>

enum { CODE = 0x1000, DATA = 0x2000, DATA_AT = 0x800, PE_AT = 0x80, OPTIONAL_AT = 0x98 };

static uint8_t *at_rva(uint8_t *image, uint32_t rva)
{
    return image + DATA_AT + (rva - DATA);
}

static void put_section(uint8_t *at, const char *name, uint32_t rva, uint32_t byte_count,
                        uint32_t file_at, uint32_t flags)
{
    memcpy(at, name, strlen(name));
    ew_store_u32(at + 8, byte_count);
    ew_store_u32(at + 12, rva);
    ew_store_u32(at + 16, byte_count);
    ew_store_u32(at + 20, file_at);
    ew_store_u32(at + 36, flags);
}

static void put_directory(uint8_t *image, unsigned index, uint32_t rva, uint32_t byte_count)
{
    ew_store_u32(image + OPTIONAL_AT + 112 + (size_t)index * 8, rva);
    ew_store_u32(image + OPTIONAL_AT + 116 + (size_t)index * 8, byte_count);
}

static void put_headers(const struct made_build *build, uint8_t *image)
{
    uint8_t *sections = image + OPTIONAL_AT + 240;
    ew_store_u16(image, 0x5a4d);
    ew_store_u32(image + 60, PE_AT);
    ew_store_u32(image + PE_AT, 0x4550);
    ew_store_u16(image + PE_AT + 4, 0x8664);
    ew_store_u16(image + PE_AT + 6, 2);
    ew_store_u32(image + PE_AT + 8, build->timestamp);
    ew_store_u16(image + PE_AT + 20, 240);
    ew_store_u16(image + OPTIONAL_AT, 0x20b);
    ew_store_u32(image + OPTIONAL_AT + 56, build->size_bytes);
    ew_store_u32(image + OPTIONAL_AT + 60, 0x400);
    ew_store_u32(image + OPTIONAL_AT + 108, 16);
    put_section(sections, ".text", CODE, 0x400, 0x400, 0x60000020);
    put_section(sections + 40, ".rdata", DATA, 0x800, DATA_AT, 0x40000040);
}

static void put_exports(uint8_t *image)
{
    static const char *const names[] = {"Alpha", "AlphaTwin", "Beta", "Data", "Forward"};
    static const uint32_t addresses[] = {0x1000, 0x1000, 0x1100, 0x2700, 0x2108};
    enum { COUNT = 5, ADDRESSES = 0x2040, NAMES = 0x2060, ORDINALS = 0x2080, TEXTS = 0x20a0 };
    uint8_t *directory = at_rva(image, 0x2000);
    uint32_t text = TEXTS;
    ew_store_u32(directory + 20, COUNT);
    ew_store_u32(directory + 24, COUNT);
    ew_store_u32(directory + 28, ADDRESSES);
    ew_store_u32(directory + 32, NAMES);
    ew_store_u32(directory + 36, ORDINALS);
    for (unsigned i = 0; i < COUNT; i++) {
        ew_store_u32(at_rva(image, ADDRESSES + i * 4), addresses[i]);
        ew_store_u32(at_rva(image, NAMES + i * 4), text);
        ew_store_u16(at_rva(image, ORDINALS + i * 2), (uint16_t)i);
        memcpy(at_rva(image, text), names[i], strlen(names[i]) + 1);
        text += (uint32_t)strlen(names[i]) + 1;
    }
    put_directory(image, 0, 0x2000, 0x180);
}

static void put_debug(const struct made_build *build, uint8_t *image)
{
    uint8_t *entry = at_rva(image, 0x2200);
    uint8_t *record = at_rva(image, 0x2240);
    ew_store_u16(entry + 10, build->portable ? 0x504d : 0);
    ew_store_u32(entry + 12, 2);
    ew_store_u32(entry + 20, 0x2240);
    memcpy(record, "RSDS", 4);
    memset(record + 4, build->guid_byte, 16);
    ew_store_u32(record + 20, build->age);
    memcpy(record + 24, build->pdb_name, strlen(build->pdb_name) + 1);
    put_directory(image, 6, 0x2200, 28);
}

static void put_piece(uint8_t *at, uint32_t start, uint32_t end, uint32_t unwind)
{
    ew_store_u32(at, start);
    ew_store_u32(at + 4, end);
    ew_store_u32(at + 8, unwind);
}

static void put_functions(uint8_t *image)
{
    uint8_t *table = at_rva(image, 0x2300);
    uint8_t *chained = at_rva(image, 0x2390);
    put_piece(table, 0x1000, 0x1040, 0x2380);
    put_piece(table + 12, 0x1040, 0x1080, 0x2380);
    put_piece(table + 24, 0x1100, 0x1140, 0x2380);
    put_piece(table + 36, 0x1180, 0x11a0, 0x2390);
    *at_rva(image, 0x2380) = 1;
    chained[0] = 1 | 4 << 3;
    chained[2] = 1; /* one code, padded to two */
    put_piece(chained + 8, 0x1100, 0x1140, 0x2380);
    put_directory(image, 3, 0x2300, 48);
}

static uint8_t *put_stream(uint8_t *at, uint32_t offset, uint32_t byte_count, const char *name)
{
    ew_store_u32(at, offset);
    ew_store_u32(at + 4, byte_count);
    memcpy(at + 8, name, strlen(name));
    return at + 8 + ((strlen(name) + 4) & ~(size_t)3);
}

static void put_metadata(uint8_t *image)
{
    uint8_t *root = at_rva(image, 0x2440);
    ew_store_u32(at_rva(image, 0x2400), 72);
    ew_store_u32(at_rva(image, 0x2408), 0x2440);
    ew_store_u32(at_rva(image, 0x240c), 0x200);
    ew_store_u32(root, 0x424a5342);
    ew_store_u32(root + 12, 12);
    memcpy(root + 16, "v4.0.30319", 10);
    ew_store_u16(root + 30, 2);
    uint8_t *next = put_stream(root + 32, 0x80, 0x60, "#~");
    (void)put_stream(next, 0x100, 32, "#GUID");
    ew_store_u64(root + 0x88, 1 | UINT64_C(1) << 2); /* tables Module and TypeDef */
    ew_store_u32(root + 0x98, 1);
    ew_store_u16(root + 0x80 + 24 + 8 + 4, 2); /* the second GUID */
    memset(root + 0x110, 0x77, 16);
    put_directory(image, 14, 0x2400, 72);
}

void made_image(const struct made_build *build, uint8_t out[MADE_IMAGE_BYTES])
{
    memset(out, 0, MADE_IMAGE_BYTES);
    put_headers(build, out);
    put_exports(out);
    put_functions(out);
    if (build->pdb_name != NULL) {
        put_debug(build, out);
    }
    if (build->managed) {
        put_metadata(out);
    }
}

/* --- the PDB ------------------------------------------------------------------------ */

enum { BLOCK = 512, INFO_BLOCK = 3, DBI_BLOCK, RECORDS_BLOCK, SECTIONS_BLOCK, DIRECTORY, MAP };

static size_t put_public(uint8_t *at, uint16_t section, uint32_t offset, const char *name)
{
    size_t record = (14 + strlen(name) + 1 + 3) & ~(size_t)3;
    ew_store_u16(at, (uint16_t)(record - 2));
    ew_store_u16(at + 2, 0x110e);
    ew_store_u32(at + 4, 2);
    ew_store_u32(at + 8, offset);
    ew_store_u16(at + 12, section);
    memcpy(at + 14, name, strlen(name) + 1);
    return record;
}

static uint32_t put_records(uint8_t *at)
{
    size_t used = put_public(at, 1, 0, "?Alpha@@YAHXZ");
    used += put_public(at + used, 1, 0, "Alias");
    used += put_public(at + used, 1, 0x40, "Hidden");
    used += put_public(at + used, 9, 0x40, "NoSuchSection");
    return (uint32_t)used;
}

static void put_dbi(const struct made_build *build, uint8_t *dbi)
{
    ew_store_u32(dbi, UINT32_MAX);
    ew_store_u32(dbi + 8, build->age);
    ew_store_u16(dbi + 20, 4); /* records */
    ew_store_u32(dbi + 48, 22);
    memset(dbi + 64, 0xff, 22);
    ew_store_u16(dbi + 64 + 10, 5); /* sections */
}

void made_pdb(const struct made_build *build, uint8_t out[MADE_PDB_BYTES])
{
    static const char magic[] = "Microsoft C/C++ MSF 7.00\r\n\x1a"
                                "DS\0\0";
    memset(out, 0, MADE_PDB_BYTES);
    memcpy(out, magic, sizeof magic);
    ew_store_u32(out + 32, BLOCK);
    ew_store_u32(out + 40, MADE_PDB_BYTES / BLOCK);
    ew_store_u32(out + 52, MAP);
    uint8_t *info = out + INFO_BLOCK * BLOCK;
    ew_store_u32(info, 20000404);
    ew_store_u32(info + 8, build->age + 1);
    memset(info + 12, build->guid_byte, 16);
    put_dbi(build, out + DBI_BLOCK * BLOCK);
    put_section(out + SECTIONS_BLOCK * BLOCK, ".text", CODE, 0x400, 0x400, 0x60000020);
    put_section(out + SECTIONS_BLOCK * BLOCK + 40, ".rdata", DATA, 0x800, DATA_AT, 0x40000040);
    const uint32_t sizes[] = {
        0, 28, UINT32_MAX, 64 + 22, put_records(out + RECORDS_BLOCK * BLOCK), 80};
    uint8_t *directory = out + DIRECTORY * BLOCK;
    ew_store_u32(directory, 6);
    for (unsigned i = 0; i < 6; i++) {
        ew_store_u32(directory + 4 + (size_t)i * 4, sizes[i]);
    }
    ew_store_u32(directory + 28, INFO_BLOCK);
    ew_store_u32(directory + 32, DBI_BLOCK);
    ew_store_u32(directory + 36, RECORDS_BLOCK);
    ew_store_u32(directory + 40, SECTIONS_BLOCK);
    ew_store_u32(out + 44, 44);
    ew_store_u32(out + (size_t)MAP * BLOCK, DIRECTORY);
}
