/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, identity and public names of a PDB. */
#include "symbols/pdb.h"

#include "base/cursor.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    SUPERBLOCK_BYTES = 56,
    MAGIC_BYTES = 32,
    BLOCK_BYTES_MIN = 512,
    BLOCK_BYTES_MAX = 65536,
    STREAM_INFO = 1,
    STREAM_DBI = 3,
    STREAM_NONE = 0xffff,
    INFO_BYTES = 28,
    DBI_HEADER_BYTES = 64,
    SECTION_BYTES = 40,
    S_PUB32 = 0x110e,
    PUBLIC_NAME_AT = 14, /* in a record, its length included */
    PUBLIC_IS_CODE = 1 | 2,
    WINDOW_BYTES = 256 * 1024,
};

/* --- streams ------------------------------------------------------------------------ */

/* A stream: its size, and its blocks as the directory lists them. */
struct stream {
    const uint8_t *blocks;
    uint32_t byte_count;
};

static uint32_t blocks_of(const struct pdb *pdb, uint32_t byte_count)
{
    return byte_count / pdb->block_bytes + (byte_count % pdb->block_bytes != 0);
}

/* Bytes that stand in listed blocks. */
static bool read_blocks(const struct pdb *pdb, const uint8_t *blocks, uint32_t offset, void *out,
                        size_t byte_count)
{
    uint8_t *at = out;
    while (byte_count > 0) {
        uint32_t block = ew_load_u32(blocks + (size_t)(offset / pdb->block_bytes) * 4);
        uint32_t within = offset % pdb->block_bytes;
        size_t part = pdb->block_bytes - within;
        part = part < byte_count ? part : byte_count;
        if (block >= pdb->block_count
            || !source_read(pdb->source, (uint64_t)block * pdb->block_bytes + within, at, part)) {
            return false;
        }
        at += part;
        offset += (uint32_t)part;
        byte_count -= part;
    }
    return true;
}

/* The directory: number of streams 4 | sizes 4 each | blocks 4 each, stream by stream. */
static bool find_stream(const struct pdb *pdb, uint32_t number, struct stream *stream_out)
{
    uint64_t before = 4 + (uint64_t)pdb->stream_count * 4;
    if (number >= pdb->stream_count) {
        return false;
    }
    for (uint32_t i = 0; i < number; i++) {
        uint32_t byte_count = ew_load_u32(pdb->directory + 4 + (size_t)i * 4);
        before += byte_count == UINT32_MAX ? 0 : (uint64_t)blocks_of(pdb, byte_count) * 4;
    }
    uint32_t byte_count = ew_load_u32(pdb->directory + 4 + (size_t)number * 4);
    if (byte_count == UINT32_MAX || before > pdb->directory_bytes
        || (uint64_t)blocks_of(pdb, byte_count) * 4 > pdb->directory_bytes - before) {
        return false;
    }
    stream_out->blocks = pdb->directory + before;
    stream_out->byte_count = byte_count;
    return true;
}

static bool read_stream(const struct pdb *pdb, const struct stream *stream, uint32_t offset,
                        void *out, size_t byte_count)
{
    return offset <= stream->byte_count && byte_count <= stream->byte_count - offset
           && read_blocks(pdb, stream->blocks, offset, out, byte_count);
}

/* The blocks that list the directory's blocks follow each other. */
static enum ew_status read_directory(struct pdb *pdb, uint32_t map_block)
{
    uint32_t map_bytes = blocks_of(pdb, (uint32_t)pdb->directory_bytes) * 4;
    uint8_t *map = malloc((size_t)map_bytes + 1);
    pdb->directory = malloc(pdb->directory_bytes);
    enum ew_status status = EW_OK;
    if (map == NULL || pdb->directory == NULL) {
        status = EW_NO_MEMORY;
    } else if (!source_read(pdb->source, (uint64_t)map_block * pdb->block_bytes, map, map_bytes)
               || !read_blocks(pdb, map, 0, pdb->directory, pdb->directory_bytes)) {
        status = EW_FORMAT;
    }
    free(map);
    return status;
}

static enum ew_status check_directory(struct pdb *pdb)
{
    pdb->stream_count = ew_load_u32(pdb->directory);
    return pdb->stream_count <= (pdb->directory_bytes - 4) / 4 ? EW_OK : EW_FORMAT;
}

/* magic 32 | block size 4 | free map 4 | blocks 4 | directory bytes 4 | 4 | map block 4 */
enum ew_status pdb_open(struct pdb *pdb, struct source *source)
{
    static const char magic[MAGIC_BYTES + 1] = "Microsoft C/C++ MSF 7.00\r\n\x1a"
                                               "DS\0\0\0";
    uint8_t header[SUPERBLOCK_BYTES];
    memset(pdb, 0, sizeof *pdb);
    pdb->source = source;
    if (!source_read(source, 0, header, sizeof header)
        || memcmp(header, magic, MAGIC_BYTES) != 0) {
        return EW_FORMAT;
    }
    pdb->block_bytes = ew_load_u32(header + 32);
    pdb->block_count = ew_load_u32(header + 40);
    pdb->directory_bytes = ew_load_u32(header + 44);
    if (pdb->block_bytes < BLOCK_BYTES_MIN || pdb->block_bytes > BLOCK_BYTES_MAX
        || (pdb->block_bytes & (pdb->block_bytes - 1)) != 0 || pdb->directory_bytes < 4
        || pdb->directory_bytes > source->byte_count) {
        return EW_FORMAT;
    }
    if (pdb->directory_bytes > EW_PDB_DIRECTORY_BYTES_MAX) {
        return EW_LIMIT;
    }
    enum ew_status status = read_directory(pdb, ew_load_u32(header + 52));
    if (status == EW_OK) {
        status = check_directory(pdb);
    }
    if (status != EW_OK) {
        pdb_close(pdb);
    }
    return status;
}

void pdb_close(struct pdb *pdb)
{
    free(pdb->directory);
    memset(pdb, 0, sizeof *pdb);
}

/* --- identity ------------------------------------------------------------------------- */

/*
 * The info stream's age grows when tools write to the PDB; the DBI stream's is the one that
 * the linker wrote into the image.
 *
 *     info: version 4 | signature 4 | age 4 | GUID 16      DBI: 4 | version 4 | age 4 | ...
 */
enum ew_status pdb_read_identity(const struct pdb *pdb, struct pdb_identity *identity_out)
{
    uint8_t info[INFO_BYTES];
    uint8_t dbi[12];
    struct stream stream;
    if (!find_stream(pdb, STREAM_INFO, &stream)
        || !read_stream(pdb, &stream, 0, info, sizeof info)) {
        return EW_FORMAT;
    }
    memcpy(identity_out->guid.bytes, info + 12, sizeof identity_out->guid.bytes);
    identity_out->age = ew_load_u32(info + 8);
    if (find_stream(pdb, STREAM_DBI, &stream) && read_stream(pdb, &stream, 0, dbi, sizeof dbi)) {
        identity_out->age = ew_load_u32(dbi + 8);
    }
    return EW_OK;
}

/* --- public names ----------------------------------------------------------------------- */

struct publics {
    struct stream records;
    uint8_t sections[EW_PE_SECTIONS_MAX * SECTION_BYTES];
    uint32_t section_count;
};

/* The optional streams of the DBI stream: 2 bytes each, 3 and 4 for moved addresses, 5 for
 * the image's section headers. */
static enum ew_status read_optional(const struct pdb *pdb, const struct stream *dbi,
                                    const uint8_t *header, struct publics *publics)
{
    uint64_t at = DBI_HEADER_BYTES;
    uint8_t numbers[12];
    static const unsigned substreams[] = {24, 28, 32, 36, 40, 52};
    for (size_t i = 0; i < sizeof substreams / sizeof substreams[0]; i++) {
        at += ew_load_u32(header + substreams[i]);
    }
    if (at > dbi->byte_count || ew_load_u32(header + 48) < sizeof numbers
        || !read_stream(pdb, dbi, (uint32_t)at, numbers, sizeof numbers)) {
        return EW_FORMAT;
    }
    if (ew_load_u16(numbers + 6) != STREAM_NONE || ew_load_u16(numbers + 8) != STREAM_NONE) {
        return EW_NOT_FOUND;
    }
    struct stream sections;
    if (!find_stream(pdb, ew_load_u16(numbers + 10), &sections)
        || sections.byte_count > sizeof publics->sections
        || !read_stream(pdb, &sections, 0, publics->sections, sections.byte_count)) {
        return EW_FORMAT;
    }
    publics->section_count = sections.byte_count / SECTION_BYTES;
    return EW_OK;
}

static enum ew_status open_publics(const struct pdb *pdb, struct publics *publics)
{
    uint8_t header[DBI_HEADER_BYTES];
    struct stream dbi;
    if (!find_stream(pdb, STREAM_DBI, &dbi) || !read_stream(pdb, &dbi, 0, header, sizeof header)
        || !find_stream(pdb, ew_load_u16(header + 20), &publics->records)) {
        return EW_FORMAT;
    }
    if (publics->records.byte_count > EW_PDB_PUBLICS_BYTES_MAX) {
        return EW_LIMIT;
    }
    return read_optional(pdb, &dbi, header, publics);
}

/* length 2 (without itself) | kind 2 | flags 4 | offset 4 | section 2 | name, terminated */
static bool take_record(const struct publics *publics, const uint8_t *record, size_t record_bytes,
                        pdb_public_fn each, void *context)
{
    char name[EW_NAME_BYTES_EACH_MAX];
    if (ew_load_u16(record + 2) != S_PUB32 || record_bytes <= PUBLIC_NAME_AT
        || (ew_load_u32(record + 4) & PUBLIC_IS_CODE) == 0) {
        return true;
    }
    uint32_t section = ew_load_u16(record + 12);
    const uint8_t *text = record + PUBLIC_NAME_AT;
    const uint8_t *end = memchr(text, 0, record_bytes - PUBLIC_NAME_AT);
    if (section == 0 || section > publics->section_count || end == NULL || end == text) {
        return true;
    }
    const uint8_t *shown = publics->sections + (size_t)(section - 1) * SECTION_BYTES;
    uint32_t rva = ew_load_u32(shown + 12) + ew_load_u32(record + 8);
    (void)ew_text_from_bytes(text, (size_t)(end - text), name, sizeof name);
    return each(context, rva, name);
}

/* Takes the whole records of a window. The bytes taken; 0 when it was told to stop. */
static size_t take_window(const struct publics *publics, const uint8_t *bytes, size_t byte_count,
                          pdb_public_fn each, void *context)
{
    size_t used = 0;
    while (byte_count - used >= 4) {
        size_t record_bytes = (size_t)ew_load_u16(bytes + used) + 2;
        if (record_bytes > byte_count - used) {
            break;
        }
        if (record_bytes < 4
            || !take_record(publics, bytes + used, record_bytes, each, context)) {
            return 0;
        }
        used += record_bytes;
    }
    return used;
}

static enum ew_status each_record(const struct pdb *pdb, const struct publics *publics,
                                  uint8_t *window, pdb_public_fn each, void *context)
{
    uint32_t offset = 0;
    while (offset < publics->records.byte_count) {
        uint32_t left = publics->records.byte_count - offset;
        uint32_t part = left < WINDOW_BYTES ? left : WINDOW_BYTES;
        if (!read_stream(pdb, &publics->records, offset, window, part)) {
            return EW_FORMAT;
        }
        size_t used = take_window(publics, window, part, each, context);
        if (used == 0) {
            break; /* told to stop, or the rest is no record */
        }
        offset += (uint32_t)used;
    }
    return EW_OK;
}

enum ew_status pdb_each_public(const struct pdb *pdb, pdb_public_fn each, void *context)
{
    struct publics *publics = calloc(1, sizeof *publics);
    uint8_t *window = malloc(WINDOW_BYTES);
    enum ew_status status = EW_NO_MEMORY;
    if (publics != NULL && window != NULL) {
        status = open_publics(pdb, publics);
        if (status == EW_OK) {
            status = each_record(pdb, publics, window, each, context);
        }
    }
    free(publics);
    free(window);
    return status;
}
