/* SPDX-License-Identifier: Apache-2.0 */
/* Identities as text (reference evidence.md 5.2, 5.3). */
#ifndef EW_AGGREGATE_KEYS_H
#define EW_AGGREGATE_KEYS_H

#include "etwitness/model.h"

enum { KEY_BYTES = 512, DEBUG_ID_BYTES = 41, CODE_ID_BYTES = 17 };

/* "497b72f6390a44fc878e5a2d63b6cc4b1": GUID without dashes and age, lower hex. */
void key_debug_id(const struct ew_module *module, char out[DEBUG_ID_BYTES]);

/* "542D574Ec2000": time stamp in eight upper digits, size in lower ones, unpadded. */
void key_code_id(const struct ew_module *module, char out[CODE_ID_BYTES]);

/* A module with what its file says of it, where somebody looked. */
struct identity {
    struct ew_module module; /* with the file's debug id, when events told none */
    bool examined;
    bool has_mvid;
    struct ew_guid mvid;
};

/* "mvid:...", "pdb:...", "pe:..." or "name:...", the first that is known. */
void key_module(const struct identity *identity, char out[KEY_BYTES]);

/* "m:<build>:<token>". */
void key_managed(const struct identity *identity, uint32_t token, char out[KEY_BYTES]);

/* "n:<build>:<rva>" of a function with a PDB, and "x:<build>:<name>" of an export. */
void key_native(const struct identity *identity, uint64_t rva, char out[KEY_BYTES]);
void key_export(const struct identity *identity, const char *name, char out[KEY_BYTES]);

/* "u:<build>:<rva>". */
void key_unresolved(const struct identity *identity, uint64_t rva, char out[KEY_BYTES]);

#endif
