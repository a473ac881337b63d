/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a replay: by event time, half-open, late halves in the window they belong to. */
#include "base/cursor.h"
#include "etwitness/etl_writer.h"
#include "etwitness/pipeline.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

#define RECORDING "windows-test.etl"
#define START UINT64_C(132223104000000000)
#define SECOND UINT64_C(10000000)
#define KERNEL UINT64_C(0xfffff80000001000)

enum { PID = 100, TID = 8, DOCUMENTS_MAX = 64 };

static struct ew_etl_writer *writer;
static struct ew_error error;

struct document {
    uint64_t start; /* after START */
    uint64_t end;
    uint64_t stacks;
    uint64_t kernel_only;
    uint64_t processes;
    uint64_t sequence;
    enum ew_window_reason reason;
};

static struct document documents[DOCUMENTS_MAX];
static size_t document_count;
static struct ew_replay_result result;

/* --- a recording in words ---------------------------------------------------------------- */

static void put(uint64_t time, uint16_t hook, uint8_t version, uint8_t header_type,
                const uint8_t *payload, uint32_t payload_bytes)
{
    static uint8_t record[EW_EVENT_BYTES_MAX];
    struct ew_event event = {.time_raw = time,
                             .provider = ew_kernel_class(hook),
                             .payload = payload,
                             .payload_bytes = payload_bytes,
                             .hook = hook,
                             .opcode = (uint8_t)hook,
                             .version = version,
                             .pointer_bytes = 8,
                             .header_type = header_type,
                             .kind = EW_EVENT_KERNEL,
                             .process_id = PID,
                             .thread_id = TID};
    uint32_t bytes = ew_etl_build_record(&event, record);
    ck_assert_uint_ne(bytes, 0);
    ck_assert_msg(ew_etl_writer_put(writer, 0, record, bytes, &error) == EW_OK, "%s", error.text);
}

static void thread_running(uint64_t time)
{
    uint8_t payload[72] = {0};
    ew_store_u32(payload, PID);
    ew_store_u32(payload + 4, TID);
    put(time, 0x0503, 3, EW_HEADER_SYSTEM64, payload, sizeof payload);
}

static void sample(uint64_t time)
{
    uint8_t payload[16] = {0};
    ew_store_u64(payload, KERNEL);
    ew_store_u32(payload + 8, TID);
    ew_store_u16(payload + 12, 1);
    put(time, 0x0f2e, 2, EW_HEADER_PERFINFO64, payload, sizeof payload);
}

static void half(uint64_t time, uint64_t sample_time, uint64_t address)
{
    uint8_t payload[24];
    ew_store_u64(payload, sample_time);
    ew_store_u32(payload + 8, PID);
    ew_store_u32(payload + 12, TID);
    ew_store_u64(payload + 16, address);
    put(time, 0x1820, 2, EW_HEADER_PERFINFO64, payload, sizeof payload);
}

static void sample_with_stack(uint64_t time, uint64_t user_half_time)
{
    sample(time);
    half(time + 1, time, KERNEL);
    half(user_half_time, time, 0x1000);
}

static void begin(void)
{
    struct ew_etl_writer_options options = {.buffer_bytes = 65536, .cpu_count = 1};
    struct ew_etl_header header = {.boot_time = START - SECOND,
                                   .start_time = START,
                                   .end_time = START + 100 * SECOND,
                                   .clock_frequency = SECOND,
                                   .header_time_raw = 0,
                                   .os_build = 20348,
                                   .os_major = 10,
                                   .pointer_bytes = 8,
                                   .clock = EW_CLOCK_QPC,
                                   .logger_name = "test",
                                   .log_file_name = "test.etl"};
    ck_assert_msg(ew_etl_writer_open(RECORDING, &options, &header, &writer, &error) == EW_OK,
                  "%s", error.text);
    thread_running(0);
}

static void note(void *context, const struct ew_evidence *evidence,
                 const struct ew_published *published)
{
    (void)context;
    (void)published;
    ck_assert_uint_lt(document_count, DOCUMENTS_MAX);
    struct document *shown = &documents[document_count++];
    shown->start = evidence->start_100ns - START;
    shown->end = evidence->end_100ns - START;
    shown->stacks = evidence->quality.stacks_total;
    shown->kernel_only = evidence->quality.stacks_kernel_only;
    shown->processes = evidence->process_count;
    shown->sequence = evidence->sequence;
    shown->reason = evidence->reason;
}

static void replay(uint64_t window_seconds)
{
    static const char *const paths[] = {RECORDING};
    struct ew_replay_options options = {
        .paths = paths, .path_count = 1, .window_seconds = window_seconds, .on_document = note};
    ck_assert_int_eq(ew_etl_writer_close(writer, &error), EW_OK);
    document_count = 0;
    ck_assert_msg(ew_replay_run(&options, &result, &error) == EW_OK, "%s", error.text);
    ew_replay_result_free(&result);
}

static void clean(void)
{
    (void)remove(RECORDING);
}

/* --- tests ---------------------------------------------------------------------------------- */

START_TEST(windows__of_ten_seconds__are_half_open)
{
    begin();
    sample_with_stack(SECOND, SECOND + 2);
    sample_with_stack(10 * SECOND - 1, 10 * SECOND + 5);
    sample_with_stack(10 * SECOND + 6, 10 * SECOND + 8);
    sample_with_stack(20 * SECOND, 20 * SECOND + 2);
    replay(10);
    ck_assert_uint_eq(document_count, 3);
    ck_assert_uint_eq(documents[0].stacks, 2);
    ck_assert_uint_eq(documents[1].stacks, 1);
    ck_assert_uint_eq(documents[2].stacks, 1);
    ck_assert_uint_eq(documents[0].start, 0);
    ck_assert_uint_eq(documents[0].end, 10 * SECOND);
    ck_assert_uint_eq(documents[1].start, 10 * SECOND);
    ck_assert_uint_eq(documents[2].start, 20 * SECOND);
    ck_assert_uint_eq(documents[2].end, 20 * SECOND + 3);
    ck_assert_int_eq(documents[0].reason, EW_WINDOW_INTERVAL);
    ck_assert_int_eq(documents[2].reason, EW_WINDOW_SHUTDOWN);
    ck_assert_uint_eq(documents[2].sequence, 3);
    ck_assert_uint_eq(result.late, 0);
}
END_TEST

START_TEST(user_half__in_the_next_window__completes_the_stack_in_its_own)
{
    begin();
    sample_with_stack(10 * SECOND - 2, 10 * SECOND + 3000000);
    sample_with_stack(15 * SECOND, 15 * SECOND + 2);
    sample_with_stack(30 * SECOND, 30 * SECOND + 2);
    replay(10);
    ck_assert_uint_eq(documents[0].stacks, 1);
    ck_assert_uint_eq(documents[0].kernel_only, 0);
    ck_assert_uint_eq(documents[1].stacks, 1);
}
END_TEST

START_TEST(user_half__that_never_comes__is_kernel_only_in_the_window_of_its_sample)
{
    begin();
    sample(10 * SECOND - 2);
    half(10 * SECOND - 1, 10 * SECOND - 2, KERNEL);
    sample_with_stack(25 * SECOND, 25 * SECOND + 2);
    replay(10);
    ck_assert_uint_eq(documents[0].stacks, 1);
    ck_assert_uint_eq(documents[0].kernel_only, 1);
}
END_TEST

START_TEST(time__in_which_nothing_happened__makes_no_document)
{
    begin();
    sample_with_stack(SECOND, SECOND + 2);
    sample_with_stack(95 * SECOND, 95 * SECOND + 2);
    replay(10);
    ck_assert_uint_eq(document_count, 2);
    ck_assert_uint_eq(documents[1].start, 90 * SECOND);
    ck_assert_uint_eq(documents[1].sequence, 2);
}
END_TEST

START_TEST(window__of_zero__is_the_whole_recording)
{
    begin();
    sample_with_stack(SECOND, SECOND + 2);
    sample_with_stack(95 * SECOND, 95 * SECOND + 2);
    replay(0);
    ck_assert_uint_eq(document_count, 1);
    ck_assert_uint_eq(documents[0].stacks, 2);
    ck_assert_uint_eq(documents[0].start, 0);
    ck_assert_uint_eq(documents[0].end, 95 * SECOND + 3);
    ck_assert_uint_eq(documents[0].processes, 1);
}
END_TEST

START_TEST(recording__without_samples_or_modules__makes_no_document)
{
    begin();
    replay(0);
    ck_assert_uint_eq(document_count, 0);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("windows");
    TCase *tests = tcase_create("windows");
    tcase_add_checked_fixture(tests, NULL, clean);
    tcase_add_test(tests, windows__of_ten_seconds__are_half_open);
    tcase_add_test(tests, user_half__in_the_next_window__completes_the_stack_in_its_own);
    tcase_add_test(tests,
                   user_half__that_never_comes__is_kernel_only_in_the_window_of_its_sample);
    tcase_add_test(tests, time__in_which_nothing_happened__makes_no_document);
    tcase_add_test(tests, window__of_zero__is_the_whole_recording);
    tcase_add_test(tests, recording__without_samples_or_modules__makes_no_document);
    suite_add_tcase(suite, tests);
    return suite;
}
