/* SPDX-License-Identifier: Apache-2.0 */
/* The lattice: its laws over all triples, and the whole table of labels as golden text. */
#include "etwitness/merge.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

enum { CLAIMED = EW_STATIC_REACHABLE + 1, OBSERVED = EW_RUNTIME_OBSERVED + 1 };
enum { PAIRS = CLAIMED * OBSERVED, LABELS = EW_LABEL_CR + 1 };

static struct ew_reach_state pair(int index)
{
    struct ew_reach_state state = {(uint8_t)(index / OBSERVED), (uint8_t)(index % OBSERVED)};
    return state;
}

static bool same(struct ew_reach_state a, struct ew_reach_state b)
{
    return a.claimed == b.claimed && a.observed == b.observed;
}

START_TEST(join__all_triples__associative_commutative_idempotent)
{
    for (int a = 0; a < PAIRS; a++) {
        ck_assert(same(ew_reach_join(pair(a), pair(a)), pair(a)));
        for (int b = 0; b < PAIRS; b++) {
            struct ew_reach_state left = ew_reach_join(pair(a), pair(b));
            ck_assert(same(left, ew_reach_join(pair(b), pair(a))));
            for (int c = 0; c < PAIRS; c++) {
                struct ew_reach_state right = ew_reach_join(pair(b), pair(c));
                ck_assert(same(ew_reach_join(left, pair(c)), ew_reach_join(pair(a), right)));
            }
        }
    }
}
END_TEST

START_TEST(label__all_pairs__are_the_names_of_the_reference)
{
    /* Rows: claimed unknown, unreachable, reachable. Columns: observed unknown, unobserved,
     * maybe, observed. */
    static const char *const golden[CLAIMED][OBSERVED] = {
        {"U", "RU", "U", "RO"}, {"SU", "CU", "SU", "X"}, {"SR", "SR", "SR", "CR"}};
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_str_eq(ew_reach_label_name(ew_reach_label(pair(i))),
                         golden[i / OBSERVED][i % OBSERVED]);
    }
}
END_TEST

/* The pair of a label without a maybe, the lowest one. */
static struct ew_reach_state pair_of(enum ew_reach_label label)
{
    for (int i = 0; i < PAIRS; i++) {
        if (pair(i).observed != EW_RUNTIME_MAYBE && ew_reach_label(pair(i)) == label) {
            return pair(i);
        }
    }
    ck_abort_msg("no pair has label %d", (int)label);
    return pair(0);
}

START_TEST(join__all_labels__is_the_table_of_the_reference)
{
    static const char *const golden[LABELS] = {
        "U SU RU SR RO CU X CR",   "SU SU CU SR X CU X CR",  "RU CU RU SR RO CU X CR",
        "SR SR SR SR CR SR CR CR", "RO X RO CR RO X X CR",   "CU CU CU SR X CU X CR",
        "X X X CR X X X CR",       "CR CR CR CR CR CR CR CR"};
    for (int a = 0; a < LABELS; a++) {
        char row[64] = "";
        for (int b = 0; b < LABELS; b++) {
            struct ew_reach_state joined =
                ew_reach_join(pair_of((enum ew_reach_label)a), pair_of((enum ew_reach_label)b));
            size_t used = strlen(row);
            (void)snprintf(row + used, sizeof row - used, "%s%s", b > 0 ? " " : "",
                           ew_reach_label_name(ew_reach_label(joined)));
        }
        ck_assert_str_eq(row, golden[a]);
    }
}
END_TEST

START_TEST(label__joined_without_maybe__depends_on_the_labels_only)
{
    for (int a = 0; a < PAIRS; a++) {
        for (int b = 0; b < PAIRS; b++) {
            if (pair(a).observed == EW_RUNTIME_MAYBE || pair(b).observed == EW_RUNTIME_MAYBE) {
                continue;
            }
            struct ew_reach_state lowest =
                ew_reach_join(pair_of(ew_reach_label(pair(a))), pair_of(ew_reach_label(pair(b))));
            ck_assert_int_eq(ew_reach_label(ew_reach_join(pair(a), pair(b))),
                             ew_reach_label(lowest));
        }
    }
}
END_TEST

START_TEST(label__joined_with_maybe__needs_the_pair)
{
    struct ew_reach_state maybe = {EW_STATIC_UNREACHABLE, EW_RUNTIME_MAYBE};
    struct ew_reach_state plain = {EW_STATIC_UNREACHABLE, EW_RUNTIME_UNKNOWN};
    struct ew_reach_state unseen = {EW_STATIC_UNKNOWN, EW_RUNTIME_UNOBSERVED};
    ck_assert_int_eq(ew_reach_label(maybe), ew_reach_label(plain));
    ck_assert_int_eq(ew_reach_label(ew_reach_join(maybe, unseen)), EW_LABEL_SU);
    ck_assert_int_eq(ew_reach_label(ew_reach_join(plain, unseen)), EW_LABEL_CU);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("lattice");
    TCase *tests = tcase_create("lattice");
    tcase_add_test(tests, join__all_triples__associative_commutative_idempotent);
    tcase_add_test(tests, label__all_pairs__are_the_names_of_the_reference);
    tcase_add_test(tests, join__all_labels__is_the_table_of_the_reference);
    tcase_add_test(tests, label__joined_without_maybe__depends_on_the_labels_only);
    tcase_add_test(tests, label__joined_with_maybe__needs_the_pair);
    suite_add_tcase(suite, tests);
    return suite;
}
