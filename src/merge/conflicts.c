/* SPDX-License-Identifier: Apache-2.0 */
/* Conflicts: sentences, and what to do about each class (reference evidence.md 6.4). */
#include "base/text.h"
#include "merge/internal.h"

#include <stdarg.h>
#include <stdio.h>

enum { SENTENCE_BYTES = 2048 };

const char *ew_merge_conflict_resolution(enum ew_conflict conflict)
{
    static const char *const resolutions[] = {
        "report the gap to the analyser, and add the edge with the reason runtime-observed",
        "add the function to the entry points, and run the analysis again",
        "informational: the graph claims nothing here; the edge was added",
        "run the static analysis again for the build that runs",
        "ask the producer of the graph for the builds of its artifacts (codeId, debugId, mvid)",
        "tell the candidates apart: symbols of this build, or a graph with tokens or addresses",
        "none needed: inlining or a tail call explains the missing frames",
        "none needed: add an edge of the kind reflection, delegate or callback to be exact",
        "none needed for what was seen: more of the stacks would need a longer or unbroken walk",
        "compare with symbols: a high share of these in one module is a fault of the unwinder",
        "none needed: the function counts for each version that the address may have been",
        "compare the settings of the two analysers: what was seen shows which one is right",
        "collect longer, without losses, and from the start of the processes",
    };
    return resolutions[conflict];
}

const char *ew_merge_shown_text(const char *text, char *out)
{
    size_t length = strlen(text);
    if (length < NAME_SHOWN_BYTES) {
        memcpy(out, text, length + 1);
        return out;
    }
    length = NAME_SHOWN_BYTES - 4;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
        length--;
    }
    memcpy(out, text, length);
    memcpy(out + length, "...", 4);
    return out;
}

/* The name of a graph's node for people. */
static const char *static_name(const struct ew_graph *graph, const struct ew_graph_node *node)
{
    const char *const names[] = {ew_graph_string(graph, node->name),
                                 ew_graph_string(graph, node->doc_id),
                                 ew_graph_string(graph, node->decorated)};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i][0] != '\0') {
            return names[i];
        }
    }
    return ew_graph_string(graph, node->id);
}

const char *ew_merge_shown_static(const struct merge *merge, size_t graph, uint32_t node,
                                  char *out)
{
    const struct ew_graph *from = merge->graphs[graph].graph;
    return ew_merge_shown_text(static_name(from, &from->nodes[node]), out);
}

const char *ew_merge_shown_node(const struct merge *merge, uint32_t index, char *out)
{
    const struct node *node = &merge->nodes[index];
    if (node->function != NONE) {
        const struct function *function = &merge->functions[node->function];
        bool named = function->row != NULL && is_text(function->row->name);
        return ew_merge_shown_text(named ? function->row->name : function->key, out);
    }
    const struct member *member = &merge->members[node->first_member];
    return ew_merge_shown_static(merge, member->graph, member->node, out);
}

enum ew_status ew_merge_conflict_add(struct merge *merge,
                                     const struct ew_reach_conflict *conflict, const char *format,
                                     ...)
{
    char sentence[SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    size_t byte_count = length < 0 ? 0 : strlen(sentence);
    while (byte_count > 0 && !ew_text_is_utf8(sentence, byte_count)) {
        byte_count--; /* cut within a character */
    }
    struct ew_reach_conflict *grown = list_grow(merge->conflicts, &merge->conflict_capacity,
                                                merge->conflict_count, sizeof *grown);
    char *text = ew_arena_text(&merge->arena, sentence, byte_count);
    merge->conflicts = grown != NULL ? grown : merge->conflicts;
    if (grown == NULL || text == NULL) {
        return grown != NULL ? merge_no_room(merge) : merge_no_memory(merge);
    }
    struct ew_reach_conflict added = *conflict;
    added.text = text;
    added.resolution = ew_merge_conflict_resolution(conflict->conflict);
    added.count = added.count == 0 ? 1 : added.count;
    merge->conflicts[merge->conflict_count++] = added;
    return EW_OK;
}
