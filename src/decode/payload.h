/* SPDX-License-Identifier: Apache-2.0 */
/* What the decoders read with: a cursor over one payload, and the row it is read by. */
#ifndef EW_DECODE_PAYLOAD_H
#define EW_DECODE_PAYLOAD_H

#include "base/cursor.h"
#include "etwitness/fact.h"

struct ew_decode_row;

/* One payload while it is decoded. */
struct ew_payload {
    struct ew_cursor in;
    const struct ew_event *event;
    const struct ew_decode_row *row;
};

/*
 * Fills the member of `fact` that belongs to the row's kind and answers true; answers
 * false, with the fact untouched, when the payload breaks the layout.
 */
typedef bool (*ew_decode_fn)(struct ew_payload *payload, struct ew_fact *fact);

/* One event that is known by name, and decoded when it has a function. */
struct ew_decode_row {
    const char *name;
    ew_decode_fn decode; /* NULL: only the name is known */
    uint8_t kind;        /* enum ew_fact_kind */
    uint8_t detail;      /* enum ew_phase, or what the decoder wants to be told */
    uint8_t version_min; /* older layouts are not known */
    /* Bit v: every payload of version v in the real recordings ends where the layout
     * ends, so a longer one is damage. */
    uint8_t exact;
};

/* Bytes after the end of a layout that are alignment, not content. */
enum { EW_PAYLOAD_PADDING_MAX = 7 };

/* True when everything read was there and nothing is left that should not be. */
static inline bool ew_payload_end(const struct ew_payload *payload)
{
    unsigned version = payload->event->version;
    if (payload->in.failed) {
        return false;
    }
    return version > 7 || (payload->row->exact >> version & 1) == 0
           || ew_cursor_left(&payload->in) <= EW_PAYLOAD_PADDING_MAX;
}

static inline uint64_t ew_payload_pointer(struct ew_payload *payload)
{
    return ew_cursor_pointer(&payload->in, payload->event->pointer_bytes);
}

static inline void ew_payload_skip_pointers(struct ew_payload *payload, size_t count)
{
    ew_cursor_skip(&payload->in, count * payload->event->pointer_bytes);
}

/* A zero-terminated UTF-16 text, the terminator consumed and not in the slice. */
struct ew_utf16_slice ew_payload_utf16(struct ew_payload *payload);

/* The same for 8-bit text. */
struct ew_bytes_slice ew_payload_bytes(struct ew_payload *payload);

/* A 16-byte GUID. */
struct ew_guid ew_payload_guid(struct ew_payload *payload);

/* `count` words of `word_bytes`; more than are there fail. */
struct ew_address_slice ew_payload_words(struct ew_payload *payload, size_t count,
                                         uint8_t word_bytes);

/* All the rest as pointers: at most EW_FRAMES_MAX, and a whole number of them. */
struct ew_address_slice ew_payload_frames(struct ew_payload *payload);

/* A SID: revision 1, sub-authority count, authority 6, 4 bytes a sub-authority. */
void ew_payload_skip_sid(struct ew_payload *payload);

/* The user of a classic Process event: a TOKEN_USER and its SID, or nothing. */
void ew_payload_skip_user(struct ew_payload *payload);

#endif
