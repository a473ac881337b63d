/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that runs for many windows: what nobody asks for any more goes, what is asked for
 * stays, and nothing is ever refused for want of room.
 */
#include "support/check_main.h"
#include "unit/symbols/fake_system.h"

#include <stdio.h>
#include <string.h>

#define FOLDER EW_SCRATCH_DIR "/app"
#define FOREVER UINT64_MAX

static struct ew_symbols *symbols;

static const struct ew_module app = {.name = "app.dll",
                                     .path = EVENT_PATH,
                                     .has_code_id = true,
                                     .timestamp = 0x542d574e,
                                     .size_bytes = 0x3000};

static void set_up(void)
{
    memset(&fake, 0, sizeof fake);
    fake.endless = true;
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    symbols = fake_store(FOLDER, false);
}

static void tear_down(void)
{
    ew_symbols_destroy(symbols);
}

static bool find(uint64_t rva, struct ew_symbol *symbol_out)
{
    return ew_symbols_find(symbols, &app, rva, symbol_out);
}

static void work(void)
{
    ck_assert_uint_eq(ew_symbols_work(symbols, FOREVER), 0);
}

static void end_window(void)
{
    ew_symbols_next_window(symbols);
    work();
}

static void learn(uint64_t rva)
{
    struct ew_symbol symbol;
    ck_assert(!find(rva, &symbol));
    work();
    ck_assert(find(rva, &symbol));
}

/* A build whose file is nowhere. */
static void ask_build(uint32_t timestamp)
{
    struct ew_symbol_build build;
    struct ew_module module = {.name = "gone.dll",
                               .path = "\\Device\\Mup\\server\\share\\gone.dll",
                               .has_code_id = true,
                               .timestamp = timestamp,
                               .size_bytes = 0x1000};
    ck_assert(!ew_symbols_build(symbols, &module, &build));
}

/* --- months ------------------------------------------------------------------------------- */

enum { WINDOWS = 60, ADDRESSES_EACH = 10000, BUILDS_EACH = 600, FUNCTION_BYTES = 16 };

/* Addresses, functions and builds that no window before had. */
static void live_through(uint32_t window)
{
    struct ew_symbol symbol;
    for (uint32_t i = 0; i < ADDRESSES_EACH; i++) {
        uint64_t rva = (UINT64_C(1) + window * ADDRESSES_EACH + i) * FUNCTION_BYTES;
        ck_assert(!find(rva, &symbol));
    }
    for (uint32_t i = 0; i < BUILDS_EACH; i++) {
        ask_build(1 + window * BUILDS_EACH + i);
    }
    work();
}

START_TEST(store__of_many_windows__refuses_nothing_and_does_not_grow)
{
    _Static_assert(WINDOWS * ADDRESSES_EACH > EW_SYMBOL_ADDRESSES_MAX
                       && WINDOWS * ADDRESSES_EACH > EW_SYMBOL_FUNCTIONS_MAX
                       && WINDOWS * BUILDS_EACH > EW_SYMBOL_BUILDS_MAX,
                   "without forgetting it would be full");
    struct ew_symbol symbol;
    size_t bytes_early = 0;
    size_t bytes_late = 0;
    learn(8);
    for (uint32_t window = 0; window < WINDOWS; window++) {
        ck_assert(find(8, &symbol)); /* asked for in every window */
        ck_assert_str_eq(symbol.name, "Function0");
        live_through(window);
        size_t *most = window < WINDOWS / 2 ? &bytes_early : &bytes_late;
        *most = symbols->texts.bytes_used > *most ? symbols->texts.bytes_used : *most;
        end_window();
    }
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 0);
    ck_assert_uint_gt(ew_symbols_counts(symbols).forgotten, EW_SYMBOL_BUILDS_MAX);
    ck_assert_uint_eq(ew_symbols_counts(symbols).addresses, 1 + WINDOWS * ADDRESSES_EACH);
    ck_assert_uint_le(bytes_late, bytes_early + bytes_early / 10);
}
END_TEST

/* One window asks for more than two thirds of the table: keeping eight of them has no room. */
START_TEST(windows__too_large_for_eight_of_them__leave_what_the_last_asked_for)
{
    for (uint32_t window = 0; window < 4; window++) {
        for (uint32_t i = 0; i < EW_SYMBOL_BUILDS_MAX / 10 * 8; i++) {
            ask_build(1 + window % 2 * EW_SYMBOL_BUILDS_MAX + i);
        }
        work();
        end_window();
        ck_assert_uint_eq(symbols->build_count, EW_SYMBOL_BUILDS_MAX / 10 * 8);
        end_window(); /* in which nobody asks */
    }
    ck_assert_uint_eq(ew_symbols_counts(symbols).refused, 0);
}
END_TEST

/* --- what stays -------------------------------------------------------------------------------
 */

START_TEST(name__that_was_told__is_whole_until_the_next_window)
{
    struct ew_symbol symbol;
    symbols->renewal_percent = 0;
    learn(0x20);
    ew_symbols_next_window(symbols);
    ck_assert(find(0x20, &symbol)); /* in this window, before the other thread has come to it */
    work();
    ck_assert_str_eq(symbol.name, "Function20");
    ck_assert_ptr_nonnull(symbols->texts_before.blocks);
    ew_symbols_next_window(symbols);
    ck_assert_ptr_null(symbols->texts_before.blocks);
}
END_TEST

START_TEST(address__not_asked_for_in_many_windows__is_forgotten_and_found_again)
{
    struct ew_symbol symbol;
    symbols->renewal_percent = 0;
    learn(0x20);
    learn(0x40);
    for (unsigned window = 0; window < EW_SYMBOL_WINDOWS_KEPT; window++) {
        end_window();
        ck_assert(find(0x40, &symbol));
    }
    ck_assert_uint_eq(symbols->address_count, 2);
    end_window();
    ck_assert_uint_eq(symbols->address_count, 1);
    ck_assert_uint_eq(symbols->function_count, 1);
    ck_assert_uint_eq(ew_symbols_counts(symbols).forgotten, 1);
    ck_assert(find(0x40, &symbol));
    ck_assert_str_eq(symbol.name, "Function40");
    learn(0x20);
}
END_TEST

START_TEST(wish__older_than_any_window_kept__is_fulfilled_all_the_same)
{
    struct ew_symbol symbol;
    symbols->renewal_percent = 0;
    ck_assert(!find(0x20, &symbol));
    ck_assert(!find(0x60, &symbol));
    ask_build(77);
    for (unsigned window = 0; window < 2 * EW_SYMBOL_WINDOWS_KEPT; window++) {
        ew_symbols_next_window(symbols);
        ck_assert_uint_eq(ew_symbols_work(symbols, 0), 4); /* no time for anything */
    }
    work();
    ck_assert(find(0x20, &symbol));
    ck_assert_str_eq(symbol.name, "Function20");
    ck_assert(find(0x60, &symbol));
    ck_assert_uint_eq(ew_symbols_counts(symbols).modules_none, 1);
}
END_TEST

START_TEST(store__that_is_not_filling_up__forgets_nothing)
{
    struct ew_symbol symbol;
    learn(0x20);
    for (unsigned window = 0; window < 4 * EW_SYMBOL_WINDOWS_KEPT; window++) {
        end_window();
    }
    ck_assert(find(0x20, &symbol));
    ck_assert_uint_eq(ew_symbols_counts(symbols).forgotten, 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("symbols, renewal");
    TCase *tests = tcase_create("renewal");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, store__of_many_windows__refuses_nothing_and_does_not_grow);
    tcase_add_test(tests, windows__too_large_for_eight_of_them__leave_what_the_last_asked_for);
    tcase_add_test(tests, name__that_was_told__is_whole_until_the_next_window);
    tcase_add_test(tests, address__not_asked_for_in_many_windows__is_forgotten_and_found_again);
    tcase_add_test(tests, wish__older_than_any_window_kept__is_fulfilled_all_the_same);
    tcase_add_test(tests, store__that_is_not_filling_up__forgets_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
