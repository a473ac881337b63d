/* SPDX-License-Identifier: Apache-2.0 */
/* What a set tells of its documents: revisions, conflicts, missing numbers, directories. */
#include "platform/file.h"
#include "support/check_main.h"
#include "windows/random_documents.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ew_window_set *set;
static struct ew_error error;
static struct random rng;

static void set_up(void)
{
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    rng.state = 7;
}

static void tear_down(void)
{
    ew_window_set_destroy(set);
}

static enum ew_status add(const struct document *document)
{
    memset(&error, 0, sizeof error);
    return ew_window_set_add_bytes(set, "doc", document->bytes, document->byte_count, &error);
}

static void add_random(uint64_t from, uint64_t to, uint32_t revision)
{
    struct document_plan plan = {0, from, to, revision, true, false};
    struct document document = random_document(&rng, &plan);
    ck_assert_msg(add(&document) == EW_OK, "%s", error.text);
    free_document(&document);
}

static struct ew_window_set_counts counts(void)
{
    struct ew_window_set_counts out;
    ck_assert_int_eq(ew_window_set_counts(set, &out), EW_OK);
    return out;
}

static const struct ew_window_stream *stream(void)
{
    size_t count = 0;
    const struct ew_window_stream *streams = ew_window_set_streams(set, &count);
    ck_assert_uint_eq(count, 1);
    return streams;
}

START_TEST(set__without_documents__has_nothing_and_a_digest)
{
    char digest[72];
    size_t count = 1;
    ck_assert_ptr_null(ew_window_set_windows(set, &count));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(ew_window_set_streams(set, &count));
    ck_assert_int_eq(ew_window_set_digest(set, digest), EW_OK);
    ck_assert_str_eq(digest,
                     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(set__of_revisions__keeps_the_highest)
{
    size_t count = 0;
    add_random(5, 5, 2);
    add_random(5, 5, 0);
    add_random(5, 5, 10);
    ck_assert_uint_eq(ew_window_set_windows(set, &count)->evidence->revision, 10);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(counts().superseded, 2);
    ck_assert_uint_eq(stream()->conflicts, 0);
}
END_TEST

START_TEST(set__of_two_that_claim_the_same__tells_of_the_conflict)
{
    add_random(5, 5, 0);
    add_random(5, 5, 0);
    ck_assert_uint_eq(counts().conflicts, 1);
    ck_assert_uint_eq(counts().counted, 1);
    ck_assert_uint_eq(stream()->conflicts, 1);
}
END_TEST

START_TEST(set__with_missing_numbers__tells_how_many)
{
    add_random(3, 3, 0);
    add_random(6, 6, 0);
    add_random(8, 15, 0);
    ck_assert_uint_eq(stream()->first_sequence, 3);
    ck_assert_uint_eq(stream()->last_sequence, 15);
    ck_assert_uint_eq(stream()->missing, 3);
    ck_assert_uint_eq(stream()->windows, 10);
}
END_TEST

START_TEST(set__of_an_unaligned_roll_up__refuses_it)
{
    struct document_plan plan = {0, 2, 3, 0, true, false};
    struct document document = random_document(&rng, &plan);
    char *covers = strstr(document.bytes, "\"covers\":{\"from\":2");
    ck_assert_ptr_nonnull(covers);
    covers[strlen("\"covers\":{\"from\":")] = '1';
    ck_assert_int_eq(add(&document), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "aligned"));
    ck_assert_uint_eq(counts().documents, 0);
    free_document(&document);
}
END_TEST

/* A document whose bytes were changed no longer is the one that its follower names. */
START_TEST(set__with_a_changed_document__tells_of_the_broken_link)
{
    struct ew_evidence_source source = {.kind = EW_SOURCE_STACK_SAMPLE};
    struct ew_evidence evidence = {.producer_version = "1",
                                   .stream_id = "0123456789abcdef0123456789abcdef",
                                   .sequence = 1,
                                   .sealed = true,
                                   .end_100ns = 1,
                                   .host_id = "h",
                                   .arch = "x86",
                                   .subject_kind = "host",
                                   .subject_name = "h",
                                   .sources = &source,
                                   .source_count = 1};
    size_t count = 0;
    struct document before = write_document(&evidence);
    ck_assert_int_eq(add(&before), EW_OK);
    memcpy(evidence.previous, ew_window_set_windows(set, &count)->sha256,
           sizeof evidence.previous);
    evidence.sequence = 2;
    struct document after = write_document(&evidence);
    ck_assert_int_eq(add(&after), EW_OK);
    ck_assert_uint_eq(stream()->broken_links, 0);
    evidence.sequence = 1;
    evidence.revision = 1;
    evidence.host_id = "other";
    evidence.previous[0] = '\0';
    struct document changed = write_document(&evidence);
    ck_assert_int_eq(add(&changed), EW_OK);
    ck_assert_uint_eq(stream()->broken_links, 1);
    ck_assert(stream()->mixed);
    free_document(&before);
    free_document(&after);
    free_document(&changed);
}
END_TEST

/* --- directories -----------------------------------------------------------------------------
 */

static void write_file(const char *path, const char *text, size_t byte_count)
{
    struct ew_file *file = NULL;
    ck_assert_msg(ew_file_create(path, true, &file, &error) == EW_OK, "%s", error.text);
    ck_assert_int_eq(ew_file_write_at(file, 0, text, byte_count, &error), EW_OK);
    ew_file_close(file);
}

START_TEST(directory__with_a_changed_file__counts_it_and_takes_the_others)
{
    struct ew_publisher_options options = {.directory = "windows-set-test"};
    struct ew_publisher *publisher = NULL;
    struct ew_published published;
    char path[512];
    ck_assert_msg(ew_publisher_open(&options, &publisher, &error) == EW_OK, "%s", error.text);
    for (uint64_t number = 1; number <= 3; number++) {
        struct document_plan plan = {0, number, number, 0, true, false};
        struct document random = random_document(&rng, &plan);
        struct ew_document document = {.sequence = number,
                                       .sealed = true,
                                       .start_100ns = number,
                                       .bytes = random.bytes,
                                       .byte_count = random.byte_count};
        memcpy(document.stream_id, random.stream, sizeof document.stream_id);
        ck_assert_int_eq(ew_publisher_put_bytes(publisher, &document, &published, &error), EW_OK);
        free_document(&random);
    }
    ew_publisher_close(publisher);
    (void)snprintf(path, sizeof path, "windows-set-test/evidence/%s", published.file_name);
    write_file(path, "{}", 2);
    write_file("windows-set-test/evidence/notes.json", "not ours", 8);
    ck_assert_msg(ew_window_set_add_directory(set, "windows-set-test", &error) == EW_OK, "%s",
                  error.text);
    ck_assert_uint_eq(counts().refused, 1);
    ck_assert_uint_eq(counts().counted, 2);
    ck_assert_ptr_nonnull(strstr(ew_window_set_refusal(set), published.file_name));
    /* The folder itself may be given, and twice: nothing changes. */
    ck_assert_int_eq(ew_window_set_add_directory(set, "windows-set-test/evidence", &error),
                     EW_OK);
    ck_assert_uint_eq(counts().counted, 2);
    ck_assert_uint_eq(counts().repeated, 2);
    ck_assert_int_eq(ew_window_set_add_directory(set, "windows-set-none", &error), EW_NOT_FOUND);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("window sets");
    TCase *tests = tcase_create("sets");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, set__without_documents__has_nothing_and_a_digest);
    tcase_add_test(tests, set__of_revisions__keeps_the_highest);
    tcase_add_test(tests, set__of_two_that_claim_the_same__tells_of_the_conflict);
    tcase_add_test(tests, set__with_missing_numbers__tells_how_many);
    tcase_add_test(tests, set__of_an_unaligned_roll_up__refuses_it);
    tcase_add_test(tests, set__with_a_changed_document__tells_of_the_broken_link);
    tcase_add_test(tests, directory__with_a_changed_file__counts_it_and_takes_the_others);
    suite_add_tcase(suite, tests);
    return suite;
}
