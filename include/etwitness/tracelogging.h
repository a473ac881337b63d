/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TraceLogging events carry their own schema (extended item 11) and the name of their
 * provider (item 12). This reads them field by field, without allocation or recursion.
 * Schema layout: TraceLoggingProvider.h of the Windows SDK; reference etl-format.md 4.
 */
#ifndef ETWITNESS_TRACELOGGING_H
#define ETWITNESS_TRACELOGGING_H

#include "etwitness/event.h"
#include "etwitness/limits.h"
#include "etwitness/status.h"

/* Types as they lie in the payload (TlgIn of TraceLoggingProvider.h). */
enum ew_tlg_in {
    EW_TLG_NULL = 0,
    EW_TLG_UTF16 = 1, /* zero-terminated */
    EW_TLG_ANSI = 2,  /* zero-terminated */
    EW_TLG_INT8 = 3,
    EW_TLG_UINT8 = 4,
    EW_TLG_INT16 = 5,
    EW_TLG_UINT16 = 6,
    EW_TLG_INT32 = 7,
    EW_TLG_UINT32 = 8,
    EW_TLG_INT64 = 9,
    EW_TLG_UINT64 = 10,
    EW_TLG_FLOAT = 11,
    EW_TLG_DOUBLE = 12,
    EW_TLG_BOOL32 = 13,
    EW_TLG_BINARY = 14, /* 16-bit size, bytes */
    EW_TLG_GUID = 15,
    EW_TLG_POINTER = 16,
    EW_TLG_FILETIME = 17,
    EW_TLG_SYSTEMTIME = 18,
    EW_TLG_SID = 19,
    EW_TLG_HEX32 = 20,
    EW_TLG_HEX64 = 21,
    EW_TLG_COUNTED_UTF16 = 22, /* 16-bit size in bytes, text */
    EW_TLG_COUNTED_ANSI = 23,
    EW_TLG_STRUCT = 24,         /* no data; the next fields belong to it */
    EW_TLG_COUNTED_BINARY = 25, /* as BINARY */
};

/* How a value is meant to be shown (TlgOut); others are shown by their type. */
enum ew_tlg_out {
    EW_TLG_OUT_DEFAULT = 0,
    EW_TLG_OUT_STRING = 2,
    EW_TLG_OUT_BOOLEAN = 3,
    EW_TLG_OUT_HEX = 4,
    EW_TLG_OUT_PORT = 7, /* network byte order */
    EW_TLG_OUT_IPV4 = 8,
    EW_TLG_OUT_IPV6 = 9,
    EW_TLG_OUT_SOCKET_ADDRESS = 10,
    EW_TLG_OUT_XML = 11,
    EW_TLG_OUT_JSON = 12,
    EW_TLG_OUT_WIN32_ERROR = 13,
    EW_TLG_OUT_NTSTATUS = 14,
    EW_TLG_OUT_HRESULT = 15,
    EW_TLG_OUT_FILETIME = 16,
    EW_TLG_OUT_UTF8 = 35,
    EW_TLG_OUT_CODE_POINTER = 37,
};

enum ew_tlg_step_kind {
    EW_TLG_VALUE,
    EW_TLG_ARRAY, /* values or structs without names follow */
    EW_TLG_ARRAY_END,
    EW_TLG_STRUCT_BEGIN, /* fields with names follow */
    EW_TLG_STRUCT_END,
};

/* UTF-8 text of a schema, not terminated. */
struct ew_tlg_name {
    const uint8_t *data;
    uint32_t bytes;
};

/*
 * One step through an event's fields. `name` is empty inside arrays. `in_type` and
 * `data` belong to values: `data` is the text or the bytes without terminator and size.
 * An array of characters that is meant as text is one value, EW_TLG_UTF16 or EW_TLG_ANSI.
 */
struct ew_tlg_step {
    const uint8_t *data;
    struct ew_tlg_name name;
    uint32_t data_bytes;
    uint8_t kind;     /* enum ew_tlg_step_kind */
    uint8_t in_type;  /* enum ew_tlg_in */
    uint8_t out_type; /* enum ew_tlg_out, or another number */
};

/* A struct, or array of structs, that is being read. */
struct ew_tlg_level {
    const uint8_t *fields;  /* descriptors of its first field */
    uint16_t elements_left; /* that have not begun */
    uint8_t field_count;
    uint8_t fields_left; /* of the element being read */
    bool array;
    bool inside; /* an element is being read */
};

/* Where a walk stands. Owned by the caller; points into the event. */
struct ew_tlg_reader {
    const uint8_t *schema;
    const uint8_t *schema_end;
    const uint8_t *payload;
    const uint8_t *payload_end;
    uint32_t steps_left;
    uint16_t values_left; /* of the array being read */
    uint8_t pointer_bytes;
    uint8_t array_in_type;
    uint8_t array_out_type;
    bool in_array;
    uint8_t depth;
    struct ew_tlg_level levels[EW_TLG_DEPTH_MAX];
};

/* The provider's name from item 12; false when the event has none. */
bool ew_tlg_provider(const struct ew_event *event, struct ew_tlg_name *name_out);

/*
 * Begins to read an event that describes itself.
 *
 * EW_OK         `reader_out` stands before the first field
 * EW_NOT_FOUND  the event has no schema
 * EW_FORMAT     the schema breaks its layout
 */
EW_MUST_USE enum ew_status ew_tlg_open(const struct ew_event *event,
                                       struct ew_tlg_reader *reader_out,
                                       struct ew_tlg_name *event_name_out);

/*
 * The next step.
 *
 * EW_OK      `step_out` is filled
 * EW_END     all fields are read
 * EW_FORMAT  schema and payload do not fit, or bytes are left that no field describes
 * EW_LIMIT   more than EW_TLG_DEPTH_MAX structs in one another, or more steps
 *            than EW_TLG_STEPS_PER_BYTE allows
 */
EW_MUST_USE enum ew_status ew_tlg_next(struct ew_tlg_reader *reader,
                                       struct ew_tlg_step *step_out);

#endif
