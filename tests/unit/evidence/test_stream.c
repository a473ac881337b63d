/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stream stands, after a stop and after a crash; documents published as bytes. */
#include "evidence/memory_files.h"
#include "evidence/sample_evidence.h"
#include "support/check_main.h"

#include <stdlib.h>
#include <string.h>

static struct ew_error error;

static struct ew_publisher *open_at(uint64_t heartbeat_100ns)
{
    struct ew_publisher_options options = {.directory = "out",
                                           .heartbeat_100ns = heartbeat_100ns};
    struct ew_publisher *publisher = NULL;
    ck_assert_msg(ew_publisher_open(&options, &publisher, &error) == EW_OK, "%s", error.text);
    return publisher;
}

static struct ew_evidence window(uint64_t sequence)
{
    struct ew_evidence evidence = ew_sample_minimal();
    evidence.sequence = sequence;
    evidence.start_100ns += sequence * 1000;
    evidence.end_100ns += sequence * 1000;
    return evidence;
}

static struct ew_published put(struct ew_publisher *publisher, uint64_t sequence)
{
    struct ew_evidence evidence = window(sequence);
    struct ew_published published = {.existed = false};
    ck_assert_msg(ew_publisher_put(publisher, &evidence, &published, &error) == EW_OK, "%s",
                  error.text);
    return published;
}

static const char *head(void)
{
    size_t bytes = 0;
    return ew_memory_content(ew_memory_path("out/heads/", 0), &bytes);
}

struct text {
    char bytes[8192];
    size_t used;
};

static bool collect(void *context, const void *bytes, size_t byte_count)
{
    struct text *text = context;
    ck_assert_uint_le(text->used + byte_count, sizeof text->bytes);
    memcpy(text->bytes + text->used, bytes, byte_count);
    text->used += byte_count;
    return true;
}

START_TEST(stream__without_a_document__is_not_found)
{
    struct ew_publisher *publisher = open_at(1);
    struct ew_stream_state state;
    ck_assert_int_eq(ew_publisher_stream(publisher, window(1).stream_id, &state, &error),
                     EW_NOT_FOUND);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(stream__after_a_stop__tells_last_document_and_stop)
{
    struct ew_publisher *publisher = open_at(1);
    (void)put(publisher, 1);
    struct ew_published last = put(publisher, 2);
    ck_assert_int_eq(ew_publisher_finish(publisher, window(1).stream_id, &error), EW_OK);
    ew_publisher_close(publisher);
    publisher = open_at(2);
    struct ew_stream_state state;
    ck_assert_int_eq(ew_publisher_stream(publisher, window(1).stream_id, &state, &error), EW_OK);
    ck_assert_uint_eq(state.sequence, 2);
    ck_assert_uint_eq(state.end_100ns, window(2).end_100ns);
    ck_assert_str_eq(state.sha256, last.sha256);
    ck_assert(state.stopped);
    ew_publisher_close(publisher);
}
END_TEST

/* Between the document and its head: the head tells of the one before. */
START_TEST(stream__cut_off_at_any_operation__tells_what_lies_there_and_no_stop)
{
    for (unsigned operations = 0;; operations++) {
        ew_memory_reset();
        struct ew_publisher *publisher = open_at(1);
        struct ew_published first = put(publisher, 1);
        struct ew_evidence second = window(2);
        struct ew_published published = {.existed = false};
        ew_memory_crash_after(operations);
        enum ew_status status = ew_publisher_put(publisher, &second, &published, &error);
        ew_publisher_close(publisher);
        ew_memory_restart();
        publisher = open_at(2);
        struct ew_stream_state state;
        ck_assert_int_eq(ew_publisher_stream(publisher, second.stream_id, &state, &error), EW_OK);
        ck_assert(!state.stopped);
        ck_assert_uint_eq(state.sequence, ew_memory_count("out/evidence/"));
        ck_assert_uint_eq(state.end_100ns, window(state.sequence).end_100ns);
        if (state.sequence == 1) {
            ck_assert_str_eq(state.sha256, first.sha256);
        } else if (status == EW_OK) {
            ck_assert_str_eq(state.sha256, published.sha256);
        }
        ew_publisher_close(publisher);
        if (status == EW_OK) {
            ck_assert_uint_gt(operations, 4);
            break;
        }
    }
}
END_TEST

START_TEST(head__renewed__has_the_new_heartbeat)
{
    struct ew_publisher *publisher = open_at(EW_SAMPLE_START);
    (void)put(publisher, 1);
    ck_assert_ptr_nonnull(strstr(head(), "\"heartbeat\":\"2026-08-26T00:00:00.0000000Z\""));
    ew_publisher_set_heartbeat(publisher, EW_SAMPLE_START + 10000000);
    ck_assert_int_eq(ew_publisher_renew(publisher, window(1).stream_id, &error), EW_OK);
    ck_assert_ptr_nonnull(strstr(head(), "\"heartbeat\":\"2026-08-26T00:00:01.0000000Z\""));
    ck_assert_ptr_nonnull(strstr(head(), "\"state\":\"running\""));
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(document__published_as_bytes__is_the_one_of_its_tables)
{
    struct ew_publisher *publisher = open_at(1);
    struct ew_published tables = put(publisher, 1);
    struct ew_evidence evidence = window(1);
    struct text text = {.used = 0};
    ck_assert_int_eq(ew_evidence_write(&evidence, collect, &text, &error), EW_OK);
    struct ew_document document = {.sequence = 1,
                                   .sealed = evidence.sealed,
                                   .start_100ns = evidence.start_100ns,
                                   .bytes = text.bytes,
                                   .byte_count = text.used};
    memcpy(document.stream_id, evidence.stream_id, sizeof document.stream_id);
    struct ew_published bytes = {.existed = false};
    ck_assert_int_eq(ew_publisher_put_bytes(publisher, &document, &bytes, &error), EW_OK);
    ck_assert(bytes.existed);
    ck_assert_str_eq(bytes.file_name, tables.file_name);
    ck_assert_str_eq(bytes.sha256, tables.sha256);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(document__with_a_gap__tells_its_span_and_reason)
{
    struct ew_evidence_gap gap = {.from_sequence = 3,
                                  .to_sequence = 3,
                                  .start_100ns = EW_SAMPLE_START,
                                  .end_100ns = EW_SAMPLE_START + 10000000,
                                  .reason = EW_GAP_SESSION_LOST};
    struct ew_evidence evidence = window(3);
    struct text text = {.used = 0};
    evidence.gaps = &gap;
    evidence.gap_count = 1;
    ck_assert_int_eq(ew_evidence_write(&evidence, collect, &text, &error), EW_OK);
    text.bytes[text.used] = '\0';
    ck_assert_ptr_nonnull(
        strstr(text.bytes, ",\"gaps\":[{\"end\":\"2026-08-26T00:00:01.0000000Z\",\"from\":3,"
                           "\"start\":\"2026-08-26T00:00:00.0000000Z\",\"to\":3,"
                           "\"why\":\"session-lost\"}],\"host\":"));
    gap.to_sequence = 4;
    ck_assert_int_eq(ew_evidence_write(&evidence, collect, &text, &error), EW_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "gaps[0]"));
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("stream");
    TCase *tests = tcase_create("stream");
    tcase_add_checked_fixture(tests, ew_memory_reset, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, stream__without_a_document__is_not_found);
    tcase_add_test(tests, stream__after_a_stop__tells_last_document_and_stop);
    tcase_add_test(tests, stream__cut_off_at_any_operation__tells_what_lies_there_and_no_stop);
    tcase_add_test(tests, head__renewed__has_the_new_heartbeat);
    tcase_add_test(tests, document__published_as_bytes__is_the_one_of_its_tables);
    tcase_add_test(tests, document__with_a_gap__tells_its_span_and_reason);
    suite_add_tcase(suite, tests);
    return suite;
}
