/* SPDX-License-Identifier: Apache-2.0 */
/* Windows paths as events spell them, on any platform. */
#include "base/winpath.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool starts_with_fold(const char *text, const char *prefix)
{
    char head[32];
    size_t length = strlen(prefix);
    if (strlen(text) < length || length >= sizeof head) {
        return false;
    }
    memcpy(head, text, length);
    head[length] = '\0';
    return ew_text_equal_fold(head, prefix);
}

const char *ew_winpath_on_volume(const char *path)
{
    static const char device[] = "\\Device\\";
    if (strncmp(path, "\\??\\", 4) == 0 || strncmp(path, "\\\\?\\", 4) == 0) {
        path += 4;
    }
    if (path[0] != '\0' && path[1] == ':') {
        return path + 2;
    }
    if (starts_with_fold(path, device)) {
        const char *rest = strchr(path + sizeof device - 1, '\\');
        return rest != NULL ? rest : path;
    }
    return path;
}

static bool names_server(const char *path)
{
    return strncmp(path, "\\\\?\\UNC\\", 8) == 0 || starts_with_fold(path, "\\Device\\Mup\\")
           || starts_with_fold(path, "\\Device\\LanmanRedirector\\")
           || (strncmp(path, "\\\\", 2) == 0 && strncmp(path, "\\\\?\\", 4) != 0);
}

/* What follows the user's name in "\Users\name\rest", or NULL for other paths. */
static const char *after_user(const char *path)
{
    static const char *const roots[] = {"\\Users\\", "\\Documents and Settings\\"};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        if (starts_with_fold(path, roots[i])) {
            const char *name = path + strlen(roots[i]);
            return starts_with_fold(name, "Public\\") ? NULL : strchr(name, '\\');
        }
    }
    return NULL;
}

bool ew_winpath_scrub(const char *path, char *out, size_t capacity)
{
    out[0] = '\0';
    if (names_server(path)) {
        return false;
    }
    const char *plain = ew_winpath_on_volume(path);
    const char *rest = after_user(plain);
    int length = rest != NULL ? snprintf(out, capacity, "%%USERPROFILE%%%s", rest)
                              : snprintf(out, capacity, "%s", plain);
    if (length < 0 || (size_t)length >= capacity) {
        out[0] = '\0';
        return false;
    }
    return true;
}
