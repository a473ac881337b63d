/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies where and when: images and method bodies of all processes, each an address
 * range with a life. New ones are appended; a process's sorted view is made when an
 * address is looked up and something has changed since.
 */
#ifndef EW_MODEL_MAPPINGS_H
#define EW_MODEL_MAPPINGS_H

#include "base/index.h"

#include <stdbool.h>
#include <stdint.h>

#define MAPPING_NONE UINT32_C(0xffffffff)
#define TIME_FOREVER UINT64_MAX

enum mapping_kind { MAPPING_IMAGE, MAPPING_METHOD, MAPPING_KIND_COUNT };

struct mapping {
    uint64_t start;
    uint64_t end;
    uint64_t from; /* 0: since before anything was seen */
    uint64_t to;   /* TIME_FOREVER while it is there */
    uint32_t process;
    uint32_t value; /* module of an image, method of a body */
    uint32_t next;  /* of the same process and kind */
    uint8_t kind;
    bool doubted; /* a new session has not told it again yet */
};

struct view_entry {
    uint64_t start;
    uint64_t end_max; /* largest end among this entry and those before it */
    uint32_t mapping;
};

/* The mappings of one process and kind; zeroed is empty. `first` is a list head
 * (index + 1, so that zero means none). */
struct view {
    struct view_entry *entries;
    uint32_t count;    /* in `entries`, when it is not stale */
    uint32_t capacity; /* of `entries` */
    uint32_t total;    /* mappings in the list */
    uint32_t first;
    bool stale;
};

struct mappings {
    struct mapping *items;
    struct ew_index by_start;
    uint32_t count;
    uint32_t capacity;
};

void mappings_free(struct mappings *mappings);
void view_free(struct view *view);

/*
 * Adds a range to a process's view. False when `count_max` items are there or memory is
 * out.
 */
bool mappings_add(struct mappings *mappings, struct view *view, const struct mapping *mapping,
                  uint32_t count_max);

/* The living mapping of a process and kind that starts at `start`, or MAPPING_NONE. */
uint32_t mappings_find(struct mappings *mappings, uint32_t process, enum mapping_kind kind,
                       uint64_t start);

/* The mapping that holds `address` at `time`, the youngest of several; MAPPING_NONE. */
uint32_t mappings_lookup(struct mappings *mappings, struct view *view, uint64_t address,
                         uint64_t time);

/* The mapping that held `address` last before `time`, when none holds it then. */
uint32_t mappings_lookup_gone(struct mappings *mappings, struct view *view, uint64_t address,
                              uint64_t time);

/*
 * Drops every mapping for which `gone` says so. All lists are rebuilt: `view_of` answers
 * the view of a process and kind. Mapping numbers change.
 */
void mappings_prune(struct mappings *mappings, bool (*gone)(void *, const struct mapping *),
                    struct view *(*view_of)(void *, uint32_t process, enum mapping_kind),
                    void *context);

#endif
