/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the platform contract: contents, names, replacing, and refusing to. */
#include "platform/clock.h"
#include "platform/file.h"
#include "unit/platform/platform_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 2048, SMALL_BYTES = 4096 };

/* An absolute path in the scratch folder; the caller's buffer has PATH_BYTES. */
static const char *scratch(const char *name, char *out)
{
    (void)snprintf(out, PATH_BYTES, "%s/%s", EW_SCRATCH_DIR, name);
    return out;
}

static void setup(void)
{
    ck_assert_int_eq(ew_directory_make(EW_SCRATCH_DIR, NULL), EW_OK);
}

static void write_text(const char *path, const char *text)
{
    struct ew_file *file = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_file_create(path, true, &file, &error) == EW_OK, "%s", error.text);
    ck_assert_msg(ew_file_write_at(file, 0, text, strlen(text), &error) == EW_OK, "%s",
                  error.text);
    ew_file_close(file);
}

static void assert_text(const char *path, const char *text)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    struct ew_error error = {0};
    ck_assert_msg(ew_file_read_all(path, SMALL_BYTES, &bytes, &byte_count, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_str_eq(bytes, text);
    ck_assert_uint_eq(byte_count, strlen(text));
    free(bytes);
}

static bool exists(const char *path)
{
    struct ew_file *file = NULL;
    bool there = ew_file_open(path, &file, NULL) == EW_OK;
    ew_file_close(file);
    return there;
}

static void remove_if_there(const char *path)
{
    enum ew_status status = ew_file_remove(path, NULL);
    ck_assert(status == EW_OK || status == EW_NOT_FOUND);
}

START_TEST(file__all_byte_values__come_back_unchanged)
{
    char path[PATH_BYTES];
    uint8_t written[512];
    uint8_t read[600];
    size_t got = 0;
    uint64_t size_bytes = 0;
    struct ew_file *file = NULL;
    for (size_t i = 0; i < sizeof written; i++) {
        written[i] = (uint8_t)i;
    }
    ck_assert_int_eq(ew_file_create(scratch("bytes", path), true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, written, sizeof written, NULL), EW_OK);
    ck_assert_int_eq(ew_file_sync(file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_size(file, &size_bytes, NULL), EW_OK);
    ck_assert_uint_eq(size_bytes, sizeof written);
    ck_assert_int_eq(ew_file_read_at(file, 0, read, sizeof read, &got, NULL), EW_OK);
    ck_assert_uint_eq(got, sizeof written);
    ck_assert_mem_eq(read, written, sizeof written);
    ew_file_close(file);
}
END_TEST

START_TEST(file__read_at_and_past_the_end__is_short_not_an_error)
{
    char path[PATH_BYTES];
    char read[8] = "";
    size_t got = 99;
    struct ew_file *file = NULL;
    write_text(scratch("short", path), "0123456789");
    ck_assert_int_eq(ew_file_open(path, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_read_at(file, 7, read, sizeof read, &got, NULL), EW_OK);
    ck_assert_uint_eq(got, 3);
    ck_assert_mem_eq(read, "789", 3);
    ck_assert_int_eq(ew_file_read_at(file, 10, read, sizeof read, &got, NULL), EW_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(ew_file_read_at(file, UINT64_C(1) << 40, read, sizeof read, &got, NULL),
                     EW_OK);
    ck_assert_uint_eq(got, 0);
    ew_file_close(file);
}
END_TEST

START_TEST(file__written_beyond_4_gib__is_read_there)
{
    const uint64_t far = (UINT64_C(1) << 32) + 7;
    char path[PATH_BYTES];
    char read[4] = "";
    size_t got = 0;
    uint64_t size_bytes = 0;
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(scratch("sparse", path), true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, far, "far", 3, NULL), EW_OK);
    ck_assert_int_eq(ew_file_size(file, &size_bytes, NULL), EW_OK);
    ck_assert_uint_eq(size_bytes, far + 3);
    ck_assert_int_eq(ew_file_read_at(file, far, read, sizeof read, &got, NULL), EW_OK);
    ck_assert_uint_eq(got, 3);
    ck_assert_mem_eq(read, "far", 3);
    ck_assert_int_eq(ew_file_read_at(file, 7, read, 3, &got, NULL), EW_OK);
    ck_assert_mem_eq(read, "\0\0\0", 3);
    ew_file_close(file);
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_OK);
}
END_TEST

START_TEST(open__of_nothing__is_not_found_and_names_the_path)
{
    char path[PATH_BYTES];
    struct ew_error error = {0};
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_open(scratch("nothing", path), &file, &error), EW_NOT_FOUND);
    ck_assert_ptr_null(file);
    ck_assert_int_eq(error.status, EW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "nothing: cannot open: "));
    ck_assert_int_eq(ew_file_open(scratch("nothing/below", path), &file, &error), EW_NOT_FOUND);
}
END_TEST

START_TEST(open__of_a_directory__says_so)
{
    struct ew_error error = {0};
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_open(EW_SCRATCH_DIR, &file, &error), EW_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "is a directory"));
}
END_TEST

START_TEST(create__of_an_existing_file__replaces_only_when_asked)
{
    char path[PATH_BYTES];
    struct ew_file *file = NULL;
    write_text(scratch("existing", path), "a long old text");
    ck_assert_int_eq(ew_file_create(path, false, &file, NULL), EW_EXISTS);
    ck_assert_ptr_null(file);
    assert_text(path, "a long old text");
    write_text(path, "new");
    assert_text(path, "new");
}
END_TEST

START_TEST(name__beyond_ascii__is_the_same_in_every_function)
{
    static const char name[] = "pr\xc3\xbc"
                               "fung \xe2\x82\xac \xf0\x9f\x98\x80.json";
    char path[PATH_BYTES];
    char renamed[PATH_BYTES];
    write_text(scratch(name, path), "text");
    assert_text(path, "text");
    ck_assert_int_eq(ew_file_rename(path, scratch("plain.json", renamed), true, NULL), EW_OK);
    ck_assert(!exists(path));
    ck_assert_int_eq(ew_file_rename(renamed, path, true, NULL), EW_OK);
    assert_text(path, "text");
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_OK);
    ck_assert(!exists(path));
}
END_TEST

START_TEST(rename__to_a_taken_name__is_refused_and_changes_nothing)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    struct ew_error error = {0};
    write_text(scratch("from", from), "from");
    write_text(scratch("to", to), "to");
    ck_assert_int_eq(ew_file_rename(from, to, false, &error), EW_EXISTS);
    ck_assert_int_eq(error.status, EW_EXISTS);
    assert_text(from, "from");
    assert_text(to, "to");
}
END_TEST

START_TEST(rename__to_a_free_name__moves)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    write_text(scratch("from", from), "moved");
    remove_if_there(scratch("free", to));
    ck_assert_int_eq(ew_file_rename(from, to, false, NULL), EW_OK);
    ck_assert(!exists(from));
    assert_text(to, "moved");
}
END_TEST

START_TEST(rename__with_replace__takes_the_place_and_the_old_name_is_gone)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    write_text(scratch("head.tmp", from), "second");
    write_text(scratch("head", to), "first");
    ck_assert_int_eq(ew_file_rename(from, to, true, NULL), EW_OK);
    ck_assert(!exists(from));
    assert_text(to, "second");
}
END_TEST

START_TEST(rename__of_nothing__is_not_found)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    remove_if_there(scratch("absent", from));
    write_text(scratch("kept", to), "kept");
    ck_assert_int_eq(ew_file_rename(from, to, true, NULL), EW_NOT_FOUND);
    assert_text(to, "kept");
}
END_TEST

START_TEST(remove__while_open__lets_the_reader_finish)
{
    char path[PATH_BYTES];
    char read[4] = "";
    size_t got = 0;
    struct ew_file *file = NULL;
    write_text(scratch("open", path), "text");
    ck_assert_int_eq(ew_file_open(path, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_OK);
    ck_assert_int_eq(ew_file_read_at(file, 0, read, sizeof read, &got, NULL), EW_OK);
    ck_assert_uint_eq(got, 4);
    ew_file_close(file);
    ck_assert(!exists(path));
    ck_assert_int_eq(ew_file_remove(path, NULL), EW_NOT_FOUND);
}
END_TEST

START_TEST(read_all__larger_than_the_limit__is_refused)
{
    char path[PATH_BYTES];
    char *bytes = NULL;
    size_t byte_count = 0;
    write_text(scratch("limited", path), "0123456789");
    ck_assert_int_eq(ew_file_read_all(path, 9, &bytes, &byte_count, NULL), EW_LIMIT);
    ck_assert_ptr_null(bytes);
    ck_assert_int_eq(ew_file_read_all(path, 10, &bytes, &byte_count, NULL), EW_OK);
    ck_assert_uint_eq(byte_count, 10);
    ck_assert_int_eq(bytes[10], '\0');
    free(bytes);
}
END_TEST

TCase *files_case(void)
{
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, setup, NULL);
    tcase_set_timeout(files, 60);
    tcase_add_test(files, file__all_byte_values__come_back_unchanged);
    tcase_add_test(files, file__read_at_and_past_the_end__is_short_not_an_error);
    tcase_add_test(files, file__written_beyond_4_gib__is_read_there);
    tcase_add_test(files, open__of_nothing__is_not_found_and_names_the_path);
    tcase_add_test(files, open__of_a_directory__says_so);
    tcase_add_test(files, create__of_an_existing_file__replaces_only_when_asked);
    tcase_add_test(files, name__beyond_ascii__is_the_same_in_every_function);
    tcase_add_test(files, rename__to_a_taken_name__is_refused_and_changes_nothing);
    tcase_add_test(files, rename__to_a_free_name__moves);
    tcase_add_test(files, rename__with_replace__takes_the_place_and_the_old_name_is_gone);
    tcase_add_test(files, rename__of_nothing__is_not_found);
    tcase_add_test(files, remove__while_open__lets_the_reader_finish);
    tcase_add_test(files, read_all__larger_than_the_limit__is_refused);
    return files;
}

struct listing {
    unsigned names;
    bool found_ascii;
    bool found_euro;
    uint64_t bytes;
    unsigned stop_after;
};

static bool list_one(void *context, const char *name, uint64_t bytes)
{
    struct listing *listing = context;
    listing->names++;
    listing->found_ascii |= strcmp(name, "one") == 0;
    listing->found_euro |= strcmp(name, "\xe2\x82\xac") == 0;
    listing->bytes += bytes;
    return listing->names != listing->stop_after;
}

START_TEST(directory__made_twice_with_parents__is_there)
{
    char path[PATH_BYTES];
    char file[PATH_BYTES + 8];
    /* A name that no earlier run has made. */
    (void)snprintf(path, sizeof path, "%s/%llu/deep/er", EW_SCRATCH_DIR,
                   (unsigned long long)ew_clock_filetime());
    ck_assert_int_eq(ew_directory_make(path, NULL), EW_OK);
    ck_assert_int_eq(ew_directory_make(path, NULL), EW_OK);
    (void)snprintf(file, sizeof file, "%s/file", path);
    write_text(file, "there");
    assert_text(file, "there");
    ck_assert_int_eq(ew_directory_sync(path, NULL), EW_OK);
}
END_TEST

START_TEST(directory__where_a_file_is__is_refused)
{
    char path[PATH_BYTES];
    write_text(scratch("occupied", path), "a file");
    ck_assert_int_ne(ew_directory_make(path, NULL), EW_OK);
    ck_assert_int_ne(ew_directory_make(scratch("occupied/below", path), NULL), EW_OK);
    assert_text(scratch("occupied", path), "a file");
}
END_TEST

START_TEST(directory_remove__of_an_empty_one__removes_it_and_nothing_else)
{
    char path[PATH_BYTES];
    ck_assert_int_eq(ew_directory_make(scratch("removed/inner", path), NULL), EW_OK);
    ck_assert_int_eq(ew_directory_remove(scratch("removed", path), NULL), EW_IO);
    ck_assert_int_eq(ew_directory_remove(scratch("removed/inner", path), NULL), EW_OK);
    ck_assert_int_eq(ew_directory_remove(scratch("removed", path), NULL), EW_OK);
    ck_assert_int_eq(ew_directory_remove(path, NULL), EW_NOT_FOUND);
    write_text(scratch("occupied", path), "a file");
    ck_assert_int_eq(ew_directory_remove(path, NULL), EW_NOT_FOUND);
    assert_text(path, "a file");
}
END_TEST

START_TEST(list__plain_files_only__names_and_sizes)
{
    char path[PATH_BYTES];
    struct listing listing = {0};
    ck_assert_int_eq(ew_directory_make(scratch("listed/folder", path), NULL), EW_OK);
    write_text(scratch("listed/one", path), "1");
    write_text(scratch("listed/\xe2\x82\xac", path), "three");
    write_text(scratch("listed/folder/hidden", path), "not counted");
    ck_assert_int_eq(ew_directory_list(scratch("listed", path), list_one, &listing, NULL), EW_OK);
    ck_assert_uint_eq(listing.names, 2);
    ck_assert(listing.found_ascii);
    ck_assert(listing.found_euro);
    ck_assert_uint_eq(listing.bytes, 6);
}
END_TEST

START_TEST(list__told_to_stop__stops)
{
    char path[PATH_BYTES];
    struct listing listing = {.stop_after = 1};
    ck_assert_int_eq(ew_directory_make(scratch("stopped", path), NULL), EW_OK);
    write_text(scratch("stopped/one", path), "");
    write_text(scratch("stopped/two", path), "");
    ck_assert_int_eq(ew_directory_list(scratch("stopped", path), list_one, &listing, NULL),
                     EW_OK);
    ck_assert_uint_eq(listing.names, 1);
}
END_TEST

START_TEST(list__of_nothing_or_of_a_file__fails)
{
    char path[PATH_BYTES];
    struct listing listing = {0};
    ck_assert_int_eq(ew_directory_list(scratch("no-such", path), list_one, &listing, NULL),
                     EW_NOT_FOUND);
    ck_assert_int_eq(ew_directory_sync(path, NULL), EW_NOT_FOUND);
    write_text(scratch("a-file", path), "");
    ck_assert_int_ne(ew_directory_list(path, list_one, &listing, NULL), EW_OK);
    ck_assert_uint_eq(listing.names, 0);
}
END_TEST

/* Beyond the 260 characters that Windows allows without its prefix. */
START_TEST(path__longer_than_260__works_in_every_function)
{
    char path[PATH_BYTES];
    char file[PATH_BYTES];
    char renamed[PATH_BYTES];
    struct listing listing = {0};
    struct ew_error error = {0};
    scratch("long", path);
    for (int i = 0; i < 6; i++) {
        size_t length = strlen(path);
        (void)snprintf(path + length, sizeof path - length, "/%060d", i);
    }
    ck_assert_msg(ew_directory_make(path, &error) == EW_OK, "%s", error.text);
    (void)snprintf(file, sizeof file, "%s/one", path);
    (void)snprintf(renamed, sizeof renamed, "%s/\xe2\x82\xac", path);
    write_text(file, "deep down");
    ck_assert_msg(ew_file_rename(file, renamed, true, &error) == EW_OK, "%s", error.text);
    assert_text(renamed, "deep down");
    ck_assert_int_eq(ew_directory_list(path, list_one, &listing, NULL), EW_OK);
    ck_assert_uint_eq(listing.names, 1);
    ck_assert_int_eq(ew_file_remove(renamed, NULL), EW_OK);
}
END_TEST

TCase *directories_case(void)
{
    TCase *directories = tcase_create("directories");
    tcase_add_checked_fixture(directories, setup, NULL);
    tcase_set_timeout(directories, 60);
    tcase_add_test(directories, directory__made_twice_with_parents__is_there);
    tcase_add_test(directories, directory__where_a_file_is__is_refused);
    tcase_add_test(directories, directory_remove__of_an_empty_one__removes_it_and_nothing_else);
    tcase_add_test(directories, list__plain_files_only__names_and_sizes);
    tcase_add_test(directories, list__told_to_stop__stops);
    tcase_add_test(directories, list__of_nothing_or_of_a_file__fails);
    tcase_add_test(directories, path__longer_than_260__works_in_every_function);
    return directories;
}
