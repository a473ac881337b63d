/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime facts for StellaOps: a line for each symbol and window (reference evidence.md 1.2 and
 * 8). The server adds up hitCount whenever a symbol comes again, so a line counts one unit only,
 * and windows that may still be revised are not told.
 */
#include "base/filetime.h"
#include "export/facts.h"
#include "export/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fact {
    const char *symbol;
    uint32_t row; /* of the window's functions, the one that gives the members */
    uint32_t table_row;
    uint8_t level; /* of the ladder, reference evidence.md 4.2 */
    uint64_t hits[EW_UNIT_COUNT];
    uint64_t first_100ns;
    uint64_t last_100ns;
};

enum { LEVEL_PREPARED = 1, LEVEL_STACK = 2, LEVEL_EDGE = 3, LEVEL_PATH = 4 };

/* What one window says, while it is told. */
struct window_facts {
    const struct ew_window *window;
    struct fact *facts; /* of each function, then of each symbol */
    size_t count;
};

enum ew_facts_answer ew_facts_ask(const struct ew_export_options *options,
                                  const struct ew_window *window)
{
    if (!window->evidence->sealed) {
        return EW_FACTS_OPEN;
    }
    if (options->ledger == NULL) {
        return EW_FACTS_TELL;
    }
    uint64_t told = ew_ledger_told(options->ledger, window->evidence->stream_id,
                                   ew_window_first_number(window), window->covers_to);
    if (told == 0) {
        return EW_FACTS_TELL;
    }
    return told > window->covers_to - ew_window_first_number(window) ? EW_FACTS_SENT
                                                                     : EW_FACTS_PARTLY;
}

/* Unresolved addresses and code made at run time have no name that another machine knows. */
static bool has_symbol(const struct ew_table_function *function)
{
    const char *key = function->function->key;
    bool anonymous = (key[0] == 'u' || key[0] == 'd') && key[1] == ':';
    return !anonymous || (function->node != NULL && function->node->id != NULL);
}

static void raise_level(struct fact *fact, uint8_t level)
{
    fact->level = fact->level < level ? level : fact->level;
}

/* Indexes were checked when the tables were built, but for those of edges. */
static void take_levels(struct window_facts *told)
{
    const struct ew_evidence *evidence = told->window->evidence;
    for (size_t i = 0; i < evidence->edge_count; i++) {
        if (evidence->edges[i].from < told->count && evidence->edges[i].to < told->count) {
            raise_level(&told->facts[evidence->edges[i].from], LEVEL_EDGE);
            raise_level(&told->facts[evidence->edges[i].to], LEVEL_EDGE);
        }
    }
    for (size_t i = 0; i < evidence->path_count; i++) {
        const struct ew_evidence_path *path = &evidence->paths[i];
        for (uint32_t j = 0; path->complete && j < path->frame_count; j++) {
            raise_level(&told->facts[path->frames[j]], LEVEL_PATH);
        }
    }
}

static void take_hits(struct window_facts *told)
{
    const struct ew_evidence *evidence = told->window->evidence;
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *row = &evidence->observations[i];
        struct fact *fact = &told->facts[row->function];
        enum ew_unit unit = ew_unit_of(evidence, row->source);
        ew_table_sum(&fact->hits[unit], row->hits);
        raise_level(fact, unit == EW_UNIT_PREPARED ? LEVEL_PREPARED : LEVEL_STACK);
        if (fact->first_100ns == 0 || row->first_100ns < fact->first_100ns) {
            fact->first_100ns = row->first_100ns;
        }
        if (row->last_100ns > fact->last_100ns) {
            fact->last_100ns = row->last_100ns;
        }
    }
}

static int by_symbol(const void *left, const void *right)
{
    const struct fact *a = left;
    const struct fact *b = right;
    int order = strcmp(a->symbol, b->symbol);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

static void join(struct fact *into, const struct fact *from)
{
    for (unsigned unit = 0; unit < EW_UNIT_COUNT; unit++) {
        ew_table_sum(&into->hits[unit], from->hits[unit]);
    }
    into->first_100ns =
        from->first_100ns < into->first_100ns ? from->first_100ns : into->first_100ns;
    into->last_100ns = from->last_100ns > into->last_100ns ? from->last_100ns : into->last_100ns;
    raise_level(into, from->level);
}

/* Keeps what was observed and has a symbol: one fact a symbol, in order. */
static void settle(const struct ew_export_job *job, struct window_facts *told)
{
    size_t kept = 0;
    for (size_t i = 0; i < told->count; i++) {
        struct fact fact = told->facts[i];
        bool observed = fact.last_100ns != 0;
        if (observed && has_symbol(&job->tables->functions[fact.table_row])) {
            told->facts[kept++] = fact;
        } else if (observed) {
            job->counts->functions_no_id++;
        }
    }
    if (kept > 1) {
        qsort(told->facts, kept, sizeof *told->facts, by_symbol);
    }
    told->count = 0;
    for (size_t i = 0; i < kept; i++) {
        if (told->count > 0
            && strcmp(told->facts[told->count - 1].symbol, told->facts[i].symbol) == 0) {
            join(&told->facts[told->count - 1], &told->facts[i]);
        } else {
            told->facts[told->count++] = told->facts[i];
        }
    }
}

static enum ew_status collect(const struct ew_export_job *job, const struct ew_window *window,
                              struct window_facts *told)
{
    const struct ew_evidence *evidence = window->evidence;
    told->window = window;
    told->count = evidence->function_count;
    told->facts = calloc(told->count + 1, sizeof *told->facts);
    if (told->facts == NULL) {
        return EW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < told->count; i++) {
        uint32_t at = ew_tables_find(job->tables, evidence->functions[i].key);
        told->facts[i].row = i;
        told->facts[i].table_row = at;
        told->facts[i].symbol = ew_table_function_id(&job->tables->functions[at]);
    }
    take_hits(told);
    take_levels(told);
    settle(job, told);
    return EW_OK;
}

/* --- lines ------------------------------------------------------------------- */

static void put_text(struct ew_json_writer *writer, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        ew_json_member_text(writer, key, text);
    }
}

/* A container of the OCI runtimes has 64 hex digits, and is containerd's when nobody told whose;
 * others are told as they are. */
static void put_container(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    char text[128];
    const char *id = evidence->container;
    const char *runtime = evidence->container_runtime;
    if (id != NULL && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64) {
        (void)snprintf(text, sizeof text, "%.48s://%s",
                       runtime != NULL && runtime[0] != '\0' ? runtime : "containerd", id);
        put_text(writer, "containerId", text);
    } else {
        put_text(writer, "containerId", id);
    }
}

static void put_time(struct ew_json_writer *writer, const char *key, uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_filetime_format(filetime, text);
    ew_json_member_text(writer, key, text);
}

/* Values are texts: that is what the receiver's map of metadata holds. */
static void put_number(struct ew_json_writer *writer, const char *key, uint64_t value)
{
    char text[21];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    ew_json_member_text(writer, key, text);
}

static void put_window(struct ew_json_writer *writer, const struct ew_window *window)
{
    char text[EW_STREAM_ID_BYTES + 44];
    if (window->covers_from == window->covers_to) {
        (void)snprintf(text, sizeof text, "%s:%llu", window->evidence->stream_id,
                       (unsigned long long)window->covers_from);
    } else {
        (void)snprintf(text, sizeof text, "%s:%llu-%llu", window->evidence->stream_id,
                       (unsigned long long)window->covers_from,
                       (unsigned long long)window->covers_to);
    }
    ew_json_member_text(writer, "windowId", text);
}

/* The surest tier by which a graph knows the function; 0: none does. */
static unsigned tier_of(const struct ew_export_job *job, const struct ew_reach_node *node)
{
    unsigned best = 0;
    for (uint32_t i = 0; node != NULL && i < node->claim_count; i++) {
        unsigned tier = job->options->merged->claims[node->first_claim + i].tier;
        if (tier != 0 && (best == 0 || tier < best)) {
            best = tier;
        }
    }
    return best;
}

static void put_metadata(const struct ew_export_job *job, struct ew_json_writer *writer,
                         const struct window_facts *told, const struct fact *fact,
                         enum ew_unit unit)
{
    unsigned tier = tier_of(job, job->tables->functions[fact->table_row].node);
    ew_json_key(writer, "metadata");
    ew_json_object(writer);
    put_text(writer, "evidenceSha256", told->window->sha256);
    put_time(writer, "first", fact->first_100ns);
    put_number(writer, "level", fact->level);
    put_number(writer, "rev", told->window->evidence->revision);
    if (tier != 0) {
        put_number(writer, "tier", tier);
    }
    ew_json_member_text(writer, "unit", ew_unit_name(unit));
    put_window(writer, told->window);
    ew_json_object_end(writer);
}

/* The surest unit in which there is a hit at all. */
static enum ew_unit first_unit(const struct fact *fact)
{
    unsigned unit = 0;
    while (unit + 1 < EW_UNIT_COUNT && fact->hits[unit] == 0) {
        unit++;
    }
    return (enum ew_unit)unit;
}

static void put_line(const struct ew_export_job *job, struct ew_json_writer *writer,
                     const struct window_facts *told, const struct fact *fact)
{
    const struct ew_evidence *evidence = told->window->evidence;
    const struct ew_evidence_module *module =
        &evidence->modules[evidence->functions[fact->row].module];
    enum ew_unit unit = first_unit(fact);
    ew_json_object(writer);
    put_text(writer, "buildId", module->build_id != NULL ? module->build_id : module->debug_id);
    put_text(writer, "codeId", module->code_id);
    put_container(writer, evidence);
    ew_json_member_u64(writer, "hitCount", fact->hits[unit]);
    put_metadata(job, writer, told, fact, unit);
    put_time(writer, "observedAt", fact->last_100ns);
    put_text(writer, "purl",
             job->tables->modules[job->tables->functions[fact->table_row].module].purl);
    ew_json_member_text(writer, "symbolId", fact->symbol);
    ew_json_object_end(writer);
    ew_json_newline(writer);
    job->counts->rows++;
}

static enum ew_status tell(const struct ew_export_job *job, struct ew_json_writer *writer,
                           const struct ew_window *window)
{
    struct window_facts told = {0};
    enum ew_status status = collect(job, window, &told);
    for (size_t i = 0; status == EW_OK && i < told.count; i++) {
        put_line(job, writer, &told, &told.facts[i]);
    }
    free(told.facts);
    return status;
}

enum ew_status ew_export_stella_facts(const struct ew_export_job *job)
{
    struct ew_json_writer writer;
    enum ew_status status = EW_OK;
    ew_json_init(&writer, job->sink, job->context);
    for (size_t i = 0; status == EW_OK && i < job->options->window_count; i++) {
        const struct ew_window *window = &job->options->windows[i];
        switch (ew_facts_ask(job->options, window)) {
        case EW_FACTS_TELL:
            job->counts->windows++;
            status = tell(job, &writer, window);
            break;
        case EW_FACTS_SENT:
            job->counts->windows_sent++;
            break;
        case EW_FACTS_OPEN:
            job->counts->windows_open++;
            break;
        case EW_FACTS_PARTLY:
            job->counts->windows_partly++;
            break;
        }
    }
    return status != EW_OK ? status : ew_export_written(job, ew_json_finish(&writer));
}
