/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new session after a gap. What ended in the gap is not told: every process and image is in
 * doubt until the new session tells it again. A rundown has no end either, so it is taken to
 * be over when it has told no process for RUNDOWN_QUIET_100NS; what is still in doubt then
 * is gone since the gap (docs/decisions/0008).
 */
#include "base/text.h"
#include "model/internal.h"

#include <string.h>

/* A rundown tells hundreds of processes a millisecond. The kernel's own list of image names
 * may cut them after 14 characters. */
enum { RUNDOWN_QUIET_100NS = 100000000, CUT_NAME_BYTES = 14 };

#define START_KEY_SEQUENCE UINT64_C(0x0000ffffffffffff) /* without the boot's number */

void ew_model_session_restarted(struct ew_model *model, uint64_t time_100ns)
{
    pending_flush(model, UINT64_MAX);
    keys_forget(model);
    memset(model->clr_last, 0, CLR_LAST_COUNT * sizeof *model->clr_last);
    model->session_100ns = time_100ns;
    model->told_from_100ns = time_100ns;
    model->unseen_100ns = time_100ns;
    model->restart_due_100ns = TIME_FOREVER;
    model->images_told_again = false;
    for (uint32_t i = 1; i < model->process_count; i++) {
        struct process *process = &model->processes[i];
        process->doubted = process->in_use && !process->reserved && !process->shown.ended;
    }
    for (uint32_t i = 0; i < model->mappings.count; i++) {
        struct mapping *mapping = &model->mappings.items[i];
        mapping->doubted = mapping->kind == MAPPING_IMAGE && mapping->to == TIME_FOREVER;
    }
}

static bool same_name(const char *a, const char *b)
{
    char cut[CUT_NAME_BYTES + 2];
    const char *shorter = strlen(a) < strlen(b) ? a : b;
    const char *longer = shorter == a ? b : a;
    size_t length = strlen(shorter);
    if (ew_text_equal_fold(a, b) || length == 0) {
        return true;
    }
    if (length < CUT_NAME_BYTES || length >= sizeof cut) {
        return false;
    }
    memcpy(cut, longer, length);
    cut[length] = '\0';
    return ew_text_equal_fold(cut, shorter);
}

static bool is_another(const struct ew_process *known, const char *name, uint64_t sequence)
{
    bool keys = known->start_key != 0 && sequence != 0;
    return !same_name(known->name, name)
           || (keys && ((known->start_key ^ sequence) & START_KEY_SEQUENCE) != 0);
}

void process_confirm(struct ew_model *model, uint32_t index)
{
    if (index != EW_PROCESS_NONE) {
        model->processes[index].doubted = false;
    }
}

void process_told_again(struct ew_model *model, uint64_t time_100ns,
                        const struct ew_process_fact *fact)
{
    char name[EW_NAME_BYTES_EACH_MAX];
    uint32_t index = process_find(model, fact->process_id);
    if (model->unseen_100ns == 0) {
        return;
    }
    model->restart_due_100ns = time_100ns + RUNDOWN_QUIET_100NS;
    if (index == EW_PROCESS_NONE || !model->processes[index].doubted) {
        return;
    }
    struct process *process = &model->processes[index];
    process->doubted = false;
    (void)ew_text_from_bytes(fact->image_name.data, fact->image_name.bytes, name, sizeof name);
    if (!is_another(&process->shown, name, fact->sequence)) {
        return;
    }
    process->shown.ended = true;
    process->shown.end_100ns = model->unseen_100ns;
    index = process_make(model, fact->process_id, time_100ns);
    if (index != EW_PROCESS_NONE) {
        process_set_current(model, index);
    }
}

void restart_settle(struct ew_model *model)
{
    for (uint32_t i = 1; i < model->process_count; i++) {
        struct process *process = &model->processes[i];
        if (process->doubted && !process->shown.ended) {
            process->shown.ended = true;
            process->shown.end_100ns = model->unseen_100ns;
        }
        process->doubted = false;
    }
    for (uint32_t i = 0; i < model->mappings.count; i++) {
        struct mapping *mapping = &model->mappings.items[i];
        if (mapping->doubted && mapping->to == TIME_FOREVER && model->images_told_again) {
            mapping->to = model->unseen_100ns;
            process_changed(model, mapping->process, model->unseen_100ns);
        }
        mapping->doubted = false;
    }
    model->restart_due_100ns = TIME_FOREVER;
    model->unseen_100ns = 0;
}
