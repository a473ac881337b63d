/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds of modules, machine-wide: two processes that map the same build share one
 * entry. An index is valid until modules_keep().
 */
#ifndef EW_MODEL_MODULES_H
#define EW_MODEL_MODULES_H

#include "base/index.h"
#include "etwitness/model.h"

/* Zeroed is valid and empty. */
struct modules {
    struct ew_module *items;
    uint64_t *hashes; /* under which each is indexed: an identity told later is not in it */
    struct ew_index index;
    uint32_t count;
    uint32_t capacity;
    uint64_t refused;
    uint64_t conflicts; /* one build told two PDBs: the first stands */
};

void modules_free(struct modules *modules);

/*
 * The module with the same kind, file name (case aside), code id and, for managed ones,
 * debug id as `wanted`; added if it is new. `path` and the spelling of `name` are those
 * of the first. EW_MODULE_NONE when the table is full.
 */
uint32_t modules_intern(struct modules *modules, const struct ew_module *wanted);

/* Drops the builds for which `numbers` has EW_MODULE_NONE, and writes the new numbers of the
 * others there. */
void modules_keep(struct modules *modules, uint32_t *numbers);

/* Tells a module's PDB. */
void modules_set_pdb(struct modules *modules, uint32_t index, const struct ew_guid *guid,
                     uint32_t age);

/* Tells a managed module's PE identity, from the image it is mapped as. */
void modules_set_code_id(struct modules *modules, uint32_t index, uint32_t timestamp,
                         uint32_t size_bytes);

#endif
