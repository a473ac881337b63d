/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recordings made in memory. */
#include "reading.h"

#include "capture/etl/reader.h"
#include "support/check_main.h"

#include <string.h>

struct etl_bytes etl;

enum ew_status reading_try(const struct etl_bytes *bytes, enum ew_order order,
                           struct ew_recording **recording_out, struct ew_error *error)
{
    const struct ew_etl_input input = {"made.etl", bytes->data, bytes->size};
    return ew_recording_open_inputs(&input, 1, order, recording_out, error);
}

struct ew_recording *reading_open(const struct etl_bytes *bytes, enum ew_order order)
{
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    ck_assert_msg(reading_try(bytes, order, &recording, &error) == EW_OK, "%s", error.text);
    return recording;
}

struct ew_event reading_next(struct ew_recording *recording)
{
    struct ew_error error = {0};
    struct ew_event event = {0};
    enum ew_status status = ew_recording_next(recording, &event, &error);
    ck_assert_msg(status == EW_OK, "%s: %s %s", ew_status_name(status), error.text,
                  ew_recording_damage(recording)->text);
    return event;
}

void reading_end(struct ew_recording *recording)
{
    struct ew_error error = {0};
    struct ew_event event = {0};
    ck_assert_int_eq(ew_recording_next(recording, &event, &error), EW_END);
    ck_assert_int_eq(ew_recording_next(recording, &event, &error), EW_END);
}

struct ew_recording *reading_first(void)
{
    struct ew_recording *recording = reading_open(&etl, EW_ORDER_FILE);
    struct ew_event event = reading_next(recording);
    ck_assert_uint_eq(event.hook, 0);
    ck_assert_int_eq(event.kind, EW_EVENT_KERNEL);
    return recording;
}

void reading_end_whole(struct ew_recording *recording)
{
    reading_end(recording);
    const struct ew_recording_damage *damage = ew_recording_damage(recording);
    ck_assert_str_eq(damage->text, "");
    ck_assert_uint_eq(damage->buffers, 0);
    ck_assert_uint_eq(damage->bytes, 0);
    ck_assert_uint_eq(damage->files_truncated, 0);
    ew_recording_close(recording);
}

void reading_end_damaged(struct ew_recording *recording, uint64_t buffers, const char *reason)
{
    reading_end(recording);
    const struct ew_recording_damage *damage = ew_recording_damage(recording);
    ck_assert_uint_eq(damage->buffers, buffers);
    ck_assert_uint_gt(damage->bytes, 0);
    ck_assert_msg(strstr(damage->text, reason) != NULL, "%s", damage->text);
    ck_assert_msg(strstr(damage->text, "made.etl: buffer at offset ") == damage->text, "%s",
                  damage->text);
    ew_recording_close(recording);
}
