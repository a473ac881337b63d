/* SPDX-License-Identifier: Apache-2.0 */
/* What Windows says of itself, of this process' rights and of its clocks. */
#include "doctor.h"
#include "platform/clock.h"

#include <string.h>

/* Before the headers that need its types. */
#include <windows.h>

#include <winternl.h>

typedef LONG(WINAPI *version_fn)(OSVERSIONINFOW *);
typedef const char *(CDECL *wine_version_fn)(void);
typedef BOOL(WINAPI *machine_fn)(HANDLE, USHORT *, USHORT *);
typedef LONG(WINAPI *open_directory_fn)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);

enum { MACHINE_ARM64 = 0xaa64, OBJECT_DIRECTORY_QUERY = 1, CLOCK_SPAN_MS = 250 };

/* What NtOpenDirectoryObject would answer if it existed: STATUS_NOT_IMPLEMENTED. */
#define NOT_THERE 0xc0000002U

/* A function of a module that every process has; NULL where this Windows lacks it. Through
 * void *, since a cast between function types would be warned of. */
static void *find_function(const wchar_t *module, const char *name)
{
    FARPROC found = GetProcAddress(GetModuleHandleW(module), name);
    void *function;
    memcpy(&function, &found, sizeof function);
    return function;
}

/* GetVersionEx tells programs what they were made for; RtlGetVersion tells what there is. */
static void ask_version(struct doctor_system *out)
{
    void *found = find_function(L"ntdll.dll", "RtlGetVersion");
    version_fn get_version;
    memcpy(&get_version, &found, sizeof get_version);
    OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};
    if (get_version != NULL && get_version(&version) == 0) {
        out->major = version.dwMajorVersion;
        out->minor = version.dwMinorVersion;
        out->build = version.dwBuildNumber;
    }
}

static void ask_machine(struct doctor_system *out)
{
    void *found = find_function(L"kernel32.dll", "IsWow64Process2");
    machine_fn is_wow64;
    memcpy(&is_wow64, &found, sizeof is_wow64);
    USHORT process = 0;
    USHORT native = 0;
    if (is_wow64 != NULL && is_wow64(GetCurrentProcess(), &process, &native)) {
        out->arm64 = native == MACHINE_ARM64;
    }
}

static void ask_wine(struct doctor_system *out)
{
    void *found = find_function(L"ntdll.dll", "wine_get_version");
    wine_version_fn get_version;
    memcpy(&get_version, &found, sizeof get_version);
    if (get_version != NULL) {
        (void)snprintf(out->wine, sizeof out->wine, "%s", get_version());
    }
}

static bool read_dword(const wchar_t *key, const wchar_t *name, DWORD *value_out)
{
    DWORD bytes = sizeof *value_out;
    return RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, value_out, &bytes)
           == ERROR_SUCCESS;
}

static void ask_registry(struct doctor_system *out)
{
    static const wchar_t control[] = L"SYSTEM\\CurrentControlSet\\Control";
    static const wchar_t memory[] =
        L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management";
    DWORD value = 0;
    out->in_container = read_dword(control, L"ContainerType", &value);
    out->paging_known = read_dword(memory, L"DisablePagingExecutive", &value);
    out->paging_disabled = out->paging_known && value == 1;
}

/* Containers are found by their jobs, which have names in the root (reference etw.md 3.9). */
static uint32_t ask_objects(void)
{
    void *found = find_function(L"ntdll.dll", "NtOpenDirectoryObject");
    open_directory_fn open_directory;
    memcpy(&open_directory, &found, sizeof open_directory);
    if (open_directory == NULL) {
        return NOT_THERE;
    }
    wchar_t root[] = L"\\";
    UNICODE_STRING name = {
        .Length = sizeof(wchar_t), .MaximumLength = sizeof root, .Buffer = root};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &name};
    HANDLE directory = NULL;
    LONG status = open_directory(&directory, OBJECT_DIRECTORY_QUERY, &attributes);
    if (status == 0) {
        (void)CloseHandle(directory);
    }
    return (uint32_t)status;
}

void doctor_ask_system(struct doctor_system *system_out)
{
    memset(system_out, 0, sizeof *system_out);
    ask_version(system_out);
    ask_machine(system_out);
    ask_wine(system_out);
    ask_registry(system_out);
    system_out->objects_status = ask_objects();
}

/* --- rights -------------------------------------------------------------------- */

static bool is_member(WELL_KNOWN_SID_TYPE kind)
{
    uint8_t sid[SECURITY_MAX_SID_SIZE];
    DWORD bytes = sizeof sid;
    BOOL member = FALSE;
    return CreateWellKnownSid(kind, NULL, sid, &bytes) && CheckTokenMembership(NULL, sid, &member)
           && member;
}

static bool can_elevate(HANDLE token)
{
    TOKEN_ELEVATION_TYPE type = TokenElevationTypeDefault;
    DWORD bytes = 0;
    return GetTokenInformation(token, TokenElevationType, &type, sizeof type, &bytes)
           && type == TokenElevationTypeLimited;
}

/* Enabled for a moment and put back as it was: looking must not change this process. */
static enum doctor_privilege ask_profile_privilege(HANDLE token)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    TOKEN_PRIVILEGES before = {.PrivilegeCount = 0};
    DWORD bytes = 0;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (!LookupPrivilegeValueW(NULL, SE_SYSTEM_PROFILE_NAME, &wanted.Privileges[0].Luid)) {
        return DOCTOR_PRIVILEGE_UNKNOWN;
    }
    SetLastError(ERROR_SUCCESS);
    if (!AdjustTokenPrivileges(token, FALSE, &wanted, sizeof before, &before, &bytes)) {
        return DOCTOR_PRIVILEGE_UNKNOWN;
    }
    /* The call succeeds when it has set none of them (reference etw.md 3.1.8). */
    if (GetLastError() == ERROR_NOT_ALL_ASSIGNED) {
        return DOCTOR_PRIVILEGE_ABSENT;
    }
    (void)AdjustTokenPrivileges(token, FALSE, &before, sizeof before, NULL, NULL);
    return DOCTOR_PRIVILEGE_ENABLED;
}

void doctor_ask_rights(struct doctor_rights *rights_out)
{
    HANDLE token = NULL;
    memset(rights_out, 0, sizeof *rights_out);
    rights_out->is_system = is_member(WinLocalSystemSid);
    rights_out->administrator = is_member(WinBuiltinAdministratorsSid);
    rights_out->profile = DOCTOR_PRIVILEGE_UNKNOWN;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token)) {
        rights_out->can_elevate = can_elevate(token);
        rights_out->profile = ask_profile_privilege(token);
        (void)CloseHandle(token);
    }
}

/* --- clocks -------------------------------------------------------------------- */

void doctor_ask_clock(struct doctor_clock *clock_out)
{
    LARGE_INTEGER frequency = {.QuadPart = 0};
    (void)QueryPerformanceFrequency(&frequency);
    clock_out->frequency = (uint64_t)frequency.QuadPart;
    if (clock_out->frequency == 0) {
        return;
    }
    uint64_t counter = ew_clock_monotonic_ns();
    uint64_t wall = ew_clock_filetime();
    Sleep(CLOCK_SPAN_MS);
    clock_out->elapsed_counter = (int64_t)((ew_clock_monotonic_ns() - counter) / 100);
    clock_out->now_100ns = ew_clock_filetime();
    clock_out->elapsed_wall = (int64_t)(clock_out->now_100ns - wall);
}
