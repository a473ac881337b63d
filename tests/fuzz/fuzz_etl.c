/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile recordings, read in both orders: what is given out lies in bounds, and both
 * orders find the same events and the same damage. The first byte says in how many
 * files of equal size the rest is cut.
 */
#include "capture/etl/reader.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 3 };

struct survey {
    uint64_t events;
    uint64_t sum; /* over every byte that an event points to, in no order */
    struct ew_recording_damage damage;
    struct ew_recording_counts counts;
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static uint64_t sum_bytes(const uint8_t *bytes, size_t byte_count)
{
    uint64_t sum = byte_count;
    for (size_t i = 0; i < byte_count; i++) {
        sum = sum * 31 + bytes[i];
    }
    return sum;
}

static uint64_t sum_event(const struct ew_event *event)
{
    struct ew_item item;
    uint32_t offset = 0;
    uint64_t sum = sum_bytes(event->payload, event->payload_bytes);
    sum += sum_bytes(event->record, event->record_bytes);
    sum += sum_bytes(event->provider->bytes, sizeof event->provider->bytes);
    while (ew_event_next_item(event, &offset, &item)) {
        sum += sum_bytes(item.data, item.data_bytes) + item.type;
    }
    require(offset == event->extended_bytes);
    return sum + event->hook + event->cpu + event->file;
}

static bool survey_run(const struct ew_etl_input *inputs, size_t count, enum ew_order order,
                       struct survey *survey)
{
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    struct ew_event event;
    enum ew_status status = ew_recording_open_inputs(inputs, count, order, &recording, &error);
    if (status != EW_OK) {
        require(error.text[0] != '\0' && error.status == status);
        return false;
    }
    while ((status = ew_recording_next(recording, &event, &error)) == EW_OK) {
        require(event.cpu < EW_CPUS_MAX && event.file < count);
        require(event.pointer_bytes == 4 || event.pointer_bytes == 8);
        survey->sum += sum_event(&event);
        survey->events++;
    }
    require(status == EW_END);
    survey->damage = *ew_recording_damage(recording);
    survey->counts = ew_recording_counts(recording);
    require(survey->counts.bytes_read == survey->counts.bytes_total);
    ew_recording_close(recording);
    return true;
}

static bool same(const struct survey *a, const struct survey *b)
{
    return a->events == b->events && a->sum == b->sum && a->damage.buffers == b->damage.buffers
           && a->damage.bytes == b->damage.bytes
           && a->damage.files_truncated == b->damage.files_truncated
           && a->damage.lost_flags == b->damage.lost_flags
           && a->counts.buffers == b->counts.buffers
           && a->counts.records_skipped == b->counts.records_skipped;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[FILES_MAX] = {"one", "two", "three"};
    struct ew_etl_input inputs[FILES_MAX] = {{0}};
    struct survey by_time = {0};
    struct survey by_file = {0};
    if (size < 2) {
        return 0;
    }
    size_t count = data[0] % FILES_MAX + 1u;
    size_t each = (size - 1) / count;
    for (size_t i = 0; i < count; i++) {
        inputs[i] = (struct ew_etl_input){names[i], data + 1 + i * each, each};
    }
    bool timed = survey_run(inputs, count, EW_ORDER_TIME, &by_time);
    bool filed = survey_run(inputs, count, EW_ORDER_FILE, &by_file);
    /* Only the order of time has limits of memory; what it reads, both read alike. */
    require(!timed || (filed && same(&by_time, &by_file)));
    return 0;
}
