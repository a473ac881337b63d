/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a merge for people. */
#include "cli/merge_report.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPED_BYTES = 27, SHOWN_MAX = 8, NAME_COLUMNS = 120 };

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* --- inputs ----------------------------------------------------------------------------------
 */

static void print_inputs(FILE *out, const struct ew_merged *merged)
{
    char windows[GROUPED_BYTES];
    uint64_t window_count = 0;
    uint64_t missing = 0;
    size_t hosts = 0;
    for (size_t i = 0; i < merged->stream_count; i++) {
        const struct ew_window_stream *stream = &merged->streams[i];
        size_t before = 0;
        while (before < i && strcmp(merged->streams[before].host_id, stream->host_id) != 0) {
            before++;
        }
        hosts += before == i;
        window_count += stream->windows;
        missing += stream->missing;
    }
    (void)fprintf(out, "%s window%s of %zu stream%s on %zu host%s, %zu static graph%s\n",
                  ew_cli_grouped(window_count, windows), plural(window_count),
                  merged->stream_count, plural(merged->stream_count), hosts, plural(hosts),
                  merged->graph_count, plural(merged->graph_count));
    if (missing > 0) {
        (void)fprintf(out, "%s window%s of these streams %s missing\n",
                      ew_cli_grouped(missing, windows), plural(missing),
                      missing == 1 ? "is" : "are");
    }
}

/* What a stream tells of documents that were changed, replaced or forged. */
static void print_doubts(FILE *out, const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->stream_count; i++) {
        const struct ew_window_stream *stream = &merged->streams[i];
        if (stream->conflicts > 0) {
            (void)fprintf(out,
                          "stream %.8s: %llu document%s passed over: another claims to be the "
                          "same window\n",
                          stream->id, (unsigned long long)stream->conflicts,
                          plural(stream->conflicts));
        }
        if (stream->broken_links > 0) {
            (void)fprintf(out,
                          "stream %.8s: %llu time%s a document is not followed by the one that "
                          "was written after it: changed or replaced\n",
                          stream->id, (unsigned long long)stream->broken_links,
                          plural(stream->broken_links));
        }
        if (stream->mixed) {
            (void)fprintf(out, "stream %.8s: its documents name different hosts or containers\n",
                          stream->id);
        }
    }
}

void merge_report_refusals(FILE *out, uint64_t refused, const char *first)
{
    char grouped[GROUPED_BYTES];
    if (refused > 0) {
        (void)fprintf(out, "%s file%s refused, and nothing of %s is in this: %s%s\n",
                      ew_cli_grouped(refused, grouped), refused == 1 ? " was" : "s were",
                      refused == 1 ? "it" : "them", refused == 1 ? "" : "the first: ", first);
    }
}

bool merge_report_size(const char *path, uint64_t bytes, char *text_out, size_t capacity)
{
    char size[GROUPED_BYTES];
    char check_max[GROUPED_BYTES];
    char export_max[GROUPED_BYTES];
    if (bytes <= EW_DOCUMENT_BYTES_MAX) {
        return false;
    }
    (void)ew_cli_grouped(bytes, size);
    (void)ew_cli_grouped(EW_DOCUMENT_BYTES_MAX, check_max);
    (void)ew_cli_grouped(EW_MERGE_DOCUMENT_BYTES_MAX, export_max);
    (void)snprintf(text_out, capacity,
                   "%s: has %s bytes, and check reads at most %s, export at most %s; %sfewer or"
                   " smaller callgraphs make a smaller one",
                   path, size, check_max, export_max,
                   bytes > EW_MERGE_DOCUMENT_BYTES_MAX
                       ? "export can merge by itself (--callgraph with the evidence), and "
                       : "");
    return true;
}

bool merge_report_is_incomplete(const struct ew_merged *merged)
{
    for (size_t i = 0; i < merged->stream_count; i++) {
        const struct ew_window_stream *stream = &merged->streams[i];
        if (stream->missing > 0 || stream->gaps > 0 || stream->conflicts > 0
            || stream->broken_links > 0 || stream->mixed) {
            return true;
        }
    }
    return false;
}

/* --- counts ------------------------------------------------------------------------------------
 */

static void print_count(FILE *out, uint64_t count, const char *what)
{
    char grouped[GROUPED_BYTES];
    if (count > 0) {
        (void)fprintf(out, "%12s  %s\n", ew_cli_grouped(count, grouped), what);
    }
}

static void print_functions(FILE *out, const struct ew_merged *merged)
{
    uint64_t labels[EW_LABEL_CR + 1] = {0};
    uint64_t maybe = 0;
    uint64_t not_seen = 0;
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        bool unobserved = node->state.observed == EW_RUNTIME_UNOBSERVED;
        maybe += node->maybe;
        not_seen += unobserved;
        labels[ew_reach_label(node->state)] += !node->maybe && !unobserved;
    }
    (void)fputs("functions:\n", out);
    print_count(out, labels[EW_LABEL_CR], "claimed reachable, and seen: confirmed");
    print_count(out, labels[EW_LABEL_X], "claimed unreachable, and seen: contradicted");
    print_count(out, labels[EW_LABEL_RO], "seen, and claimed by no graph: runtime-only");
    print_count(out, labels[EW_LABEL_SR], "claimed reachable, nothing known of whether they run");
    print_count(out, labels[EW_LABEL_SU],
                "claimed unreachable, nothing known of whether they run");
    print_count(out, not_seen, "not seen where that can be said (below)");
    print_count(out, maybe, "perhaps seen: ambiguous");
    print_count(out, labels[EW_LABEL_U], "in a graph, nothing claimed and nothing known");
}

static void print_calls(FILE *out, const struct ew_merged *merged)
{
    static const char *const texts[EW_CLASS_COUNT] = {
        "claimed, and not seen",
        "claimed, and seen: confirmed",
        "seen through a virtual call that a graph has: confirmed",
        "seen, explained by inlined frames or tail calls",
        "seen, over reflection, delegates, threads or stubs",
        "seen, and refused by a graph: contradicted",
        "seen, and claimed by no graph: runtime-only",
    };
    static const enum ew_edge_class order[EW_CLASS_COUNT] = {
        EW_CLASS_CONFIRMED,     EW_CLASS_DISPATCH,     EW_CLASS_ELIDED,     EW_CLASS_BRIDGED,
        EW_CLASS_CONTRADICTION, EW_CLASS_RUNTIME_ONLY, EW_CLASS_STATIC_ONLY};
    (void)fputs("calls:\n", out);
    for (size_t i = 0; i < EW_CLASS_COUNT; i++) {
        print_count(out, merged->class_counts[order[i]], texts[order[i]]);
    }
    print_count(out, merged->searches_cut, "of these not searched to the end");
}

/* --- what was not seen
 * -------------------------------------------------------------------------- */

/* The windows that a statement is made of. */
static void print_ranges(FILE *out, const struct ew_merged *merged,
                         const struct ew_reach_scope *scope)
{
    enum { RANGES_SHOWN = 3 };
    for (uint32_t i = 0; i < scope->range_count && i < RANGES_SHOWN; i++) {
        const struct ew_reach_range *range = &merged->ranges[scope->first_range + i];
        (void)fprintf(out, "%s%llu to %llu of stream %.8s", i == 0 ? " (windows " : ", ",
                      (unsigned long long)range->from, (unsigned long long)range->to,
                      merged->streams[range->stream].id);
    }
    if (scope->range_count > RANGES_SHOWN) {
        (void)fprintf(out, ", and %u more", (unsigned)(scope->range_count - RANGES_SHOWN));
    }
    (void)fputs(scope->range_count > 0 ? ")\n" : "\n", out);
}

static void print_scopes(FILE *out, const struct ew_merged *merged)
{
    char count[GROUPED_BYTES];
    char stacks[GROUPED_BYTES];
    (void)fputs(merged->scope_count > 0 ? "not seen:\n" : "", out);
    for (size_t i = 0; i < merged->scope_count; i++) {
        const struct ew_reach_scope *scope = &merged->scopes[i];
        const char *name = merged->builds[scope->build].name;
        uint64_t functions = 0;
        for (size_t n = 0; n < merged->node_count; n++) {
            functions += merged->nodes[n].scope == i;
        }
        (void)fprintf(out, "%12s  of %s, ", ew_cli_grouped(functions, count),
                      name != NULL ? name : "a module");
        if (scope->never_prepared) {
            (void)fputs("never compiled nor fetched", out);
        } else {
            /* The rule of three: 3/n is the upper bound at 95 %. */
            uint64_t per_million = scope->stacks > 0 ? 3000000 / scope->stacks : 0;
            (void)fprintf(out,
                          "in %s stacks: below %llu.%02llu %% of them; says nothing of what "
                          "can run",
                          ew_cli_grouped(scope->stacks, stacks),
                          (unsigned long long)(per_million / 10000),
                          (unsigned long long)(per_million / 100 % 100));
        }
        print_ranges(out, merged, scope);
    }
}

/* --- conflicts
 * ------------------------------------------------------------------------------------ */

static void print_classes(FILE *out, const struct ew_merged *merged)
{
    uint64_t counts[EW_CONFLICT_COUNT] = {0};
    for (size_t i = 0; i < merged->conflict_count; i++) {
        counts[merged->conflicts[i].conflict]++;
    }
    (void)fputs(merged->conflict_count > 0 ? "conflicts:\n" : "", out);
    for (unsigned i = 0; i < EW_CONFLICT_COUNT; i++) {
        print_count(out, counts[i], ew_conflict_name((enum ew_conflict)i));
    }
}

static int by_count(const void *a, const void *b)
{
    const struct ew_reach_conflict *left = *(const struct ew_reach_conflict *const *)a;
    const struct ew_reach_conflict *right = *(const struct ew_reach_conflict *const *)b;
    if (left->count != right->count) {
        return left->count > right->count ? -1 : 1;
    }
    return left->node != right->node ? (left->node < right->node ? -1 : 1)
                                     : strcmp(left->text, right->text);
}

/* The most important conflicts of a class, as sentences. */
static void print_top(FILE *out, const struct ew_merged *merged, enum ew_conflict conflict,
                      const char *title)
{
    const struct ew_reach_conflict **ranked =
        malloc((merged->conflict_count + 1) * sizeof *ranked);
    size_t count = 0;
    for (size_t i = 0; ranked != NULL && i < merged->conflict_count; i++) {
        if (merged->conflicts[i].conflict == conflict) {
            ranked[count++] = &merged->conflicts[i];
        }
    }
    if (count > 1) {
        qsort((void *)ranked, count, sizeof *ranked, by_count);
    }
    (void)fprintf(out, "%s", count > 0 ? title : "");
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        char grouped[GROUPED_BYTES];
        (void)fprintf(out, "%12s  %s\n", ew_cli_grouped(ranked[i]->count, grouped),
                      ranked[i]->text);
    }
    if (count > SHOWN_MAX) {
        (void)fprintf(out, "%12s  and %zu more\n", "", count - SHOWN_MAX);
    }
    free((void *)ranked);
}

/* --- targets
 * --------------------------------------------------------------------------------------- */

static const char *name_of(const struct ew_reach_node *node)
{
    const char *known = node->name != NULL ? node->name : node->doc_id;
    return known != NULL ? known : node->id != NULL ? node->id : node->key;
}

/* A long one is cut, and shows it; never within a character. */
static void print_name(FILE *out, const char *name)
{
    size_t length = strlen(name);
    size_t shown = length;
    if (length > NAME_COLUMNS) {
        shown = NAME_COLUMNS - 3;
        while (shown > 0 && ((unsigned char)name[shown] & 0xC0) == 0x80) {
            shown--;
        }
    }
    (void)fprintf(out, "%.*s%s", (int)shown, name, shown < length ? "..." : "");
}

static const char *verdict_of(const struct ew_reach_node *node)
{
    if (node->state.observed == EW_RUNTIME_OBSERVED) {
        return node->state.claimed == EW_STATIC_UNREACHABLE
                   ? "runs, although a graph calls it unreachable"
                   : "runs";
    }
    if (node->maybe) {
        return "may have run: ambiguous";
    }
    if (node->state.observed == EW_RUNTIME_UNOBSERVED) {
        return node->augmented_reachable ? "not seen where that can be said; can be reached"
                                         : "not seen where that can be said";
    }
    return node->augmented_reachable ? "open: can be reached, and was not seen" : "open";
}

static void print_targets(FILE *out, const struct ew_merged *merged)
{
    bool any = false;
    for (size_t i = 0; i < merged->node_count; i++) {
        const struct ew_reach_node *node = &merged->nodes[i];
        if (!node->target) {
            continue;
        }
        (void)fputs(any ? "" : "vulnerable functions:\n", out);
        any = true;
        (void)fprintf(out, "%12s  ", ew_reach_label_name(ew_reach_label(node->state)));
        print_name(out, name_of(node));
        (void)fprintf(out, ": %s", verdict_of(node));
        for (uint32_t v = 0; v < node->vulnerability_count; v++) {
            (void)fprintf(out, "%s%s", v == 0 ? " (" : ", ",
                          merged->vulnerabilities[node->first_vulnerability + v]);
        }
        (void)fputs(node->vulnerability_count > 0 ? ")\n" : "\n", out);
    }
}

void merge_report_inputs(FILE *out, const struct ew_merged *merged)
{
    print_inputs(out, merged);
    print_doubts(out, merged);
}

void merge_report_summary(FILE *out, const struct ew_merged *merged)
{
    print_functions(out, merged);
    print_calls(out, merged);
    print_scopes(out, merged);
    print_targets(out, merged);
    print_classes(out, merged);
    print_top(out, merged, EW_CONFLICT_ENTRYPOINT_MISSING, "missing entry points, by stacks:\n");
    print_top(out, merged, EW_CONFLICT_STATIC_CONTRADICTED, "contradicted:\n");
    print_top(out, merged, EW_CONFLICT_BUILD_MISMATCH, "other builds, by functions:\n");
    print_top(out, merged, EW_CONFLICT_COVERAGE_INSUFFICIENT,
              "not seen, which cannot be turned into a statement:\n");
}
