/* SPDX-License-Identifier: Apache-2.0 */
/* The world that merging is measured with. */
#include "bench/bench_merge_world.h"

#include "base/filetime.h"
#include "base/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_PERCENT = 34, FOREIGN_PERCENT = 6, CONFIRMED_PERCENT = 70, KNOWN_PERCENT = 85 };

/* 2026-03-02T08:30:00Z. */
#define WORLD_START UINT64_C(134168994000000000)
#define WINDOW_100NS (300 * EW_FILETIME_SECOND)

/* A number that looks like chance, of what it is for and of what. */
static uint64_t chance(uint64_t purpose, uint64_t value)
{
    return ew_index_hash_u64((purpose << 56) + value + 1);
}

enum { FOR_EDGE = 1, FOR_SIGHT, FOR_CHOICE, FOR_CALL, FOR_WINDOW, FOR_HITS, FOR_FUNCTION };

uint32_t world_callee(const struct world *world, uint32_t from, uint32_t place)
{
    uint64_t random = chance(FOR_EDGE, (uint64_t)from * WORLD_EDGES_PER_NODE + place);
    return (uint32_t)(random % (world->node_count / 16) * 16 + place);
}

/* --- functions ---------------------------------------------------------------------------------
 */

uint32_t world_module_of(const struct world *world, uint32_t function)
{
    return function < world->node_count
               ? function % WORLD_ARTIFACTS
               : WORLD_ARTIFACTS
                     + (function - world->node_count) % (WORLD_MODULES - WORLD_ARTIFACTS);
}

uint32_t world_token_of(const struct world *world, uint32_t function)
{
    return function < world->node_count
               ? 0x06000001 + function / WORLD_ARTIFACTS
               : 0x06000001 + (function - world->node_count) / (WORLD_MODULES - WORLD_ARTIFACTS);
}

void world_mvid(uint32_t module, char out[WORLD_MVID_BYTES])
{
    (void)snprintf(out, WORLD_MVID_BYTES, "%08x-0123-4567-89ab-%012x", (unsigned)module + 0x1000,
                   (unsigned)module * 7919);
}

/* By module, then token: the order of their keys. */
static bool list_functions(struct world *world)
{
    uint32_t foreign = world->node_count / 100 * FOREIGN_PERCENT;
    world->functions = calloc((size_t)world->node_count + foreign, sizeof *world->functions);
    if (world->functions == NULL) {
        return false;
    }
    for (uint32_t module = 0; module < WORLD_ARTIFACTS; module++) {
        for (uint32_t node = module; node < world->node_count; node += WORLD_ARTIFACTS) {
            if (chance(FOR_SIGHT, node) % 100 < SEEN_PERCENT) {
                world->functions[world->function_count++] = node;
            }
        }
    }
    enum { MODULES = WORLD_MODULES - WORLD_ARTIFACTS };
    for (uint32_t module = 0; module < MODULES; module++) {
        for (uint32_t i = module; i < foreign; i += MODULES) {
            world->functions[world->function_count++] = world->node_count + i;
        }
    }
    return true;
}

/* --- calls -------------------------------------------------------------------------------------
 */

struct calls {
    struct world *world;
    struct ew_index index;
    uint32_t *places; /* of nodes in `functions`, or EW_INDEX_END */
    uint32_t known;   /* functions of the graph: the first ones */
};

static bool add_call(struct calls *calls, uint32_t from, uint32_t to)
{
    struct world *world = calls->world;
    uint64_t call = (uint64_t)from << 32 | to;
    uint64_t hash = ew_index_hash_u64(call);
    for (uint32_t i = ew_index_first(&calls->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&calls->index)) {
        if (world->calls[i] == call) {
            return true;
        }
    }
    world->calls[world->call_count] = call;
    return ew_index_insert(&calls->index, hash, world->call_count++);
}

/* Edges of the graph between functions that are seen, three of five. */
static bool add_confirmed(struct calls *calls, uint32_t wanted)
{
    struct world *world = calls->world;
    for (uint32_t from = 0; from < calls->known; from++) {
        for (uint32_t i = 0; i < WORLD_EDGES_PER_NODE && world->call_count < wanted; i++) {
            uint32_t node = world->functions[from];
            uint32_t to = calls->places[world_callee(world, node, i)];
            bool seen = to != EW_INDEX_END && chance(FOR_CHOICE, node * UINT64_C(16) + i) % 5 < 3;
            if (seen && !add_call(calls, from, to)) {
                return false;
            }
        }
    }
    return true;
}

static bool has_edge(const struct world *world, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < WORLD_EDGES_PER_NODE; i++) {
        if (world_callee(world, from, i) == to) {
            return true;
        }
    }
    return false;
}

/* Calls that the graph does not have: between its nodes, then with foreign functions. */
static bool add_others(struct calls *calls, uint32_t known_wanted, uint32_t wanted)
{
    struct world *world = calls->world;
    uint32_t foreign = world->function_count - calls->known;
    for (uint64_t i = 0; world->call_count < wanted; i++) {
        uint64_t random = chance(FOR_CALL, i);
        uint32_t from = (uint32_t)((random & UINT32_MAX) % calls->known);
        uint32_t to = (uint32_t)((random >> 32) % calls->known);
        if (world->call_count >= known_wanted) {
            uint32_t other = calls->known + (uint32_t)(chance(FOR_CALL, random) % foreign);
            from = i % 2 == 0 ? other : from;
            to = i % 2 == 0 ? to : other;
        } else if (has_edge(world, world->functions[from], world->functions[to])) {
            continue;
        }
        if (!add_call(calls, from, to)) {
            return false;
        }
    }
    return true;
}

static int compare_calls(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

static bool list_calls(struct world *world)
{
    struct calls calls = {.world = world};
    uint32_t wanted = world->node_count;
    calls.places = malloc(world->node_count * sizeof *calls.places);
    world->calls = calloc((size_t)wanted + 1, sizeof *world->calls);
    bool fine = calls.places != NULL && world->calls != NULL;
    if (fine) {
        memset(calls.places, 0xff, world->node_count * sizeof *calls.places);
        while (calls.known < world->function_count
               && world->functions[calls.known] < world->node_count) {
            calls.places[world->functions[calls.known]] = calls.known;
            calls.known++;
        }
        fine = add_confirmed(&calls, wanted / 100 * CONFIRMED_PERCENT)
               && add_others(&calls, wanted / 100 * KNOWN_PERCENT, wanted);
    }
    if (fine) {
        qsort(world->calls, world->call_count, sizeof *world->calls, compare_calls);
    }
    free(calls.places);
    ew_index_free(&calls.index);
    return fine;
}

bool world_make(struct world *world, uint32_t node_count)
{
    memset(world, 0, sizeof *world);
    world->node_count = node_count;
    return list_functions(world) && list_calls(world);
}

void world_free(struct world *world)
{
    free(world->functions);
    free(world->calls);
}

/* --- windows -----------------------------------------------------------------------------------
 */

uint64_t world_window_start(uint32_t window)
{
    enum { PER_STREAM = WORLD_WINDOWS / WORLD_STREAMS };
    return WORLD_START + window % PER_STREAM * WINDOW_100NS;
}

static struct world_seen seen_by_chance(uint64_t random, uint32_t window)
{
    struct world_seen seen;
    seen.hits = 1 + random % 1000;
    seen.first_100ns = world_window_start(window) + (random >> 10) % (WINDOW_100NS / 2);
    seen.last_100ns = seen.first_100ns + (random >> 42) % (WINDOW_100NS / 2);
    return seen;
}

bool world_call_seen(const struct world *world, uint32_t call, uint32_t window,
                     struct world_seen *seen_out)
{
    uint64_t random = chance(FOR_WINDOW, world->calls[call]);
    uint32_t first = (uint32_t)(random % WORLD_WINDOWS);
    uint32_t second = (first + 1 + (uint32_t)(random >> 8) % (WORLD_WINDOWS - 1)) % WORLD_WINDOWS;
    bool twice = (random >> 40 & 1) != 0;
    if (window != first && !(twice && window == second)) {
        return false;
    }
    *seen_out = seen_by_chance(chance(FOR_HITS, random + window), window);
    return true;
}

struct world_seen world_function_seen(uint32_t function, uint32_t window)
{
    return seen_by_chance(chance(FOR_FUNCTION, (uint64_t)function * WORLD_WINDOWS + window),
                          window);
}

void world_mark_used(const struct world *world, uint32_t window, bool *used)
{
    struct world_seen seen;
    memset(used, 0, world->function_count * sizeof *used);
    for (uint32_t i = 0; i < world->call_count; i++) {
        if (world_call_seen(world, i, window, &seen)) {
            used[world->calls[i] >> 32] = true;
            used[world->calls[i] & UINT32_MAX] = true;
        }
    }
}
