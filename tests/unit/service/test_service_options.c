/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `service`, the settings it makes, and the one it leaves behind. */
#include "service/service.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE "test_service_options.json"

enum { WORDS_MAX = 16, LINE_BYTES = 256 };

/* The tests borrow constants as the arguments that main would get. */
static enum service_reading read_words(const char *const *words, struct service_options *options)
{
    static char *arguments[WORDS_MAX];
    int count = 0;
    for (; words[count] != NULL; count++) {
        arguments[count] = (char *)(uintptr_t)words[count];
    }
    return service_options_read(count, arguments, options);
}

static char folder[] = "C:\\ProgramData\\etwitness";
static char config[] = CONFIG_FILE;
static const struct service_places places = {folder, config};

static void write_config(const char *text)
{
    FILE *file = fopen(CONFIG_FILE, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(read__every_option__reaches_its_member)
{
    static const char *const words[] = {
        "run",        "--name", "e 2",         "--config", "C:\\c.json",
        "--out",      "D:\\e",  "--window=60", "--set",    "kernel.disk=true",
        "--duration", "5",      NULL};
    struct service_options options;
    ck_assert_int_eq(read_words(words, &options), SERVICE_GO);
    ck_assert_str_eq(options.action, "run");
    ck_assert_str_eq(options.name, "e 2");
    ck_assert_str_eq(options.config, "C:\\c.json");
    ck_assert_str_eq(options.out, "D:\\e");
    ck_assert_uint_eq(options.window_seconds, 60);
    ck_assert_uint_eq(options.duration_seconds, 5);
    ck_assert_uint_eq(options.assignments.count, 1);
    service_options_free(&options);
}
END_TEST

START_TEST(read__what_makes_no_sense__is_refused)
{
    static const char *const wrong[][4] = {
        {NULL},
        {"start", NULL},
        {"install", "remove", NULL},
        {"remove", "--out", "D:\\e", NULL},
        {"status", "--set", "a=b", NULL},
        {"install", "--name", "", NULL},
        {"install", "--name", "a\\b", NULL},
        {"install", "--nome", "a", NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct service_options options;
        ck_assert_msg(read_words(wrong[i], &options) == SERVICE_WRONG, "row %zu was taken", i);
    }
}
END_TEST

START_TEST(force__is_for_install__and_not_in_its_command_line)
{
    static const char *const words[] = {"install", "--force", NULL};
    static const char *const wrong[] = {"run", "--force", NULL};
    struct service_options options;
    char line[LINE_BYTES];
    ck_assert_int_eq(read_words(words, &options), SERVICE_GO);
    ck_assert(options.force);
    ck_assert(service_command_line(&options, "C:\\e.exe", line, sizeof line));
    ck_assert_ptr_null(strstr(line, "force"));
    service_options_free(&options);
    ck_assert_int_eq(read_words(wrong, &options), SERVICE_WRONG);
}
END_TEST

START_TEST(command_line__of_options__reads_back_to_them)
{
    static const char *const words[] = {
        "install", "--name", "e2", "--out", "D:\\e v\\", "--set", "processes=[\"a.exe\"]", NULL};
    struct service_options options;
    char text[LINE_BYTES];
    ck_assert_int_eq(read_words(words, &options), SERVICE_GO);
    ck_assert(service_command_line(&options, "C:\\Program Files\\e.exe", text, sizeof text));
    ck_assert_str_eq(text, "\"C:\\Program Files\\e.exe\" service run --name e2 "
                           "--out \"D:\\e v\\\\\" --set \"processes=[\\\"a.exe\\\"]\"");
    ck_assert(!service_command_line(&options, "C:\\Program Files\\e.exe", text, 40));
    service_options_free(&options);
}
END_TEST

START_TEST(command_line__of_the_defaults__is_the_documented_one)
{
    static const char *const words[] = {"install", NULL};
    struct service_options options;
    char text[LINE_BYTES];
    ck_assert_int_eq(read_words(words, &options), SERVICE_GO);
    ck_assert(service_command_line(&options, "C:\\e\\etwitness.exe", text, sizeof text));
    ck_assert_str_eq(text, "\"C:\\e\\etwitness.exe\" service run");
    service_options_free(&options);
}
END_TEST

START_TEST(settings__options_and_file__go_in_their_order)
{
    static const char *const words[] = {"run", "--window", "60", "--set", "stopSeconds=9", NULL};
    struct service_options options;
    struct ew_settings settings;
    struct ew_error error = {0};
    write_config("{\"windowSeconds\": 30, \"stopSeconds\": 8, \"queueMib\": 4}");
    ck_assert_int_eq(read_words(words, &options), SERVICE_GO);
    ck_assert_msg(service_settings(&options, &places, &settings, &error) == EW_OK, "%s",
                  error.text);
    ck_assert_uint_eq(settings.window_seconds, 60);
    ck_assert_uint_eq(settings.stop_seconds, 9);
    ck_assert_uint_eq(settings.queue_mib, 4);
    ck_assert_str_eq(settings.directory, folder);
    ew_settings_free(&settings);
    service_options_free(&options);
    (void)remove(CONFIG_FILE);
}
END_TEST

START_TEST(settings__a_configuration_that_is_missing__matters_only_when_named)
{
    static const char *const named[] = {"run", "--config", "no-such.json", NULL};
    static const char *const standard[] = {"run", NULL};
    struct service_options options;
    struct ew_settings settings;
    struct ew_error error = {0};
    (void)remove(CONFIG_FILE);
    ck_assert_int_eq(read_words(named, &options), SERVICE_GO);
    ck_assert_int_eq(service_settings(&options, &places, &settings, &error), EW_NOT_FOUND);
    service_options_free(&options);
    ck_assert_int_eq(read_words(standard, &options), SERVICE_GO);
    ck_assert_int_eq(service_settings(&options, &places, &settings, &error), EW_OK);
    ew_settings_free(&settings);
    service_options_free(&options);
}
END_TEST

START_TEST(settings__relative_or_broken__are_refused)
{
    static const char *const relative[] = {"run", "--out", "evidence", NULL};
    static const char *const plain[] = {"run", NULL};
    struct service_options options;
    struct ew_settings settings;
    struct ew_error error = {0};
    (void)remove(CONFIG_FILE);
    ck_assert_int_eq(read_words(relative, &options), SERVICE_GO);
    ck_assert_int_eq(service_settings(&options, &places, &settings, &error), EW_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "absolute"));
    service_options_free(&options);
    write_config("{\"windowSeconds\": true}");
    ck_assert_int_eq(read_words(plain, &options), SERVICE_GO);
    ck_assert_int_eq(service_settings(&options, &places, &settings, &error), EW_FORMAT);
    service_options_free(&options);
    (void)remove(CONFIG_FILE);
}
END_TEST

START_TEST(default_config__as_written__is_a_configuration)
{
    static const char *const words[] = {"run", NULL};
    struct service_options options;
    struct ew_settings settings;
    struct ew_error error = {0};
    char *text = service_default_config(&places);
    ck_assert_str_eq(text, "{\"directory\":\"C:\\\\ProgramData\\\\etwitness\"}\n");
    write_config(text);
    ck_assert_int_eq(read_words(words, &options), SERVICE_GO);
    ck_assert_int_eq(service_settings(&options, &places, &settings, &error), EW_OK);
    ck_assert_str_eq(settings.directory, folder);
    free(text);
    ew_settings_free(&settings);
    service_options_free(&options);
    (void)remove(CONFIG_FILE);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("service_options");
    TCase *tcase = tcase_create("service_options");
    tcase_add_test(tcase, read__every_option__reaches_its_member);
    tcase_add_test(tcase, read__what_makes_no_sense__is_refused);
    tcase_add_test(tcase, force__is_for_install__and_not_in_its_command_line);
    tcase_add_test(tcase, command_line__of_options__reads_back_to_them);
    tcase_add_test(tcase, command_line__of_the_defaults__is_the_documented_one);
    tcase_add_test(tcase, settings__options_and_file__go_in_their_order);
    tcase_add_test(tcase, settings__a_configuration_that_is_missing__matters_only_when_named);
    tcase_add_test(tcase, settings__relative_or_broken__are_refused);
    tcase_add_test(tcase, default_config__as_written__is_a_configuration);
    suite_add_tcase(suite, tcase);
    return suite;
}
