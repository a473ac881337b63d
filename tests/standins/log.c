/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the log, counts violations, and counts calls for failures on demand. */
#include "log.h"

#include "life.h"
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 8192 };

static HANDLE file = INVALID_HANDLE_VALUE;
static volatile LONG violations;

void log_open(const char *path)
{
    WCHAR wide[PLAN_PATH_BYTES];
    if (file != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(file);
    }
    sim_widen(path, wide, PLAN_PATH_BYTES);
    file = CreateFileW(wide, FILE_APPEND_DATA,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL, NULL);
    (void)InterlockedExchange(&violations, 0);
}

/* Ends the line, replacing what a name or a text might break it with. */
static void write_line(char *line, size_t length)
{
    DWORD written = 0;
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\n' || line[i] == '\r') {
            line[i] = ' ';
        }
    }
    line[length] = '\n';
    if (file != INVALID_HANDLE_VALUE) {
        /* Wine finds the end and writes there in two steps: without the machine's mutex one
         * thread's line replaces another's. */
        (void)machine_lock();
        (void)WriteFile(file, line, (DWORD)length + 1, &written, NULL);
        machine_unlock();
    }
}

static size_t clamp(int length)
{
    return length < 0 ? 0 : length > LINE_BYTES - 2 ? LINE_BYTES - 2 : (size_t)length;
}

void sim_log(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    write_line(line, clamp(length));
}

void sim_violation(const char *function, const char *format, ...)
{
    char text[LINE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)InterlockedIncrement(&violations);
    sim_log("violation: %s: %s", function, text);
}

unsigned sim_violations(void)
{
    return (unsigned)violations;
}

void sim_log_call(const char *function, DWORD code, bool on_demand, const char *format, ...)
{
    char text[LINE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sim_log("call: %s%s%s -> %lu%s", function, text[0] != '\0' ? " " : "", text, code,
            on_demand ? " (on demand)" : "");
}

static const char *const group_names[] = {
    [CALL_ETW] = "etw",
    [CALL_SCM] = "scm",
    [CALL_EVENT_LOG] = "eventlog",
    [CALL_PRIVILEGE] = "privilege",
    [CALL_REGISTRY] = "registry",
};

static bool names_call(const char *name, enum call_group group, const char *function,
                       const char *part)
{
    size_t length = strlen(function);
    if (strcmp(name, "any") == 0 || strcmp(name, group_names[group]) == 0
        || strcmp(name, function) == 0) {
        return true;
    }
    return part != NULL && strncmp(name, function, length) == 0 && name[length] == '.'
           && strcmp(name + length + 1, part) == 0;
}

DWORD sim_enter(enum call_group group, const char *function, const char *part)
{
    struct life *life = sim_life();
    DWORD code = 0;
    sim_lock();
    for (uint32_t i = 0; i < life->plan.failure_count; i++) {
        struct plan_failure *failure = &life->plan.failures[i];
        if (names_call(failure->name, group, function, part)) {
            failure->calls++;
            bool now = failure->call == 0 || failure->call == failure->calls;
            code = now ? failure->code : code;
        }
    }
    sim_unlock();
    return code;
}

const char *sim_narrow(const WCHAR *text, char *out, size_t capacity)
{
    int length = 0;
    if (text == NULL) {
        text = L"(null)";
    }
    length = WideCharToMultiByte(CP_UTF8, 0, text, -1, out, (int)capacity, NULL, NULL);
    if (length == 0) {
        out[0] = '\0';
    }
    return out;
}

void sim_widen(const char *text, WCHAR *out, size_t capacity)
{
    if (MultiByteToWideChar(CP_UTF8, 0, text, -1, out, (int)capacity) == 0) {
        out[0] = L'\0';
    }
}
