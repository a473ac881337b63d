/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real recordings against an independent reading of them: the count of every kind of
 * event, the facts of the header, and that time never goes back when CPUs are merged.
 */
#include "cli/stats.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define COUNTS_FILE "test_counts.tsv"

enum { EXIT_SKIPPED = 77, NAMES_MAX = 256, NAME_BYTES = 256, PATH_BYTES = 1024 };

static char names[NAMES_MAX][NAME_BYTES]; /* without ".etl", sorted */
static size_t name_count;

static bool note_name(void *context, const char *name, uint64_t bytes)
{
    size_t length = strlen(name);
    (void)context;
    (void)bytes;
    if (length > 4 && length < NAME_BYTES && strcmp(name + length - 4, ".etl") == 0) {
        memcpy(names[name_count], name, length - 4);
        names[name_count++][length - 4] = '\0';
    }
    return name_count < NAMES_MAX;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static struct ew_recording *open_recording(const char *name, enum ew_order order)
{
    char path[PATH_BYTES];
    const char *paths[] = {path};
    struct ew_error error = {0};
    struct ew_recording *recording = NULL;
    (void)snprintf(path, sizeof path, "%s/%s.etl", EW_TRACES_DIR, name);
    ck_assert_msg(ew_recording_open(paths, 1, order, &recording, &error) == EW_OK, "%s",
                  error.text);
    return recording;
}

/* Reads to the end; in the order of time every event is at or after the one before. */
static struct ew_stats_table *count_events(struct ew_recording *recording, enum ew_order order)
{
    struct ew_stats_table *table = calloc(1, sizeof *table);
    struct ew_error error = {0};
    struct ew_event event;
    enum ew_status status;
    uint64_t before = 0;
    ck_assert_ptr_nonnull(table);
    while ((status = ew_recording_next(recording, &event, &error)) == EW_OK) {
        ck_assert_int_eq(ew_stats_count(table, &event), EW_OK);
        if (order == EW_ORDER_TIME) {
            ck_assert_uint_ge(event.time_100ns, before);
            before = event.time_100ns;
        }
    }
    ck_assert_msg(status == EW_END, "%s", error.text);
    return table;
}

static void write_counts(struct ew_stats_table *table)
{
    FILE *file = fopen(COUNTS_FILE, "wb");
    ck_assert_ptr_nonnull(file);
    ew_stats_sort(table);
    ew_stats_write_tsv(file, table);
    ck_assert_int_eq(fclose(file), 0);
}

/* The first line that differs is what a person wants to see. */
static void compare_counts(const char *name)
{
    char expected_path[PATH_BYTES];
    char expected[512];
    char actual[512];
    (void)snprintf(expected_path, sizeof expected_path, "%s/expected/%s.counts.tsv",
                   EW_TRACES_DIR, name);
    FILE *expected_file = fopen(expected_path, "rb");
    FILE *actual_file = fopen(COUNTS_FILE, "rb");
    ck_assert_msg(expected_file != NULL, "there is no %s", expected_path);
    ck_assert_ptr_nonnull(actual_file);
    bool more = true;
    while (more) {
        char *e = fgets(expected, sizeof expected, expected_file);
        char *a = fgets(actual, sizeof actual, actual_file);
        more = e != NULL && a != NULL;
        ck_assert_msg(more || e == a, "%s: the one has more lines than the other", name);
        ck_assert_msg(!more || strcmp(e, a) == 0, "%s: expected %sread     %s", name, e, a);
    }
    (void)fclose(actual_file);
    (void)fclose(expected_file);
    (void)remove(COUNTS_FILE);
}

static void check_counts(enum ew_order order)
{
    for (size_t i = 0; i < name_count; i++) {
        struct ew_recording *recording = open_recording(names[i], order);
        struct ew_stats_table *table = count_events(recording, order);
        struct ew_recording_counts counts = ew_recording_counts(recording);
        write_counts(table);
        compare_counts(names[i]);
        ck_assert_str_eq(ew_recording_damage(recording)->text, "");
        ck_assert_uint_eq(counts.bytes_read, counts.bytes_total);
        ck_assert_uint_eq(counts.time_regressions, 0);
        ew_stats_free(table);
        free(table);
        ew_recording_close(recording);
    }
}

START_TEST(recordings__in_file_order__count_as_known)
{
    check_counts(EW_ORDER_FILE);
}
END_TEST

START_TEST(recordings__in_time_order__count_as_known_and_never_go_back)
{
    check_counts(EW_ORDER_TIME);
}
END_TEST

static uint64_t number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "there is no %s", key);
    return (uint64_t)json_integer_value(value);
}

static void check_header(const struct ew_recording_file *file, const json_t *header)
{
    ck_assert_uint_eq(file->buffer_bytes, number_of(header, "BufferSize"));
    ck_assert_uint_eq(file->os_build, number_of(header, "ProviderVersion"));
    ck_assert_uint_eq(file->cpu_count, number_of(header, "NumberOfProcessors"));
    ck_assert_uint_eq(file->end_time, number_of(header, "EndTime"));
    ck_assert_uint_eq(file->log_file_mode, number_of(header, "LogFileMode"));
    ck_assert_uint_eq(file->buffers_written, number_of(header, "BuffersWritten"));
    ck_assert_uint_eq(file->pointer_bytes, number_of(header, "PointerSize"));
    ck_assert_uint_eq(file->events_lost, number_of(header, "EventsLost"));
    ck_assert_uint_eq(file->buffers_lost, number_of(header, "BuffersLost"));
    ck_assert_uint_eq(file->cpu_mhz, number_of(header, "CpuSpeedInMHz"));
    ck_assert_uint_eq(file->boot_time, number_of(header, "BootTime"));
    ck_assert_uint_eq(file->start_time, number_of(header, "StartTime"));
    ck_assert_uint_eq(file->header_time_raw, number_of(header, "first_ev_ts"));
    if (file->clock == EW_CLOCK_QPC) {
        ck_assert_uint_eq(file->clock_frequency, number_of(header, "PerfFreq"));
    }
    ck_assert_uint_eq(file->clock, number_of(header, "ReservedFlags"));
    ck_assert_str_eq(file->logger_name, json_string_value(json_object_get(header, "LoggerName")));
    ck_assert_str_eq(file->log_file_name,
                     json_string_value(json_object_get(header, "LogFileName")));
}

START_TEST(recordings__headers__say_what_is_known)
{
    size_t checked = 0;
    for (size_t i = 0; i < name_count; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/expected/%s.summary.json", EW_TRACES_DIR, names[i]);
        json_t *summary = json_load_file(path, 0, NULL);
        if (summary == NULL) {
            continue; /* not every recording has one */
        }
        struct ew_recording *recording = open_recording(names[i], EW_ORDER_FILE);
        struct ew_stats_table *table = count_events(recording, EW_ORDER_FILE);
        check_header(ew_recording_file(recording, 0), json_object_get(summary, "header"));
        ck_assert_uint_eq(table->events, number_of(summary, "events"));
        ck_assert_uint_eq(ew_recording_counts(recording).buffers, number_of(summary, "buffers"));
        ew_stats_free(table);
        free(table);
        ew_recording_close(recording);
        json_decref(summary);
        checked++;
    }
    ck_assert_uint_gt(checked, 0);
}
END_TEST

Suite *ew_suite(void)
{
    struct ew_error error = {0};
    if (ew_directory_list(EW_TRACES_DIR, note_name, NULL, &error) != EW_OK || name_count == 0) {
        (void)printf("skipped: there are no recordings in " EW_TRACES_DIR "\n");
        exit(EXIT_SKIPPED);
    }
    qsort(names, name_count, sizeof names[0], compare_names);
    Suite *suite = suite_create("counts");
    TCase *tcase = tcase_create("counts");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, recordings__in_file_order__count_as_known);
    tcase_add_test(tcase, recordings__in_time_order__count_as_known_and_never_go_back);
    tcase_add_test(tcase, recordings__headers__say_what_is_known);
    suite_add_tcase(suite, tcase);
    return suite;
}
