/* SPDX-License-Identifier: Apache-2.0 */
/* A model with a script. */
#include "support/model_world.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>

static void keep_stack(void *context, const struct ew_stack *stack)
{
    struct world *world = context;
    if (world->stack_count < WORLD_STACKS_MAX) {
        world->stacks[world->stack_count++] = *stack;
    }
}

struct world *world_make(void)
{
    struct world *world = calloc(1, sizeof *world);
    if (world == NULL) {
        abort();
    }
    world->stacks = calloc(WORLD_STACKS_MAX, sizeof *world->stacks);
    if (world->stacks == NULL || ew_fragments_create(&world->fragments) != EW_OK) {
        abort();
    }
    struct ew_model_options options = {.on_stack = keep_stack,
                                       .context = world,
                                       .fragments = world->fragments,
                                       .start_100ns = WORLD_START};
    if (ew_model_create(&options, &world->model) != EW_OK) {
        abort();
    }
    return world;
}

void world_free(struct world *world)
{
    ew_model_destroy(world->model);
    ew_fragments_destroy(world->fragments);
    free(world->stacks);
    free(world);
}

void world_survey(struct world *world)
{
    world->surveying = true;
}

void world_survey_end(struct world *world)
{
    world->surveying = false;
    ew_model_survey_end(world->model);
}

static struct ew_event event_at(uint64_t time, const struct ew_guid *provider)
{
    struct ew_event event = {.time_100ns = WORLD_START + time,
                             .time_raw = time,
                             .provider = provider,
                             .process_id = EW_ID_NONE,
                             .thread_id = EW_ID_NONE,
                             .kind = EW_EVENT_MANIFEST,
                             .pointer_bytes = 8};
    return event;
}

static struct ew_event kernel_at(uint64_t time, uint16_t hook)
{
    struct ew_event event = event_at(time, ew_kernel_class(hook));
    event.kind = EW_EVENT_KERNEL;
    event.hook = hook;
    event.opcode = (uint8_t)hook;
    return event;
}

static void tell(struct world *world, const struct ew_event *event, const struct ew_fact *fact)
{
    if (world->surveying) {
        ew_model_survey(world->model, event, fact);
    } else {
        ew_model_apply(world->model, event, fact);
    }
}

static struct ew_utf16_slice utf16(const char *text, uint8_t out[2 * WORLD_TEXT_MAX])
{
    struct ew_utf16_slice slice = {out, 0};
    for (; *text != '\0'; text++) {
        ew_store_u16(out + slice.bytes, (uint8_t)*text);
        slice.bytes += 2;
    }
    return slice;
}

static struct ew_address_slice addresses(const uint64_t *frames, uint32_t count, uint8_t *out)
{
    struct ew_address_slice slice = {out, count, 8};
    for (uint32_t i = 0; i < count; i++) {
        ew_store_u64(out + (size_t)i * 8, frames[i]);
    }
    return slice;
}

void world_process(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                   const char *name)
{
    static const uint16_t hooks[] = {0x0301, 0x0302, 0x0303, 0x0304, 0x030b};
    struct ew_event event = kernel_at(time, hooks[phase]);
    struct ew_fact fact = {.kind = EW_FACT_PROCESS};
    fact.process.phase = phase;
    fact.process.process_id = pid;
    fact.process.image_name.data = (const uint8_t *)name;
    fact.process.image_name.bytes = (uint32_t)strlen(name);
    tell(world, &event, &fact);
}

void world_thread(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                  uint32_t tid)
{
    static const uint16_t hooks[] = {0x0501, 0x0502, 0x0503, 0x0504, 0x0548};
    struct ew_event event = kernel_at(time, hooks[phase]);
    struct ew_fact fact = {.kind = EW_FACT_THREAD};
    fact.thread.phase = phase;
    fact.thread.process_id = pid;
    fact.thread.thread_id = tid;
    tell(world, &event, &fact);
}

void world_image(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                 uint64_t base, uint64_t size, uint32_t timestamp, const char *path)
{
    static const uint16_t hooks[] = {0x030a, 0x1402, 0x1403, 0x1404, 0x1421};
    uint8_t text[2 * WORLD_TEXT_MAX];
    struct ew_event event = kernel_at(time, hooks[phase]);
    struct ew_fact fact = {.kind = EW_FACT_IMAGE};
    fact.image.phase = phase;
    fact.image.process_id = pid;
    fact.image.base = base;
    fact.image.size_bytes = size;
    fact.image.timestamp = timestamp;
    fact.image.path = utf16(path, text);
    tell(world, &event, &fact);
}

void world_pdb(struct world *world, uint64_t time, uint32_t pid, uint64_t base, uint8_t guid_byte,
               uint32_t age)
{
    struct ew_event event = event_at(time, &ew_guid_image_id);
    struct ew_fact fact = {.kind = EW_FACT_PDB_ID};
    event.kind = EW_EVENT_CLASSIC;
    event.opcode = 36;
    fact.pdb_id.process_id = pid;
    fact.pdb_id.base = base;
    memset(&fact.pdb_id.guid, guid_byte, sizeof fact.pdb_id.guid);
    fact.pdb_id.age = age;
    tell(world, &event, &fact);
}

void world_method(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                  uint64_t method_id, uint64_t start, uint32_t size, uint32_t token,
                  const char *name)
{
    uint8_t text[2 * WORLD_TEXT_MAX];
    uint8_t type[2 * WORLD_TEXT_MAX];
    bool rundown = phase == EW_PHASE_DC_START || phase == EW_PHASE_DC_END;
    struct ew_event event = event_at(time, rundown ? &ew_guid_clr_rundown : &ew_guid_clr_runtime);
    struct ew_fact fact = {.kind = EW_FACT_CLR_METHOD};
    event.process_id = pid;
    event.thread_id = 1;
    fact.clr_method.phase = phase;
    fact.clr_method.method_id = method_id;
    fact.clr_method.module_id = 77;
    fact.clr_method.start = start;
    fact.clr_method.size_bytes = size;
    fact.clr_method.token = token;
    fact.clr_method.verbose = true;
    fact.clr_method.type_name = utf16("Shop.Type", type);
    fact.clr_method.method_name = utf16(name, text);
    tell(world, &event, &fact);
}

void world_clr_module(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                      uint64_t module_id, const char *path, uint8_t guid_byte)
{
    uint8_t text[2 * WORLD_TEXT_MAX];
    struct ew_event event = event_at(time, &ew_guid_clr_runtime);
    struct ew_fact fact = {.kind = EW_FACT_CLR_MODULE};
    event.process_id = pid;
    event.thread_id = 1;
    fact.clr_module.phase = phase;
    fact.clr_module.module_id = module_id;
    fact.clr_module.il_path = utf16(path, text);
    fact.clr_module.has_pdb = true;
    memset(&fact.clr_module.managed_pdb_guid, guid_byte, sizeof fact.clr_module.managed_pdb_guid);
    fact.clr_module.managed_pdb_age = 1;
    tell(world, &event, &fact);
}

static void tell_container(struct world *world, const struct ew_event *about, const char *text,
                           size_t text_bytes)
{
    uint8_t items[WORLD_TEXT_MAX] = {0};
    struct ew_event event = *about;
    ew_store_u16(items, (uint16_t)((8 + text_bytes + 7) / 8 * 8));
    ew_store_u16(items + 2, EW_ITEM_CONTAINER_ID);
    ew_store_u16(items + 6, (uint16_t)text_bytes);
    memcpy(items + 8, text, text_bytes);
    event.thread_id = 1;
    event.extended = items;
    event.extended_bytes = ew_load_u16(items);
    tell(world, &event, NULL);
}

void world_container(struct world *world, uint64_t time, uint32_t pid, const char *text,
                     size_t text_bytes)
{
    struct ew_event event = event_at(time, &ew_guid_clr_runtime);
    event.process_id = pid;
    tell_container(world, &event, text, text_bytes);
}

void world_container_by_job(struct world *world, uint64_t time, uint32_t pid, const char *text)
{
    struct ew_event event = event_at(time, &ew_guid_etwitness);
    event.process_id = pid;
    tell_container(world, &event, text, strlen(text));
}

void world_sample(struct world *world, uint64_t time, uint16_t cpu, uint32_t tid,
                  uint64_t address)
{
    struct ew_event event = kernel_at(time, 0x0f2e);
    struct ew_fact fact = {.kind = EW_FACT_SAMPLE};
    event.cpu = cpu;
    fact.sample.thread_id = tid;
    fact.sample.address = address;
    fact.sample.count = 1;
    tell(world, &event, &fact);
}

void world_stack(struct world *world, uint64_t time, uint16_t cpu, uint64_t event_time,
                 uint32_t pid, uint32_t tid, const uint64_t *frames, uint32_t count)
{
    uint8_t words[8 * EW_FRAMES_MAX];
    struct ew_event event = kernel_at(time, 0x1820);
    struct ew_fact fact = {.kind = EW_FACT_STACK};
    event.cpu = cpu;
    fact.stack.event_time_raw = event_time;
    fact.stack.process_id = pid;
    fact.stack.thread_id = tid;
    fact.stack.frames = addresses(frames, count, words);
    tell(world, &event, &fact);
}

void world_key(struct world *world, uint64_t time, uint64_t event_time, uint32_t pid,
               uint32_t tid, uint64_t key, bool user)
{
    struct ew_event event = kernel_at(time, user ? 0x1826 : 0x1825);
    struct ew_fact fact = {.kind = EW_FACT_STACK_KEY};
    fact.stack_key.event_time_raw = event_time;
    fact.stack_key.process_id = pid;
    fact.stack_key.thread_id = tid;
    fact.stack_key.key = key;
    fact.stack_key.user = user;
    tell(world, &event, &fact);
}

void world_definition(struct world *world, uint64_t time, uint64_t key, const uint64_t *frames,
                      uint32_t count)
{
    uint8_t words[8 * EW_FRAMES_MAX];
    struct ew_event event = kernel_at(time, 0x1823);
    struct ew_fact fact = {.kind = EW_FACT_STACK_DEFINITION};
    fact.stack_definition.key = key;
    fact.stack_definition.deleted = true;
    fact.stack_definition.frames = addresses(frames, count, words);
    tell(world, &event, &fact);
}

void world_clr_stack(struct world *world, uint64_t time, uint32_t pid, uint32_t tid,
                     const uint64_t *frames, uint32_t count)
{
    uint8_t words[8 * EW_FRAMES_MAX];
    struct ew_event event = event_at(time, &ew_guid_clr_runtime);
    struct ew_fact fact = {.kind = EW_FACT_CLR_STACK};
    event.process_id = pid;
    event.thread_id = tid;
    event.id = 82;
    fact.clr_stack.frames = addresses(frames, count, words);
    tell(world, &event, &fact);
}

void world_item_stack(struct world *world, uint64_t time, uint32_t pid, uint32_t tid,
                      uint64_t match_id, const uint64_t *frames, uint32_t count)
{
    uint8_t item[16 + 8 * EW_FRAMES_MAX] = {0};
    struct ew_event event = event_at(time, &ew_guid_kernel_process);
    event.process_id = pid;
    event.thread_id = tid;
    event.id = 12;
    event.extended = item;
    event.extended_bytes = 16 + 8 * count;
    ew_store_u16(item, (uint16_t)event.extended_bytes);
    ew_store_u16(item + 2, EW_ITEM_STACK_TRACE64);
    ew_store_u16(item + 6, (uint16_t)(8 + 8 * count));
    ew_store_u64(item + 8, match_id);
    (void)addresses(frames, count, item + 16);
    tell(world, &event, NULL);
}

void world_clr_event(struct world *world, uint64_t time, uint32_t pid, uint32_t tid, uint16_t id)
{
    struct ew_event event = event_at(time, &ew_guid_clr_runtime);
    event.process_id = pid;
    event.thread_id = tid;
    event.id = id;
    tell(world, &event, NULL);
}
