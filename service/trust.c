/* SPDX-License-Identifier: Apache-2.0 */
/* What owners, access lists, names beside a program and command lines mean for trust. */
#include "trust.h"

#include <string.h>

/* Bits of ACCESS_MASK, as Windows defines them for files and folders. */
enum {
    WRITE_DATA = 0x2,  /* of a folder: makes files in it */
    APPEND_DATA = 0x4, /* of a folder: makes folders in it, such as PROGRAM.local */
    WRITE_EXTENDED = 0x10,
    DELETE_CHILD = 0x40,
    WRITE_ATTRIBUTES = 0x100, /* enough to make it a link */
    DELETE_ITSELF = 0x10000,
    WRITE_LIST = 0x40000,
    WRITE_OWNER_OF_IT = 0x80000,
    ANY_CHANGE = 0x10000000, /* GENERIC_ALL */
    ANY_WRITE = 0x40000000,  /* GENERIC_WRITE */

    TAKES_OVER = WRITE_LIST | WRITE_OWNER_OF_IT | ANY_CHANGE,
    WRITES = WRITE_DATA | APPEND_DATA | WRITE_EXTENDED | WRITE_ATTRIBUTES | ANY_WRITE,
};

/* Nobody can replace a folder that is there by making another, so making files and folders in a
 * parent is harmless: in C:\ and in ProgramData every user may. */
static uint32_t harmful_rights(enum trust_place place)
{
    switch (place) {
    case TRUST_FILE:
        return TAKES_OVER | WRITES | DELETE_ITSELF;
    case TRUST_FOLDER:
        return TAKES_OVER | WRITES | DELETE_ITSELF | DELETE_CHILD;
    case TRUST_PARENT:
        return TAKES_OVER | DELETE_ITSELF | DELETE_CHILD;
    default:
        return TAKES_OVER | DELETE_CHILD;
    }
}

/* LocalSystem, the group Administrators, and Windows' installer (reference etw.md 3.8). */
static bool is_trusted(const char *sid)
{
    static const char *const sids[] = {
        "S-1-5-18",
        "S-1-5-32-544",
        "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
    };
    for (size_t i = 0; i < sizeof sids / sizeof sids[0]; i++) {
        if (strcmp(sid, sids[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The rights that the owner gives himself with OWNER RIGHTS are those of somebody trusted. */
static bool is_owner_rights(const char *sid)
{
    return strcmp(sid, "S-1-3-4") == 0;
}

enum trust_verdict trust_judge(enum trust_place place, const struct trust_list *list,
                               const char **who_out)
{
    *who_out = list->owner;
    if (!is_trusted(list->owner)) {
        return TRUST_BAD_OWNER;
    }
    *who_out = NULL;
    if (!list->exists) {
        return TRUST_NO_LIST;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct trust_entry *entry = &list->entries[i];
        if (entry->inherit_only || entry->kind == TRUST_DENIES
            || (entry->rights & harmful_rights(place)) == 0) {
            continue;
        }
        if (entry->kind == TRUST_UNUSUAL) {
            return TRUST_BAD_UNUSUAL;
        }
        if (!is_trusted(entry->sid) && !is_owner_rights(entry->sid)) {
            *who_out = entry->sid;
            return TRUST_BAD_ENTRY;
        }
    }
    return TRUST_GOOD;
}

const char *trust_harm(enum trust_place place)
{
    switch (place) {
    case TRUST_FILE:
        return "can change it";
    case TRUST_FOLDER:
        return "can change what is in it";
    default:
        return "can put another folder in the place of one below it";
    }
}

/* --- names ------------------------------------------------------------------------------- */

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

static bool is_same(const char *a, const char *b, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

static bool ends_with(const char *text, size_t text_bytes, const char *ending)
{
    size_t bytes = strlen(ending);
    return text_bytes >= bytes && is_same(text + text_bytes - bytes, ending, bytes);
}

bool trust_steers_loader(const char *program_name, const char *file_name)
{
    static const char *const endings[] = {".local", ".manifest", ".config"};
    size_t program_bytes = strlen(program_name);
    size_t bytes = strlen(file_name);
    if (ends_with(file_name, bytes, ".dll")) {
        return true;
    }
    if (bytes < program_bytes || !is_same(file_name, program_name, program_bytes)) {
        return false;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (bytes - program_bytes == strlen(endings[i])
            && ends_with(file_name, bytes, endings[i])) {
            return true;
        }
    }
    return false;
}

bool trust_is_quoted(const char *command_line)
{
    size_t first = strcspn(command_line, " \t");
    return command_line[0] == '"' || command_line[first] == '\0'
           || ends_with(command_line, first, ".exe");
}
