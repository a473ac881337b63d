/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios: what is read, and every way in which one is refused, with line and path. */
#include "etwitness/synth.h"
#include "support/check_main.h"
#include "synth/scenario.h"

#include <stdio.h>
#include <string.h>

#define HOST                                                                    \
    "\"host\":{\"cpus\":2,\"bootTime\":\"2026-03-02T06:00:00Z\",\"startTime\":" \
    "\"2026-03-02T08:00:00Z\"}"
#define MODULES                                                                          \
    "\"modules\":[{\"name\":\"a.dll\",\"base\":\"0x10000\",\"size\":4096,\"functions\":" \
    "[{\"name\":\"F\",\"rva\":256}]},{\"name\":\"m.dll\",\"kind\":\"managed\"},"         \
    "{\"name\":\"nt\",\"kind\":\"kernel\",\"base\":\"0xfffff80000000000\"}]"
#define THREAD "\"threads\":[{\"id\":12}]"

/* A scenario with one process whose members are given. */
#define PROCESS(members)                                                                         \
    "{\"durationMs\":1000," HOST "," MODULES ",\"processes\":[{\"pid\":8,\"name\":\"p\"," THREAD \
    "," members "}]}"
#define STACK(members) \
    PROCESS("\"images\":[{\"module\":\"a.dll\"}],\"stacks\":[{\"threads\":[12]," members "}]")
#define METHODS(methods) PROCESS("\"managed\":[{\"module\":\"m.dll\",\"methods\":[" methods "]}]")

static enum ew_status parse(const char *text, struct ew_error *error)
{
    struct ew_scenario *scenario = NULL;
    enum ew_status status = ew_scenario_parse(text, strlen(text), "s.json", &scenario, error);
    if (status == EW_OK) {
        ew_scenario_destroy(scenario);
    } else {
        ck_assert_ptr_null(scenario);
    }
    return status;
}

struct refusal {
    const char *text;
    const char *error;
};

static const struct refusal refusals[] = {
    {"", "s.json:1: "},
    {"[]", "s.json:1: has to be an object"},
    {"{\"durationMs\":1,\"durationMs\":1}", "s.json:1: duplicate object key"},
    {"{}", "s.json:1: needs the member \"durationMs\""},
    {"{\"durationMs\":1000}", "s.json:1: needs the member \"host\""},
    {"{\n\"durationMs\":0}", "s.json:2: durationMs: has to be a whole number from 1 to 86400000"},
    {"{\n\"durationMs\":1.5}", "s.json:2: durationMs: has to be a whole number"},
    {"{\n\"durationMs\":-1}", "s.json:2: durationMs: has to be a whole number"},
    {"{\n\"durationMs\":\"9x\"}", "s.json:2: durationMs: has to be a whole number"},
    {"{\"durationMs\":9,\n\"surprise\":1}", "s.json:2: surprise: is not a known member"},
    {"{\"durationMs\":9,\"description\":7}", "s.json:1: description: has to be a text"},
    {"{\"durationMs\":9,\"host\":7}", "s.json:1: host: has to be an object"},
    {"{\"durationMs\":9,\"host\":{\n\"bootTime\":\"x\",\"startTime\":\"y\"}}",
     "s.json:2: host.bootTime: has to be a time"},
    {"{\"durationMs\":9,\"host\":{\"pointerBytes\":6,\"bootTime\":\"2026-03-02T06:00:00Z\","
     "\"startTime\":\"2026-03-02T06:00:00Z\"}}",
     "host.pointerBytes: has to be 4 or 8"},
    {"{\"durationMs\":9,\"host\":{\"bootTime\":\"2026-03-02T06:00:00Z\","
     "\"startTime\":\"2026-03-02T05:00:00Z\"}}",
     "host.startTime: is before the boot time"},
    {"{\"durationMs\":9,\"host\":{\"bootTime\":\"2006-03-02T06:00:00Z\","
     "\"startTime\":\"2026-03-02T05:00:00Z\"}}",
     "host.startTime: is more than ten years"},
    {"{\"durationMs\":9," HOST ",\"modules\":{}}", "modules: has to be an array"},
    {"{\"durationMs\":9," HOST ",\"modules\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
     "modules[1]: has the id of an earlier module"},
    {"{\"durationMs\":9," HOST ",\"modules\":[{\"name\":\"a\",\"kind\":\"odd\"}]}",
     "modules[0].kind: has to be one of the names"},
    {"{\"durationMs\":9," HOST ",\"modules\":[{\"name\":\"a\",\"kind\":\"kernel\"}]}",
     "modules[0]: is a kernel module and needs a base"},
    {"{\"durationMs\":9," HOST ",\"modules\":[{\"name\":\"a\",\"pdb\":{\"name\":\"b\",\"guid\":"
     "\"c\"}}]}",
     "modules[0].pdb.guid: has to be a GUID"},
    {"{\"durationMs\":9," HOST ",\"losses\":{\"records\":[{\"atMs\":9,\"cpu\":2}]}}",
     "losses.records[0]: is outside the recording or its CPUs"},
    {PROCESS("\"attached\":1"), "processes[0].attached: has to be true or false"},
    {PROCESS("\"attached\":true,\"startMs\":1"), "processes[0].startMs: has no place"},
    {PROCESS("\"startMs\":1000"), "processes[0]: starts or exits outside"},
    {PROCESS("\"startMs\":500,\"exitMs\":500"), "processes[0]: starts or exits outside"},
    {PROCESS("\"container\":\"c\""), "processes[0].container: is the name of no container"},
    {PROCESS("\"images\":[{\"module\":\"b\"}]"), "images[0].module: is the id of no module"},
    {PROCESS("\"images\":[{\"module\":\"m.dll\"}]"), "images[0]: needs a base"},
    {PROCESS("\"images\":[{\"module\":\"a.dll\",\"loadMs\":1001}]"),
     "images[0]: begins outside the life"},
    {PROCESS("\"images\":[{\"module\":\"a.dll\",\"loadMs\":9,\"unloadMs\":9}]"),
     "images[0]: ends before it begins"},
    {PROCESS("\"managed\":[{\"module\":\"a.dll\"}]"), "is the id of no managed or dynamic"},
    {METHODS("{\"type\":\"T\",\"name\":\"M\"}"),
     "managed[0].methods[0]: needs at least one of \"bodies\""},
    {METHODS("{\"type\":\"T\",\"name\":\"M\",\"bodies\":[{},{}]}"), "second body that needs"},
    {METHODS("{\"type\":\"T\",\"name\":\"M\",\"bodies\":[{\"untilMs\":9},{\"atMs\":10}]}"),
     "a body that ends before the next one begins"},
    {METHODS("{\"type\":\"T\",\"name\":\"M\",\"bodies\":[{\"address\":\"0xffffffffffffffff\"}]}"),
     "an address beyond"},
    {METHODS("{\"type\":\"T\",\"name\":\"M\",\"bodies\":[{\"size\":1}]}"),
     "bodies[0].size: has to be a whole number from 2"},
    {STACK("\"weight\":1"), "processes[0].stacks[0]: has no frames"},
    {STACK("\"frames\":[1]"), "stacks[0].frames[0]: has to be a text"},
    {STACK("\"frames\":[\"b.dll!0x1\"]"), "stacks[0].frames[0]: names a module that is no image"},
    {STACK("\"frames\":[\"a.dll!0x1000\"]"), "frames[0]: is no function and no RVA"},
    {STACK("\"frames\":[\"a.dll!G\"]"), "frames[0]: is no function and no RVA"},
    {STACK("\"frames\":[\"T.M\"]"), "frames[0]: is no method of the process"},
    {STACK("\"kernel\":[\"a.dll!F\"]"), "kernel[0]: names a module that is no kernel module"},
    {STACK("\"kernel\":[\"F\"]"), "kernel[0]: is no Module!Function of the kernel"},
    {STACK("\"frames\":[\"a.dll!F\"],\"lateEvery\":1"), "stacks[0]: can only be late with both"},
    {STACK("\"frames\":[\"a.dll!F\"],\"fromMs\":9,\"toMs\":9"), "stacks[0]: can never be"},
    {PROCESS("\"stacks\":[{\"threads\":[]}]"), "stacks[0]: needs at least one of \"threads\""},
    {PROCESS("\"stacks\":[{\"threads\":[13]}]"), "names a thread that the process does not have"},
    {PROCESS("\"stacks\":[{}]"), "stacks[0]: needs the member \"threads\""},
};

START_TEST(scenario__that_cannot_be__is_refused_with_line_and_path)
{
    const struct refusal *refusal = &refusals[_i];
    struct ew_error error = {0};
    enum ew_status status = parse(refusal->text, &error);
    ck_assert_msg(status == EW_FORMAT, "%s: accepted, expected \"%s\"", refusal->text,
                  refusal->error);
    ck_assert_msg(strstr(error.text, refusal->error) != NULL, "%s\n  expected \"%s\"", error.text,
                  refusal->error);
}
END_TEST

START_TEST(scenario__two_processes_with_one_pid__are_refused_only_when_they_overlap)
{
    struct ew_error error = {0};
    const char *apart = "{\"durationMs\":1000," HOST ",\"processes\":[{\"pid\":8,\"name\":\"p\","
                        "\"exitMs\":400},{\"pid\":8,\"name\":\"q\",\"startMs\":401}]}";
    const char *together = "{\"durationMs\":1000," HOST ",\"processes\":[{\"pid\":8,\"name\":"
                           "\"p\"},{\"pid\":8,\"name\":\"q\",\"startMs\":401}]}";
    ck_assert_msg(parse(apart, &error) == EW_OK, "%s", error.text);
    ck_assert_int_eq(parse(together, &error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "processes[1].pid: is the pid of a process that"));
}
END_TEST

START_TEST(scenario__same_method_name_twice__needs_ids)
{
    struct ew_error error = {0};
    ck_assert_int_eq(
        parse(PROCESS("\"managed\":[{\"module\":\"m.dll\",\"methods\":[{\"type\":\"T\",\"name\":"
                      "\"M\",\"bodies\":[{}]},{\"type\":\"T\",\"name\":\"M\",\"bodies\":[{}]}]}],"
                      "\"stacks\":[{\"threads\":[12],\"frames\":[\"T.M\"]}]"),
              &error),
        EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "is the name of several methods: give them ids"));
    ck_assert_msg(
        parse(PROCESS("\"managed\":[{\"module\":\"m.dll\",\"methods\":[{\"type\":\"T\",\"name\":"
                      "\"M\",\"bodies\":[{}]},{\"id\":\"x\",\"type\":\"T\",\"name\":\"M\","
                      "\"bodies\":[{}]}]}],\"stacks\":[{\"threads\":[12],\"frames\":[\"T.M\","
                      "\"x+0x10\"]}]"),
              &error)
            == EW_OK,
        "%s", error.text);
}
END_TEST

START_TEST(scenario__too_deep__is_refused)
{
    char text[400];
    struct ew_error error = {0};
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(parse(text, &error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "nested deeper than 64"));
}
END_TEST

START_TEST(scenario__more_than_192_frames__is_refused)
{
    static char text[8192];
    struct ew_error error = {0};
    size_t used =
        (size_t)snprintf(text, sizeof text, "%.*s",
                         (int)(sizeof STACK("@") - 1 - sizeof "@}]}]}" + 1), STACK("@"));
    used += (size_t)snprintf(text + used, sizeof text - used, "\"frames\":[");
    for (int i = 0; i < 193; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s\"a.dll!F\"", i > 0 ? "," : "");
    }
    (void)snprintf(text + used, sizeof text - used, "]}]}]}");
    ck_assert_int_eq(parse(text, &error), EW_FORMAT);
    ck_assert_msg(strstr(error.text, "has more than 192 frames") != NULL, "%s", error.text);
}
END_TEST

START_TEST(scenario__shop__is_linked)
{
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    ck_assert_msg(ew_scenario_read(EW_SCENARIOS_DIR "/shop.json", &scenario, &error) == EW_OK,
                  "%s", error.text);
    const struct ew_synth_process *web =
        EW_AT(struct ew_synth_process, scenario->root.processes, 2);
    ck_assert_str_eq(web->name, "Shop.Web.exe");
    ck_assert_ptr_nonnull(web->container);
    ck_assert_uint_eq(scenario->kernel_image_count, 4);
    ck_assert_uint_eq(scenario->end_raw - scenario->header_raw, 300000000);
    const struct ew_synth_stack *stack = EW_AT(struct ew_synth_stack, web->stacks, 0);
    ck_assert_str_eq(stack->user[0].name, "Newtonsoft.Json.JsonTextReader.ParseValue");
    ck_assert_str_eq(stack->user[stack->user_frames.count - 1].name,
                     "ntdll.dll!RtlUserThreadStart");
    ew_scenario_destroy(scenario);
}
END_TEST

START_TEST(scenario__file_that_is_not_there__is_told)
{
    struct ew_scenario *scenario = NULL;
    struct ew_error error = {0};
    ck_assert_int_ne(ew_scenario_read("no/such/scenario.json", &scenario, &error), EW_OK);
    ck_assert_ptr_null(scenario);
    ck_assert_str_ne(error.text, "");
    ew_scenario_destroy(NULL);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("scenario");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, scenario__that_cannot_be__is_refused_with_line_and_path, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests,
                   scenario__two_processes_with_one_pid__are_refused_only_when_they_overlap);
    tcase_add_test(tests, scenario__same_method_name_twice__needs_ids);
    tcase_add_test(tests, scenario__too_deep__is_refused);
    tcase_add_test(tests, scenario__more_than_192_frames__is_refused);
    tcase_add_test(tests, scenario__shop__is_linked);
    tcase_add_test(tests, scenario__file_that_is_not_there__is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
