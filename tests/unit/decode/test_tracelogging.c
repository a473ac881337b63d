/* SPDX-License-Identifier: Apache-2.0 */
/* TraceLogging: every type, arrays, structs, and schemas that are broken or hostile. */
#include "base/cursor.h"
#include "etwitness/tracelogging.h"
#include "support/check_main.h"
#include "unit/decode/payloads.h"

#include <string.h>

enum { CHAIN = 0x80, CONSTANT = 0x20, VARIABLE = 0x40, CUSTOM = 0x60, SCHEMA_HEAD = 8 };

/* An event with a schema that is being written behind its item's head. */
struct self_described {
    struct payload items;
    struct payload payload;
};

static void begin_schema(struct self_described *self, const char *event_name)
{
    memset(self, 0, sizeof *self);
    self->items.pointer_bytes = 8;
    self->payload.pointer_bytes = 8;
    put_zeros(&self->items, SCHEMA_HEAD + 2);
    put_u8(&self->items, 0); /* no tags */
    put_text(&self->items, event_name);
}

static void put_field(struct self_described *self, const char *name, uint8_t in_type)
{
    put_text(&self->items, name);
    put_u8(&self->items, in_type);
}

static void put_field_out(struct self_described *self, const char *name, uint8_t in_type,
                          uint8_t out_type)
{
    put_field(self, name, (uint8_t)(in_type | CHAIN));
    put_u8(&self->items, out_type);
}

/* The event, with the sizes of item and schema filled in. */
static struct ew_event finish_event(struct self_described *self)
{
    struct ew_event event = manifest_event(&self->payload, &ew_guid_process, 0, 0);
    uint16_t item_bytes = (uint16_t)self->items.used;
    ew_store_u16(self->items.bytes, item_bytes);
    ew_store_u16(self->items.bytes + 2, EW_ITEM_EVENT_SCHEMA_TL);
    ew_store_u16(self->items.bytes + 6, (uint16_t)(item_bytes - SCHEMA_HEAD));
    ew_store_u16(self->items.bytes + SCHEMA_HEAD, (uint16_t)(item_bytes - SCHEMA_HEAD));
    event.extended = self->items.bytes;
    event.extended_bytes = item_bytes;
    return event;
}

static struct ew_tlg_reader open_event(const struct ew_event *event)
{
    struct ew_tlg_reader reader;
    struct ew_tlg_name name;
    ck_assert_int_eq(ew_tlg_open(event, &reader, &name), EW_OK);
    return reader;
}

/* Reads to the end; what the last step answered. */
static enum ew_status read_all(const struct ew_event *event)
{
    struct ew_tlg_reader reader;
    struct ew_tlg_name name;
    struct ew_tlg_step step;
    enum ew_status status = ew_tlg_open(event, &reader, &name);
    while (status == EW_OK) {
        status = ew_tlg_next(&reader, &step);
    }
    return status;
}

/* The next step, which must be of this kind. */
static struct ew_tlg_step expect(struct ew_tlg_reader *reader, enum ew_tlg_step_kind kind,
                                 const char *name)
{
    struct ew_tlg_step step = {.kind = 0xff};
    ck_assert_int_eq(ew_tlg_next(reader, &step), EW_OK);
    ck_assert_int_eq(step.kind, kind);
    ck_assert_uint_eq(step.name.bytes, strlen(name));
    ck_assert(step.name.bytes == 0 || memcmp(step.name.data, name, step.name.bytes) == 0);
    return step;
}

static void expect_end(struct ew_tlg_reader *reader)
{
    struct ew_tlg_step step;
    ck_assert_int_eq(ew_tlg_next(reader, &step), EW_END);
}

START_TEST(value__of_fixed_size__is_taken_whole)
{
    static const struct {
        uint8_t in_type;
        uint8_t bytes;
    } types[] = {
        {EW_TLG_INT8, 1},     {EW_TLG_UINT8, 1},       {EW_TLG_INT16, 2},  {EW_TLG_UINT16, 2},
        {EW_TLG_INT32, 4},    {EW_TLG_UINT32, 4},      {EW_TLG_INT64, 8},  {EW_TLG_UINT64, 8},
        {EW_TLG_FLOAT, 4},    {EW_TLG_DOUBLE, 8},      {EW_TLG_BOOL32, 4}, {EW_TLG_GUID, 16},
        {EW_TLG_FILETIME, 8}, {EW_TLG_SYSTEMTIME, 16}, {EW_TLG_HEX32, 4},  {EW_TLG_HEX64, 8},
        {EW_TLG_POINTER, 8},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct self_described self;
        begin_schema(&self, "E");
        put_field(&self, "f", types[i].in_type);
        put_zeros(&self.payload, types[i].bytes);
        struct ew_event event = finish_event(&self);
        struct ew_tlg_reader reader = open_event(&event);
        struct ew_tlg_step step = expect(&reader, EW_TLG_VALUE, "f");
        ck_assert_uint_eq(step.in_type, types[i].in_type);
        ck_assert_uint_eq(step.data_bytes, types[i].bytes);
        expect_end(&reader);
        event.payload_bytes--;
        ck_assert_int_eq(read_all(&event), EW_FORMAT);
    }
}
END_TEST

START_TEST(value__of_own_size__is_taken_without_terminator_and_size)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field(&self, "w", EW_TLG_UTF16);
    put_field(&self, "a", EW_TLG_ANSI);
    put_field(&self, "cw", EW_TLG_COUNTED_UTF16);
    put_field(&self, "ca", EW_TLG_COUNTED_ANSI);
    put_field(&self, "b", EW_TLG_BINARY);
    put_field(&self, "s", EW_TLG_SID);
    put_utf16(&self.payload, "xy");
    put_text(&self.payload, "abc");
    put_u16(&self.payload, 2);
    put_u16(&self.payload, 'z');
    put_u16(&self.payload, 1);
    put_u8(&self.payload, 'q');
    put_u16(&self.payload, 3);
    put_zeros(&self.payload, 3);
    put_sid(&self.payload);
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "w").data_bytes, 4);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "a").data_bytes, 3);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "cw").data_bytes, 2);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "ca").data_bytes, 1);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "b").data_bytes, 3);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "s").data_bytes, 20);
    expect_end(&reader);
    for (uint32_t bytes = 0; bytes < self.payload.used; bytes++) {
        event.payload_bytes = bytes;
        ck_assert_int_eq(read_all(&event), EW_FORMAT);
    }
}
END_TEST

START_TEST(out_type_and_tags__in_a_field__are_read)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field_out(&self, "f", EW_TLG_UINT8, EW_TLG_OUT_BOOLEAN | CHAIN);
    put_u8(&self.items, 0x81);
    put_u8(&self.items, 0x02);
    put_field(&self, "g", EW_TLG_UINT8);
    put_zeros(&self.payload, 2);
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "f").out_type, EW_TLG_OUT_BOOLEAN);
    (void)expect(&reader, EW_TLG_VALUE, "g");
    expect_end(&reader);
}
END_TEST

START_TEST(array__constant_and_variable__has_its_values)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field(&self, "c", EW_TLG_UINT32 | CONSTANT);
    put_u16(&self.items, 2);
    put_field(&self, "v", EW_TLG_UINT8 | VARIABLE);
    put_u32(&self.payload, 1);
    put_u32(&self.payload, 2);
    put_u16(&self.payload, 1);
    put_u8(&self.payload, 9);
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    (void)expect(&reader, EW_TLG_ARRAY, "c");
    (void)expect(&reader, EW_TLG_VALUE, "");
    (void)expect(&reader, EW_TLG_VALUE, "");
    (void)expect(&reader, EW_TLG_ARRAY_END, "");
    (void)expect(&reader, EW_TLG_ARRAY, "v");
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "").data[0], 9);
    (void)expect(&reader, EW_TLG_ARRAY_END, "");
    expect_end(&reader);
}
END_TEST

START_TEST(array__of_characters__is_one_text)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field_out(&self, "w", EW_TLG_UINT16 | VARIABLE, EW_TLG_OUT_STRING);
    put_field_out(&self, "a", EW_TLG_UINT8 | VARIABLE, EW_TLG_OUT_UTF8);
    put_u16(&self.payload, 2);
    put_u16(&self.payload, 'x');
    put_u16(&self.payload, 'y');
    put_u16(&self.payload, 1);
    put_u8(&self.payload, 'z');
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    struct ew_tlg_step step = expect(&reader, EW_TLG_VALUE, "w");
    ck_assert_int_eq(step.in_type, EW_TLG_UTF16);
    ck_assert_uint_eq(step.data_bytes, 4);
    step = expect(&reader, EW_TLG_VALUE, "a");
    ck_assert_int_eq(step.in_type, EW_TLG_ANSI);
    ck_assert_uint_eq(step.data_bytes, 1);
    expect_end(&reader);
}
END_TEST

START_TEST(custom__field__is_counted_bytes)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field(&self, "c", EW_TLG_UINT8 | CUSTOM);
    put_u16(&self.items, 3);
    put_zeros(&self.items, 3);
    put_u16(&self.payload, 5);
    put_zeros(&self.payload, 5);
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    struct ew_tlg_step step = expect(&reader, EW_TLG_VALUE, "c");
    ck_assert_int_eq(step.in_type, EW_TLG_BINARY);
    ck_assert_uint_eq(step.data_bytes, 5);
    expect_end(&reader);
}
END_TEST

START_TEST(structs__in_structs_and_arrays__open_and_close)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field_out(&self, "s", EW_TLG_STRUCT, 2);
    put_field(&self, "x", EW_TLG_UINT8);
    put_field_out(&self, "t", EW_TLG_STRUCT | VARIABLE, 1);
    put_field(&self, "y", EW_TLG_UINT8);
    put_field(&self, "z", EW_TLG_UINT8);
    put_u8(&self.payload, 1);
    put_u16(&self.payload, 2);
    put_u8(&self.payload, 2);
    put_u8(&self.payload, 3);
    put_u8(&self.payload, 4);
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    (void)expect(&reader, EW_TLG_STRUCT_BEGIN, "s");
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "x").data[0], 1);
    (void)expect(&reader, EW_TLG_ARRAY, "t");
    for (uint8_t i = 2; i <= 3; i++) {
        (void)expect(&reader, EW_TLG_STRUCT_BEGIN, "");
        ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "y").data[0], i);
        (void)expect(&reader, EW_TLG_STRUCT_END, "");
    }
    (void)expect(&reader, EW_TLG_ARRAY_END, "");
    (void)expect(&reader, EW_TLG_STRUCT_END, "");
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "z").data[0], 4);
    expect_end(&reader);
}
END_TEST

START_TEST(structs__array_without_element__does_not_eat_what_follows)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field_out(&self, "t", EW_TLG_STRUCT | VARIABLE, 2);
    put_field_out(&self, "u", EW_TLG_STRUCT, 1);
    put_field(&self, "y", EW_TLG_UINT8);
    put_field(&self, "v", EW_TLG_UINT64);
    put_field(&self, "z", EW_TLG_UINT8);
    put_u16(&self.payload, 0);
    put_u8(&self.payload, 4);
    struct ew_event event = finish_event(&self);
    struct ew_tlg_reader reader = open_event(&event);
    (void)expect(&reader, EW_TLG_ARRAY, "t");
    (void)expect(&reader, EW_TLG_ARRAY_END, "");
    ck_assert_uint_eq(expect(&reader, EW_TLG_VALUE, "z").data[0], 4);
    expect_end(&reader);
}
END_TEST

START_TEST(structs__nested_to_the_limit__are_read_and_one_more_is_not)
{
    for (int depth = EW_TLG_DEPTH_MAX; depth <= EW_TLG_DEPTH_MAX + 1; depth++) {
        struct self_described self;
        begin_schema(&self, "E");
        for (int i = 0; i < depth; i++) {
            put_field_out(&self, "s", EW_TLG_STRUCT, 1);
        }
        put_field(&self, "x", EW_TLG_UINT8);
        put_u8(&self.payload, 1);
        struct ew_event event = finish_event(&self);
        ck_assert_int_eq(read_all(&event), depth <= EW_TLG_DEPTH_MAX ? EW_END : EW_LIMIT);
    }
}
END_TEST

START_TEST(structs__that_multiply_without_data__end_at_the_limit)
{
    struct self_described self;
    begin_schema(&self, "E");
    for (int i = 0; i < EW_TLG_DEPTH_MAX; i++) {
        put_field_out(&self, "s", EW_TLG_STRUCT | CONSTANT, 1);
        put_u16(&self.items, 0xffff);
    }
    put_field(&self, "x", EW_TLG_NULL);
    struct ew_event event = finish_event(&self);
    ck_assert_int_eq(read_all(&event), EW_LIMIT);
}
END_TEST

START_TEST(schema__malformed__is_refused)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field_out(&self, "s", EW_TLG_STRUCT, 1);
    put_field_out(&self, "f", EW_TLG_UINT8 | CONSTANT, 0x81);
    put_u8(&self.items, 0x03);
    put_u16(&self.items, 2);
    put_u16(&self.payload, 7);
    size_t whole = self.items.used;
    struct ew_event event = finish_event(&self);
    ck_assert_int_eq(read_all(&event), EW_END);
    /* Cut where nothing is left but the event's name, the schema is whole and empty. */
    size_t name_only = SCHEMA_HEAD + 2 + 1 + 2;
    for (self.items.used = SCHEMA_HEAD + 2; self.items.used < whole; self.items.used++) {
        event = finish_event(&self);
        enum ew_status expected = self.items.used == name_only ? EW_END : EW_FORMAT;
        ck_assert_msg(read_all(&event) == expected, "%zu bytes", self.items.used);
    }
}
END_TEST

START_TEST(schema__size_or_type_that_lies__is_refused)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field(&self, "f", EW_TLG_UINT8);
    put_u8(&self.payload, 7);
    struct ew_event event = finish_event(&self);
    ew_store_u16(self.items.bytes + SCHEMA_HEAD, 0xffff);
    ck_assert_int_eq(read_all(&event), EW_FORMAT);
    ew_store_u16(self.items.bytes + SCHEMA_HEAD, 1);
    ck_assert_int_eq(read_all(&event), EW_FORMAT);
    begin_schema(&self, "E");
    put_field(&self, "f", 0x1f); /* no such type */
    put_u8(&self.payload, 7);
    event = finish_event(&self);
    ck_assert_int_eq(read_all(&event), EW_FORMAT);
}
END_TEST

START_TEST(payload__more_than_the_schema_says__is_refused)
{
    struct self_described self;
    begin_schema(&self, "E");
    put_field(&self, "f", EW_TLG_UINT8);
    put_zeros(&self.payload, 8);
    struct ew_event event = finish_event(&self);
    ck_assert_int_eq(read_all(&event), EW_END);
    put_u8(&self.payload, 0);
    event = finish_event(&self);
    ck_assert_int_eq(read_all(&event), EW_FORMAT);
}
END_TEST

START_TEST(provider__traits__give_the_name_or_nothing)
{
    uint8_t item[] = {16, 0, EW_ITEM_PROVIDER_TRAITS, 0, 0, 0, 7, 0, 7, 0, 'N', 'a', 'm', 'e',
                      0,  0};
    struct ew_event event = {.extended = item, .extended_bytes = sizeof item};
    struct ew_tlg_name name;
    ck_assert(ew_tlg_provider(&event, &name));
    ck_assert_uint_eq(name.bytes, 4);
    ck_assert_mem_eq(name.data, "Name", 4);
    item[8] = 6; /* the terminator is outside */
    ck_assert(!ew_tlg_provider(&event, &name));
    event.extended_bytes = 0;
    ck_assert(!ew_tlg_provider(&event, &name));
}
END_TEST

START_TEST(event__without_schema__is_not_found)
{
    struct ew_event event = {.extended_bytes = 0};
    ck_assert_int_eq(read_all(&event), EW_NOT_FOUND);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("tracelogging");
    TCase *tests = tcase_create("tracelogging");
    tcase_add_test(tests, value__of_fixed_size__is_taken_whole);
    tcase_add_test(tests, value__of_own_size__is_taken_without_terminator_and_size);
    tcase_add_test(tests, out_type_and_tags__in_a_field__are_read);
    tcase_add_test(tests, array__constant_and_variable__has_its_values);
    tcase_add_test(tests, array__of_characters__is_one_text);
    tcase_add_test(tests, custom__field__is_counted_bytes);
    tcase_add_test(tests, structs__in_structs_and_arrays__open_and_close);
    tcase_add_test(tests, structs__array_without_element__does_not_eat_what_follows);
    tcase_add_test(tests, structs__nested_to_the_limit__are_read_and_one_more_is_not);
    tcase_add_test(tests, structs__that_multiply_without_data__end_at_the_limit);
    tcase_add_test(tests, schema__malformed__is_refused);
    tcase_add_test(tests, schema__size_or_type_that_lies__is_refused);
    tcase_add_test(tests, payload__more_than_the_schema_says__is_refused);
    tcase_add_test(tests, provider__traits__give_the_name_or_nothing);
    tcase_add_test(tests, event__without_schema__is_not_found);
    suite_add_tcase(suite, tests);
    return suite;
}
