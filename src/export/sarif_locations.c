/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where results and frames of a SARIF log are. A logical location that the run lists is told by
 * its index alone, as SARIF demands (3.33.3), and an address in a module as an offset from that
 * module (3.32.8): one without a parent would have to be absolute, which nobody knows.
 */
#include "export/sarif.h"

#include <stdio.h>

static bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

void ew_sarif_logical(struct ew_json_writer *writer, const char *decorated, const char *module,
                      const char *name, uint32_t index, const char *key)
{
    char full[EW_NAME_BYTES_EACH_MAX * 2];
    bool has_module = is_text(module);
    (void)snprintf(full, sizeof full, "%s%s%s", has_module ? module : "", has_module ? "!" : "",
                   name);
    ew_json_object(writer);
    if (is_text(decorated)) {
        ew_json_member_text(writer, "decoratedName", decorated);
    }
    ew_json_member_text(writer, "fullyQualifiedName", full);
    if (index != EW_TABLE_NONE) {
        ew_json_member_u64(writer, "index", index);
    }
    ew_json_member_text(writer, "kind", "function");
    ew_json_member_text(writer, "name", name);
    if (is_text(key)) {
        ew_json_key(writer, "properties");
        ew_json_object(writer);
        ew_json_member_text(writer, "key", key);
        ew_json_object_end(writer);
    }
    ew_json_object_end(writer);
}

static void put_indexed(struct ew_json_writer *writer, uint32_t index)
{
    ew_json_key(writer, "logicalLocations");
    ew_json_array(writer);
    ew_json_object(writer);
    ew_json_member_u64(writer, "index", index);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
}

void ew_sarif_location(const struct ew_sarif *sarif, uint32_t node)
{
    ew_json_object(sarif->writer);
    put_indexed(sarif->writer, sarif->location_of[node]);
    ew_json_object_end(sarif->writer);
}

/* --- physical locations -------------------------------------------------------------- */

/* An address in a function, not its start, is one of an instruction (3.32.12). */
static bool is_start(const struct ew_evidence_function *row)
{
    return row->resolution != EW_RESOLVED_NOT && row->resolution != EW_RESOLVED_EXPORT_NEAR;
}

static void put_address(const struct ew_sarif *sarif, const struct ew_table_function *function)
{
    struct ew_json_writer *writer = sarif->writer;
    ew_json_key(writer, "address");
    ew_json_object(writer);
    ew_json_member_text(writer, "kind",
                        is_start(function->function) ? "function" : "instruction");
    ew_json_member_u64(writer, "offsetFromParent", function->function->rva);
    ew_json_member_u64(writer, "parentIndex", sarif->address_of[function->module]);
    ew_json_member_u64(writer, "relativeAddress", function->function->rva);
    ew_json_object_end(writer);
}

/* The name of a file as a relative URI of one segment. */
static void put_artifact(struct ew_json_writer *writer, const char *name)
{
    static const char digits[] = "0123456789ABCDEF";
    char uri[EW_NAME_BYTES_EACH_MAX];
    size_t used = 0;
    for (; *name != '\0' && used + 4 < sizeof uri; name++) {
        unsigned char c = (unsigned char)*name;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                     || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            uri[used++] = (char)c;
        } else {
            uri[used++] = '%';
            uri[used++] = digits[c >> 4];
            uri[used++] = digits[c & 15];
        }
    }
    uri[used] = '\0';
    ew_json_key(writer, "artifactLocation");
    ew_json_object(writer);
    ew_json_member_text(writer, "uri", uri);
    ew_json_object_end(writer);
}

static void put_physical(const struct ew_sarif *sarif, const char *module,
                         const struct ew_table_function *function)
{
    bool has_address = function != NULL && function->function->has_rva;
    if (!has_address && !is_text(module)) {
        return;
    }
    ew_json_key(sarif->writer, "physicalLocation");
    ew_json_object(sarif->writer);
    if (has_address) {
        put_address(sarif, function);
    }
    if (is_text(module)) {
        put_artifact(sarif->writer, module);
    }
    ew_json_object_end(sarif->writer);
}

void ew_sarif_graph_location(const struct ew_sarif *sarif, const char *graph)
{
    ew_json_object(sarif->writer);
    put_physical(sarif, is_text(graph) ? graph : "evidence", NULL);
    ew_json_object_end(sarif->writer);
}

void ew_sarif_result_location(const struct ew_sarif *sarif, uint32_t node)
{
    uint32_t function = sarif->function_of[node];
    const char *module = sarif->job->options->merged->nodes[node].module;
    ew_json_object(sarif->writer);
    put_indexed(sarif->writer, sarif->location_of[node]);
    put_physical(sarif, is_text(module) ? module : "unknown-module",
                 function != EW_TABLE_NONE ? &sarif->job->tables->functions[function] : NULL);
    ew_json_object_end(sarif->writer);
}

/* --- frames --------------------------------------------------------------------------- */

static uint32_t index_of(const struct ew_sarif *sarif, const struct ew_table_function *function)
{
    return function->node != NULL
               ? sarif->location_of[function->node - sarif->job->options->merged->nodes]
               : EW_TABLE_NONE;
}

void ew_sarif_frame_location(const struct ew_sarif *sarif, uint32_t at)
{
    const struct ew_tables *tables = sarif->job->tables;
    const struct ew_table_function *function = &tables->functions[at];
    uint32_t index = index_of(sarif, function);
    ew_json_object(sarif->writer);
    if (index != EW_TABLE_NONE) {
        put_indexed(sarif->writer, index);
    } else {
        ew_json_key(sarif->writer, "logicalLocations");
        ew_json_array(sarif->writer);
        ew_sarif_logical(sarif->writer, function->function->decorated,
                         ew_table_module_name(tables, function->module),
                         ew_table_function_name(function), EW_TABLE_NONE, NULL);
        ew_json_array_end(sarif->writer);
    }
    put_physical(sarif, NULL, function);
    ew_json_object_end(sarif->writer);
}

void ew_sarif_addresses(const struct ew_sarif *sarif)
{
    const struct ew_tables *tables = sarif->job->tables;
    struct ew_json_writer *writer = sarif->writer;
    ew_json_array(writer);
    for (uint32_t i = 0; i < tables->module_count; i++) {
        if (sarif->address_of[i] != EW_TABLE_NONE) {
            ew_json_object(writer);
            ew_json_member_u64(writer, "index", sarif->address_of[i]);
            ew_json_member_text(writer, "kind", "module");
            ew_json_member_text(writer, "name", ew_table_module_name(tables, i));
            ew_json_object_end(writer);
        }
    }
    ew_json_array_end(writer);
}
