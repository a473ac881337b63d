/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime facts: one observed symbol a line (reference evidence.md 8, row 2). */
#include "base/filetime.h"
#include "base/json_scan.h"
#include "import/parts.h"

#include <stdlib.h>
#include <string.h>

enum { FACTS_FIRST = 256, TIME_BYTES = 64, LINE_TEXT_MAX = 1024 * 1024 };

/* Texts lie in the arena; NULL: not told. */
struct fact {
    const char *container;
    const char *runtime;
    const char *symbol;
    const char *module_key;
    const char *module_name;
    const char *build_id;
    const char *code_id;
    const char *purl;
    const char *key; /* of the function */
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

struct facts {
    struct import *import;
    struct ew_arena arena;
    struct ew_json_scan scan;
    struct fact *items;
    size_t count;
    size_t capacity;
    bool has_time; /* of the line that is read */
};

static bool fail(struct facts *facts, enum ew_status status, const char *why)
{
    (void)ew_json_scan_fail(&facts->scan, status, "%s", why);
    return false;
}

/* --- texts -------------------------------------------------------------------------------------
 */

static const char *keep(struct facts *facts, const char *prefix, const char *text, size_t bytes)
{
    size_t length = strlen(prefix);
    char *copy = ew_arena_take(&facts->arena, length + bytes + 1);
    if (copy == NULL) {
        (void)fail(facts, EW_LIMIT, "there are more texts than can be held");
        return NULL;
    }
    memcpy(copy, prefix, length);
    memcpy(copy + length, text, bytes);
    copy[length + bytes] = '\0';
    return copy;
}

/* A text or null; empty ones are as if they were not there. */
static bool read_text(struct facts *facts, const char **text_out)
{
    enum ew_json_token token = ew_json_scan_next(&facts->scan);
    if (token == EW_JSON_NULL) {
        return true;
    }
    if (token != EW_JSON_STRING) {
        return fail(facts, EW_FORMAT, "is neither a string nor null");
    }
    if (facts->scan.text_bytes == 0) {
        return true;
    }
    *text_out = keep(facts, "", facts->scan.text, facts->scan.text_bytes);
    return *text_out != NULL;
}

/* "2026-08-26T12:00:01.123456789+00:00" in our spelling: UTC, seven digits at most. */
static bool normalise_time(const char *text, size_t bytes, char out[TIME_BYTES])
{
    size_t length = bytes;
    if (bytes < 20 || bytes >= TIME_BYTES) {
        return false;
    }
    memcpy(out, text, bytes);
    out[length] = '\0';
    if (bytes > 6 && strcmp(out + bytes - 6, "+00:00") == 0) {
        length -= 6;
        memcpy(out + length, "Z", 2);
        length++;
    }
    size_t digits = strspn(out + 20, "0123456789");
    if (out[19] == '.' && digits > 7) {
        memmove(out + 27, out + 20 + digits, length - 20 - digits + 1);
    }
    return true;
}

static bool read_time(struct facts *facts, struct fact *fact)
{
    char text[TIME_BYTES];
    enum ew_json_token token = ew_json_scan_next(&facts->scan);
    if (token == EW_JSON_NULL) {
        return true;
    }
    if (token != EW_JSON_STRING || !normalise_time(facts->scan.text, facts->scan.text_bytes, text)
        || !ew_filetime_parse(text, &fact->first_100ns) || fact->first_100ns == 0) {
        return fail(facts, EW_FORMAT, "is no time in UTC as 2026-08-26T12:00:01Z is");
    }
    fact->last_100ns = fact->first_100ns;
    facts->has_time = true;
    return true;
}

/* --- identities
 * ---------------------------------------------------------------------------------- */

static bool is_hex(const char *text, size_t min, size_t max)
{
    size_t length = strlen(text);
    return length >= min && length <= max && strspn(text, "0123456789abcdef") == length;
}

static bool is_code_id(const char *text)
{
    size_t stamp = strspn(text, "0123456789ABCDEF");
    return stamp >= 8 && is_hex(text + 8, 1, 8);
}

/* The module is told by its build, else by its package, else by nothing. */
static bool identify(struct facts *facts, struct fact *fact)
{
    const char *build = fact->build_id;
    fact->build_id = build != NULL && is_hex(build, 8, 64) ? build : NULL;
    fact->code_id = fact->code_id != NULL && is_code_id(fact->code_id) ? fact->code_id : NULL;
    fact->module_name = fact->purl != NULL ? fact->purl : build != NULL ? build : "[unknown]";
    const char *module = fact->build_id != NULL ? fact->build_id : fact->module_name;
    fact->module_key =
        keep(facts, fact->build_id != NULL ? "elf:" : "name:", module, strlen(module));
    if (fact->module_key == NULL) {
        return false;
    }
    const char *prefix = keep(facts, "i:", fact->module_key, strlen(fact->module_key));
    prefix = prefix != NULL ? keep(facts, prefix, ":", 1) : NULL;
    fact->key = prefix != NULL ? keep(facts, prefix, fact->symbol, strlen(fact->symbol)) : NULL;
    return fact->key != NULL;
}

/* "containerd://ID": the runtime, and the id by itself. */
static bool split_container(struct facts *facts, struct fact *fact)
{
    const char *default_id = facts->import->options->container;
    const char *mark = fact->container != NULL ? strstr(fact->container, "://") : NULL;
    if (mark != NULL && mark[3] != '\0') {
        fact->runtime = keep(facts, "", fact->container, (size_t)(mark - fact->container));
        fact->container = mark + 3;
        return fact->runtime != NULL;
    }
    fact->container = fact->container != NULL ? fact->container : default_id;
    return true;
}

/* --- lines
 * --------------------------------------------------------------------------------------- */

enum member { BUILD_ID, CODE_ID, CONTAINER_ID, HIT_COUNT, OBSERVED_AT, PURL, SYMBOL_ID, MEMBERS };

static const struct ew_json_member members[MEMBERS] = {
    [BUILD_ID] = EW_JSON_MEMBER("buildId"),         [CODE_ID] = EW_JSON_MEMBER("codeId"),
    [CONTAINER_ID] = EW_JSON_MEMBER("containerId"), [HIT_COUNT] = EW_JSON_MEMBER("hitCount"),
    [OBSERVED_AT] = EW_JSON_MEMBER("observedAt"),   [PURL] = EW_JSON_MEMBER("purl"),
    [SYMBOL_ID] = EW_JSON_MEMBER("symbolId"),
};

static bool read_member(struct facts *facts, int member, struct fact *fact)
{
    switch (member) {
    case BUILD_ID:
        return read_text(facts, &fact->build_id);
    case CODE_ID:
        return read_text(facts, &fact->code_id);
    case CONTAINER_ID:
        return read_text(facts, &fact->container);
    case HIT_COUNT:
        return ew_json_scan_want_u64(&facts->scan, EW_JSON_INTEGER_MAX, &fact->hits);
    case OBSERVED_AT:
        return read_time(facts, fact);
    case PURL:
        return read_text(facts, &fact->purl);
    case SYMBOL_ID:
        return read_text(facts, &fact->symbol);
    default:
        return ew_json_scan_skip(&facts->scan);
    }
}

static bool check_span(struct facts *facts, struct fact *fact)
{
    const struct ew_import_options *options = facts->import->options;
    if (!facts->has_time && options->end_100ns == 0) {
        return fail(facts, EW_USAGE,
                    "observedAt is missing: the start and the end of the window are needed");
    }
    if (!facts->has_time) {
        fact->first_100ns = options->start_100ns;
        fact->last_100ns = options->end_100ns - 1;
    }
    if (options->end_100ns != 0
        && (fact->first_100ns < options->start_100ns || fact->last_100ns >= options->end_100ns)) {
        return fail(facts, EW_FORMAT, "observedAt is not in the window");
    }
    return true;
}

static bool add_fact(struct facts *facts, const struct fact *fact)
{
    if (facts->count == EW_IMPORT_FACTS_MAX) {
        return fail(facts, EW_LIMIT, "there are too many facts");
    }
    if (facts->count == facts->capacity) {
        size_t capacity = facts->capacity == 0 ? FACTS_FIRST : facts->capacity * 2;
        struct fact *grown = realloc(facts->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return fail(facts, EW_NO_MEMORY, "no memory for it");
        }
        facts->items = grown;
        facts->capacity = capacity;
    }
    facts->items[facts->count++] = *fact;
    return true;
}

/* One fact; its brace has been read. */
static bool read_fact(struct facts *facts)
{
    struct fact fact = {.hits = 0};
    uint32_t seen = 0;
    int member;
    facts->has_time = false;
    while ((member = ew_json_scan_member(&facts->scan, members, MEMBERS, &seen))
           != EW_JSON_OVER) {
        if (!read_member(facts, member, &fact)) {
            return false;
        }
    }
    if (facts->scan.status != EW_OK) {
        return false;
    }
    if (fact.symbol == NULL || (seen >> HIT_COUNT & 1) == 0) {
        return fail(facts, EW_FORMAT,
                    fact.symbol == NULL ? "symbolId is missing" : "hitCount is missing");
    }
    facts->import->counts.lines++;
    import_sum(&facts->import->counts.stacks, fact.hits);
    return fact.hits == 0
           || (check_span(facts, &fact) && split_container(facts, &fact) && identify(facts, &fact)
               && add_fact(facts, &fact));
}

static enum ew_status read_facts(struct facts *facts)
{
    struct import *import = facts->import;
    struct ew_byte_window window;
    struct ew_json_scan_options options = {.name = import->options->name,
                                           .depth_max = EW_JSON_DEPTH_MAX,
                                           .text_bytes_max = LINE_TEXT_MAX,
                                           .lines = true};
    enum ew_json_token token;
    ew_byte_window_over(&window, import->bytes, import->byte_count);
    ew_json_scan_init(&facts->scan, &window, &options, import->error);
    while ((token = ew_json_scan_next(&facts->scan)) == EW_JSON_OBJECT && read_fact(facts)) {
    }
    if (facts->scan.status == EW_OK && token != EW_JSON_END) {
        (void)fail(facts, EW_FORMAT, "is no object");
    }
    ew_json_scan_free(&facts->scan);
    return facts->scan.status;
}

/* --- documents
 * ------------------------------------------------------------------------------------- */

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* By container and module; then whatever tells two facts apart, so that the order of lines
 * does not matter. */
static int compare_facts(const void *a, const void *b)
{
    const struct fact *left = a;
    const struct fact *right = b;
    int order = compare_texts(left->container, right->container);
    order = order != 0 ? order : strcmp(left->module_key, right->module_key);
    order = order != 0 ? order : strcmp(left->symbol, right->symbol);
    order = order != 0 ? order : compare_texts(left->purl, right->purl);
    order = order != 0 ? order : compare_texts(left->code_id, right->code_id);
    order = order != 0 ? order : compare_texts(left->runtime, right->runtime);
    order = order != 0 ? order : import_compare(left->first_100ns, right->first_100ns);
    return order != 0 ? order : import_compare(left->hits, right->hits);
}

/* A function and what was seen of it, until they are in order. */
struct row {
    struct ew_evidence_function function;
    uint64_t hits;
    uint64_t first_100ns;
    uint64_t last_100ns;
};

struct tables {
    struct ew_evidence_module *modules;
    struct row *rows;
    struct ew_evidence_function *functions;
    struct ew_evidence_observation *seen;
    size_t module_count;
    size_t function_count;
};

static void add_module(struct tables *tables, const struct fact *fact)
{
    struct ew_evidence_module *last =
        tables->module_count > 0 ? &tables->modules[tables->module_count - 1] : NULL;
    if (last == NULL || strcmp(last->key, fact->module_key) != 0) {
        struct ew_evidence_module module = {.key = fact->module_key,
                                            .name = fact->module_name,
                                            .kind = EW_EVIDENCE_NATIVE,
                                            .build_id = fact->build_id,
                                            .code_id = fact->code_id,
                                            .purl = fact->purl};
        last = &tables->modules[tables->module_count++];
        *last = module;
    }
    import_sum(&last->samples, fact->hits);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    int order = strcmp(left->function.key, right->function.key);
    return order != 0 ? order : import_compare(left->function.module, right->function.module);
}

/* Rows of one key become one. */
static void unite_rows(struct tables *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &tables->rows[i];
        size_t at = tables->function_count;
        if (at > 0 && strcmp(tables->functions[at - 1].key, row->function.key) == 0) {
            struct ew_evidence_observation *seen = &tables->seen[at - 1];
            import_sum(&seen->hits, row->hits);
            seen->first_100ns =
                row->first_100ns < seen->first_100ns ? row->first_100ns : seen->first_100ns;
            seen->last_100ns =
                row->last_100ns > seen->last_100ns ? row->last_100ns : seen->last_100ns;
            continue;
        }
        struct ew_evidence_observation observation = {
            (uint32_t)at, 0, row->hits, 0, 0, row->first_100ns, row->last_100ns};
        tables->functions[at] = row->function;
        tables->seen[at] = observation;
        tables->function_count++;
    }
}

static void fill_rows(struct tables *tables, const struct fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_module(tables, &facts[i]);
        struct row row = {.function = {.key = facts[i].key,
                                       .module = (uint32_t)tables->module_count - 1,
                                       .resolution = EW_RESOLVED_SYMBOL,
                                       .name = facts[i].symbol},
                          .hits = facts[i].hits,
                          .first_100ns = facts[i].first_100ns,
                          .last_100ns = facts[i].last_100ns};
        tables->rows[i] = row;
    }
    qsort(tables->rows, count, sizeof *tables->rows, compare_rows);
    unite_rows(tables, count);
}

static void fill_window(const struct fact *facts, size_t count, struct ew_evidence *evidence)
{
    uint64_t first = facts[0].first_100ns;
    uint64_t last = facts[0].last_100ns;
    for (size_t i = 0; i < count; i++) {
        import_sum(&evidence->quality.stacks_total, facts[i].hits);
        import_sum(&evidence->quality.frames_total, facts[i].hits);
        import_sum(&evidence->quality.frames_named, facts[i].hits);
        first = facts[i].first_100ns < first ? facts[i].first_100ns : first;
        last = facts[i].last_100ns > last ? facts[i].last_100ns : last;
    }
    if (evidence->end_100ns == 0) {
        evidence->start_100ns = first;
        evidence->end_100ns = last + 1;
    }
    evidence->quality.rundown = EW_RUNDOWN_NONE;
}

static void fill_tables(struct tables *tables, const struct fact *facts, size_t count,
                        struct ew_evidence *evidence)
{
    fill_rows(tables, facts, count);
    fill_window(facts, count, evidence);
    evidence->modules = tables->modules;
    evidence->module_count = tables->module_count;
    evidence->functions = tables->functions;
    evidence->function_count = tables->function_count;
    evidence->observations = tables->seen;
    evidence->observation_count = tables->function_count;
}

static bool take_tables(struct tables *tables, size_t count)
{
    memset(tables, 0, sizeof *tables);
    tables->modules = malloc(count * sizeof *tables->modules);
    tables->rows = malloc(count * sizeof *tables->rows);
    tables->functions = malloc(count * sizeof *tables->functions);
    tables->seen = malloc(count * sizeof *tables->seen);
    return tables->modules != NULL && tables->rows != NULL && tables->functions != NULL
           && tables->seen != NULL;
}

static void free_tables(struct tables *tables)
{
    free(tables->modules);
    free(tables->rows);
    free(tables->functions);
    free(tables->seen);
}

/* The facts of one container. */
static enum ew_status emit_group(struct import *import, const struct fact *facts, size_t count)
{
    struct ew_evidence evidence;
    struct ew_evidence_source source = {
        .kind = EW_SOURCE_STACK_EVENT, .is_foreign = true, .provider_name = "runtime-facts"};
    enum ew_status status = ew_import_head(import, facts[0].container, &evidence);
    if (status != EW_OK) {
        return status;
    }
    struct tables tables;
    evidence.container_runtime = facts[0].runtime;
    evidence.sources = &source;
    evidence.source_count = 1;
    if (take_tables(&tables, count)) {
        fill_tables(&tables, facts, count, &evidence);
        import->counts.documents++;
        status = import->emit(import->context, &evidence, import->error);
    } else {
        status = ew_fail(import->error, EW_NO_MEMORY, "%s: no memory for its tables",
                         import->options->name);
    }
    free_tables(&tables);
    return status;
}

static enum ew_status emit_groups(struct facts *facts)
{
    enum ew_status status = EW_OK;
    if (facts->count > 1) {
        qsort(facts->items, facts->count, sizeof *facts->items, compare_facts);
    }
    if (facts->count > 0 && facts->import->options->stream_id != NULL
        && compare_texts(facts->items[0].container, facts->items[facts->count - 1].container)
               != 0) {
        return ew_fail(facts->import->error, EW_USAGE,
                       "%s: tells of several containers, which cannot be one stream",
                       facts->import->options->name);
    }
    for (size_t from = 0; from < facts->count && status == EW_OK;) {
        size_t to = from + 1;
        while (to < facts->count
               && compare_texts(facts->items[from].container, facts->items[to].container) == 0) {
            to++;
        }
        status = emit_group(facts->import, facts->items + from, to - from);
        from = to;
    }
    return status;
}

enum ew_status ew_import_facts(struct import *import)
{
    struct facts facts;
    memset(&facts, 0, sizeof facts);
    facts.import = import;
    facts.arena.bytes_max = EW_IMPORT_TEXT_BYTES_MAX;
    enum ew_status status = read_facts(&facts);
    if (status == EW_OK) {
        status = emit_groups(&facts);
    }
    free(facts.items);
    ew_arena_clear(&facts.arena);
    return status;
}
