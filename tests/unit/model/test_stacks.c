/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks find their events: halves, late halves, keys, CLR stacks, full tables. */
#include "support/check_main.h"
#include "support/model_world.h"

#define KERNEL(n) (UINT64_C(0xfffff80000000000) + (n))

static struct world *world;

static void set_up(void)
{
    world = world_make();
    world_process(world, 1, EW_PHASE_DC_START, 100, "a.exe");
    world_thread(world, 2, EW_PHASE_DC_START, 100, 8);
    world_thread(world, 2, EW_PHASE_DC_START, 4, 12);
}

static void tear_down(void)
{
    world_free(world);
}

static const uint64_t kernel_half[] = {KERNEL(1), KERNEL(2)};
static const uint64_t user_half[] = {0x10, 0x20, 0x30};

static uint32_t length_of(uint32_t fragment)
{
    uint32_t count = 0;
    if (fragment != EW_FRAGMENT_NONE) {
        (void)ew_fragments_get(world->fragments, fragment, &count);
    }
    return count;
}

START_TEST(sample__kernel_then_user_half__is_one_stack)
{
    world_sample(world, 100, 0, 8, KERNEL(1));
    world_stack(world, 110, 0, 100, 100, 8, kernel_half, 2);
    ck_assert_uint_eq(world->stack_count, 0);
    world_stack(world, 3000000, 1, 100, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(length_of(world->stacks[0].kernel), 2);
    ck_assert_uint_eq(length_of(world->stacks[0].user), 3);
    ck_assert_uint_eq(world->stacks[0].flags, 0);
    ck_assert_uint_eq(world->stacks[0].time_100ns, WORLD_START + 100);
    ck_assert(ew_model_source(world->model, world->stacks[0].source)->sample);
}
END_TEST

START_TEST(sample__user_half_never_comes__is_given_out_as_kernel_only)
{
    world_sample(world, 100, 0, 8, KERNEL(1));
    world_stack(world, 110, 0, 100, 100, 8, kernel_half, 2);
    world_sample(world, 100 + EW_STACK_WAIT_100NS + 1, 0, 0, 0);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_KERNEL_ONLY);
    world_stack(world, EW_STACK_WAIT_100NS + 200, 0, 100, 100, 8, user_half, 3);
    ck_assert_uint_eq(ew_model_counts(world->model).orphans, 1);
    ck_assert_uint_eq(world->stack_count, 1);
}
END_TEST

START_TEST(sample__of_the_system_process__needs_no_user_half)
{
    world_sample(world, 100, 0, 12, KERNEL(1));
    world_stack(world, 110, 0, 100, 4, 12, kernel_half, 2);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, 0);
}
END_TEST

START_TEST(stack__of_another_time_or_thread__is_an_orphan)
{
    world_sample(world, 100, 0, 8, 0x10);
    world_stack(world, 110, 0, 101, 100, 8, user_half, 3);
    world_stack(world, 111, 0, 100, 100, 9, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 0);
    ck_assert_uint_eq(ew_model_counts(world->model).orphans, 2);
}
END_TEST

START_TEST(stack__same_tick_on_two_cpus__goes_to_its_own_cpu)
{
    /* Thread 0 runs on every processor at once. */
    world_sample(world, 100, 0, 0, KERNEL(1));
    world_sample(world, 100, 1, 0, KERNEL(1));
    world_sample(world, 100, 2, 8, 0x10);
    world_stack(world, 110, 1, 100, 0, 0, kernel_half, 2);
    world_stack(world, 111, 2, 100, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1); /* idle samples are not evidence */
    ck_assert_uint_eq(ew_model_process(world->model, world->stacks[0].process)->process_id, 100);
    ck_assert_uint_eq(ew_model_counts(world->model).orphans, 0);
    ck_assert_uint_eq(ew_model_counts(world->model).idle_stacks, 1);
    ck_assert_uint_eq(ew_model_counts(world->model).samples_busy, 1);
}
END_TEST

START_TEST(sample__of_an_unknown_thread__gets_its_process_from_the_stack)
{
    world_sample(world, 100, 0, 99, 0x10);
    world_stack(world, 110, 0, 100, 100, 99, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_LATE_PROCESS);
    ck_assert_uint_eq(ew_model_process(world->model, world->stacks[0].process)->process_id, 100);
    ck_assert_uint_eq(ew_model_process(world->model, world->stacks[0].process)->samples, 1);
}
END_TEST

START_TEST(stack__as_long_as_etw_writes__is_truncated)
{
    uint64_t frames[EW_FRAMES_ETW_MAX];
    for (uint32_t i = 0; i < EW_FRAMES_ETW_MAX; i++) {
        frames[i] = 0x1000 + i;
    }
    world_sample(world, 100, 0, 8, 0x1000);
    world_stack(world, 110, 0, 100, 100, 8, frames, EW_FRAMES_ETW_MAX);
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_TRUNCATED);
}
END_TEST

START_TEST(key__used_for_two_stacks__means_the_first_definition_after_the_reference)
{
    const uint64_t second_half[] = {0x40};
    world_free(world);
    world = world_make();
    world_survey(world);
    world_definition(world, 500, 7, user_half, 3);
    world_definition(world, 900, 7, second_half, 1);
    world_survey_end(world);
    world_sample(world, 100, 0, 8, 0x10);
    world_key(world, 110, 100, 100, 8, 7, true);
    world_sample(world, 490, 0, 8, 0x40);
    world_key(world, 510, 490, 100, 8, 7, true); /* its event was before the definition */
    world_sample(world, 950, 0, 8, 0x10);
    world_key(world, 960, 950, 100, 8, 7, true);
    ck_assert_uint_eq(world->stack_count, 2);
    ck_assert_uint_eq(length_of(world->stacks[0].user), 3);
    ck_assert_uint_eq(length_of(world->stacks[1].user), 1);
    ck_assert_uint_eq(ew_model_counts(world->model).keys_undefined, 1);
    ck_assert_uint_eq(ew_model_counts(world->model).keys_resolved, 2);
}
END_TEST

START_TEST(clr_stack__belongs_to_the_event_before_it_on_its_thread)
{
    world_clr_event(world, 100, 100, 8, 10);
    world_clr_event(world, 101, 100, 12, 11);
    world_clr_stack(world, 102, 100, 8, user_half, 3);
    world_clr_stack(world, 103, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_MANAGED_ONLY);
    ck_assert_uint_eq(world->stacks[0].time_100ns, WORLD_START + 100);
    ck_assert_uint_eq(ew_model_source(world->model, world->stacks[0].source)->event_id, 10);
    ck_assert_uint_eq(ew_model_counts(world->model).clr_stacks_orphan, 1);
}
END_TEST

START_TEST(pending__more_events_than_room__gives_out_the_oldest_and_counts)
{
    world_sample(world, 100, 0, 8, KERNEL(1));
    world_stack(world, 100, 0, 100, 100, 8, kernel_half, 2);
    for (uint64_t i = 0; i < EW_STACKS_PENDING_MAX; i++) {
        world_sample(world, 101 + i, 0, 8, 0x10);
    }
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_KERNEL_ONLY);
    ck_assert_uint_eq(ew_model_counts(world->model).pending_evicted, 1);
    /* An entry of which nothing had come is no loss when it goes. */
    world_sample(world, 101 + EW_STACKS_PENDING_MAX, 0, 8, 0x10);
    ck_assert_uint_eq(ew_model_counts(world->model).pending_evicted, 1);
}
END_TEST

START_TEST(idle_samples__of_many_processors__do_not_crowd_out_a_waiting_stack)
{
    world_sample(world, 100, 0, 8, KERNEL(1));
    world_stack(world, 110, 0, 100, 100, 8, kernel_half, 2);
    for (uint64_t i = 0; i < EW_STACKS_PENDING_MAX + 10; i++) {
        world_sample(world, 120 + i, 1, 0, KERNEL(9));
    }
    world_stack(world, 2000000, 0, 100, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(world->stacks[0].flags, 0);
    ck_assert_uint_eq(ew_model_counts(world->model).pending_evicted, 0);
}
END_TEST

START_TEST(events__too_many_at_one_tick_of_one_thread__are_counted_not_searched)
{
    for (uint64_t i = 0; i < 1000; i++) {
        world_sample(world, 100, 0, 8, 0x10);
    }
    ck_assert_uint_eq(ew_model_counts(world->model).pending_evicted, 1000 - 64);
    world_stack(world, 110, 0, 100, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1);
}
END_TEST

START_TEST(fragments__forgotten__those_of_waiting_stacks_stay)
{
    world_sample(world, 100, 0, 8, KERNEL(1));
    world_stack(world, 110, 0, 100, 100, 8, kernel_half, 2);
    for (uint64_t i = 0; i < 10; i++) {
        uint64_t other[] = {0x5000 + i};
        world_sample(world, 200 + i, 0, 8, 0x10);
        world_stack(world, 210 + i, 0, 200 + i, 100, 8, other, 1);
    }
    ck_assert_uint_eq(ew_fragments_loose_count(world->fragments), 11);
    ck_assert_int_eq(ew_model_forget_fragments(world->model), EW_OK);
    ck_assert_uint_eq(ew_fragments_loose_count(world->fragments), 1);
    world_stack(world, 300, 0, 100, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 11);
    ck_assert_uint_eq(length_of(world->stacks[10].kernel), 2);
    uint32_t count;
    ck_assert_uint_eq(ew_fragments_get(world->fragments, world->stacks[10].kernel, &count)[1],
                      KERNEL(2));
}
END_TEST

START_TEST(fragments__equal_addresses__are_one)
{
    world_sample(world, 100, 0, 8, 0x10);
    world_stack(world, 110, 0, 100, 100, 8, user_half, 3);
    world_sample(world, 200, 0, 8, 0x10);
    world_stack(world, 210, 0, 200, 100, 8, user_half, 3);
    ck_assert_uint_eq(world->stacks[0].user, world->stacks[1].user);
    ck_assert_uint_eq(world->stacks[0].layout, world->stacks[1].layout);
}
END_TEST

START_TEST(item_stack__whole__is_parted_at_the_kernel)
{
    const uint64_t whole[] = {KERNEL(1), KERNEL(2), 0x10};
    world_item_stack(world, 100, 100, 8, 0, whole, 3);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(length_of(world->stacks[0].kernel), 2);
    ck_assert_uint_eq(length_of(world->stacks[0].user), 1);
    ck_assert(!ew_model_source(world->model, world->stacks[0].source)->sample);
}
END_TEST

START_TEST(item_stack__halves_with_one_match_id__are_joined)
{
    world_item_stack(world, 100, 100, 8, 55, kernel_half, 2);
    world_item_stack(world, 101, 100, 8, 56, kernel_half, 2);
    world_item_stack(world, 110, 100, 8, 55, user_half, 3);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert_uint_eq(length_of(world->stacks[0].kernel), 2);
    ck_assert_uint_eq(length_of(world->stacks[0].user), 3);
    ck_assert_uint_eq(world->stacks[0].time_100ns, WORLD_START + 100);
    ew_model_flush(world->model, UINT64_MAX);
    ck_assert_uint_eq(world->stack_count, 2);
    ck_assert_uint_eq(world->stacks[1].flags, EW_STACK_KERNEL_ONLY);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("model stacks");
    TCase *tests = tcase_create("stacks");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, sample__kernel_then_user_half__is_one_stack);
    tcase_add_test(tests, sample__user_half_never_comes__is_given_out_as_kernel_only);
    tcase_add_test(tests, sample__of_the_system_process__needs_no_user_half);
    tcase_add_test(tests, stack__of_another_time_or_thread__is_an_orphan);
    tcase_add_test(tests, stack__same_tick_on_two_cpus__goes_to_its_own_cpu);
    tcase_add_test(tests, sample__of_an_unknown_thread__gets_its_process_from_the_stack);
    tcase_add_test(tests, stack__as_long_as_etw_writes__is_truncated);
    tcase_add_test(tests,
                   key__used_for_two_stacks__means_the_first_definition_after_the_reference);
    tcase_add_test(tests, clr_stack__belongs_to_the_event_before_it_on_its_thread);
    tcase_add_test(tests, pending__more_events_than_room__gives_out_the_oldest_and_counts);
    tcase_add_test(tests, idle_samples__of_many_processors__do_not_crowd_out_a_waiting_stack);
    tcase_add_test(tests, events__too_many_at_one_tick_of_one_thread__are_counted_not_searched);
    tcase_add_test(tests, fragments__forgotten__those_of_waiting_stacks_stay);
    tcase_add_test(tests, fragments__equal_addresses__are_one);
    tcase_add_test(tests, item_stack__whole__is_parted_at_the_kernel);
    tcase_add_test(tests, item_stack__halves_with_one_match_id__are_joined);
    suite_add_tcase(suite, tests);
    return suite;
}
