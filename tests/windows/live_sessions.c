/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that are there already, whoever has left them, and what is refused with a reason. */
#include "capture/live/etw_compat.h"
#include "support/check_main.h"
#include "windows/live_world.h"

#include <sddl.h>
#include <string.h>

/* The GUID of our kernel session, as src/capture/live/session.c has it. */
#define KERNEL_GUID "6b0a7c51-2f4e-4d0b-9c1e-558a13d7602b"

static struct world world;

/* What a test that failed has left running. */
static void tear_down(void)
{
    world_close(&world);
}

/* --- sessions that are there already -----------------------------------------------------------
 */

/* A life that starts a session of ours and ends without a word, as a killed process does. */
static void leave_session(const char *plan, const wchar_t *name)
{
    struct {
        EVENT_TRACE_PROPERTIES head;
        wchar_t name[64];
    } properties;
    static const char text[] = KERNEL_GUID;
    TRACEHANDLE handle = 0;
    struct ew_guid guid;
    ck_assert(ew_guid_parse(text, strlen(text), &guid));
    world_plan(plan, false);
    memset(&properties, 0, sizeof properties);
    properties.head.Wnode.BufferSize = sizeof properties;
    memcpy(&properties.head.Wnode.Guid, &guid, sizeof guid);
    properties.head.Wnode.ClientContext = EW_CLIENT_QPC;
    properties.head.Wnode.Flags = WNODE_FLAG_TRACED_GUID;
    properties.head.BufferSize = 64;
    properties.head.MinimumBuffers = 4;
    properties.head.MaximumBuffers = 8;
    properties.head.LogFileMode = EVENT_TRACE_REAL_TIME_MODE
                                  | EVENT_TRACE_INDEPENDENT_SESSION_MODE
                                  | EVENT_TRACE_SYSTEM_LOGGER_MODE;
    properties.head.EnableFlags = EVENT_TRACE_FLAG_PROCESS;
    properties.head.LoggerNameOffset = sizeof properties.head;
    ck_assert_uint_eq(StartTraceW(&handle, name, &properties.head), 0);
    world_next_life();
}

static void leave_stale_session(const char *plan)
{
    leave_session(plan, L"ETWITNESS-test-kernel");
}

START_TEST(stale_session__of_ours__is_stopped)
{
    leave_stale_session("");
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 100);
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(stop_stale__of_ours_and_anothers__stops_ours)
{
    unsigned stopped = 0;
    struct ew_error error = {0};
    leave_stale_session(
        "other-session=etwitness-test-user:01234567-89ab-cdef-0123-456789abcdef\n");
    world_make(&world);
    ck_assert_msg(ew_live_stop_stale(&world.settings, &stopped, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_uint_eq(stopped, 1);
    ck_assert(world_session_runs("etwitness-test-user"));
    ck_assert(!world_session_runs("test-kernel"));
    ck_assert_uint_eq(world_violations(), 0);
}
END_TEST

START_TEST(session__of_another_with_our_name__is_left_alone)
{
    world_plan("other-session=etwitness-test-kernel:01234567-89ab-cdef-0123-456789abcdef\n",
               false);
    world_make(&world);
    ck_assert(!world_start(&world, NULL));
    ck_assert_int_eq(world.error.status, EW_EXISTS);
    ck_assert_ptr_nonnull(strstr(world.error.text, "01234567-89ab-cdef-0123-456789abcdef"));
    ck_assert(world_session_runs("etwitness-test-kernel"));
    ck_assert(!world_session_runs("etwitness-test-user"));
    world_close(&world);
}
END_TEST

/* --- of ours, under another session name ------------------------------------------------------
 */

static void expect_started(void)
{
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}

static void expect_left_alone(const char *name)
{
    world_make(&world);
    ck_assert(!world_start(&world, NULL));
    ck_assert_int_eq(world.error.status, EW_EXISTS);
    ck_assert_ptr_nonnull(strstr(world.error.text, name));
    ck_assert(world_session_runs(name));
    world_close(&world);
    ck_assert_uint_eq(world_violations(), 0);
}

/* As the process that collects under a session name holds it. */
static HANDLE hold_event(const wchar_t *name, const wchar_t *access)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(
        access, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL));
    HANDLE event = CreateEventW(&attributes, TRUE, FALSE, name);
    (void)LocalFree(attributes.lpSecurityDescriptor);
    ck_assert_ptr_nonnull(event);
    return event;
}

#define OLD_EVENT L"Global\\etwitness-live-old-name"
#define BY_ADMINISTRATORS L"O:BAG:BAD:P(A;;GA;;;SY)(A;;GA;;;BA)"
#define BY_ANYBODY L"O:WDG:WDD:(A;;GA;;;WD)"

START_TEST(stale_session__of_ours_under_another_name__is_stopped)
{
    leave_session("", L"old-name-kernel");
    expect_started();
}
END_TEST

START_TEST(stop_stale__of_ours_under_another_name__stops_it)
{
    unsigned stopped = 0;
    struct ew_error error = {0};
    leave_session("", L"old-name-kernel");
    world_make(&world);
    ck_assert_int_eq(ew_live_stop_stale(&world.settings, &stopped, &error), EW_OK);
    ck_assert_uint_eq(stopped, 1);
    ck_assert(!world_session_runs("old-name-kernel"));
}
END_TEST

START_TEST(session__of_ours_under_another_name__is_its_owners_while_he_lives)
{
    unsigned stopped = 0;
    struct ew_error error = {0};
    struct ew_guid ours;
    ck_assert(ew_guid_parse(KERNEL_GUID, strlen(KERNEL_GUID), &ours));
    leave_session("", L"old-name-kernel");
    HANDLE event = hold_event(OLD_EVENT, BY_ADMINISTRATORS);
    expect_left_alone("old-name-kernel");
    world_make(&world);
    ck_assert_int_eq(ew_live_stop_stale(&world.settings, &stopped, &error), EW_OK);
    ck_assert_uint_eq(stopped, 0);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "old-name-kernel", &ours),
                     EW_LIVE_ELSEWHERE);
    (void)CloseHandle(event);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "old-name-kernel", &ours),
                     EW_LIVE_LEFT_BEHIND);
    expect_started();
}
END_TEST

/* Else any process could keep us from collecting for ever. */
START_TEST(owner__of_a_stale_session__who_is_not_trusted__is_none)
{
    leave_session("", L"old-name-kernel");
    HANDLE event = hold_event(OLD_EVENT, BY_ANYBODY);
    expect_started();
    (void)CloseHandle(event);
}
END_TEST

START_TEST(session__with_our_guid_and_no_name_of_ours__is_left_alone)
{
    world_plan("other-session=old-name:" KERNEL_GUID "\n", false);
    expect_left_alone("old-name");
    world_plan("other-session=old-name-user:" KERNEL_GUID "\n", false);
    expect_left_alone("old-name-user");
}
END_TEST

START_TEST(second_collection__while_one_runs__is_refused_and_harmless)
{
    static struct world second;
    unsigned stopped = 9;
    struct ew_error error = {0};
    world_plan("", false);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_make(&second);
    ck_assert(!world_start(&second, NULL));
    ck_assert_int_eq(second.error.status, EW_EXISTS);
    world_close(&second);
    ck_assert_int_eq(ew_live_stop_stale(&world.settings, &stopped, &error), EW_OK);
    ck_assert_uint_eq(stopped, 0);
    ck_assert(world_session_runs("etwitness-test-kernel"));
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

/* An ordinary process must not keep us from collecting by taking a name. */
START_TEST(event__that_somebody_untrusted_made__is_ignored)
{
    HANDLE event = hold_event(L"Global\\etwitness-live-etwitness-test", BY_ANYBODY);
    world_plan("", false);
    expect_started();
    (void)CloseHandle(event);
}
END_TEST

START_TEST(owner__by_name_and_guid__is_told)
{
    static const char text[] = KERNEL_GUID;
    static const struct ew_guid other = {{1}};
    struct ew_guid ours;
    world_make(&world);
    ck_assert(ew_guid_parse(text, strlen(text), &ours));
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "ETWitness-test-KERNEL", &ours),
                     EW_LIVE_OURS);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "etwitness-test-kernel", &other),
                     EW_LIVE_ANOTHER);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "etwitness-test", &other),
                     EW_LIVE_UNRELATED);
    ck_assert_int_eq(ew_live_session_owner(&world.settings, "etwitness-test", &ours),
                     EW_LIVE_ELSEWHERE);
}
END_TEST

/* --- refusals ---------------------------------------------------------------------------------
 */

static void expect_refused(const char *plan, const char *text)
{
    world_plan(plan, false);
    world_make(&world);
    ck_assert(!world_start(&world, NULL));
    ck_assert_msg(strstr(world.error.text, text) != NULL, "%s", world.error.text);
    world_close(&world);
    world_expect_clean();
}

START_TEST(access__that_is_denied__is_told_with_what_to_do)
{
    expect_refused("deny=1\n", "as administrator");
}
END_TEST

START_TEST(privilege__that_is_missing__is_told_by_name)
{
    expect_refused("privilege=0\n", "SeSystemProfilePrivilege");
}
END_TEST

START_TEST(sessions__that_are_too_many__are_listed)
{
    expect_refused(
        "slots=1\nother-session=Somebody:01234567-89ab-cdef-0123-456789abcdef:kernel\n",
        "Somebody");
}
END_TEST

START_TEST(provider__that_is_the_clrs__is_refused)
{
    struct ew_settings_provider provider = {
        .guid = ew_guid_clr_runtime, .level = 5, .keyword_any = 0x800000};
    world_plan("", false);
    world_make(&world);
    world.settings.providers = &provider;
    world.settings.provider_count = 1;
    ck_assert(!world_start(&world, NULL));
    ck_assert_int_eq(world.error.status, EW_USAGE);
    world_close(&world);
    world_expect_clean();
}
END_TEST

START_TEST(windows__that_knows_no_containers__is_told_once)
{
    world_plan("old-windows=1\n", false);
    world_make(&world);
    ck_assert_msg(world_start(&world, NULL), "%s", world.error.text);
    world_run(&world, 100);
    ck_assert_uint_eq(world.told_count, 1);
    ck_assert(world_was_told(&world, "containers"));
    world_stop(&world);
    world_close(&world);
    world_expect_clean();
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("live sessions");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, stale_session__of_ours__is_stopped);
    tcase_add_test(tests, stop_stale__of_ours_and_anothers__stops_ours);
    tcase_add_test(tests, session__of_another_with_our_name__is_left_alone);
    tcase_add_test(tests, stale_session__of_ours_under_another_name__is_stopped);
    tcase_add_test(tests, stop_stale__of_ours_under_another_name__stops_it);
    tcase_add_test(tests, session__of_ours_under_another_name__is_its_owners_while_he_lives);
    tcase_add_test(tests, owner__of_a_stale_session__who_is_not_trusted__is_none);
    tcase_add_test(tests, session__with_our_guid_and_no_name_of_ours__is_left_alone);
    tcase_add_test(tests, second_collection__while_one_runs__is_refused_and_harmless);
    tcase_add_test(tests, event__that_somebody_untrusted_made__is_ignored);
    tcase_add_test(tests, owner__by_name_and_guid__is_told);
    tcase_add_test(tests, access__that_is_denied__is_told_with_what_to_do);
    tcase_add_test(tests, privilege__that_is_missing__is_told_by_name);
    tcase_add_test(tests, sessions__that_are_too_many__are_listed);
    tcase_add_test(tests, provider__that_is_the_clrs__is_refused);
    tcase_add_test(tests, windows__that_knows_no_containers__is_told_once);
    suite_add_tcase(suite, tests);
    return suite;
}
