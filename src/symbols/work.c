/* SPDX-License-Identifier: Apache-2.0 */
/* What the publisher's thread does for the store: wishes fulfilled, build by build. */
#include "symbols/store.h"

#include <stdlib.h>
#include <string.h>

enum { FUNCTIONS_START = 1024 };

/* --- taking wishes ------------------------------------------------------------------- */

static int compare_wishes(const void *a, const void *b)
{
    const struct wish *left = a;
    const struct wish *right = b;
    return left->rva < right->rva ? -1 : left->rva > right->rva;
}

/* Takes wishes off a build's list, by address. */
static size_t take_wishes(struct ew_symbols *symbols, struct build *build, struct wish *wishes)
{
    size_t count = 0;
    ew_mutex_lock(symbols->lock);
    while (build->first_wish != NO_ENTRY && count < EW_SYMBOL_BATCH_MAX) {
        const struct address *address = &symbols->addresses[build->first_wish];
        memset(&wishes[count], 0, sizeof wishes[count]);
        wishes[count].address = build->first_wish;
        wishes[count].rva = address->rva;
        build->first_wish = address->next_wish;
        count++;
    }
    ew_mutex_unlock(symbols->lock);
    qsort(wishes, count, sizeof *wishes, compare_wishes);
    return count;
}

/* --- giving answers -------------------------------------------------------------------- */

static bool room_for_function(struct ew_symbols *symbols)
{
    if (symbols->function_count < symbols->function_capacity) {
        return true;
    }
    if (symbols->function_count == EW_SYMBOL_FUNCTIONS_MAX) {
        return false;
    }
    uint32_t wanted =
        symbols->function_capacity == 0 ? FUNCTIONS_START : symbols->function_capacity * 2;
    struct function *grown = realloc(symbols->functions, (size_t)wanted * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    symbols->functions = grown;
    symbols->function_capacity = wanted;
    return true;
}

static uint32_t find_function(struct ew_symbols *symbols, uint32_t build,
                              const struct ew_symbol *symbol, uint64_t hash)
{
    for (uint32_t i = ew_index_first(&symbols->function_index, hash); i != EW_INDEX_END;
         i = ew_index_next(&symbols->function_index)) {
        const struct function *known = &symbols->functions[i];
        if (known->build == build && known->shown.rva == symbol->rva
            && known->shown.resolution == symbol->resolution) {
            return i;
        }
    }
    return NO_ENTRY;
}

/* The index of the function of a wish; ANSWER_NOTHING, and counted, without room. */
static uint32_t keep_function(struct ew_symbols *symbols, uint32_t build, const struct wish *wish)
{
    uint64_t hash = store_function_hash(build, &wish->symbol);
    uint32_t index = find_function(symbols, build, &wish->symbol, hash);
    if (index != NO_ENTRY) {
        return index;
    }
    const char *name = room_for_function(symbols) ? store_text(symbols, wish->name) : NULL;
    if (name == NULL
        || !ew_index_insert(&symbols->function_index, hash, symbols->function_count)) {
        symbols->counts.refused++;
        return ANSWER_NOTHING;
    }
    struct function *function = &symbols->functions[symbols->function_count];
    function->build = build;
    function->shown = wish->symbol;
    function->shown.name = name;
    function->shown.decorated =
        wish->decorated == NULL ? NULL : store_text(symbols, wish->decorated);
    return symbols->function_count++;
}

/* Answers become visible all at once; what was not looked up goes back to the list. */
static void give_answers(struct ew_symbols *symbols, struct build *build, struct wish *wishes,
                         size_t count, bool refused)
{
    uint32_t index = (uint32_t)(build - symbols->builds);
    ew_mutex_lock(symbols->lock);
    for (size_t i = 0; i < count; i++) {
        struct address *address = &symbols->addresses[wishes[i].address];
        if (!wishes[i].looked_up && !refused) {
            address->next_wish = build->first_wish;
            build->first_wish = wishes[i].address;
            continue;
        }
        symbols->wish_count--;
        address->answer =
            wishes[i].found ? keep_function(symbols, index, &wishes[i]) : ANSWER_NOTHING;
        symbols->counts.addresses += address->answer != ANSWER_NOTHING;
        symbols->counts.refused += !wishes[i].looked_up;
    }
    ew_mutex_unlock(symbols->lock);
    for (size_t i = 0; i < count; i++) {
        free(wishes[i].name);
        free(wishes[i].decorated);
    }
}

/* Nothing more is asked of a build that has no file, or took too long. */
static void drop_wishes(struct ew_symbols *symbols, struct build *build)
{
    ew_mutex_lock(symbols->lock);
    while (build->first_wish != NO_ENTRY) {
        struct address *address = &symbols->addresses[build->first_wish];
        build->first_wish = address->next_wish;
        address->answer = build->state == BUILD_MISSING ? ANSWER_DROPPED : ANSWER_NOTHING;
        symbols->wish_count--;
        symbols->counts.refused += build->state == BUILD_REFUSED;
    }
    ew_mutex_unlock(symbols->lock);
}

/* --- a build --------------------------------------------------------------------------- */

static void answer_build(struct ew_symbols *symbols, struct build *build, struct wish *wishes,
                         uint64_t deadline_ns)
{
    size_t count = take_wishes(symbols, build, wishes);
    while (count > 0) {
        bool patient = answer_wishes(symbols, build, wishes, count, deadline_ns);
        if (!patient) {
            ew_mutex_lock(symbols->lock);
            build->state = BUILD_REFUSED;
            ew_mutex_unlock(symbols->lock);
        }
        give_answers(symbols, build, wishes, count, !patient);
        if (!patient || symbols->system.now_ns() >= deadline_ns) {
            return;
        }
        count = take_wishes(symbols, build, wishes);
    }
}

/* Whether a build has a file that functions can be told from. */
static bool has_functions(struct ew_symbols *symbols, const struct build *build)
{
    ew_mutex_lock(symbols->lock);
    bool has = build->state == BUILD_KNOWN && !build->is_managed;
    ew_mutex_unlock(symbols->lock);
    return has;
}

static void work_on(struct ew_symbols *symbols, struct build *build, struct wish *wishes,
                    uint64_t deadline_ns)
{
    ew_mutex_lock(symbols->lock);
    bool examine = build->examine_wished && build->state == BUILD_WISHED;
    symbols->examine_count -= build->examine_wished;
    build->examine_wished = false;
    ew_mutex_unlock(symbols->lock);
    if (examine) {
        examine_build(symbols, build);
    }
    if (has_functions(symbols, build)) {
        answer_build(symbols, build, wishes, deadline_ns);
    }
    if (!has_functions(symbols, build)) {
        drop_wishes(symbols, build);
    }
}

/* The next build that wants something, from where the last call stopped. */
static struct build *next_build(struct ew_symbols *symbols)
{
    struct build *found = NULL;
    ew_mutex_lock(symbols->lock);
    for (uint32_t i = 0; found == NULL && i < symbols->build_count; i++) {
        uint32_t at = (symbols->next_build + i) % symbols->build_count;
        struct build *build = &symbols->builds[at];
        if (build->examine_wished || build->first_wish != NO_ENTRY) {
            found = build;
            symbols->next_build = (at + 1) % symbols->build_count;
        }
    }
    ew_mutex_unlock(symbols->lock);
    return found;
}

size_t ew_symbols_work(struct ew_symbols *symbols, uint64_t deadline_ns)
{
    struct wish *wishes = malloc(EW_SYMBOL_BATCH_MAX * sizeof *wishes);
    store_renew(symbols);
    while (wishes != NULL && symbols->system.now_ns() < deadline_ns) {
        struct build *build = next_build(symbols);
        if (build == NULL) {
            break;
        }
        work_on(symbols, build, wishes, deadline_ns);
    }
    free(wishes);
    return ew_symbols_wishes(symbols);
}
