/* SPDX-License-Identifier: Apache-2.0 */
/* Identities as text (reference evidence.md 5.2, 5.3). */
#include "aggregate/keys.h"

#include "base/index.h"
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

void key_module(const struct identity *identity, char out[KEY_BYTES])
{
    const struct ew_module *module = &identity->module;
    char part[NAME_IN_KEY_BYTES];
    if (identity->has_mvid) {
        ew_guid_format(&identity->mvid, part);
        (void)snprintf(out, KEY_BYTES, "mvid:%s", part);
    } else if (module->has_debug_id) {
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

void key_managed(const struct identity *identity, uint32_t token, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    if (identity->has_mvid) {
        ew_guid_format(&identity->mvid, build);
    } else if (identity->module.has_debug_id) {
        key_debug_id(&identity->module, build);
    } else {
        key_module(identity, build);
    }
    (void)put_hex(put_build(out, 'm', build), token, 8, lower_digits);
}

/* The code id needs no file, so it is what addresses are told by, with and without one. */
static void build_of_code(const struct identity *identity, char build[KEY_BYTES])
{
    if (identity->module.has_code_id) {
        key_code_id(&identity->module, build);
    } else if (identity->module.has_debug_id) {
        key_debug_id(&identity->module, build);
    } else {
        key_module(identity, build);
    }
}

void key_native(const struct identity *identity, uint64_t rva, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    if (identity->module.has_debug_id) {
        key_debug_id(&identity->module, build);
    } else {
        build_of_code(identity, build);
    }
    (void)put_hex(put_build(out, 'n', build), rva, 1, lower_digits);
}

/* A name too long for a key is told by its hash: cut ones could be equal. */
void key_export(const struct identity *identity, const char *name, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    size_t length = strlen(name);
    build_of_code(identity, build);
    char *at = put_build(out, 'x', build);
    if (length < (size_t)(out + KEY_BYTES - at)) {
        (void)put_text(at, name, length + 1);
    } else {
        at = put_text(at, "xxh3-", 5);
        (void)put_hex(at, ew_index_hash_bytes(name, length), 16, lower_digits);
    }
}

void key_unresolved(const struct identity *identity, uint64_t rva, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    build_of_code(identity, build);
    (void)put_hex(put_build(out, 'u', build), rva, 1, lower_digits);
}
