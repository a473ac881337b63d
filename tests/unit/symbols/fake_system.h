/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A system for the store that is a table: an engine that knows three functions of the made
 * image, a clock that is set, and a place where the event's path leads.
 */
#ifndef EW_TESTS_FAKE_SYSTEM_H
#define EW_TESTS_FAKE_SYSTEM_H

#include "symbols/store.h"
#include "unit/symbols/made_files.h"

#define EVENT_PATH "\\Device\\HarddiskVolume3\\app\\app.dll"

/* The build that most tests are about. */
extern const struct made_build native;

struct fake_system {
    const char *image_at; /* where the path of the event leads; NULL: nowhere */
    bool trusted;
    bool refuses;
    unsigned loads;
    bool loaded;
    char pdb_path[512];
    uint64_t now_ns;
    uint64_t step_ns; /* each look at the clock */
    uint64_t load_ns;
    bool endless; /* the engine has a function of 16 bytes everywhere */
};

extern struct fake_system fake;

/* A store over it that searches one folder, or none when NULL. */
struct ew_symbols *fake_store(const char *folder, bool image_folder);

/* "app.dll" and "app.pdb" in a folder, which is made. */
void write_image(const char *folder, const struct made_build *build);
void write_pdb(const char *folder, const struct made_build *build);

#endif
