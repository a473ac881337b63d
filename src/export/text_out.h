/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of text on their way to a sink, and what texts of strangers look like in them. */
#ifndef EW_EXPORT_TEXT_OUT_H
#define EW_EXPORT_TEXT_OUT_H

#include "etwitness/evidence.h"

enum { EW_TEXT_OUT_BYTES = 16 * 1024 };

struct ew_text_out {
    ew_evidence_sink_fn sink;
    void *context;
    size_t used;
    bool failed; /* the sink answered false: nothing more is written */
    char buffer[EW_TEXT_OUT_BYTES];
};

void ew_text_out_init(struct ew_text_out *out, ew_evidence_sink_fn sink, void *context);
void ew_text_out_bytes(struct ew_text_out *out, const char *bytes, size_t byte_count);
void ew_text_out_text(struct ew_text_out *out, const char *text);
void ew_text_out_u64(struct ew_text_out *out, uint64_t value);

/* Flushes; false when the sink ever refused. */
bool ew_text_out_finish(struct ew_text_out *out);

/*
 * A frame of a folded stack: ';' becomes ':', and what would break a line, control characters
 * and invalid UTF-8, becomes U+FFFD.
 */
void ew_text_out_frame(struct ew_text_out *out, const char *text);

/* The inside of a quoted string of DOT: '"' and '\\' escaped, the rest as above. */
void ew_text_out_dot(struct ew_text_out *out, const char *text);

#endif
