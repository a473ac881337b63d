/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of a PDB as it takes to know whose it is, and which public names stand at an
 * address. Every byte is hostile, as in pe.h. Source: LLVM's "The MSF File Format", "The PDB
 * Info Stream", "The PDB DBI Stream"; checked against files of lld-link 14.
 */
#ifndef EW_SYMBOLS_PDB_H
#define EW_SYMBOLS_PDB_H

#include "etwitness/guid.h"
#include "etwitness/limits.h"
#include "symbols/source.h"

struct pdb {
    struct source *source; /* borrowed */
    uint32_t block_bytes;
    uint32_t block_count;
    uint8_t *directory;
    size_t directory_bytes;
    uint32_t stream_count;
};

/* EW_FORMAT, EW_LIMIT, EW_NO_MEMORY. Closed with pdb_close(). */
EW_MUST_USE enum ew_status pdb_open(struct pdb *pdb, struct source *source);
void pdb_close(struct pdb *pdb);

struct pdb_identity {
    struct ew_guid guid;
    uint32_t age; /* that of the image it was linked with */
};

EW_MUST_USE enum ew_status pdb_read_identity(const struct pdb *pdb,
                                             struct pdb_identity *identity_out);

/* Called for each public name of code; false stops. The name lives until it returns. */
typedef bool (*pdb_public_fn)(void *context, uint32_t rva, const char *name);

/* In the order of the file. EW_NOT_FOUND where addresses were moved after linking, so that
 * they cannot be told; EW_FORMAT, EW_LIMIT, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status pdb_each_public(const struct pdb *pdb, pdb_public_fn each,
                                           void *context);

#endif
