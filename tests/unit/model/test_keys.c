/* SPDX-License-Identifier: Apache-2.0 */
/* Stack keys without a survey: references come before their definitions. */
#include "support/check_main.h"
#include "support/model_world.h"

#define KERNEL(n) (UINT64_C(0xfffff80000000000) + (n))

enum { PID = 100, TID = 8, FAR = 1000000000 };

static struct world *world;
static const uint64_t first_half[] = {0x10, 0x20, 0x30};
static const uint64_t second_half[] = {0x40};
static const uint64_t kernel_half[] = {KERNEL(1), KERNEL(2)};

static void set_up(void)
{
    world = world_make();
    world_process(world, 1, EW_PHASE_DC_START, PID, "a.exe");
    world_thread(world, 2, EW_PHASE_DC_START, PID, TID);
}

static void tear_down(void)
{
    world_free(world);
}

/* A sample whose user half comes as a key. */
static void sample_with_key(uint64_t time, uint64_t reference_time, uint64_t key)
{
    world_sample(world, time, 0, TID, 0x10);
    world_key(world, reference_time, time, PID, TID, key, true);
}

static uint32_t length_of(uint32_t fragment)
{
    uint32_t count = 0;
    if (fragment != EW_FRAGMENT_NONE) {
        (void)ew_fragments_get(world->fragments, fragment, &count);
    }
    return count;
}

START_TEST(key__defined_after_its_use__gets_its_frames_then)
{
    sample_with_key(100, 110, 7);
    ck_assert_uint_eq(world->stack_count, 1);
    struct ew_stack *stack = &world->stacks[0];
    ck_assert_uint_eq(stack->flags, EW_STACK_DEFERRED);
    ck_assert_uint_eq(length_of(stack->user), 0);
    world_definition(world, 500, 7, first_half, 3);
    ck_assert_uint_eq(length_of(stack->user), 3);
    ck_assert(ew_model_settle_stack(world->model, stack, 1));
    ck_assert_uint_eq(stack->flags, 0);
    ck_assert_uint_eq(ew_model_counts(world->model).keys_resolved, 1);
    ck_assert_uint_eq(ew_model_counts(world->model).keys_undefined, 0);
    ck_assert_uint_eq(ew_model_counts(world->model).samples_with_stack, 1);
}
END_TEST

START_TEST(key__used_for_two_stacks__means_the_first_definition_after_the_reference)
{
    sample_with_key(100, 110, 7);
    sample_with_key(200, 210, 7);
    sample_with_key(490, 500, 7); /* at the time of the definition, which was read before it */
    world_definition(world, 500, 7, first_half, 3);
    sample_with_key(495, 500, 7);
    sample_with_key(499, 510, 7); /* its event was before the definition */
    world_definition(world, 900, 7, second_half, 1);
    ck_assert_uint_eq(world->stack_count, 5);
    ck_assert_uint_eq(world->stacks[0].user, world->stacks[1].user);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(length_of(world->stacks[i].user), i < 4 ? 3 : 1);
    }
}
END_TEST

START_TEST(key__never_defined__leaves_no_stack_and_is_counted)
{
    sample_with_key(100, 110, 7);
    ck_assert(!ew_model_settle_stack(world->model, &world->stacks[0], 3));
    ck_assert_uint_eq(ew_model_counts(world->model).keys_undefined, 3);
    ck_assert_uint_eq(world->stacks[0].user, EW_FRAGMENT_NONE);
}
END_TEST

START_TEST(key__of_the_user_half_never_defined__leaves_a_kernel_only_stack)
{
    world_sample(world, 100, 0, TID, KERNEL(1));
    world_key(world, 105, 100, PID, TID, 9, false);
    world_key(world, 110, 100, PID, TID, 7, true);
    world_definition(world, 500, 9, kernel_half, 2);
    ck_assert_uint_eq(world->stack_count, 1);
    ck_assert(ew_model_settle_stack(world->model, &world->stacks[0], 1));
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_KERNEL_ONLY);
    ck_assert_uint_eq(length_of(world->stacks[0].kernel), 2);
    ck_assert_uint_eq(ew_model_counts(world->model).kernel_only, 1);
    ck_assert_uint_eq(ew_model_counts(world->model).keys_resolved, 1);
    ck_assert_uint_eq(ew_model_counts(world->model).keys_undefined, 1);
}
END_TEST

START_TEST(key__defined_with_as_many_frames_as_etw_writes__is_truncated)
{
    uint64_t frames[EW_FRAMES_ETW_MAX];
    for (uint32_t i = 0; i < EW_FRAMES_ETW_MAX; i++) {
        frames[i] = 0x1000 + i;
    }
    sample_with_key(100, 110, 7);
    world_definition(world, 500, 7, frames, EW_FRAMES_ETW_MAX);
    ck_assert(ew_model_settle_stack(world->model, &world->stacks[0], 1));
    ck_assert_uint_eq(world->stacks[0].flags, EW_STACK_TRUNCATED);
}
END_TEST

START_TEST(key__told_twice_for_one_half__is_an_orphan)
{
    world_sample(world, 100, 0, TID, KERNEL(1));
    world_stack(world, 105, 0, 100, PID, TID, kernel_half, 2);
    world_key(world, 106, 100, PID, TID, 9, false);
    ck_assert_uint_eq(ew_model_counts(world->model).orphans, 1);
    world_key(world, 110, 100, PID, TID, 7, true);
    ck_assert_uint_eq(length_of(world->stacks[0].kernel), 2);
}
END_TEST

START_TEST(fragments__forgotten_while_a_key_is_open__define_what_is_held)
{
    uint64_t other[] = {0x5000};
    world_sample(world, 50, 0, TID, 0x10);
    world_stack(world, 60, 0, 50, PID, TID, other, 1);
    sample_with_key(100, 110, 7);
    uint32_t held[] = {world->stacks[1].user, EW_FRAGMENT_NONE};
    ew_model_prune(world->model, WORLD_START + 90);
    ck_assert_int_eq(ew_model_forget_but(world->model, held, 2), EW_OK);
    ck_assert_uint_eq(ew_fragments_loose_count(world->fragments), 1);
    ck_assert_uint_eq(held[1], EW_FRAGMENT_NONE);
    world_definition(world, 500, 7, first_half, 3);
    ck_assert_uint_eq(length_of(held[0]), 3);
}
END_TEST

START_TEST(key__of_a_window_that_is_closed__is_forgotten)
{
    sample_with_key(100, 110, 7);
    ew_model_prune(world->model, WORLD_START + FAR);
    world_definition(world, FAR + 1, 7, first_half, 3);
    ck_assert_uint_eq(length_of(world->stacks[0].user), 0);
}
END_TEST

static struct ew_address_slice slice_of(const uint64_t *words, uint32_t count, uint8_t *bytes)
{
    struct ew_address_slice slice = {bytes, count, 8};
    for (uint32_t i = 0; i < count * 8; i++) {
        bytes[i] = (uint8_t)(words[i / 8] >> i % 8 * 8);
    }
    return slice;
}

START_TEST(fragments__forgotten__equal_numbers_stay_equal_and_deferred_ones_open)
{
    uint8_t bytes[64];
    uint32_t stored, open, keep[5];
    struct ew_address_slice slice = slice_of(first_half, 3, bytes);
    ck_assert_int_eq(ew_fragments_defer(world->fragments, &keep[4]), EW_OK); /* not kept */
    ck_assert_int_eq(ew_fragments_intern(world->fragments, &slice, &stored), EW_OK);
    ck_assert_int_eq(ew_fragments_defer(world->fragments, &open), EW_OK);
    ck_assert_uint_eq(ew_fragments_open_count(world->fragments), 2);
    keep[0] = open;
    keep[1] = stored;
    keep[2] = open;
    keep[3] = EW_FRAGMENT_NONE;
    ck_assert_int_eq(ew_fragments_forget(world->fragments, keep, 4), EW_OK);
    ck_assert_uint_eq(keep[0], keep[2]);
    ck_assert_uint_ne(keep[0], keep[1]);
    ck_assert_uint_eq(keep[3], EW_FRAGMENT_NONE);
    ck_assert_uint_eq(ew_fragments_open_count(world->fragments), 1);
    ck_assert(ew_fragments_is_open(world->fragments, keep[0]));
    ck_assert_uint_eq(length_of(keep[1]), 3);
    ck_assert_int_eq(ew_fragments_define(world->fragments, keep[0], &slice), EW_OK);
    ck_assert_uint_eq(length_of(keep[0]), 3);
    ck_assert_uint_eq(ew_fragments_open_count(world->fragments), 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("stack keys");
    TCase *tests = tcase_create("keys");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, key__defined_after_its_use__gets_its_frames_then);
    tcase_add_test(tests,
                   key__used_for_two_stacks__means_the_first_definition_after_the_reference);
    tcase_add_test(tests, key__never_defined__leaves_no_stack_and_is_counted);
    tcase_add_test(tests, key__of_the_user_half_never_defined__leaves_a_kernel_only_stack);
    tcase_add_test(tests, key__defined_with_as_many_frames_as_etw_writes__is_truncated);
    tcase_add_test(tests, key__told_twice_for_one_half__is_an_orphan);
    tcase_add_test(tests, fragments__forgotten_while_a_key_is_open__define_what_is_held);
    tcase_add_test(tests, key__of_a_window_that_is_closed__is_forgotten);
    tcase_add_test(tests, fragments__forgotten__equal_numbers_stay_equal_and_deferred_ones_open);
    suite_add_tcase(suite, tests);
    return suite;
}
