/* SPDX-License-Identifier: Apache-2.0 */
/* Images and PDBs: what they say is read, and nothing beyond what they hold. */
#include "base/cursor.h"
#include "support/check_main.h"
#include "symbols/pdb.h"
#include "symbols/pe.h"
#include "unit/symbols/made_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t bytes[MADE_IMAGE_BYTES];
static uint8_t pdb_bytes[MADE_PDB_BYTES];
static struct source source;
static struct pe_image image;

static const struct made_build native = {.timestamp = 0x542d574e,
                                         .size_bytes = 0x3000,
                                         .guid_byte = 0x5a,
                                         .age = 3,
                                         .pdb_name = "C:\\build\\app.pdb"};

static void open_made(const struct made_build *build)
{
    made_image(build, bytes);
    memset(&source, 0, sizeof source);
    source.memory = bytes;
    source.byte_count = sizeof bytes;
    ck_assert_int_eq(pe_open(&image, &source), EW_OK);
}

START_TEST(headers__of_an_image__tell_its_build)
{
    open_made(&native);
    ck_assert_uint_eq(image.timestamp, 0x542d574e);
    ck_assert_uint_eq(image.size_bytes, 0x3000);
    ck_assert_uint_eq(image.machine, PE_MACHINE_AMD64);
    ck_assert(pe_is_code(&image, 0x1000));
    ck_assert(!pe_is_code(&image, 0x2000));
}
END_TEST

START_TEST(debug_record__of_a_native_image__has_guid_age_and_name)
{
    struct pe_debug debug;
    open_made(&native);
    ck_assert(pe_read_debug(&image, NULL, &debug));
    ck_assert_uint_eq(debug.guid.bytes[0], 0x5a);
    ck_assert_uint_eq(debug.age, 3);
    ck_assert_str_eq(debug.name, "C:\\build\\app.pdb");
    debug.age = 4;
    ck_assert(!pe_read_debug(&image, &debug, &debug));
}
END_TEST

START_TEST(debug_record__of_a_portable_pdb__has_the_age_of_events)
{
    struct made_build managed = native;
    struct pe_debug debug;
    managed.portable = true;
    open_made(&managed);
    ck_assert(pe_read_debug(&image, NULL, &debug));
    ck_assert(debug.portable);
    ck_assert_uint_eq(debug.age, UINT32_MAX);
}
END_TEST

START_TEST(mvid__of_a_managed_image__is_the_one_its_module_row_names)
{
    struct made_build managed = native;
    struct ew_guid mvid;
    open_made(&native);
    ck_assert(!pe_read_mvid(&image, &mvid));
    managed.managed = true;
    open_made(&managed);
    ck_assert(pe_is_managed(&image));
    ck_assert(pe_read_mvid(&image, &mvid));
    for (size_t i = 0; i < sizeof mvid.bytes; i++) {
        ck_assert_uint_eq(mvid.bytes[i], 0x77);
    }
}
END_TEST

static void assert_nearest(const struct pe_exports *exports, uint32_t rva, const char *expected,
                           uint32_t expected_same)
{
    char name[64];
    uint32_t same = 0;
    const struct pe_export *found = pe_exports_nearest(exports, &image, rva, &same);
    ck_assert_ptr_nonnull(found);
    ck_assert(pe_read_text(&image, found->name_rva, name, sizeof name));
    ck_assert_str_eq(name, expected);
    ck_assert_uint_eq(same, expected_same);
}

START_TEST(exports__of_code__are_found_by_address)
{
    struct pe_exports exports;
    uint32_t same = 0;
    open_made(&native);
    ck_assert_int_eq(pe_exports_read(&image, &exports), EW_OK);
    ck_assert_uint_eq(exports.count, 3); /* neither data nor a forwarder */
    assert_nearest(&exports, 0x1000, "Alpha", 2);
    assert_nearest(&exports, 0x10ff, "Alpha", 2);
    assert_nearest(&exports, 0x1100, "Beta", 1);
    ck_assert_ptr_null(pe_exports_nearest(&exports, &image, 0xfff, &same));
    ck_assert_ptr_null(pe_exports_nearest(&exports, &image, 0x2000, &same));
    pe_exports_free(&exports);
}
END_TEST

START_TEST(functions__in_the_exception_directory__know_their_pieces)
{
    struct pe_function function;
    open_made(&native);
    ck_assert(pe_find_function(&image, 0x103f, &function));
    ck_assert_uint_eq(function.start, 0x1000);
    ck_assert(pe_find_function(&image, 0x1040, &function));
    ck_assert_uint_eq(function.start, 0x1040);
    ck_assert(!pe_find_function(&image, 0x1080, &function));
    ck_assert(pe_find_function(&image, 0x1190, &function));
    ck_assert_uint_eq(function.start, 0x1100);
    ck_assert_uint_eq(function.piece_start, 0x1180);
    ck_assert(!pe_find_function(&image, 0xfff, &function));
}
END_TEST

/* Everything an image can be asked. */
static void ask_all(void)
{
    struct pe_exports exports = {0};
    struct pe_function function;
    struct pe_debug debug;
    struct ew_guid mvid;
    uint32_t same;
    if (pe_open(&image, &source) != EW_OK) {
        return;
    }
    (void)pe_read_debug(&image, NULL, &debug);
    (void)pe_read_mvid(&image, &mvid);
    (void)pe_find_function(&image, 0x1190, &function);
    if (pe_exports_read(&image, &exports) == EW_OK) {
        (void)pe_exports_nearest(&exports, &image, 0x1080, &same);
    }
    pe_exports_free(&exports);
}

START_TEST(image__cut_at_any_byte__is_never_read_beyond_its_end)
{
    struct made_build managed = native;
    managed.managed = true;
    open_made(&managed);
    for (size_t cut = 0; cut < sizeof bytes; cut += 3) {
        /* In memory of its own, so that a sanitizer sees the end. */
        uint8_t *copy = malloc(cut + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes, cut);
        source.memory = copy;
        source.byte_count = cut;
        ask_all();
        free(copy);
    }
}
END_TEST

START_TEST(image__with_any_word_changed__is_answered_without_harm)
{
    struct made_build managed = native;
    managed.managed = true;
    open_made(&managed);
    for (size_t at = 0; at + 4 <= sizeof bytes; at += 2) {
        static const uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
        uint32_t before = ew_load_u32(bytes + at);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            ew_store_u32(bytes + at, values[i]);
            ask_all();
        }
        ew_store_u32(bytes + at, before);
    }
}
END_TEST

/* --- PDBs ------------------------------------------------------------------------- */

static char publics[512];

static bool note_public(void *context, uint32_t rva, const char *name)
{
    size_t used = strlen(publics);
    (void)context;
    (void)snprintf(publics + used, sizeof publics - used, "%x %s\n", (unsigned)rva, name);
    return true;
}

static enum ew_status ask_pdb(struct pdb_identity *identity)
{
    struct pdb pdb;
    enum ew_status status = pdb_open(&pdb, &source);
    publics[0] = '\0';
    if (status == EW_OK) {
        status = pdb_read_identity(&pdb, identity);
        (void)(pdb_each_public(&pdb, note_public, NULL) == EW_OK);
        pdb_close(&pdb);
    }
    return status;
}

static void open_pdb(void)
{
    made_pdb(&native, pdb_bytes);
    memset(&source, 0, sizeof source);
    source.memory = pdb_bytes;
    source.byte_count = sizeof pdb_bytes;
}

START_TEST(pdb__of_a_build__has_the_age_that_the_linker_wrote)
{
    struct pdb_identity identity;
    open_pdb();
    ck_assert_int_eq(ask_pdb(&identity), EW_OK);
    ck_assert_uint_eq(identity.guid.bytes[15], 0x5a);
    ck_assert_uint_eq(identity.age, 3); /* the info stream says 4 */
}
END_TEST

START_TEST(pdb__public_names__are_told_with_their_address)
{
    struct pdb_identity identity;
    open_pdb();
    ck_assert_int_eq(ask_pdb(&identity), EW_OK);
    ck_assert_str_eq(publics, "1000 ?Alpha@@YAHXZ\n1000 Alias\n1040 Hidden\n");
}
END_TEST

START_TEST(pdb__with_any_word_changed__is_answered_without_harm)
{
    struct pdb_identity identity;
    open_pdb();
    for (size_t at = 0; at + 4 <= sizeof pdb_bytes; at += 2) {
        static const uint32_t values[] = {0, 1, 3, 0x7fffffff, 0xffffffff};
        uint32_t before = ew_load_u32(pdb_bytes + at);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            ew_store_u32(pdb_bytes + at, values[i]);
            (void)(ask_pdb(&identity) == EW_OK);
        }
        ew_store_u32(pdb_bytes + at, before);
    }
}
END_TEST

START_TEST(pdb__cut_at_any_byte__is_never_read_beyond_its_end)
{
    struct pdb_identity identity;
    open_pdb();
    for (size_t cut = 0; cut < sizeof pdb_bytes; cut += 5) {
        uint8_t *copy = malloc(cut + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, pdb_bytes, cut);
        source.memory = copy;
        source.byte_count = cut;
        (void)(ask_pdb(&identity) == EW_OK);
        free(copy);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("pe");
    TCase *cases = tcase_create("pe");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, headers__of_an_image__tell_its_build);
    tcase_add_test(cases, debug_record__of_a_native_image__has_guid_age_and_name);
    tcase_add_test(cases, debug_record__of_a_portable_pdb__has_the_age_of_events);
    tcase_add_test(cases, mvid__of_a_managed_image__is_the_one_its_module_row_names);
    tcase_add_test(cases, exports__of_code__are_found_by_address);
    tcase_add_test(cases, functions__in_the_exception_directory__know_their_pieces);
    tcase_add_test(cases, image__cut_at_any_byte__is_never_read_beyond_its_end);
    tcase_add_test(cases, image__with_any_word_changed__is_answered_without_harm);
    tcase_add_test(cases, pdb__of_a_build__has_the_age_that_the_linker_wrote);
    tcase_add_test(cases, pdb__public_names__are_told_with_their_address);
    tcase_add_test(cases, pdb__with_any_word_changed__is_answered_without_harm);
    tcase_add_test(cases, pdb__cut_at_any_byte__is_never_read_beyond_its_end);
    suite_add_tcase(suite, cases);
    return suite;
}
