/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders: from an event's bytes to a fact, table-driven, stateless. */
#ifndef ETWITNESS_DECODE_H
#define ETWITNESS_DECODE_H

#include "etwitness/fact.h"
#include "etwitness/status.h"

/*
 * Decodes one event. Stateless; any thread. Slices in the fact point into the
 * event's payload.
 *
 * EW_OK         `fact_out` is filled
 * EW_NOT_FOUND  no decoder for this (provider, id or opcode, version)
 * EW_FORMAT     a decoder is there and the payload breaks its layout: too short, a
 *               string without end, a count that does not fit, or longer than a
 *               layout of fixed size allows. Trailing bytes of versions newer than
 *               the newest known are accepted.
 */
EW_MUST_USE enum ew_status ew_decode(const struct ew_event *event, struct ew_fact *fact_out);

/*
 * What decoding did, by kind. `refused` says which decoder refused: the kind that
 * the event would have become.
 */
struct ew_decode_counts {
    uint64_t decoded[EW_FACT_KIND_COUNT];
    uint64_t refused[EW_FACT_KIND_COUNT];
    uint64_t unknown;
};

/* ew_decode() with the outcome counted. */
EW_MUST_USE enum ew_status ew_decode_counted(const struct ew_event *event,
                                             struct ew_decode_counts *counts,
                                             struct ew_fact *fact_out);

/* "process", "clr_method", ...: the name of a kind; never NULL. */
const char *ew_fact_kind_name(enum ew_fact_kind kind);

/* "Process/Start", "Method/LoadVerbose", ...: the usual name of a known event, or
 * NULL. */
const char *ew_event_name(const struct ew_event *event);

/* How a field of a fact is to be shown. */
enum ew_field_type {
    EW_FIELD_U8,
    EW_FIELD_U16,
    EW_FIELD_U32,
    EW_FIELD_U64,
    EW_FIELD_HEX32,
    EW_FIELD_HEX64,
    EW_FIELD_BOOL,
    EW_FIELD_PHASE,
    EW_FIELD_GUID,
    EW_FIELD_UTF16,     /* struct ew_utf16_slice */
    EW_FIELD_BYTES,     /* struct ew_bytes_slice */
    EW_FIELD_ADDRESSES, /* struct ew_address_slice */
    EW_FIELD_VERSION4,  /* uint16_t[4] */
    EW_FIELD_TIME,      /* uint64_t, FILETIME; 0: not known */
};

struct ew_field {
    const char *name;
    uint16_t offset; /* in struct ew_fact */
    uint8_t type;    /* enum ew_field_type */
};

/* The fields of a kind, in order, so that one printer shows every fact. */
const struct ew_field *ew_fact_fields(enum ew_fact_kind kind, size_t *count_out);

#endif
