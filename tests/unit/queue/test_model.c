/* SPDX-License-Identifier: Apache-2.0 */
/* All that can happen in small rings, and that each known way to break the protocol shows. */
#include "support/check_main.h"
#include "unit/queue/explorer.h"

#include <stdio.h>

enum { STATE = EW_QUEUE_STATE, SAMPLE = EW_QUEUE_SAMPLE };

static const struct scenario scenarios[] = {
    /* The ring of two records goes round three times; the rest of a batch is found by a look. */
    {.capacity = 2,
     .batch_records = 2,
     .batch_cells = 9,
     .give_back = 1,
     .put_count = 6,
     .sizes = {1, 1, 1, 1, 1, 1}},
    /* Four records, the last batch published, room given back in halves. */
    {.capacity = 4,
     .batch_records = 2,
     .batch_cells = 9,
     .give_back = 2,
     .put_count = 5,
     .sizes = {1, 1, 1, 1, 1},
     .publishes_last = true},
    /* Records of two sizes run over the end of the ring; batches end by bytes. */
    {.capacity = 3,
     .batch_records = 3,
     .batch_cells = 2,
     .give_back = 2,
     .put_count = 6,
     .sizes = {2, 1, 2, 2, 1, 2}},
    /* Samples leave half of the ring to state. */
    {.capacity = 4,
     .reserve = 2,
     .batch_records = 2,
     .batch_cells = 9,
     .give_back = 2,
     .put_count = 6,
     .sizes = {1, 1, 1, 1, 1, 1},
     .classes = {SAMPLE, SAMPLE, SAMPLE, STATE, SAMPLE, STATE}},
};

enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

START_TEST(protocol__as_it_is__is_right_in_all_that_can_happen)
{
    const struct scenario *scenario = &scenarios[_i];
    struct exploration result;
    ck_assert(explore(scenario, MUTATION_NONE, &result));
    (void)printf("model, ring %d: %zu states, %zu ends (%zu with drops), %zu late loads\n", _i,
                 result.states, result.ends, result.drops, result.stale_loads);
    ck_assert_msg(result.violation == NULL, "%s", result.violation);
    /* Else it would have shown little: nothing lost and something lost, and old values seen. */
    ck_assert_uint_eq(result.most_taken, scenario->put_count);
    ck_assert_uint_gt(result.drops, 0);
    ck_assert_uint_gt(result.stale_loads, 0);
}
END_TEST

START_TEST(protocol__with_a_known_mistake__is_caught)
{
    static const char *const names[MUTATION_COUNT] = {
        [PUBLISHED_STORED_RELAXED] = "published stored relaxed",
        [PUBLISHED_LOADED_RELAXED] = "published loaded relaxed",
        [COMMITTED_STORED_RELAXED] = "committed stored relaxed",
        [COMMITTED_LOADED_RELAXED] = "committed loaded relaxed",
        [RELEASED_STORED_RELAXED] = "released stored relaxed",
        [RELEASED_LOADED_RELAXED] = "released loaded relaxed",
        [COMMITTED_BEFORE_COPY] = "committed before the copy",
        [PUBLISHED_BEFORE_COPY] = "published before the copy",
        [PUBLISHED_BEFORE_COMMITTED] = "published before committed",
        [RELEASED_BEFORE_READ] = "room given back before it was read",
        [LIMIT_FOLLOWS_PUBLISHED] = "the limit follows published back",
        [ROOM_ONE_CELL_TOO_MUCH] = "room one cell too large",
        [RESERVE_FORGOTTEN] = "samples take the reserve",
        [LOOK_AT_PUBLISHED] = "the look sees what is published only",
    };
    const char *violation = NULL;
    for (size_t i = 0; i < SCENARIOS && violation == NULL; i++) {
        struct exploration result;
        ck_assert(explore(&scenarios[i], (enum mutation)_i, &result));
        violation = result.violation;
    }
    ck_assert_msg(violation != NULL, "not caught: %s", names[_i]);
    (void)printf("model, %s: %s\n", names[_i], violation);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("queue model");
    TCase *model = tcase_create("explored");
    tcase_set_timeout(model, 120);
    tcase_add_loop_test(model, protocol__as_it_is__is_right_in_all_that_can_happen, 0, SCENARIOS);
    tcase_add_loop_test(model, protocol__with_a_known_mistake__is_caught, MUTATION_NONE + 1,
                        MUTATION_COUNT);
    suite_add_tcase(suite, model);
    return suite;
}
