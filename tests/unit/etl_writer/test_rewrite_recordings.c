/* SPDX-License-Identifier: Apache-2.0 */
/* Real recordings, written again in both forms, are the same record for record. */
#include "etwitness/etl_writer.h"
#include "etwitness/recording.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "test_rewrite_recordings.etl"

enum { BUFFER_BYTES = 128 * 1024, PATH_BYTES = 1024, FILES_MAX = 256, NAME_BYTES = 128 };

static char names[FILES_MAX][NAME_BYTES];
static size_t name_count;

static bool add_name(void *context, const char *name, uint64_t bytes)
{
    size_t length = strlen(name);
    (void)context;
    (void)bytes;
    if (length > 4 && length < NAME_BYTES && strcmp(name + length - 4, ".etl") == 0
        && name_count < FILES_MAX) {
        memcpy(names[name_count++], name, length + 1);
    }
    return true;
}

static struct ew_recording *open_recording(const char *path)
{
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_recording_open(&path, 1, EW_ORDER_TIME, &recording, &error) == EW_OK, "%s",
                  error.text);
    return recording;
}

static void rewrite(const char *path, bool compressed)
{
    struct ew_recording *recording = open_recording(path);
    const struct ew_etl_writer_options options = {
        .buffer_bytes = BUFFER_BYTES,
        .cpu_count = ew_recording_file(recording, 0)->cpu_count,
        .compressed = compressed,
    };
    struct ew_etl_writer *writer = NULL;
    struct ew_error error = {0};
    struct ew_event event;
    ck_assert_int_eq(ew_etl_writer_open(FILE_NAME, &options, NULL, &writer, &error), EW_OK);
    while (ew_recording_next(recording, &event, &error) == EW_OK) {
        ck_assert_msg(
            ew_etl_writer_put(writer, event.cpu, event.record, event.record_bytes, &error)
                == EW_OK,
            "%s: %s", path, error.text);
    }
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_OK);
    ew_recording_close(recording);
}

static void check_headers(const struct ew_recording_file *a, const struct ew_recording_file *b)
{
    ck_assert_str_eq(a->logger_name, b->logger_name);
    ck_assert_str_eq(a->log_file_name, b->log_file_name);
    ck_assert_uint_eq(a->boot_time, b->boot_time);
    ck_assert_uint_eq(a->start_time, b->start_time);
    ck_assert_uint_eq(a->end_time, b->end_time);
    ck_assert_uint_eq(a->clock_frequency, b->clock_frequency);
    ck_assert_uint_eq(a->header_time_raw, b->header_time_raw);
    ck_assert_uint_eq(a->cpu_count, b->cpu_count);
    ck_assert_uint_eq(a->os_build, b->os_build);
    ck_assert_uint_eq(a->events_lost, b->events_lost);
    ck_assert_uint_eq(a->clock, b->clock);
}

/* Every record but the header event is the same, in the same order. */
static uint64_t compare(const char *path)
{
    struct ew_recording *original = open_recording(path);
    struct ew_recording *rewritten = open_recording(FILE_NAME);
    struct ew_error error = {0};
    struct ew_event a;
    struct ew_event b;
    uint64_t count = 0;
    check_headers(ew_recording_file(original, 0), ew_recording_file(rewritten, 0));
    while (ew_recording_next(original, &a, &error) == EW_OK) {
        ck_assert_msg(ew_recording_next(rewritten, &b, &error) == EW_OK, "%s: ends after %llu",
                      path, (unsigned long long)count);
        ck_assert_uint_eq(a.cpu, b.cpu);
        ck_assert_uint_eq(a.time_100ns, b.time_100ns);
        ck_assert_uint_eq(a.record_bytes, b.record_bytes);
        if (count++ > 0) {
            ck_assert_mem_eq(a.record, b.record, a.record_bytes);
        }
    }
    ck_assert_int_eq(ew_recording_next(rewritten, &b, &error), EW_END);
    ck_assert_str_eq(ew_recording_damage(rewritten)->text, "");
    ew_recording_close(original);
    ew_recording_close(rewritten);
    return count;
}

static void check_all(bool compressed)
{
    uint64_t total = 0;
    for (size_t i = 0; i < name_count; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s", EW_TRACES_DIR, names[i]);
        rewrite(path, compressed);
        total += compare(path);
    }
    struct ew_error error = {0};
    ck_assert_int_eq(ew_file_remove(FILE_NAME, &error), EW_OK);
    ck_assert_uint_gt(total, name_count);
}

START_TEST(recordings__written_again_plain__are_the_same)
{
    check_all(false);
}
END_TEST

START_TEST(recordings__written_again_compressed__are_the_same)
{
    check_all(true);
}
END_TEST

Suite *ew_suite(void)
{
    struct ew_error error = {0};
    if (ew_directory_list(EW_TRACES_DIR, add_name, NULL, &error) != EW_OK || name_count == 0) {
        (void)printf("skipped: no recordings in %s\n", EW_TRACES_DIR);
        exit(77);
    }
    Suite *suite = suite_create("rewrite_recordings");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, recordings__written_again_plain__are_the_same);
    tcase_add_test(tests, recordings__written_again_compressed__are_the_same);
    suite_add_tcase(suite, tests);
    return suite;
}
