/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode contract: what an event means, in numbers and slices of its payload.
 * A fact lives no longer than its event. Field names are those of the event's
 * documentation, in our spelling.
 */
#ifndef ETWITNESS_FACT_H
#define ETWITNESS_FACT_H

#include "etwitness/event.h"

/* Text inside a payload, not terminated, not yet UTF-8. `bytes` counts bytes. */
struct ew_utf16_slice {
    const uint8_t *data; /* UTF-16LE, any alignment */
    uint32_t bytes;      /* even */
};

struct ew_bytes_slice {
    const uint8_t *data; /* 8-bit text: UTF-8 or the machine's ANSI page */
    uint32_t bytes;
};

/* Addresses inside a payload: `count` little-endian words of `pointer_bytes`. */
struct ew_address_slice {
    const uint8_t *data;
    uint32_t count;
    uint8_t pointer_bytes; /* 4 or 8 */
};

/* Address `index` of a slice, zero-extended. */
static inline uint64_t ew_address_at(const struct ew_address_slice *slice, uint32_t index)
{
    const uint8_t *at = slice->data + (size_t)index * slice->pointer_bytes;
    uint64_t low =
        (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
    if (slice->pointer_bytes == 4) {
        return low;
    }
    return low | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48
           | (uint64_t)at[7] << 56;
}

enum ew_fact_kind {
    EW_FACT_PROCESS,          /* process */
    EW_FACT_PROCESS_COUNTERS, /* process_counters */
    EW_FACT_THREAD,           /* thread */
    EW_FACT_CONTEXT_SWITCH,   /* context_switch */
    EW_FACT_IMAGE,            /* image */
    EW_FACT_IMAGE_ID,         /* image_id: PE identity of a mapping */
    EW_FACT_PDB_ID,           /* pdb_id: RSDS identity of a mapping */
    EW_FACT_SAMPLE,           /* sample */
    EW_FACT_SAMPLE_INTERVAL,  /* sample_interval */
    EW_FACT_STACK,            /* stack: frames of another event */
    EW_FACT_STACK_KEY,        /* stack_key: a reference to frames by key */
    EW_FACT_STACK_DEFINITION, /* stack_definition: the frames of a key */
    EW_FACT_PAGE_FAULT,       /* page_fault */
    EW_FACT_HARD_FAULT,       /* hard_fault */
    EW_FACT_DISK_IO,          /* disk_io */
    EW_FACT_FILE_IO,          /* file_io */
    EW_FACT_FILE_NAME,        /* file_name */
    EW_FACT_CLR_METHOD,       /* clr_method */
    EW_FACT_CLR_MODULE,       /* clr_module */
    EW_FACT_CLR_ASSEMBLY,     /* clr_assembly */
    EW_FACT_CLR_DOMAIN,       /* clr_domain */
    EW_FACT_CLR_ENTRY_POINT,  /* clr_entry_point: R2RGetEntryPoint */
    EW_FACT_CLR_INLINING,     /* clr_inlining */
    EW_FACT_CLR_TAIL_CALL,    /* clr_tail_call */
    EW_FACT_CLR_IL_MAP,       /* clr_il_map */
    EW_FACT_CLR_STACK,        /* clr_stack */
    EW_FACT_CLR_EXCEPTION,    /* clr_exception */
    EW_FACT_CLR_RUNTIME,      /* clr_runtime */
    EW_FACT_CLR_RUNDOWN,      /* clr_rundown: a rundown begins or is complete */
    EW_FACT_LOST,             /* lost: RT_LostEvent */
    EW_FACT_KIND_COUNT
};

/* Where a described thing stands in its life. DC: data collection, a rundown. */
enum ew_phase {
    EW_PHASE_START,    /* start, load */
    EW_PHASE_END,      /* end, unload */
    EW_PHASE_DC_START, /* was there when the session began */
    EW_PHASE_DC_END,   /* was there when the session ended */
    EW_PHASE_OTHER,    /* Defunct, Terminate, SetName ...: `opcode` of the event tells */
};

struct ew_process_fact {
    enum ew_phase phase;
    uint32_t process_id;
    uint32_t parent_id;  /* EW_ID_NONE when the event has none */
    uint32_t session_id; /* the same; also the idle process has none */
    uint32_t exit_status;
    uint32_t flags;                     /* 1 package name, 2 WOW64, 4 protected */
    uint64_t unique_key;                /* kernel object key, 0 when absent */
    uint64_t create_time;               /* FILETIME, manifest events only, else 0 */
    uint64_t sequence;                  /* process sequence number = start key, else 0 */
    struct ew_bytes_slice image_name;   /* file name, 8-bit; classic events */
    struct ew_utf16_slice image_path;   /* NT path; manifest events */
    struct ew_utf16_slice command_line; /* never leaves the process: private */
    struct ew_utf16_slice package_name;
};

struct ew_process_counters_fact {
    uint32_t process_id;
    uint32_t page_fault_count;
    uint32_t handle_count;
    uint64_t peak_virtual_bytes;
    uint64_t peak_working_set_bytes;
    uint64_t private_pages;
};

struct ew_thread_fact {
    enum ew_phase phase;
    uint32_t process_id;
    uint32_t thread_id;
    uint64_t start_address;
    uint64_t win32_start_address;
    struct ew_utf16_slice name;
};

struct ew_context_switch_fact {
    uint32_t new_thread_id;
    uint32_t old_thread_id;
    uint8_t new_priority;
    uint8_t old_priority;
    uint8_t old_state;
    uint8_t old_wait_reason;
    uint32_t new_wait_time;
};

struct ew_image_fact {
    enum ew_phase phase;
    uint32_t process_id; /* 0: kernel module */
    uint64_t base;
    uint64_t size_bytes;
    uint32_t checksum;
    uint32_t timestamp; /* PE TimeDateStamp */
    /* As written: for a 32-bit image the kernel reads its header as a 64-bit one, so the
     * preferred base is the upper half and BaseOfData the lower (seen in recordings). */
    uint64_t default_base;
    struct ew_utf16_slice path; /* NT device path */
};

struct ew_image_id_fact {
    uint32_t process_id;
    uint64_t base;
    uint64_t size_bytes;
    uint32_t timestamp;
    struct ew_utf16_slice original_name;
};

struct ew_pdb_id_fact {
    uint32_t process_id;
    uint64_t base;
    struct ew_guid guid;
    uint32_t age;
    bool intermediate; /* ILRSDS: the PDB of the IL image behind a native image */
    struct ew_bytes_slice pdb_name;
};

struct ew_sample_fact {
    uint64_t address;
    uint32_t thread_id;
    uint16_t count;
    uint8_t flags; /* 1 DPC, 2 ISR, bits 3-7 priority */
};

struct ew_sample_interval_fact {
    uint32_t source; /* 0: time */
    uint32_t new_interval_100ns;
    uint32_t old_interval_100ns;
};

struct ew_stack_fact {
    uint64_t event_time_raw; /* `time_raw` of the event the stack belongs to */
    uint32_t process_id;
    uint32_t thread_id;
    struct ew_address_slice frames; /* leaf first */
};

struct ew_stack_key_fact {
    uint64_t event_time_raw;
    uint32_t process_id;
    uint32_t thread_id;
    uint64_t key;
    bool user; /* the user half (opcode 38), else the kernel half (37) */
};

struct ew_stack_definition_fact {
    uint64_t key;
    bool deleted; /* opcode 35: the key means something else from now on */
    struct ew_address_slice frames;
};

struct ew_page_fault_fact {
    uint64_t virtual_address;
    uint64_t program_counter;
};

struct ew_hard_fault_fact {
    uint64_t initial_time_raw;
    uint64_t read_offset;
    uint64_t virtual_address;
    uint64_t file_object;
    uint32_t thread_id;
    uint32_t byte_count;
};

struct ew_disk_io_fact {
    uint32_t disk;
    uint32_t irp_flags;
    uint32_t size_bytes;
    uint32_t thread_id; /* issuing thread, or EW_ID_NONE before version 3 */
    uint64_t byte_offset;
    uint64_t file_object;
    uint64_t irp;
    uint64_t response_time_raw;
};

struct ew_file_io_fact {
    uint64_t irp;
    uint64_t file_object;
    uint64_t file_key;
    uint64_t offset;     /* read, write */
    uint64_t extra_info; /* set, query, end */
    uint32_t thread_id;
    uint32_t size_bytes;        /* read, write */
    uint32_t flags;             /* io flags, create options or information class */
    uint32_t status;            /* operation end */
    struct ew_utf16_slice name; /* create */
};

struct ew_file_name_fact {
    uint64_t file_key;
    struct ew_utf16_slice name;
};

struct ew_clr_method_fact {
    enum ew_phase phase; /* OTHER: jitting started */
    uint64_t method_id;
    uint64_t module_id;
    uint64_t start;
    uint32_t size_bytes;
    uint32_t token;
    uint32_t flags; /* 1 dynamic, 2 generic, 4 shared generic, 8 jitted, bits 7-9 tier */
    uint64_t rejit_id;
    uint16_t clr_instance;
    bool verbose;                    /* the three names are there */
    struct ew_utf16_slice type_name; /* "MethodNamespace": the full type name */
    struct ew_utf16_slice method_name;
    struct ew_utf16_slice signature;
};

struct ew_clr_module_fact {
    enum ew_phase phase;
    bool domain_module; /* DomainModuleLoad: has an app domain, no PDB */
    uint64_t module_id;
    uint64_t assembly_id;
    uint64_t app_domain_id;
    uint32_t flags; /* 1 domain neutral, 2 native, 4 dynamic, 8 manifest, 0x20 R2R */
    uint16_t clr_instance;
    bool has_pdb;
    struct ew_guid managed_pdb_guid;
    uint32_t managed_pdb_age;
    struct ew_guid native_pdb_guid;
    uint32_t native_pdb_age;
    struct ew_utf16_slice il_path;
    struct ew_utf16_slice native_path;
    struct ew_utf16_slice managed_pdb_path;
    struct ew_utf16_slice native_pdb_path;
    struct ew_utf16_slice native_build_id;
};

struct ew_clr_assembly_fact {
    enum ew_phase phase;
    uint64_t assembly_id;
    uint64_t app_domain_id;
    uint32_t flags;
    uint16_t clr_instance;
    struct ew_utf16_slice full_name;
};

struct ew_clr_domain_fact {
    enum ew_phase phase;
    uint64_t app_domain_id;
    uint32_t flags;
    uint32_t index;
    uint16_t clr_instance;
    struct ew_utf16_slice name;
};

struct ew_clr_entry_point_fact {
    uint64_t method_id;
    uint64_t entry_point;
    uint16_t clr_instance;
    struct ew_utf16_slice type_name;
    struct ew_utf16_slice method_name;
    struct ew_utf16_slice signature;
};

/* Three methods of the JIT tracing events, each as type, name, signature. */
struct ew_clr_method_name {
    struct ew_utf16_slice type_name;
    struct ew_utf16_slice method_name;
    struct ew_utf16_slice signature;
};

struct ew_clr_inlining_fact {
    bool succeeded;
    uint16_t clr_instance;
    struct ew_clr_method_name compiled;
    struct ew_clr_method_name inliner;
    struct ew_clr_method_name inlinee;
    struct ew_utf16_slice reason_utf16; /* failed events, newer runtimes */
    struct ew_bytes_slice reason;       /* failed events */
};

struct ew_clr_tail_call_fact {
    bool succeeded;
    bool explicit_prefix;
    uint32_t type; /* succeeded: 0 fast, 1 recursive loop, 2 through a helper */
    uint16_t clr_instance;
    struct ew_clr_method_name compiled;
    struct ew_clr_method_name caller;
    struct ew_clr_method_name callee;
    struct ew_utf16_slice reason_utf16;
    struct ew_bytes_slice reason;
};

struct ew_clr_il_map_fact {
    enum ew_phase phase;
    uint64_t method_id;
    uint64_t rejit_id;
    uint8_t extent;
    uint16_t entry_count;
    uint16_t clr_instance;
    struct ew_address_slice il_offsets;     /* 4-byte words */
    struct ew_address_slice native_offsets; /* 4-byte words */
};

struct ew_clr_stack_fact {
    uint16_t clr_instance;
    struct ew_address_slice frames; /* managed frames only, leaf first */
};

struct ew_clr_exception_fact {
    uint64_t address;
    uint32_t hresult;
    uint16_t flags;
    uint16_t clr_instance;
    struct ew_utf16_slice type_name;
    struct ew_utf16_slice message; /* private: shown by dump only */
};

struct ew_clr_runtime_fact {
    uint16_t clr_instance;
    uint16_t sku; /* 1 desktop, 2 CoreCLR, 4 Mono */
    uint16_t bcl_version[4];
    uint16_t vm_version[4];
    uint32_t startup_flags;
    uint8_t startup_mode;
    struct ew_utf16_slice command_line; /* private */
    struct ew_utf16_slice runtime_path;
};

struct ew_clr_rundown_fact {
    enum ew_phase phase; /* DC_START or DC_END */
    bool complete;       /* else: begins */
    uint16_t clr_instance;
};

enum ew_lost_what { EW_LOST_EVENT = 32, EW_LOST_BUFFER = 33, EW_LOST_BACKUP_FILE = 34 };

struct ew_lost_fact {
    enum ew_lost_what what;
};

struct ew_fact {
    enum ew_fact_kind kind;
    union {
        struct ew_process_fact process;
        struct ew_process_counters_fact process_counters;
        struct ew_thread_fact thread;
        struct ew_context_switch_fact context_switch;
        struct ew_image_fact image;
        struct ew_image_id_fact image_id;
        struct ew_pdb_id_fact pdb_id;
        struct ew_sample_fact sample;
        struct ew_sample_interval_fact sample_interval;
        struct ew_stack_fact stack;
        struct ew_stack_key_fact stack_key;
        struct ew_stack_definition_fact stack_definition;
        struct ew_page_fault_fact page_fault;
        struct ew_hard_fault_fact hard_fault;
        struct ew_disk_io_fact disk_io;
        struct ew_file_io_fact file_io;
        struct ew_file_name_fact file_name;
        struct ew_clr_method_fact clr_method;
        struct ew_clr_module_fact clr_module;
        struct ew_clr_assembly_fact clr_assembly;
        struct ew_clr_domain_fact clr_domain;
        struct ew_clr_entry_point_fact clr_entry_point;
        struct ew_clr_inlining_fact clr_inlining;
        struct ew_clr_tail_call_fact clr_tail_call;
        struct ew_clr_il_map_fact clr_il_map;
        struct ew_clr_stack_fact clr_stack;
        struct ew_clr_exception_fact clr_exception;
        struct ew_clr_runtime_fact clr_runtime;
        struct ew_clr_rundown_fact clr_rundown;
        struct ew_lost_fact lost;
    };
};

#endif
