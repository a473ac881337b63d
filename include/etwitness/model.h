/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model: what the traced machine looks like at a point in time, and the stacks
 * that wait for their other half. Fed with facts in time order by one thread, which
 * owns it. Every table is bounded; what had to go or was refused is counted.
 *
 * Trust: a process can only describe itself. CLR facts act on the process of their
 * event's header, which the kernel writes, and on nothing else; only kernel facts tell of
 * images, and of the start and end of processes.
 */
#ifndef ETWITNESS_MODEL_H
#define ETWITNESS_MODEL_H

#include "etwitness/fact.h"
#include "etwitness/stack.h"

struct ew_model;

#define EW_PROCESS_NONE UINT32_C(0xffffffff)
#define EW_PROCESS_KERNEL UINT32_C(0) /* index 0: the kernel's own address space */

/* Receives every complete stack, in an order that depends on the events alone. */
typedef void (*ew_stack_fn)(void *context, const struct ew_stack *stack);

struct ew_model_options {
    ew_stack_fn on_stack; /* required */
    void *context;
    struct ew_fragments *fragments; /* borrowed */
    uint64_t start_100ns; /* of the session: shown as the start of what was there before */
};

/* What the options borrow outlives the model, which the caller destroys; NULL is allowed
 * there. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_model_create(const struct ew_model_options *options,
                                           struct ew_model **model_out);
void ew_model_destroy(struct ew_model *model);

/*
 * First pass over a recording, events in any order: what only its end tells (images,
 * methods and threads of rundowns, stack keys, containers) is learned ahead, so that
 * the first window knows it too. Ends with ew_model_survey_end().
 */
void ew_model_survey(struct ew_model *model, const struct ew_event *event,
                     const struct ew_fact *fact);
void ew_model_survey_end(struct ew_model *model);

/* False for events that a survey has no use for, most of a recording: they need not even
 * be decoded. */
bool ew_model_survey_wants(const struct ew_event *event);

/* One event in time order. `fact` is NULL for events that are not decoded: their
 * extended items (stack, container) count all the same. */
void ew_model_apply(struct ew_model *model, const struct ew_event *event,
                    const struct ew_fact *fact);

/*
 * A new session goes on where another ended, at `time_100ns`, the new one's start. What waits is
 * given out, and what ended or came unseen is found by the new session's rundown: a pid that is
 * told with another name or start key is another process; processes and images that are not told
 * are over since `time_100ns`, once no process has been told for ten seconds. Without a
 * rundown everything stays.
 */
void ew_model_session_restarted(struct ew_model *model, uint64_t time_100ns);

/* Gives out what waits since before `time_100ns` as it is; UINT64_MAX gives out all. */
void ew_model_flush(struct ew_model *model, uint64_t time_100ns);

/*
 * Drops what no event at or after `time_100ns` can refer to: unmapped images and
 * methods, ended threads, and processes that ended more than EW_STACK_WAIT_100NS before,
 * since what waits for its stack may name them. Process indexes of dropped processes are
 * used again. Builds and names that nothing holds go too, when many have gathered: module
 * indexes change then, and all text from the model is at another place.
 */
void ew_model_prune(struct ew_model *model, uint64_t time_100ns);

/*
 * Empties the fragment table of everything that neither a waiting stack nor a stack key
 * needs, nor is in `held`, whose numbers are rewritten in place. The short one only after
 * the aggregate has folded everything: it must hold no fragment number.
 */
EW_MUST_USE enum ew_status ew_model_forget_but(struct ew_model *model, uint32_t *held,
                                               size_t held_count);
EW_MUST_USE enum ew_status ew_model_forget_fragments(struct ew_model *model);

/*
 * What has become of a stack with EW_STACK_DEFERRED when it is folded: a half whose key was
 * not defined in time becomes EW_FRAGMENT_NONE, the flags of the whole are added, and the
 * counters learn of it, `hits` times. False when nothing is left of it. To be called once;
 * other stacks are left as they are.
 */
bool ew_model_settle_stack(struct ew_model *model, struct ew_stack *stack, uint64_t hits);

/* --- what an address means ------------------------------------------------ */

enum ew_code_kind {
    EW_CODE_NONE,   /* nothing is known to be there at that time */
    EW_CODE_METHOD, /* a managed method body: `method` and `module` */
    EW_CODE_IMAGE,  /* inside an image: `module` and `rva` */
};

struct ew_code {
    enum ew_code_kind kind;
    uint32_t module;   /* module index; EW_MODULE_NONE for methods without one */
    uint32_t method;   /* method index */
    uint64_t rva;      /* offset of the address in image or method body */
    bool after_unload; /* METHOD: told to be gone, with nothing in its place ·
                          NONE: in an image that had been unmapped */
};

#define EW_MODULE_NONE UINT32_C(0xffffffff)

/* What `address` meant in a process at a time. Kernel addresses are looked up in the
 * kernel whatever the process. */
void ew_model_resolve(struct ew_model *model, uint32_t process, uint64_t address,
                      uint64_t time_100ns, struct ew_code *code_out);

enum ew_module_kind {
    EW_MODULE_NATIVE,
    EW_MODULE_MANAGED,
    EW_MODULE_KERNEL,
    EW_MODULE_DYNAMIC, /* emitted at run time: has no file */
};

/* One build of a module. Zero and NULL mean not known. Strings live until the next
 * prune. */
struct ew_module {
    enum ew_module_kind kind;
    const char *name; /* file name, UTF-8, as the first event spelled it */
    const char *path; /* as the event gave it: may hold private parts */
    bool has_code_id;
    bool has_debug_id;
    uint32_t timestamp;  /* codeId: PE TimeDateStamp ... */
    uint32_t size_bytes; /* ... and SizeOfImage */
    struct ew_guid pdb_guid;
    uint32_t pdb_age; /* 0xffffffff for portable PDBs */
};

struct ew_method {
    uint32_t module; /* EW_MODULE_NONE when its module was never described */
    uint32_t token;  /* 0 when it has none (dynamic) */
    uint32_t flags;  /* MethodFlags of the CLR */
    const char *type_name;
    const char *method_name;
    const char *signature;
};

struct ew_process {
    uint32_t process_id;
    bool start_known; /* else it was there before the recording: attached */
    bool ended;
    bool container_by_job; /* a job object alone told the container, no event's own item */
    uint64_t start_100ns;  /* first sight when not known */
    uint64_t end_100ns;
    uint64_t start_key;        /* ETW process start key, or a stand-in: see docs/FORMATS.md */
    const char *name;          /* file name of the image; "" when never told */
    const char *container;     /* lower-case GUID text, or NULL: none known */
    uint32_t image;            /* module of its executable, or EW_MODULE_NONE */
    uint64_t samples;          /* busy profile samples of its threads */
    bool clr_seen;             /* CLR events of its own */
    bool clr_rundown_complete; /* a CLR rundown of it was seen to its end */
};

/* Borrowed until the next apply, survey or prune. `index` must be valid. */
const struct ew_module *ew_model_module(const struct ew_model *model, uint32_t index);
const struct ew_method *ew_model_method(const struct ew_model *model, uint32_t index);
const struct ew_process *ew_model_process(const struct ew_model *model, uint32_t index);

/* Indexes below this number are valid or free; a free one answers NULL above. */
uint32_t ew_model_process_count(const struct ew_model *model);
uint32_t ew_model_module_count(const struct ew_model *model);

/* Called with the module of each image mapped in a process at some time of a span, and of
 * each managed module its runtime told; the same module may come several times. */
typedef void (*ew_mapped_fn)(void *context, uint32_t module);
void ew_model_each_mapped(const struct ew_model *model, uint32_t process, uint64_t from_100ns,
                          uint64_t to_100ns, ew_mapped_fn each, void *context);

/* Sources seen so far: `ew_stack.source` is such an index. */
const struct ew_source *ew_model_source(const struct ew_model *model, uint32_t index);
uint32_t ew_model_source_count(const struct ew_model *model);

/* --- counters: everything that was lost, refused or guessed ---------------- */

struct ew_model_counts {
    uint64_t samples;            /* profile samples, idle ones included */
    uint64_t samples_busy;       /* not idle: thread 0 counts only in a DPC or ISR */
    uint64_t samples_with_stack; /* busy samples whose stack was given out */
    uint64_t stacks;             /* stack walks */
    uint64_t keys_kernel;
    uint64_t keys_user;
    uint64_t keys_resolved;
    uint64_t keys_undefined; /* references whose definition never came */
    uint64_t orphans;        /* fragments whose event was not found */
    uint64_t idle_stacks;    /* stacks of the idle thread: not waited for, no loss */
    uint64_t kernel_only;    /* stacks given out without the user half they need */
    uint64_t truncated;
    uint64_t clr_stacks;
    uint64_t clr_stacks_orphan; /* no CLR event of that thread before it */
    uint64_t event_stacks;      /* extended-data stacks */
    uint64_t no_process;        /* stacks or samples whose process is not known */
    uint64_t pending_evicted;   /* given out early: the waiting table was full */
    uint64_t fragments_refused;
    uint64_t processes_refused;
    uint64_t threads_evicted;
    uint64_t images_refused;
    uint64_t modules_refused;
    uint64_t methods_refused;
    uint64_t names_refused;
    uint64_t keys_refused;
    uint64_t sources_refused;
    uint64_t lost_events; /* RT_LostEvent records: never added to header counts */
    uint64_t lost_buffers;
    uint64_t identity_conflicts; /* one mapping told two builds: the first stands */
    uint64_t image_rundowns;     /* image DC events: 0 means no kernel rundown */
    uint64_t methods;            /* method bodies described */
};

/* The counts so far. */
struct ew_model_counts ew_model_counts(const struct ew_model *model);

/* Sampling interval in 100 ns at the end of what was applied; 0 when never told. */
uint32_t ew_model_sample_interval(const struct ew_model *model);

/* True when kernel pointers of the recording are 4 bytes wide. */
bool ew_model_kernel_is_32bit(const struct ew_model *model);

#endif
