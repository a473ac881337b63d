/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners and access lists as Windows has them, and the files that they are read from. What
 * belongs to administrators cannot be made here: whoever runs the test owns the files.
 */
#include "service/service_win32.h"

#include "support/check_main.h"

/* They need the types of windows.h. */
#include <sddl.h>
#include <stdio.h>
#include <string.h>

#define FOLDER EW_SCRATCH_DIR "\\trusted"
#define FILE_PATH FOLDER "\\program.exe"
#define LIBRARY FOLDER "\\bcrypt.dll"

static struct ew_error error;

static void clean(void)
{
    (void)DeleteFileA(LIBRARY);
    (void)DeleteFileA(FILE_PATH);
    (void)RemoveDirectoryA(FOLDER);
}

static void make_file(const char *path)
{
    HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    ck_assert_msg(file != INVALID_HANDLE_VALUE, "%s: Windows error %lu", path, GetLastError());
    (void)CloseHandle(file);
}

static void set_up(void)
{
    (void)CreateDirectoryA(EW_SCRATCH_DIR, NULL);
    clean();
    ck_assert(CreateDirectoryA(FOLDER, NULL));
    make_file(FILE_PATH);
}

/* What is said of a place with that owner and list; "" when it is good. */
static const char *said(enum trust_place place, const wchar_t *words)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    error.text[0] = '\0';
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(words, SDDL_REVISION_1,
                                                                   &descriptor, NULL));
    enum ew_status status = service_trust_descriptor(descriptor, place, "X", &error);
    ck_assert((status == EW_OK) == (error.text[0] == '\0'));
    (void)LocalFree(descriptor);
    return error.text;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t bytes = strlen(text);
    size_t ending_bytes = strlen(ending);
    return bytes >= ending_bytes && strcmp(text + bytes - ending_bytes, ending) == 0;
}

#define ALONE L"(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

START_TEST(lists__as_windows_makes_them__are_good)
{
    /* Below C:\Program Files; the root of drive C, seen from a folder in it; ProgramData. */
    ck_assert_str_eq(
        said(TRUST_FOLDER, L"O:BAD:" ALONE L"(A;OICI;0x1200a9;;;BU)(A;OICIIO;GA;;;CO)"), "");
    ck_assert_str_eq(said(TRUST_ROOT, L"O:SYD:" ALONE L"(A;OICI;0x1200a9;;;BU)"
                                      L"(A;OICIIO;0x1301bf;;;AU)(A;;LC;;;AU)"),
                     "");
    ck_assert_str_eq(said(TRUST_PARENT, L"O:SYD:" ALONE L"(A;CI;0x116;;;BU)(A;OICIIO;GA;;;CO)"),
                     "");
    ck_assert_str_eq(said(TRUST_FILE, L"O:BAD:(D;;FA;;;BU)" ALONE), "");
}
END_TEST

START_TEST(lists__that_let_others_change__are_told_with_who)
{
    ck_assert(ends_with(said(TRUST_FILE, L"O:BAD:" ALONE L"(A;;0x1301bf;;;BU)"),
                        "(S-1-5-32-545) can change it"));
    ck_assert(ends_with(said(TRUST_FOLDER, L"O:BAD:" ALONE L"(A;;0x1301bf;;;AU)"),
                        "(S-1-5-11) can change what is in it"));
    ck_assert(ends_with(said(TRUST_PARENT, L"O:BAD:" ALONE L"(A;;0x1301bf;;;WD)"),
                        "(S-1-1-0) can put another folder in the place of one below it"));
    ck_assert(ends_with(said(TRUST_FILE, L"O:BUD:" ALONE), "(S-1-5-32-545), who can change it"));
    ck_assert_ptr_nonnull(strstr(said(TRUST_FILE, L"O:BUD:" ALONE), "X: belongs to "));
    ck_assert_str_eq(said(TRUST_FILE, L"O:BA"), "X: has no access list; everybody can change it");
}
END_TEST

/* The file is looked at before its folder. */
START_TEST(file__of_whoever_runs_the_test__is_told)
{
    ck_assert_int_eq(service_trust_path(FILE_PATH, &error), EW_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "\\trusted\\program.exe: "));
    ck_assert_ptr_nonnull(strstr(error.text, "(S-1-"));
    ck_assert_ptr_nonnull(strstr(error.text, "can change it"));
}
END_TEST

START_TEST(path__that_is_missing_or_far__is_refused)
{
    ck_assert_int_ne(service_trust_path(FOLDER "\\nothing.exe", &error), EW_OK);
    ck_assert_int_ne(service_trust_path("\\\\server\\share\\program.exe", &error), EW_OK);
    ck_assert_ptr_nonnull(strstr(error.text, "not on a disk of this machine"));
    ck_assert_int_ne(service_trust_path("", &error), EW_OK);
}
END_TEST

START_TEST(library__beside_the_program__is_told)
{
    ck_assert_msg(service_trust_beside(FILE_PATH, &error) == EW_OK, "%s", error.text);
    make_file(LIBRARY);
    ck_assert_int_eq(service_trust_beside(FILE_PATH, &error), EW_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "\\trusted\\bcrypt.dll: lies beside"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("trust_paths");
    TCase *cases = tcase_create("trust_paths");
    tcase_add_checked_fixture(cases, set_up, clean);
    tcase_add_test(cases, lists__as_windows_makes_them__are_good);
    tcase_add_test(cases, lists__that_let_others_change__are_told_with_who);
    tcase_add_test(cases, file__of_whoever_runs_the_test__is_told);
    tcase_add_test(cases, path__that_is_missing_or_far__is_refused);
    tcase_add_test(cases, library__beside_the_program__is_told);
    suite_add_tcase(suite, cases);
    return suite;
}
