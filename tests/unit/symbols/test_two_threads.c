/* SPDX-License-Identifier: Apache-2.0 */
/* One thread asks while another works: every address is answered in the end, and the same
 * way each time. For the thread sanitizer as much as for its own sake. */
#include "support/check_main.h"
#include "unit/symbols/fake_system.h"

#include <stdatomic.h>
#include <string.h>

#define FOLDER EW_SCRATCH_DIR "/app"

static atomic_bool asked_all;

static void work(void *context)
{
    struct ew_symbols *symbols = context;
    bool last = false;
    while (!last) {
        last = atomic_load(&asked_all);
        (void)ew_symbols_work(symbols, UINT64_MAX);
    }
}

START_TEST(store__asked_while_it_works__answers_everything)
{
    enum { FIRST = 0x1000, END = 0x1200, ROUNDS = 200 };
    struct ew_thread *thread = NULL;
    struct ew_symbol symbol;
    struct ew_symbol_build build;
    struct ew_module module = {.name = "app.dll",
                               .path = EVENT_PATH,
                               .has_code_id = true,
                               .timestamp = native.timestamp,
                               .size_bytes = native.size_bytes};
    memset(&fake, 0, sizeof fake);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    struct ew_symbols *symbols = fake_store(FOLDER, false);
    ck_assert_int_eq(ew_thread_start(&thread, work, symbols), EW_OK);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t rva = FIRST; rva < END; rva++) {
            bool found = ew_symbols_find(symbols, &module, rva, &symbol);
            ck_assert(!found || symbol.rva <= rva);
            ck_assert(!found || symbol.name[0] != '\0');
        }
        (void)ew_symbols_build(symbols, &module, &build);
        (void)ew_symbols_counts(symbols);
        (void)ew_symbols_wishes(symbols);
    }
    atomic_store(&asked_all, true);
    ew_thread_join(thread);
    for (uint64_t rva = FIRST; rva < END; rva++) {
        ck_assert(ew_symbols_find(symbols, &module, rva, &symbol));
    }
    ck_assert_uint_eq(ew_symbols_counts(symbols).addresses, END - FIRST);
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 0);
    ew_symbols_destroy(symbols);
}
END_TEST

/* As above, in windows of which each makes the store forget what the one before did not ask
 * for. A name is read after other questions, as long as its window lasts. */
START_TEST(store__that_forgets_while_it_is_asked__tells_whole_names)
{
    enum { WINDOWS = 300, EACH = 64, BYTES = 16, FIRST = 0x10000 };
    struct ew_thread *thread = NULL;
    struct ew_module module = {.name = "app.dll",
                               .path = EVENT_PATH,
                               .has_code_id = true,
                               .timestamp = native.timestamp,
                               .size_bytes = native.size_bytes};
    memset(&fake, 0, sizeof fake);
    fake.endless = true;
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    struct ew_symbols *symbols = fake_store(FOLDER, false);
    symbols->renewal_percent = 0;
    atomic_store(&asked_all, false);
    ck_assert_int_eq(ew_thread_start(&thread, work, symbols), EW_OK);
    for (uint64_t window = 0; window < WINDOWS; window++) {
        struct ew_symbol told[EACH] = {{.name = NULL}};
        for (uint64_t i = 0; i < 2 * EACH; i++) {
            uint64_t rva = FIRST + (window * EACH / 2 + i % EACH) * BYTES;
            (void)ew_symbols_find(symbols, &module, rva, &told[i % EACH]);
        }
        for (uint64_t i = 0; i < EACH; i++) {
            ck_assert(told[i].name == NULL || strncmp(told[i].name, "Function", 8) == 0);
        }
        ew_symbols_next_window(symbols);
    }
    atomic_store(&asked_all, true);
    ew_thread_join(thread);
    ck_assert_uint_gt(ew_symbols_counts(symbols).forgotten, 0);
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 0);
    ck_assert_uint_eq(ew_symbols_wishes(symbols), 0);
    ew_symbols_destroy(symbols);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("symbols, two threads");
    TCase *tests = tcase_create("two threads");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, store__asked_while_it_works__answers_everything);
    tcase_add_test(tests, store__that_forgets_while_it_is_asked__tells_whole_names);
    suite_add_tcase(suite, tests);
    return suite;
}
