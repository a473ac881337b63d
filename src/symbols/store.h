/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's parts:
 *
 *     store.c    what the aggregator's thread asks: the tables and their lock
 *     work.c     what the publisher's thread does: wishes, build by build
 *     examine.c  the file of a build: is it the one that ran, and what does it say
 *     answer.c   the function at an address: the engine, then exports
 *     renew.c    what nobody asks for any more is forgotten
 *     folders.c  the folders and stores that are searched
 *     system.c   the system behind all of it
 *
 * Locking: `lock` guards the tables and their counts. A build's identity does not change
 * once it is in the table; what work.c found out of a build is written by that thread alone,
 * under the lock where the other thread reads it. Builds move only where renew.c forgets some,
 * on the thread of work.c before it looks at any; the texts from before stay for the other
 * thread, until it says that it needs them no longer.
 */
#ifndef EW_SYMBOLS_STORE_H
#define EW_SYMBOLS_STORE_H

#include "base/arena.h"
#include "base/index.h"
#include "etwitness/symbols.h"
#include "platform/symbols.h"
#include "platform/thread.h"

enum { STORE_PATH_BYTES = 4096 };

/* What the store needs of the system; tests bring their own. */
struct symbols_system {
    void *context;
    enum ew_status (*locate)(void *context, const char *event_path, char *out, size_t capacity);
    bool (*is_trusted)(void *context, const char *path);
    enum ew_status (*load)(void *context, const struct ew_symbol_file *file);
    void (*unload)(void *context);
    bool (*find)(void *context, uint32_t rva, struct ew_symbol_found *found_out);
    bool (*undecorate)(void *context, const char *decorated, char *out, size_t capacity);
    uint64_t (*now_ns)(void);
    void (*destroy)(void *context); /* may be NULL */
};

/* The one of this machine. EW_UNSUPPORTED where there is none. */
enum ew_status symbols_system_create(struct symbols_system *system_out, struct ew_error *error);

/* A folder or a store that is searched, with '/' or the platform's separator. */
struct folders {
    char **items;
    size_t count;
};

/* Takes settings apart: "SRV*folder*folder" names several. EW_USAGE for servers. */
enum ew_status folders_read(struct folders *folders, const struct ew_settings_symbols *settings,
                            struct ew_error *error);
void folders_free(struct folders *folders);

/* --- tables ------------------------------------------------------------------ */

enum build_state {
    BUILD_WISHED,  /* nobody looked yet */
    BUILD_KNOWN,   /* its file was found */
    BUILD_MISSING, /* it was not; another path may change that */
    BUILD_REFUSED, /* took too long */
};

enum pdb_state { PDB_UNSOUGHT, PDB_FOUND, PDB_ABSENT };

#define NO_ENTRY UINT32_C(0xffffffff)

struct build {
    struct ew_module module; /* texts are the store's; `path` is not used */
    const char *paths[EW_SYMBOL_PATHS_EACH_MAX];
    uint32_t path_count;
    enum build_state state;
    bool examine_wished;
    bool is_managed;
    struct ew_symbol_build facts;
    const char *image_path;
    const char *linked_name; /* of the PDB, without its folder */
    enum pdb_state pdb_state;
    const char *pdb_path;
    uint32_t first_wish; /* of a list through `addresses`; NO_ENTRY: none */
    bool told_missing;   /* counted as having nothing */
    uint16_t asked;      /* the window, modulo 65536, in which it was asked for last */
};

/* What an address has instead of a function; DROPPED is asked again once the build has a
 * file. */
#define ANSWER_WISHED UINT32_C(0xffffffff)
#define ANSWER_NOTHING UINT32_C(0xfffffffe)
#define ANSWER_DROPPED UINT32_C(0xfffffffd)

_Static_assert(EW_SYMBOL_BUILDS_MAX <= UINT16_MAX + 1, "an address holds a build in 16 bits");

struct address {
    uint16_t build;
    uint16_t asked; /* as of a build */
    uint32_t rva;
    uint32_t answer; /* index of a function, or one of the above */
    uint32_t next_wish;
};

struct function {
    struct ew_symbol shown;
    uint32_t build;
};

struct ew_symbols {
    struct symbols_system system;
    struct folders folders;
    bool image_folder;
    struct ew_mutex *lock;
    struct build *builds; /* EW_SYMBOL_BUILDS_MAX */
    struct ew_index build_index;
    uint32_t build_count;
    struct address *addresses;
    struct ew_index address_index;
    uint32_t address_count;
    uint32_t address_capacity;
    struct function *functions;
    struct ew_index function_index;
    uint32_t function_count;
    uint32_t function_capacity;
    struct ew_arena texts;
    struct ew_arena texts_before; /* until the next window */
    uint16_t window;              /* counts windows, modulo 65536 */
    bool renewal_due;
    unsigned renewal_percent; /* of any table: then it is due; tests lower it */
    uint32_t wish_count;      /* addresses */
    uint32_t examine_count;   /* builds to be looked at */
    uint32_t next_build;      /* where work goes on, so that no build starves another */
    struct ew_symbols_counts counts;
};

/* As ew_symbols_create(), with a system of the caller's that the store then owns. */
enum ew_status symbols_create_with(const struct ew_settings_symbols *settings,
                                   const struct symbols_system *system,
                                   struct ew_symbols **symbols_out, struct ew_error *error);

/* A copy of a text that lives with the store; NULL without room. Under the lock. */
const char *store_text(struct ew_symbols *symbols, const char *text);

/* --- keys of the indexes -------------------------------------------------------- */

uint64_t store_build_hash(const struct ew_module *module);

static inline uint64_t store_address_hash(uint32_t build, uint32_t rva)
{
    return ew_index_hash_pair(build, rva);
}

static inline uint64_t store_function_hash(uint32_t build, const struct ew_symbol *symbol)
{
    return ew_index_hash_pair((uint64_t)build << 8 | (uint64_t)symbol->resolution, symbol->rva);
}

/* Puts an address on the list of its build. */
void store_link_wish(struct ew_symbols *symbols, uint32_t index);

/* --- the publisher's thread ------------------------------------------------------ */

/* Makes room if that is due, while no build is being looked at. */
void store_renew(struct ew_symbols *symbols);

/* Looks for the file of a build and reads what it says. */
void examine_build(struct ew_symbols *symbols, struct build *build);

/* Looks for its PDB. */
void examine_pdb(struct ew_symbols *symbols, struct build *build);

/* One address on its way to an answer. */
struct wish {
    uint32_t address; /* index */
    uint32_t rva;
    bool looked_up;
    bool found;
    struct ew_symbol symbol; /* texts below, of this wish alone */
    char *name;
    char *decorated;
    uint32_t names_at; /* public names at its start */
};

/*
 * Answers the wishes of a build, by address, until the deadline has passed. What is found
 * has its name with it. False when the build is to be refused: it took too long.
 */
bool answer_wishes(struct ew_symbols *symbols, struct build *build, struct wish *wishes,
                   size_t count, uint64_t deadline_ns);

#endif
