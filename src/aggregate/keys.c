/* SPDX-License-Identifier: Apache-2.0 */
/* Identities as text (reference evidence.md 5.2, 5.3). */
#include "aggregate/keys.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_IN_KEY_BYTES = 400 };

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
    (void)snprintf(at, DEBUG_ID_BYTES - 32, "%x", (unsigned)module->pdb_age);
}

void key_code_id(const struct ew_module *module, char out[CODE_ID_BYTES])
{
    (void)snprintf(out, CODE_ID_BYTES, "%08X%x", (unsigned)module->timestamp,
                   (unsigned)module->size_bytes);
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

void key_managed(const struct ew_module *module, uint32_t token, char out[KEY_BYTES])
{
    char build[KEY_BYTES];
    if (module->has_debug_id) {
        key_debug_id(module, build);
    } else {
        key_module(module, build);
    }
    (void)snprintf(out, KEY_BYTES, "m:%.480s:%08x", build, (unsigned)token);
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
    (void)snprintf(out, KEY_BYTES, "u:%.480s:%llx", build, (unsigned long long)rva);
}
