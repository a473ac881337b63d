/* SPDX-License-Identifier: Apache-2.0 */
/* Folded stacks counted as functions, edges and witness paths. */
#include "import/parts.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_FIRST = 256, KEY_EXTRA_BYTES = 16 };

void ew_stacks_init(struct stacks *stacks)
{
    memset(stacks, 0, sizeof *stacks);
    stacks->arena.bytes_max = EW_IMPORT_TEXT_BYTES_MAX;
    stacks->modules.row_bytes = sizeof(struct stack_module);
    stacks->functions.row_bytes = sizeof(struct stack_function);
    stacks->edges.row_bytes = sizeof(struct stack_edge);
    stacks->paths.row_bytes = sizeof(struct stack_path);
    stacks->quality.rundown = EW_RUNDOWN_NONE;
}

void ew_stacks_free(struct stacks *stacks)
{
    struct stack_table *const tables[] = {&stacks->modules, &stacks->functions, &stacks->edges,
                                          &stacks->paths};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        free(tables[i]->rows);
        ew_index_free(&tables[i]->index);
    }
    ew_arena_clear(&stacks->arena);
}

static enum ew_status add_row(struct stack_table *table, uint32_t max, uint64_t hash,
                              const void *row)
{
    if (table->count >= max) {
        return EW_LIMIT;
    }
    if (table->count == table->capacity) {
        uint32_t capacity = table->capacity == 0 ? ROWS_FIRST : table->capacity * 2;
        void *grown = realloc(table->rows, capacity * table->row_bytes);
        if (grown == NULL) {
            return EW_NO_MEMORY;
        }
        table->rows = grown;
        table->capacity = capacity;
    }
    if (!ew_index_insert(&table->index, hash, table->count)) {
        return EW_NO_MEMORY;
    }
    memcpy((char *)table->rows + table->count * table->row_bytes, row, table->row_bytes);
    table->count++;
    return EW_OK;
}

/* --- functions -------------------------------------------------------------------------------
 */

static bool same_slice(struct slice a, struct slice b)
{
    return a.bytes == b.bytes && memcmp(a.at, b.at, a.bytes) == 0;
}

/* Prefix and name, terminated, in the arena; NULL: no room. */
static const char *join_text(struct stacks *stacks, const char *prefix, struct slice name)
{
    size_t length = strlen(prefix);
    char *text = ew_arena_take(&stacks->arena, length + name.bytes + 1);
    if (text != NULL) {
        memcpy(text, prefix, length);
        memcpy(text + length, name.at, name.bytes);
        text[length + name.bytes] = '\0';
    }
    return text;
}

/* The module of a frame: what it tells, or one that stands for all that tell none. */
static struct slice module_name(const struct frame *frame)
{
    static const char kernel[] = "[kernel]";
    static const char jit[] = "[jit]";
    static const char unknown[] = "[unknown]";
    if (frame->module.bytes > 0) {
        return frame->module;
    }
    const char *name = frame->kind == FRAME_KERNEL ? kernel
                       : frame->kind == FRAME_JIT  ? jit
                                                   : unknown;
    struct slice slice = {name, strlen(name)};
    return slice;
}

static enum ew_status find_module(struct stacks *stacks, const struct frame *frame,
                                  uint32_t *row_out)
{
    struct stack_table *table = &stacks->modules;
    struct slice name = module_name(frame);
    struct stack_module *rows = table->rows;
    uint64_t hash = ew_index_hash_bytes(name.at, name.bytes);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct slice have = {rows[i].name, strlen(rows[i].name)};
        if (same_slice(have, name)) {
            *row_out = i;
            return EW_OK;
        }
    }
    struct stack_module module = {.kind = frame->kind == FRAME_KERNEL ? EW_EVIDENCE_KERNEL
                                          : frame->kind == FRAME_JIT  ? EW_EVIDENCE_DYNAMIC
                                                                      : EW_EVIDENCE_NATIVE};
    module.key = join_text(stacks, "name:", name);
    if (module.key == NULL) {
        return EW_LIMIT;
    }
    module.name = module.key + strlen("name:");
    *row_out = table->count;
    return add_row(table, EW_IMPORT_MODULES_MAX, hash, &module);
}

/* "s:", the module's key, and the name. */
static const char *function_key(struct stacks *stacks, uint32_t module, struct slice name)
{
    const struct stack_module *rows = stacks->modules.rows;
    const char *module_key = rows[module].key;
    size_t length = strlen(module_key);
    char *key = ew_arena_take(&stacks->arena, length + name.bytes + KEY_EXTRA_BYTES);
    if (key != NULL) {
        memcpy(key, "s:", 2);
        memcpy(key + 2, module_key, length);
        key[length + 2] = ':';
        memcpy(key + length + 3, name.at, name.bytes);
        key[length + 3 + name.bytes] = '\0';
    }
    return key;
}

static enum ew_status find_function(struct stacks *stacks, const struct frame *frame,
                                    uint32_t *row_out)
{
    struct stack_table *table = &stacks->functions;
    uint32_t module = 0;
    enum ew_status status = find_module(stacks, frame, &module);
    if (status != EW_OK) {
        return status;
    }
    struct stack_function *rows = table->rows;
    uint64_t hash =
        ew_index_hash_pair(ew_index_hash_bytes(frame->name.at, frame->name.bytes), module);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        if (rows[i].module == module && same_slice(rows[i].name, frame->name)) {
            *row_out = i;
            return EW_OK;
        }
    }
    struct stack_function function = {.module = module, .name = frame->name};
    function.key = function_key(stacks, module, frame->name);
    if (function.key == NULL) {
        return EW_LIMIT;
    }
    *row_out = table->count;
    return add_row(table, EW_FUNCTIONS_MAX, hash, &function);
}

/* --- edges and paths -------------------------------------------------------------------------
 */

static enum ew_status count_edge(struct stacks *stacks, const struct stack_edge *edge)
{
    struct stack_table *table = &stacks->edges;
    struct stack_edge *rows = table->rows;
    uint64_t hash = ew_index_hash_pair((uint64_t)edge->from << 32 | edge->to, edge->adjacency);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        struct stack_edge *have = &rows[i];
        if (have->from == edge->from && have->to == edge->to
            && have->adjacency == edge->adjacency) {
            import_sum(&have->hits, have->seen == edge->seen ? 0 : edge->hits);
            have->seen = edge->seen;
            return EW_OK;
        }
    }
    return add_row(table, EW_EDGES_MAX, hash, edge);
}

static bool same_path(const struct stack_path *a, const struct stack_path *b)
{
    return a->frame_count == b->frame_count && a->complete == b->complete
           && memcmp(a->frames, b->frames, a->frame_count * sizeof a->frames[0]) == 0;
}

/* Paths are witnesses: one that finds no room is counted, and the rest goes on. */
static enum ew_status count_path(struct stacks *stacks, const struct stack_path *path)
{
    struct stack_table *table = &stacks->paths;
    struct stack_path *rows = table->rows;
    size_t byte_count = path->frame_count * sizeof path->frames[0];
    uint64_t hash =
        ew_index_hash_pair(ew_index_hash_bytes(path->frames, byte_count), path->complete);
    for (uint32_t i = ew_index_first(&table->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&table->index)) {
        if (same_path(&rows[i], path)) {
            import_sum(&rows[i].hits, path->hits);
            return EW_OK;
        }
    }
    struct stack_path added = *path;
    uint32_t *frames = ew_arena_take(&stacks->arena, byte_count);
    if (frames != NULL) {
        memcpy(frames, path->frames, byte_count);
        added.frames = frames;
    }
    enum ew_status status =
        frames != NULL ? add_row(table, EW_IMPORT_STACKS_MAX, hash, &added) : EW_LIMIT;
    if (status == EW_LIMIT) {
        import_sum(&stacks->quality.dropped, 1);
        return EW_OK;
    }
    return status;
}

/* --- one stack ---------------------------------------------------------------------------------
 */

struct resolved {
    uint32_t functions[EW_FRAMES_MAX]; /* EW_INDEX_NONE: not known */
    uint32_t known;
    uint32_t kernel;
    bool missed;
    bool cut;
};

static enum ew_status resolve(struct stacks *stacks, const struct frame *frames,
                              uint32_t frame_count, struct resolved *out)
{
    enum ew_status status = EW_OK;
    out->known = 0;
    out->kernel = 0;
    out->missed = false;
    out->cut = false;
    for (uint32_t i = 0; i < frame_count && status == EW_OK; i++) {
        const struct frame *frame = &frames[i];
        out->functions[i] = EW_INDEX_NONE;
        out->missed = out->missed || frame->kind == FRAME_MISSED;
        out->cut = out->cut || frame->kind == FRAME_CUT;
        if (frame->kind <= FRAME_JIT) {
            status = find_function(stacks, frame, &out->functions[i]);
            out->known++;
            out->kernel += frame->kind == FRAME_KERNEL;
        }
    }
    return status;
}

static void count_quality(struct stacks *stacks, uint32_t frame_count,
                          const struct resolved *resolved, uint64_t hits)
{
    struct ew_evidence_quality *quality = &stacks->quality;
    import_sum(&quality->stacks_total, hits);
    for (uint32_t i = 0; i < frame_count; i++) {
        bool known = resolved->functions[i] != EW_INDEX_NONE;
        import_sum(&quality->frames_total, hits);
        import_sum(known ? &quality->frames_named : &quality->frames_unresolved, hits);
        import_sum(&quality->frames_no_module, known ? 0 : hits);
    }
    bool gapped = resolved->known < frame_count;
    import_sum(&quality->stacks_gapped, gapped ? hits : 0);
    import_sum(&quality->stacks_missing, resolved->missed || frame_count == 0 ? hits : 0);
    import_sum(&quality->stacks_truncated, resolved->cut ? hits : 0);
    bool kernel_only = resolved->known > 0 && resolved->kernel == resolved->known;
    import_sum(&quality->stacks_kernel_only, kernel_only ? hits : 0);
}

/* A function, and its module, count once a stack. */
static void count_functions(struct stacks *stacks, uint32_t frame_count,
                            const struct resolved *resolved, uint64_t hits)
{
    struct stack_function *functions = stacks->functions.rows;
    struct stack_module *modules = stacks->modules.rows;
    for (uint32_t i = 0; i < frame_count; i++) {
        if (resolved->functions[i] == EW_INDEX_NONE) {
            continue;
        }
        struct stack_function *function = &functions[resolved->functions[i]];
        struct stack_module *module = &modules[function->module];
        import_sum(&function->hits, function->seen == stacks->stack ? 0 : hits);
        import_sum(&module->samples, module->seen == stacks->stack ? 0 : hits);
        function->seen = stacks->stack;
        module->seen = stacks->stack;
        import_sum(&function->root, i == 0 ? hits : 0);
        import_sum(&function->leaf, i + 1 == frame_count ? hits : 0);
    }
}

static enum ew_status count_edges(struct stacks *stacks, const struct frame *frames,
                                  uint32_t frame_count, const struct resolved *resolved,
                                  uint64_t hits)
{
    enum ew_status status = EW_OK;
    for (uint32_t i = 1; i < frame_count && status == EW_OK; i++) {
        struct stack_edge edge = {.from = resolved->functions[i - 1],
                                  .to = resolved->functions[i],
                                  .seen = stacks->stack,
                                  .hits = hits};
        bool enters = frames[i].kind == FRAME_KERNEL && frames[i - 1].kind != FRAME_KERNEL;
        edge.adjacency = enters              ? EW_ADJACENT_BRIDGE
                         : frames[i].inlined ? EW_ADJACENT_INLINE
                                             : EW_ADJACENT_FRAME;
        if (edge.from != EW_INDEX_NONE && edge.to != EW_INDEX_NONE) {
            status = count_edge(stacks, &edge);
        }
    }
    return status;
}

/* What is known from the leaf outwards, direct recursion collapsed. */
static enum ew_status count_witness(struct stacks *stacks, uint32_t frame_count,
                                    const struct resolved *resolved, uint64_t hits)
{
    uint32_t path[EW_FRAMES_MAX];
    uint32_t used = 0;
    uint32_t first = frame_count;
    while (first > 0 && resolved->functions[first - 1] != EW_INDEX_NONE) {
        first--;
    }
    for (uint32_t i = first; i < frame_count; i++) {
        if (used == 0 || path[used - 1] != resolved->functions[i]) {
            path[used++] = resolved->functions[i];
        }
    }
    if (used == 0) {
        return EW_OK;
    }
    struct stack_path witness = {path, used, first == 0 && !resolved->cut, hits};
    return count_path(stacks, &witness);
}

enum ew_status ew_stacks_count(struct stacks *stacks, const struct frame *frames,
                               uint32_t frame_count, uint64_t hits)
{
    struct resolved resolved;
    stacks->stack++;
    enum ew_status status = resolve(stacks, frames, frame_count, &resolved);
    if (status != EW_OK) {
        return status;
    }
    count_quality(stacks, frame_count, &resolved, hits);
    count_functions(stacks, frame_count, &resolved, hits);
    status = count_edges(stacks, frames, frame_count, &resolved, hits);
    return status == EW_OK ? count_witness(stacks, frame_count, &resolved, hits) : status;
}
