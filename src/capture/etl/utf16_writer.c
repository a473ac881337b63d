/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 text into the UTF-16 of payloads. */
#include "base/cursor.h"
#include "base/text.h"
#include "etwitness/etl_writer.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd };

static size_t sequence_bytes(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xe0) {
        return 2;
    }
    return lead < 0xf0 ? 3 : 4;
}

/* The next character; steps over one byte where the text is no UTF-8. */
static uint32_t next_character(const uint8_t **at, const uint8_t *end)
{
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const uint8_t *from = *at;
    size_t count = sequence_bytes(from[0]);
    if (count > (size_t)(end - from) || !ew_text_is_utf8(from, count)) {
        *at = from + 1;
        return REPLACEMENT;
    }
    uint32_t character = from[0] & lead_bits[count];
    for (size_t i = 1; i < count; i++) {
        character = character << 6 | (from[i] & 0x3fU);
    }
    *at = from + count;
    return character;
}

size_t ew_etl_put_utf16(const char *text, uint8_t *out, size_t capacity)
{
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    size_t used = 0;
    while (at < end) {
        uint32_t character = next_character(&at, end);
        /* Room for a pair and the terminator. */
        if (capacity < 6 || used > capacity - 6) {
            return 0;
        }
        if (character >= 0x10000) {
            ew_store_u16(out + used, (uint16_t)(0xd800 | (character - 0x10000) >> 10));
            used += 2;
            character = 0xdc00 | (character & 0x3ff);
        }
        ew_store_u16(out + used, (uint16_t)character);
        used += 2;
    }
    if (capacity < 2 || used > capacity - 2) {
        return 0;
    }
    ew_store_u16(out + used, 0);
    return used + 2;
}
