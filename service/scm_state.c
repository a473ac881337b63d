/* SPDX-License-Identifier: Apache-2.0 */
/* The states of the service as pure steps. */
#include "scm_state.h"

/* Nothing is accepted while something is pending: the manager then refuses what it would
 * otherwise deliver in the middle of a start or a stop. */
static void enter(struct ew_scm *scm, enum ew_scm_phase phase, uint32_t wait_hint_ms)
{
    bool pending = phase == EW_SCM_STARTING || phase == EW_SCM_STOPPING;
    scm->phase = phase;
    scm->checkpoint = pending ? 1 : 0;
    scm->wait_hint_ms = wait_hint_ms;
    scm->accepted = phase == EW_SCM_RUNNING ? EW_SCM_ACCEPT_STOP | EW_SCM_ACCEPT_PARAMCHANGE
                                                  | EW_SCM_ACCEPT_PRESHUTDOWN
                                            : 0;
}

struct ew_scm ew_scm_starting(uint32_t start_hint_ms, uint32_t stop_hint_ms)
{
    struct ew_scm scm = {.stop_hint_ms = stop_hint_ms};
    enter(&scm, EW_SCM_STARTING, start_hint_ms);
    return scm;
}

void ew_scm_set_stop_hint(struct ew_scm *scm, uint32_t stop_hint_ms)
{
    scm->stop_hint_ms = stop_hint_ms;
}

bool ew_scm_running(struct ew_scm *scm)
{
    if (scm->phase != EW_SCM_STARTING) {
        return false;
    }
    enter(scm, EW_SCM_RUNNING, 0);
    return true;
}

bool ew_scm_progress(struct ew_scm *scm)
{
    if (scm->phase != EW_SCM_STARTING && scm->phase != EW_SCM_STOPPING) {
        return false;
    }
    scm->checkpoint++;
    return true;
}

bool ew_scm_stopping(struct ew_scm *scm)
{
    if (scm->phase == EW_SCM_STOPPING || scm->phase == EW_SCM_STOPPED) {
        return false;
    }
    scm->stop_asked = true;
    enter(scm, EW_SCM_STOPPING, scm->stop_hint_ms);
    return true;
}

void ew_scm_stopped(struct ew_scm *scm, enum ew_scm_exit exit)
{
    if (scm->phase == EW_SCM_STOPPED) {
        return;
    }
    enter(scm, EW_SCM_STOPPED, 0);
    scm->win32_exit = exit != EW_SCM_EXIT_NONE ? EW_SCM_SPECIFIC_ERROR : 0;
    scm->specific_exit = exit;
}

/* The second stop, a preshutdown after a stop and a stop after the end find it under way. */
static unsigned stop(struct ew_scm *scm)
{
    return ew_scm_stopping(scm) ? EW_SCM_DO_STOP | EW_SCM_DO_REPORT : EW_SCM_DO_REPORT;
}

unsigned ew_scm_control(struct ew_scm *scm, uint32_t code)
{
    bool ending = scm->phase == EW_SCM_STOPPING || scm->phase == EW_SCM_STOPPED;
    switch (code) {
    case EW_SCM_CONTROL_STOP:
    case EW_SCM_CONTROL_SHUTDOWN:
    case EW_SCM_CONTROL_PRESHUTDOWN:
        return stop(scm);
    case EW_SCM_CONTROL_PARAMCHANGE:
        return ending ? 0 : EW_SCM_DO_RELOAD;
    case EW_SCM_CONTROL_INTERROGATE:
        return EW_SCM_DO_REPORT;
    default:
        return EW_SCM_UNKNOWN;
    }
}
