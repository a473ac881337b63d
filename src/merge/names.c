/* SPDX-License-Identifier: Apache-2.0 */
/* Names of methods in one form: paths, and what the compiler made of a user's method. */
#include "merge/names.h"

#include "merge/types.h"

#include <string.h>

static void put(struct method_name *out, char c)
{
    if (out->path_bytes + 1 < METHOD_PATH_BYTES) {
        out->path[out->path_bytes++] = c;
    } else {
        out->cut = true;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind a balanced bracket that opens at `at`; `end` when it does not close. */
static const char *skip_balanced(const char *at, const char *end, char open, char close)
{
    size_t depth = 0;
    for (; at < end; at++) {
        depth += *at == open;
        depth -= *at == close;
        if (depth == 0) {
            return at + 1;
        }
    }
    return end;
}

/* A compiler's own name in angle brackets, "<Main>b__0": copied as it is. */
static const char *put_made_name(struct method_name *out, const char *at, const char *end)
{
    const char *behind = skip_balanced(at, end, '<', '>');
    for (; at < behind; at++) {
        put(out, *at);
    }
    return behind;
}

/* Type arguments or parameters behind a name, "<T,U>" or "{T@U}": only how many counts. */
static const char *put_arity(struct method_name *out, const char *at, const char *end)
{
    char open = *at;
    const char *behind = skip_balanced(at, end, open, open == '<' ? '>' : '}');
    unsigned count = 1;
    size_t depth = 0;
    for (; at < behind; at++) {
        depth += *at == open;
        depth -= *at == (open == '<' ? '>' : '}');
        count += depth == 1 && (*at == ',' || *at == '@');
    }
    put(out, '`');
    if (count >= 10) {
        put(out, (char)('0' + count / 10 % 10));
    }
    put(out, (char)('0' + count % 10));
    return behind;
}

/* "`2" of a type counts; "``2" of a method does not, since the CLR leaves it out. */
static const char *put_ticks(struct method_name *out, const char *at, const char *end)
{
    const char *from = at;
    bool method = at + 1 < end && at[1] == '`';
    at += method ? 2 : 1;
    while (at < end && is_digit(*at)) {
        at++;
    }
    for (; !method && from < at; from++) {
        put(out, *from);
    }
    return at;
}

static bool begins_segment(const struct method_name *out)
{
    return out->path_bytes == 0 || out->path[out->path_bytes - 1] == '.'
           || out->path[out->path_bytes - 1] == '>';
}

static const char *put_one(struct method_name *out, const char *at, const char *end)
{
    switch (*at) {
    case '[':
        return skip_balanced(at, end, '[', ']');
    case '`':
        return put_ticks(out, at, end);
    case '<':
        return begins_segment(out) ? put_made_name(out, at, end) : put_arity(out, at, end);
    case '{':
        return put_arity(out, at, end);
    case '+':
    case '/':
    case '#':
        put(out, '.');
        return at + 1;
    case ':':
        put(out, '.');
        return at + (at + 1 < end && at[1] == ':' ? 2 : 1);
    default:
        put(out, *at);
        return at + 1;
    }
}

/* A method's own type parameters are dropped: the CLR does not tell them. */
static void drop_method_arity(struct method_name *out)
{
    size_t at = out->path_bytes;
    while (at > 0 && is_digit(out->path[at - 1])) {
        at--;
    }
    if (at > 0 && at < out->path_bytes && out->path[at - 1] == '`') {
        out->path_bytes = at - 1;
    }
}

/* What stands for itself in a path, up to the first character that does not. */
static const char *put_plain(struct method_name *out, const char *at, const char *end)
{
    static const bool is_sign[256] = {['['] = true, ['`'] = true, ['<'] = true, ['{'] = true,
                                      ['+'] = true, ['/'] = true, ['#'] = true, [':'] = true};
    size_t room = METHOD_PATH_BYTES - 1 - out->path_bytes;
    size_t length = 0;
    while (at + length < end && length < room && !is_sign[(unsigned char)at[length]]) {
        length++;
    }
    memcpy(out->path + out->path_bytes, at, length);
    out->path_bytes += length;
    return at + length;
}

static void put_path(struct method_name *out, const char *at, const char *end)
{
    while (at < end && *at == ' ') {
        at++;
    }
    while (at < end) {
        at = put_plain(out, at, end);
        at = at < end ? put_one(out, at, end) : at;
    }
    drop_method_arity(out);
    while (out->path_bytes > 0 && out->path[out->path_bytes - 1] == ' ') {
        out->path_bytes--;
    }
    out->path[out->path_bytes] = '\0';
}

static void clear(struct method_name *out)
{
    out->has_types = false;
    out->cut = false;
    out->type_count = 0;
    out->path_bytes = 0;
    out->types_bytes = 0;
    out->path[0] = '\0';
}

void ew_merge_method_from_doc_id(const char *doc_id, struct method_name *out)
{
    clear(out);
    if (doc_id[0] != '\0' && doc_id[1] == ':') {
        doc_id += 2;
    }
    const char *end = doc_id + strlen(doc_id);
    const char *tilde = strchr(doc_id, '~');
    const char *open = strchr(doc_id, '(');
    const char *path_end = open != NULL ? open : tilde != NULL ? tilde : end;
    put_path(out, doc_id, path_end);
    out->has_types = true;
    if (open != NULL) {
        const char *close = skip_balanced(open, end, '(', ')');
        ew_merge_types_put_list(out, open + 1, close - 1, METHOD_BY_PRODUCER);
    }
    if (tilde != NULL) {
        ew_merge_types_put_result(out, tilde + 1, end, METHOD_BY_PRODUCER);
    }
}

/* The opening bracket of the last list in brackets of a text; NULL: it ends in none. */
static const char *last_list(const char *text, const char *end)
{
    size_t depth = 0;
    while (end > text && end[-1] == ' ') {
        end--;
    }
    if (end == text || end[-1] != ')') {
        return NULL;
    }
    while (end > text) {
        end--;
        depth += *end == ')';
        depth -= *end == '(';
        if (depth == 0) {
            return end;
        }
    }
    return NULL;
}

/* Of conversion operators the result belongs to the name: nothing else tells them apart. */
static bool is_conversion(const struct method_name *name)
{
    const char *dot = strrchr(name->path, '.');
    const char *last = dot != NULL ? dot + 1 : name->path;
    return strcmp(last, "op_Implicit") == 0 || strcmp(last, "op_Explicit") == 0;
}

void ew_merge_method_from_name(const char *name, const char *signature,
                               enum method_dialect dialect, struct method_name *out)
{
    clear(out);
    const char *end = name + strlen(name);
    const char *in_name = last_list(name, end);
    put_path(out, name, in_name != NULL && in_name > name ? in_name : end);
    const char *text = signature != NULL && signature[0] != '\0' ? signature : name;
    const char *text_end = text + strlen(text);
    const char *open = last_list(text, text_end);
    if (open == NULL) {
        return;
    }
    out->has_types = true;
    const char *close = strrchr(open, ')');
    ew_merge_types_put_list(out, open + 1, close, dialect);
    if (text == signature && is_conversion(out)) {
        ew_merge_types_put_result(out, text, open, dialect);
    }
}

/* --- what the compiler made ------------------------------------------------------------- */

/* The end of a segment: the next dot outside of angle brackets. */
static const char *segment_end(const char *at)
{
    size_t depth = 0;
    for (; *at != '\0' && (*at != '.' || depth > 0); at++) {
        depth += *at == '<';
        depth -= *at == '>' && depth > 0;
    }
    return at;
}

/* The user's name inside "<<Main>b__0>d" is "Main"; of "<>c" it is empty. */
static size_t inner_name(const char *segment, const char *end, const char **name_out)
{
    while (segment < end && *segment == '<') {
        segment++;
    }
    const char *close = segment;
    while (close < end && *close != '>') {
        close++;
    }
    *name_out = segment;
    return (size_t)(close - segment);
}

bool ew_merge_method_of_user(const struct method_name *made, struct method_name *out)
{
    const char *declaring_end = NULL; /* before the first segment that was made */
    for (const char *at = made->path; *at != '\0';) {
        const char *end = segment_end(at);
        const char *name = NULL;
        size_t name_bytes = *at == '<' ? inner_name(at, end, &name) : 0;
        if (*at == '<' && declaring_end == NULL) {
            declaring_end = at;
        }
        if (name_bytes > 0 && declaring_end > made->path) {
            size_t declaring = (size_t)(declaring_end - made->path);
            clear(out);
            memcpy(out->path, made->path, declaring);
            memcpy(out->path + declaring, name, name_bytes);
            out->path_bytes = declaring + name_bytes;
            out->path[out->path_bytes] = '\0';
            return true;
        }
        at = *end == '.' ? end + 1 : end;
    }
    return false;
}
