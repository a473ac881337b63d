/* SPDX-License-Identifier: Apache-2.0 */
/* Reads TraceLogging events by the schema they carry. */
#include "etwitness/tracelogging.h"

#include "base/cursor.h"

/*
 * Schema: Size 2 | tags, bytes while the top bit is set | event name | fields. A field:
 *
 *     name | InType 1 | OutType 1 if InType has CHAIN | tags as above if OutType has
 *     CHAIN | Count 2 if constant or custom | that many bytes if custom
 *
 * Names are zero-terminated UTF-8. The OutType of a struct is its number of fields.
 */
enum {
    IN_TYPE_MASK = 0x1f,
    IN_COUNT_MASK = 0x60,
    IN_COUNT_NONE = 0x00,
    IN_COUNT_CONSTANT = 0x20,
    IN_COUNT_VARIABLE = 0x40,
    IN_COUNT_CUSTOM = 0x60,
    CHAIN = 0x80,
    OUT_TYPE_MASK = 0x7f,
    SIZE_BYTES = 2,
    PADDING_MAX = 7,
};

struct field {
    struct ew_tlg_name name;
    uint16_t constant_count;
    uint8_t in_type;
    uint8_t out_type;
    uint8_t count_kind;
};

static struct ew_tlg_name read_name(struct ew_cursor *in)
{
    struct ew_tlg_name name = {in->at, 0};
    size_t left = ew_cursor_left(in);
    const uint8_t *end = in->failed || left == 0 ? NULL : memchr(in->at, 0, left);
    if (end == NULL) {
        in->failed = true;
        return name;
    }
    name.bytes = (uint32_t)(end - in->at);
    in->at = end + 1;
    return name;
}

static void skip_tags(struct ew_cursor *in)
{
    while ((ew_cursor_u8(in) & CHAIN) != 0) {
    }
}

static bool read_field(struct ew_cursor *in, struct field *field)
{
    field->name = read_name(in);
    uint8_t in_byte = ew_cursor_u8(in);
    uint8_t out_byte = (in_byte & CHAIN) != 0 ? ew_cursor_u8(in) : 0;
    if ((out_byte & CHAIN) != 0) {
        skip_tags(in);
    }
    field->in_type = in_byte & IN_TYPE_MASK;
    field->out_type = out_byte & OUT_TYPE_MASK;
    field->count_kind = in_byte & IN_COUNT_MASK;
    field->constant_count = (in_byte & IN_COUNT_CONSTANT) != 0 ? ew_cursor_u16(in) : 0;
    if (field->count_kind == IN_COUNT_CUSTOM) {
        ew_cursor_skip(in, field->constant_count);
    }
    return !in->failed;
}

/* Steps over the descriptors of `count` fields and of the structs among them. */
static bool skip_fields(struct ew_cursor *in, uint32_t count)
{
    struct field field;
    while (count > 0) {
        if (!read_field(in, &field)) {
            return false;
        }
        count--;
        if (field.in_type == EW_TLG_STRUCT) {
            count += field.out_type;
        }
    }
    return true;
}

/* The bytes of a size-prefixed item: the content of a schema or of traits. */
static bool open_sized_item(const struct ew_event *event, uint16_t type, struct ew_cursor *in,
                            enum ew_status *status_out)
{
    struct ew_item item;
    *status_out = EW_NOT_FOUND;
    if (!ew_event_find_item(event, type, &item)) {
        return false;
    }
    *status_out = EW_FORMAT;
    if (item.data_bytes < SIZE_BYTES) {
        return false;
    }
    uint16_t size = ew_load_u16(item.data);
    if (size < SIZE_BYTES || size > item.data_bytes) {
        return false;
    }
    *in = ew_cursor_make(item.data + SIZE_BYTES, (size_t)size - SIZE_BYTES);
    return true;
}

bool ew_tlg_provider(const struct ew_event *event, struct ew_tlg_name *name_out)
{
    struct ew_cursor in;
    enum ew_status status;
    if (!open_sized_item(event, EW_ITEM_PROVIDER_TRAITS, &in, &status)) {
        return false;
    }
    struct ew_tlg_name name = read_name(&in);
    if (in.failed) {
        return false;
    }
    *name_out = name;
    return true;
}

enum ew_status ew_tlg_open(const struct ew_event *event, struct ew_tlg_reader *reader_out,
                           struct ew_tlg_name *event_name_out)
{
    struct ew_cursor in;
    enum ew_status status;
    if (!open_sized_item(event, EW_ITEM_EVENT_SCHEMA_TL, &in, &status)) {
        return status;
    }
    skip_tags(&in);
    struct ew_tlg_name name = read_name(&in);
    if (in.failed) {
        return EW_FORMAT;
    }
    memset(reader_out, 0, sizeof *reader_out);
    reader_out->schema = in.at;
    reader_out->schema_end = in.end;
    reader_out->payload = event->payload;
    reader_out->payload_end =
        event->payload_bytes == 0 ? event->payload : event->payload + event->payload_bytes;
    reader_out->pointer_bytes = event->pointer_bytes;
    reader_out->steps_left =
        EW_TLG_STEPS_PER_BYTE * (uint32_t)(ew_cursor_left(&in) + event->payload_bytes + 1);
    *event_name_out = name;
    return EW_OK;
}

/* Size of a type whose values all have the same; 0 for the others. */
static uint32_t fixed_bytes(const struct ew_tlg_reader *reader, unsigned in_type)
{
    static const uint8_t sizes[] = {
        [EW_TLG_INT8] = 1,  [EW_TLG_UINT8] = 1,    [EW_TLG_INT16] = 2,       [EW_TLG_UINT16] = 2,
        [EW_TLG_INT32] = 4, [EW_TLG_UINT32] = 4,   [EW_TLG_INT64] = 8,       [EW_TLG_UINT64] = 8,
        [EW_TLG_FLOAT] = 4, [EW_TLG_DOUBLE] = 8,   [EW_TLG_BOOL32] = 4,      [EW_TLG_GUID] = 16,
        [EW_TLG_HEX32] = 4, [EW_TLG_FILETIME] = 8, [EW_TLG_SYSTEMTIME] = 16, [EW_TLG_HEX64] = 8,
    };
    if (in_type == EW_TLG_POINTER) {
        return reader->pointer_bytes;
    }
    return in_type < sizeof sizes ? sizes[in_type] : 0;
}

/* Takes `byte_count` bytes of payload as the step's data. */
static bool take_data(struct ew_tlg_reader *reader, size_t byte_count, struct ew_tlg_step *step)
{
    if ((size_t)(reader->payload_end - reader->payload) < byte_count) {
        return false;
    }
    step->data = reader->payload;
    step->data_bytes = (uint32_t)byte_count;
    if (byte_count > 0) {
        reader->payload += byte_count;
    }
    return true;
}

/* Takes a 16-bit number from the payload. */
static bool take_u16(struct ew_tlg_reader *reader, uint16_t *value_out)
{
    struct ew_tlg_step number;
    if (!take_data(reader, SIZE_BYTES, &number)) {
        return false;
    }
    *value_out = ew_load_u16(number.data);
    return true;
}

static bool take_counted(struct ew_tlg_reader *reader, struct ew_tlg_step *step)
{
    uint16_t bytes;
    return take_u16(reader, &bytes) && take_data(reader, bytes, step);
}

/* Text up to a zero unit, which is consumed. */
static bool take_terminated(struct ew_tlg_reader *reader, size_t unit_bytes,
                            struct ew_tlg_step *step)
{
    size_t left = (size_t)(reader->payload_end - reader->payload);
    for (size_t at = 0; left - at >= unit_bytes; at += unit_bytes) {
        if (reader->payload[at] == 0 && (unit_bytes == 1 || reader->payload[at + 1] == 0)) {
            bool taken = take_data(reader, at, step);
            reader->payload += unit_bytes;
            return taken;
        }
    }
    return false;
}

static bool take_sid(struct ew_tlg_reader *reader, struct ew_tlg_step *step)
{
    enum { SID_HEAD_BYTES = 8 };
    if (reader->payload_end - reader->payload < SID_HEAD_BYTES) {
        return false;
    }
    return take_data(reader, SID_HEAD_BYTES + 4 * (size_t)reader->payload[1], step);
}

/* One value of `in_type`. */
static bool take_value(struct ew_tlg_reader *reader, uint8_t in_type, uint8_t out_type,
                       struct ew_tlg_step *step)
{
    step->kind = EW_TLG_VALUE;
    step->in_type = in_type;
    step->out_type = out_type;
    switch (in_type) {
    case EW_TLG_NULL:
        return take_data(reader, 0, step);
    case EW_TLG_UTF16:
        return take_terminated(reader, 2, step);
    case EW_TLG_ANSI:
        return take_terminated(reader, 1, step);
    case EW_TLG_BINARY:
    case EW_TLG_COUNTED_UTF16:
    case EW_TLG_COUNTED_ANSI:
    case EW_TLG_COUNTED_BINARY:
        return take_counted(reader, step);
    case EW_TLG_SID:
        return take_sid(reader, step);
    default: {
        uint32_t bytes = fixed_bytes(reader, in_type);
        return bytes != 0 && take_data(reader, bytes, step);
    }
    }
}

/* The text type of an array of characters, or EW_TLG_NULL when it is no text. */
static uint8_t text_type(uint8_t in_type, uint8_t out_type)
{
    bool text = out_type == EW_TLG_OUT_STRING || out_type == EW_TLG_OUT_XML
                || out_type == EW_TLG_OUT_JSON || out_type == EW_TLG_OUT_UTF8;
    if (text && (in_type == EW_TLG_INT8 || in_type == EW_TLG_UINT8)) {
        return EW_TLG_ANSI;
    }
    return text && (in_type == EW_TLG_INT16 || in_type == EW_TLG_UINT16) ? EW_TLG_UTF16
                                                                         : EW_TLG_NULL;
}

/* Begins an array of values, or answers it whole when it is text. */
static bool begin_array(struct ew_tlg_reader *reader, const struct field *field, uint16_t count,
                        struct ew_tlg_step *step)
{
    uint8_t text = text_type(field->in_type, field->out_type);
    if (text != EW_TLG_NULL) {
        step->kind = EW_TLG_VALUE;
        step->in_type = text;
        step->out_type = field->out_type;
        return take_data(reader, (size_t)count * fixed_bytes(reader, field->in_type), step);
    }
    step->kind = EW_TLG_ARRAY;
    reader->in_array = true;
    reader->values_left = count;
    reader->array_in_type = field->in_type;
    reader->array_out_type = field->out_type;
    return true;
}

static void next_in_array(struct ew_tlg_reader *reader, struct ew_tlg_step *step, bool *fits)
{
    if (reader->values_left == 0) {
        reader->in_array = false;
        step->kind = EW_TLG_ARRAY_END;
        return;
    }
    reader->values_left--;
    *fits = take_value(reader, reader->array_in_type, reader->array_out_type, step);
}

/* Enters the struct whose fields come next in the schema. */
static enum ew_status begin_struct(struct ew_tlg_reader *reader, const struct field *field,
                                   uint16_t count, struct ew_tlg_step *step)
{
    struct ew_cursor after =
        ew_cursor_make(reader->schema, (size_t)(reader->schema_end - reader->schema));
    if (reader->depth == EW_TLG_DEPTH_MAX) {
        return EW_LIMIT;
    }
    if (!skip_fields(&after, field->out_type)) {
        return EW_FORMAT;
    }
    struct ew_tlg_level *level = &reader->levels[reader->depth++];
    level->fields = reader->schema;
    level->field_count = field->out_type;
    level->array = field->count_kind != IN_COUNT_NONE;
    level->inside = !level->array;
    level->elements_left = level->array ? count : 0;
    level->fields_left = level->array ? 0 : field->out_type;
    /* After an array the schema goes on behind its fields, even if it has no element. */
    reader->schema = level->array ? after.at : reader->schema;
    step->kind = level->array ? EW_TLG_ARRAY : EW_TLG_STRUCT_BEGIN;
    return EW_OK;
}

/* At the end of an element, or between two: what closes or begins. */
static void next_in_level(struct ew_tlg_reader *reader, struct ew_tlg_step *step)
{
    struct ew_tlg_level *level = &reader->levels[reader->depth - 1];
    if (level->inside) {
        level->inside = false;
        step->kind = EW_TLG_STRUCT_END;
        reader->depth = level->array ? reader->depth : (uint8_t)(reader->depth - 1);
        return;
    }
    if (level->elements_left == 0) {
        reader->depth--;
        step->kind = EW_TLG_ARRAY_END;
        return;
    }
    level->elements_left--;
    level->inside = true;
    level->fields_left = level->field_count;
    reader->schema = level->fields;
    step->kind = EW_TLG_STRUCT_BEGIN;
}

/* How many elements a field has in this payload. */
static bool read_count(struct ew_tlg_reader *reader, const struct field *field,
                       uint16_t *count_out)
{
    *count_out = field->count_kind == IN_COUNT_CONSTANT ? field->constant_count : 1;
    return field->count_kind != IN_COUNT_VARIABLE || take_u16(reader, count_out);
}

static enum ew_status next_field(struct ew_tlg_reader *reader, struct ew_tlg_step *step)
{
    struct field field;
    uint16_t count;
    struct ew_cursor in =
        ew_cursor_make(reader->schema, (size_t)(reader->schema_end - reader->schema));
    if (!read_field(&in, &field) || !read_count(reader, &field, &count)) {
        return EW_FORMAT;
    }
    reader->schema = in.at;
    step->name = field.name;
    if (field.count_kind == IN_COUNT_CUSTOM) {
        step->kind = EW_TLG_VALUE;
        step->in_type = EW_TLG_BINARY;
        return take_counted(reader, step) ? EW_OK : EW_FORMAT;
    }
    if (field.in_type == EW_TLG_STRUCT) {
        return begin_struct(reader, &field, count, step);
    }
    bool fits = field.count_kind == IN_COUNT_NONE
                    ? take_value(reader, field.in_type, field.out_type, step)
                    : begin_array(reader, &field, count, step);
    return fits ? EW_OK : EW_FORMAT;
}

/* After the last field nothing may be left but alignment. */
static enum ew_status finish(const struct ew_tlg_reader *reader)
{
    return reader->payload_end - reader->payload > PADDING_MAX ? EW_FORMAT : EW_END;
}

enum ew_status ew_tlg_next(struct ew_tlg_reader *reader, struct ew_tlg_step *step_out)
{
    struct ew_tlg_step step = {NULL, {NULL, 0}, 0, EW_TLG_VALUE, EW_TLG_NULL, 0};
    enum ew_status status = EW_OK;
    bool fits = true;
    if (reader->steps_left == 0) {
        return EW_LIMIT;
    }
    reader->steps_left--;
    if (reader->in_array) {
        next_in_array(reader, &step, &fits);
        status = fits ? EW_OK : EW_FORMAT;
    } else if (reader->depth > 0 && reader->levels[reader->depth - 1].fields_left == 0) {
        next_in_level(reader, &step);
    } else if (reader->depth == 0 && reader->schema == reader->schema_end) {
        return finish(reader);
    } else {
        if (reader->depth > 0) {
            reader->levels[reader->depth - 1].fields_left--;
        }
        status = next_field(reader, &step);
    }
    if (status == EW_OK) {
        *step_out = step;
    }
    return status;
}
