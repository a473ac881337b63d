/* SPDX-License-Identifier: Apache-2.0 */
/* Which builds are the same (reference evidence.md 5.2). */
#include "base/text.h"
#include "merge/internal.h"

/* Copies hexadecimal digits in lower case, without dashes and braces. */
static void put_id(char *out, size_t capacity, const char *text)
{
    size_t used = 0;
    for (; text != NULL && *text != '\0' && used + 1 < capacity; text++) {
        if (*text != '-' && *text != '{' && *text != '}') {
            out[used++] = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        }
    }
    out[used] = '\0';
}

/*
 * A debug id is a GUID and an age. Portable PDBs have none: the age of their id is ffffffff, and
 * the runtime's events tell 1 instead, so that ages of two kinds are not compared.
 */
static void put_debug_id(struct build_ids *ids, const char *text)
{
    enum { GUID_DIGITS = 32 };
    char id[ID_BYTES];
    put_id(id, sizeof id, text);
    if (strlen(id) < GUID_DIGITS) {
        return;
    }
    memcpy(ids->debug_guid, id, GUID_DIGITS);
    ids->debug_guid[GUID_DIGITS] = '\0';
    const char *age = id + GUID_DIGITS;
    if (strlen(age) < sizeof ids->debug_age && strcmp(age, "ffffffff") != 0) {
        memcpy(ids->debug_age, age, strlen(age) + 1);
    }
}

void ew_merge_build_ids_of_module(const struct ew_evidence_module *module, struct build_ids *out)
{
    memset(out, 0, sizeof *out);
    put_id(out->mvid, ID_BYTES, module->mvid);
    put_debug_id(out, module->debug_id);
    put_id(out->code, ID_BYTES, is_text(module->code_id) ? module->code_id : module->build_id);
    put_id(out->sha256, ID_BYTES, module->sha256);
}

/* Producers that have one member for all kinds of build (richgraph-v1) give the build id of an
 * ELF file in it: the 40 digits of a SHA-1. A GUID has as many only with the age of portable
 * PDBs. */
static bool is_elf_id(const char *text)
{
    enum { SHA1_DIGITS = 40, AGE_DIGITS = 8 };
    char id[ID_BYTES];
    put_id(id, sizeof id, text);
    return strlen(id) == SHA1_DIGITS && strspn(id, "0123456789abcdef") == SHA1_DIGITS
           && strcmp(id + SHA1_DIGITS - AGE_DIGITS, "ffffffff") != 0;
}

void ew_merge_build_ids_of_artifact(const struct ew_graph *graph,
                                    const struct ew_graph_artifact *artifact,
                                    struct build_ids *out)
{
    memset(out, 0, sizeof *out);
    put_id(out->mvid, ID_BYTES, ew_graph_string(graph, artifact->mvid));
    const char *code_id = ew_graph_string(graph, artifact->code_id);
    const char *debug_id = ew_graph_string(graph, artifact->debug_id);
    if (code_id[0] == '\0' && is_elf_id(debug_id)) {
        code_id = debug_id;
    } else {
        put_debug_id(out, debug_id);
    }
    put_id(out->code, ID_BYTES, code_id);
    put_id(out->sha256, ID_BYTES, ew_graph_string(graph, artifact->sha256));
}

bool ew_merge_build_ids_any(const struct build_ids *ids)
{
    return ids->mvid[0] != '\0' || ids->debug_guid[0] != '\0' || ids->code[0] != '\0'
           || ids->sha256[0] != '\0';
}

static enum relation compare(const char *a, const char *b)
{
    if (a[0] == '\0' || b[0] == '\0') {
        return RELATION_UNKNOWN;
    }
    return strcmp(a, b) == 0 ? RELATION_SAME : RELATION_DIFFERENT;
}

static enum relation compare_debug(const struct build_ids *a, const struct build_ids *b)
{
    enum relation guid = compare(a->debug_guid, b->debug_guid);
    return guid == RELATION_SAME && compare(a->debug_age, b->debug_age) == RELATION_DIFFERENT
               ? RELATION_DIFFERENT
               : guid;
}

/* An MVID alone is not enough: builds for two processors have shared one (reference evidence.md
 * 5.2, traps). So everything that both sides tell has to agree. */
enum relation ew_merge_build_relation(const struct build_ids *a, const struct build_ids *b)
{
    const enum relation parts[] = {compare(a->mvid, b->mvid), compare_debug(a, b),
                                   compare(a->code, b->code), compare(a->sha256, b->sha256)};
    enum relation all = RELATION_UNKNOWN;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i] == RELATION_DIFFERENT) {
            return RELATION_DIFFERENT;
        }
        all = parts[i] == RELATION_SAME ? RELATION_SAME : all;
    }
    return all;
}

static size_t stem_bytes(const char *name)
{
    size_t length = strlen(name);
    if (length > 4
        && (ew_text_equal_fold(name + length - 4, ".dll")
            || ew_text_equal_fold(name + length - 4, ".exe"))) {
        return length - 4;
    }
    return length;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ew_merge_module_names_equal(const char *a, const char *b)
{
    a = ew_text_file_name(a);
    b = ew_text_file_name(b);
    size_t a_bytes = stem_bytes(a);
    if (a_bytes == 0 || a_bytes != stem_bytes(b)) {
        return false;
    }
    for (size_t i = 0; i < a_bytes; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}
