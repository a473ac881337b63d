/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image and a PDB made by hand, byte by byte, with known answers. Images have a section
 * of code at 0x1000 and one of data at 0x2000:
 *
 *     exports    Alpha, AlphaTwin 0x1000 · Beta 0x1100 · Data (no code) · Forward
 *     functions  0x1000-0x1040 · 0x1040-0x1080 · 0x1100-0x1140 and, chained, 0x1180-0x11a0
 */
#ifndef EW_TESTS_MADE_FILES_H
#define EW_TESTS_MADE_FILES_H

#include "etwitness/guid.h"

#include <stddef.h>

enum { MADE_IMAGE_BYTES = 0x1000, MADE_PDB_BYTES = 9 * 512 };

struct made_build {
    uint32_t timestamp;
    uint32_t size_bytes;
    uint8_t guid_byte; /* all bytes of the PDB's GUID */
    uint32_t age;
    const char *pdb_name; /* NULL: no CodeView record */
    bool portable;
    bool managed; /* has metadata, with an MVID of 0x77 bytes */
};

void made_image(const struct made_build *build, uint8_t out[MADE_IMAGE_BYTES]);

/* With public names at 0x1000 ("?Alpha@@YAHXZ", "Alias"), 0x1040 ("Hidden"); the info
 * stream's age is one more than the build's. */
void made_pdb(const struct made_build *build, uint8_t out[MADE_PDB_BYTES]);

#endif
