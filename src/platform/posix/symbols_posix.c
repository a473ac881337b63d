/* SPDX-License-Identifier: Apache-2.0 */
/* symbols.h where there is no DbgHelp. */
#include "platform/symbols.h"

enum ew_status ew_symbol_engine_create(struct ew_symbol_engine **engine_out,
                                       struct ew_error *error)
{
    (void)engine_out;
    return ew_fail(error, EW_UNSUPPORTED, "names from PDBs need Windows (DbgHelp)");
}

void ew_symbol_engine_destroy(struct ew_symbol_engine *engine)
{
    (void)engine;
}

bool ew_symbol_engine_exists(void)
{
    return false;
}

enum ew_status ew_symbol_engine_load(struct ew_symbol_engine *engine,
                                     const struct ew_symbol_file *file)
{
    (void)engine;
    (void)file;
    return EW_UNSUPPORTED;
}

void ew_symbol_engine_unload(struct ew_symbol_engine *engine)
{
    (void)engine;
}

bool ew_symbol_engine_find(struct ew_symbol_engine *engine, uint32_t rva,
                           struct ew_symbol_found *found_out)
{
    (void)engine;
    (void)rva;
    (void)found_out;
    return false;
}

bool ew_symbol_engine_undecorate(struct ew_symbol_engine *engine, const char *decorated,
                                 char *out, size_t capacity)
{
    (void)engine;
    (void)decorated;
    (void)out;
    (void)capacity;
    return false;
}

/* Paths of Windows' events name nothing here. */
enum ew_status ew_symbol_locate(const char *event_path, char *path_out, size_t capacity)
{
    (void)event_path;
    (void)path_out;
    (void)capacity;
    return EW_UNSUPPORTED;
}

bool ew_symbol_is_trusted(const char *path)
{
    (void)path;
    return false;
}
