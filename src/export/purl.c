/* SPDX-License-Identifier: Apache-2.0 */
/* The name and the version inside a package URL. */
#include "export/purl.h"

#include <stddef.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of `text`, decoded; steps over it. A decoded NUL is none. */
static int next_character(const char **text)
{
    const char *at = *text;
    *text = at + 1;
    if (at[0] != '%') {
        return (unsigned char)at[0];
    }
    int high = hex_value(at[1]);
    int low = high < 0 ? -1 : hex_value(at[2]);
    if (low < 0) {
        return -1;
    }
    *text = at + 3;
    return high * 16 + low == 0 ? -1 : high * 16 + low;
}

static bool decode(const char *text, const char *end, char out[EW_PURL_TEXT_BYTES])
{
    size_t used = 0;
    while (text < end) {
        int c = next_character(&text);
        if (c < 0 || text > end || used + 1 >= EW_PURL_TEXT_BYTES) {
            return false;
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

/* The last `c` of a range, or NULL. */
static const char *last_of(const char *text, const char *end, char c)
{
    while (end > text) {
        if (*--end == c) {
            return end;
        }
    }
    return NULL;
}

bool ew_purl_parse(const char *text, struct ew_purl *purl_out)
{
    if (strncmp(text, "pkg:", 4) != 0) {
        return false;
    }
    const char *end = text + strcspn(text, "?#");
    const char *slash = last_of(text + 4, end, '/');
    if (slash == NULL) {
        return false;
    }
    /* A version may hold encoded slashes only, so the last '@' behind the last '/' begins it. */
    const char *at = last_of(slash + 1, end, '@');
    const char *name_end = at != NULL ? at : end;
    const char *version = at != NULL ? at + 1 : end;
    return name_end > slash + 1 && decode(slash + 1, name_end, purl_out->name)
           && decode(version, end, purl_out->version);
}
