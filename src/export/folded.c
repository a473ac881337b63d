/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folded stacks: a line for each stack, frames from the root on, joined by ';', a blank, and its
 * hits. A stack that was cut begins with the frame "[truncated]", and where stacks are counted
 * in several units, all begin with the unit: nobody may add them up.
 */
#include "export/formats.h"
#include "export/text_out.h"

static bool has_units(const struct ew_tables *tables)
{
    for (size_t i = 1; i < tables->stack_count; i++) {
        if (tables->stacks[i].unit != tables->stacks[0].unit) {
            return true;
        }
    }
    return false;
}

static void put_frame(struct ew_text_out *out, const struct ew_tables *tables, uint32_t at)
{
    const struct ew_table_function *function = &tables->functions[at];
    ew_text_out_frame(out, ew_table_module_name(tables, function->module));
    ew_text_out_text(out, "!");
    ew_text_out_frame(out, ew_table_function_name(function));
}

static void put_stack(struct ew_text_out *out, const struct ew_tables *tables,
                      const struct ew_table_stack *stack, bool show_unit)
{
    if (show_unit) {
        ew_text_out_text(out, "[");
        ew_text_out_text(out, ew_unit_name(stack->unit));
        ew_text_out_text(out, "];");
    }
    if (!stack->complete) {
        ew_text_out_text(out, "[truncated];");
    }
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        if (i > 0) {
            ew_text_out_text(out, ";");
        }
        put_frame(out, tables, stack->frames[i]);
    }
    ew_text_out_text(out, " ");
    ew_text_out_u64(out, stack->hits);
    ew_text_out_text(out, "\n");
}

enum ew_status ew_export_folded(const struct ew_export_job *job)
{
    struct ew_text_out out;
    bool show_unit = has_units(job->tables);
    ew_text_out_init(&out, job->sink, job->context);
    for (size_t i = 0; i < job->tables->stack_count; i++) {
        put_stack(&out, job->tables, &job->tables->stacks[i], show_unit);
        job->counts->rows++;
    }
    return ew_export_written(job, ew_text_out_finish(&out));
}
