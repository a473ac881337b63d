/* SPDX-License-Identifier: Apache-2.0 */
/* Which files symbols may come from: paths of events that lead to disks of this machine, and
 * access lists that let nobody but administrators write. */
#include "platform/symbols.h"
#include "platform/win32/symbols_trust.h"
#include "platform/win32/wide_win32.h"
#include "support/check_main.h"

/* sddl.h after windows.h, whose types it needs. */
#include <sddl.h>

#include <stdio.h>
#include <stdlib.h>

static char located[1024];

static enum ew_status locate(const char *path)
{
    located[0] = '\0';
    return ew_symbol_locate(path, located, sizeof located);
}

/* The path of an image on the device of drive C. */
static void device_path(const char *rest, char *out, size_t capacity)
{
    wchar_t device[MAX_PATH];
    ck_assert_uint_ne(QueryDosDeviceW(L"C:", device, MAX_PATH), 0);
    char *name = ew_wide_to_utf8(device);
    ck_assert_ptr_nonnull(name);
    (void)snprintf(out, capacity, "%s%s", name, rest);
    free(name);
}

START_TEST(locate__of_every_spelling_of_a_local_file__finds_it)
{
    char path[512];
    ck_assert_int_eq(locate("C:\\windows\\system32\\ntdll.dll"), EW_OK);
    ck_assert_str_eq(located, "\\\\?\\C:\\windows\\system32\\ntdll.dll");
    ck_assert_int_eq(locate("\\??\\C:\\windows\\system32\\ntdll.dll"), EW_OK);
    ck_assert_int_eq(locate("\\SystemRoot\\system32\\ntdll.dll"), EW_OK);
    device_path("\\windows\\system32\\ntdll.dll", path, sizeof path);
    ck_assert_int_eq(locate(path), EW_OK);
    ck_assert_str_eq(located, "\\\\?\\C:\\windows\\system32\\ntdll.dll");
}
END_TEST

START_TEST(locate__of_what_is_no_plain_file__finds_nothing)
{
    ck_assert_int_eq(locate("C:\\windows\\system32"), EW_NOT_FOUND);
    ck_assert_int_eq(locate("C:\\windows\\no-such-file.dll"), EW_NOT_FOUND);
    ck_assert_int_eq(locate("C:\\windows\\system32\\ntdll.dll\\x.dll"), EW_NOT_FOUND);
}
END_TEST

START_TEST(locate__of_servers_and_tricks__does_not_even_look)
{
    static const char *const paths[] = {
        "\\\\server\\share\\x.dll",
        "\\??\\UNC\\server\\share\\x.dll",
        "\\\\?\\UNC\\server\\share\\x.dll",
        "\\Device\\Mup\\server\\share\\x.dll",
        "\\Device\\LanmanRedirector\\server\\share\\x.dll",
        "\\Device\\NamedPipe\\x.dll",
        "C:\\windows\\..\\windows\\system32\\ntdll.dll",
        "C:\\windows\\.\\system32\\ntdll.dll",
        "C:\\windows\\\\system32\\ntdll.dll",
        "C:\\windows\\system32\\ntdll.dll:stream",
        "C:\\windows\\system32\\ntdll.*",
        "C:/windows/system32/ntdll.dll",
        "C:windows\\system32\\ntdll.dll",
        "\\windows\\system32\\ntdll.dll",
        "ntdll.dll",
        "",
        "\xff\xfe",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_msg(locate(paths[i]) == EW_UNSUPPORTED, "%s", paths[i]);
    }
}
END_TEST

/* Whether the owner and list of a descriptor in words are trusted. */
static bool is_trusted(const wchar_t *words)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    PACL list = NULL;
    BOOL present = FALSE;
    BOOL defaulted = FALSE;
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(words, SDDL_REVISION_1,
                                                                   &descriptor, NULL));
    ck_assert(GetSecurityDescriptorOwner(descriptor, &owner, &defaulted));
    ck_assert(GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted));
    bool trusted = ew_symbol_acl_is_trusted(owner, present ? list : NULL);
    (void)LocalFree(descriptor);
    return trusted;
}

#define INSTALLER L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

START_TEST(list__that_lets_administrators_alone_write__is_trusted)
{
    ck_assert(is_trusted(L"O:BAD:(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)"));
    ck_assert(is_trusted(L"O:" INSTALLER L"D:(A;;FA;;;" INSTALLER L")(A;;0x1200a9;;;BU)"));
    /* Program Files: what CREATOR OWNER may is only for what is made in there. */
    ck_assert(is_trusted(L"O:SYD:(A;;FA;;;BA)(A;OICIIO;GA;;;CO)(A;;0x1200a9;;;BU)"));
    ck_assert(is_trusted(L"O:BAD:(D;;FA;;;BU)(A;;FA;;;BA)"));
}
END_TEST

START_TEST(list__that_lets_anybody_else_change_anything__is_not_trusted)
{
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;FA;;;BU)"));
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;0x2;;;AU)"));      /* write data, add a file */
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;0x4;;;WD)"));      /* append, add a folder */
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;0x40;;;BU)"));     /* delete in the folder */
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;0x10000;;;BU)"));  /* delete */
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;0x40000;;;BU)"));  /* change the list */
    ck_assert(!is_trusted(L"O:BAD:(A;;FA;;;BA)(A;;GW;;;BU)"));       /* generic write */
    ck_assert(!is_trusted(L"O:BUD:(A;;FA;;;BA)(A;;0x1200a9;;;BU)")); /* their owner */
    ck_assert(!is_trusted(L"O:BA"));                                 /* no list at all */
}
END_TEST

START_TEST(file__of_an_ordinary_user__is_not_trusted)
{
    /* Wine gives every file to the user who runs it. */
    ck_assert(!ew_symbol_is_trusted("C:\\windows\\no-such-file.dll"));
    if (GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL) {
        ck_assert(!ew_symbol_is_trusted("C:\\windows\\system32\\ntdll.dll"));
    }
}
END_TEST

START_TEST(engine__without_a_pdb__loads_nothing)
{
    struct ew_symbol_engine *engine = NULL;
    struct ew_error error = {0};
    const struct ew_symbol_file file = {.pdb_path = "C:\\windows\\no-such-file.pdb",
                                        .image_path = "C:\\windows\\system32\\ntdll.dll",
                                        .linked_name = "no-such-file.pdb",
                                        .size_bytes = 0x1000};
    struct ew_symbol_found found;
    ck_assert_int_eq(ew_symbol_engine_create(&engine, &error), EW_OK);
    ck_assert_int_eq(ew_symbol_engine_load(engine, &file), EW_NOT_FOUND);
    ck_assert(!ew_symbol_engine_find(engine, 0x1000, &found));
    ew_symbol_engine_unload(engine);
    ew_symbol_engine_destroy(engine);
}
END_TEST

START_TEST(undecorate__of_a_method__is_its_readable_name)
{
    struct ew_symbol_engine *engine = NULL;
    char name[256];
    ck_assert_int_eq(ew_symbol_engine_create(&engine, NULL), EW_OK);
    ck_assert(
        ew_symbol_engine_undecorate(engine, "?total@Cart@shop@@QEAAHH@Z", name, sizeof name));
    ck_assert_str_eq(name, "shop::Cart::total");
    ew_symbol_engine_destroy(engine);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("symbol files");
    TCase *tests = tcase_create("symbol files");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, locate__of_every_spelling_of_a_local_file__finds_it);
    tcase_add_test(tests, locate__of_what_is_no_plain_file__finds_nothing);
    tcase_add_test(tests, locate__of_servers_and_tricks__does_not_even_look);
    tcase_add_test(tests, list__that_lets_administrators_alone_write__is_trusted);
    tcase_add_test(tests, list__that_lets_anybody_else_change_anything__is_not_trusted);
    tcase_add_test(tests, file__of_an_ordinary_user__is_not_trusted);
    tcase_add_test(tests, engine__without_a_pdb__loads_nothing);
    tcase_add_test(tests, undecorate__of_a_method__is_its_readable_name);
    suite_add_tcase(suite, tests);
    return suite;
}
