/* SPDX-License-Identifier: Apache-2.0 */
/* What the last bytes of a document tell of it. */
#include "evidence/learn.h"

#include "base/filetime.h"
#include "platform/file.h"

#include <string.h>

enum { TAIL_BYTES = 4096, TIME_TEXT_BYTES = EW_FILETIME_TEXT_BYTES - 1 };

/* The last bytes of a document as text; "" when it cannot be read. */
static void read_tail(const char *folder, const struct ew_catalog_entry *entry,
                      char tail_out[TAIL_BYTES + 1])
{
    char name[EW_DOCUMENT_NAME_BYTES];
    char path[PUBLISHER_PATH_BYTES];
    struct ew_file *file = NULL;
    size_t got = 0;
    tail_out[0] = '\0';
    ew_document_name_format(&entry->name, name);
    publisher_path(path, folder, name);
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        return;
    }
    uint64_t offset = entry->bytes > TAIL_BYTES ? entry->bytes - TAIL_BYTES : 0;
    if (ew_file_read_at(file, offset, tail_out, TAIL_BYTES, &got, NULL) == EW_OK) {
        tail_out[got] = '\0';
    }
    ew_file_close(file);
}

/* A time of the window, which is the last member of a canonical document. NULL when it is
 * not there. `key` comes with its quotes, colon and opening quote. */
static const char *window_time(const char *tail, const char *key)
{
    const char *window = strstr(tail, "\"window\":{");
    const char *found = window != NULL ? strstr(window, key) : NULL;
    found = found != NULL ? found + strlen(key) : NULL;
    return found != NULL && strlen(found) > TIME_TEXT_BYTES ? found : NULL;
}

/* A number of at most sixteen digits behind `prefix`; false when it is not there. */
static bool number_behind(const char **at, const char *prefix, uint64_t *value_out)
{
    enum { DIGITS_MAX = 16 };
    size_t prefix_bytes = strlen(prefix);
    if (strncmp(*at, prefix, prefix_bytes) != 0) {
        return false;
    }
    const char *digits = *at + prefix_bytes;
    size_t count = strspn(digits, "0123456789");
    uint64_t value = 0;
    for (size_t i = 0; i < count && i < DIGITS_MAX; i++) {
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *at = digits + count;
    *value_out = value;
    return count > 0 && count <= DIGITS_MAX;
}

/* Where the range of a roll-up begins: `covers` is the first member of `stream`. A range that
 * its name does not end, or that no roll-up may have, is none. */
static uint64_t first_covered(const char *tail, uint64_t sequence)
{
    uint64_t from = 0;
    uint64_t to = 0;
    const char *at = strstr(tail, "\"stream\":{\"covers\":{");
    at = at != NULL ? strstr(at, "\"from\":") : NULL;
    bool found = at != NULL && number_behind(&at, "\"from\":", &from)
                 && number_behind(&at, ",\"to\":", &to);
    return found && to == sequence && ew_evidence_range_is_aligned(from, to) ? from : sequence;
}

void document_learn(const char *folder, struct ew_catalog_entry *entry)
{
    char tail[TAIL_BYTES + 1];
    read_tail(folder, entry, tail);
    const char *start = window_time(tail, "\"start\":\"");
    entry->age_known = true;
    entry->sealed = strstr(tail, "\"sealed\":true") != NULL;
    entry->age = start != NULL ? ew_catalog_age(start) : 0;
    entry->from =
        entry->name.rollup ? first_covered(tail, entry->name.sequence) : entry->name.sequence;
}

uint64_t document_learn_end(const char *folder, const struct ew_catalog_entry *entry)
{
    char tail[TAIL_BYTES + 1];
    char text[EW_FILETIME_TEXT_BYTES];
    uint64_t end = 0;
    read_tail(folder, entry, tail);
    const char *found = window_time(tail, "\"end\":\"");
    if (found != NULL) {
        memcpy(text, found, TIME_TEXT_BYTES);
        text[TIME_TEXT_BYTES] = '\0';
    }
    return found != NULL && ew_filetime_parse(text, &end) ? end : 0;
}
