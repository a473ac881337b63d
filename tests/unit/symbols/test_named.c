/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of native code, aggregated with symbols: one function is one row, however many
 * addresses of it were seen, and what is not known says so. */
#include "etwitness/aggregate.h"
#include "support/check_main.h"
#include "support/model_world.h"
#include "unit/symbols/fake_system.h"

#include <stdio.h>
#include <string.h>

#define BASE UINT64_C(0x180000000)
#define FOLDER EW_SCRATCH_DIR "/app"

static struct world *world;
static struct ew_aggregate *aggregate;
static struct ew_symbols *symbols;

/* What the last close handed over, as text. */
static char functions[4096]; /* "key name resolution hits" */
static char modules[2048];   /* "key debugId mvid" */
static char edges[1024];
static struct ew_evidence_quality quality;

static void add_line(char *text, size_t capacity, const char *line)
{
    ck_assert_uint_lt(strlen(text) + strlen(line), capacity);
    memcpy(text + strlen(text), line, strlen(line) + 1);
}

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

static enum ew_status note(void *context, struct ew_evidence *evidence, struct ew_error *error)
{
    static const char *const resolutions[] = {"token", "pdb", "export",  "near",
                                              "r2r",   "jit", "dynamic", "not"};
    char line[1024];
    (void)context;
    (void)error;
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *seen = &evidence->observations[i];
        const struct ew_evidence_function *shown = &evidence->functions[seen->function];
        (void)snprintf(line, sizeof line, "%s %s %s %u\n", shown->key, or_dash(shown->name),
                       resolutions[shown->resolution], (unsigned)seen->hits);
        add_line(functions, sizeof functions, line);
    }
    for (size_t i = 0; i < evidence->module_count; i++) {
        const struct ew_evidence_module *shown = &evidence->modules[i];
        (void)snprintf(line, sizeof line, "%s %s %s\n", shown->key, or_dash(shown->debug_id),
                       or_dash(shown->mvid));
        add_line(modules, sizeof modules, line);
    }
    for (size_t i = 0; i < evidence->edge_count; i++) {
        (void)snprintf(line, sizeof line, "%s>%s\n",
                       or_dash(evidence->functions[evidence->edges[i].from].name),
                       or_dash(evidence->functions[evidence->edges[i].to].name));
        add_line(edges, sizeof edges, line);
    }
    quality = evidence->quality;
    return EW_OK;
}

static void close_window(void)
{
    struct ew_window_span span = {0, WORLD_START, WORLD_START + 1000000};
    struct ew_error error;
    functions[0] = modules[0] = edges[0] = '\0';
    ck_assert_int_eq(ew_aggregate_close(aggregate, &span, note, NULL, &error), EW_OK);
}

static void learn(void)
{
    ew_aggregate_wish_symbols(aggregate, 0);
    ck_assert_uint_eq(ew_symbols_work(symbols, UINT64_MAX), 0);
}

static void set_up(void)
{
    memset(&fake, 0, sizeof fake);
    write_image(FOLDER, &native);
    write_pdb(FOLDER, &native);
    symbols = fake_store(FOLDER, false);
    world = world_make();
    world_process(world, 1, EW_PHASE_DC_START, 100, "app.exe");
    world_thread(world, 2, EW_PHASE_DC_START, 100, 8);
    world_image(world, 3, EW_PHASE_DC_START, 100, BASE, native.size_bytes, native.timestamp,
                EVENT_PATH);
    struct ew_aggregate_options options = {
        .model = world->model, .fragments = world->fragments, .symbols = symbols};
    ck_assert_int_eq(ew_aggregate_create(&options, &aggregate), EW_OK);
}

static void tear_down(void)
{
    ew_aggregate_destroy(aggregate);
    world_free(world);
    ew_symbols_destroy(symbols);
}

static void observe(uint64_t time, const uint64_t *frames, uint32_t count)
{
    world->stack_count = 0;
    world_sample(world, time, 0, 8, frames[0]);
    world_stack(world, time + 1, 0, time, 100, 8, frames, count);
    ck_assert_uint_eq(world->stack_count, 1);
    ew_aggregate_add(aggregate, 0, &world->stacks[0]);
}

#define BUILD "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a3"

START_TEST(addresses__in_one_function__are_one_row_counted_once_a_stack)
{
    /* Hidden called from two places of Beta, which calls itself. */
    const uint64_t first[] = {BASE + 0x1041, BASE + 0x1108, BASE + 0x1188};
    const uint64_t second[] = {BASE + 0x1055, BASE + 0x1120};
    observe(100, first, 3);
    observe(200, second, 2);
    learn();
    close_window();
    ck_assert_str_eq(functions, "n:" BUILD ":1040 Hidden pdb 2\nn:" BUILD ":1100 Beta pdb 2\n");
    ck_assert_str_eq(edges, "Beta>Hidden\nBeta>Beta\n");
    ck_assert_str_eq(modules, "pdb:" BUILD " " BUILD " -\n");
    ck_assert_uint_eq(quality.frames_exact, 5);
    ck_assert_uint_eq(quality.frames_unresolved, 0);
}
END_TEST

START_TEST(return_address__behind_a_function__is_of_the_function_that_called)
{
    /* 0x1140 is the first byte behind Beta: its last instruction is the call. */
    const uint64_t frames[] = {BASE + 0x1041, BASE + 0x1140};
    observe(100, frames, 2);
    learn();
    close_window();
    ck_assert_str_eq(edges, "Beta>Hidden\n");
}
END_TEST

START_TEST(export__without_a_pdb__is_named_and_what_is_near_it_is_not)
{
    const uint64_t frames[] = {BASE + 0x1001, BASE + 0x1071, BASE + 0x10c1};
    fake.refuses = true;
    observe(100, frames, 3);
    learn();
    close_window();
    ck_assert_str_eq(functions, "u:542D574E3000:1040 Alpha+0x40 near 1\n"
                                "u:542D574E3000:10c0 Alpha+0xc0 near 1\n"
                                "x:542D574E3000:Alpha Alpha export 1\n");
    ck_assert_uint_eq(quality.frames_exact, 0);
    ck_assert_uint_eq(quality.frames_named, 1);
    ck_assert_uint_eq(quality.frames_unresolved, 2);
}
END_TEST

START_TEST(module__keeps_its_identity_while_a_window_is_open)
{
    const uint64_t frames[] = {BASE + 0x1041, BASE + 0x1108};
    observe(100, frames, 2);
    ew_aggregate_fold(aggregate); /* nobody looked at the file yet */
    observe(200, frames, 2);
    learn();
    close_window();
    ck_assert_str_eq(functions, "u:542D574E3000:1041 - not 2\nu:542D574E3000:1107 - not 2\n");
    ck_assert_str_eq(modules, "pe:542D574E3000 - -\n");
    observe(300, frames, 2);
    close_window(); /* the next window knows */
    ck_assert_str_eq(modules, "pdb:" BUILD " " BUILD " -\n");
    ck_assert_str_eq(edges, "Beta>Hidden\n");
}
END_TEST

START_TEST(managed_image__and_managed_module__are_one_module_by_their_mvid)
{
    const uint64_t frames[] = {0x7000, 0x7010};
    struct made_build managed = native;
    managed.managed = true;
    managed.portable = true;
    write_image(FOLDER, &managed);
    world_clr_module(world, 10, EW_PHASE_DC_START, 100, 77, "C:\\app\\app.dll", native.guid_byte);
    world_method(world, 11, EW_PHASE_DC_START, 100, 1, 0x7000, 0x100, 0x06000001, "Main");
    observe(100, frames, 2);
    learn();
    close_window();
    ck_assert_str_eq(functions,
                     "m:77777777-7777-7777-7777-777777777777:06000001 Shop.Type.Main token 1\n");
    ck_assert_str_eq(modules, "mvid:77777777-7777-7777-7777-777777777777 "
                              "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5affffffff "
                              "77777777-7777-7777-7777-777777777777\n");
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("named");
    TCase *tests = tcase_create("named");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, addresses__in_one_function__are_one_row_counted_once_a_stack);
    tcase_add_test(tests, return_address__behind_a_function__is_of_the_function_that_called);
    tcase_add_test(tests, export__without_a_pdb__is_named_and_what_is_near_it_is_not);
    tcase_add_test(tests, module__keeps_its_identity_while_a_window_is_open);
    tcase_add_test(tests, managed_image__and_managed_module__are_one_module_by_their_mvid);
    suite_add_tcase(suite, tests);
    return suite;
}
