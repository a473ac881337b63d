/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speedscope's file format: shared frames, and a sampled profile for each unit, whose samples
 * are stacks from the root on and whose weights are hits.
 */
#include "export/formats.h"

static const char truncated[] = "[truncated]";

static uint64_t hits_of(const struct ew_tables *tables, enum ew_unit unit)
{
    uint64_t hits = 0;
    for (size_t i = 0; i < tables->stack_count; i++) {
        ew_table_sum(&hits, tables->stacks[i].unit == unit ? tables->stacks[i].hits : 0);
    }
    return hits;
}

/* The frame behind the functions stands for what was cut off. */
static void put_sample(struct ew_json_writer *writer, const struct ew_tables *tables,
                       const struct ew_table_stack *stack)
{
    ew_json_array(writer);
    if (!stack->complete) {
        ew_json_u64(writer, tables->function_count);
    }
    for (uint32_t i = 0; i < stack->frame_count; i++) {
        ew_json_u64(writer, stack->frames[i]);
    }
    ew_json_array_end(writer);
}

static void put_profile(struct ew_json_writer *writer, const struct ew_tables *tables,
                        enum ew_unit unit)
{
    ew_json_object(writer);
    ew_json_member_u64(writer, "endValue", hits_of(tables, unit));
    ew_json_member_text(writer, "name", ew_unit_name(unit));
    ew_json_key(writer, "samples");
    ew_json_array(writer);
    for (size_t i = 0; i < tables->stack_count; i++) {
        if (tables->stacks[i].unit == unit) {
            put_sample(writer, tables, &tables->stacks[i]);
        }
    }
    ew_json_array_end(writer);
    ew_json_member_u64(writer, "startValue", 0);
    ew_json_member_text(writer, "type", "sampled");
    ew_json_member_text(writer, "unit", "none");
    ew_json_key(writer, "weights");
    ew_json_array(writer);
    for (size_t i = 0; i < tables->stack_count; i++) {
        if (tables->stacks[i].unit == unit) {
            ew_json_u64(writer, tables->stacks[i].hits);
        }
    }
    ew_json_array_end(writer);
    ew_json_object_end(writer);
}

static void put_frames(struct ew_json_writer *writer, const struct ew_tables *tables)
{
    ew_json_object(writer);
    ew_json_key(writer, "frames");
    ew_json_array(writer);
    for (size_t i = 0; i < tables->function_count; i++) {
        const struct ew_table_function *function = &tables->functions[i];
        ew_json_object(writer);
        ew_json_member_text(writer, "file", ew_table_module_name(tables, function->module));
        ew_json_member_text(writer, "name", ew_table_function_name(function));
        ew_json_object_end(writer);
    }
    ew_json_object(writer);
    ew_json_member_text(writer, "name", truncated);
    ew_json_object_end(writer);
    ew_json_array_end(writer);
    ew_json_object_end(writer);
}

enum ew_status ew_export_speedscope(const struct ew_export_job *job)
{
    struct ew_json_writer writer;
    ew_json_init(&writer, job->sink, job->context);
    ew_json_object(&writer);
    ew_json_member_text(&writer, "$schema", "https://www.speedscope.app/file-format-schema.json");
    ew_json_member_text(&writer, "exporter", "etwitness");
    ew_json_member_text(&writer, "name", "etwitness");
    ew_json_key(&writer, "profiles");
    ew_json_array(&writer);
    for (unsigned unit = 0; unit < EW_UNIT_COUNT; unit++) {
        if (hits_of(job->tables, (enum ew_unit)unit) > 0) {
            put_profile(&writer, job->tables, (enum ew_unit)unit);
        }
    }
    ew_json_array_end(&writer);
    ew_json_key(&writer, "shared");
    put_frames(&writer, job->tables);
    ew_json_object_end(&writer);
    job->counts->rows = job->tables->stack_count;
    return ew_export_written(job, ew_json_finish(&writer));
}
