/* SPDX-License-Identifier: Apache-2.0 */
/* The one vocabulary of outcomes, and the sentence that goes with a failure. */
#ifndef ETWITNESS_STATUS_H
#define ETWITNESS_STATUS_H

#if defined(__GNUC__)
#define EW_MUST_USE __attribute__((warn_unused_result))
#if defined(__MINGW32__)
#define EW_PRINTF(format_index, first_index) \
    __attribute__((format(gnu_printf, format_index, first_index)))
#else
#define EW_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))
#endif
#else
#define EW_MUST_USE
#define EW_PRINTF(format_index, first_index)
#endif

/*
 * What a fallible function answers. Outputs are untouched unless it is EW_OK.
 */
enum ew_status {
    EW_OK = 0,
    EW_END,         /* an iteration has nothing more to give */
    EW_NO_MEMORY,   /* the allocator refused */
    EW_LIMIT,       /* a documented maximum of limits.h was reached */
    EW_FORMAT,      /* the bytes break the rules of their format */
    EW_IO,          /* the operating system refused a file operation */
    EW_USAGE,       /* the caller (a person) asked for something impossible */
    EW_NOT_FOUND,   /* no such thing: an unknown event, key or file */
    EW_EXISTS,      /* it is there already */
    EW_UNSUPPORTED, /* well-formed, but a variant that is not read */
};

enum { EW_ERROR_TEXT_BYTES = 512 };

/*
 * A failure told to a person: what failed, on what, why, what to do. Owned by
 * the caller; a zeroed one is a valid empty value. The text is UTF-8, without a
 * final full stop or newline, cut at EW_ERROR_TEXT_BYTES - 1 bytes.
 */
struct ew_error {
    enum ew_status status;
    char text[EW_ERROR_TEXT_BYTES];
};

/*
 * Fills `error` (may be NULL) with a printf-style sentence and returns `status`,
 * so that a failing function ends with `return ew_fail(error, EW_IO, "...")`.
 */
enum ew_status ew_fail(struct ew_error *error, enum ew_status status, const char *format, ...)
    EW_PRINTF(3, 4);

/* The name of a status in lower case ("limit", "format"); never NULL. */
const char *ew_status_name(enum ew_status status);

#endif
