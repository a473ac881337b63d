/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in against itself: every rule that is broken is told, right use breaks none. */
#include "standin_world.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

static struct world_properties properties;
static TRACEHANDLE handle;

static ULONG start_user(void)
{
    return StartTraceW(&handle, WORLD_USER_NAME, &properties.trace);
}

static ULONG size_wrong(void)
{
    world_fill(&properties, false, 0);
    properties.trace.Wnode.BufferSize = 100;
    return start_user();
}

static ULONG no_room_for_name(void)
{
    world_fill(&properties, false, 0);
    properties.trace.Wnode.BufferSize = sizeof(EVENT_TRACE_PROPERTIES) + 8;
    return start_user();
}

static ULONG name_offset_zero(void)
{
    world_fill(&properties, false, 0);
    properties.trace.LoggerNameOffset = 0;
    return start_user();
}

static ULONG name_offset_inside(void)
{
    world_fill(&properties, false, 0);
    properties.trace.LoggerNameOffset = 100;
    return start_user();
}

static ULONG file_offset(void)
{
    world_fill(&properties, false, 0);
    properties.trace.LogFileNameOffset = properties.trace.LoggerNameOffset;
    return start_user();
}

static ULONG wnode_flag_missing(void)
{
    world_fill(&properties, false, 0);
    properties.trace.Wnode.Flags = 0;
    return start_user();
}

static ULONG clock_wrong(void)
{
    world_fill(&properties, false, 0);
    properties.trace.Wnode.ClientContext = 2;
    return start_user();
}

static ULONG guid_zero(void)
{
    world_fill(&properties, false, 0);
    memset(&properties.trace.Wnode.Guid, 0, sizeof(GUID));
    return start_user();
}

static ULONG guid_of_kernel_logger(void)
{
    static const GUID system_trace = {
        0x9e814aad, 0x3204, 0x11d2, {0x9a, 0x82, 0x00, 0x60, 0x08, 0xa8, 0x69, 0x39}};
    world_fill(&properties, false, 0);
    properties.trace.Wnode.Guid = system_trace;
    return start_user();
}

static ULONG buffers_wrong(void)
{
    world_fill(&properties, false, 0);
    properties.trace.MinimumBuffers = 64;
    return start_user();
}

static ULONG not_independent(void)
{
    world_fill(&properties, false, 0);
    properties.trace.LogFileMode = EVENT_TRACE_REAL_TIME_MODE;
    return start_user();
}

static ULONG paged_system_logger(void)
{
    world_fill(&properties, true, EVENT_TRACE_FLAG_PROCESS);
    properties.trace.LogFileMode |= SIM_MODE_PAGED;
    return start_user();
}

static ULONG flags_without_system_logger(void)
{
    world_fill(&properties, false, EVENT_TRACE_FLAG_PROCESS);
    return start_user();
}

static ULONG profile_without_privilege(void)
{
    world_fill(&properties, true, EVENT_TRACE_FLAG_PROFILE);
    return StartTraceW(&handle, WORLD_KERNEL_NAME, &properties.trace);
}

static ULONG stop_twice(void)
{
    handle = world_start(false, 0);
    (void)world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    return world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
}

static ULONG handle_unknown(void)
{
    return world_control(4711, NULL, EVENT_TRACE_CONTROL_QUERY, NULL);
}

static ULONG stop_of_others(void)
{
    return world_control(0, L"Their Session", EVENT_TRACE_CONTROL_STOP, NULL);
}

static ULONG left_running(void)
{
    handle = world_start(false, 0);
    return ERROR_SUCCESS;
}

static ULONG enable_with(ULONG version, ULONG property, ULONG filter_count, ULONG control,
                         const struct ew_guid *provider, ULONGLONG any)
{
    GUID guid;
    ENABLE_TRACE_PARAMETERS parameters = {
        .Version = version, .EnableProperty = property, .FilterDescCount = filter_count};
    memcpy(&guid, provider->bytes, sizeof guid);
    handle = world_start(false, 0);
    return EnableTraceEx2(handle, &guid, control, 4, any, 0, 0, &parameters);
}

static ULONG parameters_version(void)
{
    return enable_with(0, 0, 0, 1, &ew_guid_clr_runtime, 8);
}

static ULONG property_unknown(void)
{
    return enable_with(2, 0x10000, 0, 1, &ew_guid_clr_runtime, 8);
}

static ULONG filters_missing(void)
{
    return enable_with(2, 0, 1, 1, &ew_guid_clr_runtime, 8);
}

static ULONG tracking_without_silos(void)
{
    return enable_with(2, SIM_ENABLE_CONTAINER_TRACKING, 0, 1, &ew_guid_clr_runtime, 8);
}

static ULONG full_collection(void)
{
    return enable_with(2, 0, 0, 1, &ew_guid_clr_runtime, 0x800008);
}

static ULONG end_enumeration(void)
{
    return enable_with(2, 0, 0, 1, &ew_guid_clr_runtime, 0x88);
}

static ULONG all_keywords(void)
{
    return enable_with(2, 0, 0, 1, &ew_guid_clr_runtime, 0);
}

static ULONG capture_state(void)
{
    return enable_with(2, 0, 0, 2, &ew_guid_clr_runtime, 8);
}

static ULONG rundown_without_consumer(void)
{
    return enable_with(2, 0, 0, 1, &ew_guid_clr_rundown, 0x48);
}

static ULONG clr_after_profile(void)
{
    world_privilege();
    (void)world_start(true, EVENT_TRACE_FLAG_PROFILE);
    return enable_with(2, 0, 0, 1, &ew_guid_clr_runtime, 8);
}

static ULONG set_stacks(const struct ew_guid *guid, UCHAR type, ULONG byte_count)
{
    CLASSIC_EVENT_ID id = {.Type = type};
    memcpy(&id.EventGuid, guid->bytes, sizeof id.EventGuid);
    handle = world_start(true, EVENT_TRACE_FLAG_PROCESS);
    return TraceSetInformation(handle, TraceStackTracingInfo, &id, byte_count);
}

static ULONG stack_list_size(void)
{
    return set_stacks(&ew_guid_perf_info, 46, 20);
}

static ULONG stack_list_long(void)
{
    static CLASSIC_EVENT_ID ids[257];
    handle = world_start(true, EVENT_TRACE_FLAG_PROCESS);
    return TraceSetInformation(handle, TraceStackTracingInfo, ids, sizeof ids);
}

static ULONG stack_of_image_class(void)
{
    return set_stacks(&ew_guid_image, 10, sizeof(CLASSIC_EVENT_ID));
}

static ULONG set_interval(TRACEHANDLE session, ULONG interval_100ns)
{
    TRACE_PROFILE_INTERVAL interval = {0, interval_100ns};
    world_privilege();
    return TraceSetInformation(session, TraceSampledProfileIntervalInfo, &interval,
                               sizeof interval);
}

static ULONG interval_of_session(void)
{
    return set_interval(world_start(true, EVENT_TRACE_FLAG_PROCESS), 10000);
}

static ULONG interval_short(void)
{
    return set_interval(0, 1000);
}

static ULONG interval_kept(void)
{
    return set_interval(0, 5000);
}

static ULONG open_with(ULONG mode, bool with_callback)
{
    WCHAR name[] = WORLD_USER_NAME;
    static struct world_consumer consumer;
    handle = world_start(false, 0);
    world_open(&consumer, name);
    (void)CloseTrace(consumer.handle);
    consumer.logfile.LoggerName = name;
    consumer.logfile.ProcessTraceMode = mode;
    if (!with_callback) {
        consumer.logfile.EventRecordCallback = NULL;
    }
    return OpenTraceW(&consumer.logfile) == INVALID_PROCESSTRACE_HANDLE ? GetLastError() : 0;
}

static ULONG mode_without_raw(void)
{
    return open_with(PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD, true);
}

static ULONG mode_without_record(void)
{
    return open_with(PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_RAW_TIMESTAMP, true);
}

static ULONG callback_missing(void)
{
    return open_with(PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD
                         | PROCESS_TRACE_MODE_RAW_TIMESTAMP,
                     false);
}

static ULONG process_two(void)
{
    TRACEHANDLE handles[2] = {0, 0};
    return ProcessTrace(handles, 2, NULL, NULL);
}

static ULONG close_twice(void)
{
    static struct world_consumer consumer;
    handle = world_start(false, 0);
    world_open(&consumer, WORLD_USER_NAME);
    (void)CloseTrace(consumer.handle);
    return CloseTrace(consumer.handle);
}

static ULONG process_after_close(void)
{
    static struct world_consumer consumer;
    handle = world_start(false, 0);
    world_open(&consumer, WORLD_USER_NAME);
    (void)CloseTrace(consumer.handle);
    return ProcessTrace(&consumer.handle, 1, NULL, NULL);
}

static ULONG list_without_file_offset(void)
{
    EVENT_TRACE_PROPERTIES *list[1] = {&properties.trace};
    ULONG count = 0;
    (void)world_start(false, 0);
    world_fill(&properties, false, 0);
    return QueryAllTracesW(list, 1, &count);
}

static ULONG consumer_left_open(void)
{
    static struct world_consumer consumer;
    handle = world_start(false, 0);
    world_open(&consumer, WORLD_USER_NAME);
    return ERROR_SUCCESS;
}

static const struct broken_rule {
    const char *name;
    ULONG (*run)(void);
    ULONG code;
    const char *said;
} rules[] = {
    {"size", size_wrong, ERROR_BAD_LENGTH, "StartTraceW: Wnode.BufferSize"},
    {"name room", no_room_for_name, ERROR_BAD_LENGTH, "StartTraceW: no room for the name"},
    {"name offset 0", name_offset_zero, ERROR_INVALID_PARAMETER, "LoggerNameOffset 0"},
    {"name offset", name_offset_inside, ERROR_INVALID_PARAMETER, "LoggerNameOffset 100"},
    {"file offset", file_offset, ERROR_INVALID_PARAMETER, "LogFileNameOffset"},
    {"listed file offset", list_without_file_offset, ERROR_INVALID_PARAMETER,
     "QueryAllTracesW: LoggerNameOffset"},
    {"wnode flag", wnode_flag_missing, ERROR_INVALID_PARAMETER, "WNODE_FLAG_TRACED_GUID"},
    {"clock", clock_wrong, ERROR_SUCCESS, "ClientContext 2"},
    {"guid 0", guid_zero, ERROR_SUCCESS, "Wnode.Guid is zero"},
    {"kernel logger", guid_of_kernel_logger, ERROR_SUCCESS, "NT Kernel Logger"},
    {"buffers", buffers_wrong, ERROR_INVALID_PARAMETER, "MinimumBuffers 64 above"},
    {"independent", not_independent, ERROR_SUCCESS, "without INDEPENDENT_SESSION"},
    {"paged", paged_system_logger, ERROR_INVALID_PARAMETER, "paged memory"},
    {"flags", flags_without_system_logger, ERROR_INVALID_PARAMETER, "without SYSTEM_LOGGER"},
    {"privilege", profile_without_privilege, ERROR_PRIVILEGE_NOT_HELD, "SeSystemProfile"},
    {"stop twice", stop_twice, ERROR_WMI_INSTANCE_NOT_FOUND, "after STOP"},
    {"handle", handle_unknown, ERROR_WMI_INSTANCE_NOT_FOUND, "is no session handle"},
    {"others", stop_of_others, ERROR_SUCCESS, "is somebody else's session"},
    {"left", left_running, ERROR_SUCCESS, "exit: session standin user still runs"},
    {"version", parameters_version, ERROR_INVALID_PARAMETER, "ENABLE_TRACE_PARAMETERS.Version"},
    {"property", property_unknown, ERROR_INVALID_PARAMETER, "EnableProperty 0x10000"},
    {"filters", filters_missing, ERROR_INVALID_PARAMETER, "FilterDescCount 1, no"},
    {"tracking", tracking_without_silos, ERROR_SUCCESS, "without ENABLE_SILOS"},
    {"collection", full_collection, ERROR_SUCCESS, "keyword 0x800000"},
    {"enumeration", end_enumeration, ERROR_SUCCESS, "keyword 0x80 of"},
    {"keyword 0", all_keywords, ERROR_SUCCESS, "with keyword 0"},
    {"capture", capture_state, ERROR_SUCCESS, "CAPTURE_STATE to a CLR provider"},
    {"rundown", rundown_without_consumer, ERROR_SUCCESS, "before a consumer"},
    {"clr late", clr_after_profile, ERROR_SUCCESS, "after a session with PROFILE"},
    {"stack size", stack_list_size, ERROR_INVALID_PARAMETER, "a stack list: 20 bytes"},
    {"stack count", stack_list_long, ERROR_INVALID_PARAMETER, "a stack list: 6168 bytes"},
    {"image stacks", stack_of_image_class, ERROR_SUCCESS, "{Process, 10}"},
    {"interval handle", interval_of_session, ERROR_INVALID_PARAMETER, "handle 0"},
    {"interval", interval_short, ERROR_INVALID_PARAMETER, "interval 1000"},
    {"interval kept", interval_kept, ERROR_SUCCESS, "exit: the sampling interval is 5000"},
    {"raw", mode_without_raw, ERROR_SUCCESS, "ProcessTraceMode 0x10000100"},
    {"record", mode_without_record, ERROR_INVALID_PARAMETER, "ProcessTraceMode 0x1100"},
    {"callback", callback_missing, ERROR_INVALID_PARAMETER, "no EventRecordCallback"},
    {"two handles", process_two, ERROR_INVALID_PARAMETER, "2 handles"},
    {"close twice", close_twice, ERROR_INVALID_HANDLE, "CloseTrace: handle"},
    {"use closed", process_after_close, ERROR_INVALID_HANDLE, "ProcessTrace: handle"},
    {"left open", consumer_left_open, ERROR_SUCCESS, "consumer of standin user is not closed"},
};

START_TEST(rule__when_broken__is_told_with_windows_error)
{
    const struct broken_rule *rule = &rules[_i];
    world_begin("other-session=Their Session:11111111-2222-3333-4444-555555555555\n");
    ULONG code = rule->run();
    ck_assert_msg(code == rule->code, "%s: %lu, not %lu", rule->name, code, rule->code);
    ck_assert_msg(etwsim_end() > 0, "%s: no violation", rule->name);
    ck_assert_msg(world_log_has("violation: "), "%s", rule->name);
    ck_assert_msg(world_log_has(rule->said), "%s: the log has no \"%s\"", rule->name, rule->said);
}
END_TEST

START_TEST(session__without_a_consumer_for_long__is_told)
{
    world_begin("");
    handle = world_start(false, 0);
    Sleep(5200);
    ck_assert_uint_eq(world_control(handle, NULL, EVENT_TRACE_CONTROL_QUERY, NULL), 0);
    ck_assert(world_log_has("runs for more than 5 s without a consumer"));
    (void)world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    ck_assert_uint_eq(etwsim_end(), 1);
}
END_TEST

START_TEST(plan__with_a_misspelt_key__is_a_violation)
{
    world_begin("rat=full\n");
    ck_assert_uint_eq(etwsim_end(), 1);
    ck_assert(world_log_has("violation: plan: line 4"));
}
END_TEST

/* One call of each function, and what it is to answer. */
static ULONG call_function(const char *name)
{
    static struct world_consumer consumer;
    TRACE_PROFILE_INTERVAL interval = {0, 0};
    ULONG count = 0;
    EVENT_TRACE_PROPERTIES *list[1] = {&properties.trace};
    world_fill(&properties, false, 0);
    if (strcmp(name, "StartTraceW") == 0) {
        return start_user();
    }
    if (strcmp(name, "ControlTraceW.QUERY") == 0) {
        return world_control(0, L"none", EVENT_TRACE_CONTROL_QUERY, NULL);
    }
    if (strcmp(name, "EnableTraceEx2.ENABLE") == 0) {
        return world_enable(1, &ew_guid_clr_runtime, 8, 0);
    }
    if (strcmp(name, "TraceQueryInformation.5") == 0) {
        return TraceQueryInformation(0, TraceSampledProfileIntervalInfo, &interval,
                                     sizeof interval, &count);
    }
    if (strcmp(name, "QueryAllTracesW") == 0) {
        return QueryAllTracesW(list, 1, &count);
    }
    if (strcmp(name, "ProcessTrace") == 0) {
        return ProcessTrace(&consumer.handle, 1, NULL, NULL);
    }
    if (strcmp(name, "OpenSCManagerW") == 0) {
        return OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT) == NULL ? GetLastError() : 0;
    }
    return RegisterEventSourceW(NULL, L"standin") == NULL ? GetLastError() : 0;
}

static const char *const functions[] = {
    "StartTraceW",     "ControlTraceW.QUERY", "EnableTraceEx2.ENABLE", "TraceQueryInformation.5",
    "QueryAllTracesW", "ProcessTrace",        "OpenSCManagerW",        "RegisterEventSourceW",
};

START_TEST(function__made_to_fail__answers_the_demanded_error_and_breaks_no_rule)
{
    char plan[128];
    (void)snprintf(plan, sizeof plan, "fail=%s:1:1717\n", functions[_i]);
    world_begin(plan);
    ck_assert_msg(call_function(functions[_i]) == 1717, "%s", functions[_i]);
    ck_assert_uint_eq(etwsim_end(), 0);
    ck_assert(world_log_has("-> 1717 (on demand)"));
}
END_TEST

START_TEST(failure__of_the_second_call__leaves_the_first_alone)
{
    world_begin("fail=etw:2:8\n");
    handle = world_start(false, 0);
    ck_assert_uint_eq(world_control(handle, NULL, EVENT_TRACE_CONTROL_QUERY, NULL), 8);
    ck_assert_uint_eq(world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL), 0);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(access__when_denied__refuses_sessions_and_consumers)
{
    world_begin("deny=1\n");
    ck_assert_uint_eq(call_function("StartTraceW"), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(call_function("ControlTraceW.QUERY"), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(call_function("QueryAllTracesW"), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(system_logger__without_a_free_slot__is_refused_with_1450)
{
    world_begin("slots=0\n");
    world_fill(&properties, true, EVENT_TRACE_FLAG_PROCESS);
    ck_assert_uint_eq(StartTraceW(&handle, WORLD_KERNEL_NAME, &properties.trace),
                      ERROR_NO_SYSTEM_RESOURCES);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(container_flags__of_an_old_windows__answer_invalid_parameter)
{
    world_begin("old-windows=1\n");
    handle = world_start(false, 0);
    ck_assert_uint_eq(world_enable(handle, &ew_guid_clr_runtime, 8, SIM_ENABLE_SILOS),
                      ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(world_enable(handle, &ew_guid_clr_runtime, 8, 0), ERROR_SUCCESS);
    (void)world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(session__of_a_life_that_was_killed__is_found_by_name_and_stopped)
{
    struct world_properties found;
    world_begin("");
    handle = world_start(false, 0);
    world_begin_again("");
    world_fill(&properties, false, 0);
    ck_assert_uint_eq(StartTraceW(&handle, L"STANDIN USER", &properties.trace),
                      ERROR_ALREADY_EXISTS);
    ck_assert_uint_eq(world_control(0, WORLD_USER_NAME, EVENT_TRACE_CONTROL_QUERY, &found),
                      ERROR_SUCCESS);
    ck_assert_int_eq(wcscmp(found.name, WORLD_USER_NAME), 0);
    ck_assert(memcmp(&found.trace.Wnode.Guid, &properties.trace.Wnode.Guid, sizeof(GUID)) == 0);
    ck_assert_uint_eq(world_control(0, WORLD_USER_NAME, EVENT_TRACE_CONTROL_STOP, NULL), 0);
    ck_assert_uint_eq(start_user(), ERROR_SUCCESS);
    ck_assert_uint_eq(world_control(handle, NULL, EVENT_TRACE_CONTROL_STOP, NULL), 0);
    ck_assert_uint_eq(etwsim_end(), 0);
}
END_TEST

START_TEST(session__of_another_life__may_not_be_stopped_unasked)
{
    world_begin("");
    handle = world_start(false, 0);
    world_begin_again("");
    ck_assert_uint_eq(world_control(0, WORLD_USER_NAME, EVENT_TRACE_CONTROL_STOP, NULL), 0);
    ck_assert_uint_eq(etwsim_end(), 1);
    ck_assert(world_log_has("was not asked whose it is"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("standin_contract");
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, rule__when_broken__is_told_with_windows_error, 0,
                        (int)(sizeof rules / sizeof rules[0]));
    tcase_add_test(tests, session__without_a_consumer_for_long__is_told);
    tcase_add_test(tests, plan__with_a_misspelt_key__is_a_violation);
    tcase_add_loop_test(tests,
                        function__made_to_fail__answers_the_demanded_error_and_breaks_no_rule, 0,
                        (int)(sizeof functions / sizeof functions[0]));
    tcase_add_test(tests, failure__of_the_second_call__leaves_the_first_alone);
    tcase_add_test(tests, access__when_denied__refuses_sessions_and_consumers);
    tcase_add_test(tests, system_logger__without_a_free_slot__is_refused_with_1450);
    tcase_add_test(tests, container_flags__of_an_old_windows__answer_invalid_parameter);
    tcase_add_test(tests, session__of_a_life_that_was_killed__is_found_by_name_and_stopped);
    tcase_add_test(tests, session__of_another_life__may_not_be_stopped_unasked);
    suite_add_tcase(suite, tests);
    return suite;
}
