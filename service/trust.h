/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who can change what the service runs as LocalSystem. The Windows file reads owners and access
 * lists and decides nothing; what they mean is decided here, for every platform.
 */
#ifndef EW_SERVICE_TRUST_H
#define EW_SERVICE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text form of a SID: 15 parts of 10 digits at most. */
enum { TRUST_SID_BYTES = 192 };

/* What a list stands for: other rights are harmful in each place. */
enum trust_place {
    TRUST_FILE,   /* the program, or its configuration */
    TRUST_FOLDER, /* the folder that it lies in: what is beside a program is loaded first */
    TRUST_PARENT, /* a folder above: one below it can be moved away and another put there */
    TRUST_ROOT,   /* of a volume, which nobody can move */
};

enum trust_kind { TRUST_ALLOWS, TRUST_DENIES, TRUST_UNUSUAL };

/* One entry of an access list. */
struct trust_entry {
    enum trust_kind kind;
    bool inherit_only; /* says nothing of this place itself */
    uint32_t rights;   /* the bits of an ACCESS_MASK for files */
    char sid[TRUST_SID_BYTES];
};

struct trust_list {
    char owner[TRUST_SID_BYTES];
    bool exists; /* without a list everybody may do everything */
    const struct trust_entry *entries;
    size_t count;
};

enum trust_verdict {
    TRUST_GOOD,
    TRUST_BAD_OWNER, /* who owns it can give rights to anybody */
    TRUST_BAD_ENTRY,
    TRUST_BAD_UNUSUAL, /* an entry that nobody writes on files, and that is not understood */
    TRUST_NO_LIST,
};

/*
 * Whether LocalSystem, administrators and Windows' installer alone can change a place. Entries
 * that deny are not counted upon: they only take away.
 *
 * who_out  the SID that a bad verdict is about, which lies in `list`; NULL for none
 */
enum trust_verdict trust_judge(enum trust_place place, const struct trust_list *list,
                               const char **who_out);

/* What somebody who is not trusted can do, as the end of a sentence that begins with a name. */
const char *trust_harm(enum trust_place place);

/* Whether a file beside a program changes what Windows loads with it: a library, or a file that
 * tells where libraries are. Names without folder. */
bool trust_steers_loader(const char *program_name, const char *file_name);

/* Whether Windows can take the command line of a service for nothing but what it says: of
 * C:\a b\c.exe without quotes it tries C:\a.exe first. */
bool trust_is_quoted(const char *command_line);

#endif
