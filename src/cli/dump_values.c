/* SPDX-License-Identifier: Apache-2.0 */
/* Single values as JSON, the same on every machine. */
#include "base/cursor.h"
#include "base/filetime.h"
#include "base/text.h"
#include "cli/dump.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

void ew_dump_hex(struct ew_dump_output *output, uint64_t value)
{
    char text[19];
    (void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
    ew_json_text(&output->json, text);
}

void ew_dump_u64(struct ew_dump_output *output, uint64_t value)
{
    if (value > EW_JSON_INTEGER_MAX) {
        ew_dump_hex(output, value);
    } else {
        ew_json_u64(&output->json, value);
    }
}

/* Below what JSON readers hold exactly it is decimal text: hex would hide the sign. */
static void dump_i64(struct ew_dump_output *output, int64_t value)
{
    if (value >= -(int64_t)EW_JSON_INTEGER_MAX && value <= (int64_t)EW_JSON_INTEGER_MAX) {
        ew_json_i64(&output->json, value);
        return;
    }
    char text[21];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    ew_json_text(&output->json, text);
}

void ew_dump_guid(struct ew_dump_output *output, const struct ew_guid *guid)
{
    char text[EW_GUID_TEXT_BYTES];
    ew_guid_format(guid, text);
    ew_json_text(&output->json, text);
}

void ew_dump_time(struct ew_dump_output *output, uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(filetime, text);
    ew_json_text(&output->json, text);
}

void ew_dump_utf16(struct ew_dump_output *output, const uint8_t *data, size_t bytes)
{
    size_t length = ew_text_from_utf16(data, bytes, output->text, sizeof output->text);
    ew_json_text_bytes(&output->json, output->text, length);
}

void ew_dump_bytes_text(struct ew_dump_output *output, const uint8_t *data, size_t bytes)
{
    size_t length = ew_text_from_bytes(data, bytes, output->text, sizeof output->text);
    ew_json_text_bytes(&output->json, output->text, length);
}

void ew_dump_bytes_hex(struct ew_dump_output *output, const uint8_t *data, size_t bytes)
{
    ew_text_hex(data, bytes, output->text);
    ew_json_text(&output->json, output->text);
}

/* The unsigned number that the value's bytes make, up to 8. */
static uint64_t load(const struct ew_tlg_step *step)
{
    uint64_t value = 0;
    for (uint32_t i = step->data_bytes; i > 0; i--) {
        value = value << 8 | step->data[i - 1];
    }
    return value;
}

static int64_t load_signed(const struct ew_tlg_step *step)
{
    unsigned bits = 8 * step->data_bytes;
    uint64_t value = load(step);
    if (bits < 64 && (value >> (bits - 1) & 1) != 0) {
        value |= UINT64_MAX << bits;
    }
    return value > INT64_MAX ? -(int64_t)(UINT64_MAX - value) - 1 : (int64_t)value;
}

/* How integers are shown that are meant as something else; false when they are not. */
static bool dump_meaning(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    switch (step->out_type) {
    case EW_TLG_OUT_BOOLEAN:
        ew_json_bool(&output->json, load(step) != 0);
        return true;
    case EW_TLG_OUT_HEX:
    case EW_TLG_OUT_WIN32_ERROR:
    case EW_TLG_OUT_NTSTATUS:
    case EW_TLG_OUT_HRESULT:
    case EW_TLG_OUT_CODE_POINTER:
        ew_dump_hex(output, load(step));
        return true;
    case EW_TLG_OUT_IPV4:
        ew_dump_bytes_hex(output, step->data, step->data_bytes);
        return true;
    case EW_TLG_OUT_PORT:
        ew_json_u64(&output->json, (load(step) & 0xff) << 8 | (load(step) >> 8 & 0xff));
        return true;
    case EW_TLG_OUT_FILETIME:
        ew_dump_time(output, load(step));
        return true;
    case EW_TLG_OUT_STRING:
    case EW_TLG_OUT_UTF8:
        if (step->data_bytes == 1) {
            ew_dump_bytes_text(output, step->data, 1);
        } else if (step->data_bytes == 2) {
            ew_dump_utf16(output, step->data, 2);
        }
        return step->data_bytes <= 2;
    default:
        return false;
    }
}

static void dump_integer(struct ew_dump_output *output, const struct ew_tlg_step *step,
                         bool is_signed)
{
    if (dump_meaning(output, step)) {
        return;
    }
    if (is_signed) {
        dump_i64(output, load_signed(step));
    } else {
        ew_dump_u64(output, load(step));
    }
}

/* As text, with the digits that bring the same number back: the writer knows no floats. */
static void dump_real(struct ew_dump_output *output, double value, int digits)
{
    char text[32];
    if (value != value) {
        ew_json_text(&output->json, "NaN");
        return;
    }
    if (value > DBL_MAX || value < -DBL_MAX) {
        ew_json_text(&output->json, value > 0 ? "Infinity" : "-Infinity");
        return;
    }
    (void)snprintf(text, sizeof text, "%.*g", digits, value);
    ew_json_text(&output->json, text);
}

static void dump_float(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    uint32_t bits = ew_load_u32(step->data);
    float value;
    memcpy(&value, &bits, sizeof value);
    dump_real(output, (double)value, 9);
}

static void dump_double(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    uint64_t bits = ew_load_u64(step->data);
    double value;
    memcpy(&value, &bits, sizeof value);
    dump_real(output, value, 17);
}

/* Eight 16-bit words: year, month, day of week, day, hour, minute, second, millisecond.
 * What is no date is shown as bytes. */
static void dump_system_time(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    enum { YEAR, MONTH, WEEKDAY, DAY, HOUR, MINUTE, SECOND, MILLISECOND, WORDS };
    char text[64];
    unsigned word[WORDS];
    for (int i = 0; i < WORDS; i++) {
        word[i] = ew_load_u16(step->data + 2 * i);
    }
    if (word[YEAR] > 9999 || word[MONTH] - 1 > 11 || word[DAY] - 1 > 30 || word[HOUR] > 23
        || word[MINUTE] > 59 || word[SECOND] > 59 || word[MILLISECOND] > 999) {
        ew_dump_bytes_hex(output, step->data, step->data_bytes);
        return;
    }
    (void)snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02u.%03u", word[YEAR],
                   word[MONTH], word[DAY], word[HOUR], word[MINUTE], word[SECOND],
                   word[MILLISECOND]);
    ew_json_text(&output->json, text);
}

static void dump_guid_value(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    struct ew_guid guid;
    memcpy(guid.bytes, step->data, sizeof guid.bytes);
    ew_dump_guid(output, &guid);
}

void ew_dump_tlg_value(struct ew_dump_output *output, const struct ew_tlg_step *step)
{
    switch (step->in_type) {
    case EW_TLG_NULL:
        ew_json_null(&output->json);
        break;
    case EW_TLG_UTF16:
    case EW_TLG_COUNTED_UTF16:
        ew_dump_utf16(output, step->data, step->data_bytes);
        break;
    case EW_TLG_ANSI:
    case EW_TLG_COUNTED_ANSI:
        ew_dump_bytes_text(output, step->data, step->data_bytes);
        break;
    case EW_TLG_INT8:
    case EW_TLG_INT16:
    case EW_TLG_INT32:
    case EW_TLG_INT64:
        dump_integer(output, step, true);
        break;
    case EW_TLG_UINT8:
    case EW_TLG_UINT16:
    case EW_TLG_UINT32:
    case EW_TLG_UINT64:
        dump_integer(output, step, false);
        break;
    case EW_TLG_BOOL32:
        ew_json_bool(&output->json, load(step) != 0);
        break;
    case EW_TLG_HEX32:
    case EW_TLG_HEX64:
    case EW_TLG_POINTER:
        ew_dump_hex(output, load(step));
        break;
    case EW_TLG_FLOAT:
        dump_float(output, step);
        break;
    case EW_TLG_DOUBLE:
        dump_double(output, step);
        break;
    case EW_TLG_GUID:
        dump_guid_value(output, step);
        break;
    case EW_TLG_FILETIME:
        ew_dump_time(output, load(step));
        break;
    case EW_TLG_SYSTEMTIME:
        dump_system_time(output, step);
        break;
    default:
        ew_dump_bytes_hex(output, step->data, step->data_bytes);
        break;
    }
}
