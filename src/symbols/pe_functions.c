/* SPDX-License-Identifier: Apache-2.0 */
/* Where functions begin: exports, and the exception directory. */
#include "base/cursor.h"
#include "symbols/pe.h"

#include <stdlib.h>

/* --- exports --------------------------------------------------------------------- */

enum { EXPORT_HEADER_BYTES = 40, RUNTIME_FUNCTION_BYTES = 12, CHAINS_MAX = 32 };

/* The three tables of the directory, as bytes: addresses 4, names 4, ordinals 2 each. */
struct export_tables {
    uint8_t *addresses;
    uint8_t *names;
    uint8_t *ordinals;
    uint32_t address_count;
    uint32_t name_count;
};

static uint8_t *read_table(const struct pe_image *image, uint32_t rva, uint32_t count,
                           size_t item_bytes)
{
    size_t byte_count = count * item_bytes;
    uint8_t *bytes = malloc(byte_count + 1);
    if (bytes != NULL && !pe_read(image, rva, bytes, byte_count)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static void tables_free(struct export_tables *tables)
{
    free(tables->addresses);
    free(tables->names);
    free(tables->ordinals);
}

static enum ew_status tables_read(const struct pe_image *image, struct export_tables *tables)
{
    uint8_t header[EXPORT_HEADER_BYTES];
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_EXPORTS];
    if (directory->rva == 0) {
        return EW_NOT_FOUND;
    }
    if (!pe_read(image, directory->rva, header, sizeof header)) {
        return EW_FORMAT;
    }
    tables->address_count = ew_load_u32(header + 20);
    tables->name_count = ew_load_u32(header + 24);
    if (tables->address_count > EW_PE_EXPORTS_MAX || tables->name_count > EW_PE_EXPORTS_MAX) {
        return EW_LIMIT;
    }
    tables->addresses = read_table(image, ew_load_u32(header + 28), tables->address_count, 4);
    tables->names = read_table(image, ew_load_u32(header + 32), tables->name_count, 4);
    tables->ordinals = read_table(image, ew_load_u32(header + 36), tables->name_count, 2);
    bool all = tables->addresses != NULL && tables->names != NULL && tables->ordinals != NULL;
    return all ? EW_OK : EW_FORMAT;
}

/* A forwarder's address is that of a text inside the directory. */
static bool is_forwarder(const struct pe_image *image, uint32_t rva)
{
    const struct pe_directory *directory = &image->directories[PE_DIRECTORY_EXPORTS];
    return rva >= directory->rva && rva - directory->rva < directory->byte_count;
}

static int compare_exports(const void *a, const void *b)
{
    const struct pe_export *left = a;
    const struct pe_export *right = b;
    if (left->rva != right->rva) {
        return left->rva < right->rva ? -1 : 1;
    }
    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

static void take_exports(const struct pe_image *image, const struct export_tables *tables,
                         struct pe_exports *exports)
{
    for (uint32_t i = 0; i < tables->name_count; i++) {
        uint32_t ordinal = ew_load_u16(tables->ordinals + (size_t)i * 2);
        if (ordinal >= tables->address_count) {
            continue;
        }
        struct pe_export item = {
            .rva = ew_load_u32(tables->addresses + (size_t)ordinal * 4),
            .name_rva = ew_load_u32(tables->names + (size_t)i * 4),
            .rank = i,
        };
        if (!is_forwarder(image, item.rva) && pe_is_code(image, item.rva)) {
            exports->items[exports->count++] = item;
        }
    }
    qsort(exports->items, exports->count, sizeof *exports->items, compare_exports);
}

enum ew_status pe_exports_read(const struct pe_image *image, struct pe_exports *exports_out)
{
    struct export_tables tables = {0};
    struct pe_exports exports = {0};
    enum ew_status status = tables_read(image, &tables);
    if (status == EW_OK) {
        exports.items = malloc(((size_t)tables.name_count + 1) * sizeof *exports.items);
        status = exports.items == NULL ? EW_NO_MEMORY : EW_OK;
    }
    if (status == EW_OK) {
        take_exports(image, &tables, &exports);
        *exports_out = exports;
    }
    tables_free(&tables);
    return status;
}

void pe_exports_free(struct pe_exports *exports)
{
    free(exports->items);
    exports->items = NULL;
    exports->count = 0;
}

static bool same_section(const struct pe_image *image, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (a >= section->rva && a - section->rva < section->byte_count) {
            return b >= section->rva && b - section->rva < section->byte_count;
        }
    }
    return false;
}

const struct pe_export *pe_exports_nearest(const struct pe_exports *exports,
                                           const struct pe_image *image, uint32_t rva,
                                           uint32_t *same_out)
{
    uint32_t low = 0;
    uint32_t high = exports->count;
    while (low < high) { /* the first that is above */
        uint32_t middle = low + (high - low) / 2;
        if (exports->items[middle].rva <= rva) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || !same_section(image, exports->items[low - 1].rva, rva)) {
        return NULL;
    }
    uint32_t first = low - 1;
    while (first > 0 && exports->items[first - 1].rva == exports->items[low - 1].rva) {
        first--;
    }
    *same_out = low - first;
    return &exports->items[first];
}

/* --- the exception directory -------------------------------------------------------- */

/* A RUNTIME_FUNCTION of x64: begin 4 | end 4 | unwind information 4. */
struct piece {
    uint32_t start;
    uint32_t end;
    uint32_t unwind;
};

static bool read_piece(const struct pe_image *image, uint64_t rva, struct piece *piece_out)
{
    uint8_t bytes[RUNTIME_FUNCTION_BYTES];
    if (!pe_read(image, rva, bytes, sizeof bytes)) {
        return false;
    }
    piece_out->start = ew_load_u32(bytes);
    piece_out->end = ew_load_u32(bytes + 4);
    piece_out->unwind = ew_load_u32(bytes + 8);
    return true;
}

/* The last piece that begins at or before an address; the table is sorted by Windows' rule. */
static bool find_piece(const struct pe_image *image, uint32_t rva, struct piece *piece_out)
{
    const struct pe_directory *table = &image->directories[PE_DIRECTORY_EXCEPTIONS];
    uint32_t low = 0;
    uint32_t high = table->byte_count / RUNTIME_FUNCTION_BYTES;
    bool found = false;
    while (low < high) {
        struct piece piece;
        uint32_t middle = low + (high - low) / 2;
        if (!read_piece(image, table->rva + (uint64_t)middle * RUNTIME_FUNCTION_BYTES, &piece)) {
            return false;
        }
        if (piece.start <= rva) {
            *piece_out = piece;
            found = true;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

/*
 * Where the whole function starts: a piece apart from it (a cold part, a part with other
 * saved registers) has unwind information that is chained to the first piece's.
 *
 *     version 3 bits, flags 5 bits | prolog 1 | codes 1 | frame 1 | codes 2 each, padded to
 *     an even number | with flag 4: the RUNTIME_FUNCTION it is chained to
 */
static uint32_t first_start(const struct pe_image *image, struct piece piece)
{
    enum { UNWIND_CHAINED = 4 };
    for (int hops = 0; hops < CHAINS_MAX; hops++) {
        uint8_t header[4];
        if (!pe_read(image, piece.unwind, header, sizeof header)
            || (header[0] >> 3 & UNWIND_CHAINED) == 0) {
            break;
        }
        uint32_t codes = (header[2] + 1u) & ~1u;
        if (!read_piece(image, (uint64_t)piece.unwind + sizeof header + 2 * (uint64_t)codes,
                        &piece)) {
            break;
        }
    }
    return piece.start;
}

bool pe_find_function(const struct pe_image *image, uint32_t rva,
                      struct pe_function *function_out)
{
    struct piece piece;
    if (image->machine != PE_MACHINE_AMD64 || image->directories[PE_DIRECTORY_EXCEPTIONS].rva == 0
        || !find_piece(image, rva, &piece) || rva >= piece.end) {
        return false;
    }
    function_out->start = first_start(image, piece);
    function_out->piece_start = piece.start;
    function_out->piece_end = piece.end;
    return true;
}
