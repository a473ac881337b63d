/* SPDX-License-Identifier: Apache-2.0 */
/* Builds records from payloads, puts and counts them. */
#include "synth/emitter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROVIDER_TEXT_BYTES = 64, ID_TEXT_BYTES = 16 };

void ew_put_bytes(struct ew_emitter *emitter, const void *bytes, size_t byte_count)
{
    uint8_t *at = ew_put_room(emitter, byte_count);
    if (at != NULL && byte_count != 0) {
        memcpy(at, bytes, byte_count);
    }
}

void ew_put_guid(struct ew_emitter *emitter, const struct ew_guid *guid)
{
    ew_put_bytes(emitter, guid->bytes, sizeof guid->bytes);
}

void ew_put_utf16(struct ew_emitter *emitter, const char *text)
{
    size_t bytes = ew_etl_put_utf16(text, emitter->payload + emitter->used,
                                    sizeof emitter->payload - emitter->used);
    emitter->full = emitter->full || bytes == 0;
    emitter->used += (uint32_t)bytes;
}

void ew_put_text8(struct ew_emitter *emitter, const char *text)
{
    ew_put_bytes(emitter, text, strlen(text) + 1);
}

static bool is_same_kind(const struct ew_kind_count *a, const struct ew_event *event)
{
    return a->kind == event->kind && a->hook == event->hook && a->id == event->id
           && a->opcode == event->opcode && a->version == event->version
           && (event->kind == EW_EVENT_KERNEL || ew_guid_equal(a->provider, event->provider));
}

/* Frequent kinds move to the front, one place at a time. */
static void count_kind(struct ew_emitter *emitter, const struct ew_event *event)
{
    struct ew_kind_count *kinds = emitter->kinds;
    for (size_t i = 0; i < emitter->kind_count; i++) {
        if (!is_same_kind(&kinds[i], event)) {
            continue;
        }
        kinds[i].count++;
        if (i > 0 && kinds[i].count > kinds[i - 1].count) {
            struct ew_kind_count moved = kinds[i];
            kinds[i] = kinds[i - 1];
            kinds[i - 1] = moved;
        }
        return;
    }
    if (emitter->kind_count == EW_EMITTER_KINDS_MAX) {
        emitter->status = ew_fail(emitter->error, EW_LIMIT, "more than %d kinds of events",
                                  EW_EMITTER_KINDS_MAX);
        return;
    }
    kinds[emitter->kind_count++] = (struct ew_kind_count){.provider = event->provider,
                                                          .count = 1,
                                                          .hook = event->hook,
                                                          .id = event->id,
                                                          .kind = event->kind,
                                                          .opcode = event->opcode,
                                                          .version = event->version};
}

static void put(struct ew_emitter *emitter, struct ew_event *event)
{
    event->payload = emitter->payload;
    event->payload_bytes = emitter->used;
    uint32_t bytes = emitter->full ? 0 : ew_etl_build_record(event, emitter->record);
    emitter->used = 0;
    emitter->items_bytes = 0;
    emitter->full = false;
    if (emitter->status != EW_OK) {
        return;
    }
    if (bytes == 0) {
        emitter->status = ew_fail(emitter->error, EW_LIMIT, "an event of more than %d bytes",
                                  EW_EVENT_BYTES_MAX);
        return;
    }
    emitter->status =
        ew_etl_writer_put(emitter->writer, event->cpu, emitter->record, bytes, emitter->error);
    if (emitter->status == EW_OK) {
        emitter->event_count++;
        count_kind(emitter, event);
    }
}

void ew_emit_system(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu, uint16_t hook,
                    uint8_t version, uint32_t process_id, uint32_t thread_id)
{
    struct ew_event event = {
        .time_raw = raw,
        .cpu = cpu,
        .hook = hook,
        .opcode = (uint8_t)hook,
        .version = version,
        .process_id = process_id,
        .thread_id = thread_id,
        .kind = EW_EVENT_KERNEL,
        .header_type = emitter->pointer_bytes == 4 ? EW_HEADER_SYSTEM32 : EW_HEADER_SYSTEM64,
    };
    put(emitter, &event);
}

void ew_emit_perfinfo(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu, uint16_t hook,
                      uint8_t version)
{
    struct ew_event event = {
        .time_raw = raw,
        .cpu = cpu,
        .hook = hook,
        .opcode = (uint8_t)hook,
        .version = version,
        .kind = EW_EVENT_KERNEL,
        .header_type = emitter->pointer_bytes == 4 ? EW_HEADER_PERFINFO32 : EW_HEADER_PERFINFO64,
    };
    put(emitter, &event);
}

void ew_emit_classic(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                     const struct ew_guid *provider, uint8_t opcode, uint8_t version,
                     uint32_t process_id)
{
    struct ew_event event = {
        .time_raw = raw,
        .cpu = cpu,
        .provider = provider,
        .opcode = opcode,
        .version = version,
        .process_id = process_id,
        .thread_id = EW_ID_NONE,
        .kind = EW_EVENT_CLASSIC,
        .header_type = emitter->pointer_bytes == 4 ? EW_HEADER_FULL32 : EW_HEADER_FULL64,
    };
    put(emitter, &event);
}

void ew_emitter_add_item(struct ew_emitter *emitter, uint16_t type, const void *data,
                         uint16_t data_bytes)
{
    uint32_t bytes = ew_etl_append_item(emitter->items, emitter->items_bytes,
                                        sizeof emitter->items, type, data, data_bytes);
    emitter->full = emitter->full || bytes == 0;
    emitter->items_bytes = bytes;
}

uint32_t ew_first_thread(const struct ew_synth_process *process)
{
    return process->threads.count != 0
               ? (uint32_t)EW_AT(struct ew_synth_thread, process->threads, 0)->id
               : (uint32_t)process->process_id;
}

/* A container id is upper-case text without braces or terminator, as Windows sends it
 * (reference etw.md 3.3.1). */
static void add_process_items(struct ew_emitter *emitter, const struct ew_synth_process *process)
{
    uint8_t key[8];
    ew_store_u64(key, process->start_key);
    ew_emitter_add_item(emitter, EW_ITEM_PROCESS_START_KEY, key, sizeof key);
    if (process->container == NULL) {
        return;
    }
    char text[EW_GUID_TEXT_BYTES];
    ew_guid_format(&process->container->id, text);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at >= 'a' && *at <= 'f' ? (char)(*at - 'a' + 'A') : *at;
    }
    ew_emitter_add_item(emitter, EW_ITEM_CONTAINER_ID, text, EW_GUID_TEXT_BYTES - 1);
}

void ew_emit_manifest(struct ew_emitter *emitter, uint64_t raw,
                      const struct ew_synth_process *process, const struct ew_manifest_kind *kind)
{
    bool narrow = process->wow64 || emitter->pointer_bytes == 4;
    add_process_items(emitter, process);
    struct ew_event event = {
        .time_raw = raw,
        .cpu = process->cpu,
        .provider = kind->provider,
        .keyword = kind->keyword,
        .id = kind->id,
        .task = kind->task,
        .version = kind->version,
        .level = kind->level,
        .opcode = kind->opcode,
        .channel = kind->channel,
        .process_id = (uint32_t)process->process_id,
        .thread_id = ew_first_thread(process),
        .extended = emitter->items,
        .extended_bytes = emitter->items_bytes,
        .kind = EW_EVENT_MANIFEST,
        .header_type = narrow ? EW_HEADER_EVENT32 : EW_HEADER_EVENT64,
    };
    put(emitter, &event);
}

static void format_kind(const struct ew_kind_count *kind, char *provider, char *id)
{
    char guid[EW_GUID_TEXT_BYTES] = "";
    if (kind->kind == EW_EVENT_KERNEL) {
        (void)snprintf(provider, PROVIDER_TEXT_BYTES, "kernel/%s",
                       ew_kernel_group_name(kind->hook));
        (void)snprintf(id, ID_TEXT_BYTES, "0x%04x", (unsigned)kind->hook);
        return;
    }
    bool classic = kind->kind == EW_EVENT_CLASSIC;
    ew_guid_format(kind->provider, guid);
    (void)snprintf(provider, PROVIDER_TEXT_BYTES, "%s/%s", classic ? "classic" : "manifest",
                   guid);
    (void)snprintf(id, ID_TEXT_BYTES, classic ? "op" : "id:%u", (unsigned)kind->id);
}

static int compare_kinds(const void *a, const void *b)
{
    const struct ew_kind_count *left = a;
    const struct ew_kind_count *right = b;
    char provider[2][PROVIDER_TEXT_BYTES];
    char id[2][ID_TEXT_BYTES];
    format_kind(left, provider[0], id[0]);
    format_kind(right, provider[1], id[1]);
    int order = strcmp(provider[0], provider[1]);
    if (order == 0) {
        order = strcmp(id[0], id[1]);
    }
    if (order == 0) {
        order = (int)left->opcode - (int)right->opcode;
    }
    return order != 0 ? order : (int)left->version - (int)right->version;
}

void ew_emitter_write_counts(struct ew_emitter *emitter, struct ew_json_writer *json)
{
    qsort(emitter->kinds, emitter->kind_count, sizeof emitter->kinds[0], compare_kinds);
    ew_json_array(json);
    for (size_t i = 0; i < emitter->kind_count; i++) {
        const struct ew_kind_count *kind = &emitter->kinds[i];
        char provider[PROVIDER_TEXT_BYTES];
        char id[ID_TEXT_BYTES];
        format_kind(kind, provider, id);
        ew_json_object(json);
        ew_json_member_u64(json, "count", kind->count);
        ew_json_member_text(json, "id", id);
        ew_json_member_u64(json, "opcode", kind->opcode);
        ew_json_member_text(json, "provider", provider);
        ew_json_member_u64(json, "version", kind->version);
        ew_json_object_end(json);
    }
    ew_json_array_end(json);
}
