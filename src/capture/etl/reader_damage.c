/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be read: judged, counted, and the first of it told. */
#include "capture/etl/reader.h"

#include <stdio.h>

void ew_etl_damage_add(struct ew_recording *recording, size_t file, uint64_t offset,
                       uint64_t byte_count, const char *reason)
{
    struct ew_recording_damage *damage = &recording->damage;
    damage->buffers++;
    damage->bytes += byte_count;
    if (damage->text[0] == '\0') {
        (void)snprintf(damage->text, sizeof damage->text, "%s: buffer at offset %llu: %s",
                       recording->files[file].path, (unsigned long long)offset, reason);
    }
}

static void add_inside(struct ew_recording *recording, struct ew_etl_place *place,
                       const uint8_t *at, uint64_t byte_count)
{
    struct ew_recording_damage *damage = &recording->damage;
    damage->buffers += place->damaged ? 0 : 1;
    damage->bytes += byte_count;
    place->damaged = true;
    if (damage->text[0] == '\0') {
        (void)snprintf(
            damage->text, sizeof damage->text, "%s: buffer at offset %llu, byte %llu of it: %s",
            recording->files[place->cursor.file].path, (unsigned long long)place->offset,
            (unsigned long long)(at - place->records) + EW_ETL_HEAD_BYTES, place->cursor.reason);
    }
}

void ew_etl_damage_rest(struct ew_recording *recording, struct ew_etl_place *place)
{
    struct ew_etl_cursor *cursor = &place->cursor;
    add_inside(recording, place, cursor->at, (uint64_t)(cursor->end - cursor->at));
    cursor->at = cursor->end;
}

void ew_etl_damage_record(struct ew_recording *recording, struct ew_etl_place *place)
{
    add_inside(recording, place, place->cursor.taken, place->cursor.record_bytes);
}

enum ew_etl_verdict ew_etl_judge(struct ew_recording *recording, size_t file, uint64_t offset,
                                 const uint8_t *head, size_t head_bytes,
                                 struct ew_etl_buffer *buffer_out)
{
    uint64_t left = recording->files[file].source.bytes - offset;
    const char *reason = NULL;
    if (left == 0) {
        return EW_ETL_BUFFER_LOST;
    }
    if (head_bytes < EW_ETL_HEAD_BYTES) {
        recording->damage.files_truncated++;
        ew_etl_damage_add(recording, file, offset, left,
                          "the file ends inside the buffer's head");
        return EW_ETL_BUFFER_LOST;
    }
    enum ew_etl_verdict verdict = ew_etl_buffer_read(head, buffer_out, &reason);
    if (verdict != EW_ETL_BUFFER_LOST && buffer_out->size_bytes > left) {
        recording->damage.files_truncated++;
        ew_etl_damage_add(recording, file, offset, left, "the file ends inside the buffer");
        return EW_ETL_BUFFER_LOST;
    }
    if (verdict != EW_ETL_BUFFER_GOOD) {
        ew_etl_damage_add(recording, file, offset,
                          verdict == EW_ETL_BUFFER_LOST ? left : buffer_out->size_bytes, reason);
        return verdict;
    }
    if ((buffer_out->flags & (EW_ETL_FLAG_EVENTS_LOST | EW_ETL_FLAG_BUFFER_LOST)) != 0) {
        recording->damage.lost_flags++;
    }
    return EW_ETL_BUFFER_GOOD;
}

void ew_etl_place_set(const struct ew_recording *recording, struct ew_etl_place *place,
                      size_t file, uint64_t offset, const struct ew_etl_buffer *buffer,
                      const uint8_t *records)
{
    struct ew_etl_cursor *cursor = &place->cursor;
    cursor->at = records;
    cursor->end = records + (buffer->valid_bytes - EW_ETL_HEAD_BYTES);
    cursor->clock = &recording->files[file].clock;
    cursor->cpu = buffer->cpu;
    cursor->file = (uint16_t)file;
    cursor->pointer_bytes = recording->files[file].facts.pointer_bytes;
    place->records = records;
    place->offset = offset;
    place->damaged = false;
}
