/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of each table takes, for the table of memory in docs/ARCHITECTURE.md. */
#include "aggregate/internal.h"
#include "model/internal.h"

#include <stdio.h>

int main(void)
{
    static const struct {
        const char *limit;
        size_t bytes;
    } tables[] = {
        {"EW_PROCESSES_MAX", sizeof(struct process)},
        {"EW_THREADS_MAX", sizeof(struct thread)},
        {"EW_IMAGES_MAX", sizeof(struct mapping)},
        {"EW_MODULES_MAX", sizeof(struct ew_module)},
        {"EW_NAMES_MAX", sizeof(struct name_entry)},
        {"EW_STACKS_PENDING_MAX", sizeof(struct pending)},
        {"EW_STACK_KEYS_MAX", sizeof(struct key_definition)},
        {"EW_STACKS_MAX", sizeof(struct stack_entry)},
        {"EW_FUNCTIONS_MAX", sizeof(struct scope_function)},
        {"EW_EDGES_MAX", sizeof(struct scope_edge)},
        {"EW_PATHS_MAX", sizeof(struct scope_path)},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        (void)printf("%s %zu\n", tables[i].limit, tables[i].bytes);
    }
    return 0;
}
