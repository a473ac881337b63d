/* SPDX-License-Identifier: Apache-2.0 */
/* What the Windows files of the service share. */
#ifndef EW_SERVICE_SERVICE_WIN32_H
#define EW_SERVICE_SERVICE_WIN32_H

#include "reports.h"
#include "service.h"
#include "trust.h"

#include <windows.h>

/* Room for the command line of a service: CreateProcessW takes no longer one. */
enum { SERVICE_LINE_BYTES = 32767 };

/* UTF-8 as UTF-16, any length; NULL without memory or when it is not UTF-8. The caller
 * frees it. */
wchar_t *service_wide(const char *text);

/* --- events_win32.c: the event log ------------------------------------------------- */

/* Where Windows finds the texts of our entries: this program. `made_out` is false when the
 * source was there already. EW_IO. */
EW_MUST_USE enum ew_status service_events_register(const char *name, const char *program,
                                                   bool *made_out, struct ew_error *error);

/* Removes the source when it names `program`; one that is not there is fine. */
EW_MUST_USE enum ew_status service_events_unregister(const char *name, const char *program,
                                                     struct ew_error *error);

/* One entry with one sentence, from any thread. What the log refuses is lost: there is
 * nobody left to tell. */
void service_events_write(HANDLE source, enum ew_report report, const char *text);

/* --- folder_win32.c: the folder in ProgramData -------------------------------------- */

/*
 * Makes the folder, for LocalSystem, administrators and `service_sid` (text form, or NULL)
 * alone. One that is there is taken when it belongs to one of these: everybody may make
 * folders in ProgramData, so another's could be a trap. `made_out`: it was not there.
 */
EW_MUST_USE enum ew_status service_folder_make(const char *path, const wchar_t *service_sid,
                                               bool *made_out, struct ew_error *error);

/* Removes it when it is empty; true when it is gone. */
bool service_folder_remove(const char *path);

/* --- privileges_win32.c ------------------------------------------------------------------- */

/*
 * Gives away for good what LocalSystem may and the service never needs: all privileges but those
 * that install names to the manager. Of a service that sc.exe made this is all there is. False
 * when Windows refused, and all is as before.
 */
bool service_privileges_drop(void);

/* --- trust_win32.c: who can change what runs as LocalSystem ---------------------------- */

/*
 * Whether LocalSystem, administrators and Windows' installer alone can change a file, its folder,
 * and the folders above up to the root, none of which is a link; trust.h says what is judged.
 *
 * EW_IO     somebody else can: who, and what
 * EW_USAGE  no path of a file; and why something could not be read
 */
EW_MUST_USE enum ew_status service_trust_path(const char *path, struct ew_error *error);

/* The same of one place, from its owner and access list. */
EW_MUST_USE enum ew_status service_trust_descriptor(PSECURITY_DESCRIPTOR descriptor,
                                                    enum trust_place place, const char *path,
                                                    struct ew_error *error);

/* Whether nothing beside a program changes what Windows loads with it. As above. */
EW_MUST_USE enum ew_status service_trust_beside(const char *path, struct ew_error *error);

/* --- control_win32.c: the service control manager ------------------------------------ */

struct service_handles {
    SC_HANDLE manager;
    SC_HANDLE service;
};

/* Opens the manager and, when `service_access` is not 0, the service. EW_NOT_FOUND when
 * there is no such service. Released with service_close() in any case. */
EW_MUST_USE enum ew_status service_open(const char *name, DWORD manager_access,
                                        DWORD service_access, struct service_handles *handles,
                                        struct ew_error *error);
void service_close(struct service_handles *handles);

/* What the service control manager refused, as a sentence with what to do. */
enum ew_status service_fail(struct ew_error *error, DWORD code, const char *what,
                            const char *name);

/* The command line of an installed service, taken apart. */
struct service_installed {
    char **arguments; /* of this program's service: path, "service", "run", options */
    int count;
};

/* EW_USAGE when the service is not one of ours. The caller releases it. */
EW_MUST_USE enum ew_status service_installed_read(SC_HANDLE service, const char *name,
                                                  struct service_installed *installed_out,
                                                  struct ew_error *error);
/* The command line as it is, also of another's service; NULL when it cannot be read. The caller
 * frees it. */
char *service_installed_line(SC_HANDLE service);

void service_installed_free(struct service_installed *installed);

/* Description, recovery, rights, late start, time for a preshutdown. What this Windows does
 * not know is told on stderr and left out. */
EW_MUST_USE enum ew_status service_configure(SC_HANDLE service, const char *name,
                                             uint32_t stop_seconds, struct ew_error *error);

#endif
