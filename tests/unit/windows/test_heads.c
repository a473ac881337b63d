/* SPDX-License-Identifier: Apache-2.0 */
/* What heads tell beside documents, and that they change nothing of what documents tell. */
#include "base/filetime.h"
#include "evidence/memory_files.h"
#include "support/check_main.h"
#include "windows/random_documents.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEAT UINT64_C(134321760000000000)

static struct ew_window_set *set;
static struct ew_error error;
static struct random rng;
static char last_name[160];

static void set_up(void)
{
    ew_memory_reset();
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    rng.state = 7;
}

static void tear_down(void)
{
    ew_window_set_destroy(set);
}

/* Publishes numbers of stream 1, so that the head says when and whether it stopped. */
static void publish(const char *directory, uint64_t from, uint64_t to, bool stop)
{
    struct ew_publisher_options options = {.directory = directory, .heartbeat_100ns = BEAT + to};
    struct ew_publisher *publisher = NULL;
    struct ew_published published;
    struct ew_document bytes = {.sealed = true};
    MUST(ew_publisher_open(&options, &publisher, &error) == EW_OK);
    for (uint64_t number = from; number <= to; number++) {
        struct document_plan plan = {.stream = 1, .from = number, .to = number, .sealed = true};
        struct document document = random_document(&rng, &plan);
        bytes.sequence = number;
        bytes.start_100ns = number;
        bytes.bytes = document.bytes;
        bytes.byte_count = document.byte_count;
        memcpy(bytes.stream_id, document.stream, sizeof bytes.stream_id);
        MUST(ew_publisher_put_bytes(publisher, &bytes, &published, &error) == EW_OK);
        free_document(&document);
    }
    (void)snprintf(last_name, sizeof last_name, "%.159s", published.file_name);
    if (stop) {
        MUST(ew_publisher_finish(publisher, bytes.stream_id, &error) == EW_OK);
    }
    ew_publisher_close(publisher);
}

static void add(const char *directory)
{
    ck_assert_msg(ew_window_set_add_directory(set, directory, &error) == EW_OK, "%s", error.text);
}

static struct ew_window_set_counts counts(void)
{
    struct ew_window_set_counts out;
    ck_assert_int_eq(ew_window_set_counts(set, &out), EW_OK);
    return out;
}

static const struct ew_window_head *head(void)
{
    size_t count = 0;
    const struct ew_window_head *heads = ew_window_set_heads(set, &count);
    ck_assert_uint_eq(count, 1);
    return heads;
}

static void drop(const char *directory, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/evidence/%.200s", directory, name);
    ck_assert_int_eq(ew_file_remove(path, &error), EW_OK);
}

START_TEST(head__of_a_directory__tells_heartbeat_and_state)
{
    publish("out", 1, 3, _i == 1);
    add("out");
    ck_assert_uint_eq(counts().heads, 1);
    ck_assert_uint_eq(head()->head.heartbeat_100ns, BEAT + 3);
    ck_assert_int_eq(head()->head.stopped, _i == 1);
    ck_assert_uint_eq(head()->missing_at_end, 0);
    ck_assert(!head()->differs);
}
END_TEST

START_TEST(head__beyond_the_last_document__tells_what_is_missing_at_the_end)
{
    publish("out", 1, 3, true);
    drop("out", last_name);
    add("out");
    ck_assert_uint_eq(counts().counted, 2);
    ck_assert_uint_eq(head()->missing_at_end, 1);
    ck_assert_uint_eq(head()->head.last_sequence, 3);
}
END_TEST

START_TEST(head__without_any_document__tells_that_all_are_missing)
{
    size_t count = 1;
    publish("out", 4, 4, true);
    publish("out", 5, 6, true);
    for (size_t left = 3; left > 0; left--) {
        ck_assert_int_eq(ew_file_remove(ew_memory_path("out/evidence/", 0), &error), EW_OK);
    }
    add("out");
    ck_assert_ptr_null(ew_window_set_streams(set, &count));
    ck_assert_uint_eq(head()->missing_at_end, 3);
}
END_TEST

START_TEST(head__of_another_last_document__tells_that_it_was_replaced)
{
    struct document_plan plan = {.stream = 1, .from = 3, .to = 3, .sealed = true, .forged = true};
    struct document forged = random_document(&rng, &plan);
    struct ew_folder *folder = NULL;
    struct ew_published published;
    struct ew_document bytes = {
        .sequence = 3, .sealed = true, .bytes = forged.bytes, .byte_count = forged.byte_count};
    memcpy(bytes.stream_id, forged.stream, sizeof bytes.stream_id);
    publish("out", 1, 3, true);
    drop("out", last_name);
    ck_assert_int_eq(ew_folder_open("out", &folder, &error), EW_OK);
    ck_assert_int_eq(ew_folder_put(folder, &bytes, &published, &error), EW_OK);
    ew_folder_close(folder);
    add("out");
    ck_assert_uint_eq(head()->missing_at_end, 0);
    ck_assert(head()->differs);
    free_document(&forged);
}
END_TEST

/* Yesterday's copy and the directory itself, in both orders, also through a union. */
START_TEST(heads__of_one_stream_in_several_directories__the_later_one_counts)
{
    struct ew_window_set *other = NULL;
    struct ew_window_set *both = NULL;
    publish("old", 1, 2, false);
    rng.state = 7;
    publish("new", 1, 4, true);
    add(_i == 0 ? "old" : "new");
    add(_i == 0 ? "new" : "old");
    ck_assert_uint_eq(head()->head.last_sequence, 4);
    ck_assert(head()->head.stopped);
    ck_assert_int_eq(ew_window_set_create(&other), EW_OK);
    ck_assert_int_eq(ew_window_set_create(&both), EW_OK);
    ck_assert_int_eq(ew_window_set_add_directory(other, _i == 0 ? "new" : "old", &error), EW_OK);
    ck_assert_int_eq(ew_window_set_add_directory(both, _i == 0 ? "old" : "new", &error), EW_OK);
    ck_assert_int_eq(ew_window_set_join(both, other, &error), EW_OK);
    size_t count = 0;
    const struct ew_window_head *joined = ew_window_set_heads(both, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(joined->head.last_sequence, 4);
    ew_window_set_destroy(other);
    ew_window_set_destroy(both);
}
END_TEST

static void place_head(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "out/heads/%s", name);
    ew_memory_place(path, text);
}

START_TEST(head__that_is_not_valid__is_counted_and_no_failure)
{
    static char large[EW_HEAD_BYTES_MAX + 2];
    char valid[EW_HEAD_BYTES_MAX + 1];
    size_t byte_count = 0;
    publish("out", 1, 2, true);
    const char *bytes = ew_memory_content(ew_memory_path("out/heads/", 0), &byte_count);
    memcpy(valid, bytes, byte_count);
    valid[byte_count] = '\0';
    memset(large, ' ', sizeof large - 1);
    place_head("0000000000000000000000000000000a.head.json", valid); /* of another stream */
    place_head("0000000000000000000000000000000b.head.json", "{}");
    place_head("0000000000000000000000000000000c.head.json", large);
    place_head("0000000000000000000000000000000d.head.json", "");
    place_head("notes.txt", "not ours");
    add("out");
    ck_assert_uint_eq(counts().heads, 1);
    ck_assert_uint_eq(counts().heads_refused, 4);
    ck_assert_uint_eq(counts().counted, 2);
    ck_assert_uint_eq(counts().refused, 0);
    ck_assert_ptr_nonnull(strstr(ew_window_set_head_refusal(set), "another stream"));
}
END_TEST

/* The same documents are the same set, whatever heads say of them. */
START_TEST(heads__or_none__do_not_change_the_digest)
{
    char with[72];
    char without[72];
    publish("out", 1, 3, true);
    add("out");
    ck_assert_int_eq(ew_window_set_digest(set, with), EW_OK);
    ew_window_set_destroy(set);
    ck_assert_int_eq(ew_file_remove(ew_memory_path("out/heads/", 0), &error), EW_OK);
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    add("out");
    ck_assert_int_eq(ew_window_set_digest(set, without), EW_OK);
    ck_assert_str_eq(with, without);
    ck_assert_uint_eq(counts().heads, 0);
    ck_assert_uint_eq(counts().heads_refused, 0);
}
END_TEST

START_TEST(compressed_documents__are_counted_and_not_read)
{
    char path[512];
    publish("out", 1, 2, true);
    (void)snprintf(path, sizeof path, "out/evidence/%.159s.gz", last_name);
    ew_memory_place(path, "\x1f\x8b\x08");
    ew_memory_place("out/evidence/notes.json.gz", "\x1f\x8b\x08");
    drop("out", last_name);
    add("out");
    ck_assert_uint_eq(counts().compressed, 1);
    ck_assert_uint_eq(counts().refused, 0);
    ck_assert_uint_eq(head()->missing_at_end, 1);
    ck_assert_int_eq(ew_window_set_add(set, path, &error), EW_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.text, "gunzip"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("heads");
    TCase *tests = tcase_create("heads");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, head__of_a_directory__tells_heartbeat_and_state, 0, 2);
    tcase_add_test(tests, head__beyond_the_last_document__tells_what_is_missing_at_the_end);
    tcase_add_test(tests, head__without_any_document__tells_that_all_are_missing);
    tcase_add_test(tests, head__of_another_last_document__tells_that_it_was_replaced);
    tcase_add_loop_test(tests, heads__of_one_stream_in_several_directories__the_later_one_counts,
                        0, 2);
    tcase_add_test(tests, head__that_is_not_valid__is_counted_and_no_failure);
    tcase_add_test(tests, heads__or_none__do_not_change_the_digest);
    tcase_add_test(tests, compressed_documents__are_counted_and_not_read);
    suite_add_tcase(suite, tests);
    return suite;
}
