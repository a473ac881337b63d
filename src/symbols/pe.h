/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of PE images: what a file says of its build, its exports and its functions.
 * Every byte is hostile: reads are checked against the file, counts against limits.h, and
 * nothing is followed without a bound. Source: Microsoft's "PE Format"; ECMA-335 II.24 and
 * II.25 for the metadata of managed images.
 */
#ifndef EW_SYMBOLS_PE_H
#define EW_SYMBOLS_PE_H

#include "etwitness/guid.h"
#include "etwitness/limits.h"
#include "symbols/source.h"

enum { PE_MACHINE_I386 = 0x14c, PE_MACHINE_AMD64 = 0x8664, PE_MACHINE_ARM64 = 0xaa64 };

enum { PE_DIRECTORIES_MAX = 16, PE_NAME_BYTES_MAX = 512, PE_DEBUG_ENTRIES_MAX = 32 };

enum pe_directory_kind {
    PE_DIRECTORY_EXPORTS = 0,
    PE_DIRECTORY_EXCEPTIONS = 3,
    PE_DIRECTORY_DEBUG = 6,
    PE_DIRECTORY_CLI = 14,
};

struct pe_directory {
    uint32_t rva;
    uint32_t byte_count;
};

struct pe_section {
    uint32_t rva;
    uint32_t byte_count; /* in memory */
    uint32_t file_offset;
    uint32_t file_bytes;
    bool executable;
};

struct pe_image {
    struct source *source; /* borrowed */
    uint16_t machine;
    uint32_t timestamp;
    uint32_t size_bytes; /* SizeOfImage */
    uint32_t header_bytes;
    struct pe_directory directories[PE_DIRECTORIES_MAX];
    struct pe_section sections[EW_PE_SECTIONS_MAX];
    uint32_t section_count;
};

/* Reads the headers. EW_FORMAT when they are none. */
EW_MUST_USE enum ew_status pe_open(struct pe_image *image, struct source *source);

/* Bytes at an address of the image as the file holds them; false where it holds none. */
bool pe_read(const struct pe_image *image, uint64_t rva, void *out, size_t byte_count);

/* Terminated text of fewer than `capacity` bytes, made valid UTF-8. */
bool pe_read_text(const struct pe_image *image, uint64_t rva, char *out, size_t capacity);

/* Whether an address is in a section that holds code. */
bool pe_is_code(const struct pe_image *image, uint32_t rva);

/* --- builds ---------------------------------------------------------------- */

/* A CodeView record of the debug directory ("RSDS"). */
struct pe_debug {
    struct ew_guid guid;
    uint32_t age;                 /* 0xffffffff for portable PDBs, as the CLR's events tell it */
    bool portable;                /* the PDB is a portable one */
    char name[PE_NAME_BYTES_MAX]; /* as the linker wrote it, often with a path */
};

/* The record that is `wanted` (any when NULL): the first one that is. False when there is
 * none. */
bool pe_read_debug(const struct pe_image *image, const struct pe_debug *wanted,
                   struct pe_debug *debug_out);

/* Whether the image has a CLI header, and the MVID of its metadata. */
bool pe_is_managed(const struct pe_image *image);
bool pe_read_mvid(const struct pe_image *image, struct ew_guid *mvid_out);

/* --- exports --------------------------------------------------------------- */

struct pe_export {
    uint32_t rva;
    uint32_t name_rva;
    uint32_t rank; /* of the name: the table of names is sorted */
};

/* Named exports of code by address, then name; forwarders are left out. */
struct pe_exports {
    struct pe_export *items;
    uint32_t count;
};

/* EW_NOT_FOUND when there are none, EW_FORMAT, EW_LIMIT, EW_NO_MEMORY. */
EW_MUST_USE enum ew_status pe_exports_read(const struct pe_image *image,
                                           struct pe_exports *exports_out);
void pe_exports_free(struct pe_exports *exports);

/* The first export at the highest address that is not above `rva`, in the same section;
 * NULL when there is none. `same_out`: how many are at its address. */
const struct pe_export *pe_exports_nearest(const struct pe_exports *exports,
                                           const struct pe_image *image, uint32_t rva,
                                           uint32_t *same_out);

/* --- functions --------------------------------------------------------------- */

struct pe_function {
    uint32_t start; /* of the whole function, where it is told in several pieces */
    uint32_t piece_start;
    uint32_t piece_end;
};

/* The function that the exception directory (.pdata) of an x64 image tells at an address.
 * False where it tells none: functions without a frame are not listed. */
bool pe_find_function(const struct pe_image *image, uint32_t rva,
                      struct pe_function *function_out);

#endif
