/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model that runs for months: thousands of short-lived processes leave nothing behind, full
 * tables recover, and a gap between two sessions does not keep the dead alive.
 */
#include "model/internal.h"
#include "support/check_main.h"
#include "support/model_world.h"

#include <stdio.h>
#include <string.h>

/* Windows of a minute, each with processes that start, compile methods and end. */
enum { WINDOWS = 300, PROCESSES = 20, METHODS = 40, SERVER = 4000, SERVER_TID = 4004 };

#define MINUTE UINT64_C(600000000)
#define SECOND UINT64_C(10000000)
#define SERVER_CODE UINT64_C(0x7ff000000000)

static const char container[] = "6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0";
static struct world *world;

static void set_up(void)
{
    world = world_make();
    world_process(world, 1, EW_PHASE_DC_START, SERVER, "server.exe");
    world_thread(world, 2, EW_PHASE_DC_START, SERVER, SERVER_TID);
    world_container(world, 3, SERVER, container, strlen(container));
    world_image(world, 4, EW_PHASE_DC_START, SERVER, 0x400000, 0x10000, 1, "C:\\srv\\server.exe");
    world_clr_module(world, 5, EW_PHASE_DC_START, SERVER, 77, "C:\\srv\\server.dll", 9);
    world_method(world, 6, EW_PHASE_DC_START, SERVER, 1, SERVER_CODE, 0x100, 0x6000001, "Serve");
}

static void tear_down(void)
{
    world_free(world);
}

struct fill {
    uint32_t names;
    size_t name_bytes;
    uint32_t modules;
    uint32_t methods;
    uint32_t clr_modules;
    uint32_t mappings;
    uint32_t processes;
    uint32_t threads;
    uint32_t keys;
};

static void raise_fill(struct fill *most, const struct ew_model *model)
{
#define RAISE(member, now) most->member = most->member > (now) ? most->member : (now)
    RAISE(names, model->names.count);
    RAISE(name_bytes, model->names.arena.bytes_used);
    RAISE(modules, model->modules.count);
    RAISE(methods, model->method_count);
    RAISE(clr_modules, model->clr_module_count);
    RAISE(mappings, model->mappings.count);
    RAISE(processes, model->process_count);
    RAISE(threads, model->thread_count);
    RAISE(keys, model->open_keys.count);
#undef RAISE
}

/* One process with files and methods that no other has. Its threads are never told to end. */
static void live(uint64_t time, uint32_t number)
{
    char text[64];
    uint32_t pid = 8 + number % 5000 * 4;
    if (pid == SERVER) {
        return;
    }
    (void)snprintf(text, sizeof text, "job%u.exe", (unsigned)number);
    world_process(world, time, EW_PHASE_START, pid, text);
    world_thread(world, time, EW_PHASE_START, pid, 1000000 + number * 4);
    (void)snprintf(text, sizeof text, "C:\\jobs\\job%u.exe", (unsigned)number);
    world_image(world, time, EW_PHASE_START, pid, 0x400000, 0x1000, 1 + number, text);
    (void)snprintf(text, sizeof text, "C:\\jobs\\job%u.dll", (unsigned)number);
    world_clr_module(world, time, EW_PHASE_START, pid, 77, text, 7);
    for (uint32_t i = 0; i < METHODS; i++) {
        (void)snprintf(text, sizeof text, "Run%uPart%u", (unsigned)number, (unsigned)i);
        world_method(world, time, EW_PHASE_START, pid, i + 1, 0x10000 + i * 0x100, 0x80,
                     0x6000001 + i, text);
    }
    world_sample(world, time + 1, 0, 1000000 + number * 4, 0x10010);
    world_key(world, time + 2, time + 1, pid, 1000000 + number * 4, number, true);
    world_process(world, time + 10, EW_PHASE_END, pid, "");
}

static void close_window(uint64_t end)
{
    ew_model_flush(world->model, WORLD_START + end);
    ew_model_prune(world->model, WORLD_START + end);
    ck_assert_int_eq(ew_model_forget_fragments(world->model), EW_OK);
}

static void check_server(uint64_t time)
{
    struct ew_code code;
    uint32_t server = process_find(world->model, SERVER);
    const struct ew_process *process = ew_model_process(world->model, server);
    ck_assert_str_eq(process->name, "server.exe");
    ck_assert_str_eq(process->container, container);
    ck_assert_str_eq(ew_model_module(world->model, process->image)->path, "C:\\srv\\server.exe");
    ew_model_resolve(world->model, server, SERVER_CODE + 8, WORLD_START + time, &code);
    ck_assert_int_eq(code.kind, EW_CODE_METHOD);
    ck_assert_str_eq(ew_model_method(world->model, code.method)->method_name, "Serve");
    ck_assert_str_eq(ew_model_module(world->model, code.module)->name, "server.dll");
    ck_assert_str_eq(ew_model_module(world->model, code.module)->path, "C:\\srv\\server.dll");
    ew_model_resolve(world->model, server, 0x400010, WORLD_START + time, &code);
    ck_assert_str_eq(ew_model_module(world->model, code.module)->name, "server.exe");
}

static void check_nothing_refused(void)
{
    struct ew_model_counts counts = ew_model_counts(world->model);
    ck_assert_uint_eq(counts.names_refused + counts.modules_refused + counts.methods_refused
                          + counts.images_refused + counts.processes_refused
                          + counts.threads_evicted + counts.keys_refused
                          + counts.fragments_refused,
                      0);
}

/* Tables are swept at slightly different fills, by what a window adds. */
static void check_flat(const struct fill *early, const struct fill *late)
{
#define FLAT(member) ck_assert_uint_le(late->member, early->member + early->member / 8)
    FLAT(names);
    FLAT(name_bytes);
    FLAT(modules);
    FLAT(methods);
    FLAT(clr_modules);
    FLAT(mappings);
    FLAT(processes);
    FLAT(threads);
    FLAT(keys);
#undef FLAT
}

START_TEST(tables__thousands_of_processes_come_and_go__stay_flat)
{
    struct fill early = {0};
    struct fill late = {0};
    for (uint32_t w = 0; w < WINDOWS; w++) {
        for (uint32_t i = 0; i < PROCESSES; i++) {
            live(w * MINUTE + 100 + i * SECOND, w * PROCESSES + i);
        }
        raise_fill(w < WINDOWS / 2 ? &early : &late, world->model);
        close_window((w + 1) * MINUTE);
        check_server((w + 1) * MINUTE);
    }
    check_nothing_refused();
    check_flat(&early, &late);
    ck_assert_uint_lt(late.methods, 3 * PROCESSES * METHODS);
    ck_assert_uint_lt(late.names, 16384);
    ck_assert_uint_lt(ew_fragments_fill_permille(world->fragments), 500);
}
END_TEST

START_TEST(modules__table_full__refuse_and_recover_after_a_prune)
{
    char path[64];
    uint32_t pid = 0;
    for (uint32_t i = 0; i <= EW_MODULES_MAX; i++) {
        if (i % 4096 == 0) {
            pid = 10000 + i;
            world_process(world, 100, EW_PHASE_START, pid, "many.exe");
        }
        (void)snprintf(path, sizeof path, "C:\\many\\%u.dll", (unsigned)i);
        world_image(world, 101, EW_PHASE_START, pid, 0x10000 + i * 0x1000ull, 0x1000, i + 1,
                    path);
    }
    ck_assert_uint_gt(ew_model_counts(world->model).modules_refused, 0);
    for (uint32_t i = 0; i <= EW_MODULES_MAX; i += 4096) {
        world_process(world, 102, EW_PHASE_END, 10000 + i, "");
    }
    close_window(MINUTE);
    uint64_t refused = ew_model_counts(world->model).modules_refused;
    world_process(world, MINUTE + 1, EW_PHASE_START, 500, "next.exe");
    world_image(world, MINUTE + 2, EW_PHASE_START, 500, 0x10000, 0x1000, 1, "C:\\next.dll");
    ck_assert_uint_eq(ew_model_counts(world->model).modules_refused, refused);
    check_server(MINUTE + 3);
}
END_TEST

/* --- a new session after a gap --------------------------------------------------------- */

#define GAP (10 * MINUTE)

static const struct ew_process *shown(uint32_t pid)
{
    return ew_model_process(world->model, process_find(world->model, pid));
}

/* The rundown of the new session tells the server; then nothing for longer than it waits. */
static void tell_rundown(void)
{
    world_process(world, GAP + 10, EW_PHASE_DC_START, SERVER, "server.exe");
    world_image(world, GAP + 11, EW_PHASE_DC_START, SERVER, 0x400000, 0x10000, 1,
                "C:\\srv\\server.exe");
}

static void pass_quiet(void)
{
    world_sample(world, GAP + 11 * SECOND, 0, 0, 0);
}

START_TEST(gap__process_not_told_again__is_over_since_the_gap)
{
    world_process(world, 100, EW_PHASE_START, 500, "gone.exe");
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    tell_rundown();
    ck_assert(!shown(500)->ended);
    pass_quiet();
    ck_assert(shown(500)->ended);
    ck_assert_uint_eq(shown(500)->end_100ns, WORLD_START + GAP);
    ck_assert(!shown(SERVER)->ended);
    ck_assert_uint_eq(shown(SERVER)->start_100ns, WORLD_START);
    check_server(GAP + 11 * SECOND);
}
END_TEST

START_TEST(gap__process_that_speaks__is_not_over)
{
    world_process(world, 100, EW_PHASE_START, 500, "quiet.exe");
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    tell_rundown();
    world_method(world, GAP + 20, EW_PHASE_START, 500, 1, 0x10000, 0x80, 0x6000001, "Speak");
    pass_quiet();
    ck_assert(!shown(500)->ended);
}
END_TEST

START_TEST(gap__pid_told_with_another_name__is_another_process)
{
    world_process(world, 100, EW_PHASE_START, 500, "before.exe");
    uint32_t before = process_find(world->model, 500);
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    world_process(world, GAP + 10, EW_PHASE_DC_START, 500, "after.exe");
    ck_assert_uint_ne(process_find(world->model, 500), before);
    ck_assert_str_eq(shown(500)->name, "after.exe");
    ck_assert(!shown(500)->start_known);
    ck_assert_uint_eq(shown(500)->start_100ns, WORLD_START + GAP);
    ck_assert(ew_model_process(world->model, before)->ended);
}
END_TEST

START_TEST(gap__without_a_rundown__everything_stays)
{
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    pass_quiet();
    world_sample(world, GAP + MINUTE, 0, 0, 0);
    ck_assert(!shown(SERVER)->ended);
    check_server(GAP + MINUTE);
}
END_TEST

START_TEST(gap__image_not_told_again__is_gone)
{
    struct ew_code code;
    world_image(world, 100, EW_PHASE_START, SERVER, 0x800000, 0x1000, 5, "C:\\srv\\plug.dll");
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    tell_rundown();
    pass_quiet();
    uint32_t server = process_find(world->model, SERVER);
    ew_model_resolve(world->model, server, 0x800010, WORLD_START + GAP + 1, &code);
    ck_assert_int_eq(code.kind, EW_CODE_NONE);
    ew_model_resolve(world->model, server, 0x800010, WORLD_START + GAP - 1, &code);
    ck_assert_int_eq(code.kind, EW_CODE_IMAGE);
}
END_TEST

START_TEST(gap__image_first_told_after_it__was_not_there_before)
{
    struct ew_code code;
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    tell_rundown();
    world_image(world, GAP + 12, EW_PHASE_DC_START, SERVER, 0x800000, 0x1000, 5,
                "C:\\srv\\plug.dll");
    uint32_t server = process_find(world->model, SERVER);
    ew_model_resolve(world->model, server, 0x800010, WORLD_START + GAP - 1, &code);
    ck_assert_int_eq(code.kind, EW_CODE_NONE);
    ew_model_resolve(world->model, server, 0x800010, WORLD_START + GAP + 1, &code);
    ck_assert_int_eq(code.kind, EW_CODE_IMAGE);
}
END_TEST

START_TEST(gap__key_of_the_session_before__means_nothing_after)
{
    const uint64_t frames[] = {0x10};
    world_sample(world, 100, 0, SERVER_TID, 0x10);
    world_key(world, 110, 100, SERVER, SERVER_TID, 7, true);
    ew_model_session_restarted(world->model, WORLD_START + GAP);
    world_definition(world, GAP + 1, 7, frames, 1);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert(!ew_model_settle_stack(world->model, &world->stacks[0], 1));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("months");
    TCase *tests = tcase_create("months");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, tables__thousands_of_processes_come_and_go__stay_flat);
    tcase_add_test(tests, modules__table_full__refuse_and_recover_after_a_prune);
    tcase_add_test(tests, gap__process_not_told_again__is_over_since_the_gap);
    tcase_add_test(tests, gap__process_that_speaks__is_not_over);
    tcase_add_test(tests, gap__pid_told_with_another_name__is_another_process);
    tcase_add_test(tests, gap__without_a_rundown__everything_stays);
    tcase_add_test(tests, gap__image_not_told_again__is_gone);
    tcase_add_test(tests, gap__image_first_told_after_it__was_not_there_before);
    tcase_add_test(tests, gap__key_of_the_session_before__means_nothing_after);
    suite_add_tcase(suite, tests);
    return suite;
}
