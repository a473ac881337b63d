/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of facts and of TraceLogging events, as members of a JSON object. */
#include "cli/dump.h"

#include <stdio.h>
#include <string.h>

static const char *phase_name(enum ew_phase phase)
{
    switch (phase) {
    case EW_PHASE_START:
        return "start";
    case EW_PHASE_END:
        return "end";
    case EW_PHASE_DC_START:
        return "dcStart";
    case EW_PHASE_DC_END:
        return "dcEnd";
    default:
        return "other";
    }
}

/* Fields are read by copy: the table gives offsets, not types. */
#define DEFINE_LOAD(name, type)               \
    static type load_##name(const char *from) \
    {                                         \
        type value;                           \
        memcpy(&value, from, sizeof value);   \
        return value;                         \
    }

DEFINE_LOAD(u8, uint8_t)
DEFINE_LOAD(u16, uint16_t)
DEFINE_LOAD(u32, uint32_t)
DEFINE_LOAD(u64, uint64_t)
DEFINE_LOAD(bool_, bool)
DEFINE_LOAD(phase, enum ew_phase)
DEFINE_LOAD(guid, struct ew_guid)
DEFINE_LOAD(utf16, struct ew_utf16_slice)
DEFINE_LOAD(bytes, struct ew_bytes_slice)
DEFINE_LOAD(addresses, struct ew_address_slice)

static void dump_addresses(struct ew_dump_output *output, struct ew_address_slice slice)
{
    ew_json_array(&output->json);
    for (uint32_t i = 0; i < slice.count; i++) {
        ew_dump_hex(output, ew_address_at(&slice, i));
    }
    ew_json_array_end(&output->json);
}

static void dump_version(struct ew_dump_output *output, const char *from)
{
    char text[24];
    uint16_t parts[4];
    memcpy(parts, from, sizeof parts);
    (void)snprintf(text, sizeof text, "%u.%u.%u.%u", parts[0], parts[1], parts[2], parts[3]);
    ew_json_text(&output->json, text);
}

static bool ends_with_id(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && strcmp(name + length - 2, "Id") == 0;
}

/* Texts that the version of the event does not have, and times not known, are left out. */
static bool is_absent(const struct ew_field *field, const char *from)
{
    switch (field->type) {
    case EW_FIELD_UTF16:
        return load_utf16(from).data == NULL;
    case EW_FIELD_BYTES:
        return load_bytes(from).data == NULL;
    case EW_FIELD_TIME:
        return load_u64(from) == 0;
    default:
        return false;
    }
}

static void dump_id(struct ew_dump_output *output, const char *name, uint32_t value)
{
    if (value == EW_ID_NONE && ends_with_id(name)) {
        ew_json_null(&output->json);
    } else {
        ew_json_u64(&output->json, value);
    }
}

static void dump_field(struct ew_dump_output *output, const struct ew_field *field,
                       const char *from)
{
    struct ew_guid guid;
    switch (field->type) {
    case EW_FIELD_U8:
        ew_json_u64(&output->json, load_u8(from));
        break;
    case EW_FIELD_U16:
        ew_json_u64(&output->json, load_u16(from));
        break;
    case EW_FIELD_U32:
        dump_id(output, field->name, load_u32(from));
        break;
    case EW_FIELD_U64:
        ew_dump_u64(output, load_u64(from));
        break;
    case EW_FIELD_HEX32:
        ew_dump_hex(output, load_u32(from));
        break;
    case EW_FIELD_HEX64:
        ew_dump_hex(output, load_u64(from));
        break;
    case EW_FIELD_BOOL:
        ew_json_bool(&output->json, load_bool_(from));
        break;
    case EW_FIELD_PHASE:
        ew_json_text(&output->json, phase_name(load_phase(from)));
        break;
    case EW_FIELD_GUID:
        guid = load_guid(from);
        ew_dump_guid(output, &guid);
        break;
    case EW_FIELD_UTF16:
        ew_dump_utf16(output, load_utf16(from).data, load_utf16(from).bytes);
        break;
    case EW_FIELD_BYTES:
        ew_dump_bytes_text(output, load_bytes(from).data, load_bytes(from).bytes);
        break;
    case EW_FIELD_ADDRESSES:
        dump_addresses(output, load_addresses(from));
        break;
    case EW_FIELD_VERSION4:
        dump_version(output, from);
        break;
    default:
        ew_dump_time(output, load_u64(from));
        break;
    }
}

void ew_dump_fact(struct ew_dump_output *output, const struct ew_fact *fact)
{
    size_t count = 0;
    const struct ew_field *fields = ew_fact_fields(fact->kind, &count);
    for (size_t i = 0; i < count; i++) {
        const char *from = (const char *)fact + fields[i].offset;
        if (!is_absent(&fields[i], from)) {
            ew_json_key(&output->json, fields[i].name);
            dump_field(output, &fields[i], from);
        }
    }
}

bool ew_dump_fact_process(const struct ew_fact *fact, uint32_t *process_id_out)
{
    size_t count = 0;
    const struct ew_field *fields = ew_fact_fields(fact->kind, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, "processId") == 0) {
            *process_id_out = load_u32((const char *)fact + fields[i].offset);
            return true;
        }
    }
    return false;
}

/*
 * A name of a schema as a key: the bytes that a key must not have, and '%', become %XX.
 * Names are for people; one longer than the room is cut.
 */
static void dump_key(struct ew_dump_output *output, struct ew_tlg_name name)
{
    static const char digits[] = "0123456789ABCDEF";
    char key[512];
    size_t used = 0;
    for (uint32_t i = 0; i < name.bytes && used + 4 <= sizeof key; i++) {
        uint8_t c = name.data[i];
        if (c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%') {
            key[used++] = (char)c;
        } else if (c == ' ') {
            key[used++] = ' ';
        } else {
            key[used++] = '%';
            key[used++] = digits[c >> 4];
            key[used++] = digits[c & 15];
        }
    }
    key[used] = '\0';
    ew_json_key(&output->json, key);
}

/* Steps inside arrays have no name; every field outside has one, if an empty one. */
static void dump_step(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    if (step->name.data != NULL) {
        dump_key(output, step->name);
    }
    switch (step->kind) {
    case EW_TLG_ARRAY:
        ew_json_array(&output->json);
        break;
    case EW_TLG_ARRAY_END:
        ew_json_array_end(&output->json);
        break;
    case EW_TLG_STRUCT_BEGIN:
        ew_json_object(&output->json);
        break;
    case EW_TLG_STRUCT_END:
        ew_json_object_end(&output->json);
        break;
    default:
        ew_dump_tlg_value(output, step);
        break;
    }
}

void ew_dump_tlg_fields(struct ew_dump_output *output, struct ew_tlg_reader reader)
{
    struct ew_tlg_step step;
    while (ew_tlg_next(&reader, &step) == EW_OK) {
        dump_step(output, &step);
    }
}
