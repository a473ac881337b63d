/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of parameters in one form: "System.Collections.Generic.List{System.String}[]@". The
 * arguments of all generic types on a path come behind it in one list, since documentation ids
 * put them where they belong and the CLR puts them last.
 */
#include "merge/types.h"

#include <string.h>

enum { PART_BYTES = 1024 };

/* One type on its way; each part terminated by who closes it. */
struct type_parts {
    char base[PART_BYTES];
    char arguments[PART_BYTES];
    char suffix[64];
    size_t base_bytes;
    size_t argument_bytes;
    size_t suffix_bytes;
    size_t depth; /* of generic arguments */
    bool is_unsigned;
    bool is_native;
    bool by_reference;
    bool cut;
};

static void put_in(char *part, size_t *used, size_t capacity, bool *cut, const char *text,
                   size_t byte_count)
{
    if (byte_count >= capacity - *used) {
        *cut = true;
        return;
    }
    memcpy(part + *used, text, byte_count);
    *used += byte_count;
}

static void put_base(struct type_parts *type, const char *text, size_t byte_count)
{
    if (type->depth > 0) {
        put_in(type->arguments, &type->argument_bytes, PART_BYTES, &type->cut, text, byte_count);
    } else {
        put_in(type->base, &type->base_bytes, PART_BYTES, &type->cut, text, byte_count);
    }
}

static void put_suffix(struct type_parts *type, const char *text, size_t byte_count)
{
    if (type->depth > 0) {
        put_in(type->arguments, &type->argument_bytes, PART_BYTES, &type->cut, text, byte_count);
    } else {
        put_in(type->suffix, &type->suffix_bytes, sizeof type->suffix, &type->cut, text,
               byte_count);
    }
}

/* --- words ---------------------------------------------------------------------------------- */

struct word {
    const char *from;
    const char *to;
};

/* What the CLR, ILAsm and C# call them. */
static const struct word primitives[] = {
    {"bool", "System.Boolean"},
    {"boolean", "System.Boolean"},
    {"byte", "System.Byte"},
    {"char", "System.Char"},
    {"decimal", "System.Decimal"},
    {"double", "System.Double"},
    {"float", "System.Single"},
    {"float32", "System.Single"},
    {"float64", "System.Double"},
    {"int16", "System.Int16"},
    {"int32", "System.Int32"},
    {"int64", "System.Int64"},
    {"int8", "System.SByte"},
    {"long", "System.Int64"},
    {"nint", "System.IntPtr"},
    {"nuint", "System.UIntPtr"},
    {"object", "System.Object"},
    {"sbyte", "System.SByte"},
    {"short", "System.Int16"},
    {"string", "System.String"},
    {"typedref", "System.TypedReference"},
    {"refany", "System.TypedReference"},
    {"uint16", "System.UInt16"},
    {"uint32", "System.UInt32"},
    {"uint64", "System.UInt64"},
    {"uint8", "System.Byte"},
    {"ulong", "System.UInt64"},
    {"ushort", "System.UInt16"},
    {"void", "System.Void"},
    {"wchar", "System.Char"},
};

static const struct word unsigned_primitives[] = {
    {"int8", "System.Byte"},    {"int16", "System.UInt16"}, {"int32", "System.UInt32"},
    {"int64", "System.UInt64"}, {"int", "System.UIntPtr"},
};

static bool is_word(const char *word, const char *text, size_t byte_count)
{
    return strlen(word) == byte_count && memcmp(word, text, byte_count) == 0;
}

static const char *find_word(const struct word *words, size_t count, const char *text,
                             size_t byte_count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_word(words[i].from, text, byte_count)) {
            return words[i].to;
        }
    }
    return NULL;
}

/* "int" is a pointer's size to the CLR and 32 bits in C#; a producer may mean either. */
static const char *plain_int(const struct type_parts *type, enum method_dialect dialect)
{
    return dialect == METHOD_BY_RUNTIME || type->is_native ? "System.IntPtr" : "?int";
}

static const char *plain_uint(const struct type_parts *type, enum method_dialect dialect)
{
    return dialect == METHOD_BY_RUNTIME || type->is_native ? "System.UIntPtr" : "System.UInt32";
}

static const char *primitive(const struct type_parts *type, enum method_dialect dialect,
                             const char *text, size_t byte_count)
{
    if (type->is_unsigned) {
        return find_word(unsigned_primitives,
                         sizeof unsigned_primitives / sizeof unsigned_primitives[0], text,
                         byte_count);
    }
    if (is_word("int", text, byte_count)) {
        return plain_int(type, dialect);
    }
    if (is_word("uint", text, byte_count)) {
        return plain_uint(type, dialect);
    }
    return find_word(primitives, sizeof primitives / sizeof primitives[0], text, byte_count);
}

/* Words before a type that say nothing of which type it is. True when it was one. */
static bool take_modifier(struct type_parts *type, const char *text, size_t byte_count)
{
    static const char *const nothing[] = {"class",  "value",  "valuetype", "instance", "static",
                                          "pinned", "params", "this",      "explicit"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        if (is_word(nothing[i], text, byte_count)) {
            return true;
        }
    }
    if (is_word("unsigned", text, byte_count)) {
        type->is_unsigned = true;
        return true;
    }
    if (is_word("native", text, byte_count)) {
        type->is_native = true;
        return true;
    }
    if (is_word("ref", text, byte_count) || is_word("out", text, byte_count)
        || is_word("in", text, byte_count)) {
        type->by_reference = true;
        return true;
    }
    return false;
}

/* --- one type ------------------------------------------------------------------------------ */

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '$' || c == '?' || (unsigned char)c >= 0x80;
}

/* A name up to its dot or end; a compiler's "<>c" too, where a segment begins. */
static const char *name_end(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end && (in_name(*at) || depth > 0 || *at == '<')) {
        depth += *at == '<';
        depth -= *at == '>' && depth > 0;
        at++;
        if (depth == 0 && at < end && *at == '<') {
            break;
        }
    }
    return at;
}

static const char *put_name(struct type_parts *type, const char *at, const char *end,
                            enum method_dialect dialect, bool continues)
{
    const char *behind = name_end(at, end);
    size_t byte_count = (size_t)(behind - at);
    if (!continues && type->depth == 0 && type->base_bytes > 0) {
        return behind; /* the name of the parameter */
    }
    const char *known = continues || (behind < end && *behind == '.')
                            ? NULL
                            : primitive(type, dialect, at, byte_count);
    if (known != NULL) {
        put_base(type, known, strlen(known));
    } else if (continues || !take_modifier(type, at, byte_count)) {
        put_base(type, at, byte_count);
    }
    if (known != NULL) {
        type->is_unsigned = false;
        type->is_native = false;
    }
    return behind;
}

/* "[]" and "[,]": how many dimensions counts, not their bounds. */
static const char *put_array(struct type_parts *type, const char *at, const char *end)
{
    put_suffix(type, "[", 1);
    for (at++; at < end && *at != ']'; at++) {
        if (*at == ',') {
            put_suffix(type, ",", 1);
        }
    }
    put_suffix(type, "]", 1);
    return at < end ? at + 1 : end;
}

/* "`1" behind a name is its arity, which its arguments tell; alone it is a type parameter. */
static const char *put_ticks(struct type_parts *type, const char *at, const char *end,
                             bool behind_name)
{
    const char *from = at;
    while (at < end && *at == '`') {
        at++;
    }
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    if (!behind_name) {
        put_base(type, from, (size_t)(at - from));
    }
    return at;
}

/* "!0" and "!!0" are the CLR's type parameters; "!System.X" behind a type a modifier. */
static const char *put_exclamation(struct type_parts *type, const char *at, const char *end)
{
    unsigned marks = 0;
    for (; at < end && *at == '!'; at++) {
        marks++;
    }
    bool parameter = at < end && *at >= '0' && *at <= '9';
    if (!parameter) {
        while (at < end && (in_name(*at) || *at == '.')) {
            at++;
        }
        return at;
    }
    put_base(type, "``", marks > 1 ? 2 : 1);
    const char *digits = at;
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    put_base(type, digits, (size_t)(at - digits));
    return at;
}

static const char *skip_parenthesis(const char *at, const char *end)
{
    size_t depth = 0;
    for (; at < end; at++) {
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        if (depth == 0) {
            return at + 1;
        }
    }
    return end;
}

/* "modreq(X)" and "modopt(X)". */
static const char *skip_modifier(const char *at, const char *end)
{
    if (end - at > 7 && (memcmp(at, "modreq(", 7) == 0 || memcmp(at, "modopt(", 7) == 0)) {
        return skip_parenthesis(at + 6, end);
    }
    return NULL;
}

/* Where a list of generic arguments opens or closes. */
static const char *put_bracket(struct type_parts *type, const char *at)
{
    bool opens = *at == '<' || *at == '{';
    if (!opens && type->depth > 0) {
        type->depth--;
    }
    if (type->depth > 0) {
        put_base(type, opens ? "{" : "}", 1);
    } else if (opens && type->argument_bytes > 0) {
        put_in(type->arguments, &type->argument_bytes, PART_BYTES, &type->cut, ",", 1);
    }
    type->depth += opens;
    return at + 1;
}

static const char *put_one(struct type_parts *type, const char *at, const char *end,
                           enum method_dialect dialect, char before)
{
    bool behind_name = in_name(before) || before == '>';
    switch (*at) {
    case '[':
        return put_array(type, at, end);
    case '&':
    case '@':
        put_suffix(type, "@", 1);
        return at + 1;
    case '*':
        put_suffix(type, "*", 1);
        return at + 1;
    case '`':
        return put_ticks(type, at, end, behind_name);
    case '!':
        return put_exclamation(type, at, end);
    case '.':
    case '+':
    case '/':
        put_base(type, ".", 1);
        return at + 1;
    case ',':
        put_base(type, ",", 1);
        return at + 1;
    case '{':
    case '>':
    case '}':
        return put_bracket(type, at);
    case '<':
        return before == '.' || before == '+' || before == '/'
                   ? put_name(type, at, end, dialect, true)
                   : put_bracket(type, at);
    default:
        break;
    }
    const char *behind = skip_modifier(at, end);
    if (behind != NULL) {
        return behind;
    }
    return in_name(*at)
               ? put_name(type, at, end, dialect, before == '.' || before == '+' || before == '/')
               : at + 1;
}

/* --- lists ------------------------------------------------------------------------------------
 */

static void append(struct method_name *out, const char *text, size_t byte_count)
{
    if (byte_count >= METHOD_TYPES_BYTES - out->types_bytes) {
        out->cut = true;
        return;
    }
    memcpy(out->types + out->types_bytes, text, byte_count);
    out->types_bytes += byte_count;
}

static void close_type(struct method_name *out, const struct type_parts *type)
{
    if (type->cut || out->type_count >= METHOD_TYPES_MAX) {
        out->cut = true;
        return;
    }
    append(out, type->base, type->base_bytes);
    if (type->argument_bytes > 0) {
        append(out, "{", 1);
        append(out, type->arguments, type->argument_bytes);
        append(out, "}", 1);
    }
    append(out, type->suffix, type->suffix_bytes);
    if (type->by_reference) {
        append(out, "@", 1);
    }
    append(out, "", 1);
    out->type_count++;
}

static const char *one_type(struct method_name *out, const char *at, const char *end,
                            enum method_dialect dialect)
{
    struct type_parts type;
    memset(&type, 0, sizeof type);
    char before = ' ';
    while (at < end && (*at != ',' || type.depth > 0)) {
        const char *behind = put_one(&type, at, end, dialect, before);
        before = behind[-1];
        at = behind;
    }
    close_type(out, &type);
    return at;
}

void ew_merge_types_put_list(struct method_name *out, const char *at, const char *end,
                             enum method_dialect dialect)
{
    const char *first = at;
    while (first < end && *first == ' ') {
        first++;
    }
    if (first >= end || (end - first == 4 && memcmp(first, "void", 4) == 0)) {
        return;
    }
    while (at <= end && !out->cut) {
        at = one_type(out, at, end, dialect) + 1;
    }
}

void ew_merge_types_put_result(struct method_name *out, const char *at, const char *end,
                               enum method_dialect dialect)
{
    append(out, "~", 1);
    (void)one_type(out, at, end, dialect);
}

/* --- comparison --------------------------------------------------------------------------------
 */

static size_t plain_bytes(const char *text)
{
    return strcspn(text, "{}[],@*~");
}

static bool ends_in_segment(const char *text, size_t byte_count, const char *tail,
                            size_t tail_bytes)
{
    return byte_count > tail_bytes && text[byte_count - tail_bytes - 1] == '.'
           && memcmp(text + byte_count - tail_bytes, tail, tail_bytes) == 0;
}

static bool is_int(const char *text, size_t byte_count)
{
    return is_word("System.Int32", text, byte_count)
           || is_word("System.IntPtr", text, byte_count);
}

static bool same_name(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    if (a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0) {
        return true;
    }
    if (is_word("?int", a, a_bytes) || is_word("?int", b, b_bytes)) {
        return is_int(a, a_bytes) || is_int(b, b_bytes);
    }
    bool a_bare = a_bytes > 0 && memchr(a, '.', a_bytes) == NULL;
    bool b_bare = b_bytes > 0 && memchr(b, '.', b_bytes) == NULL;
    return (a_bare && ends_in_segment(b, b_bytes, a, a_bytes))
           || (b_bare && ends_in_segment(a, a_bytes, b, b_bytes));
}

static bool same_type(const char *a, const char *b)
{
    for (;;) {
        size_t a_bytes = plain_bytes(a);
        size_t b_bytes = plain_bytes(b);
        if (!same_name(a, a_bytes, b, b_bytes) || a[a_bytes] != b[b_bytes]) {
            return false;
        }
        if (a[a_bytes] == '\0') {
            return true;
        }
        a += a_bytes + 1;
        b += b_bytes + 1;
    }
}

bool ew_merge_method_same_types(const struct method_name *a, const struct method_name *b)
{
    if (a->cut || b->cut || a->type_count != b->type_count) {
        return false;
    }
    const char *left = a->types;
    const char *right = b->types;
    for (unsigned i = 0; i < a->type_count; i++) {
        if (!same_type(left, right)) {
            return false;
        }
        left += strlen(left) + 1;
        right += strlen(right) + 1;
    }
    return true;
}
