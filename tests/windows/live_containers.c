/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: their GUIDs by name, and their processes as notices. */
#include "capture/live/internal.h"
#include "support/check_main.h"
#include "windows/live_world.h"

#include <string.h>
#include <wchar.h>
#include <winternl.h>

/* Python: sha1(namespace.bytes + "A1B2...".encode("utf-16le")) as a UUID of version 5. */
#define CONTAINER_NAME \
    L"Container_a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
#define CONTAINER_GUID "1658c6f2-edfc-5454-af17-f63e311d45f5"

static struct world world;

static bool guid_of(const wchar_t *name, char text_out[EW_GUID_TEXT_BYTES])
{
    struct ew_guid guid;
    if (!ew_live_container_guid(name, wcslen(name), &guid)) {
        return false;
    }
    ew_guid_format(&guid, text_out);
    return true;
}

START_TEST(guid__of_a_containers_name__is_that_of_windows)
{
    char text[EW_GUID_TEXT_BYTES];
    ck_assert(guid_of(CONTAINER_NAME, text));
    ck_assert_str_eq(text, CONTAINER_GUID);
    ck_assert(guid_of(L"Container_test", text));
    ck_assert_str_eq(text, "9c0f25a7-c6d5-525f-9f6e-ff9d5c5fb25c");
    ck_assert(guid_of(L"Container_TEST", text));
    ck_assert_str_eq(text, "9c0f25a7-c6d5-525f-9f6e-ff9d5c5fb25c");
}
END_TEST

START_TEST(guid__of_another_name__is_none)
{
    wchar_t longest[10 + 257 + 1] = L"Container_";
    char text[EW_GUID_TEXT_BYTES];
    ck_assert(!guid_of(L"Container_", text));
    ck_assert(!guid_of(L"Kontainer_test", text));
    ck_assert(!guid_of(L"", text));
    wmemset(longest + 10, L'a', 256);
    ck_assert(guid_of(longest, text));
    longest[10 + 256] = L'a';
    ck_assert(!guid_of(longest, text));
}
END_TEST

/* --- a job like a container's ----------------------------------------------------------------
 */

typedef LONG(NTAPI *create_job_fn)(HANDLE *job_out, ACCESS_MASK access, OBJECT_ATTRIBUTES *what);

/* A job with this process in it; NULL when the root of the names is closed to us. */
static HANDLE make_job(void)
{
    wchar_t name[] = L"\\" CONTAINER_NAME;
    UNICODE_STRING text = {sizeof name - sizeof name[0], sizeof name, name};
    OBJECT_ATTRIBUTES what;
    create_job_fn create = NULL;
    HANDLE job = NULL;
    FARPROC found = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateJobObject");
    memcpy(&create, &found, sizeof create);
    memset(&what, 0, sizeof what);
    what.Length = sizeof what;
    what.ObjectName = &text;
    if (create == NULL || create(&job, JOB_OBJECT_ALL_ACCESS, &what) < 0) {
        return NULL;
    }
    ck_assert(AssignProcessToJobObject(job, GetCurrentProcess()));
    return job;
}

struct notices {
    unsigned count;
    uint32_t process_id;
    char container[EW_GUID_TEXT_BYTES];
    uint64_t time_100ns;
};

static struct notices notices;

static void take_notice(void *context, size_t queue, const struct ew_event *event)
{
    struct ew_item item;
    (void)context;
    if (queue != EW_CAPTURE_NOTICES) {
        notices.time_100ns = notices.count == 0 ? event->time_100ns : notices.time_100ns;
        return;
    }
    ck_assert(ew_guid_equal(event->provider, &ew_guid_etwitness));
    ck_assert(ew_event_find_item(event, EW_ITEM_CONTAINER_ID, &item));
    ck_assert_uint_eq(item.data_bytes, EW_GUID_TEXT_BYTES - 1);
    memcpy(notices.container, item.data, item.data_bytes);
    notices.process_id = event->process_id;
    notices.count++;
    ck_assert_uint_ne(event->time_100ns, 0);
}

START_TEST(process__in_a_containers_job__is_told_with_its_container)
{
    HANDLE job = make_job();
    ck_assert_ptr_nonnull(job);
    memset(&notices, 0, sizeof notices);
    world_plan("", true);
    world_make(&world);
    world.on_event = take_notice;
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run_until(&world, EW_CAPTURE_NOTICES, 1);
    ck_assert_str_eq(notices.container, CONTAINER_GUID);
    ck_assert_uint_eq(notices.process_id, GetCurrentProcessId());
    struct ew_capture_counts counts;
    world.capture.counts(world.capture.context, &counts);
    ck_assert_uint_eq(counts.containers, 1);
    world_stop(&world);
    ck_assert_uint_eq(notices.count, 1);
    world_close(&world);
    (void)CloseHandle(job);
    world_expect_clean();
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("containers");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, guid__of_a_containers_name__is_that_of_windows);
    tcase_add_test(tests, guid__of_another_name__is_none);
    tcase_add_test(tests, process__in_a_containers_job__is_told_with_its_container);
    suite_add_tcase(suite, tests);
    return suite;
}
