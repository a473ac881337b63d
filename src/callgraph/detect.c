/* SPDX-License-Identifier: Apache-2.0 */
/* What format an input has, by its first bytes: what is in them is only looked for, not checked.
 */
#include "callgraph/reader.h"

#include <string.h>

enum { LOOKED_AT_BYTES = 64 * 1024 };

static bool is_text(const struct ew_json_scan *scan, const char *text)
{
    return strlen(text) == scan->text_bytes && memcmp(scan->text, text, scan->text_bytes) == 0;
}

static bool is_any(const struct ew_json_scan *scan, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_text(scan, words[i])) {
            return true;
        }
    }
    return false;
}

/* Members that only one of the formats has. "from" at the outermost level is an edge. */
static enum ew_graph_format format_of_key(const struct ew_json_scan *scan)
{
    static const char *const ours[] = {"graphId", "world", "docId", "callsComplete"};
    static const char *const stella[] = {"sourceId",
                                         "targetId",
                                         "scanKey",
                                         "symbolKey",
                                         "graphHash",
                                         "ingestedAt",
                                         "isEntrypointCandidate"};
    static const char *const rich[] = {"roots", "symbol_id", "symbol_digest", "code_id",
                                       "toolchain_digest"};
    if (scan->depth == 1 && is_text(scan, "from")) {
        return EW_GRAPH_EDGES;
    }
    return is_any(scan, ours, 4)     ? EW_GRAPH_STATIC
           : is_any(scan, stella, 7) ? EW_GRAPH_STELLA
           : is_any(scan, rich, 5)   ? EW_GRAPH_RICHGRAPH
                                     : EW_GRAPH_AUTO;
}

static enum ew_graph_format format_of_schema(const struct ew_json_scan *scan)
{
    static const struct {
        const char *name;
        enum ew_graph_format format;
    } schemas[] = {{"static-callgraph/1", EW_GRAPH_STATIC},
                   {"stella.callgraph.v1", EW_GRAPH_STELLA},
                   {"richgraph-v1", EW_GRAPH_RICHGRAPH}};
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        if (is_text(scan, schemas[i].name)) {
            return schemas[i].format;
        }
    }
    return EW_GRAPH_AUTO;
}

/* An object whose first value is a list of texts, or an empty list, or which is empty. */
static bool is_adjacency(const char *bytes, size_t byte_count)
{
    struct ew_json_scan scan;
    struct ew_byte_window window;
    struct ew_json_scan_options options = {
        .name = "", .depth_max = EW_JSON_DEPTH_MAX, .text_bytes_max = EW_GRAPH_TEXT_EACH_MAX};
    ew_byte_window_over(&window, bytes, byte_count);
    ew_json_scan_init(&scan, &window, &options, NULL);
    bool adjacency = ew_json_scan_next(&scan) == EW_JSON_OBJECT;
    while (adjacency && ew_json_scan_next(&scan) == EW_JSON_KEY) {
        adjacency = ew_json_scan_next(&scan) == EW_JSON_ARRAY;
        enum ew_json_token first = adjacency ? ew_json_scan_next(&scan) : EW_JSON_FAILED;
        if (first == EW_JSON_STRING) {
            break;
        }
        adjacency = first == EW_JSON_ARRAY_END;
    }
    ew_json_scan_free(&scan);
    return adjacency;
}

static enum ew_graph_format format_of_json(const char *bytes, size_t byte_count)
{
    struct ew_json_scan scan;
    struct ew_byte_window window;
    struct ew_json_scan_options options = {.name = "",
                                           .depth_max = EW_JSON_DEPTH_MAX,
                                           .text_bytes_max = EW_GRAPH_TEXT_EACH_MAX,
                                           .lines = true};
    enum ew_graph_format format = EW_GRAPH_AUTO;
    enum ew_json_token token;
    bool schema = false;
    ew_byte_window_over(&window, bytes, byte_count);
    ew_json_scan_init(&scan, &window, &options, NULL);
    while (format == EW_GRAPH_AUTO && (token = ew_json_scan_next(&scan)) > EW_JSON_END) {
        if (token == EW_JSON_KEY) {
            format = format_of_key(&scan);
        } else if (token == EW_JSON_STRING && schema) {
            format = format_of_schema(&scan);
        }
        schema = token == EW_JSON_KEY && scan.depth == 1 && is_text(&scan, "schema");
    }
    ew_json_scan_free(&scan);
    return format;
}

/* Whether the first line has a comma or a tab, as rows of edges have. */
static bool is_row(const char *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count && bytes[i] != '\n'; i++) {
        if (bytes[i] == ',' || bytes[i] == '\t') {
            return true;
        }
    }
    return false;
}

static bool begins(const char *bytes, size_t byte_count, const char *word)
{
    const char *list[] = {word};
    struct graph_slice slice = {bytes, strlen(word)};
    return byte_count >= strlen(word) && graph_word(list, 1, slice) == 0;
}

enum ew_graph_format graph_detect(const char *bytes, size_t byte_count)
{
    size_t looked_at = byte_count < LOOKED_AT_BYTES ? byte_count : LOOKED_AT_BYTES;
    size_t at = 0;
    if (byte_count >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        at = 3;
    }
    while (at < looked_at && memchr(" \t\r\n", bytes[at], 4) != NULL) {
        at++;
    }
    const char *text = bytes + at;
    size_t left = looked_at - at;
    if (left == 0) {
        return EW_GRAPH_AUTO;
    }
    if (text[0] == '{') {
        return is_adjacency(text, left) ? EW_GRAPH_ADJACENCY : format_of_json(text, left);
    }
    return text[0] == '<'   ? EW_GRAPH_DGML
           : text[0] == '[' ? EW_GRAPH_EDGES
           : text[0] == '/' || begins(text, left, "digraph") || begins(text, left, "strict")
               ? EW_GRAPH_DOT
           : is_row(text, left) ? EW_GRAPH_EDGES
                                : EW_GRAPH_AUTO;
}
