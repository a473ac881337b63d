/* SPDX-License-Identifier: Apache-2.0 */
/* Identities as text (reference evidence.md 5.2, 5.3). */
#include "aggregate/keys.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_IN_KEY_BYTES = 400, BUILD_IN_KEY_BYTES = 480 };

static const char lower_digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";

/* Keys are made for every function of a window, so without printf. */
static char *put_text(char *at, const char *text, size_t byte_count)
{
    memcpy(at, text, byte_count);
    return at + byte_count;
}

/* At least `width` digits; terminated. */
static char *put_hex(char *at, uint64_t value, unsigned width, const char *digits)
{
    char reversed[16];
    unsigned used = 0;
    do {
        reversed[used++] = digits[value & 15];
        value >>= 4;
    } while (value != 0);
    while (used < width) {
        reversed[used++] = '0';
    }
    while (used > 0) {
        *at++ = reversed[--used];
    }
    *at = '\0';
    return at;
}

void key_debug_id(const struct ew_module *module, char out[DEBUG_ID_BYTES])
{
    char guid[EW_GUID_TEXT_BYTES];
    char *at = out;
    ew_guid_format(&module->pdb_guid, guid);
    for (const char *from = guid; *from != '\0'; from++) {
        if (*from != '-') {
            *at++ = *from;
        }
    }
    (void)put_hex(at, module->pdb_age, 1, lower_digits);
}

void key_code_id(const struct ew_module *module, char out[CODE_ID_BYTES])
{
    char *at = put_hex(out, module->timestamp, 8, upper_digits);
    (void)put_hex(at, module->size_bytes, 1, lower_digits);
}

/* The name part of a key is cut, never the rest: keys stay distinct by build. */
static void lower_name(const struct ew_module *module, char out[NAME_IN_KEY_BYTES])
{
    size_t length = strlen(module->name);
    length = length < NAME_IN_KEY_BYTES ? length : NAME_IN_KEY_BYTES - 1;
    while (length > 0 && !ew_text_is_utf8(module->name, length)) {
        length--;
    }
    memcpy(out, module->name, length);
    out[length] = '\0';
    ew_text_lower(out);
}

void key_module(const struct ew_module *module, char out[KEY_BYTES])
{
    char part[NAME_IN_KEY_BYTES];
    if (module->has_debug_id) {
        key_debug_id(module, part);
        (void)snprintf(out, KEY_BYTES, "pdb:%s", part);
    } else if (module->has_code_id) {
        key_code_id(module, part);
        (void)snprintf(out, KEY_BYTES, "pe:%s", part);
    } else {
        lower_name(module, part);
        (void)snprintf(out, KEY_BYTES, "name:%s", part);
    }
}

/* "KIND:BUILD:"; every key has room for a number behind it. */
static char *put_build(char *at, char kind, const char *build)
{
    size_t length = strlen(build);
    *at++ = kind;
    *at++ = ':';
    at = put_text(at, build, length < BUILD_IN_KEY_BYTES ? length : BUILD_IN_KEY_BYTES);
    *at++ = ':';
    return at;
}

void key_managed(const struct ew_module *module, uint32_t token, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    if (module->has_debug_id) {
        key_debug_id(module, build);
    } else {
        key_module(module, build);
    }
    (void)put_hex(put_build(out, 'm', build), token, 8, lower_digits);
}

void key_unresolved(const struct ew_module *module, uint64_t rva, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    if (module->has_code_id) {
        key_code_id(module, build);
    } else if (module->has_debug_id) {
        key_debug_id(module, build);
    } else {
        key_module(module, build);
    }
    (void)put_hex(put_build(out, 'u', build), rva, 1, lower_digits);
}
