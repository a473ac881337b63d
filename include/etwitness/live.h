/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Windows sessions: a private system logger for the kernel and a session for the CLR and
 * other providers, consumed in real time (reference etw.md 3.1 to 3.4). Windows only.
 */
#ifndef ETWITNESS_LIVE_H
#define ETWITNESS_LIVE_H

#include "etwitness/capture.h"
#include "etwitness/settings.h"

/*
 * Makes a capture out of settings; nothing is started yet. `settings` is borrowed until
 * close.
 *
 * attach  NULL, or the name of a session that another tool runs: it is consumed and never
 *         controlled
 *
 * EW_NO_MEMORY
 */
EW_MUST_USE enum ew_status ew_live_create(const struct ew_settings *settings, const char *attach,
                                          struct ew_capture *capture_out, struct ew_error *error);

/*
 * Stops sessions of ours that a crash has left behind, also under another session name than that
 * of `settings`; those of others are never touched, nor those with which somebody collects.
 * `stopped_out` counts them. EW_IO when Windows refuses. A start does the same by itself.
 */
EW_MUST_USE enum ew_status ew_live_stop_stale(const struct ew_settings *settings,
                                              unsigned *stopped_out, struct ew_error *error);

/* Whose a session is, told by its name and GUID as Windows lists them. */
enum ew_live_owner {
    EW_LIVE_UNRELATED, /* neither its name nor its GUID is ours */
    EW_LIVE_OURS,      /* a name of ours with the GUID of ours: running, or left behind */
    EW_LIVE_ANOTHER,   /* a name of ours with a GUID that is not ours: never touched */

    /* The GUID of ours under another name: in the way of a start, because GUIDs are unique. */
    EW_LIVE_ELSEWHERE,   /* somebody collects with it, or its name is none that we give */
    EW_LIVE_LEFT_BEHIND, /* whoever collected with it is gone: the next start stops it */
};

/* For `doctor`: what the session "name" with `guid` is to a collection by `settings`. */
enum ew_live_owner ew_live_session_owner(const struct ew_settings *settings, const char *name,
                                         const struct ew_guid *guid);

#endif
