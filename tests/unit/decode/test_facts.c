/* SPDX-License-Identifier: Apache-2.0 */
/* What kernel events mean: values, choices between layouts, arrays, names, counts. */
#include "etwitness/decode.h"
#include "etwitness/limits.h"
#include "support/check_main.h"
#include "unit/decode/payloads.h"

#include <string.h>

static const uint8_t both_pointers[] = {4, 8};

static void put_process_head(struct payload *payload)
{
    put_pointer(payload, 0x1000); /* UniqueProcessKey */
    put_u32(payload, 11);         /* ProcessId */
    put_u32(payload, 12);         /* ParentId */
    put_u32(payload, 13);         /* SessionId */
    put_u32(payload, 14);         /* ExitStatus */
    put_pointer(payload, 0x2000); /* DirectoryTableBase */
    put_u32(payload, 2);          /* Flags */
}

START_TEST(process__version_4__has_all_fields)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_process_head(&payload);
    put_user(&payload);
    put_text(&payload, "smss.exe");
    put_utf16(&payload, "smss /x");
    put_utf16(&payload, "Package");
    put_utf16(&payload, "App");
    struct ew_event event = kernel_event(&payload, 0x0303, 4);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_int_eq(fact.process.phase, EW_PHASE_DC_START);
    ck_assert_uint_eq(fact.process.unique_key, 0x1000);
    ck_assert_uint_eq(fact.process.process_id, 11);
    ck_assert_uint_eq(fact.process.parent_id, 12);
    ck_assert_uint_eq(fact.process.session_id, 13);
    ck_assert_uint_eq(fact.process.exit_status, 14);
    ck_assert_uint_eq(fact.process.flags, 2);
    ck_assert(bytes_are(fact.process.image_name, "smss.exe"));
    ck_assert(utf16_is(fact.process.command_line, "smss /x"));
    ck_assert(utf16_is(fact.process.package_name, "Package"));
    ck_assert_ptr_null(fact.process.image_path.data);
}
END_TEST

/* After the head: nothing but a zero word, or a SID behind a blanked pointer. */
static void check_process_without_pointer(uint8_t pointer_bytes, bool sid)
{
    struct payload payload = {.pointer_bytes = pointer_bytes};
    struct ew_fact fact;
    put_process_head(&payload);
    put_zeros(&payload, sid ? 2 * (size_t)pointer_bytes : 4);
    if (sid) {
        put_sid(&payload);
    }
    put_text(&payload, "a.exe");
    put_utf16(&payload, "");
    put_utf16(&payload, "");
    put_utf16(&payload, "");
    struct ew_event event = kernel_event(&payload, 0x0301, 4);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert(bytes_are(fact.process.image_name, "a.exe"));
    ck_assert(utf16_is(fact.process.command_line, ""));
}

START_TEST(process__user_absent_or_blanked__is_skipped_rightly)
{
    check_process_without_pointer(both_pointers[_i], false);
    check_process_without_pointer(both_pointers[_i], true);
}
END_TEST

START_TEST(process__user_that_is_no_sid__is_refused)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_process_head(&payload);
    put_pointer(&payload, 1);
    put_zeros(&payload, 64);
    struct ew_event event = kernel_event(&payload, 0x0301, 4);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
}
END_TEST

START_TEST(process__version_0__has_ids_of_pointer_size)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_pointer(&payload, 11);
    put_pointer(&payload, 12);
    put_user(&payload);
    put_text(&payload, "old.exe");
    struct ew_event event = classic_event(&payload, &ew_guid_process, 1, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.process.process_id, 11);
    ck_assert_uint_eq(fact.process.parent_id, 12);
    ck_assert_uint_eq(fact.process.unique_key, 0);
}
END_TEST

START_TEST(thread__version_0__has_the_ids_swapped)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u32(&payload, 5);
    put_u32(&payload, 6);
    struct ew_event event = kernel_event(&payload, 0x0501, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.thread.thread_id, 5);
    ck_assert_uint_eq(fact.thread.process_id, 6);
    event.version = 1;
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.thread.process_id, 5);
    ck_assert_uint_eq(fact.thread.thread_id, 6);
}
END_TEST

START_TEST(thread__version_3__may_stop_before_priorities_or_name)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u32(&payload, 5);
    put_u32(&payload, 6);
    for (uint64_t field = 1; field <= 7; field++) {
        put_pointer(&payload, field);
    }
    put_u32(&payload, 9);
    put_u32(&payload, 0x01020304);
    put_utf16(&payload, "Name");
    struct ew_event event = kernel_event(&payload, 0x0503, 3);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert(utf16_is(fact.thread.name, "Name"));
    ck_assert_uint_eq(fact.thread.win32_start_address, 6);
    for (uint32_t bytes = 68; bytes < payload.used; bytes++) {
        event.payload_bytes = bytes;
        enum ew_status expected = bytes == 68 || bytes == 72 ? EW_OK : EW_FORMAT;
        ck_assert_msg(ew_decode(&event, &fact) == expected, "%u bytes", bytes);
    }
}
END_TEST

static void put_image(struct payload *payload)
{
    put_pointer(payload, 0x400000);
    put_pointer(payload, 0x9000);
    put_u32(payload, 33);
    put_u32(payload, 0xcafe);
    put_u32(payload, 0x5fb80000);
    put_u32(payload, 0);
    put_pointer(payload, 0x180000);
    put_zeros(payload, 16);
    put_utf16(payload, "\\Device\\x.dll");
}

static void check_image(const struct ew_event *event, enum ew_phase phase)
{
    struct ew_fact fact;
    ck_assert_int_eq(ew_decode(event, &fact), EW_OK);
    ck_assert_int_eq(fact.kind, EW_FACT_IMAGE);
    ck_assert_int_eq(fact.image.phase, phase);
    ck_assert_uint_eq(fact.image.base, 0x400000);
    ck_assert_uint_eq(fact.image.size_bytes, 0x9000);
    ck_assert_uint_eq(fact.image.process_id, 33);
    ck_assert_uint_eq(fact.image.checksum, 0xcafe);
    ck_assert_uint_eq(fact.image.timestamp, 0x5fb80000);
    ck_assert_uint_eq(fact.image.default_base, 0x180000);
    ck_assert(utf16_is(fact.image.path, "\\Device\\x.dll"));
}

START_TEST(image__by_hook_and_by_class__is_the_same)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    put_image(&payload);
    struct ew_event event = kernel_event(&payload, 0x030a, 2);
    check_image(&event, EW_PHASE_START);
    ck_assert_str_eq(ew_event_name(&event), "Image/Load");
    event = classic_event(&payload, &ew_guid_image, 10, 3);
    check_image(&event, EW_PHASE_START);
    event = kernel_event(&payload, 0x1402, 2);
    check_image(&event, EW_PHASE_END);
    event = classic_event(&payload, &ew_guid_image, 3, 2);
    check_image(&event, EW_PHASE_DC_START);
    event = kernel_event(&payload, 0x1404, 2);
    check_image(&event, EW_PHASE_DC_END);
}
END_TEST

START_TEST(image__version_0__belongs_to_the_process_of_the_header)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_pointer(&payload, 0x400000);
    put_u32(&payload, 0x9000);
    put_utf16(&payload, "C:\\x.dll");
    struct ew_event event = classic_event(&payload, &ew_guid_image, 10, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.image.process_id, 77);
    ck_assert_uint_eq(fact.image.size_bytes, 0x9000);
    ck_assert(utf16_is(fact.image.path, "C:\\x.dll"));
}
END_TEST

START_TEST(known_version__more_than_padding_behind_it__is_refused)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_image(&payload);
    put_zeros(&payload, 7);
    struct ew_event event = kernel_event(&payload, 0x030a, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    put_u8(&payload, 0);
    event = kernel_event(&payload, 0x030a, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
}
END_TEST

START_TEST(refused__payload__leaves_the_fact_untouched)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    struct ew_fact before;
    memset(&fact, 0x5a, sizeof fact);
    before = fact;
    put_u32(&payload, 1);
    struct ew_event event = kernel_event(&payload, 0x0f2e, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
    ck_assert_mem_eq(&fact, &before, sizeof fact);
}
END_TEST

START_TEST(sample__fields__are_read)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_pointer(&payload, 0x7fff1234);
    put_u32(&payload, 42);
    put_u16(&payload, 3);
    put_u8(&payload, 0x41);
    put_u8(&payload, 0);
    struct ew_event event = kernel_event(&payload, 0x0f2e, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.sample.address, 0x7fff1234);
    ck_assert_uint_eq(fact.sample.thread_id, 42);
    ck_assert_uint_eq(fact.sample.count, 3);
    ck_assert_uint_eq(fact.sample.flags, 0x41);
}
END_TEST

static void put_stack(struct payload *payload, unsigned frame_count)
{
    put_u64(payload, 123456);
    put_u32(payload, 7);
    put_u32(payload, 8);
    for (unsigned i = 0; i < frame_count; i++) {
        put_pointer(payload, 0x1000 + i);
    }
}

START_TEST(stack__frames__are_all_there)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_stack(&payload, EW_FRAMES_MAX);
    struct ew_event event = kernel_event(&payload, 0x1820, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.stack.event_time_raw, 123456);
    ck_assert_uint_eq(fact.stack.process_id, 7);
    ck_assert_uint_eq(fact.stack.thread_id, 8);
    ck_assert_uint_eq(fact.stack.frames.count, EW_FRAMES_MAX);
    ck_assert_uint_eq(ew_address_at(&fact.stack.frames, EW_FRAMES_MAX - 1),
                      0x1000 + EW_FRAMES_MAX - 1);
}
END_TEST

START_TEST(stack__no_frame_part_of_a_frame_or_too_many__is_taken_and_refused)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_stack(&payload, 2);
    struct ew_event event = kernel_event(&payload, 0x1820, 2);
    for (uint32_t bytes = 0; bytes <= payload.used; bytes++) {
        bool whole = bytes >= 16 && (bytes - 16) % payload.pointer_bytes == 0;
        event.payload_bytes = bytes;
        ck_assert_int_eq(ew_decode(&event, &fact), whole ? EW_OK : EW_FORMAT);
    }
    payload.used = 0;
    put_stack(&payload, EW_FRAMES_MAX + 1);
    event = kernel_event(&payload, 0x1820, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
}
END_TEST

START_TEST(stack_definition__opcodes__tell_deletion)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_pointer(&payload, 0xabc0);
    put_pointer(&payload, 0x1111);
    put_pointer(&payload, 0x2222);
    for (uint16_t hook = 0x1822; hook <= 0x1824; hook++) {
        struct ew_event event = kernel_event(&payload, hook, 2);
        ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
        ck_assert_uint_eq(fact.stack_definition.key, 0xabc0);
        ck_assert_uint_eq(fact.stack_definition.frames.count, 2);
        ck_assert_int_eq(fact.stack_definition.deleted, hook == 0x1823);
        event.payload_bytes--;
        ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
    }
}
END_TEST

START_TEST(stack_key__opcodes__tell_the_half)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_stack(&payload, 1);
    struct ew_event kernel = kernel_event(&payload, 0x1825, 2);
    struct ew_event user = kernel_event(&payload, 0x1826, 2);
    ck_assert_int_eq(ew_decode(&kernel, &fact), EW_OK);
    ck_assert(!fact.stack_key.user);
    ck_assert_int_eq(ew_decode(&user, &fact), EW_OK);
    ck_assert(fact.stack_key.user);
    ck_assert_uint_eq(fact.stack_key.key, 0x1000);
    ck_assert_uint_eq(fact.stack_key.event_time_raw, 123456);
}
END_TEST

START_TEST(disk_io__before_version_3__has_no_thread)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_zeros(&payload, 48);
    put_u32(&payload, 99);
    struct ew_event event = kernel_event(&payload, 0x010a, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.disk_io.thread_id, EW_ID_NONE);
    event.version = 3;
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.disk_io.thread_id, 99);
}
END_TEST

START_TEST(file_read__both_versions__find_their_fields)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    bool old = _i == 0;
    put_u64(&payload, 4096);
    put_pointer(&payload, 1);
    if (old) {
        put_pointer(&payload, 99);
    }
    put_pointer(&payload, 2);
    put_pointer(&payload, 3);
    if (!old) {
        put_u32(&payload, 99);
    }
    put_u32(&payload, 512);
    put_u32(&payload, 0x60900);
    struct ew_event event = kernel_event(&payload, 0x0443, old ? 2 : 3);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.file_io.offset, 4096);
    ck_assert_uint_eq(fact.file_io.irp, 1);
    ck_assert_uint_eq(fact.file_io.file_object, 2);
    ck_assert_uint_eq(fact.file_io.file_key, 3);
    ck_assert_uint_eq(fact.file_io.thread_id, 99);
    ck_assert_uint_eq(fact.file_io.size_bytes, 512);
    ck_assert_uint_eq(fact.file_io.flags, 0x60900);
}
END_TEST

/* Units with a zero byte, and with a one behind the end, at every place in a word. */
START_TEST(text__of_every_length__ends_at_the_first_zero_unit)
{
    static const uint16_t units[] = {0x0100, 0x0001, 0x8000, 0x00ff};
    for (unsigned length = 0; length <= 40; length++) {
        struct payload payload = {.pointer_bytes = 8};
        struct ew_fact fact;
        put_u64(&payload, 1);
        for (unsigned i = 0; i < length; i++) {
            put_u16(&payload, units[i % 4]);
        }
        struct ew_event cut = kernel_event(&payload, 0x0424, 3);
        ck_assert_int_eq(ew_decode(&cut, &fact), EW_FORMAT);
        put_u16(&payload, 0);
        for (unsigned i = 0; i < 20; i++) {
            struct ew_event event = kernel_event(&payload, 0x0424, 3);
            ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
            ck_assert_uint_eq(fact.file_name.name.bytes, 2 * length);
            put_u8(&payload, i % 2 == 0);
        }
    }
}
END_TEST

START_TEST(unknown__provider_number_or_old_version__is_not_found)
{
    static const struct ew_guid other = {{1}};
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_zeros(&payload, 64);
    struct ew_event events[] = {
        kernel_event(&payload, 0x0f2e, 1), /* samples are known since version 2 */
        kernel_event(&payload, 0x0f33, 2), /* only its name is known */
        kernel_event(&payload, 0x0fff, 2),
        kernel_event(&payload, 0xffff, 2),
        classic_event(&payload, &other, 1, 2),
        classic_event(&payload, &ew_guid_clr_runtime, 141, 0), /* not by opcode */
        manifest_event(&payload, &ew_guid_process, 1, 4),      /* not by id */
        manifest_event(&payload, &ew_guid_kernel_process, 0xffff, 0),
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        ck_assert_int_eq(ew_decode(&events[i], &fact), EW_NOT_FOUND);
    }
    events[0].kind = EW_EVENT_MESSAGE;
    ck_assert_int_eq(ew_decode(&events[0], &fact), EW_NOT_FOUND);
    ck_assert_str_eq(ew_event_name(&events[1]), "PerfInfo/SysClEnter");
    ck_assert_ptr_null(ew_event_name(&events[2]));
    ck_assert_ptr_null(ew_event_name(&events[4]));
}
END_TEST

START_TEST(guid__that_only_begins_like_a_known_one__is_not_found)
{
    struct ew_guid alike = ew_guid_process;
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    alike.bytes[15] ^= 1;
    struct ew_event event = classic_event(&payload, &alike, 1, 4);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_NOT_FOUND);
}
END_TEST

START_TEST(counted__outcomes__are_told_apart)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_decode_counts counts = {.unknown = 0};
    struct ew_fact fact;
    put_zeros(&payload, 16);
    struct ew_event sample = kernel_event(&payload, 0x0f2e, 2);
    struct ew_event unknown = kernel_event(&payload, 0xffff, 2);
    ck_assert_int_eq(ew_decode_counted(&sample, &counts, &fact), EW_OK);
    sample.payload_bytes = 3;
    ck_assert_int_eq(ew_decode_counted(&sample, &counts, &fact), EW_FORMAT);
    ck_assert_int_eq(ew_decode_counted(&unknown, &counts, &fact), EW_NOT_FOUND);
    ck_assert_uint_eq(counts.decoded[EW_FACT_SAMPLE], 1);
    ck_assert_uint_eq(counts.refused[EW_FACT_SAMPLE], 1);
    ck_assert_uint_eq(counts.unknown, 1);
}
END_TEST

START_TEST(fields__of_every_kind__have_names_and_lie_in_the_fact)
{
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        size_t count = 0;
        const struct ew_field *fields = ew_fact_fields((enum ew_fact_kind)kind, &count);
        ck_assert_uint_gt(count, 0);
        ck_assert_str_ne(ew_fact_kind_name((enum ew_fact_kind)kind), "unknown");
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_gt(strlen(fields[i].name), 0);
            ck_assert_uint_lt(fields[i].offset, sizeof(struct ew_fact));
            ck_assert_uint_ge(fields[i].offset, offsetof(struct ew_fact, process));
            ck_assert_uint_le(fields[i].type, EW_FIELD_TIME);
        }
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("facts");
    TCase *tests = tcase_create("kernel");
    tcase_add_loop_test(tests, process__version_4__has_all_fields, 0, 2);
    tcase_add_loop_test(tests, process__user_absent_or_blanked__is_skipped_rightly, 0, 2);
    tcase_add_test(tests, process__user_that_is_no_sid__is_refused);
    tcase_add_loop_test(tests, process__version_0__has_ids_of_pointer_size, 0, 2);
    tcase_add_test(tests, thread__version_0__has_the_ids_swapped);
    tcase_add_test(tests, thread__version_3__may_stop_before_priorities_or_name);
    tcase_add_loop_test(tests, image__by_hook_and_by_class__is_the_same, 0, 2);
    tcase_add_loop_test(tests, image__version_0__belongs_to_the_process_of_the_header, 0, 2);
    tcase_add_test(tests, known_version__more_than_padding_behind_it__is_refused);
    tcase_add_test(tests, refused__payload__leaves_the_fact_untouched);
    tcase_add_loop_test(tests, sample__fields__are_read, 0, 2);
    tcase_add_loop_test(tests, stack__frames__are_all_there, 0, 2);
    tcase_add_loop_test(tests, stack__no_frame_part_of_a_frame_or_too_many__is_taken_and_refused,
                        0, 2);
    tcase_add_loop_test(tests, stack_definition__opcodes__tell_deletion, 0, 2);
    tcase_add_test(tests, stack_key__opcodes__tell_the_half);
    tcase_add_test(tests, disk_io__before_version_3__has_no_thread);
    tcase_add_loop_test(tests, file_read__both_versions__find_their_fields, 0, 2);
    tcase_add_test(tests, text__of_every_length__ends_at_the_first_zero_unit);
    tcase_add_test(tests, unknown__provider_number_or_old_version__is_not_found);
    tcase_add_test(tests, guid__that_only_begins_like_a_known_one__is_not_found);
    tcase_add_test(tests, counted__outcomes__are_told_apart);
    tcase_add_test(tests, fields__of_every_kind__have_names_and_lie_in_the_fact);
    suite_add_tcase(suite, tests);
    return suite;
}
