/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through all states that the model in protocol.c can come to. A state is kept whole and
 * looked at once: two ways that lead to the same bytes go on alike.
 */
#include "unit/queue/protocol.h"

#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 512 * 1024 }; /* about 400 bytes each */

struct explorer {
    struct protocol protocol;
    struct state *states; /* those found so far, which is also the list of those to do */
    size_t state_count;
    size_t states_max;
    uint32_t *slots; /* index of states by hash, number + 1 */
    size_t slot_mask;
};

/* FNV-1a over the bytes. */
static uint64_t hash_state(const struct state *state)
{
    const uint8_t *bytes = (const uint8_t *)state;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof *state; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 29;
}

static bool grow(struct explorer *explorer)
{
    size_t states_max = explorer->states_max * 2;
    struct state *states = realloc(explorer->states, states_max * sizeof *states);
    uint32_t *slots = calloc(states_max * 2, sizeof *slots);
    if (states == NULL || slots == NULL || states_max > STATES_MAX) {
        explorer->states = states != NULL ? states : explorer->states;
        free(slots);
        return false;
    }
    free(explorer->slots);
    explorer->states = states;
    explorer->states_max = states_max;
    explorer->slots = slots;
    explorer->slot_mask = states_max * 2 - 1;
    for (size_t i = 0; i < explorer->state_count; i++) {
        size_t at = (size_t)hash_state(&states[i]) & explorer->slot_mask;
        while (slots[at] != 0) {
            at = (at + 1) & explorer->slot_mask;
        }
        slots[at] = (uint32_t)i + 1;
    }
    return true;
}

/* True when the state is new, or when there is no memory for more. */
static bool add_state(struct explorer *explorer, const struct state *state, bool *full)
{
    if (explorer->state_count == explorer->states_max && !grow(explorer)) {
        *full = true;
        return true;
    }
    size_t at = (size_t)hash_state(state) & explorer->slot_mask;
    for (; explorer->slots[at] != 0; at = (at + 1) & explorer->slot_mask) {
        if (memcmp(&explorer->states[explorer->slots[at] - 1], state, sizeof *state) == 0) {
            return false;
        }
    }
    explorer->states[explorer->state_count++] = *state;
    explorer->slots[at] = (uint32_t)explorer->state_count;
    return true;
}

static bool expand(struct explorer *explorer, size_t number)
{
    struct state before = explorer->states[number];
    bool full = false;
    bool changes = false;
    for (size_t i = 0; i < THREADS * CHOICES_MAX && !full; i++) {
        struct state state = before;
        if (protocol_step(&explorer->protocol, &state, i / CHOICES_MAX, i % CHOICES_MAX)
            && memcmp(&state, &before, sizeof state) != 0) {
            changes = true;
            (void)add_state(explorer, &state, &full);
        }
    }
    if (!changes) {
        protocol_end(&explorer->protocol, &before);
    }
    return !full;
}

static bool begin(struct explorer *explorer)
{
    struct state first;
    bool full = false;
    protocol_begin(&first);
    explorer->states_max = 512;
    return grow(explorer) && add_state(explorer, &first, &full);
}

bool explore(const struct scenario *scenario, enum mutation mutation,
             struct exploration *result_out)
{
    struct explorer explorer = {.protocol = {.scenario = scenario, .mutation = mutation}};
    bool good = begin(&explorer);
    for (size_t i = 0; good && i < explorer.state_count; i++) {
        if (explorer.protocol.result.violation != NULL) {
            break;
        }
        good = expand(&explorer, i);
    }
    explorer.protocol.result.states = explorer.state_count;
    *result_out = explorer.protocol.result;
    free(explorer.states);
    free(explorer.slots);
    return good;
}
