/* SPDX-License-Identifier: Apache-2.0 */
/* A system for the store that is a table, and files for it. */
#include "unit/symbols/fake_system.h"

#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

const struct made_build native = {.timestamp = 0x542d574e,
                                  .size_bytes = 0x3000,
                                  .guid_byte = 0x5a,
                                  .age = 3,
                                  .pdb_name = "C:\\build\\app.pdb"};

struct fake_system fake;

static enum ew_status fake_locate(void *context, const char *event_path, char *out,
                                  size_t capacity)
{
    (void)context;
    if (fake.image_at == NULL || strcmp(event_path, EVENT_PATH) != 0) {
        return EW_UNSUPPORTED;
    }
    (void)snprintf(out, capacity, "%s", fake.image_at);
    return EW_OK;
}

static bool fake_is_trusted(void *context, const char *path)
{
    (void)context;
    (void)path;
    return fake.trusted;
}

static enum ew_status fake_load(void *context, const struct ew_symbol_file *file)
{
    (void)context;
    fake.loads++;
    fake.now_ns += fake.load_ns;
    (void)snprintf(fake.pdb_path, sizeof fake.pdb_path, "%s", file->pdb_path);
    fake.loaded = !fake.refuses;
    return fake.refuses ? EW_NOT_FOUND : EW_OK;
}

static void fake_unload(void *context)
{
    (void)context;
    fake.loaded = false;
}

static bool fake_find(void *context, uint32_t rva, struct ew_symbol_found *found_out)
{
    static const struct ew_symbol_found functions[] = {
        {0x1000, 0x40, false, "Alpha"},
        {0x1040, 0x20, false, "Hidden"},
        {0x1100, 0, false, "Beta"},
    };
    (void)context;
    ck_assert(fake.loaded);
    if (fake.endless) {
        found_out->rva = rva & ~UINT32_C(15);
        found_out->size_bytes = 16;
        found_out->thunk = false;
        (void)snprintf(found_out->name, sizeof found_out->name, "Function%lx",
                       (unsigned long)found_out->rva);
        return true;
    }
    for (size_t i = sizeof functions / sizeof functions[0]; i > 0; i--) {
        if (functions[i - 1].rva <= rva) {
            *found_out = functions[i - 1];
            return true;
        }
    }
    return false;
}

static bool fake_undecorate(void *context, const char *decorated, char *out, size_t capacity)
{
    (void)context;
    (void)snprintf(out, capacity, "plain %s", decorated);
    return true;
}

static uint64_t fake_now(void)
{
    fake.now_ns += fake.step_ns;
    return fake.now_ns;
}

struct ew_symbols *fake_store(const char *folder, bool image_folder)
{
    static char kept[512];
    static char *items[1] = {kept};
    struct ew_settings_symbols settings = {.enabled = true, .image_folder = image_folder};
    const struct symbols_system system = {.locate = fake_locate,
                                          .is_trusted = fake_is_trusted,
                                          .load = fake_load,
                                          .unload = fake_unload,
                                          .find = fake_find,
                                          .undecorate = fake_undecorate,
                                          .now_ns = fake_now};
    if (folder != NULL) {
        (void)snprintf(kept, sizeof kept, "%s", folder);
        settings.paths.items = items;
        settings.paths.count = 1;
    }
    struct ew_symbols *symbols = NULL;
    ck_assert_int_eq(symbols_create_with(&settings, &system, &symbols, NULL), EW_OK);
    return symbols;
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t byte_count)
{
    char path[1024];
    struct ew_file *file = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(ew_directory_make(folder, NULL), EW_OK);
    ck_assert_int_eq(ew_file_create(path, true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, bytes, byte_count, NULL), EW_OK);
    ew_file_close(file);
}

void write_image(const char *folder, const struct made_build *build)
{
    static uint8_t bytes[MADE_IMAGE_BYTES];
    made_image(build, bytes);
    write_file(folder, "app.dll", bytes, sizeof bytes);
}

void write_pdb(const char *folder, const struct made_build *build)
{
    static uint8_t bytes[MADE_PDB_BYTES];
    made_pdb(build, bytes);
    write_file(folder, "app.pdb", bytes, sizeof bytes);
}
