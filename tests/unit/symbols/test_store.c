/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: what is asked is answered once work was done, from the right build or not at
 * all. Images and PDBs are files made by hand; the engine is a table.
 */
#include "support/check_main.h"
#include "unit/symbols/fake_system.h"

#include <stdio.h>
#include <string.h>

#define FOREVER UINT64_MAX

static struct ew_symbols *symbols;

static void make_store(const char *folder, bool image_folder)
{
    symbols = fake_store(folder, image_folder);
}

static void set_up(void)
{
    memset(&fake, 0, sizeof fake);
}

static void tear_down(void)
{
    ew_symbols_destroy(symbols);
    symbols = NULL;
}

static struct ew_module module_of(const struct made_build *build)
{
    struct ew_module module = {.kind = EW_MODULE_NATIVE,
                               .name = "app.dll",
                               .path = EVENT_PATH,
                               .has_code_id = true,
                               .timestamp = build->timestamp,
                               .size_bytes = build->size_bytes};
    return module;
}

/* Asks, lets work be done, asks again. */
static bool ask(const struct ew_module *module, uint64_t rva, struct ew_symbol *symbol_out)
{
    ck_assert(!ew_symbols_find(symbols, module, rva, symbol_out));
    ck_assert_uint_eq(ew_symbols_work(symbols, FOREVER), 0);
    return ew_symbols_find(symbols, module, rva, symbol_out);
}

/* --- names from a PDB ---------------------------------------------------------------- */

#define FOLDER EW_SCRATCH_DIR "/right"

START_TEST(address__in_a_static_function__is_named_by_the_pdb)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    make_store(FOLDER, false);
    ck_assert(ask(&module, 0x1058, &symbol));
    ck_assert_str_eq(symbol.name, "Hidden");
    ck_assert_uint_eq(symbol.rva, 0x1040);
    ck_assert_uint_eq(symbol.size_bytes, 0x20);
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_PDB);
    ck_assert_ptr_null(symbol.decorated);
    ck_assert_str_eq(fake.pdb_path, FOLDER "/app.pdb");
    ck_assert(!fake.loaded);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_pdb, 1);
}
END_TEST

START_TEST(address__outside_every_function_of_the_pdb__has_the_export_near_it)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    make_store(FOLDER, false);
    /* After Hidden's 0x20 bytes, in a function that the exception directory tells. */
    ck_assert(ask(&module, 0x1070, &symbol));
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_EXPORT_NEAR);
    ck_assert_str_eq(symbol.name, "Alpha+0x40");
    ck_assert_uint_eq(symbol.rva, 0x1040);
}
END_TEST

START_TEST(function__of_a_pdb_without_sizes__ends_where_the_exception_directory_says)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    make_store(FOLDER, false);
    ck_assert(ask(&module, 0x1190, &symbol)); /* the chained piece of Beta */
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_PDB);
    ck_assert_str_eq(symbol.name, "Beta");
    ck_assert(ask(&module, 0x1150, &symbol)); /* behind it */
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_EXPORT_NEAR);
}
END_TEST

START_TEST(function__with_two_public_names__is_folded_and_has_the_least_of_them)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    make_store(FOLDER, false);
    ck_assert(ask(&module, 0x1010, &symbol));
    ck_assert_uint_eq(symbol.flags, EW_FUNCTION_FOLDED);
    ck_assert_str_eq(symbol.decorated, "?Alpha@@YAHXZ");
    ck_assert_str_eq(symbol.name, "plain ?Alpha@@YAHXZ");
}
END_TEST

START_TEST(two_addresses__of_one_function__are_one_function)
{
    struct ew_symbol first;
    struct ew_symbol second;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    make_store(FOLDER, false);
    ck_assert(ask(&module, 0x1041, &first));
    ck_assert(ask(&module, 0x1042, &second));
    ck_assert_ptr_eq(first.name, second.name);
    ck_assert_uint_eq(ew_symbols_counts(symbols).addresses, 2);
}
END_TEST

/* --- other builds ---------------------------------------------------------------------- */

#define WRONG EW_SCRATCH_DIR "/wrong"

START_TEST(pdb__of_another_build__is_not_used_and_counted)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    struct made_build other = native;
    other.guid_byte = 0x5b;
    write_image(WRONG, &native);
    write_pdb(WRONG, &other);
    make_store(WRONG, false);
    ck_assert(ask(&module, 0x1100, &symbol));
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_EXPORT);
    ck_assert_uint_eq(fake.loads, 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_mismatched, 1);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_exports, 1);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_pdb, 0);
}
END_TEST

START_TEST(pdb__of_another_age__is_not_used)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    struct made_build other = native;
    other.age = 4;
    write_image(WRONG, &native);
    write_pdb(WRONG, &other);
    make_store(WRONG, false);
    ck_assert(ask(&module, 0x1000, &symbol));
    ck_assert_uint_eq(fake.loads, 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_mismatched, 1);
}
END_TEST

START_TEST(image__of_another_build__is_not_used_and_counted)
{
    struct ew_symbol symbol;
    struct ew_symbol_build build;
    struct made_build other = native;
    struct ew_module module = module_of(&native);
    other.timestamp++;
    write_image(WRONG, &other);
    write_pdb(WRONG, &native);
    make_store(WRONG, false);
    ck_assert(!ask(&module, 0x1000, &symbol));
    ck_assert(!ew_symbols_build(symbols, &module, &build));
    ck_assert_uint_eq(ew_symbols_counts(symbols).images_mismatched, 1);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_none, 1);
}
END_TEST

START_TEST(module__whose_debug_id_events_told__needs_no_image)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    module.has_debug_id = true;
    memset(module.pdb_guid.bytes, native.guid_byte, sizeof module.pdb_guid.bytes);
    module.pdb_age = native.age;
    write_pdb(EW_SCRATCH_DIR "/pdb-only", &native);
    make_store(EW_SCRATCH_DIR "/pdb-only", false);
    ck_assert(ask(&module, 0x1041, &symbol));
    ck_assert_str_eq(symbol.name, "Hidden");
}
END_TEST

START_TEST(store__in_the_layout_of_symbol_servers__is_searched)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(EW_SCRATCH_DIR "/store/app.dll/542D574E3000", &native);
    write_pdb(EW_SCRATCH_DIR "/store/app.pdb/5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A3", &native);
    make_store("SRV*" EW_SCRATCH_DIR "/store", false);
    ck_assert(ask(&module, 0x1041, &symbol));
    ck_assert_str_eq(symbol.name, "Hidden");
}
END_TEST

/* --- beside the image ---------------------------------------------------------------------- */

static void use_image_folder(bool trusted)
{
    write_image(EW_SCRATCH_DIR "/beside", &native);
    write_pdb(EW_SCRATCH_DIR "/beside", &native);
    fake.image_at = EW_SCRATCH_DIR "/beside/app.dll";
    fake.trusted = trusted;
}

START_TEST(pdb__beside_an_image_where_anybody_writes__is_not_used_and_counted)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    use_image_folder(false);
    make_store(NULL, true);
    ck_assert(ask(&module, 0x1001, &symbol));
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_EXPORT);
    ck_assert_uint_eq(symbol.flags, EW_FUNCTION_FOLDED); /* Alpha and AlphaTwin */
    ck_assert_uint_eq(fake.loads, 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_untrusted, 1);
}
END_TEST

START_TEST(pdb__beside_an_image_where_administrators_write__is_used)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    use_image_folder(true);
    make_store(NULL, true);
    ck_assert(ask(&module, 0x1041, &symbol));
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_PDB);
}
END_TEST

START_TEST(pdb__beside_an_image__is_only_looked_for_when_asked)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    use_image_folder(true);
    make_store(NULL, false);
    ck_assert(ask(&module, 0x1041, &symbol));
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_EXPORT_NEAR);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_untrusted, 0);
}
END_TEST

START_TEST(pdb__that_the_engine_refuses__leaves_the_exports)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    fake.refuses = true;
    make_store(FOLDER, false);
    ck_assert(ask(&module, 0x1101, &symbol));
    ck_assert_int_eq(symbol.resolution, EW_RESOLVED_EXPORT);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_pdb, 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_exports, 1);
}
END_TEST

/* --- builds ------------------------------------------------------------------------------- */

START_TEST(build__of_a_managed_module__has_the_mvid_and_no_functions)
{
    struct ew_symbol symbol;
    struct ew_symbol_build build;
    struct made_build managed = native;
    struct ew_module module = module_of(&native);
    managed.managed = true;
    managed.portable = true;
    write_image(EW_SCRATCH_DIR "/managed", &managed);
    make_store(EW_SCRATCH_DIR "/managed", false);
    ck_assert(!ask(&module, 0x1000, &symbol));
    ck_assert(ew_symbols_build(symbols, &module, &build));
    ck_assert(build.has_mvid);
    ck_assert_uint_eq(build.mvid.bytes[0], 0x77);
    ck_assert(build.has_debug_id);
    ck_assert_uint_eq(build.pdb_age, UINT32_MAX);
}
END_TEST

START_TEST(build__without_any_identity__is_not_looked_for)
{
    struct ew_symbol_build build;
    struct ew_module module = {.name = "app.dll", .path = EVENT_PATH};
    use_image_folder(true);
    make_store(NULL, false);
    ck_assert(!ew_symbols_build(symbols, &module, &build));
    ck_assert_uint_eq(ew_symbols_wishes(symbols), 0);
}
END_TEST

START_TEST(build__missing_at_one_path__is_found_at_the_next)
{
    struct ew_symbol symbol;
    struct ew_module elsewhere = module_of(&native);
    struct ew_module module = module_of(&native);
    elsewhere.path = "\\Device\\Mup\\server\\share\\app.dll";
    use_image_folder(true);
    make_store(NULL, false);
    ck_assert(!ask(&elsewhere, 0x1000, &symbol));
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_none, 1);
    ck_assert(!ew_symbols_find(symbols, &module, 0x1000, &symbol));
    ck_assert_uint_eq(ew_symbols_work(symbols, FOREVER), 0);
    if (!ew_symbols_find(symbols, &module, 0x1000, &symbol)) {
        ck_assert_uint_eq(ew_symbols_work(symbols, FOREVER), 0);
    }
    ck_assert(ew_symbols_find(symbols, &module, 0x1000, &symbol));
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_none, 0);
}
END_TEST

/* --- time and room -------------------------------------------------------------------------- */

START_TEST(work__at_its_deadline__stops_between_addresses_and_goes_on_later)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    make_store(FOLDER, false);
    for (uint64_t rva = 0x1000; rva < 0x1040; rva++) {
        ck_assert(!ew_symbols_find(symbols, &module, rva, &symbol));
    }
    fake.step_ns = 1000000;
    size_t left = ew_symbols_work(symbols, fake.now_ns + 20 * fake.step_ns);
    ck_assert_uint_gt(left, 0);
    ck_assert_uint_lt(left, 0x40);
    ck_assert_uint_eq(left, ew_symbols_wishes(symbols));
    ck_assert_uint_eq(ew_symbols_work(symbols, FOREVER), 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).addresses, 0x40);
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 0);
}
END_TEST

START_TEST(build__that_takes_too_long__is_refused_and_counted)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    fake.load_ns = (EW_SYMBOL_BUILD_SECONDS_MAX + 1) * UINT64_C(1000000000);
    make_store(FOLDER, false);
    ck_assert(!ask(&module, 0x1000, &symbol));
    ck_assert(!ew_symbols_find(symbols, &module, 0x1001, &symbol));
    ck_assert_uint_eq(ew_symbols_wishes(symbols), 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 1);
    ck_assert_uint_eq(fake.loads, 1);
}
END_TEST

START_TEST(wishes__beyond_their_number__are_refused_and_counted)
{
    struct ew_symbol symbol;
    struct ew_module module = module_of(&native);
    make_store(NULL, false);
    for (uint64_t rva = 0; rva < EW_SYMBOL_WISHES_MAX + 5; rva++) {
        ck_assert(!ew_symbols_find(symbols, &module, rva, &symbol));
    }
    ck_assert_uint_eq(ew_symbols_wishes(symbols), EW_SYMBOL_WISHES_MAX + 1); /* and the build */
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 5);
    ck_assert_uint_eq(ew_symbols_work(symbols, FOREVER), 0);
}
END_TEST

/* --- settings ---------------------------------------------------------------------------------
 */

static enum ew_status create_with(const char *path, bool network, struct ew_error *error)
{
    static char kept[256];
    char *items[1] = {kept};
    const struct symbols_system system = {.context = NULL};
    struct ew_settings_symbols settings = {.network = network, .paths = {items, 1}};
    (void)snprintf(kept, sizeof kept, "%s", path);
    enum ew_status status = symbols_create_with(&settings, &system, &symbols, error);
    if (status == EW_OK) {
        tear_down();
    }
    return status;
}

START_TEST(paths__to_servers__are_refused_unless_allowed)
{
    struct ew_error error = {0};
    ck_assert_int_eq(create_with("\\\\server\\symbols", false, &error), EW_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "server"));
    ck_assert_int_eq(create_with("SRV*C:\\cache*\\\\server\\symbols", false, &error), EW_USAGE);
    ck_assert_int_eq(create_with("\\\\?\\UNC\\server\\symbols", false, &error), EW_USAGE);
    ck_assert_int_eq(create_with("//server/symbols", false, &error), EW_USAGE);
    ck_assert_int_eq(create_with("\\\\server\\symbols", true, &error), EW_OK);
    ck_assert_int_eq(create_with("srv*https://example.org/x", true, &error), EW_USAGE);
    ck_assert_int_eq(create_with("\\\\?\\C:\\symbols", false, &error), EW_OK);
    ck_assert_int_eq(create_with("srv*C:\\symbols*", false, &error), EW_OK);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("symbols");
    TCase *tests = tcase_create("symbols");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, address__in_a_static_function__is_named_by_the_pdb);
    tcase_add_test(tests, address__outside_every_function_of_the_pdb__has_the_export_near_it);
    tcase_add_test(tests,
                   function__of_a_pdb_without_sizes__ends_where_the_exception_directory_says);
    tcase_add_test(tests, function__with_two_public_names__is_folded_and_has_the_least_of_them);
    tcase_add_test(tests, two_addresses__of_one_function__are_one_function);
    tcase_add_test(tests, pdb__of_another_build__is_not_used_and_counted);
    tcase_add_test(tests, pdb__of_another_age__is_not_used);
    tcase_add_test(tests, image__of_another_build__is_not_used_and_counted);
    tcase_add_test(tests, module__whose_debug_id_events_told__needs_no_image);
    tcase_add_test(tests, store__in_the_layout_of_symbol_servers__is_searched);
    tcase_add_test(tests, pdb__beside_an_image_where_anybody_writes__is_not_used_and_counted);
    tcase_add_test(tests, pdb__beside_an_image_where_administrators_write__is_used);
    tcase_add_test(tests, pdb__beside_an_image__is_only_looked_for_when_asked);
    tcase_add_test(tests, pdb__that_the_engine_refuses__leaves_the_exports);
    tcase_add_test(tests, build__of_a_managed_module__has_the_mvid_and_no_functions);
    tcase_add_test(tests, build__without_any_identity__is_not_looked_for);
    tcase_add_test(tests, build__missing_at_one_path__is_found_at_the_next);
    tcase_add_test(tests, work__at_its_deadline__stops_between_addresses_and_goes_on_later);
    tcase_add_test(tests, build__that_takes_too_long__is_refused_and_counted);
    tcase_add_test(tests, wishes__beyond_their_number__are_refused_and_counted);
    tcase_add_test(tests, paths__to_servers__are_refused_unless_allowed);
    suite_add_tcase(suite, tests);
    return suite;
}
