/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks between model and aggregate. A fragment is a sequence of addresses as ETW
 * delivered it, kernel or user half, stored once and named by a number; a stack is
 * a pair of such numbers with the process it ran in. Whole fragments are hashed,
 * never frame by frame (reference performance.md 2: 17 times cheaper).
 */
#ifndef ETWITNESS_STACK_H
#define ETWITNESS_STACK_H

#include "etwitness/fact.h"
#include "etwitness/status.h"

/* No fragment: that half is not there. */
#define EW_FRAGMENT_NONE UINT32_C(0xffffffff)

struct ew_fragments;

/* The caller destroys the table; NULL is allowed there. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_fragments_create(struct ew_fragments **fragments_out);
void ew_fragments_destroy(struct ew_fragments *fragments);

/*
 * The number of a fragment, stored if it is new.
 *
 * EW_OK     `id_out` names it
 * EW_FORMAT  no addresses at all
 * EW_LIMIT  the table is full (EW_FRAGMENTS_MAX, EW_FRAGMENT_ADDRESSES_MAX): the
 *           caller folds its stacks and calls ew_fragments_forget(), or counts a loss
 */
EW_MUST_USE enum ew_status ew_fragments_intern(struct ew_fragments *fragments,
                                               const struct ew_address_slice *addresses,
                                               uint32_t *id_out);

/*
 * A fragment whose addresses are told later: a stack key that was referred to before its
 * definition. Defining gives it the addresses, once; until then it has none. Equal
 * addresses can then have two numbers.
 *
 * EW_OK     `id_out` names it · it has its addresses
 * EW_FORMAT  no addresses at all
 * EW_LIMIT  as ew_fragments_intern(); what was to be defined stays without addresses
 */
EW_MUST_USE enum ew_status ew_fragments_defer(struct ew_fragments *fragments, uint32_t *id_out);
EW_MUST_USE enum ew_status ew_fragments_define(struct ew_fragments *fragments, uint32_t id,
                                               const struct ew_address_slice *addresses);

/* True while a fragment is deferred; and how many are. */
bool ew_fragments_is_open(const struct ew_fragments *fragments, uint32_t id);
uint32_t ew_fragments_open_count(const struct ew_fragments *fragments);

/*
 * The addresses of a fragment, leaf first, and their number: none while it is deferred.
 * Valid until the next intern, define or forget.
 */
const uint64_t *ew_fragments_get(const struct ew_fragments *fragments, uint32_t id,
                                 uint32_t *count_out);

/* Makes everything interned so far permanent: forget will keep it. */
void ew_fragments_pin(struct ew_fragments *fragments);

/*
 * Forgets all fragments that are not pinned, except those in `keep`, whose numbers
 * are rewritten in place (EW_FRAGMENT_NONE entries stay). Equal numbers stay equal, and
 * deferred fragments stay deferred.
 */
EW_MUST_USE enum ew_status ew_fragments_forget(struct ew_fragments *fragments, uint32_t *keep,
                                               size_t keep_count);

/* Entries that are not pinned, and how full the table is in per mille. */
uint32_t ew_fragments_loose_count(const struct ew_fragments *fragments);
uint32_t ew_fragments_fill_permille(const struct ew_fragments *fragments);

/* A kernel-mode address of x64 and ARM64, or of 32-bit Windows when the recording has
 * 4-byte kernel pointers (reference etw.md 3.2.2). */
static inline bool ew_address_is_kernel(uint64_t address, bool kernel_is_32bit)
{
    return kernel_is_32bit ? address >= UINT64_C(0x80000000)
                           : address >= UINT64_C(0xffff800000000000);
}

/* What produced a stack. Counts of different sources are never added. */
struct ew_source {
    bool sample;             /* the profile interrupt; else an event with a stack */
    struct ew_guid provider; /* class or provider GUID */
    uint16_t event_id;       /* opcode of kernel events, id of manifest events */
};

enum ew_stack_flag {
    EW_STACK_KERNEL_ONLY = 1,  /* the user half never came */
    EW_STACK_TRUNCATED = 2,    /* a half is as long as ETW writes at most */
    EW_STACK_MANAGED_ONLY = 4, /* a CLR stack: native frames between are not shown */
    EW_STACK_LATE_PROCESS = 8, /* its process was only known from the stack itself */
    EW_STACK_DEFERRED = 16,    /* a half was given out before its key was defined: settled by
                                  ew_model_settle_stack(), which adds the flags above */
};

/*
 * One complete stack of one event.
 *
 * process  index in the model
 * layout   changes whenever any address of the process or the kernel may have changed
 *          its meaning: equal (process, layout, fragments) mean equal frames
 */
struct ew_stack {
    uint64_t time_100ns; /* of the event, not of the stack's arrival */
    uint32_t process;
    uint32_t layout;
    uint32_t kernel_layout;
    uint32_t kernel; /* fragment or EW_FRAGMENT_NONE */
    uint32_t user;   /* fragment or EW_FRAGMENT_NONE */
    uint32_t weight; /* events it stands for, usually 1 */
    uint16_t source; /* index from ew_model_source() */
    uint16_t flags;  /* enum ew_stack_flag */
};

#endif
