/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that wait for the publisher. */
#include "pipeline/outbox.h"

#include <stdlib.h>
#include <string.h>

void outbox_item_free(struct outbox_item *item)
{
    if (item != NULL) {
        free(item->told);
        free(item->bytes);
        free(item);
    }
}

/* Beyond the maximum readers see the missing number all the same. */
void outbox_give_back_drop(struct outbox *outbox, const char *stream_id, uint64_t sequence)
{
    if (outbox->drop_count < EW_DOCUMENTS_WAITING_MAX) {
        struct outbox_drop *drop = &outbox->drops[outbox->drop_count++];
        memcpy(drop->stream_id, stream_id, sizeof drop->stream_id);
        drop->sequence = sequence;
    }
}

void outbox_note_drop(struct outbox *outbox, const struct outbox_item *item)
{
    outbox->dropped++;
    for (size_t i = 0; i < item->told_count; i++) {
        outbox_give_back_drop(outbox, item->document.stream_id, item->told[i]);
    }
    outbox_give_back_drop(outbox, item->document.stream_id, item->document.sequence);
}

static bool is_over(const struct outbox *outbox)
{
    return outbox->count > EW_DOCUMENTS_WAITING_MAX
           || outbox->bytes > EW_DOCUMENTS_WAITING_BYTES_MAX;
}

/* Takes out the item after `before`, or the first one. */
static struct outbox_item *unlink_after(struct outbox *outbox, struct outbox_item *before)
{
    struct outbox_item **link = before != NULL ? &before->next : &outbox->first;
    struct outbox_item *item = *link;
    if (item != NULL) {
        *link = item->next;
        outbox->last = item->next == NULL ? before : outbox->last;
        outbox->count--;
        outbox->bytes -= item->document.byte_count;
        item->next = NULL;
    }
    return item;
}

struct outbox_item *outbox_take(struct outbox *outbox)
{
    return unlink_after(outbox, NULL);
}

static struct outbox_item *take_of_stream(struct outbox *outbox, const char *stream_id)
{
    struct outbox_item *before = NULL;
    struct outbox_item *at = outbox->first;
    for (; at != NULL && strcmp(at->document.stream_id, stream_id) != 0; at = at->next) {
        before = at;
    }
    return at != NULL ? unlink_after(outbox, before) : NULL;
}

size_t outbox_make_room(struct outbox *outbox, const char *stream_id)
{
    size_t dropped = 0;
    while (outbox->count >= EW_DOCUMENTS_WAITING_MAX
           || outbox->bytes >= EW_DOCUMENTS_WAITING_BYTES_MAX) {
        struct outbox_item *oldest = take_of_stream(outbox, stream_id);
        if (oldest == NULL) {
            break;
        }
        outbox_note_drop(outbox, oldest);
        outbox_item_free(oldest);
        dropped++;
    }
    return dropped;
}

size_t outbox_put(struct outbox *outbox, struct outbox_item *item)
{
    size_t dropped = 0;
    item->next = NULL;
    if (outbox->last != NULL) {
        outbox->last->next = item;
    } else {
        outbox->first = item;
    }
    outbox->last = item;
    outbox->count++;
    outbox->bytes += item->document.byte_count;
    /* The newest always stays: one document is allowed to be large. */
    for (; is_over(outbox) && outbox->first != item; dropped++) {
        struct outbox_item *oldest = outbox_take(outbox);
        outbox_note_drop(outbox, oldest);
        outbox_item_free(oldest);
    }
    return dropped;
}

bool outbox_take_drop(struct outbox *outbox, const char *stream_id, uint64_t *sequence_out)
{
    for (size_t i = 0; i < outbox->drop_count; i++) {
        if (strcmp(outbox->drops[i].stream_id, stream_id) == 0) {
            *sequence_out = outbox->drops[i].sequence;
            outbox->drop_count--;
            memmove(&outbox->drops[i], &outbox->drops[i + 1],
                    (outbox->drop_count - i) * sizeof outbox->drops[0]);
            return true;
        }
    }
    return false;
}

void outbox_free(struct outbox *outbox)
{
    struct outbox_item *item;
    while ((item = outbox_take(outbox)) != NULL) {
        outbox_item_free(item);
    }
}
