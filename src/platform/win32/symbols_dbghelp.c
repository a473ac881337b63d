/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DbgHelp behind symbols.h (reference etw.md 3.8). It is loaded from system32 when it is
 * first needed, so that neither the start of the program nor a planted dbghelp.dll depends on
 * it. Each module has a session of its own, with a search path that holds one folder.
 */
#include "platform/symbols.h"
#include "platform/win32/wide_win32.h"

/* dbghelp.h after windows.h, whose types it needs. */
#include <assert.h>
#include <dbghelp.h>

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Options of newer headers than MinGW's, and the tags of cvconst.h. */
enum {
    OPTION_DISABLE_SYMSRV_AUTODETECT = 0x2000000,
    TAG_FUNCTION = 5,
    TAG_PUBLIC = 10,
    TAG_THUNK = 27,
};

/* Nothing else is in its address space: one base serves all modules, one at a time. */
#define MODULE_BASE UINT64_C(0x180000000)

static_assert(sizeof(SYMBOL_INFOW) == 88, "SYMBOL_INFOW");
static_assert(sizeof(IMAGEHLP_MODULEW64) == 3264, "IMAGEHLP_MODULEW64");

struct ew_symbol_engine {
    HMODULE library;
    bool loaded;
    DWORD(WINAPI *set_options)(DWORD);
    BOOL(WINAPI *initialize)(HANDLE, PCWSTR, BOOL);
    BOOL(WINAPI *cleanup)(HANDLE);
    DWORD64(WINAPI *load)
    (HANDLE, HANDLE, PCWSTR, PCWSTR, DWORD64, DWORD, PMODLOAD_DATA, DWORD);
    BOOL(WINAPI *unload)(HANDLE, DWORD64);
    BOOL(WINAPI *module_info)(HANDLE, DWORD64, PIMAGEHLP_MODULEW64);
    BOOL(WINAPI *from_address)(HANDLE, DWORD64, PDWORD64, PSYMBOL_INFOW);
    DWORD(WINAPI *undecorate)(PCSTR, PSTR, DWORD, DWORD);
};

bool ew_symbol_engine_exists(void)
{
    return true;
}

/* The address of a function, by way of bytes: ISO C has no cast between the two pointers. */
static bool take_function(HMODULE library, const char *name, void *function_out)
{
    FARPROC function = GetProcAddress(library, name);
    memcpy(function_out, &function, sizeof function);
    return function != NULL;
}

static bool take_functions(struct ew_symbol_engine *engine)
{
    HMODULE library = engine->library;
    return take_function(library, "SymSetOptions", &engine->set_options)
           && take_function(library, "SymInitializeW", &engine->initialize)
           && take_function(library, "SymCleanup", &engine->cleanup)
           && take_function(library, "SymLoadModuleExW", &engine->load)
           && take_function(library, "SymUnloadModule64", &engine->unload)
           && take_function(library, "SymGetModuleInfoW64", &engine->module_info)
           && take_function(library, "SymFromAddrW", &engine->from_address)
           && take_function(library, "UnDecorateSymbolName", &engine->undecorate);
}

enum ew_status ew_symbol_engine_create(struct ew_symbol_engine **engine_out,
                                       struct ew_error *error)
{
    struct ew_symbol_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for DbgHelp");
    }
    engine->library = LoadLibraryExW(L"dbghelp.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (engine->library == NULL || !take_functions(engine)) {
        DWORD code = GetLastError();
        ew_symbol_engine_destroy(engine);
        (void)ew_wide_fail(error, code, "use", "dbghelp.dll of system32");
        return EW_UNSUPPORTED;
    }
    *engine_out = engine;
    return EW_OK;
}

void ew_symbol_engine_destroy(struct ew_symbol_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    if (engine->loaded) {
        ew_symbol_engine_unload(engine);
    }
    if (engine->library != NULL) {
        (void)FreeLibrary(engine->library);
    }
    free(engine);
}

/* --- one module ------------------------------------------------------------------ */

/* The options are of the process, and others could have changed them. */
static void set_options(const struct ew_symbol_engine *engine)
{
    (void)engine->set_options(SYMOPT_UNDNAME | SYMOPT_FAIL_CRITICAL_ERRORS | SYMOPT_EXACT_SYMBOLS
                              | SYMOPT_IGNORE_NT_SYMPATH | SYMOPT_NO_PROMPTS | SYMOPT_SECURE
                              | SYMOPT_NO_IMAGE_SEARCH | OPTION_DISABLE_SYMSRV_AUTODETECT);
}

/* The last separator, or NULL. */
static wchar_t *last_separator(wchar_t *path)
{
    wchar_t *back = wcsrchr(path, L'\\');
    wchar_t *forward = wcsrchr(path, L'/');
    return back == NULL || (forward != NULL && forward > back) ? forward : back;
}

/* What DbgHelp can open: without the prefix that it does not know. Freed by the caller. */
static wchar_t *plain_path(const char *path)
{
    wchar_t *wide = ew_wide_path(path);
    if (wide != NULL && wcsncmp(wide, L"\\\\?\\", 4) == 0 && wide[4] != L'\0'
        && wide[5] == L':') {
        memmove(wide, wide + 4, (wcslen(wide + 4) + 1) * sizeof *wide);
    }
    return wide;
}

static bool same_text(const wchar_t *a, const wchar_t *b)
{
    return CompareStringOrdinal(a, -1, b, -1, TRUE) == CSTR_EQUAL;
}

/*
 * The engine may have found another file on its own: the GUID must be the one that was
 * checked, and the path the one that was given. A bare name is what Wine tells.
 */
static bool is_ours(const struct ew_symbol_engine *engine, const struct ew_symbol_file *file,
                    wchar_t *pdb_path)
{
    IMAGEHLP_MODULEW64 info = {.SizeOfStruct = sizeof info};
    if (!engine->module_info((HANDLE)(uintptr_t)engine, MODULE_BASE, &info)
        || info.SymType != SymPdb || info.PdbUnmatched
        || memcmp(&info.PdbSig70, file->guid.bytes, sizeof file->guid.bytes) != 0) {
        return false;
    }
    wchar_t *name = last_separator(pdb_path);
    bool bare = wcspbrk(info.LoadedPdbName, L"\\/:") == NULL;
    return same_text(info.LoadedPdbName, bare && name != NULL ? name + 1 : pdb_path);
}

static bool load_from(struct ew_symbol_engine *engine, const struct ew_symbol_file *file,
                      const wchar_t *from, wchar_t *pdb_path)
{
    HANDLE process = (HANDLE)(uintptr_t)engine;
    if (engine->load(process, NULL, from, NULL, MODULE_BASE, file->size_bytes, NULL, 0) == 0) {
        return false;
    }
    if (!is_ours(engine, file, pdb_path)) {
        (void)engine->unload(process, MODULE_BASE);
        return false;
    }
    return true;
}

/*
 * By way of the image when the engine takes no PDB by itself, as Wine's does not. Only where
 * the image names the PDB without a folder: a folder in there is searched first, whatever it
 * is, servers included.
 */
static bool load_by_image(struct ew_symbol_engine *engine, const struct ew_symbol_file *file,
                          wchar_t *pdb_path)
{
    const char *name = strrchr(file->pdb_path, '\\');
    const char *slash = strrchr(file->pdb_path, '/');
    name = slash != NULL && (name == NULL || slash > name) ? slash : name;
    if (file->image_path == NULL || name == NULL || strcmp(name + 1, file->linked_name) != 0) {
        return false;
    }
    wchar_t *image = plain_path(file->image_path);
    bool loaded = image != NULL && load_from(engine, file, image, pdb_path);
    free(image);
    return loaded;
}

static bool load_session(struct ew_symbol_engine *engine, const struct ew_symbol_file *file,
                         wchar_t *pdb_path, wchar_t *folder)
{
    HANDLE process = (HANDLE)(uintptr_t)engine;
    wchar_t *end = last_separator(folder);
    if (end == NULL) {
        return false;
    }
    *end = L'\0';
    set_options(engine);
    if (!engine->initialize(process, folder, FALSE)) {
        return false;
    }
    if (!load_from(engine, file, pdb_path, pdb_path) && !load_by_image(engine, file, pdb_path)) {
        (void)engine->cleanup(process);
        return false;
    }
    engine->loaded = true;
    return true;
}

enum ew_status ew_symbol_engine_load(struct ew_symbol_engine *engine,
                                     const struct ew_symbol_file *file)
{
    wchar_t *pdb_path = plain_path(file->pdb_path);
    wchar_t *folder = plain_path(file->pdb_path);
    bool loaded =
        pdb_path != NULL && folder != NULL && load_session(engine, file, pdb_path, folder);
    free(pdb_path);
    free(folder);
    return loaded ? EW_OK : EW_NOT_FOUND;
}

void ew_symbol_engine_unload(struct ew_symbol_engine *engine)
{
    if (engine->loaded) {
        HANDLE process = (HANDLE)(uintptr_t)engine;
        (void)engine->unload(process, MODULE_BASE);
        (void)engine->cleanup(process);
        engine->loaded = false;
    }
}

/* --- names ------------------------------------------------------------------------ */

enum { NAME_UNITS = 1024 };

union symbol_buffer {
    SYMBOL_INFOW info;
    unsigned char bytes[sizeof(SYMBOL_INFOW) + NAME_UNITS * sizeof(wchar_t)];
};

static bool take_name(const wchar_t *wide, char *out, size_t capacity)
{
    char *name = ew_wide_to_utf8(wide);
    size_t length = name == NULL ? 0 : strlen(name);
    while (length >= capacity || (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)) {
        length--; /* cut between characters */
    }
    if (length > 0) {
        memcpy(out, name, length);
        out[length] = '\0';
    }
    free(name);
    return length > 0;
}

bool ew_symbol_engine_find(struct ew_symbol_engine *engine, uint32_t rva,
                           struct ew_symbol_found *found_out)
{
    union symbol_buffer buffer;
    DWORD64 distance = 0;
    memset(&buffer, 0, sizeof buffer);
    buffer.info.SizeOfStruct = sizeof buffer.info;
    buffer.info.MaxNameLen = NAME_UNITS;
    if (!engine->loaded
        || !engine->from_address((HANDLE)(uintptr_t)engine, MODULE_BASE + rva, &distance,
                                 &buffer.info)) {
        return false;
    }
    const SYMBOL_INFOW *info = &buffer.info;
    bool code = info->Tag == TAG_FUNCTION || info->Tag == TAG_PUBLIC || info->Tag == TAG_THUNK;
    if (!code || info->Address < MODULE_BASE || info->Address > MODULE_BASE + rva) {
        return false;
    }
    found_out->rva = (uint32_t)(info->Address - MODULE_BASE);
    found_out->size_bytes = info->Tag == TAG_PUBLIC ? 0 : info->Size;
    found_out->thunk = info->Tag == TAG_THUNK;
    return take_name(info->Name, found_out->name, sizeof found_out->name);
}

bool ew_symbol_engine_undecorate(struct ew_symbol_engine *engine, const char *decorated,
                                 char *out, size_t capacity)
{
    DWORD units = capacity < 4096 ? (DWORD)capacity : 4096;
    return engine->undecorate(decorated, out, units, UNDNAME_NAME_ONLY) != 0 && out[0] != '\0';
}
