/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that wait for the publisher, oldest first, bounded in number and bytes: when it
 * is full the oldest is dropped, and its number kept until a later document has told it. What
 * a dropped document would have told is kept as well, so that each number that is missing is
 * told by a document that is published. Whoever calls holds the lock that guards it.
 */
#ifndef EW_PIPELINE_OUTBOX_H
#define EW_PIPELINE_OUTBOX_H

#include "etwitness/evidence.h"

struct outbox_item {
    struct outbox_item *next;
    struct ew_document document; /* its bytes belong to the item */
    char *bytes;
    uint64_t *told; /* numbers of dropped documents of its stream that it tells; may be NULL */
    size_t told_count;
};

/* A document that was dropped and not yet told. */
struct outbox_drop {
    char stream_id[EW_STREAM_ID_BYTES];
    uint64_t sequence;
};

/* Zeroed is empty. */
struct outbox {
    struct outbox_item *first;
    struct outbox_item *last;
    size_t count;
    size_t bytes;
    struct outbox_drop drops[EW_DOCUMENTS_WAITING_MAX];
    size_t drop_count;
    uint64_t dropped; /* documents, ever */
};

/* Takes `item`, and drops the oldest ones while there is no room. The number of those
 * dropped. */
size_t outbox_put(struct outbox *outbox, struct outbox_item *item);

/*
 * Drops the oldest of a stream until one more document has room, as far as its own suffice:
 * asked before the stream's next document is made, which can then tell what was dropped. The
 * number of those dropped.
 */
size_t outbox_make_room(struct outbox *outbox, const char *stream_id);

/* Keeps the number of a document that will never be published, and what it tells. */
void outbox_note_drop(struct outbox *outbox, const struct outbox_item *item);

/* Takes the oldest out; the caller frees it. NULL when empty. */
struct outbox_item *outbox_take(struct outbox *outbox);

/* Takes one dropped number of a stream; false when there is none. */
bool outbox_take_drop(struct outbox *outbox, const char *stream_id, uint64_t *sequence_out);

/* Keeps a number again that was taken and could not be told. */
void outbox_give_back_drop(struct outbox *outbox, const char *stream_id, uint64_t sequence);

void outbox_item_free(struct outbox_item *item); /* NULL is allowed */
void outbox_free(struct outbox *outbox);

#endif
