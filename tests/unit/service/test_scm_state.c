/* SPDX-License-Identifier: Apache-2.0 */
/* The states of the service: every control in every state, and what the manager is told. */
#include "service/scm_state.h"
#include "support/check_main.h"

#include <string.h>

enum { START_HINT_MS = 30000, STOP_HINT_MS = 40000, CODES = 256 };

static struct ew_scm in_phase(enum ew_scm_phase phase)
{
    struct ew_scm scm = ew_scm_starting(START_HINT_MS, STOP_HINT_MS);
    if (phase == EW_SCM_STARTING) {
        return scm;
    }
    ck_assert(ew_scm_running(&scm));
    if (phase == EW_SCM_RUNNING) {
        return scm;
    }
    ck_assert(ew_scm_stopping(&scm));
    if (phase == EW_SCM_STOPPED) {
        ew_scm_stopped(&scm, EW_SCM_EXIT_NONE);
    }
    return scm;
}

static const enum ew_scm_phase phases[] = {EW_SCM_STOPPED, EW_SCM_STARTING, EW_SCM_STOPPING,
                                           EW_SCM_RUNNING};
enum { PHASES = sizeof phases / sizeof phases[0] };

/* What has to hold of every status that is told. */
static void assert_consistent(const struct ew_scm *scm)
{
    bool pending = scm->phase == EW_SCM_STARTING || scm->phase == EW_SCM_STOPPING;
    ck_assert_int_eq(scm->checkpoint != 0, pending);
    ck_assert_int_eq(scm->wait_hint_ms != 0, pending);
    ck_assert_uint_eq(scm->accepted, scm->phase == EW_SCM_RUNNING ? 0x109u : 0u);
    ck_assert(scm->phase == EW_SCM_STOPPED || (scm->win32_exit == 0 && scm->specific_exit == 0));
}

/* One row a phase: the actions, and the phase after it. */
static const struct {
    enum ew_scm_phase phase;
    enum ew_scm_phase after_stop;
    unsigned stop;
    unsigned paramchange;
} expected[] = {
    {EW_SCM_STOPPED, EW_SCM_STOPPED, EW_SCM_DO_REPORT, 0},
    {EW_SCM_STARTING, EW_SCM_STOPPING, EW_SCM_DO_STOP | EW_SCM_DO_REPORT, EW_SCM_DO_RELOAD},
    {EW_SCM_STOPPING, EW_SCM_STOPPING, EW_SCM_DO_REPORT, 0},
    {EW_SCM_RUNNING, EW_SCM_STOPPING, EW_SCM_DO_STOP | EW_SCM_DO_REPORT, EW_SCM_DO_RELOAD},
};

START_TEST(control__every_code_in_every_state__does_what_the_table_says)
{
    for (size_t i = 0; i < PHASES; i++) {
        for (uint32_t code = 0; code < CODES; code++) {
            struct ew_scm scm = in_phase(expected[i].phase);
            const struct ew_scm before = scm;
            unsigned actions = ew_scm_control(&scm, code);
            bool stops = code == 1 || code == 5 || code == 15;
            unsigned wanted = stops       ? expected[i].stop
                              : code == 6 ? expected[i].paramchange
                              : code == 4 ? EW_SCM_DO_REPORT
                                          : EW_SCM_UNKNOWN;
            ck_assert_msg(actions == wanted, "phase %d, control %u: actions %u, not %u",
                          (int)expected[i].phase, code, actions, wanted);
            ck_assert_int_eq(scm.phase, stops ? expected[i].after_stop : before.phase);
            assert_consistent(&scm);
            if (!stops) {
                ck_assert_int_eq(memcmp(&scm, &before, sizeof scm), 0);
            }
        }
    }
}
END_TEST

START_TEST(control__two_in_a_row__give_the_order_to_stop_once)
{
    static const uint32_t codes[] = {1, 5, 15};
    for (size_t i = 0; i < PHASES; i++) {
        for (size_t first = 0; first < 3; first++) {
            for (size_t second = 0; second < 3; second++) {
                struct ew_scm scm = in_phase(phases[i]);
                unsigned once = ew_scm_control(&scm, codes[first]);
                unsigned twice = ew_scm_control(&scm, codes[second]);
                bool ending = phases[i] == EW_SCM_STOPPED || phases[i] == EW_SCM_STOPPING;
                ck_assert_int_eq((once & EW_SCM_DO_STOP) != 0, !ending);
                ck_assert_uint_eq(twice, EW_SCM_DO_REPORT);
            }
        }
    }
}
END_TEST

START_TEST(starting__just_begun__accepts_nothing_and_gives_a_hint)
{
    struct ew_scm scm = ew_scm_starting(START_HINT_MS, STOP_HINT_MS);
    assert_consistent(&scm);
    ck_assert_uint_eq(scm.wait_hint_ms, START_HINT_MS);
    ck_assert(ew_scm_progress(&scm));
    ck_assert_uint_eq(scm.checkpoint, 2);
    ck_assert(ew_scm_running(&scm));
    assert_consistent(&scm);
    ck_assert(!ew_scm_progress(&scm));
}
END_TEST

START_TEST(running__after_a_stop_while_starting__is_refused)
{
    struct ew_scm scm = ew_scm_starting(START_HINT_MS, STOP_HINT_MS);
    ck_assert_uint_eq(ew_scm_control(&scm, 1), EW_SCM_DO_STOP | EW_SCM_DO_REPORT);
    ck_assert(!ew_scm_running(&scm));
    ck_assert_int_eq(scm.phase, EW_SCM_STOPPING);
    ck_assert(scm.stop_asked);
}
END_TEST

START_TEST(running__in_every_other_state__is_refused)
{
    for (size_t i = 0; i < PHASES; i++) {
        struct ew_scm scm = in_phase(phases[i]);
        ck_assert_int_eq(ew_scm_running(&scm), phases[i] == EW_SCM_STARTING);
    }
}
END_TEST

START_TEST(stopping__with_progress__counts_checkpoints_from_one)
{
    struct ew_scm scm = in_phase(EW_SCM_RUNNING);
    ew_scm_set_stop_hint(&scm, 7000);
    ck_assert(ew_scm_stopping(&scm));
    ck_assert(!ew_scm_stopping(&scm));
    ck_assert_uint_eq(scm.checkpoint, 1);
    ck_assert_uint_eq(scm.wait_hint_ms, 7000);
    for (uint32_t checkpoint = 2; checkpoint < 10; checkpoint++) {
        ck_assert(ew_scm_progress(&scm));
        ck_assert_uint_eq(scm.checkpoint, checkpoint);
    }
    /* Asking again does not begin again: the manager would take it for a step back. */
    (void)ew_scm_control(&scm, 15);
    ck_assert_uint_eq(scm.checkpoint, 9);
}
END_TEST

START_TEST(stopped__from_every_state__tells_the_first_exit_only)
{
    for (size_t i = 0; i < PHASES; i++) {
        struct ew_scm scm = in_phase(phases[i]);
        ew_scm_stopped(&scm, EW_SCM_EXIT_START);
        assert_consistent(&scm);
        ck_assert_int_eq(scm.phase, EW_SCM_STOPPED);
        if (phases[i] == EW_SCM_STOPPED) {
            ck_assert_uint_eq(scm.win32_exit, 0);
        } else {
            ck_assert_uint_eq(scm.win32_exit, 1066);
            ck_assert_uint_eq(scm.specific_exit, EW_SCM_EXIT_START);
            ew_scm_stopped(&scm, EW_SCM_EXIT_NONE);
            ck_assert_uint_eq(scm.specific_exit, EW_SCM_EXIT_START);
        }
    }
}
END_TEST

START_TEST(stopped__without_an_exit__is_no_error)
{
    struct ew_scm scm = in_phase(EW_SCM_STOPPING);
    ew_scm_stopped(&scm, EW_SCM_EXIT_NONE);
    ck_assert_uint_eq(scm.win32_exit, 0);
    ck_assert_uint_eq(scm.specific_exit, 0);
    ck_assert(!ew_scm_progress(&scm));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("scm_state");
    TCase *tcase = tcase_create("scm_state");
    tcase_add_test(tcase, control__every_code_in_every_state__does_what_the_table_says);
    tcase_add_test(tcase, control__two_in_a_row__give_the_order_to_stop_once);
    tcase_add_test(tcase, starting__just_begun__accepts_nothing_and_gives_a_hint);
    tcase_add_test(tcase, running__after_a_stop_while_starting__is_refused);
    tcase_add_test(tcase, running__in_every_other_state__is_refused);
    tcase_add_test(tcase, stopping__with_progress__counts_checkpoints_from_one);
    tcase_add_test(tcase, stopped__from_every_state__tells_the_first_exit_only);
    tcase_add_test(tcase, stopped__without_an_exit__is_no_error);
    suite_add_tcase(suite, tcase);
    return suite;
}
