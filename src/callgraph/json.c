/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of JSON share. */
#include "callgraph/reader.h"

#include <string.h>

const char *const graph_edge_kinds[GRAPH_EDGE_KINDS] = {
    [EW_EDGE_CALL] = "call",           [EW_EDGE_VIRTUAL] = "virtual",
    [EW_EDGE_INTERFACE] = "interface", [EW_EDGE_DELEGATE] = "delegate",
    [EW_EDGE_CTOR] = "ctor",           [EW_EDGE_PINVOKE] = "pinvoke",
    [EW_EDGE_IMPORT] = "import",       [EW_EDGE_THUNK] = "thunk",
    [EW_EDGE_TAIL] = "tail",           [EW_EDGE_REFLECTION] = "reflection",
    [EW_EDGE_CALLBACK] = "callback",   [EW_EDGE_DEPENDENCY] = "dependency",
};

const char *const graph_entry_kinds[GRAPH_ENTRY_KINDS] = {
    [EW_ENTRY_MAIN] = "main",         [EW_ENTRY_HTTP] = "http",
    [EW_ENTRY_GRPC] = "grpc",         [EW_ENTRY_CLI] = "cli",
    [EW_ENTRY_JOB] = "job",           [EW_ENTRY_EVENT] = "event",
    [EW_ENTRY_TIMER] = "timer",       [EW_ENTRY_EXPORT] = "export",
    [EW_ENTRY_SERVICE] = "service",   [EW_ENTRY_DLLMAIN] = "dllmain",
    [EW_ENTRY_TLS] = "tls",           [EW_ENTRY_COM] = "com",
    [EW_ENTRY_CALLBACK] = "callback", [EW_ENTRY_TEST] = "test",
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_word(const char *word, struct graph_slice slice)
{
    for (size_t i = 0; i < slice.byte_count; i++) {
        if (word[i] == '\0' || lower(word[i]) != lower(slice.bytes[i])) {
            return false;
        }
    }
    return word[slice.byte_count] == '\0';
}

size_t graph_word(const char *const *words, size_t word_count, struct graph_slice slice)
{
    size_t at = 0;
    while (at < word_count && !is_word(words[at], slice)) {
        at++;
    }
    return at;
}

void graph_json_begin(struct graph_reader *reader, bool lines)
{
    struct ew_json_scan_options options = {.name = reader->name,
                                           .depth_max = EW_JSON_DEPTH_MAX,
                                           .text_bytes_max = EW_GRAPH_TEXT_EACH_MAX,
                                           .lines = lines};
    ew_json_scan_init(&reader->scan, reader->window, &options, reader->error);
}

enum ew_status graph_json_end(struct graph_reader *reader)
{
    if (reader->scan.status == EW_OK) {
        (void)ew_json_scan_next(&reader->scan);
    }
    ew_json_scan_free(&reader->scan);
    return reader->scan.status;
}

bool graph_json_took(struct graph_reader *reader, enum ew_status status)
{
    if (status == EW_OK) {
        return true;
    }
    return ew_json_scan_fail(&reader->scan, status, "%s", reader->builder->reason);
}

bool graph_json_text(struct graph_reader *reader, ew_graph_text *text_out)
{
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && graph_json_took(reader,
                              graph_text(reader->builder, graph_json_slice(reader), text_out));
}

bool graph_json_node(struct graph_reader *reader, uint32_t *node_out)
{
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && graph_json_took(reader,
                              graph_node(reader->builder, graph_json_slice(reader), node_out));
}

bool graph_json_find_word(const char *const *words, size_t word_count, struct graph_slice slice,
                          unsigned *word_out)
{
    for (size_t i = 0; slice.byte_count > 0 && i < word_count; i++) {
        /* A slice has no byte 0, so that nothing behind a word's end is looked at. */
        size_t alike = 0;
        while (alike < slice.byte_count && words[i][alike] == slice.bytes[alike]) {
            alike++;
        }
        if (alike == slice.byte_count && words[i][alike] == '\0') {
            *word_out = (unsigned)i;
            return true;
        }
    }
    return false;
}

uint64_t graph_json_field_number(const struct ew_json_field *field)
{
    uint64_t number = 0;
    for (size_t i = 0; i < field->byte_count; i++) {
        number = number * 10 + (uint64_t)(field->bytes[i] - '0');
    }
    return number;
}

bool graph_json_word(struct graph_reader *reader, const char *const *words, size_t word_count,
                     unsigned *word_out)
{
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && (graph_json_find_word(words, word_count, graph_json_slice(reader), word_out)
               || ew_json_scan_fail(&reader->scan, EW_FORMAT,
                                    "is none of the words that the schema has"));
}

bool graph_json_u32(struct graph_reader *reader, uint32_t max, uint32_t *value_out)
{
    uint64_t value = 0;
    if (!ew_json_scan_want_u64(&reader->scan, max, &value)) {
        return false;
    }
    *value_out = (uint32_t)value;
    return true;
}

/* Thousandths of "0.85", "1", "1.0" or "0"; above 1000 when it is more or has an exponent. */
static uint32_t permille(struct graph_slice digits)
{
    uint32_t value = 0;
    uint32_t unit = 1000;
    for (size_t i = 0; i < digits.byte_count; i++) {
        char c = digits.bytes[i];
        if (c == '.' && i > 0) {
            unit = 100;
        } else if (c < '0' || c > '9' || (i > 0 && unit == 1000)) {
            return UINT32_MAX;
        } else {
            value += (uint32_t)(c - '0') * unit;
            unit = i > 0 ? unit / 10 : unit;
        }
    }
    return value;
}

bool graph_json_permille(struct graph_reader *reader, uint32_t *value_out)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_NUMBER)) {
        return false;
    }
    uint32_t value = permille(graph_json_slice(reader));
    if (value > 1000) {
        return ew_json_scan_fail(&reader->scan, EW_FORMAT, "must be a number of 0 to 1");
    }
    *value_out = value;
    return true;
}

bool graph_json_unknown(struct graph_reader *reader)
{
    reader->builder->counts.unknown_members++;
    return ew_json_scan_skip(&reader->scan);
}

/* A scanner gives its tokens out once; an element function asks for the first one of its
 * value itself. So the end of the array is looked for with a peek. */
bool graph_json_array(struct graph_reader *reader, graph_element_fn element, void *context)
{
    if (!ew_json_scan_want(&reader->scan, EW_JSON_ARRAY)) {
        return false;
    }
    while (ew_json_scan_has_element(&reader->scan)) {
        if (!element(reader, context)) {
            return false;
        }
    }
    return reader->scan.status == EW_OK;
}

bool graph_json_array_or_null(struct graph_reader *reader, graph_element_fn element,
                              void *context)
{
    if (ew_json_scan_is_null(&reader->scan)) {
        return ew_json_scan_skip(&reader->scan);
    }
    return graph_json_array(reader, element, context);
}

bool graph_json_complete(struct graph_reader *reader, const struct ew_json_member *members,
                         uint32_t required, uint32_t seen)
{
    if (reader->scan.status != EW_OK) {
        return false;
    }
    uint32_t missing = required & ~seen;
    for (unsigned i = 0; missing != 0; i++, missing >>= 1) {
        if ((missing & 1) != 0) {
            return ew_json_scan_fail(&reader->scan, EW_FORMAT, "the member %s is missing",
                                     members[i].name);
        }
    }
    return true;
}

bool graph_json_candidate(struct graph_reader *reader, void *context)
{
    (void)context;
    return ew_json_scan_want(&reader->scan, EW_JSON_STRING)
           && graph_json_took(reader, graph_candidate(reader->builder, graph_json_slice(reader)));
}
