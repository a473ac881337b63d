/* SPDX-License-Identifier: Apache-2.0 */
/* File names of published documents. */
#include "evidence/document_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX_LOWER "0123456789abcdef"
#define DECIMAL "0123456789"

enum { STREAM_DIGITS = 32, SEQUENCE_DIGITS = 12, REVISION_DIGITS = 3, HASH_DIGITS = 16 };

/* Steps over `literal`; false when the text does not go on with it. */
static bool take_literal(const char **at, const char *literal)
{
    size_t length = strlen(literal);
    if (strncmp(*at, literal, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

/* Steps over exactly `count` characters of `alphabet`; `*at` is terminated text. */
static bool take_digits(const char **at, const char *alphabet, size_t count, const char **from)
{
    *from = *at;
    for (size_t i = 0; i < count; i++) {
        if ((*at)[i] == '\0' || strchr(alphabet, (*at)[i]) == NULL) {
            return false;
        }
    }
    *at += count;
    return true;
}

static uint64_t decimal(const char *digits, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    return value;
}

static void copy_text(char *out, const char *from, size_t count)
{
    memcpy(out, from, count);
    out[count] = '\0';
}

/* "re1-<stream>-<sequence>-<revision>": what partial and final names begin with. */
static bool take_identity(const char **at, struct ew_document_name *name)
{
    const char *stream = NULL;
    const char *sequence = NULL;
    const char *revision = NULL;
    if (!take_literal(at, "re1-") || !take_digits(at, HEX_LOWER, STREAM_DIGITS, &stream)
        || !take_literal(at, "-") || !take_digits(at, DECIMAL, SEQUENCE_DIGITS, &sequence)
        || !take_literal(at, "-") || !take_digits(at, DECIMAL, REVISION_DIGITS, &revision)) {
        return false;
    }
    copy_text(name->stream, stream, STREAM_DIGITS);
    name->sequence = decimal(sequence, SEQUENCE_DIGITS);
    name->revision = (uint32_t)decimal(revision, REVISION_DIGITS);
    return true;
}

void ew_document_name_format(const struct ew_document_name *name,
                             char out[EW_DOCUMENT_NAME_BYTES])
{
    (void)snprintf(out, EW_DOCUMENT_NAME_BYTES,
                   "re1-%.32s-%012" PRIu64 "-%03" PRIu32 "-%c-%.16s.json", name->stream,
                   name->sequence, name->revision, name->rollup ? 'r' : 'w', name->hash);
}

bool ew_document_name_parse(const char *text, struct ew_document_name *name_out)
{
    struct ew_document_name name = {0};
    const char *hash = NULL;
    const char *at = text;
    if (!take_identity(&at, &name) || !take_literal(&at, "-")) {
        return false;
    }
    name.rollup = *at == 'r';
    if (!take_literal(&at, name.rollup ? "r-" : "w-")
        || !take_digits(&at, HEX_LOWER, HASH_DIGITS, &hash) || strcmp(at, ".json") != 0) {
        return false;
    }
    copy_text(name.hash, hash, HASH_DIGITS);
    *name_out = name;
    return true;
}

void ew_document_name_partial(const struct ew_document_name *name,
                              char out[EW_DOCUMENT_NAME_BYTES])
{
    (void)snprintf(out, EW_DOCUMENT_NAME_BYTES, "re1-%.32s-%012" PRIu64 "-%03" PRIu32 ".part",
                   name->stream, name->sequence, name->revision);
}

void ew_document_name_beside(const struct ew_document_name *name, uint64_t chance,
                             char out[EW_DOCUMENT_NAME_BYTES])
{
    (void)snprintf(out, EW_DOCUMENT_NAME_BYTES,
                   "re1-%.32s-%012" PRIu64 "-%03" PRIu32 "-%016" PRIx64 ".part", name->stream,
                   name->sequence, name->revision, chance);
}

void ew_head_name_format(const char *stream, char out[EW_DOCUMENT_NAME_BYTES])
{
    (void)snprintf(out, EW_DOCUMENT_NAME_BYTES, "%.32s.head.json", stream);
}

void ew_head_name_partial(const char *stream, char out[EW_DOCUMENT_NAME_BYTES])
{
    (void)snprintf(out, EW_DOCUMENT_NAME_BYTES, "%.32s.head.part", stream);
}

bool ew_document_name_is_beside(const char *text)
{
    struct ew_document_name name;
    const char *from = NULL;
    const char *at = text;
    return take_identity(&at, &name) && take_literal(&at, "-")
           && take_digits(&at, HEX_LOWER, HASH_DIGITS, &from) && strcmp(at, ".part") == 0;
}

bool ew_document_name_is_partial(const char *text)
{
    struct ew_document_name name;
    const char *from = NULL;
    const char *at = text;
    if (take_identity(&at, &name)) {
        return strcmp(at, ".part") == 0 || ew_document_name_is_beside(text);
    }
    at = text;
    return take_digits(&at, HEX_LOWER, STREAM_DIGITS, &from) && strcmp(at, ".head.part") == 0;
}

bool ew_document_is_name(const char *file_name)
{
    struct ew_document_name name;
    return ew_document_name_parse(file_name, &name);
}

bool ew_document_is_compressed_name(const char *file_name)
{
    static const char ending[] = ".gz";
    char name[EW_DOCUMENT_NAME_BYTES];
    size_t length = strlen(file_name);
    size_t ending_bytes = sizeof ending - 1;
    if (length <= ending_bytes || length - ending_bytes >= sizeof name
        || strcmp(file_name + length - ending_bytes, ending) != 0) {
        return false;
    }
    copy_text(name, file_name, length - ending_bytes);
    return ew_document_is_name(name);
}

bool ew_head_is_name(const char *file_name)
{
    const char *from = NULL;
    const char *at = file_name;
    return take_digits(&at, HEX_LOWER, STREAM_DIGITS, &from) && strcmp(at, ".head.json") == 0;
}
