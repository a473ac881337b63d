/* SPDX-License-Identifier: Apache-2.0 */
/* What Kernel-Process and CLR events mean: values, phases of both providers, arrays. */
#include "etwitness/decode.h"
#include "etwitness/limits.h"
#include "support/check_main.h"
#include "unit/decode/payloads.h"

static const uint8_t both_pointers[] = {4, 8};

START_TEST(process_start__version_3__has_sequence_and_path)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u32(&payload, 11);
    put_u64(&payload, 900);
    put_u64(&payload, 132000000000000000);
    put_u32(&payload, 12);
    put_u64(&payload, 901);
    put_u32(&payload, 1);
    put_u32(&payload, 2);
    put_u32(&payload, 3);
    put_u32(&payload, 4);
    put_sid(&payload);
    put_utf16(&payload, "\\Device\\a.exe");
    put_u32(&payload, 5);
    put_u32(&payload, 6);
    put_utf16(&payload, "Package");
    put_utf16(&payload, "");
    struct ew_event event = manifest_event(&payload, &ew_guid_kernel_process, 1, 3);
    struct ew_event rundown = manifest_event(&payload, &ew_guid_kernel_process, 15, 1);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_int_eq(fact.process.phase, EW_PHASE_START);
    ck_assert_uint_eq(fact.process.process_id, 11);
    ck_assert_uint_eq(fact.process.parent_id, 12);
    ck_assert_uint_eq(fact.process.sequence, 900);
    ck_assert_uint_eq(fact.process.create_time, 132000000000000000);
    ck_assert_uint_eq(fact.process.session_id, 1);
    ck_assert_uint_eq(fact.process.flags, 2);
    ck_assert(utf16_is(fact.process.image_path, "\\Device\\a.exe"));
    ck_assert(utf16_is(fact.process.package_name, "Package"));
    ck_assert_ptr_null(fact.process.image_name.data);
    ck_assert_int_eq(ew_decode(&rundown, &fact), EW_OK);
    ck_assert_int_eq(fact.process.phase, EW_PHASE_DC_START);
    ck_assert_uint_eq(fact.process.sequence, 900);
}
END_TEST

START_TEST(process_stop__version_1__has_status_and_name)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u32(&payload, 11);
    put_u64(&payload, 1000);
    put_u64(&payload, 2000);
    put_u32(&payload, 0xc0000005);
    put_zeros(&payload, 52);
    put_text(&payload, "a.exe");
    struct ew_event event = manifest_event(&payload, &ew_guid_kernel_process, 2, 1);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_int_eq(fact.process.phase, EW_PHASE_END);
    ck_assert_uint_eq(fact.process.create_time, 1000);
    ck_assert_uint_eq(fact.process.exit_status, 0xc0000005);
    ck_assert(bytes_are(fact.process.image_name, "a.exe"));
}
END_TEST

static void put_method(struct payload *payload)
{
    put_u64(payload, 0x7ff81000);
    put_u64(payload, 0x7ff82000);
    put_u64(payload, 0x7ff83000);
    put_u32(payload, 0x120);
    put_u32(payload, 0x06000012);
    put_u32(payload, 0x188);
    put_utf16(payload, "Test.Program");
    put_utf16(payload, "Main");
    put_utf16(payload, "void  ()");
    put_u16(payload, 9);
    put_u64(payload, 3);
}

static enum ew_phase method_phase(const struct payload *payload, const struct ew_guid *provider,
                                  uint16_t id)
{
    struct ew_fact fact;
    struct ew_event event = manifest_event(payload, provider, id, 2);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_int_eq(fact.kind, EW_FACT_CLR_METHOD);
    ck_assert_uint_eq(fact.clr_method.method_id, 0x7ff81000);
    ck_assert_uint_eq(fact.clr_method.module_id, 0x7ff82000);
    ck_assert_uint_eq(fact.clr_method.start, 0x7ff83000);
    ck_assert_uint_eq(fact.clr_method.size_bytes, 0x120);
    ck_assert_uint_eq(fact.clr_method.token, 0x06000012);
    ck_assert_uint_eq(fact.clr_method.flags, 0x188);
    ck_assert_uint_eq(fact.clr_method.clr_instance, 9);
    ck_assert_uint_eq(fact.clr_method.rejit_id, 3);
    ck_assert(fact.clr_method.verbose);
    ck_assert(utf16_is(fact.clr_method.type_name, "Test.Program"));
    ck_assert(utf16_is(fact.clr_method.method_name, "Main"));
    ck_assert(utf16_is(fact.clr_method.signature, "void  ()"));
    return fact.clr_method.phase;
}

START_TEST(clr_method__same_id_of_two_providers__differs_in_phase)
{
    struct payload payload = {.pointer_bytes = 8};
    put_method(&payload);
    ck_assert_int_eq(method_phase(&payload, &ew_guid_clr_runtime, 143), EW_PHASE_START);
    ck_assert_int_eq(method_phase(&payload, &ew_guid_clr_runtime, 144), EW_PHASE_END);
    ck_assert_int_eq(method_phase(&payload, &ew_guid_clr_rundown, 143), EW_PHASE_DC_START);
    ck_assert_int_eq(method_phase(&payload, &ew_guid_clr_rundown, 144), EW_PHASE_DC_END);
}
END_TEST

START_TEST(clr_method__jitting__has_no_body)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u64(&payload, 1);
    put_u64(&payload, 2);
    put_u32(&payload, 0x06000012);
    put_u32(&payload, 400);
    put_utf16(&payload, "T");
    put_utf16(&payload, "m");
    put_utf16(&payload, "s");
    put_u16(&payload, 9);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_runtime, 145, 1);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_int_eq(fact.clr_method.phase, EW_PHASE_OTHER);
    ck_assert_uint_eq(fact.clr_method.size_bytes, 0);
    ck_assert_uint_eq(fact.clr_method.start, 0);
    ck_assert_uint_eq(fact.clr_method.token, 0x06000012);
    ck_assert_uint_eq(fact.clr_method.clr_instance, 9);
}
END_TEST

static enum ew_fact_kind kind_of(const struct payload *payload, const struct ew_guid *provider,
                                 uint16_t id)
{
    struct ew_fact fact;
    struct ew_event event = manifest_event(payload, provider, id, 9);
    return ew_decode(&event, &fact) == EW_OK ? fact.kind : EW_FACT_KIND_COUNT;
}

START_TEST(clr_ids__of_the_two_providers__mean_different_things)
{
    struct payload payload = {.pointer_bytes = 8};
    put_zeros(&payload, 128);
    ck_assert_int_eq(kind_of(&payload, &ew_guid_clr_rundown, 145), EW_FACT_CLR_RUNDOWN);
    ck_assert_int_eq(kind_of(&payload, &ew_guid_clr_runtime, 145), EW_FACT_CLR_METHOD);
    ck_assert_int_eq(kind_of(&payload, &ew_guid_clr_rundown, 149), EW_FACT_CLR_IL_MAP);
    ck_assert_int_eq(kind_of(&payload, &ew_guid_clr_runtime, 149), EW_FACT_CLR_MODULE);
    ck_assert_int_eq(kind_of(&payload, &ew_guid_clr_rundown, 190), EW_FACT_KIND_COUNT);
}
END_TEST

START_TEST(clr_rundown__marks__say_which_and_whether_complete)
{
    static const struct {
        uint16_t id;
        enum ew_phase phase;
        bool complete;
    } marks[] = {
        {145, EW_PHASE_DC_START, true},
        {146, EW_PHASE_DC_END, true},
        {147, EW_PHASE_DC_START, false},
        {148, EW_PHASE_DC_END, false},
    };
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u16(&payload, 9);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_rundown, marks[_i].id, 1);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_int_eq(fact.clr_rundown.phase, marks[_i].phase);
    ck_assert_int_eq(fact.clr_rundown.complete, marks[_i].complete);
    ck_assert_uint_eq(fact.clr_rundown.clr_instance, 9);
}
END_TEST

static void put_module(struct payload *payload)
{
    put_u64(payload, 1);
    put_u64(payload, 2);
    put_u32(payload, 0x28);
    put_u32(payload, 0);
    put_utf16(payload, "C:\\a.dll");
    put_utf16(payload, "C:\\a.ni.dll");
    put_u16(payload, 9);
    put_guid(payload);
    put_u32(payload, 4);
    put_utf16(payload, "a.pdb");
    put_guid(payload);
    put_u32(payload, 5);
    put_utf16(payload, "a.ni.pdb");
    put_utf16(payload, "build");
}

START_TEST(clr_module__versions_2_and_3__have_pdbs_and_build_id)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_module(&payload);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_runtime, 152, 3);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.clr_module.module_id, 1);
    ck_assert_uint_eq(fact.clr_module.flags, 0x28);
    ck_assert(fact.clr_module.has_pdb);
    ck_assert_uint_eq(fact.clr_module.managed_pdb_guid.bytes[15], 15);
    ck_assert_uint_eq(fact.clr_module.managed_pdb_age, 4);
    ck_assert_uint_eq(fact.clr_module.native_pdb_age, 5);
    ck_assert(utf16_is(fact.clr_module.il_path, "C:\\a.dll"));
    ck_assert(utf16_is(fact.clr_module.native_pdb_path, "a.ni.pdb"));
    ck_assert(utf16_is(fact.clr_module.native_build_id, "build"));
    /* An unload event of version 3 is version 2 with bytes that we do not know. */
    event = manifest_event(&payload, &ew_guid_clr_runtime, 153, 3);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_ptr_null(fact.clr_module.native_build_id.data);
}
END_TEST

START_TEST(clr_domain_module__has_a_domain_and_no_pdb)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u64(&payload, 1);
    put_u64(&payload, 2);
    put_u64(&payload, 3);
    put_u32(&payload, 8);
    put_u32(&payload, 0);
    put_utf16(&payload, "a");
    put_utf16(&payload, "");
    put_u16(&payload, 9);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_rundown, 151, 1);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert(fact.clr_module.domain_module);
    ck_assert(!fact.clr_module.has_pdb);
    ck_assert_uint_eq(fact.clr_module.app_domain_id, 3);
    ck_assert_int_eq(fact.clr_module.phase, EW_PHASE_DC_START);
}
END_TEST

static void put_three_methods(struct payload *payload)
{
    static const char *const names[] = {"A", "a", "()", "B", "b", "()", "C", "c", "()"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        put_utf16(payload, names[i]);
    }
}

START_TEST(clr_inlining__failed__has_a_reason_in_either_encoding)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    bool wide = _i == 1;
    put_three_methods(&payload);
    put_u32(&payload, 1);
    if (wide) {
        put_utf16(&payload, "too big");
    } else {
        put_text(&payload, "too big");
    }
    put_u16(&payload, 9);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_runtime, wide ? 192 : 186, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert(!fact.clr_inlining.succeeded);
    ck_assert(utf16_is(fact.clr_inlining.compiled.type_name, "A"));
    ck_assert(utf16_is(fact.clr_inlining.inliner.method_name, "b"));
    ck_assert(utf16_is(fact.clr_inlining.inlinee.method_name, "c"));
    ck_assert(wide ? utf16_is(fact.clr_inlining.reason_utf16, "too big")
                   : bytes_are(fact.clr_inlining.reason, "too big"));
    ck_assert_uint_eq(fact.clr_inlining.clr_instance, 9);
}
END_TEST

START_TEST(clr_tail_call__succeeded__has_its_type)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_three_methods(&payload);
    put_u32(&payload, 1);
    put_u32(&payload, 2);
    put_u16(&payload, 9);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_runtime, 188, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert(fact.clr_tail_call.succeeded);
    ck_assert(fact.clr_tail_call.explicit_prefix);
    ck_assert_uint_eq(fact.clr_tail_call.type, 2);
    ck_assert(utf16_is(fact.clr_tail_call.callee.type_name, "C"));
}
END_TEST

static void put_clr_stack(struct payload *payload, uint32_t said, uint32_t written)
{
    put_u16(payload, 9);
    put_u16(payload, 0);
    put_u32(payload, said);
    for (uint32_t i = 0; i < written; i++) {
        put_pointer(payload, 0x1000 + i);
    }
}

START_TEST(clr_stack__count_and_frames__must_agree)
{
    struct payload payload = {.pointer_bytes = both_pointers[_i]};
    struct ew_fact fact;
    put_clr_stack(&payload, 3, 3);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_runtime, 82, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.clr_stack.frames.count, 3);
    ck_assert_uint_eq(ew_address_at(&fact.clr_stack.frames, 2), 0x1002);
    for (uint32_t bytes = 0; bytes < payload.used; bytes++) {
        event.payload_bytes = bytes;
        ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
    }
    payload.used = 0;
    put_clr_stack(&payload, 0xffffffff, 3);
    event.payload_bytes = (uint32_t)payload.used;
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
    payload.used = 0;
    put_clr_stack(&payload, EW_FRAMES_MAX + 1, EW_FRAMES_MAX + 1);
    event.payload_bytes = (uint32_t)payload.used;
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
}
END_TEST

START_TEST(clr_il_map__count_and_offsets__must_agree)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_fact fact;
    put_u64(&payload, 1);
    put_u64(&payload, 2);
    put_u8(&payload, 0);
    put_u16(&payload, 2);
    put_u32(&payload, 0xffffffff);
    put_u32(&payload, 10);
    put_u32(&payload, 0);
    put_u32(&payload, 20);
    put_u16(&payload, 9);
    struct ew_event event = manifest_event(&payload, &ew_guid_clr_runtime, 190, 0);
    ck_assert_int_eq(ew_decode(&event, &fact), EW_OK);
    ck_assert_uint_eq(fact.clr_il_map.entry_count, 2);
    ck_assert_uint_eq(ew_address_at(&fact.clr_il_map.il_offsets, 0), 0xffffffff);
    ck_assert_uint_eq(ew_address_at(&fact.clr_il_map.native_offsets, 1), 20);
    ck_assert_uint_eq(fact.clr_il_map.clr_instance, 9);
    payload.bytes[17] = 3;
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
    payload.bytes[18] = 0xff;
    ck_assert_int_eq(ew_decode(&event, &fact), EW_FORMAT);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("manifest facts");
    TCase *tests = tcase_create("kernel-process and clr");
    tcase_add_test(tests, process_start__version_3__has_sequence_and_path);
    tcase_add_test(tests, process_stop__version_1__has_status_and_name);
    tcase_add_test(tests, clr_method__same_id_of_two_providers__differs_in_phase);
    tcase_add_test(tests, clr_method__jitting__has_no_body);
    tcase_add_test(tests, clr_ids__of_the_two_providers__mean_different_things);
    tcase_add_loop_test(tests, clr_rundown__marks__say_which_and_whether_complete, 0, 4);
    tcase_add_test(tests, clr_module__versions_2_and_3__have_pdbs_and_build_id);
    tcase_add_test(tests, clr_domain_module__has_a_domain_and_no_pdb);
    tcase_add_loop_test(tests, clr_inlining__failed__has_a_reason_in_either_encoding, 0, 2);
    tcase_add_test(tests, clr_tail_call__succeeded__has_its_type);
    tcase_add_loop_test(tests, clr_stack__count_and_frames__must_agree, 0, 2);
    tcase_add_test(tests, clr_il_map__count_and_offsets__must_agree);
    suite_add_tcase(suite, tests);
    return suite;
}
