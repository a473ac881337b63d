/* SPDX-License-Identifier: Apache-2.0 */
/* The folders and stores that are searched. */
#include "base/text.h"
#include "symbols/store.h"

#include <stdlib.h>
#include <string.h>

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* A path of the form \\server\share, but not \\?\C:\ and \\.\. */
static bool names_share(const char *path)
{
    bool local = strlen(path) >= 4 && (path[2] == '?' || path[2] == '.') && is_separator(path[3]);
    bool long_share = local && strlen(path) >= 8 && (path[4] == 'U' || path[4] == 'u')
                      && (path[5] == 'N' || path[5] == 'n') && (path[6] == 'C' || path[6] == 'c')
                      && is_separator(path[7]);
    return is_separator(path[0]) && is_separator(path[1]) && (!local || long_share);
}

static enum ew_status add(struct folders *folders, const char *text, size_t length, bool network,
                          struct ew_error *error)
{
    char *copy = malloc(length + 1);
    if (copy == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for symbol paths");
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    enum ew_status status = EW_OK;
    if (strstr(copy, "://") != NULL) {
        status = ew_fail(error, EW_USAGE,
                         "symbol path \"%.200s\": symbol servers are not asked, only folders and "
                         "stores are read",
                         copy);
    } else if (names_share(copy) && !network) {
        status = ew_fail(error, EW_USAGE,
                         "symbol path \"%.200s\": is on a server, which the setting "
                         "\"network\" does not allow",
                         copy);
    } else if (folders->count == EW_SYMBOL_FOLDERS_MAX) {
        status = ew_fail(error, EW_USAGE, "more than %d symbol paths", EW_SYMBOL_FOLDERS_MAX);
    }
    if (status != EW_OK) {
        free(copy);
        return status;
    }
    folders->items[folders->count++] = copy;
    return EW_OK;
}

/* "SRV*a*b" and "CACHE*a" name folders between the stars; anything else is one folder. */
static enum ew_status add_setting(struct folders *folders, const char *text, bool network,
                                  struct ew_error *error)
{
    char head[8] = "";
    size_t length = strcspn(text, "*");
    if (length < sizeof head && text[length] == '*') {
        memcpy(head, text, length);
        ew_text_lower(head);
    }
    bool listed =
        strcmp(head, "srv") == 0 || strcmp(head, "symsrv") == 0 || strcmp(head, "cache") == 0;
    const char *at = listed ? text + length : text;
    if (!listed) {
        return text[0] == '\0' ? EW_OK : add(folders, text, strlen(text), network, error);
    }
    enum ew_status status = EW_OK;
    while (status == EW_OK && *at == '*') {
        at++;
        length = strcspn(at, "*");
        bool library = length > 4 && memcmp(at + length - 4, ".dll", 4) == 0; /* of "symsrv*" */
        status = length == 0 || library ? EW_OK : add(folders, at, length, network, error);
        at += length;
    }
    return status;
}

enum ew_status folders_read(struct folders *folders, const struct ew_settings_symbols *settings,
                            struct ew_error *error)
{
    enum ew_status status = EW_OK;
    folders->items = calloc(EW_SYMBOL_FOLDERS_MAX, sizeof *folders->items);
    if (folders->items == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for symbol paths");
    }
    for (size_t i = 0; status == EW_OK && i < settings->paths.count; i++) {
        status = add_setting(folders, settings->paths.items[i], settings->network, error);
    }
    if (status == EW_OK && settings->cache != NULL) {
        status = add_setting(folders, settings->cache, settings->network, error);
    }
    return status;
}

void folders_free(struct folders *folders)
{
    for (size_t i = 0; i < folders->count; i++) {
        free(folders->items[i]);
    }
    free(folders->items);
    folders->items = NULL;
    folders->count = 0;
}
