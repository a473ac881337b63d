/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer without white space: what it is asked to write is what is
 * written, in that order; who wants canonical bytes asks for members in ascending
 * order. Integers only, no floats but for thousandths.
 */
#ifndef EW_BASE_JSON_WRITER_H
#define EW_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef bool (*ew_json_sink_fn)(void *context, const void *bytes, size_t byte_count);

enum { EW_JSON_BUFFER_BYTES = 16 * 1024, EW_JSON_WRITER_DEPTH_MAX = 16 };

struct ew_json_writer {
    ew_json_sink_fn sink;
    void *context;
    size_t used;
    bool failed; /* the sink answered false: nothing more is written */
    bool comma;  /* the next value or key is preceded by one */
    unsigned depth;
    char buffer[EW_JSON_BUFFER_BYTES];
};

void ew_json_init(struct ew_json_writer *writer, ew_json_sink_fn sink, void *context);

void ew_json_object(struct ew_json_writer *writer);
void ew_json_object_end(struct ew_json_writer *writer);
void ew_json_array(struct ew_json_writer *writer);
void ew_json_array_end(struct ew_json_writer *writer);

/* A member's name: printable ASCII without '"' and '\\', so never escaped. */
void ew_json_key(struct ew_json_writer *writer, const char *key);

/* Terminated UTF-8, escaped as RFC 8785 says. Invalid UTF-8 becomes U+FFFD. */
void ew_json_text(struct ew_json_writer *writer, const char *text);
void ew_json_text_bytes(struct ew_json_writer *writer, const char *text, size_t byte_count);

void ew_json_u64(struct ew_json_writer *writer, uint64_t value);
void ew_json_i64(struct ew_json_writer *writer, int64_t value);

/* Thousandths, at most 1000, for formats that demand a fraction: 0, 0.05, 0.95, 1. */
void ew_json_permille(struct ew_json_writer *writer, unsigned permille);

void ew_json_bool(struct ew_json_writer *writer, bool value);
void ew_json_null(struct ew_json_writer *writer);

/* A member: its name and its value. */
void ew_json_member_u64(struct ew_json_writer *writer, const char *key, uint64_t value);
void ew_json_member_text(struct ew_json_writer *writer, const char *key, const char *text);

/* Raw bytes between values, such as the newline of a line-oriented format. */
void ew_json_newline(struct ew_json_writer *writer);

/* Flushes; false when the sink ever refused. */
bool ew_json_finish(struct ew_json_writer *writer);

#endif
