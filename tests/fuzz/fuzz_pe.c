/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images and PDBs as hostile files: everything that can be asked of them is asked. Input: the
 * file; one that begins like a PDB is read as one.
 */
#include "fuzz/fuzz.h"
#include "symbols/pdb.h"
#include "symbols/pe.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void ask_exports(const struct pe_image *image)
{
    struct pe_exports exports = {0};
    char name[PE_NAME_BYTES_MAX];
    uint32_t same = 0;
    if (pe_exports_read(image, &exports) != EW_OK) {
        return;
    }
    for (uint32_t i = 0; i < exports.count && i < 64; i++) {
        const struct pe_export *found =
            pe_exports_nearest(&exports, image, exports.items[i].rva, &same);
        require(found == NULL || (found->rva == exports.items[i].rva && same > 0));
        (void)pe_read_text(image, exports.items[i].name_rva, name, sizeof name);
    }
    pe_exports_free(&exports);
}

static void ask_image(struct source *source)
{
    struct pe_image image;
    struct pe_debug debug;
    struct pe_function function;
    struct ew_guid mvid;
    if (pe_open(&image, source) != EW_OK) {
        return;
    }
    (void)pe_read_debug(&image, NULL, &debug);
    (void)pe_read_mvid(&image, &mvid);
    for (uint32_t i = 0; i < image.section_count && i < 8; i++) {
        uint32_t rva = image.sections[i].rva;
        if (pe_find_function(&image, rva + 0x90, &function)) {
            require(function.piece_start <= rva + 0x90 && rva + 0x90 < function.piece_end);
        }
    }
    ask_exports(&image);
}

static bool count_public(void *context, uint32_t rva, const char *name)
{
    unsigned *left = context;
    (void)rva;
    require(name[0] != '\0');
    return --*left > 0;
}

static void ask_pdb(struct source *source)
{
    struct pdb pdb;
    struct pdb_identity identity;
    unsigned left = 1000;
    if (pdb_open(&pdb, source) != EW_OK) {
        return;
    }
    (void)(pdb_read_identity(&pdb, &identity) == EW_OK);
    (void)(pdb_each_public(&pdb, count_public, &left) == EW_OK);
    pdb_close(&pdb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source source = {.memory = data, .byte_count = size};
    if (size > 0 && data[0] == 'M' && size > 1 && data[1] == 'i') {
        ask_pdb(&source);
    } else if (size > 0) {
        ask_image(&source);
    }
    return 0;
}
