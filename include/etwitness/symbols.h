/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for addresses of native code, and identities of builds. The aggregator asks and never
 * waits: what is not known yet is noted as a wish. One thread, the publisher's, fulfils wishes
 * within a time it is given; only there are files opened and DbgHelp called, which is not
 * thread-safe (reference etw.md 3.8).
 *
 * The store renews itself: when it fills up, what was not asked for in the last windows is
 * forgotten, and looked up again should it come back. So it can run for as long as one likes.
 */
#ifndef ETWITNESS_SYMBOLS_H
#define ETWITNESS_SYMBOLS_H

#include "etwitness/evidence.h"
#include "etwitness/model.h"
#include "etwitness/settings.h"

struct ew_symbols;

/* The caller destroys it after both threads are done; NULL is allowed there. */
EW_MUST_USE enum ew_status ew_symbols_create(const struct ew_settings_symbols *settings,
                                             struct ew_symbols **symbols_out,
                                             struct ew_error *error);
void ew_symbols_destroy(struct ew_symbols *symbols);

/* A function that holds an address. Texts live until ew_symbols_next_window(). */
struct ew_symbol {
    uint64_t rva;        /* of its start */
    uint64_t size_bytes; /* 0: not known */
    const char *name;
    const char *decorated;         /* NULL: none, or as `name` */
    enum ew_resolution resolution; /* EW_RESOLVED_PDB, _EXPORT or _EXPORT_NEAR */
    uint32_t flags;                /* enum ew_function_flag */
};

/* What a file says of its build beyond what events told. */
struct ew_symbol_build {
    bool has_debug_id;
    struct ew_guid pdb_guid;
    uint32_t pdb_age;
    bool has_mvid;
    struct ew_guid mvid;
};

/* --- the aggregator's thread ---------------------------------------------- */

/* The function at `rva` of a module. False when it is not known (yet): then it is wished
 * for, if it was not refused before and there is room. */
bool ew_symbols_find(struct ew_symbols *symbols, const struct ew_module *module, uint64_t rva,
                     struct ew_symbol *symbol_out);

/* The build of a module, as above. */
bool ew_symbols_build(struct ew_symbols *symbols, const struct ew_module *module,
                      struct ew_symbol_build *build_out);

/* A window is over: texts told so far are no longer needed, and what nobody asks for in the
 * windows to come may be forgotten. */
void ew_symbols_next_window(struct ew_symbols *symbols);

/* --- the publisher's thread ------------------------------------------------ */

/* Forgets what the store has no more room for, whatever the deadline is. Then fulfils wishes
 * until there are none or `deadline_ns` (of ew_clock_monotonic_ns()) has passed. The number of
 * wishes left. */
size_t ew_symbols_work(struct ew_symbols *symbols, uint64_t deadline_ns);

/* --- any thread -------------------------------------------------------------- */

/* Wishes not yet fulfilled. */
size_t ew_symbols_wishes(struct ew_symbols *symbols);

/* A build that was forgotten and comes back counts again. */
struct ew_symbols_counts {
    uint64_t modules_pdb;        /* builds whose PDB was found and is theirs */
    uint64_t modules_mismatched; /* a PDB was there, of another build: not used */
    uint64_t modules_untrusted;  /* a PDB was there, where anybody may write: not used */
    uint64_t modules_exports;    /* exports alone */
    uint64_t modules_none;
    uint64_t images_mismatched; /* a file was there, of another build: not used */
    uint64_t addresses;         /* answered */
    uint64_t refused;           /* no room, or no time left */
    uint64_t forgotten;         /* builds and addresses that nobody asked for any more */
};

/* The counts so far. */
struct ew_symbols_counts ew_symbols_counts(struct ew_symbols *symbols);

#endif
