/* SPDX-License-Identifier: Apache-2.0 */
/* What addresses mean, as of when, and for whom. */
#include "support/check_main.h"
#include "support/model_world.h"

#include <string.h>

#define KERNEL(n) (UINT64_C(0xfffff80000000000) + (n))

static struct world *world;

static void set_up(void)
{
    world = world_make();
}

static void tear_down(void)
{
    world_free(world);
}

/* The current process of a pid, by number; EW_PROCESS_NONE when there is none. */
static uint32_t newest(uint32_t pid)
{
    uint32_t found = EW_PROCESS_NONE;
    for (uint32_t i = 0; i < ew_model_process_count(world->model); i++) {
        const struct ew_process *process = ew_model_process(world->model, i);
        if (process != NULL && process->process_id == pid
            && (found == EW_PROCESS_NONE
                || process->start_100ns >= ew_model_process(world->model, found)->start_100ns)) {
            found = i;
        }
    }
    return found;
}

static struct ew_code at(uint32_t process, uint64_t address, uint64_t time)
{
    struct ew_code code;
    ew_model_resolve(world->model, process, address, WORLD_START + time, &code);
    return code;
}

static const char *image_at(uint32_t process, uint64_t address, uint64_t time)
{
    struct ew_code code = at(process, address, time);
    return code.kind == EW_CODE_IMAGE ? ew_model_module(world->model, code.module)->name : "";
}

static const char *method_at(uint32_t process, uint64_t address, uint64_t time)
{
    struct ew_code code = at(process, address, time);
    return code.kind == EW_CODE_METHOD ? ew_model_method(world->model, code.method)->method_name
                                       : "";
}

START_TEST(image__unloaded_and_another_loaded__is_told_by_time)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_START, 100, 0x1000, 0x1000, 1, "\\x\\one.dll");
    world_image(world, 30, EW_PHASE_END, 100, 0x1000, 0x1000, 1, "\\x\\one.dll");
    world_image(world, 40, EW_PHASE_START, 100, 0x1000, 0x2000, 2, "\\x\\two.dll");
    uint32_t process = newest(100);
    ck_assert_str_eq(image_at(process, 0x1800, 19), "");
    ck_assert_str_eq(image_at(process, 0x1800, 20), "one.dll");
    ck_assert_str_eq(image_at(process, 0x1800, 30), "");
    ck_assert_str_eq(image_at(process, 0x1800, 45), "two.dll");
    ck_assert_str_eq(image_at(process, 0x2fff, 45), "two.dll");
    ck_assert_str_eq(image_at(process, 0x3000, 45), "");
    ck_assert(at(process, 0x1800, 35).after_unload);
    ck_assert_uint_eq(at(process, 0x1800, 45).rva, 0x800);
}
END_TEST

START_TEST(image__there_at_the_start__is_there_before_it_was_told)
{
    world_process(world, 10, EW_PHASE_DC_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_DC_START, 100, 0x1000, 0x1000, 1, "\\x\\one.dll");
    ck_assert_str_eq(image_at(newest(100), 0x1800, 1), "one.dll");
}
END_TEST

START_TEST(pid__used_again__does_not_inherit_addresses)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_START, 100, 0x1000, 0x1000, 1, "\\x\\one.dll");
    uint32_t first = newest(100);
    /* The end of the first life is lost: a start alone must part them. */
    world_process(world, 50000000, EW_PHASE_START, 100, "b.exe");
    uint32_t second = newest(100);
    ck_assert_uint_ne(first, second);
    ck_assert_str_eq(image_at(second, 0x1800, 50000001), "");
    ck_assert(ew_model_process(world->model, first)->ended);
    ck_assert_str_eq(ew_model_process(world->model, second)->name, "b.exe");
}
END_TEST

START_TEST(process__started_twice_within_a_second__is_one)
{
    /* The classic and the manifest provider both tell it. */
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_process(world, 25, EW_PHASE_START, 100, "");
    uint32_t count = 0;
    for (uint32_t i = 1; i < ew_model_process_count(world->model); i++) {
        count += ew_model_process(world->model, i) != NULL;
    }
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(kernel_address__is_the_kernels_in_every_process)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_DC_START, 0, KERNEL(0), 0x1000, 1, "\\x\\ntoskrnl.exe");
    ck_assert_str_eq(image_at(newest(100), KERNEL(5), 30), "ntoskrnl.exe");
}
END_TEST

START_TEST(method__compiled_again__has_two_bodies_and_one_name)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_method(world, 20, EW_PHASE_START, 100, 1, 0x7000, 0x100, 0x06000001, "Post");
    world_method(world, 40, EW_PHASE_START, 100, 1, 0x9000, 0x80, 0x06000001, "Post");
    uint32_t process = newest(100);
    struct ew_code first = at(process, 0x7010, 50);
    struct ew_code second = at(process, 0x9010, 50);
    ck_assert_int_eq(first.kind, EW_CODE_METHOD);
    ck_assert_uint_eq(first.method, second.method);
    ck_assert_str_eq(method_at(process, 0x9010, 39), "");
}
END_TEST

START_TEST(method__replaced_at_its_address__is_told_by_time)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_method(world, 20, EW_PHASE_START, 100, 1, 0x7000, 0x100, 0x06000001, "Old");
    world_method(world, 30, EW_PHASE_END, 100, 1, 0x7000, 0x100, 0x06000001, "Old");
    world_method(world, 40, EW_PHASE_START, 100, 2, 0x7000, 0x40, 0x06000002, "New");
    uint32_t process = newest(100);
    ck_assert_str_eq(method_at(process, 0x7010, 25), "Old");
    ck_assert_str_eq(method_at(process, 0x7010, 45), "New");
    ck_assert_str_eq(method_at(process, 0x7080, 45), "Old"); /* nothing came there */
    ck_assert(at(process, 0x7080, 45).after_unload);
}
END_TEST

START_TEST(method__gone_and_an_image_in_its_place__is_the_image)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_method(world, 20, EW_PHASE_START, 100, 1, 0x7000, 0x100, 0x06000001, "Old");
    world_method(world, 30, EW_PHASE_END, 100, 1, 0x7000, 0x100, 0x06000001, "Old");
    world_image(world, 40, EW_PHASE_START, 100, 0x7000, 0x1000, 1, "\\x\\one.dll");
    ck_assert_str_eq(image_at(newest(100), 0x7010, 45), "one.dll");
}
END_TEST

START_TEST(method__inside_a_native_image__says_more_than_it)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_START, 100, 0x7000, 0x1000, 1, "\\x\\mscorlib.ni.dll");
    world_method(world, 30, EW_PHASE_DC_END, 100, 1, 0x7100, 0x100, 0x06000001, "get_Now");
    ck_assert_str_eq(method_at(newest(100), 0x7110, 25), "get_Now");
    ck_assert_str_eq(image_at(newest(100), 0x7210, 25), "mscorlib.ni.dll");
}
END_TEST

START_TEST(clr_event__of_one_process__says_nothing_of_another)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_process(world, 11, EW_PHASE_START, 200, "b.exe");
    world_method(world, 20, EW_PHASE_START, 100, 1, 0x7000, 0x100, 0x06000001, "Mine");
    world_method(world, 21, EW_PHASE_START, 200, 1, 0x7000, 0x100, 0x06000001, "Other");
    ck_assert_str_eq(method_at(newest(100), 0x7010, 30), "Mine");
    ck_assert_str_eq(method_at(newest(200), 0x7010, 30), "Other");
    world_method(world, 40, EW_PHASE_END, 200, 1, 0x7000, 0x100, 0x06000001, "Other");
    ck_assert(!at(newest(100), 0x7010, 50).after_unload);
}
END_TEST

START_TEST(clr_event__that_claims_kernel_addresses__is_refused)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_method(world, 20, EW_PHASE_START, 100, 1, KERNEL(0x100), 0x100, 0x06000001, "Evil");
    ck_assert_int_eq(at(newest(100), KERNEL(0x110), 30).kind, EW_CODE_NONE);
    ck_assert_uint_eq(ew_model_counts(world->model).methods_refused, 1);
}
END_TEST

START_TEST(method__larger_than_the_limit__is_refused_and_counted)
{
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_method(world, 20, EW_PHASE_START, 100, 1, 0x7000, EW_METHOD_BYTES_MAX + 1, 0x06000001,
                 "Huge");
    ck_assert_int_eq(at(newest(100), 0x7010, 30).kind, EW_CODE_NONE);
    ck_assert_uint_eq(ew_model_counts(world->model).methods_refused, 1);
}
END_TEST

START_TEST(layout__changes_with_every_mapping__and_not_without)
{
    const uint64_t frames[] = {0x7010};
    world_process(world, 10, EW_PHASE_DC_START, 100, "a.exe");
    world_thread(world, 11, EW_PHASE_DC_START, 100, 8);
    uint64_t time = 100;
    for (int i = 0; i < 4; i++, time += 100) {
        world_sample(world, time, 0, 8, 0x7010);
        world_stack(world, time + 1, 0, time, 100, 8, frames, 1);
        if (i == 1) {
            world_method(world, time + 2, EW_PHASE_START, 100, 1, 0x7000, 0x100, 1, "M");
        }
        if (i == 2) {
            /* A rundown that tells what is known already changes nothing. */
            world_method(world, time + 2, EW_PHASE_DC_END, 100, 1, 0x7000, 0x100, 1, "M");
        }
    }
    ck_assert_uint_eq(world->stack_count, 4);
    ck_assert_uint_eq(world->stacks[0].layout, world->stacks[1].layout);
    ck_assert_uint_ne(world->stacks[1].layout, world->stacks[2].layout);
    ck_assert_uint_eq(world->stacks[2].layout, world->stacks[3].layout);
}
END_TEST

START_TEST(survey__final_rundown__is_known_from_the_beginning)
{
    world_survey(world);
    world_method(world, 900, EW_PHASE_DC_END, 100, 1, 0x7000, 0x100, 0x06000001, "Main");
    world_image(world, 900, EW_PHASE_DC_END, 100, 0x1000, 0x1000, 1, "\\x\\one.dll");
    world_process(world, 900, EW_PHASE_DC_END, 100, "a.exe");
    world_thread(world, 900, EW_PHASE_DC_END, 100, 8);
    world_survey_end(world);
    const uint64_t frames[] = {0x7010, 0x1010};
    world_sample(world, 100, 0, 8, 0x7010);
    world_stack(world, 110, 0, 100, 100, 8, frames, 2);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, 0); /* the thread's process was known */
    ck_assert_str_eq(method_at(world->stacks[0].process, 0x7010, 100), "Main");
    ck_assert_str_eq(image_at(world->stacks[0].process, 0x1010, 100), "one.dll");
}
END_TEST

START_TEST(survey__last_life_of_a_pid__says_nothing_of_an_earlier_one)
{
    world_survey(world);
    world_process(world, 50000000, EW_PHASE_START, 100, "b.exe");
    world_method(world, 90000000, EW_PHASE_DC_END, 100, 1, 0x7000, 0x100, 1, "Main");
    world_survey_end(world);
    world_process(world, 10, EW_PHASE_DC_START, 100, "a.exe");
    uint32_t first = newest(100);
    ck_assert_str_eq(method_at(first, 0x7010, 100), "");
    world_process(world, 40000000, EW_PHASE_END, 100, "a.exe");
    world_process(world, 50000000, EW_PHASE_START, 100, "b.exe");
    uint32_t second = newest(100);
    ck_assert_uint_ne(first, second);
    ck_assert_str_eq(method_at(second, 0x7010, 60000000), "Main");
    ck_assert_str_eq(ew_model_process(world->model, second)->name, "b.exe");
}
END_TEST

START_TEST(container__in_every_spelling__is_one_text)
{
    static const char id[] = "6D9F6D0C-57F8-5F0C-898D-2DC82CC922E0";
    static const char braces[] = "{6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0}";
    world_container(world, 10, 100, id, 36);
    world_container(world, 10, 200, id, 37); /* with its terminator */
    world_container(world, 10, 300, braces, 38);
    world_container(world, 10, 400, "not a container id", 18);
    const char *first = ew_model_process(world->model, newest(100))->container;
    ck_assert_str_eq(first, "6d9f6d0c-57f8-5f0c-898d-2dc82cc922e0");
    ck_assert_ptr_eq(ew_model_process(world->model, newest(200))->container, first);
    ck_assert_ptr_eq(ew_model_process(world->model, newest(300))->container, first);
    ck_assert_ptr_null(ew_model_process(world->model, newest(400))->container);
}
END_TEST

START_TEST(pdb__told_of_a_mapping__is_its_modules)
{
    world_process(world, 10, EW_PHASE_DC_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_DC_START, 100, 0x1000, 0x1000, 1, "\\x\\one.dll");
    world_pdb(world, 21, 100, 0x1000, 0xab, 3);
    world_pdb(world, 22, 100, 0x1000, 0xcd, 3);
    const struct ew_module *module =
        ew_model_module(world->model, at(newest(100), 0x1010, 30).module);
    ck_assert(module->has_debug_id);
    ck_assert_uint_eq(module->pdb_guid.bytes[0], 0xab);
    ck_assert_uint_eq(module->pdb_age, 3);
    ck_assert_uint_eq(ew_model_counts(world->model).identity_conflicts, 1);
}
END_TEST

START_TEST(clr_module__mapped_as_an_image_too__gets_its_pe_identity)
{
    world_process(world, 10, EW_PHASE_DC_START, 100, "a.exe");
    world_image(world, 20, EW_PHASE_START, 100, 0x1000, 0x4000, 0x1234,
                "\\Device\\HarddiskVolume2\\shop\\Shop.dll");
    world_clr_module(world, 30, EW_PHASE_START, 100, 77, "C:\\shop\\Shop.dll", 0x11);
    world_method(world, 40, EW_PHASE_START, 100, 1, 0x7000, 0x100, 0x06000001, "Post");
    struct ew_code code = at(newest(100), 0x7010, 50);
    const struct ew_module *module = ew_model_module(world->model, code.module);
    ck_assert_int_eq(module->kind, EW_MODULE_MANAGED);
    ck_assert(module->has_code_id && module->has_debug_id);
    ck_assert_uint_eq(module->timestamp, 0x1234);
}
END_TEST

START_TEST(clr_module__told_after_its_methods__is_theirs)
{
    world_process(world, 10, EW_PHASE_DC_START, 100, "a.exe");
    world_method(world, 40, EW_PHASE_DC_END, 100, 1, 0x7000, 0x100, 0x06000001, "Post");
    ck_assert_uint_eq(at(newest(100), 0x7010, 50).module, EW_MODULE_NONE);
    world_clr_module(world, 50, EW_PHASE_DC_END, 100, 77, "C:\\shop\\Shop.dll", 0x11);
    ck_assert_uint_ne(at(newest(100), 0x7010, 50).module, EW_MODULE_NONE);
}
END_TEST

START_TEST(prune__processes_long_ended__go_and_their_numbers_are_used_again)
{
    const uint64_t step = 2 * (uint64_t)EW_STACK_WAIT_100NS;
    uint64_t time = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        time = step * i;
        world_process(world, time, EW_PHASE_START, 1000 + i, "a.exe");
        world_image(world, time, EW_PHASE_START, 1000 + i, 0x1000, 0x1000, 1, "\\x\\a.exe");
        world_method(world, time, EW_PHASE_START, 1000 + i, 1, 0x7000, 0x100, 1, "M");
        world_process(world, time + 50, EW_PHASE_END, 1000 + i, "a.exe");
        ew_model_prune(world->model, WORLD_START + time);
    }
    ck_assert_uint_le(ew_model_process_count(world->model), 5);
    uint32_t last = newest(1999);
    ck_assert_uint_ne(last, EW_PROCESS_NONE);
    ck_assert_str_eq(method_at(last, 0x7010, time + 10), "M");
    ck_assert_str_eq(image_at(last, 0x1010, time + 10), "a.exe");
}
END_TEST

START_TEST(prune__process_ended_just_now__stays_for_what_waits_for_its_stack)
{
    const uint64_t frames[] = {0x1010};
    world_process(world, 10, EW_PHASE_START, 100, "a.exe");
    world_thread(world, 11, EW_PHASE_START, 100, 8);
    world_image(world, 12, EW_PHASE_START, 100, 0x1000, 0x1000, 1, "\\x\\a.exe");
    world_process(world, 20, EW_PHASE_END, 100, "a.exe");
    world_sample(world, 30, 0, 8, 0x1010); /* its last thread is still on its way out */
    ew_model_prune(world->model, WORLD_START + 30);
    world_process(world, 40, EW_PHASE_START, 200, "b.exe");
    world_stack(world, 50, 0, 30, 100, 8, frames, 1);
    ck_assert_uint_eq(world->stack_count, 1);
    uint32_t process = world->stacks[0].process;
    ck_assert_uint_eq(ew_model_process(world->model, process)->process_id, 100);
    ck_assert_str_eq(image_at(process, 0x1010, 30), "a.exe");
}
END_TEST

START_TEST(processes__more_than_there_is_room_for__are_refused_and_counted)
{
    for (uint32_t i = 0; i < EW_PROCESSES_MAX + 10; i++) {
        world_process(world, i, EW_PHASE_DC_START, 4 * i + 8, "a.exe");
    }
    ck_assert_uint_eq(ew_model_process_count(world->model), EW_PROCESSES_MAX);
    ck_assert_uint_eq(ew_model_counts(world->model).processes_refused, 11);
}
END_TEST

static TCase *images(void)
{
    TCase *tests = tcase_create("images");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, image__unloaded_and_another_loaded__is_told_by_time);
    tcase_add_test(tests, image__there_at_the_start__is_there_before_it_was_told);
    tcase_add_test(tests, pid__used_again__does_not_inherit_addresses);
    tcase_add_test(tests, process__started_twice_within_a_second__is_one);
    tcase_add_test(tests, kernel_address__is_the_kernels_in_every_process);
    tcase_add_test(tests, pdb__told_of_a_mapping__is_its_modules);
    tcase_add_test(tests, container__in_every_spelling__is_one_text);
    tcase_add_test(tests, prune__processes_long_ended__go_and_their_numbers_are_used_again);
    tcase_add_test(tests, prune__process_ended_just_now__stays_for_what_waits_for_its_stack);
    tcase_add_test(tests, processes__more_than_there_is_room_for__are_refused_and_counted);
    return tests;
}

static TCase *methods(void)
{
    TCase *tests = tcase_create("methods");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, method__compiled_again__has_two_bodies_and_one_name);
    tcase_add_test(tests, method__replaced_at_its_address__is_told_by_time);
    tcase_add_test(tests, method__gone_and_an_image_in_its_place__is_the_image);
    tcase_add_test(tests, method__inside_a_native_image__says_more_than_it);
    tcase_add_test(tests, clr_event__of_one_process__says_nothing_of_another);
    tcase_add_test(tests, clr_event__that_claims_kernel_addresses__is_refused);
    tcase_add_test(tests, method__larger_than_the_limit__is_refused_and_counted);
    tcase_add_test(tests, layout__changes_with_every_mapping__and_not_without);
    tcase_add_test(tests, survey__final_rundown__is_known_from_the_beginning);
    tcase_add_test(tests, survey__last_life_of_a_pid__says_nothing_of_an_earlier_one);
    tcase_add_test(tests, clr_module__mapped_as_an_image_too__gets_its_pe_identity);
    tcase_add_test(tests, clr_module__told_after_its_methods__is_theirs);
    return tests;
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("model addresses");
    suite_add_tcase(suite, images());
    suite_add_tcase(suite, methods());
    return suite;
}
