/* SPDX-License-Identifier: Apache-2.0 */
/* Stack keys: which stack has which, least recently used first to go. */
#include "synth/stack_keys.h"

#include "synth/kernel_events.h"

#include <assert.h>
#include <string.h>

/* Keys look like addresses in the kernel's pool. */
static uint64_t key_of(const struct ew_emitter *emitter, size_t slot)
{
    uint64_t base =
        emitter->pointer_bytes == 4 ? UINT64_C(0x86100000) : UINT64_C(0xffffa38304050000);
    return base + slot * 0x110;
}

uint64_t ew_stack_keys_get(struct ew_stack_keys *keys, struct ew_emitter *emitter, uint64_t raw,
                           uint16_t cpu, uint64_t use, const uint64_t *addresses, size_t count)
{
    size_t oldest = 0;
    assert(count != 0 && count <= EW_FRAMES_ETW_MAX);
    for (size_t i = 0; i < EW_STACK_KEY_SLOTS; i++) {
        struct ew_stack_key_slot *slot = &keys->slots[i];
        if (slot->count == count
            && memcmp(slot->addresses, addresses, count * sizeof *addresses) == 0) {
            slot->last_use = use;
            return key_of(emitter, i);
        }
        if (slot->last_use < keys->slots[oldest].last_use) {
            oldest = i;
        }
    }
    struct ew_stack_key_slot *slot = &keys->slots[oldest];
    if (slot->count != 0) {
        ew_emit_stack_definition(emitter, raw, cpu, key_of(emitter, oldest), slot->addresses,
                                 slot->count, true);
    }
    slot->last_use = use;
    slot->count = count;
    memcpy(slot->addresses, addresses, count * sizeof *addresses);
    return key_of(emitter, oldest);
}

void ew_stack_keys_run_down(const struct ew_stack_keys *keys, struct ew_emitter *emitter,
                            uint64_t raw)
{
    for (size_t i = 0; i < EW_STACK_KEY_SLOTS; i++) {
        const struct ew_stack_key_slot *slot = &keys->slots[i];
        if (slot->count != 0) {
            ew_emit_stack_definition(emitter, raw + i, 0, key_of(emitter, i), slot->addresses,
                                     slot->count, false);
        }
    }
}
