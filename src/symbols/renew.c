/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nobody asks for any more is forgotten, so that a store that runs for months has room for
 * what comes. What is left moves together, and its texts into one piece of memory; all that can
 * fail is done before anything is changed.
 */
#include "symbols/store.h"

#include <stdlib.h>
#include <string.h>

struct renewal {
    struct ew_symbols *symbols;
    unsigned keep;       /* windows back */
    uint32_t *builds;    /* new index, or NO_ENTRY */
    uint32_t *functions; /* the same */
    uint32_t build_count;
    uint32_t address_count;
    uint32_t function_count;
    size_t text_bytes;
    struct ew_arena texts;
    char *room; /* what is left of the piece for them */
};

/* --- what is kept ------------------------------------------------------------------- */

static bool is_recent(const struct renewal *renewal, uint16_t asked)
{
    return (uint16_t)(renewal->symbols->window - asked) <= renewal->keep;
}

static bool keeps_build(const struct renewal *renewal, const struct build *build)
{
    return is_recent(renewal, build->asked) || build->examine_wished
           || build->first_wish != NO_ENTRY;
}

/* A wish stays until it is fulfilled: it is counted, and on the list of its build. */
static bool keeps_address(const struct renewal *renewal, const struct address *address)
{
    return renewal->builds[address->build] != NO_ENTRY
           && (is_recent(renewal, address->asked) || address->answer == ANSWER_WISHED);
}

static size_t text_bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static void measure_builds(struct renewal *renewal)
{
    const struct ew_symbols *symbols = renewal->symbols;
    for (uint32_t i = 0; i < symbols->build_count; i++) {
        const struct build *build = &symbols->builds[i];
        if (!keeps_build(renewal, build)) {
            renewal->builds[i] = NO_ENTRY;
            continue;
        }
        renewal->builds[i] = renewal->build_count++;
        renewal->text_bytes += text_bytes(build->module.name) + text_bytes(build->image_path)
                               + text_bytes(build->linked_name) + text_bytes(build->pdb_path);
        for (uint32_t k = 0; k < build->path_count; k++) {
            renewal->text_bytes += text_bytes(build->paths[k]);
        }
    }
}

/* Functions are kept by the addresses in them. */
static void measure_functions(struct renewal *renewal)
{
    const struct ew_symbols *symbols = renewal->symbols;
    memset(renewal->functions, 0xff, symbols->function_count * sizeof *renewal->functions);
    for (uint32_t i = 0; i < symbols->address_count; i++) {
        const struct address *address = &symbols->addresses[i];
        if (keeps_address(renewal, address)) {
            renewal->address_count++;
            if (address->answer < symbols->function_count) {
                renewal->functions[address->answer] = 0;
            }
        }
    }
    for (uint32_t i = 0; i < symbols->function_count; i++) {
        const struct ew_symbol *shown = &symbols->functions[i].shown;
        if (renewal->functions[i] != NO_ENTRY) {
            renewal->functions[i] = renewal->function_count++;
            renewal->text_bytes += text_bytes(shown->name) + text_bytes(shown->decorated);
        }
    }
}

static bool leaves_room(const struct renewal *renewal)
{
    return renewal->build_count <= EW_SYMBOL_BUILDS_MAX / 2
           && renewal->address_count <= EW_SYMBOL_ADDRESSES_MAX / 2
           && renewal->function_count <= EW_SYMBOL_FUNCTIONS_MAX / 2
           && renewal->text_bytes <= EW_SYMBOL_TEXT_BYTES_MAX / 2;
}

/* As far back as leaves half of every table free; the window that has just ended is kept
 * whatever that takes. */
static void choose(struct renewal *renewal)
{
    unsigned keep = EW_SYMBOL_WINDOWS_KEPT;
    do {
        renewal->keep = keep;
        renewal->build_count = renewal->address_count = renewal->function_count = 0;
        renewal->text_bytes = 0;
        measure_builds(renewal);
        measure_functions(renewal);
        keep /= 2;
    } while (keep > 0 && !leaves_room(renewal));
}

/* --- moving it ------------------------------------------------------------------------- */

static const char *move_text(struct renewal *renewal, const char *text)
{
    size_t byte_count = text_bytes(text);
    char *moved = renewal->room;
    if (text == NULL) {
        return NULL;
    }
    memcpy(moved, text, byte_count);
    renewal->room += byte_count;
    return moved;
}

static void move_builds(struct renewal *renewal)
{
    struct ew_symbols *symbols = renewal->symbols;
    ew_index_clear(&symbols->build_index);
    for (uint32_t i = 0; i < symbols->build_count; i++) {
        uint32_t to = renewal->builds[i];
        if (to == NO_ENTRY) {
            continue;
        }
        struct build *build = &symbols->builds[to];
        *build = symbols->builds[i];
        build->module.name = move_text(renewal, build->module.name);
        build->image_path = move_text(renewal, build->image_path);
        build->linked_name = move_text(renewal, build->linked_name);
        build->pdb_path = move_text(renewal, build->pdb_path);
        for (uint32_t k = 0; k < build->path_count; k++) {
            build->paths[k] = move_text(renewal, build->paths[k]);
        }
        build->first_wish = NO_ENTRY;
        /* cannot fail: it had more entries before */
        (void)ew_index_insert(&symbols->build_index, store_build_hash(&build->module), to);
    }
    memset(&symbols->builds[renewal->build_count], 0,
           (symbols->build_count - renewal->build_count) * sizeof *symbols->builds);
    symbols->build_count = renewal->build_count;
    symbols->next_build = 0;
}

/* Before the functions: what an address has is their old index. */
static void move_addresses(struct renewal *renewal)
{
    struct ew_symbols *symbols = renewal->symbols;
    uint32_t count = 0;
    symbols->wish_count = 0;
    ew_index_clear(&symbols->address_index);
    for (uint32_t i = 0; i < symbols->address_count; i++) {
        struct address address = symbols->addresses[i];
        if (!keeps_address(renewal, &address)) {
            continue;
        }
        address.build = (uint16_t)renewal->builds[address.build];
        if (address.answer < symbols->function_count) {
            address.answer = renewal->functions[address.answer];
        }
        symbols->addresses[count] = address;
        (void)ew_index_insert(&symbols->address_index,
                              store_address_hash(address.build, address.rva), count);
        if (address.answer == ANSWER_WISHED) {
            store_link_wish(symbols, count);
        }
        count++;
    }
    symbols->address_count = count;
}

static void move_functions(struct renewal *renewal)
{
    struct ew_symbols *symbols = renewal->symbols;
    ew_index_clear(&symbols->function_index);
    for (uint32_t i = 0; i < symbols->function_count; i++) {
        uint32_t to = renewal->functions[i];
        if (to == NO_ENTRY) {
            continue;
        }
        struct function *function = &symbols->functions[to];
        *function = symbols->functions[i];
        function->build = renewal->builds[function->build];
        function->shown.name = move_text(renewal, function->shown.name);
        function->shown.decorated = move_text(renewal, function->shown.decorated);
        (void)ew_index_insert(&symbols->function_index,
                              store_function_hash(function->build, &function->shown), to);
    }
    symbols->function_count = renewal->function_count;
}

/* --- all of it ---------------------------------------------------------------------------- */

static bool make_room(struct renewal *renewal)
{
    const struct ew_symbols *symbols = renewal->symbols;
    renewal->builds = malloc((symbols->build_count + 1) * sizeof *renewal->builds);
    renewal->functions = malloc((symbols->function_count + 1) * sizeof *renewal->functions);
    if (renewal->builds == NULL || renewal->functions == NULL) {
        return false;
    }
    choose(renewal);
    renewal->texts.bytes_max = EW_SYMBOL_TEXT_BYTES_MAX;
    renewal->room = ew_arena_take(&renewal->texts, renewal->text_bytes);
    return renewal->room != NULL;
}

static void move_all(struct renewal *renewal)
{
    struct ew_symbols *symbols = renewal->symbols;
    symbols->counts.forgotten += symbols->build_count - renewal->build_count;
    symbols->counts.forgotten += symbols->address_count - renewal->address_count;
    move_builds(renewal);
    move_addresses(renewal);
    move_functions(renewal);
    symbols->texts_before = symbols->texts;
    symbols->texts = renewal->texts;
}

/* Without memory everything stays as it is, and the next window tries again. */
void store_renew(struct ew_symbols *symbols)
{
    struct renewal renewal = {.symbols = symbols};
    ew_mutex_lock(symbols->lock);
    if (symbols->renewal_due) {
        symbols->renewal_due = false;
        if (make_room(&renewal)) {
            move_all(&renewal);
        }
    }
    ew_mutex_unlock(symbols->lock);
    free(renewal.builds);
    free(renewal.functions);
}
