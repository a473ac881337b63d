/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher whose documents are rolled up and removed beside it: numbers, heads, retention. */
#include "base/filetime.h"
#include "evidence/memory_files.h"
#include "evidence/sample_evidence.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ew_error error;
static char stream[EW_STREAM_ID_BYTES];

static void set_up(void)
{
    struct ew_evidence evidence = ew_sample_minimal();
    ew_memory_reset();
    memcpy(stream, evidence.stream_id, sizeof stream);
}

static struct ew_publisher *open_with(uint64_t retention_bytes)
{
    struct ew_publisher_options options = {.directory = "out",
                                           .retention_bytes = retention_bytes,
                                           .heartbeat_100ns = EW_SAMPLE_START};
    struct ew_publisher *publisher = NULL;
    ck_assert_msg(ew_publisher_open(&options, &publisher, &error) == EW_OK, "%s", error.text);
    return publisher;
}

static struct ew_evidence window(uint64_t sequence)
{
    struct ew_evidence evidence = ew_sample_minimal();
    evidence.sequence = sequence;
    evidence.sealed = true;
    evidence.start_100ns += sequence * 1000;
    evidence.end_100ns += sequence * 1000;
    return evidence;
}

static struct ew_evidence roll_up(uint64_t from, uint64_t to)
{
    struct ew_evidence evidence = window(to);
    evidence.covers_from = from;
    evidence.covers_to = to;
    evidence.reason = EW_WINDOW_ROLLUP;
    evidence.start_100ns = window(from).start_100ns;
    return evidence;
}

static struct ew_published put(struct ew_publisher *publisher, const struct ew_evidence *evidence)
{
    struct ew_published published = {.existed = false};
    ck_assert_msg(ew_publisher_put(publisher, evidence, &published, &error) == EW_OK, "%s",
                  error.text);
    return published;
}

static struct ew_published put_window(struct ew_publisher *publisher, uint64_t sequence)
{
    struct ew_evidence evidence = window(sequence);
    return put(publisher, &evidence);
}

/* --- documents as bytes ----------------------------------------------------------------- */

struct text {
    char bytes[8192];
    size_t used;
};

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct text *text = context;
    ck_assert_uint_le(text->used + byte_count, sizeof text->bytes);
    memcpy(text->bytes + text->used, bytes, byte_count);
    text->used += byte_count;
    return true;
}

static struct ew_document as_bytes(const struct ew_evidence *evidence, struct text *text)
{
    struct ew_document document = {.sequence = evidence->sequence,
                                   .sealed = evidence->sealed,
                                   .start_100ns = evidence->start_100ns,
                                   .rollup = evidence->covers_to != 0,
                                   .covers_from = evidence->covers_from};
    text->used = 0;
    ck_assert_msg(ew_evidence_write(evidence, collect, text, &error) == EW_OK, "%s", error.text);
    memcpy(document.stream_id, evidence->stream_id, sizeof document.stream_id);
    document.bytes = text->bytes;
    document.byte_count = text->used;
    return document;
}

static struct ew_published put_beside(const struct ew_evidence *evidence)
{
    struct text text;
    struct ew_published published;
    struct ew_folder *folder = NULL;
    struct ew_document document = as_bytes(evidence, &text);
    ck_assert_msg(ew_folder_open("out", &folder, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_folder_put(folder, &document, &published, &error) == EW_OK, "%s",
                  error.text);
    ew_folder_close(folder);
    return published;
}

static void remove_document(const struct ew_published *published)
{
    char path[512];
    (void)snprintf(path, sizeof path, "out/evidence/%.159s", published->file_name);
    ck_assert_int_eq(ew_file_remove(path, &error), EW_OK);
}

static bool is_there(const struct ew_published *published)
{
    char path[512];
    (void)snprintf(path, sizeof path, "out/evidence/%.159s", published->file_name);
    return ew_memory_count(path) == 1;
}

static struct ew_head head(void)
{
    struct ew_head out;
    size_t byte_count = 0;
    const char *bytes = ew_memory_content(ew_memory_path("out/heads/", 0), &byte_count);
    ck_assert_msg(ew_head_read("head", bytes, byte_count, &out, &error) == EW_OK, "%s",
                  error.text);
    return out;
}

/* --- names -------------------------------------------------------------------------------- */

START_TEST(roll_up__published__has_its_letter_and_stands_beside_the_last_window)
{
    struct ew_publisher *publisher = open_with(0);
    struct ew_evidence seven = roll_up(0, 7);
    struct ew_evidence four = roll_up(4, 7);
    struct ew_published last = put_window(publisher, 7);
    struct ew_published rolled = put(publisher, &seven);
    ck_assert_ptr_nonnull(strstr(rolled.file_name, "-000000000007-000-r-"));
    ck_assert(!put(publisher, &four).existed); /* of the same number, of another range */
    ck_assert(put_window(publisher, 7).existed);
    ck_assert_str_eq(head().last_file, last.file_name);
    ck_assert_uint_eq(head().first_sequence, 1);
    ew_publisher_close(publisher);
    publisher = open_with(0);
    ck_assert(put_window(publisher, 7).existed);
    ck_assert(put(publisher, &seven).existed);
    seven.quality.events_lost = 1;
    struct ew_published refused;
    ck_assert_int_eq(ew_publisher_put(publisher, &seven, &refused, &error), EW_EXISTS);
    ew_publisher_close(publisher);
}
END_TEST

/* --- numbers ------------------------------------------------------------------------------ */

static struct ew_stream_state state_of(struct ew_publisher *publisher)
{
    struct ew_stream_state state;
    ck_assert_msg(ew_publisher_stream(publisher, stream, &state, &error) == EW_OK, "%s",
                  error.text);
    return state;
}

START_TEST(stream__with_its_windows_rolled_up_and_removed__goes_on_after_the_last)
{
    struct ew_publisher *publisher = open_with(0);
    struct ew_published windows[7];
    struct ew_evidence rolled = roll_up(0, 7);
    for (uint64_t number = 1; number <= 7; number++) {
        windows[number - 1] = put_window(publisher, number);
    }
    ck_assert_int_eq(ew_publisher_finish(publisher, stream, &error), EW_OK);
    ew_publisher_close(publisher);
    struct ew_published beside = put_beside(&rolled);
    ck_assert_ptr_nonnull(strstr(beside.file_name, "-r-"));
    /* The last window stays, or goes too: the next document follows that window. */
    for (uint64_t number = 1; number <= (_i == 0 ? 6U : 7U); number++) {
        remove_document(&windows[number - 1]);
    }
    publisher = open_with(0);
    struct ew_stream_state state = state_of(publisher);
    ck_assert_uint_eq(state.sequence, 7);
    ck_assert_uint_eq(state.end_100ns, rolled.end_100ns);
    ck_assert_str_eq(state.sha256, windows[6].sha256);
    ck_assert(state.stopped);
    ck_assert_int_eq(ew_publisher_renew(publisher, stream, &error), EW_OK);
    ck_assert_uint_eq(head().first_sequence, 1);
    ck_assert_uint_eq(head().last_sequence, 7);
    ck_assert_str_eq(head().last_sha256, windows[6].sha256);
    (void)put_window(publisher, 8);
    ck_assert_uint_eq(head().first_sequence, 1);
    ck_assert_uint_eq(head().last_sequence, 8);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(stream__with_its_end_removed_by_somebody__gives_no_number_twice)
{
    struct ew_publisher *publisher = open_with(0);
    struct ew_published first = put_window(publisher, 1);
    struct ew_published second = put_window(publisher, 2);
    struct ew_published third = put_window(publisher, 3);
    ew_publisher_close(publisher);
    remove_document(&third);
    remove_document(&second);
    if (_i == 1) {
        remove_document(&first);
    }
    publisher = open_with(0);
    ck_assert_uint_eq(state_of(publisher).sequence, 3);
    ck_assert_str_eq(state_of(publisher).sha256, third.sha256);
    ck_assert_uint_eq(state_of(publisher).end_100ns,
                      _i == 0 ? window(1).end_100ns : EW_SAMPLE_START);
    /* Cut off before it publishes anything: the head still knows. */
    ck_assert_int_eq(ew_publisher_renew(publisher, stream, &error), EW_OK);
    ew_publisher_close(publisher);
    publisher = open_with(0);
    ck_assert_uint_eq(state_of(publisher).sequence, 3);
    (void)put_window(publisher, 4);
    ck_assert_uint_eq(head().first_sequence, _i == 0 ? 1 : 4);
    ck_assert_uint_eq(head().last_sequence, 4);
    ew_publisher_close(publisher);
}
END_TEST

/* --- retention ------------------------------------------------------------------------------ */

START_TEST(retention__of_what_lies_in_a_roll_up__comes_first_and_leaves_no_gap)
{
    struct ew_publisher *publisher = open_with(0);
    struct ew_published windows[16];
    struct ew_evidence rolled = roll_up(8, 15);
    uint64_t bytes = 0;
    for (uint64_t number = 1; number <= 16; number++) {
        windows[number - 1] = put_window(publisher, number);
        bytes = windows[number - 1].bytes;
    }
    struct ew_published wide = put(publisher, &rolled);
    ew_publisher_close(publisher);
    /* Room for twelve: six of seventeen must go, one after the other out of the roll-up. */
    publisher = open_with(bytes * 12);
    (void)put_window(publisher, 17);
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 11); /* the roll-up is larger */
    ck_assert(is_there(&wide));
    for (uint64_t number = 1; number <= 16; number++) {
        ck_assert_int_eq(is_there(&windows[number - 1]), number < 8 || number > 14);
    }
    ck_assert_uint_eq(head().first_sequence, 1);
    ew_publisher_close(publisher);
    /* Then the oldest, and a roll-up is as old as the first of its range. */
    publisher = open_with(bytes * 2);
    (void)put_window(publisher, 18);
    ck_assert(!is_there(&wide));
    ck_assert_uint_eq(head().first_sequence, 17);
    ew_publisher_close(publisher);
}
END_TEST

/* Somebody rolls up beside the publisher: a minute later it knows, before it deletes. */
START_TEST(retention__beside_roll_ups_of_others__counts_what_is_there)
{
    struct ew_publisher *publisher = open_with(0);
    uint64_t bytes = put_window(publisher, 1).bytes;
    ew_publisher_close(publisher);
    publisher = open_with(bytes * 5 + bytes / 2);
    struct ew_published windows[4];
    for (uint64_t number = 2; number <= 4; number++) {
        windows[number - 1] = put_window(publisher, number);
    }
    struct ew_evidence rolled = roll_up(2, 3);
    struct ew_published wide = put_beside(&rolled);
    remove_document(&windows[1]);
    remove_document(&windows[2]);
    ew_publisher_set_heartbeat(publisher, EW_SAMPLE_START + 60 * EW_FILETIME_SECOND);
    (void)put_window(publisher, 5);
    (void)put_window(publisher, 6); /* the sixth, and there are five documents */
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 5);
    ck_assert_uint_eq(head().first_sequence, 1);
    (void)put_window(publisher, 7);
    ck_assert_uint_eq(ew_memory_count("out/evidence/"), 5);
    ck_assert(is_there(&wide));
    ck_assert_uint_eq(head().first_sequence, 2);
    ew_publisher_close(publisher);
}
END_TEST

/* --- beside a publisher --------------------------------------------------------------------- */

START_TEST(folder__power_lost_at_any_step__shows_whole_documents_and_leaves_nothing)
{
    bool lost = true;
    unsigned steps = 0;
    struct ew_evidence rolled = roll_up(0, 1);
    for (; lost; steps++) {
        struct text text;
        struct ew_published published;
        struct ew_folder *folder = NULL;
        struct ew_document document = as_bytes(&rolled, &text);
        ew_memory_reset();
        struct ew_publisher *publisher = open_with(0);
        (void)put_window(publisher, 1);
        ck_assert_int_eq(ew_folder_open("out", &folder, &error), EW_OK);
        ew_memory_crash_after(steps);
        enum ew_status status = ew_folder_put(folder, &document, &published, &error);
        lost = ew_memory_has_failed();
        ck_assert_int_eq(status, lost ? EW_IO : EW_OK);
        ew_folder_close(folder);
        ew_memory_restart();
        struct ew_published again = put_beside(&rolled);
        ck_assert_uint_eq(ew_memory_count("out/tmp/"), 0);
        ck_assert_uint_eq(ew_memory_count("out/evidence/"), 2);
        ck_assert(is_there(&again));
        ck_assert_uint_eq(head().last_sequence, 1);
        ew_publisher_close(publisher);
    }
    ck_assert_uint_ge(steps, 6);
}
END_TEST

/* Windows removes no file that another process writes. */
START_TEST(publisher__beside_one_that_is_at_work__opens_although_its_file_stays)
{
    enum { FOLDERS = 3 };
    ew_memory_place("out/tmp/re1-00000000000000000000000000000001-000000000015-000-"
                    "0123456789abcdef.part",
                    "{");
    ew_memory_fail_after(FOLDERS);
    ew_publisher_close(open_with(0));
    ck_assert(ew_memory_has_failed());
    ck_assert_uint_eq(ew_memory_count("out/tmp/"), 1);
    ew_publisher_close(open_with(0));
    ck_assert_uint_eq(ew_memory_count("out/tmp/"), 0);
}
END_TEST

START_TEST(folder__of_a_directory__lists_ranges_and_counts_what_is_compressed)
{
    struct ew_folder *folder = NULL;
    struct ew_folder_document document;
    struct ew_evidence rolled = roll_up(0, 3);
    struct ew_publisher *publisher = open_with(0);
    (void)put_window(publisher, 3);
    (void)put_window(publisher, 4);
    struct ew_published published = put_beside(&rolled);
    char path[512];
    (void)snprintf(path, sizeof path, "out/evidence/%.159s.gz", published.file_name);
    ew_memory_place(path, "\x1f\x8b");
    ew_memory_place("out/evidence/other.json.gz", "\x1f\x8b");
    ew_memory_place("out/evidence/notes.txt", "not ours");
    ck_assert_int_eq(ew_folder_open("out", &folder, &error), EW_OK);
    ck_assert_uint_eq(ew_folder_count(folder), 3);
    ew_folder_at(folder, 0, &document);
    ck_assert(document.name.rollup);
    ck_assert_uint_eq(document.from, 0);
    ck_assert_uint_eq(document.bytes, published.bytes);
    ew_folder_at(folder, 1, &document);
    ck_assert_uint_eq(document.name.sequence, 3);
    ck_assert_uint_eq(document.from, 3);
    ck_assert_uint_eq(ew_folder_compressed(folder), 1);
    ew_folder_close(folder);
    ew_publisher_close(publisher);
}
END_TEST

/* --- heads ------------------------------------------------------------------------------------
 */

START_TEST(head__with_any_byte_changed__is_refused_or_tells_what_it_says)
{
    struct ew_head before;
    struct ew_head now;
    size_t byte_count = 0;
    struct ew_publisher *publisher = open_with(0);
    (void)put_window(publisher, 1);
    ew_publisher_close(publisher);
    const char *bytes = ew_memory_content(ew_memory_path("out/heads/", 0), &byte_count);
    char changed[EW_HEAD_BYTES_MAX];
    before = head();
    ck_assert_uint_eq(before.heartbeat_100ns, EW_SAMPLE_START);
    ck_assert(!before.stopped);
    for (size_t i = 0; i < byte_count; i++) {
        memcpy(changed, bytes, byte_count);
        changed[i] = changed[i] == '9' ? '8' : '9';
        enum ew_status status = ew_head_read("head", changed, byte_count, &now, &error);
        ck_assert(status == EW_OK || status == EW_FORMAT);
        ck_assert(status != EW_OK || memcmp(&now, &before, sizeof now) != 0);
    }
    ck_assert_int_eq(ew_head_read("head", bytes, byte_count - 1, &now, &error), EW_FORMAT);
    ck_assert_int_eq(ew_head_read("head", "{}", 2, &now, &error), EW_FORMAT);
    ck_assert_int_eq(ew_head_read("head", bytes, EW_HEAD_BYTES_MAX + 1, &now, &error), EW_LIMIT);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("rolled up");
    TCase *tests = tcase_create("rolled up");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, roll_up__published__has_its_letter_and_stands_beside_the_last_window);
    tcase_add_loop_test(
        tests, stream__with_its_windows_rolled_up_and_removed__goes_on_after_the_last, 0, 2);
    tcase_add_loop_test(tests, stream__with_its_end_removed_by_somebody__gives_no_number_twice, 0,
                        2);
    tcase_add_test(tests, retention__of_what_lies_in_a_roll_up__comes_first_and_leaves_no_gap);
    tcase_add_test(tests, retention__beside_roll_ups_of_others__counts_what_is_there);
    tcase_add_test(tests,
                   folder__power_lost_at_any_step__shows_whole_documents_and_leaves_nothing);
    tcase_add_test(tests, publisher__beside_one_that_is_at_work__opens_although_its_file_stays);
    tcase_add_test(tests, folder__of_a_directory__lists_ranges_and_counts_what_is_compressed);
    tcase_add_test(tests, head__with_any_byte_changed__is_refused_or_tells_what_it_says);
    suite_add_tcase(suite, tests);
    return suite;
}
