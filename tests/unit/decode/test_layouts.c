/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every decoder against every layout it knows, in both pointer sizes: the whole payload is
 * taken, every shorter one refused, more bytes of a newer version taken.
 */
#include "etwitness/decode.h"
#include "support/check_main.h"
#include "unit/decode/layouts.h"
#include "unit/decode/payloads.h"

enum { NEWER = 200 };

/* Writes what a layout string says (see layouts.h). */
static void put_layout(struct payload *payload, const char *layout)
{
    for (; *layout != '\0'; layout++) {
        switch (*layout) {
        case 'P':
            put_pointer(payload, UINT64_C(0x1122334455667788));
            break;
        case 'W':
            put_utf16(payload, "Wide");
            break;
        case 'A':
            put_text(payload, "text");
            break;
        case 'U':
            put_user(payload);
            break;
        case 'S':
            put_sid(payload);
            break;
        case 'G':
            put_guid(payload);
            break;
        default:
            for (int i = 0; i < *layout - '0'; i++) {
                put_u8(payload, 1);
            }
        }
    }
}

static struct ew_event layout_event(const struct layout *layout, const struct payload *payload,
                                    uint8_t version)
{
    if (layout->provider == NULL) {
        return kernel_event(payload, layout->number, version);
    }
    return layout->classic
               ? classic_event(payload, layout->provider, (uint8_t)layout->number, version)
               : manifest_event(payload, layout->provider, layout->number, version);
}

/* The outcome when only the first `bytes` of the payload are there. */
static enum ew_status decode_cut(struct ew_event event, size_t bytes)
{
    struct ew_fact fact;
    event.payload_bytes = (uint32_t)bytes;
    return ew_decode(&event, &fact);
}

static void check_layout(const struct layout *layout, uint8_t pointer_bytes)
{
    struct payload payload = {.pointer_bytes = pointer_bytes};
    struct ew_fact fact = {.kind = EW_FACT_KIND_COUNT};
    put_layout(&payload, layout->text);
    struct ew_event event = layout_event(layout, &payload, layout->version);
    const char *name = ew_event_name(&event);
    ck_assert_ptr_nonnull(name);
    ck_assert_msg(ew_decode(&event, &fact) == EW_OK, "%s version %d is refused", name,
                  layout->version);
    ck_assert_msg(fact.kind == layout->kind, "%s is a %s", name, ew_fact_kind_name(fact.kind));
    for (size_t bytes = 0; bytes < payload.used - layout->optional_bytes; bytes++) {
        ck_assert_msg(decode_cut(event, bytes) == EW_FORMAT, "%s version %d, %zu of %zu bytes",
                      name, layout->version, bytes, payload.used);
    }
}

START_TEST(layout__whole_and_cut__is_taken_and_refused)
{
    check_layout(&layouts[_i], 4);
    check_layout(&layouts[_i], 8);
}
END_TEST

START_TEST(layout__newer_version_with_more_bytes__is_taken)
{
    const struct layout *layout = &layouts[_i];
    struct payload payload = {.pointer_bytes = 8};
    put_layout(&payload, layout->text);
    put_zeros(&payload, 64);
    struct ew_event event = layout_event(layout, &payload, NEWER);
    struct ew_fact fact;
    if (layout->newest) {
        ck_assert_msg(ew_decode(&event, &fact) == EW_OK, "%s", ew_event_name(&event));
    }
}
END_TEST

START_TEST(layout__without_payload__is_refused_or_has_none)
{
    struct payload payload = {.pointer_bytes = 8};
    struct ew_event event = layout_event(&layouts[_i], &payload, layouts[_i].version);
    struct ew_fact fact;
    event.payload = NULL;
    enum ew_status expected = layouts[_i].text[0] == '\0' ? EW_OK : EW_FORMAT;
    ck_assert_int_eq(ew_decode(&event, &fact), expected);
}
END_TEST

START_TEST(layouts__all_kinds__are_covered)
{
    bool seen[EW_FACT_KIND_COUNT] = {false};
    for (size_t i = 0; i < layout_count; i++) {
        seen[layouts[i].kind] = true;
    }
    seen[EW_FACT_STACK] = true; /* arrays have their own tests: test_facts.c */
    seen[EW_FACT_STACK_DEFINITION] = true;
    seen[EW_FACT_CLR_STACK] = true;
    seen[EW_FACT_CLR_IL_MAP] = true;
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        ck_assert_msg(seen[kind], "no layout makes a %s",
                      ew_fact_kind_name((enum ew_fact_kind)kind));
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("layouts");
    TCase *tests = tcase_create("layouts");
    int count = (int)layout_count;
    tcase_add_loop_test(tests, layout__whole_and_cut__is_taken_and_refused, 0, count);
    tcase_add_loop_test(tests, layout__newer_version_with_more_bytes__is_taken, 0, count);
    tcase_add_loop_test(tests, layout__without_payload__is_refused_or_has_none, 0, count);
    tcase_add_test(tests, layouts__all_kinds__are_covered);
    suite_add_tcase(suite, tests);
    return suite;
}
