/* SPDX-License-Identifier: Apache-2.0 */
/* A directory rolled up, and emptied of what was rolled up, says what it said before. */
#include "base/arena.h"
#include "evidence/memory_files.h"
#include "support/check_main.h"
#include "windows/random_documents.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ew_error error;
static struct random rng;
static struct dump before;
static struct dump after;
static struct ew_roll_up_report report;

static void set_up(void)
{
    ew_memory_reset();
    rng.state = 11;
}

/* --- directories -----------------------------------------------------------------------------
 */

static void publish(const struct document *document, bool sealed)
{
    struct ew_publisher_options options = {.directory = "out"};
    struct ew_publisher *publisher = NULL;
    struct ew_published published;
    struct ew_document bytes = {.sequence = document->to,
                                .revision = document->revision,
                                .sealed = sealed,
                                .start_100ns = document->from,
                                .bytes = document->bytes,
                                .byte_count = document->byte_count,
                                .rollup = document->from != document->to,
                                .covers_from = document->from};
    memcpy(bytes.stream_id, document->stream, sizeof bytes.stream_id);
    MUST(ew_publisher_open(&options, &publisher, &error) == EW_OK);
    enum ew_status status = ew_publisher_put_bytes(publisher, &bytes, &published, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    ew_publisher_close(publisher);
}

static void publish_plan(struct document_plan plan)
{
    struct document document = random_document(&rng, &plan);
    publish(&document, plan.sealed);
    free_document(&document);
}

static void publish_number(uint32_t stream, uint64_t number)
{
    struct document_plan plan = {.stream = stream, .from = number, .to = number, .sealed = true};
    publish_plan(plan);
}

static void publish_numbers(uint32_t stream, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number <= to; number++) {
        publish_number(stream, number);
    }
}

/* Files of a number, of windows ('w') or roll-ups ('r'). */
static size_t count_files(uint32_t stream, uint64_t number, char kind)
{
    size_t count = 0;
    for (unsigned revision = 0; revision < 3; revision++) {
        char prefix[128];
        (void)snprintf(prefix, sizeof prefix, "out/evidence/re1-%032u-%012llu-%03u-%c-", stream,
                       (unsigned long long)number, revision, kind);
        count += ew_memory_count(prefix);
    }
    return count;
}

static void dump_directory(struct dump *out)
{
    struct ew_window_set *set = NULL;
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    ck_assert_msg(ew_window_set_add_directory(set, "out", &error) == EW_OK, "%s", error.text);
    dump_fold(set, out);
    ew_window_set_destroy(set);
}

/* --- runs ------------------------------------------------------------------------------------
 */

struct told {
    char text[EW_ROLL_UP_OUTCOMES][EW_ERROR_TEXT_BYTES]; /* the last reason of each */
};
static struct told told;

static void remember(void *context, enum ew_roll_up_outcome outcome,
                     const struct ew_roll_up_range *range, const char *reason)
{
    (void)context;
    MUST(range->from < range->to);
    (void)snprintf(told.text[outcome], sizeof told.text[outcome], "%s", reason);
}

static enum ew_status roll(uint64_t windows, bool remove)
{
    struct ew_roll_up_options options = {
        .directory = "out", .windows = windows, .remove = remove, .tell = remember};
    memset(&report, 0, sizeof report);
    memset(&told, 0, sizeof told);
    return ew_roll_up_directory(&options, &report, &error);
}

static void must_roll(uint64_t windows, bool remove)
{
    ck_assert_msg(roll(windows, remove) == EW_OK, "%s", error.text);
}

static uint64_t ranges(enum ew_roll_up_outcome outcome)
{
    return report.ranges[outcome];
}

START_TEST(roll__whole_ranges__are_published_once_and_say_the_same)
{
    publish_numbers(1, 1, 9);
    publish_numbers(2, 4, 8);
    dump_directory(&before);
    must_roll(4, false);
    ck_assert_uint_eq(report.streams, 2);
    ck_assert_uint_eq(report.documents, 14);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_MADE), 3);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_PARTIAL), 2);
    ck_assert_uint_eq(count_files(1, 3, 'r'), 1);
    ck_assert_uint_eq(count_files(1, 7, 'r'), 1);
    ck_assert_uint_eq(count_files(2, 7, 'r'), 1);
    ck_assert_uint_eq(ew_memory_count("out/tmp/"), 0);
    dump_directory(&after);
    ck_assert_str_eq(before.text, after.text);
    must_roll(4, false);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_MADE), 0);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_COVERED), 3);
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 17);
}
END_TEST

START_TEST(roll__with_removal__leaves_the_roll_ups_and_the_last_window)
{
    publish_numbers(1, 1, 8);
    publish_numbers(2, 1, 7);
    dump_directory(&before);
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_EMPTIED), 4);
    ck_assert_uint_eq(report.removed, 7 + 6);
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 4 + 2);
    ck_assert_uint_eq(count_files(1, 8, 'w'), 1);
    ck_assert_uint_eq(count_files(2, 7, 'w'), 1); /* in a roll-up: its writer asks for it */
    dump_directory(&after);
    ck_assert_str_eq(before.text, after.text);
    /* The writer goes on, and the next run takes the one that stayed. */
    publish_number(2, 8);
    dump_directory(&before);
    must_roll(4, true);
    ck_assert_uint_eq(report.removed, 1);
    ck_assert_uint_eq(count_files(2, 7, 'w'), 0);
    dump_directory(&after);
    ck_assert_str_eq(before.text, after.text);
}
END_TEST

START_TEST(roll__wider_than_before__takes_roll_ups_in)
{
    publish_numbers(1, 1, 17);
    dump_directory(&before);
    must_roll(4, _i == 1);
    must_roll(16, _i == 1);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_MADE), 1);
    must_roll(8, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_MADE), 0);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_PARTIAL), 1);
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 3); /* 0 to 15, 16, 17 */
    dump_directory(&after);
    ck_assert_str_eq(before.text, after.text);
}
END_TEST

static void drop(uint32_t stream, uint64_t number)
{
    char prefix[128];
    (void)snprintf(prefix, sizeof prefix, "out/evidence/re1-%032u-%012llu-", stream,
                   (unsigned long long)number);
    const char *path = ew_memory_path(prefix, 0);
    ck_assert_ptr_nonnull(path);
    ck_assert_int_eq(ew_file_remove(path, &error), EW_OK);
}

START_TEST(roll__what_is_not_whole__is_left_and_told)
{
    struct document_plan open = {.stream = 2, .from = 6, .to = 6, .sealed = false};
    struct document_plan twice = {
        .stream = 3, .from = 5, .to = 5, .sealed = true, .forged = true};
    publish_numbers(1, 1, 12);
    drop(1, 6);
    publish_numbers(2, 4, 5);
    publish_plan(open);
    publish_numbers(2, 7, 8);
    publish_numbers(3, 4, 8);
    struct document forged = random_document(&rng, &twice);
    drop(3, 5);
    publish(&forged, true);
    publish_numbers(4, 2, 8); /* begins within a range */
    drop(3, 5);
    ew_memory_place("out/evidence/re1-00000000000000000000000000000003-000000000005-000-w-"
                    "0123456789abcdef.json",
                    "{}");
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_MISSING), 1);
    ck_assert_str_eq(told.text[EW_ROLL_UP_MISSING], "number 6 is missing");
    ck_assert_uint_eq(ranges(EW_ROLL_UP_UNSEALED), 1);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_DOUBTFUL), 1);
    ck_assert_ptr_nonnull(strstr(told.text[EW_ROLL_UP_DOUBTFUL], "0123456789abcdef.json"));
    ck_assert_uint_eq(ranges(EW_ROLL_UP_PARTIAL), 5);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_MADE), 3); /* 0 to 3 and 8 to 11 of 1, 4 to 7 of 4 */
    ck_assert_uint_eq(report.removed, 3 + 4 + 4);
    ck_assert_uint_eq(count_files(1, 5, 'w'), 1);
    ck_assert_uint_eq(count_files(3, 5, 'w'), 1);
    free_document(&forged);
}
END_TEST

START_TEST(roll__of_two_that_claim_the_same__is_left_and_told)
{
    struct document_plan twice = {
        .stream = 1, .from = 5, .to = 5, .sealed = true, .forged = true};
    publish_numbers(1, 4, 8);
    struct document forged = random_document(&rng, &twice);
    ew_memory_place("out/evidence/re1-00000000000000000000000000000001-000000000005-000-w-"
                    "0000000000000000.json",
                    forged.bytes);
    /* Under a name that is not that of its bytes it is no document at all. */
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_DOUBTFUL), 1);
    ck_assert_uint_eq(report.removed, 0);
    drop(1, 5);
    struct ew_folder *folder = NULL;
    struct ew_published published;
    struct ew_document bytes = {
        .sequence = 5, .sealed = true, .bytes = forged.bytes, .byte_count = forged.byte_count};
    memcpy(bytes.stream_id, forged.stream, sizeof bytes.stream_id);
    ck_assert_int_eq(ew_folder_open("out", &folder, &error), EW_OK);
    ck_assert_int_eq(ew_folder_put(folder, &bytes, &published, &error), EW_OK);
    ew_folder_close(folder);
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_DOUBTFUL), 1);
    ck_assert_ptr_nonnull(strstr(told.text[EW_ROLL_UP_DOUBTFUL], "two documents"));
    ck_assert_uint_eq(report.removed, 0);
    free_document(&forged);
}
END_TEST

/* Whoever can write into the folder can publish a roll-up that says less; what it would hide
 * stays. */
START_TEST(removal__of_a_roll_up_that_says_less__removes_nothing)
{
    struct document_plan plan = {.stream = 1, .from = 4, .to = 7, .sealed = true};
    publish_numbers(1, 4, 8);
    publish_plan(plan);
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_COVERED), 1);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_KEPT), 1);
    ck_assert_ptr_nonnull(strstr(told.text[EW_ROLL_UP_KEPT], "does not say all"));
    ck_assert_uint_eq(report.removed, 0);
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 6);
}
END_TEST

/* The true roll-up of numbers 4 to 7 of stream 1, as tables. */
static struct ew_evidence true_roll_up(struct ew_arena *arena)
{
    struct ew_window_set *set = NULL;
    struct ew_evidence evidence;
    char sha256[EW_SHA256_HEX_BYTES];
    char *bytes = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    ck_assert_int_eq(ew_window_set_add_directory(set, "out", &error), EW_OK);
    ck_assert_msg(ew_window_set_roll_up(set, "00000000000000000000000000000001", 4, 7, &bytes,
                                        &byte_count, &error)
                      == EW_OK,
                  "%s", error.text);
    ck_assert_msg(ew_evidence_read("r", bytes, byte_count, arena, &evidence, sha256, &error)
                      == EW_OK,
                  "%s", error.text);
    free(bytes);
    ew_window_set_destroy(set);
    return evidence;
}

enum lie { TRUTH, HITS, LAST, EDGE_HITS, SAMPLES, LOST, SITES, LIES };

/* What somebody has made a little smaller in it. */
static struct document tell_lie(const struct ew_evidence *rolled, enum lie lie)
{
    struct ew_evidence_observation seen[64];
    struct ew_evidence_edge edges[64];
    struct ew_evidence_module modules[8];
    struct ew_evidence evidence = *rolled;
    ck_assert(rolled->observation_count <= 64 && rolled->edge_count <= 64);
    ck_assert(rolled->observation_count > 0 && rolled->edge_count > 0);
    ck_assert(rolled->module_count <= 8 && rolled->module_count > 0);
    memcpy(seen, rolled->observations, rolled->observation_count * sizeof seen[0]);
    memcpy(edges, rolled->edges, rolled->edge_count * sizeof edges[0]);
    memcpy(modules, rolled->modules, rolled->module_count * sizeof modules[0]);
    evidence.observations = seen;
    evidence.edges = edges;
    evidence.modules = modules;
    seen[0].hits -= lie == HITS;
    seen[0].leaf -= lie == HITS;
    seen[0].last_100ns -= lie == LAST;
    edges[0].hits -= lie == EDGE_HITS;
    modules[0].samples -= lie == SAMPLES;
    evidence.quality.events_lost -= lie == LOST;
    evidence.edge_detail_count -= lie == SITES;
    return write_document(&evidence);
}

START_TEST(removal__of_a_roll_up_that_says_a_little_less__removes_nothing)
{
    struct ew_arena arena = {.bytes_max = 1 << 20, .block_bytes = 4096};
    rng.state = 3;
    publish_numbers(1, 4, 8);
    struct ew_evidence rolled = true_roll_up(&arena);
    ck_assert_uint_gt(rolled.edge_detail_count, 0);
    struct document document = tell_lie(&rolled, (enum lie)_i);
    publish(&document, true);
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_COVERED), 1);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_KEPT), _i != TRUTH);
    ck_assert_uint_eq(report.removed, _i == TRUTH ? 4 : 0);
    free_document(&document);
    ew_arena_clear(&arena);
}
END_TEST

START_TEST(removal__of_a_roll_up_that_was_changed__removes_nothing)
{
    size_t byte_count = 0;
    publish_numbers(1, 4, 8);
    must_roll(4, false);
    char prefix[128];
    (void)snprintf(prefix, sizeof prefix, "out/evidence/re1-%032u-%012u-000-r-", 1U, 7U);
    const char *path = ew_memory_path(prefix, 0);
    const char *bytes = ew_memory_content(path, &byte_count);
    char *changed = calloc(1, byte_count + 1);
    ck_assert_ptr_nonnull(changed);
    memcpy(changed, bytes, byte_count);
    char *hits = strstr(changed, "\"hits\":");
    ck_assert_ptr_nonnull(hits);
    hits[7] = hits[7] == '9' ? '8' : '9';
    ew_memory_place(path, changed);
    must_roll(4, true);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_KEPT), 1);
    ck_assert_ptr_nonnull(strstr(told.text[EW_ROLL_UP_KEPT], "not valid"));
    ck_assert_uint_eq(report.removed, 0);
    free(changed);
}
END_TEST

/* --- laws --------------------------------------------------------------------------------------
 */

/* Some numbers missing, some revised, some open: what is said never changes, and bytes are the
 * same whether something is removed or not. */
START_TEST(roll__of_random_directories__says_what_they_said)
{
    char names[64][160];
    size_t count = 0;
    rng.state = (uint64_t)_i + 100;
    for (uint32_t stream = 1; stream <= 2; stream++) {
        for (uint64_t number = 1; number <= 1 + random_below(&rng, 14); number++) {
            struct document_plan plan = {.stream = stream, .from = number, .to = number};
            plan.sealed = random_below(&rng, 12) > 0;
            if (random_below(&rng, 12) > 0) {
                publish_plan(plan);
            }
            if (random_below(&rng, 6) == 0) {
                plan.revision = 1;
                plan.sealed = true;
                publish_plan(plan);
            }
        }
    }
    dump_directory(&before);
    must_roll(2, false);
    must_roll(4, false);
    dump_directory(&after);
    ck_assert_str_eq(before.text, after.text);
    for (size_t i = 0; i < ew_memory_count("out/evidence/"); i++) {
        const char *path = ew_memory_path("out/evidence/", i);
        if (strstr(path, "-r-") != NULL) {
            (void)snprintf(names[count++], sizeof names[0], "%s", path);
        }
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(ew_file_remove(names[i], &error), EW_OK);
    }
    must_roll(2, true);
    must_roll(4, true);
    dump_directory(&after);
    ck_assert_str_eq(before.text, after.text);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_KEPT), 0);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        left += ew_memory_count(names[i]);
    }
    ck_assert_uint_le(left, count); /* those of 2 that lie in one of 4 are gone */
    for (size_t i = 0; i < ew_memory_count("out/evidence/"); i++) {
        const char *path = ew_memory_path("out/evidence/", i);
        left -= strstr(path, "-r-") != NULL;
    }
    ck_assert_uint_eq(left, 0); /* no other bytes than without removal */
}
END_TEST

START_TEST(roll__cut_off_at_any_operation__says_the_same_and_is_made_up_for)
{
    bool lost = true;
    unsigned steps = 0;
    for (; lost; steps++) {
        ew_memory_reset();
        rng.state = 5;
        publish_numbers(1, 1, 8);
        dump_directory(&before);
        if (_i == 0) {
            ew_memory_crash_after(steps);
        } else {
            ew_memory_fail_after(steps);
        }
        enum ew_status status = roll(4, true);
        lost = ew_memory_has_failed();
        /* A document that cannot be removed is told, and not the end. */
        ck_assert(lost ? status == EW_IO || ranges(EW_ROLL_UP_KEPT) > 0 : status == EW_OK);
        ew_memory_restart();
        dump_directory(&after);
        ck_assert_str_eq(before.text, after.text);
        must_roll(4, true);
        dump_directory(&after);
        ck_assert_str_eq(before.text, after.text);
        ck_assert_uint_eq(ew_memory_count("out/evidence/"), 3);
        ck_assert_uint_eq(ew_memory_count("out/tmp/"), 0);
    }
    ck_assert_uint_ge(steps, 15);
}
END_TEST

static void roll_meanwhile(void)
{
    must_roll(4, true);
}

/* The listing has the windows, the roll-up came later, and the windows are gone. */
START_TEST(roll__while_a_reader_is_between_listing_and_reading__hides_nothing_from_it)
{
    publish_numbers(1, 1, 9);
    dump_directory(&before);
    ck_assert_int_eq(ew_file_remove(ew_memory_path("out/heads/", 0), &error), EW_OK);
    ew_memory_before_open(roll_meanwhile);
    dump_directory(&after);
    ck_assert_uint_eq(ranges(EW_ROLL_UP_EMPTIED), 2);
    ck_assert_str_eq(before.text, after.text);
}
END_TEST

START_TEST(roll__width_that_is_no_power_of_two__is_wrong_usage)
{
    static const uint64_t widths[] = {0, 1, 3, 17, EW_ROLL_UP_WINDOWS_MAX * 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        ck_assert_int_eq(roll(widths[i], false), EW_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "power of two"));
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("roll-ups of directories");
    TCase *tests = tcase_create("directories");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, roll__whole_ranges__are_published_once_and_say_the_same);
    tcase_add_test(tests, roll__with_removal__leaves_the_roll_ups_and_the_last_window);
    tcase_add_loop_test(tests, roll__wider_than_before__takes_roll_ups_in, 0, 2);
    tcase_add_test(tests, roll__what_is_not_whole__is_left_and_told);
    tcase_add_test(tests, roll__of_two_that_claim_the_same__is_left_and_told);
    tcase_add_test(tests, removal__of_a_roll_up_that_says_less__removes_nothing);
    tcase_add_loop_test(tests, removal__of_a_roll_up_that_says_a_little_less__removes_nothing,
                        TRUTH, LIES);
    tcase_add_test(tests, removal__of_a_roll_up_that_was_changed__removes_nothing);
    tcase_add_loop_test(tests, roll__of_random_directories__says_what_they_said, 0, 60);
    tcase_add_loop_test(tests, roll__cut_off_at_any_operation__says_the_same_and_is_made_up_for,
                        0, 2);
    tcase_add_test(tests,
                   roll__while_a_reader_is_between_listing_and_reading__hides_nothing_from_it);
    tcase_add_test(tests, roll__width_that_is_no_power_of_two__is_wrong_usage);
    suite_add_tcase(suite, tests);
    return suite;
}
