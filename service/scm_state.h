/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service control manager is told, and what its controls mean, as a value without
 * Windows: each function is one step, and the caller does what it answers. The caller guards
 * it with a lock; controls come on a thread of the system's.
 *
 *     STARTING ──▶ RUNNING ──▶ STOPPING ──▶ STOPPED
 *         └───────────────────────▲  (a stop that came meanwhile)
 *
 * A state never goes back, and STOPPED can follow each of the others.
 */
#ifndef EW_SERVICE_SCM_STATE_H
#define EW_SERVICE_SCM_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers are those of SERVICE_STATUS.dwCurrentState. */
enum ew_scm_phase {
    EW_SCM_STOPPED = 1,
    EW_SCM_STARTING = 2,
    EW_SCM_STOPPING = 3,
    EW_SCM_RUNNING = 4,
};

/* The numbers are those of the SERVICE_CONTROL_ codes. */
enum ew_scm_control {
    EW_SCM_CONTROL_STOP = 1,
    EW_SCM_CONTROL_INTERROGATE = 4,
    EW_SCM_CONTROL_SHUTDOWN = 5,
    EW_SCM_CONTROL_PARAMCHANGE = 6,
    EW_SCM_CONTROL_PRESHUTDOWN = 15,
};

/* The bits are those of the SERVICE_ACCEPT_ flags. */
enum ew_scm_accept {
    EW_SCM_ACCEPT_STOP = 0x1,
    EW_SCM_ACCEPT_PARAMCHANGE = 0x8,
    EW_SCM_ACCEPT_PRESHUTDOWN = 0x100,
};

/* What the caller has to do about a control. Bits. */
enum ew_scm_action {
    EW_SCM_DO_REPORT = 1, /* tell the status */
    EW_SCM_DO_STOP = 2,   /* ask the collection for its end: given once */
    EW_SCM_DO_RELOAD = 4, /* read the configuration again, when the collection runs */
    EW_SCM_UNKNOWN = 8,   /* answer ERROR_CALL_NOT_IMPLEMENTED */
};

/* Exit codes of the service itself, told beside ERROR_SERVICE_SPECIFIC_ERROR (`sc query`
 * shows them as SERVICE_EXIT_CODE); docs/OPERATIONS.md lists them. */
enum ew_scm_exit {
    EW_SCM_EXIT_NONE = 0,
    EW_SCM_EXIT_CONFIGURATION = 1, /* the configuration was refused */
    EW_SCM_EXIT_START = 2,         /* collection could not begin */
    EW_SCM_EXIT_COLLECTION = 3,    /* what was collected could not all be published */
    EW_SCM_EXIT_MEMORY = 4,
};

/* ERROR_SERVICE_SPECIFIC_ERROR */
enum { EW_SCM_SPECIFIC_ERROR = 1066 };

/* As SERVICE_STATUS tells it. */
struct ew_scm {
    enum ew_scm_phase phase;
    uint32_t accepted; /* bits of enum ew_scm_accept */
    uint32_t win32_exit;
    uint32_t specific_exit;
    uint32_t checkpoint;
    uint32_t wait_hint_ms;
    uint32_t stop_hint_ms; /* of a stop to come */
    bool stop_asked;
};

/* Starting, with the times that the start and a stop may take without progress. */
struct ew_scm ew_scm_starting(uint32_t start_hint_ms, uint32_t stop_hint_ms);

/* A longer or shorter stop than thought before: the settings are known now. */
void ew_scm_set_stop_hint(struct ew_scm *scm, uint32_t stop_hint_ms);

/* The start is done. False when a stop came meanwhile: it is being stopped already. */
bool ew_scm_running(struct ew_scm *scm);

/* Something moved while the manager waits: a new checkpoint. False when it does not wait,
 * and nothing has to be told. */
bool ew_scm_progress(struct ew_scm *scm);

/* It ends by itself. False when it was ending already. */
bool ew_scm_stopping(struct ew_scm *scm);

/* It has ended, well or not; only the first exit counts. */
void ew_scm_stopped(struct ew_scm *scm, enum ew_scm_exit exit);

/* A control has come, by its code. Bits of enum ew_scm_action. */
unsigned ew_scm_control(struct ew_scm *scm, uint32_t code);

#endif
