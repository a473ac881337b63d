/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, checking and writing the configuration. */
#include "etwitness/settings.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_FILE "test_settings.json"
#define GUID_A "01234567-89ab-cdef-0123-456789abcdef"
#define GUID_B "11234567-89ab-cdef-0123-456789abcdef"

static struct ew_settings made(void)
{
    struct ew_settings settings;
    ck_assert_int_eq(ew_settings_init(&settings), EW_OK);
    return settings;
}

static enum ew_status read_into(struct ew_settings *settings, const char *text,
                                struct ew_error *error)
{
    memset(error, 0, sizeof *error);
    return ew_settings_read(settings, "c.json", text, strlen(text), error);
}

static void good(struct ew_settings *settings, const char *text)
{
    struct ew_error error;
    ck_assert_msg(read_into(settings, text, &error) == EW_OK, "%s was refused: %s", text,
                  error.text);
}

static void set(struct ew_settings *settings, const char *assignment)
{
    struct ew_error error = {0};
    ck_assert_msg(ew_settings_set(settings, assignment, &error) == EW_OK, "%s was refused: %s",
                  assignment, error.text);
}

/* The digest's text, for comparisons; the caller frees it. */
static char *text_of(const struct ew_settings *settings)
{
    struct ew_error error = {0};
    char digest[72];
    char *text = NULL;
    ck_assert_int_eq(ew_settings_digest(settings, &text, digest, &error), EW_OK);
    return text;
}

START_TEST(init__nothing_given__has_the_documented_defaults)
{
    struct ew_settings settings = made();
    ck_assert_str_eq(settings.directory, "");
    ck_assert_str_eq(settings.session_name, "etwitness");
    ck_assert_uint_eq(settings.window_seconds, 300);
    ck_assert_uint_eq(settings.stop_seconds, 30);
    ck_assert_uint_eq(settings.duration_seconds, 0);
    ck_assert_uint_eq(settings.retention_bytes, EW_RETENTION_BYTES_DEFAULT);
    ck_assert_uint_eq(settings.buffers.buffer_kib, 256);
    ck_assert_uint_eq(settings.buffers.flush_seconds, 1);
    ck_assert_uint_eq(settings.queue_mib, 16);
    ck_assert_uint_eq(settings.kernel.interval_100ns, 10000);
    ck_assert(settings.kernel.enabled && settings.kernel.profile && settings.clr.enabled);
    ck_assert(!settings.kernel.context_switch && !settings.clr.exceptions);
    ck_assert(settings.symbols.enabled && !settings.symbols.network);
    ck_assert_ptr_null(settings.symbols.cache);
    ck_assert_uint_eq(settings.processes.count, 0);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read__every_kind_of_value__reaches_its_member)
{
    struct ew_settings settings = made();
    good(
        &settings,
        "{\"directory\": \"D:\\\\evid\\u00e9nce\", \"windowSeconds\": 60,\n"
        " \"retentionBytes\": 5000000000, \"kernel\": {\"profile\": false, \"interval100ns\": 0},"
        " \"buffers\": {\"minimum\": 8, \"maximum\": 64},\n"
        " \"processes\": [\"shop.exe\", \"w3wp.exe\"], \"containers\": [\"host\"],\n"
        " \"symbols\": {\"cache\": \"D:\\\\c\", \"paths\": [\"D:\\\\s\"]},\n"
        " \"providers\": [{\"guid\": \"" GUID_A "\", \"keywordAny\": \"0xffffffffffffffff\"},"
        " {\"level\": 5, \"keywordAll\": 7, \"stacks\": false, \"guid\": \"" GUID_B "\"}]}");
    ck_assert_str_eq(settings.directory, "D:\\evid\xc3\xa9nce");
    ck_assert_uint_eq(settings.window_seconds, 60);
    ck_assert_uint_eq(settings.retention_bytes, UINT64_C(5000000000));
    ck_assert(!settings.kernel.profile);
    ck_assert_uint_eq(settings.kernel.interval_100ns, 0);
    ck_assert_uint_eq(settings.buffers.maximum_count, 64);
    ck_assert_uint_eq(settings.processes.count, 2);
    ck_assert_str_eq(settings.processes.items[1], "w3wp.exe");
    ck_assert_str_eq(settings.symbols.cache, "D:\\c");
    ck_assert_uint_eq(settings.provider_count, 2);
    ck_assert_uint_eq(settings.providers[0].keyword_any, UINT64_MAX);
    ck_assert_uint_eq(settings.providers[0].level, 4);
    ck_assert(settings.providers[0].stacks && !settings.providers[1].stacks);
    ck_assert_uint_eq(settings.providers[1].keyword_all, 7);
    ck_assert_uint_eq(settings.providers[1].level, 5);
    ck_assert_uint_eq(settings.providers[1].guid.bytes[3], 0x11);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read__a_second_document__changes_only_what_it_names)
{
    struct ew_settings settings = made();
    good(&settings, "{\"windowSeconds\": 60, \"processes\": [\"a.exe\", \"b.exe\"],"
                    " \"symbols\": {\"cache\": \"D:\\\\c\"}}");
    good(&settings, "{\"stopSeconds\": 10, \"processes\": [\"c.exe\"],"
                    " \"symbols\": {\"cache\": null}}");
    ck_assert_uint_eq(settings.window_seconds, 60);
    ck_assert_uint_eq(settings.stop_seconds, 10);
    ck_assert_uint_eq(settings.processes.count, 1);
    ck_assert_ptr_null(settings.symbols.cache);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read__empty_objects_and_lists_and_a_mark__are_fine)
{
    struct ew_settings settings = made();
    good(&settings, "\xef\xbb\xbf {\r\n}\r\n");
    good(&settings, "{\"kernel\": {}, \"providers\": [], \"processes\": [ ]}");
    ew_settings_free(&settings);
}
END_TEST

/* A document that is refused, and the whole sentence about it. */
static const struct {
    const char *text;
    const char *sentence;
} refused[] = {
    {"{\n \"kernel\": {\n  \"profil\": true}}",
     "c.json:3: kernel.profil: is no key of the configuration"},
    {"{\"windows\": 1}", "c.json:1: windows: is no key of the configuration"},
    {"{\"kernel.profile\": true}", "c.json:1: kernel.profile: is no key of the configuration"},
    {"{\"providers[]\": {}}", "c.json:1: providers[]: is no key of the configuration"},
    {"{\"\": 1}", "c.json:1: is no key of the configuration"},
    {"{\"a\\u0007b\": 1}", "c.json:1: a?b: is no key of the configuration"},
    {"{\"kernel\": {\"enabled\": {}}}", "c.json:1: kernel.enabled: has to be true or false"},
    {"{\"kernel\":\n 7}", "c.json:2: kernel: has to be an object"},
    {"{\"kernel\": {\"kernel\": {}}}", "c.json:1: kernel.kernel: is no key of the configuration"},
    {"{\"clr\": {\"enabled\": true},\n\"kernel\": {\"enabled\": 1}}",
     "c.json:2: kernel.enabled: has to be true or false"},
    {"{\"windowSeconds\": 9}",
     "c.json:1: windowSeconds: has to be a whole number from 10 to 86400, in seconds"},
    {"{\"windowSeconds\": \"60\"}",
     "c.json:1: windowSeconds: has to be a whole number from 10 to 86400, in seconds"},
    {"{\"windowSeconds\": 60.0}",
     "c.json:1: windowSeconds: has to be a whole number from 10 to 86400, in seconds"},
    {"{\"windowSeconds\": -60}",
     "c.json:1: windowSeconds: has to be a whole number from 10 to 86400, in seconds"},
    {"{\"windowSeconds\": 4294967356}",
     "c.json:1: windowSeconds: has to be a whole number from 10 to 86400, in seconds"},
    {"{\"kernel\": {\"interval100ns\": 1220}}",
     "c.json:1: kernel.interval100ns: has to be a whole number from 1221 to 10000000, in 100 ns, or 0: as the machine has it"},
    {"{\"directory\": 5}", "c.json:1: directory: has to be a text"},
    {"{\"directory\": null}", "c.json:1: directory: has to be a text"},
    {"{\"directory\": \"\"}", "c.json:1: directory: has to be a text of 1 to 4096 bytes"},
    {"{\"directory\": \"D:\\temp\"}",
     "c.json:1: directory: has a control character in it; a backslash is written \\\\"},
    {"{\"processes\": \"a\"}", "c.json:1: processes: has to be a list in brackets"},
    {"{\"processes\": [\"a\",\n \"b\",\n 3]}", "c.json:3: processes[2]: has to be a text"},
    {"{\"providers\": [{}]}", "c.json:1: providers[0]: needs a \"guid\""},
    {"{\"providers\": [7]}", "c.json:1: providers[0]: has to be an object with a \"guid\""},
    {"{\"providers\": [{\"guid\": \"{01234567}\"}]}",
     "c.json:1: providers[0].guid: has to be a GUID of 36 characters, without braces"},
    {"{\"providers\": [{\"guid\": \"" GUID_A "\"},\n{\"guid\": \"" GUID_B "\",\n\"level\": 6}]}",
     "c.json:3: providers[1].level: has to be a whole number from 1 to 5"},
    {"{\"providers\": [{\"guid\": \"" GUID_A "\", \"keywordAny\": \"all\"}]}",
     "c.json:1: providers[0].keywordAny: has to be a whole number, or text such as \"0x18\""},
    {"{\"stopSeconds\": 10,\n\"stopSeconds\": 10}",
     "c.json:2: stopSeconds: stands here for the second time"},
    {"{\"kernel\": {\"disk\": true,\n\n\"disk\": true}}",
     "c.json:3: kernel.disk: stands here for the second time"},
    {"{\"kernel\": {\"disk\": true},\n\"kernel\": {\"profile\": true}}",
     "c.json:2: kernel: stands here for the second time"},
    {"{\"stopSeconds\": 10,\n\"stop\\u0053econds\": 10}",
     "c.json:2: stopSeconds: stands here for the second time"},
    {"{\"providers\": [{\"guid\": \"" GUID_A "\",\n\"guid\": \"" GUID_A "\"}]}",
     "c.json:2: providers[0].guid: stands here for the second time"},
    {"[]", "c.json:1: has to be an object in braces"},
    {"\xff\xfe{\0}\0", "c.json:1: is UTF-16; it has to be saved as UTF-8"},
};

START_TEST(read__what_the_table_does_not_allow__is_refused_with_line_and_key)
{
    struct ew_settings settings = made();
    char *before = text_of(&settings);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct ew_error error;
        ck_assert_msg(read_into(&settings, refused[i].text, &error) == EW_FORMAT, "%s was taken",
                      refused[i].text);
        ck_assert_str_eq(error.text, refused[i].sentence);
        char *after = text_of(&settings);
        ck_assert_str_eq(after, before);
        free(after);
    }
    free(before);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read__broken_json__is_refused_with_its_line)
{
    static const char *const broken[] = {"",
                                         "{",
                                         "{\n\n\"a\" 1}",
                                         "{\"stopSeconds\": 10,\n}",
                                         "{} x",
                                         "{\"windowSeconds\": 99999999999999999999}"};
    static const unsigned lines[] = {1, 1, 3, 2, 1, 1};
    struct ew_settings settings = made();
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct ew_error error;
        char begin[64];
        (void)snprintf(begin, sizeof begin, "c.json:%u: is not valid JSON: ", lines[i]);
        ck_assert_int_eq(read_into(&settings, broken[i], &error), EW_FORMAT);
        ck_assert_msg(strncmp(error.text, begin, strlen(begin)) == 0, "\"%s\" is not \"%s...\"",
                      error.text, begin);
    }
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read__a_failure_late_in_the_document__leaves_everything_as_it_was)
{
    struct ew_settings settings = made();
    struct ew_error error;
    good(&settings, "{\"processes\": [\"a.exe\"], \"providers\": [{\"guid\": \"" GUID_A "\"}]}");
    ck_assert_int_eq(read_into(&settings,
                               "{\"windowSeconds\": 60, \"processes\": [], \"providers\": [],"
                               " \"directory\": \"x\", \"wrong\": 1}",
                               &error),
                     EW_FORMAT);
    ck_assert_uint_eq(settings.window_seconds, 300);
    ck_assert_uint_eq(settings.processes.count, 1);
    ck_assert_uint_eq(settings.provider_count, 1);
    ck_assert_str_eq(settings.directory, "");
    ew_settings_free(&settings);
}
END_TEST

/* {"processes": ["a", "a", ...]} */
static char *long_list(size_t count)
{
    static const char begin[] = "{\"processes\": [\"a\"";
    char *text = malloc(sizeof begin + 4 * count + 8);
    ck_assert_ptr_nonnull(text);
    size_t at = sizeof begin - 1;
    memcpy(text, begin, at);
    for (size_t i = 1; i < count; i++, at += 4) {
        memcpy(text + at, ",\"a\"", 4);
    }
    memcpy(text + at, "]}", 3);
    return text;
}

START_TEST(read__a_list_at_and_beyond_its_limit__is_taken_and_refused)
{
    struct ew_settings settings = made();
    struct ew_error error;
    char *fits = long_list(EW_SETTINGS_LIST_MAX);
    char *exceeds = long_list(EW_SETTINGS_LIST_MAX + 1);
    good(&settings, fits);
    ck_assert_uint_eq(settings.processes.count, EW_SETTINGS_LIST_MAX);
    ck_assert_int_eq(read_into(&settings, exceeds, &error), EW_FORMAT);
    ck_assert_str_eq(error.text, "c.json:1: processes: has more than 256 elements");
    free(fits);
    free(exceeds);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read__nested_without_end__is_refused_before_it_is_parsed)
{
    enum { DEPTH = 200000 };
    struct ew_settings settings = made();
    struct ew_error error = {0};
    char *text = malloc(DEPTH);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', DEPTH);
    ck_assert_int_eq(ew_settings_read(&settings, "c.json", text, DEPTH, &error), EW_FORMAT);
    ck_assert_str_eq(error.text, "c.json:1: is nested deeper than 64");
    free(text);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(read_file__there_and_missing__is_read_and_told)
{
    struct ew_settings settings = made();
    struct ew_error error = {0};
    FILE *file = fopen(SCRATCH_FILE, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("{\"stopSeconds\": 12}", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(ew_settings_read_file(&settings, SCRATCH_FILE, &error), EW_OK);
    ck_assert_uint_eq(settings.stop_seconds, 12);
    (void)remove(SCRATCH_FILE);
    ck_assert_int_eq(ew_settings_read_file(&settings, SCRATCH_FILE, &error), EW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, SCRATCH_FILE));
    ew_settings_free(&settings);
}
END_TEST

START_TEST(set__as_typed_on_a_command_line__needs_no_quotes)
{
    struct ew_settings settings = made();
    set(&settings, "directory=C:\\temp \"x\"");
    set(&settings, "kernel.profile=false");
    set(&settings, "windowSeconds=60");
    set(&settings, "processes=a=b.exe");
    set(&settings, "symbols.paths=[\"a\", \"b\"]");
    set(&settings, "symbols.cache=D:\\c");
    ck_assert_str_eq(settings.directory, "C:\\temp \"x\"");
    ck_assert(!settings.kernel.profile);
    ck_assert_uint_eq(settings.window_seconds, 60);
    ck_assert_str_eq(settings.processes.items[0], "a=b.exe");
    ck_assert_uint_eq(settings.symbols.paths.count, 2);
    set(&settings, "symbols.cache=null");
    ck_assert_ptr_null(settings.symbols.cache);
    set(&settings, "providers=[{\"guid\": \"" GUID_A "\"}]");
    ck_assert_uint_eq(settings.provider_count, 1);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(set__what_makes_no_sense__is_refused_with_the_key)
{
    static const char *const wrong[][2] = {
        {"windowSeconds=9",
         "windowSeconds: has to be a whole number from 10 to 86400, in seconds"},
        {"windowSeconds=", "windowSeconds: cannot be \"\""},
        {"windowSeconds=60 60", "windowSeconds: cannot be \"60 60\""},
        {"windowSeconds", "windowSeconds: is no key of the configuration with its value"},
        {"kernel=true", "kernel=true: is no key of the configuration with its value"},
        {"kernel.profile=yes", "kernel.profile: cannot be \"yes\""},
        {"=1", "=1: is no key of the configuration with its value"},
        {"providers[].guid=" GUID_A,
         "providers[].guid=" GUID_A ": is no key of the configuration with its value"},
        {"directory=", "directory: has to be a text of 1 to 4096 bytes"},
        {"directory=\xff", "directory: is not UTF-8"},
    };
    struct ew_settings settings = made();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ew_error error = {0};
        ck_assert_msg(ew_settings_set(&settings, wrong[i][0], &error) == EW_USAGE, "%s was taken",
                      wrong[i][0]);
        ck_assert_str_eq(error.text, wrong[i][1]);
    }
    ew_settings_free(&settings);
}
END_TEST

START_TEST(check__the_defaults_with_a_directory__are_fine)
{
    struct ew_settings settings = made();
    struct ew_error error = {0};
    ck_assert_int_eq(ew_settings_check(&settings, &error), EW_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "directory"));
    set(&settings, "directory=out");
    ck_assert_int_eq(ew_settings_check(&settings, &error), EW_OK);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(check__what_does_not_go_together__is_refused)
{
    static const char *const wrong[][2] = {
        {"{\"kernel\":{\"enabled\":false},\"clr\":{\"enabled\":false}}", "nothing to collect"},
        {"{\"buffers\":{\"minimum\":9,\"maximum\":8}}", "buffers.minimum: 9 is above"},
        {"{\"buffers\":{\"maximum\":4096,\"sizeKib\":1024}}", "more than the 512 MiB"},
        {"{\"sessionName\":\"nt kernel logger\"}", "a session of Windows itself"},
        {"{\"sessionName\":\"a\\\\b\"}", "has a slash"},
        {"{\"sessionName\":\" a\"}", "a space at an end"},
        {"{\"processes\":[\"ok.exe\",\"C:\\\\a.exe\"]}", "processes[1]: "},
        {"{\"containers\":[\"hosts\"]}", "containers[0]: "},
        {"{\"providers\":[{\"guid\":\"e13c0d23-ccbc-4e12-931b-d9cc2eee27e4\"}]}", "of the CLR"},
        {"{\"providers\":[{\"guid\":\"A669021C-C450-4609-A035-5AF59AF4DF18\"}]}", "of the CLR"},
        {"{\"providers\":[{\"guid\":\"" GUID_A "\"},{\"guid\":\"" GUID_A "\"}]}",
         "providers[1]: is the same as providers[0]"},
        {"{\"symbols\":{\"paths\":[\"SRV*https://x\"]}}", "symbols.paths[0]: "},
        {"{\"symbols\":{\"paths\":[\"\\\\\\\\server\\\\share\"]}}", "names a server"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ew_settings settings = made();
        struct ew_error error = {0};
        good(&settings, wrong[i][0]);
        set(&settings, "directory=out");
        ck_assert_msg(ew_settings_check(&settings, &error) == EW_USAGE, "%s was taken",
                      wrong[i][0]);
        ck_assert_msg(strstr(error.text, wrong[i][1]) != NULL, "\"%s\" does not tell \"%s\"",
                      error.text, wrong[i][1]);
        ew_settings_free(&settings);
    }
}
END_TEST

START_TEST(check__one_provider_of_any_kind__is_enough)
{
    static const char *const enough[] = {
        "{\"kernel\":{\"enabled\":false}}", "{\"clr\":{\"enabled\":false}}",
        "{\"kernel\":{\"enabled\":false},\"clr\":{\"enabled\":false},"
        "\"providers\":[{\"guid\":\"" GUID_A "\"}]}"};
    for (size_t i = 0; i < sizeof enough / sizeof enough[0]; i++) {
        struct ew_settings settings = made();
        struct ew_error error = {0};
        good(&settings, enough[i]);
        set(&settings, "directory=out");
        ck_assert_msg(ew_settings_check(&settings, &error) == EW_OK, "%s: %s", enough[i],
                      error.text);
        ew_settings_free(&settings);
    }
}
END_TEST

START_TEST(check__a_member_set_past_its_range__is_refused)
{
    struct ew_settings settings = made();
    struct ew_error error = {0};
    set(&settings, "directory=out");
    settings.stop_seconds = 4;
    ck_assert_int_eq(ew_settings_check(&settings, &error), EW_USAGE);
    ck_assert_str_eq(error.text, "stopSeconds: has to be from 5 to 180, not 4");
    ew_settings_free(&settings);
}
END_TEST

START_TEST(digest__the_defaults__are_the_canonical_text)
{
    struct ew_settings settings = made();
    char *text = text_of(&settings);
    ck_assert_str_eq(
        text,
        "{\"buffers\":{\"flushSeconds\":1,\"maximum\":0,\"minimum\":0,\"sizeKib\":256},"
        "\"callgraphs\":[],"
        "\"clr\":{\"compilation\":false,\"enabled\":true,\"exceptions\":false,\"rundown\":true},"
        "\"containers\":[],\"directory\":\"\",\"durationSeconds\":0,"
        "\"kernel\":{\"contextSwitch\":false,\"counters\":false,\"disk\":false,\"enabled\":true,"
        "\"imageStacks\":true,\"interval100ns\":10000,\"pageFaults\":false,\"profile\":true},"
        "\"processes\":[],\"providers\":[],\"queueMib\":16,\"retentionBytes\":4294967296,"
        "\"sessionName\":\"etwitness\",\"stopSeconds\":30,\"symbols\":{\"cache\":null,"
        "\"enabled\":true,\"imageFolder\":true,\"network\":false,\"paths\":[],"
        "\"secondsPerWindow\":20},\"windowSeconds\":300}");
    free(text);
    ew_settings_free(&settings);
}
END_TEST

START_TEST(digest__its_text_read_again__gives_the_same_digest)
{
    struct ew_settings settings = made();
    struct ew_settings again = made();
    struct ew_error error = {0};
    char digests[2][72];
    char *texts[2] = {NULL, NULL};
    good(&settings, "{\"directory\": \"D:\\\\e\", \"providers\": [{\"guid\": \"" GUID_B "\","
                    "\"keywordAny\": \"0x8000000000000000\"}], \"containers\": [\"host\"]}");
    ck_assert_int_eq(ew_settings_digest(&settings, &texts[0], digests[0], &error), EW_OK);
    good(&again, texts[0]);
    ck_assert_int_eq(ew_settings_digest(&again, &texts[1], digests[1], &error), EW_OK);
    ck_assert_str_eq(texts[0], texts[1]);
    ck_assert_str_eq(digests[0], digests[1]);
    ck_assert_uint_eq(strlen(digests[0]), 71);
    ck_assert_int_eq(strncmp(digests[0], "sha256:", 7), 0);
    ck_assert_ptr_nonnull(strstr(texts[0], "\"keywordAny\":\"0x8000000000000000\""));
    set(&again, "kernel.disk=true");
    free(texts[1]);
    ck_assert_int_eq(ew_settings_digest(&again, &texts[1], digests[1], &error), EW_OK);
    ck_assert_str_ne(digests[0], digests[1]);
    free(texts[0]);
    free(texts[1]);
    ew_settings_free(&settings);
    ew_settings_free(&again);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = tcase_create("settings");
    tcase_add_test(tcase, init__nothing_given__has_the_documented_defaults);
    tcase_add_test(tcase, read__every_kind_of_value__reaches_its_member);
    tcase_add_test(tcase, read__a_second_document__changes_only_what_it_names);
    tcase_add_test(tcase, read__empty_objects_and_lists_and_a_mark__are_fine);
    tcase_add_test(tcase, read__what_the_table_does_not_allow__is_refused_with_line_and_key);
    tcase_add_test(tcase, read__broken_json__is_refused_with_its_line);
    tcase_add_test(tcase, read__a_failure_late_in_the_document__leaves_everything_as_it_was);
    tcase_add_test(tcase, read__a_list_at_and_beyond_its_limit__is_taken_and_refused);
    tcase_add_test(tcase, read__nested_without_end__is_refused_before_it_is_parsed);
    tcase_add_test(tcase, read_file__there_and_missing__is_read_and_told);
    tcase_add_test(tcase, set__as_typed_on_a_command_line__needs_no_quotes);
    tcase_add_test(tcase, set__what_makes_no_sense__is_refused_with_the_key);
    tcase_add_test(tcase, check__the_defaults_with_a_directory__are_fine);
    tcase_add_test(tcase, check__what_does_not_go_together__is_refused);
    tcase_add_test(tcase, check__one_provider_of_any_kind__is_enough);
    tcase_add_test(tcase, check__a_member_set_past_its_range__is_refused);
    tcase_add_test(tcase, digest__the_defaults__are_the_canonical_text);
    tcase_add_test(tcase, digest__its_text_read_again__gives_the_same_digest);
    suite_add_tcase(suite, tcase);
    return suite;
}
