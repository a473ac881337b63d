/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing a file that somebody reads: what portable tests cannot set up. */
#include "platform/file.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

static const char head[] = EW_SCRATCH_DIR "/head";
static const char head_new[] = EW_SCRATCH_DIR "/head.tmp";

static void write_text(const char *path, const char *text)
{
    struct ew_file *file = NULL;
    ck_assert_int_eq(ew_file_create(path, true, &file, NULL), EW_OK);
    ck_assert_int_eq(ew_file_write_at(file, 0, text, strlen(text), NULL), EW_OK);
    ew_file_close(file);
}

static void assert_text(const char *path, const char *text)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(ew_file_read_all(path, 64, &bytes, &byte_count, NULL), EW_OK);
    ck_assert_str_eq(bytes, text);
    free(bytes);
}

static void setup(void)
{
    ck_assert_int_eq(ew_directory_make(EW_SCRATCH_DIR, NULL), EW_OK);
    write_text(head, "first");
    write_text(head_new, "second");
}

/* Wine 8 knows no POSIX semantics: there the fallback is what runs. */
static bool is_wine(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
}

/* A reader without our sharing flags, as a scanner or a virus filter may be. */
static HANDLE open_reader(DWORD share)
{
    HANDLE reader = CreateFileA(head, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(reader != INVALID_HANDLE_VALUE);
    return reader;
}

static DWORD WINAPI close_soon(void *reader)
{
    Sleep(60);
    (void)CloseHandle(reader);
    return 0;
}

START_TEST(replace__while_a_reader_holds_it_for_a_moment__succeeds)
{
    HANDLE reader = open_reader(FILE_SHARE_READ);
    HANDLE thread = CreateThread(NULL, 0, close_soon, reader, 0, NULL);
    struct ew_error error = {0};
    ck_assert_ptr_nonnull(thread);
    ck_assert_msg(ew_file_rename(head_new, head, true, &error) == EW_OK, "%s", error.text);
    (void)WaitForSingleObject(thread, INFINITE);
    (void)CloseHandle(thread);
    assert_text(head, "second");
}
END_TEST

START_TEST(replace__of_a_file_held_exclusively__fails_in_bounded_time_and_changes_nothing)
{
    HANDLE reader = open_reader(FILE_SHARE_READ);
    struct ew_error error = {0};
    ULONGLONG start_ms = GetTickCount64();
    ck_assert_int_eq(ew_file_rename(head_new, head, true, &error), EW_IO);
    ck_assert_uint_lt(GetTickCount64() - start_ms, 5000);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot rename"));
    (void)CloseHandle(reader);
    assert_text(head, "first");
    assert_text(head_new, "second");
}
END_TEST

START_TEST(replace__of_a_file_held_by_a_sharing_reader__succeeds_where_posix_semantics_are)
{
    HANDLE reader = open_reader(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    enum ew_status status = ew_file_rename(head_new, head, true, NULL);
    char bytes[5] = "";
    DWORD got = 0;
    ck_assert_int_eq(status, is_wine() ? EW_IO : EW_OK);
    ck_assert(ReadFile(reader, bytes, sizeof bytes, &got, NULL));
    ck_assert_uint_eq(got, sizeof bytes);
    ck_assert_mem_eq(bytes, "first", sizeof bytes);
    (void)CloseHandle(reader);
    assert_text(head, is_wine() ? "first" : "second");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("replace");
    TCase *replace = tcase_create("replace");
    tcase_add_checked_fixture(replace, setup, NULL);
    tcase_set_timeout(replace, 30);
    tcase_add_test(replace, replace__while_a_reader_holds_it_for_a_moment__succeeds);
    tcase_add_test(
        replace, replace__of_a_file_held_exclusively__fails_in_bounded_time_and_changes_nothing);
    tcase_add_test(
        replace, replace__of_a_file_held_by_a_sharing_reader__succeeds_where_posix_semantics_are);
    suite_add_tcase(suite, replace);
    return suite;
}
