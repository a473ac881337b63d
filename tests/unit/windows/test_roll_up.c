/* SPDX-License-Identifier: Apache-2.0 */
/* A roll-up says what its documents say together, whatever steps it was made in. */
#include "support/check_main.h"
#include "windows/random_documents.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 8 };

static const char stream_id[] = "00000000000000000000000000000000";
static struct ew_error error;
static struct random rng;
static struct dump first;
static struct dump second;

static struct ew_window_set *make_set(void)
{
    struct ew_window_set *set = NULL;
    ck_assert_int_eq(ew_window_set_create(&set), EW_OK);
    return set;
}

static void add(struct ew_window_set *set, const struct document *document)
{
    ck_assert_msg(
        ew_window_set_add_bytes(set, "doc", document->bytes, document->byte_count, &error)
            == EW_OK,
        "%s", error.text);
}

static void add_number(struct ew_window_set *set, uint64_t number, bool sealed)
{
    struct document_plan plan = {0, number, number, 0, sealed, false};
    struct document document = random_document(&rng, &plan);
    add(set, &document);
    free_document(&document);
}

static enum ew_status roll_up(struct ew_window_set *set, uint64_t from, uint64_t to,
                              struct document *out)
{
    memset(&error, 0, sizeof error);
    return ew_window_set_roll_up(set, stream_id, from, to, &out->bytes, &out->byte_count, &error);
}

static struct ew_window_set *full_set(void)
{
    struct ew_window_set *set = make_set();
    for (uint64_t number = 1; number < NUMBERS; number++) {
        add_number(set, number, true);
    }
    return set;
}

START_TEST(roll_up__of_a_range__says_what_its_documents_say)
{
    struct ew_window_set *set = full_set();
    struct ew_window_set *rolled = make_set();
    struct document document = {0};
    rng.state = (uint64_t)_i;
    ck_assert_msg(roll_up(set, 0, NUMBERS - 1, &document) == EW_OK, "%s", error.text);
    add(rolled, &document);
    dump_fold(set, &first);
    dump_fold(rolled, &second);
    ck_assert_str_eq(first.text, second.text);
    ck_assert_uint_gt(first.bytes, 0);
    size_t count = 0;
    const struct ew_window_stream *stream = ew_window_set_streams(rolled, &count);
    ck_assert_uint_eq(stream->windows, NUMBERS - 1);
    ck_assert_uint_eq(stream->missing, 0);
    free_document(&document);
    ew_window_set_destroy(set);
    ew_window_set_destroy(rolled);
}
END_TEST

START_TEST(roll_up__of_roll_ups__is_that_of_their_documents)
{
    struct document whole = {0};
    struct document low = {0};
    struct document high = {0};
    struct document joined = {0};
    rng.state = (uint64_t)_i + 100;
    struct ew_window_set *set = full_set();
    ck_assert_int_eq(roll_up(set, 0, 7, &whole), EW_OK);
    ck_assert_int_eq(roll_up(set, 0, 3, &low), EW_OK);
    ck_assert_int_eq(roll_up(set, 4, 7, &high), EW_OK);
    add(set, &low);
    add(set, &high);
    ck_assert_int_eq(roll_up(set, 0, 7, &joined), EW_OK);
    ck_assert_uint_eq(joined.byte_count, whole.byte_count);
    ck_assert_mem_eq(joined.bytes, whole.bytes, whole.byte_count);
    free_document(&whole);
    free_document(&low);
    free_document(&high);
    free_document(&joined);
    ew_window_set_destroy(set);
}
END_TEST

START_TEST(roll_up__made__counts_instead_of_its_documents)
{
    struct ew_window_set *set = full_set();
    struct document document = {0};
    struct ew_window_set_counts counts;
    dump_fold(set, &first);
    ck_assert_int_eq(roll_up(set, 4, 7, &document), EW_OK);
    add(set, &document);
    dump_fold(set, &second);
    ck_assert_str_eq(first.text, second.text);
    ck_assert_int_eq(ew_window_set_counts(set, &counts), EW_OK);
    ck_assert_uint_eq(counts.absorbed, 4);
    ck_assert_uint_eq(counts.counted, 4);
    ck_assert_ptr_nonnull(strstr(document.bytes, "\"covers\":{\"from\":4,\"to\":7}"));
    ck_assert_ptr_nonnull(strstr(document.bytes, "\"reason\":\"rollup\""));
    ck_assert_ptr_nonnull(strstr(document.bytes, "\"eventsLost\":21"));
    free_document(&document);
    ew_window_set_destroy(set);
}
END_TEST

START_TEST(roll_up__that_cannot_be__is_refused_with_the_reason)
{
    struct ew_window_set *set = make_set();
    struct document document = {0};
    add_number(set, 1, true);
    add_number(set, 2, true);
    add_number(set, 3, false);
    ck_assert_int_eq(roll_up(set, 1, 2, &document), EW_USAGE);
    ck_assert_int_eq(roll_up(set, 2, 2, &document), EW_USAGE);
    ck_assert_int_eq(roll_up(set, 2, 3, &document), EW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "not sealed"));
    ck_assert_int_eq(roll_up(set, 0, 7, &document), EW_NOT_FOUND);
    ck_assert_int_eq(roll_up(set, 8, 15, &document), EW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "number 8 is missing"));
    ck_assert_int_eq(roll_up(set, 0, 1, &document), EW_OK);
    add(set, &document);
    free_document(&document);
    ck_assert_int_eq(roll_up(set, 0, 1, &document), EW_EXISTS);
    ew_window_set_destroy(set);
}
END_TEST

/* Many paths with one leaf: the best of it are kept. */
START_TEST(roll_up__with_many_paths_of_a_leaf__keeps_the_most_hit)
{
    enum { PATHS = 12 };
    static struct ew_evidence_function functions[PATHS + 1];
    static char keys[PATHS + 1][8];
    struct ew_window_set *set = make_set();
    for (uint64_t number = 2; number < 4; number++) {
        struct ew_evidence_path paths[PATHS];
        uint32_t frames[PATHS][2];
        struct ew_evidence_source source = {.kind = EW_SOURCE_STACK_SAMPLE};
        struct ew_evidence_module module = {.key = "name:a", .name = "a"};
        for (uint32_t i = 0; i <= PATHS; i++) {
            (void)snprintf(keys[i], sizeof keys[i], "u:%02u", i);
            functions[i].key = keys[i];
        }
        for (uint32_t i = 0; i < PATHS; i++) {
            frames[i][0] = i;
            frames[i][1] = PATHS;
            struct ew_evidence_path path = {frames[i], 2,           true,       0,
                                            i + 1,     number * 10, number * 10};
            paths[i] = path;
        }
        struct ew_evidence evidence = {.producer_version = "1",
                                       .sequence = number,
                                       .sealed = true,
                                       .start_100ns = number * 10,
                                       .end_100ns = number * 10 + 10,
                                       .host_id = "h",
                                       .arch = "x86",
                                       .subject_kind = "host",
                                       .subject_name = "h",
                                       .sources = &source,
                                       .source_count = 1,
                                       .modules = &module,
                                       .module_count = 1,
                                       .functions = functions,
                                       .function_count = PATHS + 1,
                                       .paths = paths,
                                       .path_count = PATHS};
        memcpy(evidence.stream_id, stream_id, sizeof evidence.stream_id);
        struct document document = write_document(&evidence);
        add(set, &document);
        free_document(&document);
    }
    struct document document = {0};
    ck_assert_int_eq(roll_up(set, 2, 3, &document), EW_OK);
    add(set, &document);
    size_t count = 0;
    const struct ew_evidence *rolled = ew_window_set_windows(set, &count)->evidence;
    ck_assert_uint_eq(rolled->path_count, EW_PATHS_PER_LEAF_MAX);
    ck_assert_uint_eq(rolled->paths[0].hits, 2 * (PATHS - EW_PATHS_PER_LEAF_MAX + 1));
    ck_assert_uint_eq(rolled->paths[EW_PATHS_PER_LEAF_MAX - 1].hits, 2 * PATHS);
    ck_assert(!rolled->quality.throttled);
    free_document(&document);
    ew_window_set_destroy(set);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("roll-ups");
    TCase *tests = tcase_create("roll-ups");
    tcase_add_loop_test(tests, roll_up__of_a_range__says_what_its_documents_say, 0, 50);
    tcase_add_loop_test(tests, roll_up__of_roll_ups__is_that_of_their_documents, 0, 50);
    tcase_add_test(tests, roll_up__made__counts_instead_of_its_documents);
    tcase_add_test(tests, roll_up__that_cannot_be__is_refused_with_the_reason);
    tcase_add_test(tests, roll_up__with_many_paths_of_a_leaf__keeps_the_most_hit);
    suite_add_tcase(suite, tests);
    return suite;
}
