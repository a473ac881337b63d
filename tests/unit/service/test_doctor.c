/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor makes of facts about a host: verdicts, advice, and how they are printed. */
#include "../service/doctor.h"

#include "support/check_main.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define GIB (UINT64_C(1024) * 1024 * 1024)

static struct doctor_facts facts;
static struct ew_settings settings;
static struct doctor_report report;

/* A host where everything is as it should be. */
static void good_host(void)
{
    memset(&facts, 0, sizeof facts);
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    facts.system.major = 10;
    facts.system.build = 17763;
    facts.rights.administrator = true;
    facts.sessions.in_use = 30;
    facts.sessions.maximum = 64;
    (void)snprintf(facts.evidence.path, sizeof facts.evidence.path, "D:\\evidence");
    facts.evidence.exists = true;
    facts.evidence.writable = true;
    facts.evidence.acl_known = true;
    facts.evidence.free_bytes = 100 * GIB;
    (void)snprintf(facts.program.path, sizeof facts.program.path, "C:\\e\\etwitness.exe");
    facts.clock.frequency = 10000000;
    facts.clock.now_100ns = UINT64_C(133700000000000000);
    facts.clock.elapsed_wall = 2500000;
    facts.clock.elapsed_counter = 2500100;
}

static void release(void)
{
    ew_settings_free(&settings);
}

static const struct doctor_finding *examine(const char *what)
{
    doctor_examine(&facts, &settings, &report);
    for (size_t i = 0; i < report.count; i++) {
        if (strcmp(report.findings[i].what, what) == 0) {
            return &report.findings[i];
        }
    }
    ck_abort_msg("there is no check \"%s\"", what);
    return NULL;
}

/* A verdict, and that advice stands beside each that is not ok. */
static void expect(const char *what, enum doctor_level level, const char *part)
{
    const struct doctor_finding *finding = examine(what);
    ck_assert_msg(finding->level == level, "%s: level %d: %s", what, finding->level,
                  finding->detail);
    ck_assert_msg(strstr(finding->detail, part) != NULL, "%s: \"%s\" lacks \"%s\"", what,
                  finding->detail, part);
    ck_assert_msg((finding->advice[0] != '\0') == (level != DOCTOR_OK), "%s: advice \"%s\"", what,
                  finding->advice);
}

START_TEST(host__as_it_should_be__has_no_complaint)
{
    doctor_examine(&facts, &settings, &report);
    ck_assert_int_eq(doctor_worst(&report), DOCTOR_OK);
    ck_assert_uint_ge(report.count, 14);
    for (size_t i = 0; i < report.count; i++) {
        ck_assert_str_eq(report.findings[i].advice, "");
    }
}
END_TEST

START_TEST(version__before_1809__fails)
{
    facts.system.build = 17762;
    expect("Windows version", DOCTOR_FAIL, "10.0.17762");
    facts.system.build = 17763;
    expect("Windows version", DOCTOR_OK, "10.0.17763");
    facts.system.major = 6;
    facts.system.build = 99999;
    expect("Windows version", DOCTOR_FAIL, "6.0.99999");
    facts.system.major = 0;
    expect("Windows version", DOCTOR_WARN, "not known");
    facts.system.major = 10;
    facts.system.arm64 = true;
    expect("Windows version", DOCTOR_WARN, "ARM64");
}
END_TEST

START_TEST(wine__found__is_said)
{
    (void)snprintf(facts.system.wine, sizeof facts.system.wine, "8.0");
    expect("Wine", DOCTOR_WARN, "Wine 8.0");
}
END_TEST

START_TEST(rights__of_each_account__are_told_apart)
{
    expect("rights", DOCTOR_OK, "administrator, elevated");
    facts.rights = (struct doctor_rights){.can_elevate = true};
    expect("rights", DOCTOR_FAIL, "not elevated");
    ck_assert_ptr_nonnull(strstr(examine("rights")->advice, "Run as administrator"));
    facts.rights = (struct doctor_rights){.can_elevate = false};
    expect("rights", DOCTOR_FAIL, "not an administrator");
    facts.rights = (struct doctor_rights){.is_system = true};
    expect("rights", DOCTOR_OK, "LocalSystem");
}
END_TEST

START_TEST(privilege__absent__fails_only_where_samples_are_wanted)
{
    facts.rights.profile = DOCTOR_PRIVILEGE_ABSENT;
    expect("profile privilege", DOCTOR_FAIL, "not held");
    settings.kernel.profile = false;
    expect("profile privilege", DOCTOR_OK, "not needed");
    settings.kernel.profile = true;
    facts.rights.profile = DOCTOR_PRIVILEGE_UNKNOWN;
    expect("profile privilege", DOCTOR_WARN, "could not be asked");
}
END_TEST

START_TEST(sessions__few_left__warn_then_fail)
{
    facts.sessions.in_use = 60;
    expect("ETW sessions", DOCTOR_OK, "60 of 64 in use, 2 needed");
    facts.sessions.in_use = 61;
    expect("ETW sessions", DOCTOR_WARN, "61 of 64");
    facts.sessions.in_use = 62;
    expect("ETW sessions", DOCTOR_WARN, "62 of 64");
    facts.sessions.in_use = 63;
    expect("ETW sessions", DOCTOR_FAIL, "63 of 64");
    settings.clr.enabled = false;
    expect("ETW sessions", DOCTOR_WARN, "1 needed");
    facts.sessions.in_use = 70;
    expect("ETW sessions", DOCTOR_FAIL, "70 of 64");
}
END_TEST

START_TEST(system_loggers__all_taken__fail_only_where_the_kernel_is_wanted)
{
    facts.sessions.system_other = 5;
    expect("system loggers", DOCTOR_OK, "5 of 6");
    facts.sessions.system_other = 6;
    expect("system loggers", DOCTOR_FAIL, "6 of 6");
    settings.kernel.enabled = false;
    expect("system loggers", DOCTOR_OK, "not needed");
}
END_TEST

START_TEST(our_session__by_its_owner__is_judged)
{
    (void)snprintf(facts.sessions.name, sizeof facts.sessions.name, "etwitness-kernel");
    expect("our session", DOCTOR_OK, "free");
    facts.sessions.owner = DOCTOR_ANOTHER;
    expect("our session", DOCTOR_FAIL, "\"etwitness-kernel\" exists and is not ours");
    facts.sessions.owner = DOCTOR_OURS;
    expect("our session", DOCTOR_WARN, "left behind");
    facts.sessions.collectors = 1;
    expect("our session", DOCTOR_WARN, "collecting now");
    facts.sessions.owner = DOCTOR_ELSEWHERE;
    expect("our session", DOCTOR_FAIL, "another etwitness collects under that name");
    facts.sessions.owner = DOCTOR_LEFT_BEHIND;
    expect("our session", DOCTOR_WARN, "left behind");
}
END_TEST

START_TEST(sessions__that_cannot_be_listed__are_one_warning)
{
    facts.sessions.error = 5;
    facts.sessions.owner = DOCTOR_ANOTHER;
    expect("ETW sessions", DOCTOR_WARN, "Windows error 5");
    for (size_t i = 0; i < report.count; i++) {
        ck_assert_str_ne(report.findings[i].what, "our session");
        ck_assert_str_ne(report.findings[i].what, "system loggers");
    }
}
END_TEST

START_TEST(container__inside__fails)
{
    expect("place", DOCTOR_OK, "not inside");
    facts.system.in_container = true;
    expect("place", DOCTOR_FAIL, "inside");
}
END_TEST

START_TEST(container_support__without_the_object_directory__warns)
{
    expect("container support", DOCTOR_OK, "can be read");
    facts.system.objects_status = 0xc0000022;
    expect("container support", DOCTOR_WARN, "0xc0000022");
}
END_TEST

START_TEST(configuration__refused__fails_with_its_sentence)
{
    expect("configuration", DOCTOR_OK, "the defaults hold");
    facts.config_read = true;
    (void)snprintf(facts.config_path, sizeof facts.config_path, "C:\\x.json");
    expect("configuration", DOCTOR_OK, "C:\\x.json");
    (void)ew_fail(&facts.config_error, EW_FORMAT, "x.json:3: unknown key");
    expect("configuration", DOCTOR_FAIL, "x.json:3: unknown key");
}
END_TEST

START_TEST(evidence_directory__by_what_can_be_done_there__is_judged)
{
    expect("evidence directory", DOCTOR_OK, "D:\\evidence");
    facts.evidence.exists = false;
    expect("evidence directory", DOCTOR_OK, "can be made");
    facts.evidence.remote = true;
    expect("evidence directory", DOCTOR_WARN, "another machine");
    facts.evidence.writable = false;
    (void)snprintf(facts.evidence.why, sizeof facts.evidence.why, "no such drive");
    expect("evidence directory", DOCTOR_FAIL, "no such drive");
}
END_TEST

START_TEST(access_list__open_to_users__is_told)
{
    expect("who may change it", DOCTOR_OK, "administrators alone");
    facts.evidence.open_read = true;
    expect("who may change it", DOCTOR_WARN, "may read");
    facts.evidence.open_write = true;
    expect("who may change it", DOCTOR_FAIL, "may write");
    ck_assert_ptr_nonnull(strstr(report.findings[0].what, "Windows"));
    facts.evidence.acl_known = false;
    expect("who may change it", DOCTOR_WARN, "could not be read");
}
END_TEST

START_TEST(program__that_others_can_change__warns_and_fails_once_it_is_installed)
{
    expect("program", DOCTOR_OK, "C:\\e\\etwitness.exe");
    (void)snprintf(facts.program.problem, sizeof facts.program.problem,
                   "C:\\e: BUILTIN\\Users can change what is in it");
    expect("program", DOCTOR_WARN, "BUILTIN\\Users");
    ck_assert_ptr_nonnull(strstr(examine("program")->advice, "before service install"));
    facts.program.installed = true;
    expect("program", DOCTOR_FAIL, "BUILTIN\\Users");
    facts.program.unquoted = true;
    expect("program", DOCTOR_FAIL, "no quotes: C:\\e\\etwitness.exe");
}
END_TEST

START_TEST(disk__by_what_is_free__is_judged)
{
    uint64_t least = 2 * (uint64_t)EW_DOCUMENT_BYTES_MAX;
    facts.evidence.free_bytes = settings.retention_bytes;
    expect("free disk", DOCTOR_OK, "MiB");
    facts.evidence.free_bytes = settings.retention_bytes - 1;
    expect("free disk", DOCTOR_WARN, "are kept");
    facts.evidence.free_bytes = least;
    expect("free disk", DOCTOR_WARN, "256 MiB");
    facts.evidence.free_bytes = least - 1;
    expect("free disk", DOCTOR_FAIL, "255 MiB");
    facts.evidence.free_bytes = UINT64_MAX;
    expect("free disk", DOCTOR_WARN, "not known");
}
END_TEST

START_TEST(clocks__that_part__warn_either_way)
{
    expect("clock", DOCTOR_OK, "10000000 Hz");
    facts.clock.elapsed_wall = facts.clock.elapsed_counter + 100001;
    expect("clock", DOCTOR_WARN, "moved 10000 us");
    facts.clock.elapsed_wall = facts.clock.elapsed_counter - 20000000;
    expect("clock", DOCTOR_WARN, "moved -2000000 us");
    facts.clock.now_100ns = UINT64_C(116444736000000000);
    expect("clock", DOCTOR_WARN, "1970-01-01");
    facts.clock.frequency = 0;
    expect("clock", DOCTOR_FAIL, "no performance counter");
}
END_TEST

START_TEST(symbol_paths__by_place_and_trust__are_judged)
{
    facts.symbol_count = 1;
    (void)snprintf(facts.symbols[0].path, sizeof facts.symbols[0].path, "D:\\symbols");
    expect("symbol path", DOCTOR_WARN, "does not exist");
    facts.symbols[0].exists = true;
    expect("symbol paths", DOCTOR_OK, "1 of 1");
    facts.symbols[0].acl_known = true;
    facts.symbols[0].open_write = true;
    expect("symbol path", DOCTOR_WARN, "may write");
    expect("symbol paths", DOCTOR_OK, "0 of 1");
    facts.symbols[0].open_write = false;
    facts.symbols[0].remote = true;
    expect("symbol path", DOCTOR_WARN, "not local");
    settings.symbols.network = true;
    expect("symbol paths", DOCTOR_OK, "1 of 1");
    settings.symbols.enabled = false;
    expect("symbols", DOCTOR_OK, "off");
}
END_TEST

/* One more callgraph that can be read. */
static struct doctor_graph *add_graph(const char *path)
{
    struct doctor_graph *graph = &facts.graphs[facts.graph_count++];
    (void)snprintf(graph->path, sizeof graph->path, "%s", path);
    graph->absolute = true;
    graph->nodes = 12;
    graph->edges = 15;
    return graph;
}

START_TEST(callgraphs__that_can_be_read__are_told_with_what_is_in_them)
{
    expect("callgraphs", DOCTOR_OK, "none");
    struct doctor_graph *graph = add_graph("D:\\graphs\\shop.json");
    (void)add_graph("D:\\graphs\\second.json");
    expect("callgraph", DOCTOR_OK, "D:\\graphs\\shop.json: 12 nodes, 15 edges");
    expect("callgraphs", DOCTOR_OK,
           "2 of 2 can be read: 24 nodes of at most 1048576, 30 edges of at most 1048576");
    graph->dangling = 3;
    expect("callgraph", DOCTOR_OK, "15 edges, 3 references to nodes that it does not list");
    graph->presence_only = true;
    expect("callgraph", DOCTOR_OK, "says only which nodes exist");
    ck_assert_int_eq(doctor_worst(&report), DOCTOR_OK);
}
END_TEST

START_TEST(callgraph__that_is_refused__warns_with_its_sentence_and_of_the_merge)
{
    static const struct {
        enum ew_status status;
        const char *advice;
    } cases[] = {{EW_NOT_FOUND, "correct the path"},
                 {EW_LIMIT, "another host"},
                 {EW_FORMAT, "analyser"},
                 {EW_NO_MEMORY, "memory"},
                 {EW_IO, "let this account"}};
    struct doctor_graph *graph = add_graph("D:\\shop.json");
    (void)add_graph("D:\\good.json");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)ew_fail(&graph->refusal, cases[i].status, "D:\\shop.json: reason %zu", i);
        expect("callgraph", DOCTOR_WARN, graph->refusal.text);
        ck_assert_ptr_nonnull(strstr(examine("callgraph")->advice, cases[i].advice));
        expect("callgraphs", DOCTOR_WARN, "1 of 2 can be read: 12 nodes");
        ck_assert_ptr_nonnull(strstr(examine("callgraphs")->advice, "there is no merge"));
        ck_assert_int_eq(doctor_worst(&report), DOCTOR_WARN);
    }
}
END_TEST

START_TEST(callgraph__with_a_relative_path__warns_of_where_a_service_looks)
{
    add_graph("shop.json")->absolute = false;
    expect("callgraph", DOCTOR_WARN, "shop.json: 12 nodes");
    ck_assert_ptr_nonnull(strstr(examine("callgraph")->advice, "folder of Windows"));
    expect("callgraphs", DOCTOR_OK, "1 of 1");
}
END_TEST

START_TEST(symbol_paths__more_than_findings__keep_the_other_checks)
{
    facts.symbol_count = DOCTOR_PATHS_MAX;
    for (size_t i = 0; i < EW_MERGE_GRAPHS_MAX; i++) {
        (void)add_graph("D:\\shop.json");
    }
    expect("callgraphs", DOCTOR_OK, "64 of 64");
    expect("clock", DOCTOR_OK, "Hz");
    expect("paging of the kernel", DOCTOR_OK, "DisablePagingExecutive");
    expect("symbol paths", DOCTOR_OK, "0 of 256");
    ck_assert_uint_le(report.count, DOCTOR_FINDINGS_MAX);
}
END_TEST

START_TEST(symbol_folder__of_each_form__is_its_folder)
{
    ck_assert_str_eq(doctor_symbol_folder("D:\\symbols"), "D:\\symbols");
    ck_assert_str_eq(doctor_symbol_folder("srv*D:\\store"), "D:\\store");
    ck_assert_str_eq(doctor_symbol_folder("SRV*D:\\store"), "D:\\store");
    ck_assert_ptr_null(doctor_symbol_folder("SRV*D:\\store*https://symbols.example"));
    ck_assert_ptr_null(doctor_symbol_folder("https://symbols.example"));
    ck_assert_ptr_null(doctor_symbol_folder("SRV*"));
    ck_assert_ptr_null(doctor_symbol_folder(""));
}
END_TEST

/* What a printer writes, as text that the caller frees. */
static char *printed(bool as_json)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    if (as_json) {
        ck_assert(doctor_print_json(file, &report));
    } else {
        doctor_print_text(file, &report);
    }
    long bytes = ftell(file);
    ck_assert_int_gt(bytes, 0);
    rewind(file);
    char *text = calloc((size_t)bytes + 1, 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text, 1, (size_t)bytes, file), (size_t)bytes);
    (void)fclose(file);
    return text;
}

START_TEST(text__of_a_failure__has_its_line_and_what_to_do)
{
    facts.system.in_container = true;
    doctor_examine(&facts, &settings, &report);
    char *text = printed(false);
    ck_assert_ptr_nonnull(
        strstr(text, "\nFAIL  place                 inside a Windows container\n"));
    ck_assert_ptr_nonnull(strstr(text, "what to do:  run it on the host"));
    ck_assert_ptr_nonnull(strstr(text, "\nok    rights "));
    ck_assert_ptr_nonnull(strstr(text, "\n\nthis host cannot collect as it is;"));
    free(text);
}
END_TEST

START_TEST(json__of_a_warning__parses_and_says_so)
{
    facts.evidence.open_read = true;
    doctor_examine(&facts, &settings, &report);
    char *text = printed(true);
    json_t *root = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_string_value(json_object_get(root, "result")), "warn");
    const json_t *checks = json_object_get(root, "checks");
    ck_assert_uint_eq(json_array_size(checks), report.count);
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        bool ok = strcmp(json_string_value(json_object_get(check, "level")), "ok") == 0;
        ck_assert_str_eq(json_string_value(json_object_get(check, "check")),
                         report.findings[i].what);
        ck_assert(ok == (json_object_get(check, "advice") == NULL));
    }
    json_decref(root);
    free(text);
}
END_TEST

#define READING(...) reading_of((const char *const[]){__VA_ARGS__, NULL})

static enum doctor_reading reading_of(const char *const *words)
{
    enum { ARGUMENTS_MAX = 8 };
    struct doctor_options options;
    char *arguments[ARGUMENTS_MAX] = {NULL};
    int count = 0;
    for (; words[count] != NULL; count++) {
        /* The parser takes what main gets, pointers to non-const, and only reads. */
        arguments[count] = (char *)(uintptr_t)words[count];
    }
    return doctor_options_read(count, arguments, &options);
}

START_TEST(options__right_and_wrong__are_told_apart)
{
    ck_assert_int_eq(READING("--out", "d", "--config", "c"), DOCTOR_GO);
    ck_assert_int_eq(READING("--format", "json"), DOCTOR_GO);
    ck_assert_int_eq(READING("--format", "xml"), DOCTOR_WRONG);
    ck_assert_int_eq(READING("stray"), DOCTOR_WRONG);
    ck_assert_int_eq(READING("--nonsense"), DOCTOR_WRONG);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("doctor");
    TCase *cases = tcase_create("doctor");
    tcase_add_checked_fixture(cases, good_host, release);
    tcase_add_test(cases, host__as_it_should_be__has_no_complaint);
    tcase_add_test(cases, version__before_1809__fails);
    tcase_add_test(cases, wine__found__is_said);
    tcase_add_test(cases, rights__of_each_account__are_told_apart);
    tcase_add_test(cases, privilege__absent__fails_only_where_samples_are_wanted);
    tcase_add_test(cases, sessions__few_left__warn_then_fail);
    tcase_add_test(cases, system_loggers__all_taken__fail_only_where_the_kernel_is_wanted);
    tcase_add_test(cases, our_session__by_its_owner__is_judged);
    tcase_add_test(cases, sessions__that_cannot_be_listed__are_one_warning);
    tcase_add_test(cases, container__inside__fails);
    tcase_add_test(cases, container_support__without_the_object_directory__warns);
    tcase_add_test(cases, configuration__refused__fails_with_its_sentence);
    tcase_add_test(cases, evidence_directory__by_what_can_be_done_there__is_judged);
    tcase_add_test(cases, access_list__open_to_users__is_told);
    tcase_add_test(cases, program__that_others_can_change__warns_and_fails_once_it_is_installed);
    tcase_add_test(cases, disk__by_what_is_free__is_judged);
    tcase_add_test(cases, clocks__that_part__warn_either_way);
    tcase_add_test(cases, symbol_paths__by_place_and_trust__are_judged);
    tcase_add_test(cases, callgraphs__that_can_be_read__are_told_with_what_is_in_them);
    tcase_add_test(cases, callgraph__that_is_refused__warns_with_its_sentence_and_of_the_merge);
    tcase_add_test(cases, callgraph__with_a_relative_path__warns_of_where_a_service_looks);
    tcase_add_test(cases, symbol_paths__more_than_findings__keep_the_other_checks);
    tcase_add_test(cases, symbol_folder__of_each_form__is_its_folder);
    tcase_add_test(cases, text__of_a_failure__has_its_line_and_what_to_do);
    tcase_add_test(cases, json__of_a_warning__parses_and_says_so);
    tcase_add_test(cases, options__right_and_wrong__are_told_apart);
    suite_add_tcase(suite, cases);
    return suite;
}
