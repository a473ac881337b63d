/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's reader of PDBs (DbgHelp on Windows), where files of images are, and who may
 * write to them. posix/ has none of it and says so. All of it is for one thread: DbgHelp's
 * functions are not thread-safe within a process (reference etw.md 3.8).
 */
#ifndef EW_PLATFORM_SYMBOLS_H
#define EW_PLATFORM_SYMBOLS_H

#include "etwitness/guid.h"
#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ew_symbol_engine;

/* One a process. EW_UNSUPPORTED where the system has none, with what is missing;
 * EW_NO_MEMORY. Destroyed by the caller; NULL is allowed there. */
EW_MUST_USE enum ew_status ew_symbol_engine_create(struct ew_symbol_engine **engine_out,
                                                   struct ew_error *error);
void ew_symbol_engine_destroy(struct ew_symbol_engine *engine);

/* Whether this system has an engine at all. */
bool ew_symbol_engine_exists(void);

/* A PDB whose identity was checked already, and the image that it belongs to. */
struct ew_symbol_file {
    const char *pdb_path;
    const char *image_path;  /* NULL: not there */
    const char *linked_name; /* of the PDB, as the image spells it */
    struct ew_guid guid;
    uint32_t size_bytes; /* of the image in memory */
};

/*
 * Loads one module; the one loaded before must have been unloaded. No other folder is
 * searched than that of the PDB, and nothing is ever downloaded.
 *
 * EW_NOT_FOUND  the engine did not take that very PDB
 */
EW_MUST_USE enum ew_status ew_symbol_engine_load(struct ew_symbol_engine *engine,
                                                 const struct ew_symbol_file *file);
void ew_symbol_engine_unload(struct ew_symbol_engine *engine);

struct ew_symbol_found {
    uint32_t rva;        /* of its start */
    uint32_t size_bytes; /* 0: the PDB does not tell, it has public names only */
    bool thunk;
    char name[2048]; /* readable; a name that is longer is cut */
};

/* The nearest function at or before an address of the loaded module. False when there is
 * none. Whether the address lies inside is for the caller to decide. */
bool ew_symbol_engine_find(struct ew_symbol_engine *engine, uint32_t rva,
                           struct ew_symbol_found *found_out);

/* The readable form of a decorated name, without parameters; false when there is none. */
bool ew_symbol_engine_undecorate(struct ew_symbol_engine *engine, const char *decorated,
                                 char *out, size_t capacity);

/* --- files ----------------------------------------------------------------- */

/*
 * The path to open for the path of an image as an event tells it: a drive letter, an NT
 * device ("\Device\HarddiskVolume3\..."), "\SystemRoot\..." or "\??\C:\..." (reference
 * etw.md 3.8).
 *
 * EW_OK           a plain file on a disk of this machine
 * EW_UNSUPPORTED  on a server, a removable disk, behind a link, or no such form: nobody
 *                 looked whether it is there, since asking a server tells it who asks
 * EW_NOT_FOUND    nothing there
 */
EW_MUST_USE enum ew_status ew_symbol_locate(const char *event_path, char *path_out,
                                            size_t capacity);

/* Whether only administrators and the system itself can change a file, or put another
 * one in its place. False when that cannot be told. */
bool ew_symbol_is_trusted(const char *path);

#endif
