/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON into plain structs by tables: each member of an object is described once, and
 * everything that is not described is refused, with its path and line.
 */
#ifndef EW_SYNTH_SHAPE_H
#define EW_SYNTH_SHAPE_H

#include "base/arena.h"
#include "etwitness/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The type of a member says which C type stands at its offset. */
enum ew_member_type {
    EW_MEMBER_UINT,      /* uint64_t: a whole number, or text in decimal or 0x form */
    EW_MEMBER_BOOL,      /* bool */
    EW_MEMBER_TEXT,      /* const char *: at most EW_NAME_BYTES_EACH_MAX bytes */
    EW_MEMBER_GUID,      /* struct ew_guid */
    EW_MEMBER_TIME,      /* uint64_t: FILETIME, from "2026-03-02T08:30:00.0000000Z" */
    EW_MEMBER_NAMED,     /* uint64_t: index into `names` */
    EW_MEMBER_OBJECT,    /* a struct of `shape`, in place */
    EW_MEMBER_LIST,      /* struct ew_list of structs of `shape` */
    EW_MEMBER_TEXT_LIST, /* struct ew_list of const char * */
    EW_MEMBER_UINT_LIST, /* struct ew_list of uint64_t */
};

struct ew_list {
    void *items; /* in the arena; NULL when empty */
    size_t count;
};

struct ew_shape;

struct ew_member {
    const char *name;
    enum ew_member_type type;
    bool required;
    size_t offset;
    uint64_t min; /* of numbers and of the elements of number lists */
    uint64_t max;
    uint64_t preset;          /* of an absent number, name index or bool */
    const char *const *names; /* ended by NULL */
    const char *text_preset;  /* of an absent text; NULL stays NULL */
    const struct ew_shape *shape;
};

struct ew_shape {
    const struct ew_member *members;
    size_t member_count;
    size_t bytes; /* of the struct */
};

/* The document that is read, and where its errors go. */
struct ew_source_text {
    const char *name;
    const char *text;
    size_t byte_count;
    struct ew_arena *arena;
    struct ew_error *error;
};

/*
 * Fills `error` with "name:line: path: reason" and answers EW_FORMAT. `path` is like
 * "processes[2].stacks[0].weight", or "" for the whole document; `key` (may be NULL) is
 * one more member below it, of any spelling.
 */
enum ew_status ew_source_fail(const struct ew_source_text *source, const char *path,
                              const char *key, const char *format, ...) EW_PRINTF(4, 5);

/* Reads the whole document into a struct of `shape`, which was zeroed before. */
EW_MUST_USE enum ew_status ew_shape_read(const struct ew_source_text *source,
                                         const struct ew_shape *shape, void *target);

#endif
