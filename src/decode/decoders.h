/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders, each for one kind of fact, and the tables of rows that use them. */
#ifndef EW_DECODE_DECODERS_H
#define EW_DECODE_DECODERS_H

#include "decode/payload.h"

/* Rows of one provider, indexed by opcode (classic) or id (manifest). */
struct ew_decode_family {
    const struct ew_decode_row *rows;
    size_t row_count;
};

/* By group byte of a hook; groups without rows are empty. */
enum { EW_DECODE_GROUPS = 0x19 };
extern const struct ew_decode_family ew_decode_groups[EW_DECODE_GROUPS];

extern const struct ew_decode_family ew_decode_lost_family;
extern const struct ew_decode_family ew_decode_image_id_family;
extern const struct ew_decode_family ew_decode_kernel_process_family;
extern const struct ew_decode_family ew_decode_clr_runtime_family;
extern const struct ew_decode_family ew_decode_clr_rundown_family;

/* Classic kernel events: kernel_process.c. `detail` is a phase. */
bool ew_decode_process(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_process_terminate(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_process_counters(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_thread(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_thread_name(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_context_switch(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_image(struct ew_payload *payload, struct ew_fact *fact);

/* Classic kernel events: kernel_perf.c. */
bool ew_decode_sample(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_sample_interval(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_stack(struct ew_payload *payload, struct ew_fact *fact);
/* `detail`: 1 for the user half. */
bool ew_decode_stack_key(struct ew_payload *payload, struct ew_fact *fact);
/* `detail`: 1 for a deleted key. */
bool ew_decode_stack_definition(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_image_id(struct ew_payload *payload, struct ew_fact *fact);
/* `detail`: 1 for the PDB of an IL image. */
bool ew_decode_pdb_id(struct ew_payload *payload, struct ew_fact *fact);
/* `detail`: enum ew_lost_what. */
bool ew_decode_lost(struct ew_payload *payload, struct ew_fact *fact);

/* Classic kernel events: kernel_io.c. */
bool ew_decode_page_fault(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_hard_fault(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_disk_transfer(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_disk_flush(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_create(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_transfer(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_simple(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_info(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_directory(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_end(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_file_name(struct ew_payload *payload, struct ew_fact *fact);

/* Microsoft-Windows-Kernel-Process: manifest_process.c. `detail` is a phase. */
bool ew_decode_manifest_start(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_manifest_stop(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_manifest_thread(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_manifest_image(struct ew_payload *payload, struct ew_fact *fact);

/* CLR: clr_method.c. `detail` is a phase. */
bool ew_decode_clr_method(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_method_verbose(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_jitting(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_entry_point(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_il_map(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_stack(struct ew_payload *payload, struct ew_fact *fact);

/* CLR: clr_jit.c. */
bool ew_decode_clr_inlining(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_inlining_failed(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_inlining_failed_utf16(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_tail_call(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_tail_call_failed(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_tail_call_failed_utf16(struct ew_payload *payload, struct ew_fact *fact);

/* CLR: clr_loader.c. `detail` is a phase. */
bool ew_decode_clr_module(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_module_load(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_domain_module(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_assembly(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_domain(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_exception(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_runtime(struct ew_payload *payload, struct ew_fact *fact);
/* A rundown begins, or is complete. */
bool ew_decode_clr_rundown_begin(struct ew_payload *payload, struct ew_fact *fact);
bool ew_decode_clr_rundown_complete(struct ew_payload *payload, struct ew_fact *fact);

#endif
