/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model with a script: facts are told in the words of the events, stacks that it gives
 * out are kept. For tests of model and aggregate.
 */
#ifndef EW_TESTS_MODEL_WORLD_H
#define EW_TESTS_MODEL_WORLD_H

#include "etwitness/limits.h"
#include "etwitness/model.h"

enum { WORLD_STACKS_MAX = 140000, WORLD_TEXT_MAX = 256 };

/* 2020-01-01, where the scripts begin; one tick of raw time is 100 ns. */
#define WORLD_START UINT64_C(132223104000000000)

struct world {
    struct ew_fragments *fragments;
    struct ew_model *model;
    struct ew_stack *stacks; /* those given out, in order */
    size_t stack_count;
    bool surveying;
};

/* Aborts when it cannot be made. */
struct world *world_make(void);
void world_free(struct world *world);

/* Between these two, everything told goes to the survey. */
void world_survey(struct world *world);
void world_survey_end(struct world *world);

/* Times are 100 ns after WORLD_START. */
void world_process(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                   const char *name);
void world_thread(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                  uint32_t tid);
void world_image(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                 uint64_t base, uint64_t size, uint32_t timestamp, const char *path);
void world_pdb(struct world *world, uint64_t time, uint32_t pid, uint64_t base, uint8_t guid_byte,
               uint32_t age);
void world_method(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                  uint64_t method_id, uint64_t start, uint32_t size, uint32_t token,
                  const char *name);
void world_clr_module(struct world *world, uint64_t time, enum ew_phase phase, uint32_t pid,
                      uint64_t module_id, const char *path, uint8_t guid_byte);
void world_container(struct world *world, uint64_t time, uint32_t pid, const char *text,
                     size_t text_bytes);

/* As live capture tells it, which has found it by a job object. */
void world_container_by_job(struct world *world, uint64_t time, uint32_t pid, const char *text);
void world_sample(struct world *world, uint64_t time, uint16_t cpu, uint32_t tid,
                  uint64_t address);
void world_stack(struct world *world, uint64_t time, uint16_t cpu, uint64_t event_time,
                 uint32_t pid, uint32_t tid, const uint64_t *frames, uint32_t count);
void world_key(struct world *world, uint64_t time, uint64_t event_time, uint32_t pid,
               uint32_t tid, uint64_t key, bool user);
void world_definition(struct world *world, uint64_t time, uint64_t key, const uint64_t *frames,
                      uint32_t count);
void world_clr_stack(struct world *world, uint64_t time, uint32_t pid, uint32_t tid,
                     const uint64_t *frames, uint32_t count);
void world_item_stack(struct world *world, uint64_t time, uint32_t pid, uint32_t tid,
                      uint64_t match_id, const uint64_t *frames, uint32_t count);
void world_clr_event(struct world *world, uint64_t time, uint32_t pid, uint32_t tid, uint16_t id);

#endif
