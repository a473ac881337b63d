/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario in memory. The first part of each struct is as the JSON has it, filled by
 * scenario_shape.c; what stands below "linked" is worked out by scenario_link.c and
 * plan.c. docs/scenarios/README.md describes the members for people.
 */
#ifndef EW_SYNTH_SCENARIO_H
#define EW_SYNTH_SCENARIO_H

#include "etwitness/guid.h"
#include "synth/shape.h"

/* A time that is not given: "was there before", "never ends". */
#define EW_AT_NONE UINT64_MAX

enum ew_synth_module_kind {
    EW_SYNTH_NATIVE,
    EW_SYNTH_MANAGED,
    EW_SYNTH_KERNEL,
    EW_SYNTH_DYNAMIC
};

struct ew_synth_pdb {
    const char *name; /* NULL: the module has none */
    struct ew_guid guid;
    uint64_t age;
};

struct ew_synth_function {
    const char *name;
    uint64_t rva;
    uint64_t size;
};

struct ew_synth_module {
    const char *id; /* what refers to it; its name when not given */
    const char *name;
    const char *path;
    uint64_t kind; /* enum ew_synth_module_kind */
    uint64_t base;
    uint64_t size;
    uint64_t timestamp;
    uint64_t checksum;
    struct ew_synth_pdb pdb;
    struct ew_list functions; /* struct ew_synth_function */
};

struct ew_synth_container {
    const char *name;
    struct ew_guid id;
};

struct ew_synth_image {
    const char *module_name;
    uint64_t base; /* 0: the module's */
    uint64_t load_ms;
    uint64_t unload_ms;
    /* linked */
    const struct ew_synth_module *module;
    uint64_t from_raw;
    uint64_t to_raw;
};

struct ew_synth_body {
    uint64_t at_ms;
    uint64_t until_ms;
    uint64_t address; /* 0: chosen */
    uint64_t size;
    uint64_t tier;
    /* linked */
    uint64_t from_raw;
    uint64_t to_raw;
};

struct ew_synth_method {
    const char *id; /* NULL: type.name */
    const char *type_name;
    const char *name;
    const char *signature;
    uint64_t token;
    uint64_t flags;
    struct ew_list bodies; /* struct ew_synth_body, one at least, in order of time */
    /* linked */
    const struct ew_synth_managed *managed;
    uint64_t method_id;
};

struct ew_synth_managed {
    const char *module_name;
    uint64_t load_ms;
    uint64_t unload_ms;
    struct ew_list methods; /* struct ew_synth_method */
    /* linked */
    const struct ew_synth_module *module;
    uint64_t module_id;
    uint64_t assembly_id;
    uint64_t from_raw;
    uint64_t to_raw;
};

struct ew_synth_thread {
    uint64_t id;
    const char *name;
    uint64_t start_ms;
    uint64_t exit_ms;
    /* linked */
    uint64_t from_raw;
    uint64_t to_raw;
};

struct ew_synth_process;

/* One frame: an address of an image or a place in a method. */
struct ew_synth_frame {
    const struct ew_synth_image *image; /* NULL: a method */
    struct ew_synth_method *method;
    uint64_t offset;  /* RVA, or bytes into the method's body */
    const char *name; /* "ntdll.dll!NtReadFile", "Shop.Orders.Post": as answers have it */
};

struct ew_synth_stack {
    uint64_t weight;
    struct ew_list thread_ids;    /* uint64_t */
    struct ew_list user_frames;   /* const char *, root first */
    struct ew_list kernel_frames; /* const char *, root first */
    bool keyed;
    uint64_t late_every;
    uint64_t leaf_spread;
    uint64_t from_ms;
    uint64_t to_ms;
    /* linked */
    const struct ew_synth_process *process;
    struct ew_synth_frame *user;   /* leaf first */
    struct ew_synth_frame *kernel; /* leaf first */
    size_t *threads;               /* indexes into the process's threads */
    uint64_t from_raw;
    uint64_t to_raw;
};

struct ew_synth_event {
    const char *provider;
    struct ew_guid guid;
    const char *name;
    uint64_t at_ms;
    uint64_t every_ms;
    uint64_t count;
    const char *text;
    uint64_t value;
};

struct ew_synth_process {
    uint64_t process_id;
    const char *name;
    uint64_t parent_id;
    uint64_t session_id;
    uint64_t start_ms;
    uint64_t exit_ms;
    bool attached;
    bool wow64;
    const char *container_name; /* NULL: a process of the host */
    const char *command_line;
    uint64_t start_key; /* 0: made up */
    uint64_t jit_base;  /* 0: made up */
    const char *runtime_path;
    struct ew_list images;  /* struct ew_synth_image */
    struct ew_list managed; /* struct ew_synth_managed */
    struct ew_list threads; /* struct ew_synth_thread */
    struct ew_list stacks;  /* struct ew_synth_stack */
    struct ew_list events;  /* struct ew_synth_event */
    /* linked */
    const struct ew_synth_container *container;
    uint64_t from_raw;
    uint64_t to_raw;
    uint64_t object_key; /* of the kernel's process object */
    uint16_t cpu;        /* where what it logs by itself is logged */
};

struct ew_synth_loss {
    uint64_t at_ms;
    uint64_t what; /* 0 event, 1 buffer, 2 backup file */
    uint64_t cpu;
};

struct ew_synth_losses {
    uint64_t events_lost;
    uint64_t buffers_lost;
    struct ew_list records; /* struct ew_synth_loss */
};

struct ew_synth_host {
    uint64_t os_major;
    uint64_t os_minor;
    uint64_t os_build;
    uint64_t cpu_count;
    uint64_t pointer_bytes;
    uint64_t clock_frequency;
    uint64_t boot_time;
    uint64_t start_time;
};

struct ew_synth_scenario {
    uint64_t seed;
    uint64_t duration_ms;
    uint64_t interval_us;
    uint64_t sample_count;
    uint64_t idle_count;
    const char *logger_name;
    const char *description;
    struct ew_synth_host host;
    struct ew_synth_losses losses;
    struct ew_list modules;    /* struct ew_synth_module */
    struct ew_list containers; /* struct ew_synth_container */
    struct ew_list processes;  /* struct ew_synth_process */
};

/* What include/etwitness/synth.h hands out. */
struct ew_scenario {
    struct ew_arena arena;
    struct ew_synth_scenario root;
    /* linked */
    struct ew_synth_image *kernel_images;
    size_t kernel_image_count;
    uint64_t header_raw; /* ticks of the header event: the start of the recording */
    uint64_t end_raw;    /* header_raw and the duration */
    const char *name;    /* file name, for the header event */
};

extern const struct ew_shape ew_scenario_shape;

/* Element `index` of a list of structs. */
#define EW_AT(type, list, index) (&((type *)(list).items)[index])

/* Finds what texts refer to and works out times and addresses. Refuses what cannot be. */
EW_MUST_USE enum ew_status ew_scenario_link(struct ew_scenario *scenario,
                                            const struct ew_source_text *source);

/* The frames of the stacks of one process: part of the above. */
EW_MUST_USE enum ew_status ew_scenario_link_stacks(struct ew_scenario *scenario,
                                                   const struct ew_source_text *source,
                                                   size_t process_index);

/* Ticks of the session's clock at `ms` of the recording. */
uint64_t ew_scenario_raw(const struct ew_scenario *scenario, uint64_t ms);

#endif
