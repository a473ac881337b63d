/* SPDX-License-Identifier: Apache-2.0 */
/* Documents appear whole, under their hash, once; heads and retention follow. */
#include "base/text.h"
#include "etwitness/evidence.h"
#include "evidence/sample_evidence.h"
#include "platform/file.h"
#include "platform/hash.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[64];
static struct ew_error error;

static void path_of(char out[256], const char *folder, const char *name)
{
    (void)snprintf(out, 256, "%s/%s/%s", root, folder, name);
}

static bool remove_file(void *folder, const char *name, uint64_t bytes)
{
    char path[256];
    (void)bytes;
    path_of(path, folder, name);
    ck_assert_int_eq(ew_file_remove(path, &error), EW_OK);
    return true;
}

static void clean(void)
{
    static char folders[3][9] = {"tmp", "evidence", "heads"};
    for (int i = 0; i < 3; i++) {
        char path[256];
        path_of(path, folders[i], "");
        (void)!ew_directory_list(path, remove_file, folders[i], &error);
    }
}

static void set_up(void)
{
    (void)snprintf(root, sizeof root, "publisher-test");
    clean();
}

static struct ew_publisher *open_with(uint64_t retention_bytes)
{
    struct ew_publisher_options options = {
        .directory = root, .retention_bytes = retention_bytes, .heartbeat_100ns = 1};
    struct ew_publisher *publisher = NULL;
    ck_assert_msg(ew_publisher_open(&options, &publisher, &error) == EW_OK, "%s", error.text);
    return publisher;
}

static bool count_file(void *count, const char *name, uint64_t bytes)
{
    (void)name;
    (void)bytes;
    ++*(unsigned *)count;
    return true;
}

static unsigned files_in(const char *folder)
{
    char path[256];
    unsigned count = 0;
    path_of(path, folder, "");
    ck_assert_int_eq(ew_directory_list(path, count_file, &count, &error), EW_OK);
    return count;
}

static struct ew_evidence window(uint64_t sequence)
{
    struct ew_evidence evidence = ew_sample_minimal();
    evidence.sequence = sequence;
    evidence.start_100ns += sequence * 1000;
    evidence.end_100ns += sequence * 1000;
    return evidence;
}

static struct ew_published put(struct ew_publisher *publisher, uint64_t sequence)
{
    struct ew_evidence evidence = window(sequence);
    struct ew_published published = {.existed = false};
    ck_assert_msg(ew_publisher_put(publisher, &evidence, &published, &error) == EW_OK, "%s",
                  error.text);
    return published;
}

static char *read_in(const char *folder, const char *name, size_t *bytes_out)
{
    char path[256];
    char *bytes = NULL;
    path_of(path, folder, name);
    ck_assert_msg(ew_file_read_all(path, 1 << 20, &bytes, bytes_out, &error) == EW_OK, "%s",
                  error.text);
    return bytes;
}

static char *read_head(void)
{
    struct ew_evidence evidence = window(1);
    char name[64];
    size_t bytes;
    (void)snprintf(name, sizeof name, "%s.head.json", evidence.stream_id);
    return read_in("heads", name, &bytes);
}

START_TEST(document__published__lies_under_the_hash_of_its_bytes)
{
    struct ew_publisher *publisher = open_with(0);
    struct ew_published published = put(publisher, 1);
    size_t bytes = 0;
    char *text = read_in("evidence", published.file_name, &bytes);
    uint8_t digest[EW_SHA256_BYTES];
    char hex[EW_SHA256_HEX_BYTES];
    struct ew_sha256 *hash = NULL;
    ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
    ew_sha256_update(hash, text, bytes);
    ck_assert_int_eq(ew_sha256_finish(hash, digest), EW_OK);
    ew_text_hex(digest, sizeof digest, hex);
    ck_assert_str_eq(hex, published.sha256);
    ck_assert_ptr_nonnull(strstr(published.file_name, "-000000000001-000-w-"));
    hex[16] = '\0';
    ck_assert_ptr_nonnull(strstr(published.file_name, hex));
    ck_assert_uint_eq(bytes, published.bytes);
    ck_assert_uint_eq(files_in("tmp"), 0);
    free(text);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(document__published_again__is_there_once)
{
    struct ew_publisher *publisher = open_with(0);
    ck_assert(!put(publisher, 1).existed);
    ck_assert(put(publisher, 1).existed);
    ew_publisher_close(publisher);
    publisher = open_with(0);
    ck_assert(put(publisher, 1).existed);
    ck_assert_uint_eq(files_in("evidence"), 1);
    ck_assert_uint_eq(files_in("tmp"), 0);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(document__other_content_for_the_same_window__is_refused)
{
    struct ew_publisher *publisher = open_with(0);
    (void)put(publisher, 1);
    struct ew_evidence other = window(1);
    struct ew_published published;
    other.quality.events_lost = 12345;
    ck_assert_int_eq(ew_publisher_put(publisher, &other, &published, &error), EW_EXISTS);
    ck_assert_ptr_nonnull(strstr(error.text, "other content"));
    ck_assert_uint_eq(files_in("evidence"), 1);
    ck_assert_uint_eq(files_in("tmp"), 0);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(document__broken_tables__leaves_nothing_behind)
{
    struct ew_publisher *publisher = open_with(0);
    struct ew_evidence evidence = window(1);
    struct ew_published published;
    evidence.sequence = 0;
    ck_assert_int_eq(ew_publisher_put(publisher, &evidence, &published, &error), EW_FORMAT);
    ck_assert_uint_eq(files_in("evidence"), 0);
    ck_assert_uint_eq(files_in("tmp"), 0);
    ck_assert_uint_eq(files_in("heads"), 0);
    ew_publisher_close(publisher);
}
END_TEST

static void leave(const char *folder, const char *name)
{
    char path[256];
    struct ew_file *file = NULL;
    path_of(path, folder, name);
    ck_assert_int_eq(ew_file_create(path, true, &file, &error), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, "{\"half", 6, &error), EW_OK);
    ew_file_close(file);
}

START_TEST(partial_files__of_a_writer_that_was_stopped__are_removed_and_strangers_are_not)
{
    ew_publisher_close(open_with(0));
    leave("tmp", "re1-00000000000000000000000000000001-000000000001-000.part");
    leave("tmp", "00000000000000000000000000000001.head.part");
    leave("tmp", "notes.txt");
    leave("evidence", "notes.txt");
    struct ew_publisher *publisher = open_with(0);
    ck_assert_uint_eq(files_in("tmp"), 1);
    (void)put(publisher, 1);
    ck_assert_uint_eq(files_in("evidence"), 2);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(head__tells_the_last_document__and_when_it_stopped)
{
    struct ew_publisher *publisher = open_with(0);
    (void)put(publisher, 1);
    struct ew_published last = put(publisher, 2);
    char *head = read_head();
    ck_assert_ptr_nonnull(strstr(head, "\"firstSeq\":1"));
    ck_assert_ptr_nonnull(strstr(head, "\"lastSeq\":2"));
    ck_assert_ptr_nonnull(strstr(head, last.file_name));
    ck_assert_ptr_nonnull(strstr(head, last.sha256));
    ck_assert_ptr_nonnull(strstr(head, "\"state\":\"running\""));
    free(head);
    struct ew_evidence evidence = window(2);
    ck_assert_int_eq(ew_publisher_finish(publisher, evidence.stream_id, &error), EW_OK);
    head = read_head();
    ck_assert_ptr_nonnull(strstr(head, "\"state\":\"stopped\""));
    free(head);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(retention__beyond_its_bytes__deletes_the_oldest_and_moves_the_head)
{
    struct ew_publisher *publisher = open_with(0);
    uint64_t bytes = put(publisher, 1).bytes;
    (void)put(publisher, 2);
    ew_publisher_close(publisher);
    /* Room for three: the ages of the first two must be read from their files. */
    publisher = open_with(bytes * 3 + bytes / 2);
    (void)put(publisher, 3);
    ck_assert_uint_eq(files_in("evidence"), 3);
    (void)put(publisher, 4);
    struct ew_published last = put(publisher, 5);
    ck_assert_uint_eq(files_in("evidence"), 3);
    char *head = read_head();
    ck_assert_ptr_nonnull(strstr(head, "\"firstSeq\":3"));
    ck_assert_ptr_nonnull(strstr(head, "\"lastSeq\":5"));
    free(head);
    char path[256];
    struct ew_file *file = NULL;
    path_of(path, "evidence", last.file_name);
    ck_assert_int_eq(ew_file_open(path, &file, &error), EW_OK);
    ew_file_close(file);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(retention__smaller_than_one_document__keeps_the_newest)
{
    struct ew_publisher *publisher = open_with(1);
    (void)put(publisher, 1);
    (void)put(publisher, 2);
    ck_assert_uint_eq(files_in("evidence"), 1);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(directory__that_cannot_be_made__is_a_clear_error)
{
    ew_publisher_close(open_with(0));
    leave("evidence", "file");
    struct ew_publisher_options options = {.directory = "publisher-test/evidence/file"};
    struct ew_publisher *publisher = NULL;
    ck_assert_int_ne(ew_publisher_open(&options, &publisher, &error), EW_OK);
    ck_assert_ptr_nonnull(strstr(error.text, "publisher-test/evidence/file"));
    ck_assert_ptr_null(publisher);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("publisher");
    TCase *tests = tcase_create("publisher");
    tcase_add_checked_fixture(tests, set_up, clean);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, document__published__lies_under_the_hash_of_its_bytes);
    tcase_add_test(tests, document__published_again__is_there_once);
    tcase_add_test(tests, document__other_content_for_the_same_window__is_refused);
    tcase_add_test(tests, document__broken_tables__leaves_nothing_behind);
    tcase_add_test(
        tests, partial_files__of_a_writer_that_was_stopped__are_removed_and_strangers_are_not);
    tcase_add_test(tests, head__tells_the_last_document__and_when_it_stopped);
    tcase_add_test(tests, retention__beyond_its_bytes__deletes_the_oldest_and_moves_the_head);
    tcase_add_test(tests, retention__smaller_than_one_document__keeps_the_newest);
    tcase_add_test(tests, directory__that_cannot_be_made__is_a_clear_error);
    suite_add_tcase(suite, tests);
    return suite;
}
