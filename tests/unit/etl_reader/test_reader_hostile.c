/* SPDX-License-Identifier: Apache-2.0 */
/* A small recording of everything, cut and changed at every byte: errors or damage, no more. */
#include "capture/etl/reader.h"
#include "support/check_main.h"
#include "support/etl_bytes.h"

#include <stdlib.h>
#include <string.h>

enum { TIME = ETL_ORIGIN + 10 };

static struct etl_bytes whole;

static void put_everything(struct etl_bytes *bytes)
{
    static const uint8_t kernel[] = {EW_HEADER_SYSTEM64, EW_HEADER_COMPACT32,
                                     EW_HEADER_PERFINFO64};
    for (size_t i = 0; i < sizeof kernel; i++) {
        (void)etl_kernel(bytes, kernel[i], 0x0501, 3, TIME);
    }
    (void)etl_kernel(bytes, EW_HEADER_PERFINFO64, 0x0f2e, 0x8102, TIME);
    (void)etl_classic(bytes, EW_HEADER_FULL64, 0x30, TIME);
    (void)etl_classic(bytes, EW_HEADER_INSTANCE32, 0x48, TIME);
    (void)etl_message(bytes, 0x6b, TIME);
    uint8_t *items = etl_event(bytes, EW_HEADER_EVENT64, TIME, 48) + 0x50;
    for (unsigned i = 0; i < 2; i++) {
        ew_store_u16(items + 24 * i, 24);
        ew_store_u16(items + 24 * i + 2, (uint16_t)(1 + 4 * i));
        ew_store_u16(items + 24 * i + 4, i == 0);
        ew_store_u16(items + 24 * i + 6, 16);
    }
}

static void make_recording(void)
{
    struct etl_header header = etl_usual;
    header.mode |= 0x04000000 | 2;
    etl_begin(&whole, &header);
    etl_end(&whole, 8);
    etl_buffer(&whole, 1);
    put_everything(&whole);
    etl_end(&whole, 16);
    etl_buffer(&whole, 2);
    put_everything(&whole);
    etl_end_compressed(&whole);
}

/* Everything that can be looked at, in an exact copy, so that a read behind is seen. */
static uint64_t read_all(const uint8_t *data, size_t size, enum ew_order order)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    const struct ew_etl_input input = {"made.etl", copy, size};
    struct ew_recording *recording = NULL;
    struct ew_error error = {0};
    struct ew_event event;
    struct ew_item item;
    uint64_t sum = 0;
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, size);
    enum ew_status status = ew_recording_open_inputs(&input, 1, order, &recording, &error);
    if (status != EW_OK) {
        ck_assert(status == EW_FORMAT || status == EW_UNSUPPORTED || status == EW_LIMIT);
        ck_assert_str_ne(error.text, "");
        free(copy);
        return 0;
    }
    while ((status = ew_recording_next(recording, &event, &error)) == EW_OK) {
        uint32_t offset = 0;
        for (uint32_t i = 0; i < event.record_bytes; i++) {
            sum += event.record[i];
        }
        ck_assert(event.payload >= event.record);
        ck_assert(event.payload + event.payload_bytes == event.record + event.record_bytes);
        while (ew_event_next_item(&event, &offset, &item)) {
            ck_assert(item.data + item.data_bytes <= event.payload);
        }
        sum++;
    }
    ck_assert_int_eq(status, EW_END);
    ck_assert_uint_eq(ew_recording_counts(recording).bytes_read, size);
    ew_recording_close(recording);
    free(copy);
    return sum;
}

START_TEST(recording__cut_at_every_byte__ends_in_an_error_or_damage)
{
    make_recording();
    for (size_t size = 0; size < whole.size; size++) {
        (void)read_all(whole.data, size, EW_ORDER_FILE);
        (void)read_all(whole.data, size, EW_ORDER_TIME);
    }
    ck_assert_uint_gt(read_all(whole.data, whole.size, EW_ORDER_FILE), 0);
    ck_assert_uint_eq(read_all(whole.data, whole.size, EW_ORDER_FILE),
                      read_all(whole.data, whole.size, EW_ORDER_TIME));
}
END_TEST

static void change_every_byte(uint8_t mask)
{
    make_recording();
    for (size_t at = 0; at < whole.size; at++) {
        whole.data[at] ^= mask;
        (void)read_all(whole.data, whole.size, EW_ORDER_FILE);
        (void)read_all(whole.data, whole.size, EW_ORDER_TIME);
        whole.data[at] ^= mask;
    }
}

START_TEST(recording__with_every_byte_inverted__ends_in_an_error_or_damage)
{
    change_every_byte(0xff);
}
END_TEST

START_TEST(recording__with_every_bit_changed__ends_in_an_error_or_damage)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        change_every_byte((uint8_t)(1u << bit));
    }
}
END_TEST

START_TEST(recording__with_every_word_at_its_ends__ends_in_an_error_or_damage)
{
    static const uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
    make_recording();
    for (size_t at = 0; at + 4 <= whole.size; at += 2) {
        uint32_t before = ew_load_u32(whole.data + at);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            ew_store_u32(whole.data + at, values[i]);
            (void)read_all(whole.data, whole.size, EW_ORDER_FILE);
            (void)read_all(whole.data, whole.size, EW_ORDER_TIME);
        }
        ew_store_u32(whole.data + at, before);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("reader_hostile");
    TCase *tcase = tcase_create("hostile");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, recording__cut_at_every_byte__ends_in_an_error_or_damage);
    tcase_add_test(tcase, recording__with_every_byte_inverted__ends_in_an_error_or_damage);
    tcase_add_test(tcase, recording__with_every_bit_changed__ends_in_an_error_or_damage);
    tcase_add_test(tcase, recording__with_every_word_at_its_ends__ends_in_an_error_or_damage);
    suite_add_tcase(suite, tcase);
    return suite;
}
