/* SPDX-License-Identifier: Apache-2.0 */
/* The system of this machine behind the store. */
#include "platform/clock.h"
#include "symbols/store.h"

static enum ew_status locate(void *context, const char *event_path, char *out, size_t capacity)
{
    (void)context;
    return ew_symbol_locate(event_path, out, capacity);
}

static bool is_trusted(void *context, const char *path)
{
    (void)context;
    return ew_symbol_is_trusted(path);
}

static enum ew_status load(void *context, const struct ew_symbol_file *file)
{
    return ew_symbol_engine_load(context, file);
}

static void unload(void *context)
{
    ew_symbol_engine_unload(context);
}

static bool find(void *context, uint32_t rva, struct ew_symbol_found *found_out)
{
    return ew_symbol_engine_find(context, rva, found_out);
}

static bool undecorate(void *context, const char *decorated, char *out, size_t capacity)
{
    return ew_symbol_engine_undecorate(context, decorated, out, capacity);
}

static void destroy(void *context)
{
    ew_symbol_engine_destroy(context);
}

enum ew_status symbols_system_create(struct symbols_system *system_out, struct ew_error *error)
{
    struct ew_symbol_engine *engine = NULL;
    enum ew_status status = ew_symbol_engine_create(&engine, error);
    if (status == EW_OK) {
        const struct symbols_system system = {
            .context = engine,
            .locate = locate,
            .is_trusted = is_trusted,
            .load = load,
            .unload = unload,
            .find = find,
            .undecorate = undecorate,
            .now_ns = ew_clock_monotonic_ns,
            .destroy = destroy,
        };
        *system_out = system;
    }
    return status;
}
