/* SPDX-License-Identifier: Apache-2.0 */
/* What Windows refused, as one sentence that says what to do. */
#include "capture/live/internal.h"

#include <stdio.h>
#include <stdlib.h>

struct advice {
    ULONG code;
    enum ew_status status;
    const char *text;
};

static const struct advice advices[] = {
    {ERROR_ACCESS_DENIED, EW_IO, "access is denied; run it as administrator or as LocalSystem"},
    {ERROR_PRIVILEGE_NOT_HELD, EW_IO,
     "the right to profile the system (SeSystemProfilePrivilege) is not held; run it as "
     "administrator or as LocalSystem, or grant it"},
    {ERROR_NOT_ALL_ASSIGNED, EW_IO,
     "the right to profile the system (SeSystemProfilePrivilege) is not held; run it as "
     "administrator or as LocalSystem, or grant it"},
    {ERROR_INVALID_PARAMETER, EW_UNSUPPORTED,
     "this Windows does not take these settings; try smaller buffers and fewer providers"},
    {ERROR_BAD_LENGTH, EW_UNSUPPORTED, "this Windows expects another size of structure"},
    {ERROR_NO_SYSTEM_RESOURCES, EW_LIMIT,
     "too many sessions run; end one of them, or raise EtwMaxLoggers"},
    {ERROR_COMMITMENT_LIMIT, EW_NO_MEMORY,
     "memory is short; make the buffers smaller or fewer, or enlarge the paging file"},
    {ERROR_NOT_ENOUGH_MEMORY, EW_NO_MEMORY, "memory is short; make the buffers smaller or fewer"},
    {ERROR_OUTOFMEMORY, EW_NO_MEMORY, "memory is short; make the buffers smaller or fewer"},
    {ERROR_BUSY, EW_IO, "another tool holds the source of samples; end that tool"},
    {ERROR_WMI_INSTANCE_NOT_FOUND, EW_NOT_FOUND,
     "there is no such session; see which run with \"logman query -ets\""},
    {ERROR_DISK_FULL, EW_IO, "the disk of the Windows folder is full; free some room"},
};

static void fail_unknown(struct ew_error *error, ULONG code, const char *session,
                         const char *what)
{
    wchar_t wide[200];
    char text[400] = "";
    DWORD count = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                 code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), wide,
                                 sizeof wide / sizeof wide[0], NULL);
    while (count > 0 && (wide[count - 1] <= L' ' || wide[count - 1] == L'.')) {
        count--;
    }
    int bytes = count == 0 ? 0
                           : WideCharToMultiByte(CP_UTF8, 0, wide, (int)count, text,
                                                 (int)sizeof text - 1, NULL, NULL);
    text[bytes] = '\0';
    (void)ew_fail(error, EW_IO, "session %s: cannot %s: %s (Windows error %lu)", session, what,
                  bytes > 0 ? text : "Windows says no more", code);
}

enum ew_status ew_live_fail(struct ew_error *error, ULONG code, const char *session,
                            const char *what)
{
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
        if (advices[i].code == code) {
            return ew_fail(error, advices[i].status,
                           "session %s: cannot %s: %s (Windows error %lu)", session, what,
                           advices[i].text, code);
        }
    }
    fail_unknown(error, code, session, what);
    return EW_IO;
}
