/* SPDX-License-Identifier: Apache-2.0 */
/* The layouts of known events, written down a second time, apart from the decoders. */
#ifndef EW_TESTS_DECODE_LAYOUTS_H
#define EW_TESTS_DECODE_LAYOUTS_H

#include "etwitness/fact.h"

/*
 * `text` has a letter a field: P pointer, W UTF-16 text, A 8-bit text, U user of a classic
 * process event, S SID, G GUID, and a digit for that many bytes.
 */
struct layout {
    const struct ew_guid *provider; /* NULL: `number` is a kernel hook */
    const char *text;
    uint16_t number; /* hook, opcode or id */
    uint8_t version;
    uint8_t kind;
    bool classic;
    bool newest;            /* newer versions begin like this one */
    uint8_t optional_bytes; /* at the end, that genuine events may lack */
};

extern const struct layout layouts[];
extern const size_t layout_count;

#endif
