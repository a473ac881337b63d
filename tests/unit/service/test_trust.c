/* SPDX-License-Identifier: Apache-2.0 */
/* Who can change what runs as LocalSystem: lists as Windows makes them, and those that open it.
 */
#include "service/trust.h"

#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

#define SYSTEM "S-1-5-18"
#define ADMINISTRATORS "S-1-5-32-544"
#define INSTALLER "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
#define USERS "S-1-5-32-545"
#define AUTHENTICATED "S-1-5-11"
#define CREATOR "S-1-3-0"
#define OWNER_RIGHTS "S-1-3-4"
#define SOMEBODY "S-1-5-21-1-2-3-1001"

/* Rights as the tools of Windows name them. */
enum {
    FULL = 0x1f01ff,
    MODIFY = 0x1301bf,
    READ_AND_RUN = 0x1200a9,
    ADD_FOLDERS = 0x4,
    ADD_FILES = 0x2,
    DELETE_INSIDE = 0x40,
    DELETE_IT = 0x10000,
    GENERIC_EVERYTHING = 0x10000000,
};

static const char *who;

static enum trust_verdict judge(enum trust_place place, const char *owner,
                                const struct trust_entry *entries, size_t count)
{
    struct trust_list list = {.exists = true, .entries = entries, .count = count};
    (void)snprintf(list.owner, sizeof list.owner, "%s", owner);
    enum trust_verdict verdict = trust_judge(place, &list, &who);
    who = who == list.owner ? owner : who;
    return verdict;
}

/* One entry beside those that every place has. */
static enum trust_verdict judge_with(enum trust_place place, const char *sid, uint32_t rights)
{
    struct trust_entry entries[] = {
        {.rights = FULL, .sid = SYSTEM},
        {.rights = FULL, .sid = ADMINISTRATORS},
        {.rights = 0},
    };
    entries[2].rights = rights;
    (void)snprintf(entries[2].sid, sizeof entries[2].sid, "%s", sid);
    return judge(place, ADMINISTRATORS, entries, 3);
}

START_TEST(folder__of_installed_programs__is_good)
{
    static const struct trust_entry entries[] = {
        {.rights = FULL, .sid = INSTALLER},
        {.rights = MODIFY, .sid = SYSTEM},
        {.rights = MODIFY, .sid = ADMINISTRATORS},
        {.rights = READ_AND_RUN, .sid = USERS},
        {.rights = GENERIC_EVERYTHING, .inherit_only = true, .sid = CREATOR},
    };
    for (int place = TRUST_FILE; place <= TRUST_ROOT; place++) {
        ck_assert_int_eq(judge((enum trust_place)place, INSTALLER, entries, 5), TRUST_GOOD);
        ck_assert_ptr_null(who);
    }
}
END_TEST

/* In the root of drive C every user may make folders, and what is in them is his. */
START_TEST(root__where_users_make_folders__is_good_above_and_bad_as_the_folder)
{
    static const struct trust_entry entries[] = {
        {.rights = FULL, .sid = SYSTEM},
        {.rights = FULL, .sid = ADMINISTRATORS},
        {.rights = READ_AND_RUN, .sid = USERS},
        {.rights = MODIFY, .inherit_only = true, .sid = AUTHENTICATED},
        {.rights = ADD_FOLDERS, .sid = AUTHENTICATED},
    };
    ck_assert_int_eq(judge(TRUST_ROOT, INSTALLER, entries, 5), TRUST_GOOD);
    ck_assert_int_eq(judge(TRUST_FOLDER, INSTALLER, entries, 5), TRUST_BAD_ENTRY);
    ck_assert_str_eq(who, AUTHENTICATED);
}
END_TEST

START_TEST(rights__of_others__are_harmful_by_place)
{
    static const struct {
        uint32_t rights;
        bool harms[4]; /* file, folder, parent, root */
    } cases[] = {
        {FULL, {true, true, true, true}},
        {MODIFY, {true, true, true, false}},
        {READ_AND_RUN, {false, false, false, false}},
        {ADD_FILES, {true, true, false, false}},
        {ADD_FOLDERS, {true, true, false, false}},
        {DELETE_INSIDE, {false, true, true, true}},
        {DELETE_IT, {true, true, true, false}},
        {0x10 /* extended attributes */, {true, true, false, false}},
        {0x100 /* attributes */, {true, true, false, false}},
        {0x40000 /* the list */, {true, true, true, true}},
        {0x80000 /* the owner */, {true, true, true, true}},
        {GENERIC_EVERYTHING, {true, true, true, true}},
        {0x40000000 /* generic write */, {true, true, false, false}},
        {0x80000000U /* generic read */, {false, false, false, false}},
        {0x20000000 /* generic execute */, {false, false, false, false}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int place = TRUST_FILE; place <= TRUST_ROOT; place++) {
            enum trust_verdict verdict =
                judge_with((enum trust_place)place, USERS, cases[i].rights);
            ck_assert_msg((verdict == TRUST_BAD_ENTRY) == cases[i].harms[place],
                          "rights %x in place %d", (unsigned)cases[i].rights, place);
        }
    }
}
END_TEST

/* An owner can change the list, whatever is in it. */
START_TEST(owner__who_is_anybody__is_bad)
{
    static const struct trust_entry entries[] = {{.rights = FULL, .sid = ADMINISTRATORS}};
    ck_assert_int_eq(judge(TRUST_PARENT, SOMEBODY, entries, 1), TRUST_BAD_OWNER);
    ck_assert_str_eq(who, SOMEBODY);
    ck_assert_int_eq(judge(TRUST_PARENT, "", entries, 1), TRUST_BAD_OWNER);
    ck_assert_int_eq(judge(TRUST_PARENT, SYSTEM, entries, 1), TRUST_GOOD);
    ck_assert_int_eq(judge(TRUST_PARENT, ADMINISTRATORS "0", entries, 1), TRUST_BAD_OWNER);
}
END_TEST

START_TEST(list__that_is_missing_or_empty__lets_all_or_nobody)
{
    struct trust_list list = {.exists = false, .owner = ADMINISTRATORS};
    ck_assert_int_eq(trust_judge(TRUST_FILE, &list, &who), TRUST_NO_LIST);
    list.exists = true;
    ck_assert_int_eq(trust_judge(TRUST_FILE, &list, &who), TRUST_GOOD);
}
END_TEST

START_TEST(entries__that_deny_or_are_unusual__are_not_counted_upon)
{
    struct trust_entry entries[] = {
        {.kind = TRUST_DENIES, .rights = FULL, .sid = USERS},
        {.rights = MODIFY, .sid = USERS},
    };
    ck_assert_int_eq(judge(TRUST_FILE, SYSTEM, entries, 1), TRUST_GOOD);
    ck_assert_int_eq(judge(TRUST_FILE, SYSTEM, entries, 2), TRUST_BAD_ENTRY);
    entries[1].kind = TRUST_UNUSUAL;
    ck_assert_int_eq(judge(TRUST_FILE, SYSTEM, entries, 2), TRUST_BAD_UNUSUAL);
    entries[1].inherit_only = true;
    ck_assert_int_eq(judge(TRUST_FILE, SYSTEM, entries, 2), TRUST_GOOD);
    ck_assert_int_eq(judge_with(TRUST_FILE, OWNER_RIGHTS, FULL), TRUST_GOOD);
    ck_assert_int_eq(judge_with(TRUST_FILE, "", FULL), TRUST_BAD_ENTRY);
}
END_TEST

START_TEST(harm__of_each_place__is_told)
{
    ck_assert_str_eq(trust_harm(TRUST_FILE), "can change it");
    ck_assert_ptr_nonnull(strstr(trust_harm(TRUST_FOLDER), "in it"));
    ck_assert_ptr_nonnull(strstr(trust_harm(TRUST_PARENT), "another folder"));
    ck_assert_ptr_nonnull(strstr(trust_harm(TRUST_ROOT), "another folder"));
}
END_TEST

START_TEST(names__beside_a_program__steer_the_loader_or_not)
{
    static const char *const steering[] = {"bcrypt.dll",           "BCRYPT.DLL",
                                           "anything.dll",         "etwitness.exe.local",
                                           "ETWitness.EXE.Local",  "etwitness.exe.manifest",
                                           "etwitness.exe.config", ".dll"};
    static const char *const harmless[] = {"etwitness.exe",
                                           "README.md",
                                           "etwitness.pdb",
                                           "dll",
                                           "notes.dll.txt",
                                           "etwitness.local",
                                           "",
                                           "other.exe.local",
                                           "etwitness.exe.log"};
    for (size_t i = 0; i < sizeof steering / sizeof steering[0]; i++) {
        ck_assert_msg(trust_steers_loader("etwitness.exe", steering[i]), "%s", steering[i]);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        ck_assert_msg(!trust_steers_loader("etwitness.exe", harmless[i]), "%s", harmless[i]);
    }
}
END_TEST

START_TEST(command_line__that_names_more_than_one_program__is_found)
{
    ck_assert(trust_is_quoted("\"C:\\Program Files\\etwitness\\etwitness.exe\" service run"));
    ck_assert(trust_is_quoted("C:\\etwitness\\etwitness.exe service run"));
    ck_assert(trust_is_quoted("C:\\etwitness\\ETWITNESS.EXE service run --out \"D:\\a b\""));
    ck_assert(trust_is_quoted("C:\\etwitness\\etwitness"));
    ck_assert(!trust_is_quoted("C:\\Program Files\\etwitness\\etwitness.exe service run"));
    ck_assert(!trust_is_quoted("C:\\tools and more\\etwitness.exe"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("trust");
    TCase *cases = tcase_create("trust");
    tcase_add_test(cases, folder__of_installed_programs__is_good);
    tcase_add_test(cases, root__where_users_make_folders__is_good_above_and_bad_as_the_folder);
    tcase_add_test(cases, rights__of_others__are_harmful_by_place);
    tcase_add_test(cases, owner__who_is_anybody__is_bad);
    tcase_add_test(cases, list__that_is_missing_or_empty__lets_all_or_nobody);
    tcase_add_test(cases, entries__that_deny_or_are_unusual__are_not_counted_upon);
    tcase_add_test(cases, harm__of_each_place__is_told);
    tcase_add_test(cases, names__beside_a_program__steer_the_loader_or_not);
    tcase_add_test(cases, command_line__that_names_more_than_one_program__is_found);
    suite_add_tcase(suite, cases);
    return suite;
}
