/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine says of itself: version, boot time, processors. */
#include "capture/live/internal.h"

#include <string.h>

typedef LONG(WINAPI *version_fn)(OSVERSIONINFOW *version);
typedef LONG(WINAPI *system_fn)(ULONG what, void *out, ULONG byte_count, ULONG *used_out);
typedef BOOL(WINAPI *machine_fn)(HANDLE process, USHORT *process_out, USHORT *native_out);

/* SystemTimeOfDayInformation, which begins with the boot time. */
enum { SYSTEM_TIME_OF_DAY = 3, SYSTEM_TIME_OF_DAY_BYTES = 48 };
enum { MACHINE_AMD64 = 0x8664, MACHINE_ARM64 = 0xaa64, MACHINE_I386 = 0x14c };

/* A function that not every Windows has. By way of bytes, since C has no cast for it. */
static void find(const wchar_t *module, const char *name, void *function_out)
{
    HMODULE handle = GetModuleHandleW(module);
    FARPROC found = handle == NULL ? NULL : GetProcAddress(handle, name);
    memcpy(function_out, &found, sizeof found);
}

static const char *arch_of(unsigned machine)
{
    return machine == MACHINE_ARM64 ? "arm64" : machine == MACHINE_I386 ? "x86" : "amd64";
}

static const char *read_arch(void)
{
    machine_fn ask = NULL;
    USHORT process = 0, machine = 0;
    find(L"kernel32.dll", "IsWow64Process2", &ask);
    if (ask != NULL && ask(GetCurrentProcess(), &process, &machine) && machine != 0) {
        return arch_of(machine);
    }
    SYSTEM_INFO info;
    GetNativeSystemInfo(&info);
    return info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_INTEL ? "x86" : "amd64";
}

static uint64_t read_boot_time(void)
{
    system_fn ask = NULL;
    uint64_t words[SYSTEM_TIME_OF_DAY_BYTES / 8] = {0};
    ULONG used = 0;
    find(L"ntdll.dll", "NtQuerySystemInformation", &ask);
    if (ask == NULL || ask(SYSTEM_TIME_OF_DAY, words, sizeof words, &used) < 0) {
        return 0;
    }
    return words[0];
}

/* The processors of all groups; of this group where that cannot be told. GetActiveProcessorCount
 * answers 0 when it fails (its page on learn.microsoft.com). */
static uint32_t read_cpu_count(void)
{
    DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    if (count == 0) {
        SYSTEM_INFO info;
        GetNativeSystemInfo(&info);
        count = info.dwNumberOfProcessors;
    }
    return count;
}

void ew_live_host_read(struct ew_capture_host *host_out)
{
    OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};
    version_fn ask = NULL;
    memset(host_out, 0, sizeof *host_out);
    find(L"ntdll.dll", "RtlGetVersion", &ask);
    if (ask != NULL && ask(&version) >= 0) {
        host_out->os_major = version.dwMajorVersion;
        host_out->os_minor = version.dwMinorVersion;
        host_out->os_build = version.dwBuildNumber;
    }
    host_out->boot_100ns = read_boot_time();
    host_out->cpu_count = read_cpu_count();
    host_out->arch = read_arch();
}
