/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a replay for people. */
#include "cli/replay_report.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum { CALLS_SHOWN = 8, GROUPED_BYTES = 27, NAME_SHOWN_BYTES = 60 };

static int by_hits(const void *a, const void *b)
{
    const struct ew_evidence_edge *left = *(const struct ew_evidence_edge *const *)a;
    const struct ew_evidence_edge *right = *(const struct ew_evidence_edge *const *)b;
    if (left->hits != right->hits) {
        return left->hits > right->hits ? -1 : 1;
    }
    if (left->from != right->from) {
        return left->from < right->from ? -1 : 1;
    }
    return left->to < right->to ? -1 : left->to > right->to;
}

/* Calls between modules say most: a program's into its libraries, and theirs into others. */
static bool is_shown_call(const struct ew_evidence *evidence, const struct ew_evidence_edge *edge)
{
    const struct ew_evidence_function *from = &evidence->functions[edge->from];
    const struct ew_evidence_function *to = &evidence->functions[edge->to];
    return edge->adjacency == EW_ADJACENT_FRAME && from->name != NULL && to->name != NULL
           && from->module != to->module
           && evidence->sources[edge->source].kind == EW_SOURCE_STACK_SAMPLE;
}

/* The calls to show of a document, most observed first; the caller frees it. */
static const struct ew_evidence_edge **rank_calls(const struct ew_evidence *evidence,
                                                  size_t *count_out)
{
    const struct ew_evidence_edge **ranked = malloc((evidence->edge_count + 1) * sizeof *ranked);
    size_t count = 0;
    for (size_t i = 0; ranked != NULL && i < evidence->edge_count; i++) {
        if (is_shown_call(evidence, &evidence->edges[i])) {
            ranked[count++] = &evidence->edges[i];
        }
    }
    if (count > 1) {
        qsort((void *)ranked, count, sizeof *ranked, by_hits);
    }
    *count_out = count;
    return ranked;
}

/* "Module.dll!Type.Method", its beginning cut when it is long. */
static const char *shown_name(const struct ew_evidence *evidence, uint32_t index,
                              char out[NAME_SHOWN_BYTES + 1])
{
    char full[4096];
    const struct ew_evidence_function *function = &evidence->functions[index];
    int length = snprintf(full, sizeof full, "%s!%s", evidence->modules[function->module].name,
                          function->name);
    length = length < (int)sizeof full ? length : (int)sizeof full - 1;
    const char *start =
        length > NAME_SHOWN_BYTES - 3 ? full + length - (NAME_SHOWN_BYTES - 3) : full;
    /* never begin inside a character */
    while (((unsigned char)*start & 0xc0) == 0x80) {
        start++;
    }
    (void)snprintf(out, NAME_SHOWN_BYTES + 1, "%s%.*s", start == full ? "" : "...",
                   NAME_SHOWN_BYTES - 3, start);
    return out;
}

static void print_calls(FILE *out, const struct ew_evidence *evidence)
{
    size_t count = 0;
    const struct ew_evidence_edge **ranked = rank_calls(evidence, &count);
    (void)fputs(count != 0 ? "  calls between modules, by samples:\n" : "", out);
    for (size_t i = 0; i < count && i < CALLS_SHOWN; i++) {
        char hits[GROUPED_BYTES];
        char from[NAME_SHOWN_BYTES + 1];
        char to[NAME_SHOWN_BYTES + 1];
        (void)fprintf(out, "  %9s  %s -> %s\n", ew_cli_grouped(ranked[i]->hits, hits),
                      shown_name(evidence, ranked[i]->from, from),
                      shown_name(evidence, ranked[i]->to, to));
    }
    free((void *)ranked);
}

void replay_report_document(FILE *out, const struct ew_evidence *evidence,
                            const struct ew_published *published)
{
    char text[5][GROUPED_BYTES];
    (void)fprintf(out,
                  "\n%s%s, window %llu: %s stacks of %s process%s, %s functions, %s calls,"
                  " %s modules\n",
                  evidence->container != NULL ? "container " : "host",
                  evidence->container != NULL ? evidence->container : "",
                  (unsigned long long)evidence->sequence,
                  ew_cli_grouped(evidence->quality.stacks_total, text[0]),
                  ew_cli_grouped(evidence->process_count, text[1]),
                  evidence->process_count == 1 ? "" : "es",
                  ew_cli_grouped(evidence->function_count, text[2]),
                  ew_cli_grouped(evidence->edge_count, text[3]),
                  ew_cli_grouped(evidence->module_count, text[4]));
    print_calls(out, evidence);
    if (published != NULL) {
        (void)fprintf(out, "  %s%s\n", published->file_name,
                      published->existed ? " (was there already)" : "");
    }
}

struct loss {
    uint64_t count;
    const char *meaning;
};

static uint64_t refused_payloads(const struct ew_replay_result *result)
{
    uint64_t refused = 0;
    for (int kind = 0; kind < EW_FACT_KIND_COUNT; kind++) {
        refused += result->decode.refused[kind];
    }
    return refused;
}

static uint64_t refused_by_tables(const struct ew_model_counts *model)
{
    return model->fragments_refused + model->processes_refused + model->threads_evicted
           + model->images_refused + model->modules_refused + model->methods_refused
           + model->names_refused + model->keys_refused + model->sources_refused;
}

static void print_gaps(FILE *out, const struct ew_replay_result *result)
{
    const struct ew_model_counts *model = &result->model;
    const struct loss losses[] = {
        {result->events_lost, "events lost by the recording session"},
        {result->buffers_lost, "buffers lost by the recording session"},
        {model->lost_events, "records that say an event was lost"},
        {model->lost_buffers, "records that say a buffer was lost"},
        {result->damage.buffers, "damaged buffers, read up to the damage"},
        {refused_payloads(result), "payloads that broke their layout"},
        {model->samples_busy - model->samples_with_stack, "samples without a stack"},
        {model->kernel_only, "stacks without their user half"},
        {model->truncated, "stacks cut at ETW's maximum"},
        {model->orphans, "stacks whose event is not in the recording"},
        {model->clr_stacks_orphan, "CLR stacks without their event"},
        {model->keys_undefined, "stack keys that were never defined"},
        {result->late, "stacks that came after their window was closed"},
        {model->no_process, "stacks of processes that could not be told"},
        {result->aggregate.dropped + model->pending_evicted + refused_by_tables(model),
         "items that found no room in our tables"},
        {result->aggregate.samples.frames_unresolved, "frames of samples in no known module"},
        {result->aggregate.samples.frames_unmapped,
         "frames of samples in an image that had been unmapped"},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        char text[GROUPED_BYTES];
        if (losses[i].count == 0) {
            continue;
        }
        (void)fputs(any ? "" : "\nmissing, and in every document as a number:\n", out);
        any = true;
        (void)fprintf(out, "  %9s  %s\n", ew_cli_grouped(losses[i].count, text),
                      losses[i].meaning);
    }
    (void)fputs(any ? "" : "\nnothing that the recording tells of is missing\n", out);
}

static void print_symbols(FILE *out, const struct ew_symbols_counts *symbols)
{
    const struct loss lines[] = {
        {symbols->modules_pdb, "modules with the PDB of their build"},
        {symbols->modules_exports, "modules with exports alone"},
        {symbols->modules_none, "modules without any symbols"},
        {symbols->modules_mismatched, "modules whose PDB is of another build: not used"},
        {symbols->images_mismatched, "modules whose file is of another build: not used"},
        {symbols->modules_untrusted, "modules whose PDB anybody could have written: not used"},
        {symbols->addresses, "addresses of code looked up"},
        {symbols->refused, "addresses not looked up, for want of room or time"},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[GROUPED_BYTES];
        if (lines[i].count != 0) {
            (void)fputs(any ? "" : "\nsymbols:\n", out);
            (void)fprintf(out, "  %9s  %s\n", ew_cli_grouped(lines[i].count, text),
                          lines[i].meaning);
            any = true;
        }
    }
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}

void replay_report_summary(FILE *out, const struct ew_replay_result *result)
{
    const struct ew_stack_counts *samples = &result->aggregate.samples;
    char text[4][GROUPED_BYTES];
    if (result->documents == 0) {
        (void)fputs("no document: the recording holds no stacks, samples or module loads\n", out);
    }
    double seconds = (double)(result->last_100ns - result->first_100ns) / 1e7;
    (void)fprintf(out,
                  "\n%s events in %.1f s; %s samples, %s of them not idle, %s with a stack\n",
                  ew_cli_grouped(result->events, text[0]), seconds,
                  ew_cli_grouped(result->model.samples, text[1]),
                  ew_cli_grouped(result->model.samples_busy, text[2]),
                  ew_cli_grouped(result->model.samples_with_stack, text[3]));
    (void)fprintf(
        out, "%s frames of samples: %.1f %% managed, %.1f %% native, %.1f %% unknown\n",
        ew_cli_grouped(samples->frames, text[0]),
        percent(samples->frames_managed, samples->frames),
        percent(samples->frames_native, samples->frames),
        percent(samples->frames_unresolved + samples->frames_unmapped, samples->frames));
    print_symbols(out, &result->symbols);
    print_gaps(out, result);
}
