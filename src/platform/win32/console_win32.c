/* SPDX-License-Identifier: Apache-2.0 */
/* console.h on Windows. */
#include "platform/console.h"
#include "platform/win32/wide_win32.h"

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>

/* The console belongs to whoever started us: its code page is put back at the end. */
static UINT code_page_before;

static void restore_code_page(void)
{
    (void)SetConsoleOutputCP(code_page_before);
}

bool ew_console_is_terminal(void)
{
    DWORD mode = 0;
    return GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &mode) != 0;
}

void ew_process_harden(void)
{
    (void)HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    (void)SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
}

void ew_console_prepare(void)
{
    (void)_setmode(_fileno(stdout), _O_BINARY);
    code_page_before = GetConsoleOutputCP();
    if (code_page_before != 0 && code_page_before != CP_UTF8 && SetConsoleOutputCP(CP_UTF8)) {
        (void)atexit(restore_code_page);
    }
}

/* The arguments of main would be in the ANSI code page, with '?' for what it lacks. */
bool ew_console_arguments(int *argc, char ***argv)
{
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (wide == NULL) {
        return false;
    }
    char **arguments = calloc((size_t)count + 1, sizeof *arguments);
    bool complete = arguments != NULL;
    for (int i = 0; complete && i < count; i++) {
        arguments[i] = ew_wide_to_utf8(wide[i]);
        complete = arguments[i] != NULL;
    }
    (void)LocalFree(wide);
    if (complete) {
        *argc = count;
        *argv = arguments;
    }
    return complete;
}
