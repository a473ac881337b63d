/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of jansson made of the tokens of our scanner, so that both can be compared. */
#include "support/json_tree.h"

#include <stdlib.h>
#include <string.h>

struct tree {
    json_t *root;
    json_t *open[EW_JSON_SCAN_DEPTH_MAX]; /* borrowed */
    unsigned depth;
    char *key; /* of the member that is read */
    bool too_large;
};

static char *terminated(const char *text, size_t byte_count)
{
    char *copy = malloc(byte_count + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, text, byte_count);
    copy[byte_count] = '\0';
    return copy;
}

static json_t *number(struct tree *tree, const struct ew_json_scan *scan)
{
    bool fraction = memchr(scan->text, '.', scan->text_bytes) != NULL
                    || memchr(scan->text, 'e', scan->text_bytes) != NULL
                    || memchr(scan->text, 'E', scan->text_bytes) != NULL;
    if (fraction) {
        char *text = terminated(scan->text, scan->text_bytes);
        double value = strtod(text, NULL);
        free(text);
        json_t *real = json_real(value);
        tree->too_large |= real == NULL;
        return real != NULL ? real : json_null();
    }
    uint64_t most = (uint64_t)INT64_MAX + scan->is_negative;
    if (!scan->is_integer || scan->magnitude > most) {
        tree->too_large = true;
        return json_null();
    }
    return json_integer(scan->is_negative ? (json_int_t)(0 - scan->magnitude)
                                          : (json_int_t)scan->magnitude);
}

static json_t *value_of(struct tree *tree, const struct ew_json_scan *scan,
                        enum ew_json_token token)
{
    switch (token) {
    case EW_JSON_OBJECT:
        return json_object();
    case EW_JSON_ARRAY:
        return json_array();
    case EW_JSON_STRING:
        return json_stringn(scan->text, scan->text_bytes);
    case EW_JSON_NUMBER:
        return number(tree, scan);
    case EW_JSON_TRUE:
        return json_true();
    case EW_JSON_FALSE:
        return json_false();
    default:
        return json_null();
    }
}

/* Puts a value where it belongs: into the innermost array or object, or at the root. */
static void add(struct tree *tree, json_t *value)
{
    json_t *parent = tree->depth > 0 ? tree->open[tree->depth - 1] : NULL;
    if (value == NULL) {
        abort(); /* jansson takes no text that is not UTF-8 */
    }
    if (parent == NULL) {
        tree->root = value;
    } else if (json_is_array(parent)) {
        (void)json_array_append_new(parent, value);
    } else {
        (void)json_object_set_new(parent, tree->key, value);
    }
}

static void take(struct tree *tree, const struct ew_json_scan *scan, enum ew_json_token token)
{
    if (token == EW_JSON_KEY) {
        free(tree->key);
        tree->key = terminated(scan->text, scan->text_bytes);
        return;
    }
    if (token == EW_JSON_OBJECT_END || token == EW_JSON_ARRAY_END) {
        tree->depth--;
        return;
    }
    json_t *value = value_of(tree, scan, token);
    add(tree, value);
    if (token == EW_JSON_OBJECT || token == EW_JSON_ARRAY) {
        tree->open[tree->depth++] = value;
    }
}

json_t *json_tree_scan(struct ew_json_scan *scan, bool *too_large_out)
{
    struct tree tree = {0};
    enum ew_json_token token;
    while ((token = ew_json_scan_next(scan)) > EW_JSON_END) {
        take(&tree, scan, token);
    }
    free(tree.key);
    *too_large_out = tree.too_large;
    if (token == EW_JSON_FAILED || tree.too_large) {
        json_decref(tree.root);
        return NULL;
    }
    return tree.root;
}
