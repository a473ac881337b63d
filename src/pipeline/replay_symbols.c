/* SPDX-License-Identifier: Apache-2.0 */
/* Names of native code in a replay: a recording can wait, so they are looked up before each
 * fold, on the same thread. */
#include "pipeline/internal.h"

#include <stdlib.h>

void replay_learn_symbols(void *context)
{
    struct replay *replay = context;
    ew_aggregate_wish_symbols(replay->aggregate, EW_WINDOW_ALL);
    (void)ew_symbols_work(replay->symbols, UINT64_MAX);
}

void replay_forget_symbols(struct replay *replay)
{
    if (replay->symbols != NULL) {
        ew_symbols_next_window(replay->symbols);
        (void)ew_symbols_work(replay->symbols, 0);
    }
}

/* The paths are trusted, for the user named them. PDBs beside an image are not looked for:
 * where images are, the recording says. */
enum ew_status replay_open_symbols(struct replay *replay)
{
    size_t count = replay->options->symbol_path_count;
    struct ew_settings_symbols settings = {.enabled = true};
    if (count == 0) {
        return EW_OK;
    }
    settings.paths.items = calloc(count, sizeof *settings.paths.items);
    if (settings.paths.items == NULL) {
        return ew_fail(replay->error, EW_NO_MEMORY, "no memory for symbol paths");
    }
    for (size_t i = 0; i < count; i++) {
        /* Settings own their texts; these are only read. */
        settings.paths.items[i] = (char *)(uintptr_t)replay->options->symbol_paths[i];
    }
    settings.paths.count = count;
    enum ew_status status = ew_symbols_create(&settings, &replay->symbols, replay->error);
    free(settings.paths.items);
    return status;
}
