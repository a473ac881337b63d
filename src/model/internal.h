/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's parts and how they hang together. One file a topic:
 *
 *     processes.c  processes, threads, containers
 *     images.c     images of processes and the kernel, PDB identities
 *     methods.c    managed modules and method bodies
 *     pending.c    events that wait for their stack
 *     stacks.c     fragments, CLR and extended-data stacks as they arrive
 *     keys.c       what stack keys mean
 *     survey.c     the first pass
 *     prune.c      what nothing can refer to any more
 *     restart.c    a new session after a gap
 *     model.c      the contract: dispatch, resolution, counters
 */
#ifndef EW_MODEL_INTERNAL_H
#define EW_MODEL_INTERNAL_H

#include "base/index.h"
#include "etwitness/limits.h"
#include "etwitness/model.h"
#include "model/mappings.h"
#include "model/modules.h"
#include "model/names.h"

/* Two starts of one pid within this time are one start told twice: the classic and the
 * manifest provider both report it, some microseconds apart. */
enum { START_TOLERANCE_100NS = 10000000 };

struct process {
    struct ew_process shown;
    struct view views[MAPPING_KIND_COUNT];
    uint64_t changed_100ns; /* when `layout` changed last */
    uint32_t layout;
    bool in_use;
    bool doubted;             /* a new session has not told it again yet */
    bool reserved;            /* surveyed, its start has not come yet */
    uint64_t container_100ns; /* when its container was told (survey) */
};

struct thread {
    uint32_t thread_id;
    uint32_t process_id;
    bool ended;
};

/* One managed method of one process, named by the runtime's MethodID. */
struct method {
    struct ew_method shown;
    uint64_t method_id;
    uint64_t module_id;
    uint32_t process;
};

/* The runtime's ModuleID of one process. */
struct clr_module {
    uint64_t module_id;
    uint64_t to_100ns; /* TIME_FOREVER until it is told to go */
    uint32_t process;
    uint32_t module;
};

/* Frames of a stack key, as of its definition. */
struct key_definition {
    uint64_t key;
    uint64_t time_raw;
    uint32_t fragment;
};

/* A key that was referred to, or defined, without a survey. */
struct open_key {
    uint64_t key;
    uint64_t used_100ns;  /* of the last reference or definition */
    uint64_t defined_raw; /* time of its definition, when it has come */
    uint32_t fragment;
    bool defined;
};

struct open_keys {
    struct open_key *items;
    struct ew_index index;
    uint32_t count;
    uint32_t capacity;
};

/* One event that may get a stack. */
struct pending {
    uint64_t time_raw;
    uint64_t time_100ns;
    uint32_t thread_id;
    uint32_t process_id; /* EW_ID_NONE until something tells it */
    uint32_t process;    /* index or EW_PROCESS_NONE */
    uint32_t layout;
    uint32_t kernel_layout;
    uint32_t kernel; /* fragments */
    uint32_t user;
    uint16_t hook; /* group << 8 | opcode: what kind of event it is */
    uint16_t cpu;
    struct ew_guid provider; /* of a manifest event whose stack comes in two items */
    uint16_t event_id;
    bool by_match_id; /* `time_raw` is the MatchId of such an event */
    bool sample;
    bool has_kernel_key; /* also when nothing defines it */
    bool has_user_key;
    bool done;
};

struct pending_table {
    struct pending *items; /* EW_STACKS_PENDING_MAX, a ring */
    struct ew_index index;
    uint64_t head; /* oldest */
    uint64_t tail; /* next free */
};

/* The last CLR event of a thread, for the stack that follows it. */
struct clr_last {
    uint64_t time_100ns;
    uint32_t process_id;
    uint32_t thread_id;
    uint16_t event_id;
    bool used;
};

enum { CLR_LAST_COUNT = 4096 };

struct survey_process {
    uint32_t process_id;
    uint32_t process;          /* reserved index */
    uint64_t last_start_100ns; /* 0: no start seen, it was there before */
};

struct survey_thread {
    uint64_t first_100ns;
    uint32_t thread_id;
    uint32_t process_id;
    bool known_later; /* its earliest event is its end or the final rundown */
};

struct survey {
    struct survey_process *processes;
    struct survey_thread *threads;
    struct ew_index process_index;
    struct ew_index thread_index;
    uint32_t process_count;
    uint32_t process_capacity;
    uint32_t thread_count;
    uint32_t thread_capacity;
    bool done;
};

struct ew_model {
    struct ew_model_options options;
    struct ew_model_counts counts;
    struct names names;
    struct modules modules;
    struct mappings mappings;
    uint32_t modules_due; /* how full the tables are swept */
    uint32_t names_due;
    size_t name_bytes_due;

    struct process *processes;
    struct ew_index process_index; /* current process of a pid */
    uint32_t process_count;
    uint32_t process_capacity;
    uint32_t process_free; /* slots to be used again */

    struct thread *threads;
    struct ew_index thread_index;
    uint32_t thread_count;
    uint32_t thread_capacity;

    struct method *methods;
    struct ew_index method_index;
    uint32_t method_count;
    uint32_t method_capacity;

    struct clr_module *clr_modules;
    struct ew_index clr_module_index;
    uint32_t clr_module_count;
    uint32_t clr_module_capacity;

    struct key_definition *keys;
    uint32_t key_count;
    uint32_t key_capacity;
    bool keys_sorted;
    struct open_keys open_keys;

    struct pending_table pending;
    struct clr_last *clr_last; /* CLR_LAST_COUNT */

    struct ew_source sources[EW_SOURCES_MAX];
    uint32_t source_count;
    uint32_t last_source;

    struct survey survey;
    uint64_t session_100ns;     /* start of the session: of what was there before */
    uint64_t told_from_100ns;   /* since when what a rundown tells was there: 0, ever */
    uint64_t unseen_100ns;      /* end of the gap while its doubts are open, else 0 */
    uint64_t restart_due_100ns; /* when they are settled */
    bool images_told_again;
    bool images_changed; /* since CLR modules were linked to images */
    bool kernel_is_32bit;
    bool kernel_width_known;
    uint32_t sample_interval_100ns;
};

/* Doubles `*array` when `count` items fill it, up to `count_max`. False at the maximum
 * or without memory. */
bool model_grow(void **array, uint32_t *capacity, uint32_t count, uint32_t count_max,
                size_t item_bytes);

/* Learns from an event whether the kernel is 32-bit. */
void model_learn_width(struct ew_model *model, const struct ew_event *event);

/* --- processes.c ------------------------------------------------------------ */

bool processes_init(struct ew_model *model);
void processes_free(struct ew_model *model);

/* The current process of a pid; made at first sight. EW_PROCESS_NONE when full. */
uint32_t process_of_pid(struct ew_model *model, uint32_t process_id, uint64_t time_100ns);

/* The current process of a pid, or EW_PROCESS_NONE. */
uint32_t process_find(struct ew_model *model, uint32_t process_id);

/* Makes a process that is not yet any pid's current one. */
uint32_t process_make(struct ew_model *model, uint32_t process_id, uint64_t time_100ns);

/* Makes `process` the current one of its pid. */
void process_set_current(struct ew_model *model, uint32_t process);

/* The process id that a thread belongs to, or EW_ID_NONE. */
uint32_t process_id_of_thread(struct ew_model *model, uint32_t thread_id);

void process_apply(struct ew_model *model, const struct ew_event *event,
                   const struct ew_process_fact *fact);
void process_describe(struct ew_model *model, uint32_t process,
                      const struct ew_process_fact *fact);
void process_attach(struct ew_model *model, uint32_t process);

/* An address of the process has changed its meaning. */
void process_changed(struct ew_model *model, uint32_t process, uint64_t time_100ns);
void thread_apply(struct ew_model *model, const struct ew_thread_fact *fact);
void thread_learn(struct ew_model *model, uint32_t thread_id, uint32_t process_id);
void process_learn_items(struct ew_model *model, const struct ew_event *event);
bool container_text(const struct ew_item *item, char text_out[EW_GUID_TEXT_BYTES]);

/* Whether an event's container is what live capture has found by itself. */
bool container_is_by_job(const struct ew_event *event);

/* True when no event at or after `time_100ns`, nor one that still waits for its stack, can
 * be of a process: it has ended for as long as anything waits. */
bool process_is_past(const struct ew_process *process, uint64_t time_100ns);

/* Frees processes that are past, and threads that ended. */
void processes_prune(struct ew_model *model, uint64_t time_100ns);

/* --- images.c ---------------------------------------------------------------- */

void image_apply(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                 const struct ew_image_fact *fact);
void image_id_apply(struct ew_model *model, uint32_t process, uint64_t base,
                    const struct ew_pdb_id_fact *fact);

/* The process whose table holds a base address: kernel addresses are the kernel's. */
uint32_t image_owner(struct ew_model *model, uint32_t process_id, uint64_t base,
                     uint64_t time_100ns);

/* --- methods.c ---------------------------------------------------------------- */

void method_apply(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                  const struct ew_clr_method_fact *fact);
void clr_module_apply(struct ew_model *model, uint32_t process, uint64_t time_100ns,
                      const struct ew_clr_module_fact *fact);

/* Tells managed modules the PE identity of images that came after them. */
void clr_modules_link(struct ew_model *model);

/* The module of a method, looked up again until it is known. */
uint32_t method_module(struct ew_model *model, uint32_t method);

/* Drops methods and CLR modules of processes that are no longer in use, and methods
 * without a body; when room is short, also modules that were unloaded before `time_100ns`.
 * After mappings and processes were pruned. */
void methods_prune(struct ew_model *model, uint64_t time_100ns);
void methods_free(struct ew_model *model);

/* --- pending.c ------------------------------------------------------------------ */

bool pending_init(struct ew_model *model);
void pending_free(struct ew_model *model);

/* A new entry, the oldest given out if the table is full. Its fields are set but for
 * fragments and keys. */
struct pending *pending_add(struct ew_model *model, const struct ew_event *event,
                            uint32_t thread_id, uint32_t process_id, uint16_t hook);

/* A new entry for a manifest event whose stack has a MatchId. */
struct pending *pending_add_matched(struct ew_model *model, const struct ew_event *event,
                                    uint64_t match_id);

/* The entry of a MatchId on a thread, or NULL. */
struct pending *pending_find_matched(struct ew_model *model, uint64_t match_id,
                                     uint32_t thread_id);

/* The entry of the event at `time_raw` of a thread; several are told apart by CPU. */
struct pending *pending_find(struct ew_model *model, uint64_t time_raw, uint32_t thread_id,
                             uint16_t cpu);

/* Gives an entry out as it is. */
void pending_finish(struct ew_model *model, struct pending *entry);

/* Gives out entries older than `time_100ns`. */
void pending_flush(struct ew_model *model, uint64_t time_100ns);

/* --- stacks.c --------------------------------------------------------------------- */

void sample_apply(struct ew_model *model, const struct ew_event *event,
                  const struct ew_sample_fact *fact);
void kernel_event_apply(struct ew_model *model, const struct ew_event *event,
                        const struct ew_fact *fact, uint16_t hook);
void stack_apply(struct ew_model *model, const struct ew_event *event,
                 const struct ew_stack_fact *fact);
void stack_key_apply(struct ew_model *model, const struct ew_event *event,
                     const struct ew_stack_key_fact *fact);
void clr_stack_apply(struct ew_model *model, const struct ew_event *event,
                     const struct ew_clr_stack_fact *fact);
void clr_event_remember(struct ew_model *model, const struct ew_event *event);
void item_stacks_apply(struct ew_model *model, const struct ew_event *event);

/* The index of a source, added if new; EW_SOURCES_MAX when the table is full. */
uint16_t source_intern(struct ew_model *model, bool sample, const struct ew_guid *provider,
                       uint16_t event_id);

/* Whether halves are missing or cut, as flags, counted `hits` times. `process_id`
 * tells whether it needs a user half. */
uint16_t stack_flags(struct ew_model *model, const struct ew_stack *stack, uint32_t process_id,
                     uint64_t hits);

/* --- keys.c ------------------------------------------------------------------------- */

/* A definition, in the survey and in time order. */
void key_learn_ahead(struct ew_model *model, const struct ew_event *event,
                     const struct ew_stack_definition_fact *fact);
void key_define(struct ew_model *model, const struct ew_event *event,
                const struct ew_stack_definition_fact *fact);

/* What a key means for the reference `event`: its first definition at or after it, a
 * deferred fragment when that can still come; EW_FRAGMENT_NONE when there is none. */
uint32_t key_fragment(struct ew_model *model, const struct ew_event *event, uint64_t key);

/* Forgets all keys: those of another session mean something else. */
void keys_forget(struct ew_model *model);

/* Forgets keys that no event at or after `time_100ns` referred to. */
void keys_prune(struct ew_model *model, uint64_t time_100ns);
void keys_free(struct ew_model *model);

/* --- prune.c ------------------------------------------------------------------------- */

void prune_init(struct ew_model *model);

/* --- restart.c ----------------------------------------------------------------------- */

/* Something tells that a process lives. */
void process_confirm(struct ew_model *model, uint32_t process);

/* A rundown tells a process: the one known by its pid, or another that has come since. */
void process_told_again(struct ew_model *model, uint64_t time_100ns,
                        const struct ew_process_fact *fact);

/* Ends what the new session has not told again. */
void restart_settle(struct ew_model *model);

#endif
