/* SPDX-License-Identifier: Apache-2.0 */
/* What functions, modules and packages are called, and which stacks witness best. */
#include "export/purl.h"
#include "export/tables.h"

#include <stdlib.h>
#include <string.h>

static bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

const char *ew_table_function_name(const struct ew_table_function *function)
{
    return is_text(function->function->name) ? function->function->name : function->function->key;
}

const char *ew_table_module_name(const struct ew_tables *tables, uint32_t module)
{
    const struct ew_evidence_module *row = tables->modules[module].module;
    return is_text(row->name) ? row->name : row->key;
}

const char *ew_node_name(const struct ew_reach_node *node)
{
    return is_text(node->name) ? node->name : is_text(node->id) ? node->id : node->key;
}

const char *ew_table_function_id(const struct ew_table_function *function)
{
    return function->node != NULL && is_text(function->node->id) ? function->node->id
                                                                 : function->function->key;
}

/* What a tier of matching is worth, 0 .. 1000 (reference evidence.md 5.4); 0 for none. */
static uint16_t tier_permille(unsigned tier)
{
    static const uint16_t worth[] = {0, 1000, 950, 750, 600, 400};
    return tier < sizeof worth / sizeof worth[0] ? worth[tier] : 0;
}

const char *ew_unit_name(enum ew_unit unit)
{
    static const char *const names[EW_UNIT_COUNT] = {"samples", "events", "prepared"};
    return names[unit];
}

/* --- packages ---------------------------------------------------------------- */

/* What is no package URL names no package, and could be taken for another module's key. */
static bool is_purl(const char *text)
{
    struct ew_purl purl;
    return text != NULL && ew_purl_parse(text, &purl);
}

/* How surely the graphs that know a function mean this build of it. */
static uint16_t package_worth(const struct ew_merged *merged, const struct ew_reach_node *node)
{
    uint16_t best = 0;
    for (uint32_t i = 0; i < node->claim_count; i++) {
        uint16_t worth = tier_permille(merged->claims[node->first_claim + i].tier);
        best = worth > best ? worth : best;
    }
    return best != 0 ? best : 1000;
}

/* The package that the merge knows for a function's build: told by a document or a graph. */
static void take_package(struct ew_table_module *module, const struct ew_merged *merged,
                         const struct ew_reach_node *node)
{
    if (node->build >= merged->build_count || !is_purl(merged->builds[node->build].purl)) {
        return;
    }
    uint16_t worth = package_worth(merged, node);
    if (module->purl == NULL || worth > module->confidence_permille) {
        module->purl = merged->builds[node->build].purl;
        module->confidence_permille = worth;
    }
}

/* The first module of each package stands for all of them. */
static enum ew_status join_components(struct ew_tables *tables)
{
    struct ew_index index = {0};
    enum ew_status status = EW_OK;
    for (uint32_t i = 0; status == EW_OK && i < tables->module_count; i++) {
        struct ew_table_module *module = &tables->modules[i];
        module->component = i;
        if (module->purl == NULL) {
            continue;
        }
        uint64_t hash = ew_index_hash_bytes(module->purl, strlen(module->purl));
        uint32_t at = ew_index_first(&index, hash);
        while (at != EW_INDEX_END && strcmp(tables->modules[at].purl, module->purl) != 0) {
            at = ew_index_next(&index);
        }
        if (at != EW_INDEX_END) {
            module->component = at;
        } else if (!ew_index_insert(&index, hash, i)) {
            status = EW_NO_MEMORY;
        }
    }
    ew_index_free(&index);
    return status;
}

/* Backwards, so that each list is in order. */
static void link_functions(struct ew_tables *tables)
{
    for (size_t i = 0; i < tables->module_count; i++) {
        tables->modules[i].first_function = EW_TABLE_NONE;
        tables->modules[i].witness = EW_TABLE_NONE;
    }
    for (size_t i = tables->function_count; i > 0; i--) {
        struct ew_table_function *function = &tables->functions[i - 1];
        struct ew_table_module *component =
            &tables->modules[tables->modules[function->module].component];
        component->observed = component->observed || function->last_100ns != 0;
        function->witness = EW_TABLE_NONE;
        function->next = component->first_function;
        component->first_function = (uint32_t)(i - 1);
    }
}

enum ew_status ew_tables_name_packages(struct ew_tables *tables)
{
    for (size_t i = 0; i < tables->module_count; i++) {
        struct ew_table_module *module = &tables->modules[i];
        module->confidence_permille = is_purl(module->module->purl) ? 1000 : 0;
        module->purl = is_purl(module->module->purl) ? module->module->purl : NULL;
    }
    for (size_t i = 0; i < tables->function_count; i++) {
        const struct ew_table_function *function = &tables->functions[i];
        struct ew_table_module *module = &tables->modules[function->module];
        if (function->node != NULL && !is_purl(module->module->purl)) {
            take_package(module, tables->options->merged, function->node);
        }
    }
    enum ew_status status = join_components(tables);
    if (status == EW_OK) {
        link_functions(tables);
    }
    return status;
}

/* --- ranks ------------------------------------------------------------------- */

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_frames(const struct ew_table_stack *a, const struct ew_table_stack *b)
{
    for (uint32_t i = 0; i < a->frame_count; i++) {
        int order = by_number(a->frames[i], b->frames[i]);
        if (order != 0) {
            return order;
        }
    }
    return by_number(a->unit, b->unit);
}

static int by_worth(const void *left, const void *right)
{
    const struct ew_table_stack *a = left;
    const struct ew_table_stack *b = right;
    int order = by_number(b->complete, a->complete);
    order = order != 0 ? order : by_number(b->hits, a->hits);
    order = order != 0 ? order : by_number(a->frame_count, b->frame_count);
    return order != 0 ? order : by_frames(a, b);
}

static void note_witness(struct ew_tables *tables, uint32_t stack,
                         struct ew_table_function *function)
{
    struct ew_table_module *component =
        &tables->modules[tables->modules[function->module].component];
    function->witness = function->witness == EW_TABLE_NONE ? stack : function->witness;
    component->witness = component->witness == EW_TABLE_NONE ? stack : component->witness;
}

void ew_tables_rank_stacks(struct ew_tables *tables)
{
    if (tables->stack_count > 1) {
        qsort(tables->stacks, tables->stack_count, sizeof *tables->stacks, by_worth);
    }
    for (uint32_t i = 0; i < tables->stack_count; i++) {
        for (uint32_t j = 0; j < tables->stacks[i].frame_count; j++) {
            note_witness(tables, i, &tables->functions[tables->stacks[i].frames[j]]);
        }
    }
}
