/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each format against a golden file, with names that fit and with names that want to break out;
 * what formats need, and the same bytes twice. EW_UPDATE_GOLDEN=1 writes the files anew.
 */
#include "export/export_text.h"
#include "export/sample_merged.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 256 * 1024 };

static struct export_text text;
static struct export_text again;

static struct ew_export_options sample_options(enum ew_export_format format)
{
    return (struct ew_export_options){.format = format,
                                      .producer_version = "0.1.0",
                                      .merged = ew_sample_merged(),
                                      .windows = ew_sample_windows(),
                                      .window_count = EW_SAMPLE_WINDOWS};
}

static struct ew_export_options hostile_options(enum ew_export_format format)
{
    struct ew_export_options options = sample_options(format);
    options.merged = ew_hostile_merged();
    options.windows = ew_hostile_window();
    options.window_count = 1;
    return options;
}

static void golden_path(const char *kind, enum ew_export_format format, char *out,
                        size_t capacity)
{
    (void)snprintf(out, capacity, "%s/%s.%s", EW_GOLDEN_DIR, kind, ew_export_format_name(format));
}

static void update_golden(const char *path)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text.bytes, 1, text.used, file), text.used);
    ck_assert_int_eq(fclose(file), 0);
}

static void compare_golden(const char *kind, const struct ew_export_options *options)
{
    char path[1024];
    char *golden = NULL;
    size_t golden_bytes = 0;
    struct ew_error error = {0};
    (void)export_text_write(&text, options);
    golden_path(kind, options->format, path, sizeof path);
    if (getenv("EW_UPDATE_GOLDEN") != NULL) {
        update_golden(path);
    }
    enum ew_status status =
        ew_file_read_all(path, TEXT_BYTES_MAX, &golden, &golden_bytes, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    ck_assert_msg(text.used == golden_bytes && memcmp(text.bytes, golden, golden_bytes) == 0,
                  "%s: is not what is written now:\n%.2000s", path, text.bytes);
    free(golden);
}

START_TEST(sample__each_format__is_the_golden_file)
{
    struct ew_export_options options = sample_options((enum ew_export_format)_i);
    compare_golden("sample", &options);
}
END_TEST

START_TEST(hostile_names__each_format__are_the_golden_file)
{
    struct ew_export_options options = hostile_options((enum ew_export_format)_i);
    compare_golden("hostile", &options);
}
END_TEST

START_TEST(sample__written_twice__is_the_same)
{
    struct ew_export_options options = sample_options((enum ew_export_format)_i);
    (void)export_text_write(&text, &options);
    (void)export_text_write(&again, &options);
    ck_assert_uint_eq(text.used, again.used);
    ck_assert(memcmp(text.bytes, again.bytes, text.used) == 0);
}
END_TEST

START_TEST(sample__sink_is_full__fails_with_io)
{
    struct ew_export_options options = sample_options((enum ew_export_format)_i);
    struct ew_export_counts counts = {.rows = 77};
    struct ew_error error = {0};
    struct export_text full = {.room = 10};
    ck_assert_int_eq(ew_export_write(&options, export_text_sink, &full, &counts, &error), EW_IO);
    export_text_free(&full);
    ck_assert_uint_eq(counts.rows, 77);
    ck_assert(error.text[0] != '\0');
}
END_TEST

START_TEST(needs__nothing_given__each_format_refuses)
{
    struct ew_export_options options = sample_options((enum ew_export_format)_i);
    struct ew_export_counts counts;
    struct ew_error error = {0};
    options.merged = NULL;
    options.window_count = 0;
    ck_assert_int_eq(ew_export_write(&options, export_text_sink, &text, &counts, &error),
                     EW_USAGE);
}
END_TEST

/* Merges without windows have no stacks: what is left is the graph. */
START_TEST(merge__without_windows__makes_graphs_only)
{
    static const enum ew_export_format formats[] = {EW_EXPORT_SARIF, EW_EXPORT_STELLA_CALLGRAPH,
                                                    EW_EXPORT_DOT};
    struct ew_export_options options = sample_options(formats[_i]);
    options.window_count = 0;
    ck_assert_uint_gt(export_text_write(&text, &options).rows, 0);
    ck_assert_ptr_null(strstr(text.bytes, "codeFlows"));
}
END_TEST

START_TEST(windows__without_a_merge__are_told_by_key)
{
    struct ew_export_options options = sample_options(EW_EXPORT_STELLA_FACTS);
    options.merged = NULL;
    ck_assert_uint_eq(export_text_write(&text, &options).rows, 6);
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"symbolId\":\"n:542D574Ec2000:1000\""));
    ck_assert_ptr_null(strstr(text.bytes, "purl"));
}
END_TEST

START_TEST(facts__not_sealed__waits)
{
    struct ew_evidence open = *ew_sample_windows()[0].evidence;
    struct ew_window window = ew_sample_windows()[0];
    struct ew_export_options options = sample_options(EW_EXPORT_STELLA_FACTS);
    open.sealed = false;
    window.evidence = &open;
    options.windows = &window;
    options.window_count = 1;
    struct ew_export_counts counts = export_text_write(&text, &options);
    ck_assert_uint_eq(counts.rows, 0);
    ck_assert_uint_eq(counts.windows_open, 1);
    ck_assert_uint_eq(text.used, 0);
}
END_TEST

START_TEST(facts__of_a_known_runtime__name_it)
{
    struct ew_evidence told = *ew_sample_windows()[0].evidence;
    struct ew_window window = ew_sample_windows()[0];
    struct ew_export_options options = sample_options(EW_EXPORT_STELLA_FACTS);
    told.container_runtime = "docker";
    window.evidence = &told;
    options.windows = &window;
    options.window_count = 1;
    (void)export_text_write(&text, &options);
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"containerId\":\"docker://3e0b10f6"));
    told.container_runtime = NULL;
    (void)export_text_write(&text, &options);
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"containerId\":\"containerd://3e0b10f6"));
}
END_TEST

/* Documents may tell the largest number each: their sum is still one that readers know. */
START_TEST(hits__of_many_documents__stop_at_the_largest_number)
{
    static const enum ew_export_format formats[] = {EW_EXPORT_FOLDED, EW_EXPORT_SPEEDSCOPE,
                                                    EW_EXPORT_CYCLONEDX, EW_EXPORT_STELLA_FACTS};
    static const uint32_t frames[] = {0};
    const struct ew_evidence_path path = {frames, 1, true, 0, EW_JSON_INTEGER_MAX, 1, 1};
    const struct ew_evidence_observation seen[] = {{0, 0, EW_JSON_INTEGER_MAX, 0, 0, 1, 1},
                                                   {0, 0, EW_JSON_INTEGER_MAX, 0, 0, 1, 1}};
    struct ew_evidence large = *ew_sample_windows()[0].evidence;
    struct ew_window windows[2] = {ew_sample_windows()[0], ew_sample_windows()[0]};
    struct ew_export_options options = sample_options(formats[_i]);
    large.paths = &path;
    large.path_count = 1;
    large.observations = seen;
    large.observation_count = 2;
    windows[0].evidence = &large;
    windows[1].evidence = &large;
    options.windows = windows;
    options.window_count = 2;
    (void)export_text_write(&text, &options);
    ck_assert_ptr_nonnull(strstr(text.bytes, "9007199254740991"));
    ck_assert_ptr_null(strstr(text.bytes, "18014398509481982"));
    ck_assert_ptr_null(strstr(text.bytes, "36028797018963964"));
}
END_TEST

/* A text that is no package URL names no package, and cannot take another module's name. */
START_TEST(cyclonedx__what_is_no_package_url__is_no_package)
{
    struct ew_evidence_module modules[2] = {ew_sample_windows()[0].evidence->modules[0],
                                            ew_sample_windows()[0].evidence->modules[1]};
    struct ew_evidence forged = *ew_sample_windows()[0].evidence;
    struct ew_window window = ew_sample_windows()[0];
    struct ew_export_options options = sample_options(EW_EXPORT_CYCLONEDX);
    modules[0].purl = modules[1].key;
    forged.modules = modules;
    window.evidence = &forged;
    options.merged = NULL;
    options.windows = &window;
    options.window_count = 1;
    ck_assert_uint_eq(export_text_write(&text, &options).rows, 2);
    ck_assert_ptr_nonnull(
        strstr(text.bytes, "\"bom-ref\":\"mvid:6d000000-0000-0000-0000-000000000001\""));
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"bom-ref\":\"pe:542D574Ec2000\""));
    ck_assert_ptr_null(strstr(text.bytes, "\"purl\""));
}
END_TEST

/* Every reference leads to a component: a target that these windows did not see has none. */
START_TEST(cyclonedx__target_of_another_window__is_not_referred_to)
{
    struct ew_evidence none = *ew_sample_windows()[0].evidence;
    struct ew_window window = ew_sample_windows()[0];
    struct ew_export_options options = sample_options(EW_EXPORT_CYCLONEDX);
    none.observation_count = 0;
    none.path_count = 0;
    window.evidence = &none;
    options.windows = &window;
    options.window_count = 1;
    ck_assert_uint_eq(export_text_write(&text, &options).rows, 0);
    ck_assert_ptr_nonnull(strstr(text.bytes, "\"components\":[]"));
    ck_assert_ptr_null(strstr(text.bytes, "\"ref\""));
}
END_TEST

START_TEST(facts__unresolved__is_counted_not_told)
{
    struct ew_export_options options = sample_options(EW_EXPORT_STELLA_FACTS);
    ck_assert_uint_eq(export_text_write(&text, &options).functions_no_id, 1);
    ck_assert_ptr_null(strstr(text.bytes, "u:542D574Ec2000:3004"));
}
END_TEST

/* Whatever was or was not observed, no export may say that a product is not affected. */
START_TEST(exports__never__say_not_affected)
{
    static const char *const banned[] = {"not_affected", "code_not_reachable", "code_not_present",
                                         "not_in_execute_path"};
    struct ew_export_options options = sample_options((enum ew_export_format)_i);
    (void)export_text_write(&text, &options);
    for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
        ck_assert_ptr_null(strstr(text.bytes, banned[i]));
    }
}
END_TEST

START_TEST(window__index_out_of_range__is_refused)
{
    static const uint32_t frames[] = {9};
    static const struct ew_evidence_path path = {frames, 1, true, 0, 1, 1, 1};
    struct ew_evidence broken = *ew_sample_windows()[0].evidence;
    struct ew_window window = ew_sample_windows()[0];
    struct ew_export_options options = sample_options(EW_EXPORT_FOLDED);
    struct ew_export_counts counts;
    struct ew_error error = {0};
    broken.paths = &path;
    broken.path_count = 1;
    window.evidence = &broken;
    options.windows = &window;
    options.window_count = 1;
    ck_assert_int_eq(ew_export_write(&options, export_text_sink, &text, &counts, &error),
                     EW_FORMAT);
}
END_TEST

START_TEST(format__name__is_found_again)
{
    enum ew_export_format format;
    for (unsigned i = 0; i < EW_EXPORT_FORMAT_COUNT; i++) {
        ck_assert(
            ew_export_format_parse(ew_export_format_name((enum ew_export_format)i), &format));
        ck_assert_uint_eq(format, i);
    }
    ck_assert(!ew_export_format_parse("pprof", &format));
    ck_assert(!ew_export_format_parse("", &format));
}
END_TEST

static void tear_down(void)
{
    export_text_free(&text);
    export_text_free(&again);
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("exports");
    TCase *tcase = tcase_create("formats");
    tcase_add_checked_fixture(tcase, NULL, tear_down);
    tcase_add_loop_test(tcase, sample__each_format__is_the_golden_file, 0,
                        EW_EXPORT_FORMAT_COUNT);
    tcase_add_loop_test(tcase, hostile_names__each_format__are_the_golden_file, 0,
                        EW_EXPORT_FORMAT_COUNT);
    tcase_add_loop_test(tcase, sample__written_twice__is_the_same, 0, EW_EXPORT_FORMAT_COUNT);
    tcase_add_loop_test(tcase, sample__sink_is_full__fails_with_io, 0, EW_EXPORT_FORMAT_COUNT);
    tcase_add_loop_test(tcase, needs__nothing_given__each_format_refuses, 0,
                        EW_EXPORT_FORMAT_COUNT);
    tcase_add_loop_test(tcase, merge__without_windows__makes_graphs_only, 0, 3);
    tcase_add_test(tcase, windows__without_a_merge__are_told_by_key);
    tcase_add_test(tcase, facts__not_sealed__waits);
    tcase_add_test(tcase, facts__of_a_known_runtime__name_it);
    tcase_add_loop_test(tcase, hits__of_many_documents__stop_at_the_largest_number, 0, 4);
    tcase_add_test(tcase, cyclonedx__what_is_no_package_url__is_no_package);
    tcase_add_test(tcase, cyclonedx__target_of_another_window__is_not_referred_to);
    tcase_add_test(tcase, facts__unresolved__is_counted_not_told);
    tcase_add_loop_test(tcase, exports__never__say_not_affected, 0, EW_EXPORT_FORMAT_COUNT);
    tcase_add_test(tcase, window__index_out_of_range__is_refused);
    tcase_add_test(tcase, format__name__is_found_again);
    suite_add_tcase(suite, tcase);
    return suite;
}
