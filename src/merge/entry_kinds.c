/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the kinds of entry points, and their order in documents. */
#include "merge/entry_kinds.h"

#include <string.h>

const enum ew_graph_entry_kind ew_merge_entry_order[ENTRY_KINDS] = {
    EW_ENTRY_CALLBACK, EW_ENTRY_CLI,  EW_ENTRY_COM,   EW_ENTRY_DLLMAIN, EW_ENTRY_EVENT,
    EW_ENTRY_EXPORT,   EW_ENTRY_GRPC, EW_ENTRY_HTTP,  EW_ENTRY_JOB,     EW_ENTRY_MAIN,
    EW_ENTRY_SERVICE,  EW_ENTRY_TEST, EW_ENTRY_TIMER, EW_ENTRY_TLS};

const char *ew_entry_kind_name(enum ew_graph_entry_kind kind)
{
    static const char *const names[ENTRY_KINDS] = {
        "main",   "http",    "grpc",    "cli", "job", "event",    "timer",
        "export", "service", "dllmain", "tls", "com", "callback", "test"};
    return names[kind];
}

size_t ew_merge_entry_find(const char *word, size_t byte_count)
{
    size_t at = 0;
    for (; at < ENTRY_KINDS; at++) {
        const char *name = ew_entry_kind_name(ew_merge_entry_order[at]);
        if (strlen(name) == byte_count && memcmp(name, word, byte_count) == 0) {
            break;
        }
    }
    return at;
}
