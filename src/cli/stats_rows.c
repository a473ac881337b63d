/* SPDX-License-Identifier: Apache-2.0 */
/* The counts of a recording for programs: tab-separated, and as JSON. */
#include "base/filetime.h"
#include "cli/cli.h"
#include "cli/stats.h"
#include "etwitness/decode.h"

#include <stdlib.h>

void ew_stats_provider_text(const struct ew_stats_kind *kind,
                            char text_out[EW_STATS_PROVIDER_BYTES])
{
    static const char *const families[] = {
        [EW_EVENT_KERNEL] = "kernel",     [EW_EVENT_CLASSIC] = "classic",
        [EW_EVENT_MANIFEST] = "manifest", [EW_EVENT_MESSAGE] = "message",
        [EW_EVENT_ERROR] = "error",
    };
    struct ew_event event = ew_stats_event(kind);
    char guid[EW_GUID_TEXT_BYTES];
    if (event.kind != EW_EVENT_KERNEL) {
        ew_guid_format(&kind->provider, guid);
        (void)snprintf(text_out, EW_STATS_PROVIDER_BYTES, "%s/%s", families[event.kind], guid);
        return;
    }
    const char *group = ew_kernel_group_name(event.hook);
    if (group != NULL) {
        (void)snprintf(text_out, EW_STATS_PROVIDER_BYTES, "kernel/%s", group);
    } else {
        (void)snprintf(text_out, EW_STATS_PROVIDER_BYTES, "kernel/0x%02x",
                       (unsigned)event.hook >> 8);
    }
}

void ew_stats_id_text(const struct ew_stats_kind *kind, char text_out[EW_STATS_ID_BYTES])
{
    struct ew_event event = ew_stats_event(kind);
    switch (event.kind) {
    case EW_EVENT_KERNEL:
        (void)snprintf(text_out, EW_STATS_ID_BYTES, "0x%04x", event.hook);
        break;
    case EW_EVENT_CLASSIC:
        (void)snprintf(text_out, EW_STATS_ID_BYTES, "op");
        break;
    case EW_EVENT_MESSAGE:
        (void)snprintf(text_out, EW_STATS_ID_BYTES, "msg:%u", event.id);
        break;
    default:
        (void)snprintf(text_out, EW_STATS_ID_BYTES, "id:%u", event.id);
        break;
    }
}

struct ew_stats_losses ew_stats_losses(const struct ew_recording *recording,
                                       const struct ew_stats_table *table)
{
    const struct ew_recording_damage *damage = ew_recording_damage(recording);
    struct ew_stats_losses losses = {0};
    for (size_t i = 0; i < ew_recording_file_count(recording); i++) {
        const struct ew_recording_file *file = ew_recording_file(recording, i);
        losses.events += file->events_lost;
        losses.buffers += file->buffers_lost;
    }
    losses.incomplete = losses.events != 0 || losses.buffers != 0 || damage->buffers != 0
                        || damage->files_truncated != 0 || damage->lost_flags != 0
                        || table->not_counted != 0;
    return losses;
}

void ew_stats_write_tsv(FILE *out, const struct ew_stats_table *table)
{
    (void)fputs("provider\tid_or_hook\topcode\tversion\tcount\n", out);
    for (uint32_t i = 0; i < table->kind_count; i++) {
        const struct ew_stats_kind *kind = &table->kinds[i];
        struct ew_event event = ew_stats_event(kind);
        char provider[EW_STATS_PROVIDER_BYTES];
        char id[EW_STATS_ID_BYTES];
        ew_stats_provider_text(kind, provider);
        ew_stats_id_text(kind, id);
        (void)fprintf(out, "%s\t%s\t%u\t%u\t%llu\n", provider, id, event.opcode, event.version,
                      (unsigned long long)kind->count);
    }
}

/* --- JSON: members in ascending order ------------------------------------------ */

static void member_bool(struct ew_json_writer *json, const char *key, bool value)
{
    ew_json_key(json, key);
    ew_json_bool(json, value);
}

/* Times that are not known are null. */
static void member_time(struct ew_json_writer *json, const char *key, uint64_t filetime)
{
    char text[EW_FILETIME_TEXT_BYTES];
    ew_json_key(json, key);
    if (filetime == 0) {
        ew_json_null(json);
    } else {
        ew_filetime_format(filetime, text);
        ew_json_text(json, text);
    }
}

static void write_damage(struct ew_json_writer *json, const struct ew_recording_damage *damage)
{
    ew_json_key(json, "damage");
    ew_json_object(json);
    ew_json_member_u64(json, "buffers", damage->buffers);
    ew_json_member_u64(json, "bytes", damage->bytes);
    ew_json_member_u64(json, "filesTruncated", damage->files_truncated);
    ew_json_member_text(json, "first", damage->text);
    ew_json_member_u64(json, "lostFlags", damage->lost_flags);
    ew_json_object_end(json);
}

static void write_file(struct ew_json_writer *json, const struct ew_recording_file *file)
{
    static const char *const clocks[] = {"unknown", "qpc", "systemTime", "cpuCycles"};
    char version[16];
    (void)snprintf(version, sizeof version, "%u.%u", file->os_major, file->os_minor);
    ew_json_object(json);
    member_time(json, "bootTime", file->boot_time);
    ew_json_member_u64(json, "bufferBytes", file->buffer_bytes);
    ew_json_member_u64(json, "buffersLost", file->buffers_lost);
    ew_json_member_u64(json, "buffersWritten", file->buffers_written);
    ew_json_member_u64(json, "bytes", file->file_bytes);
    ew_json_member_text(json, "clock",
                        clocks[file->clock <= EW_CLOCK_CPU_CYCLES ? file->clock : 0]);
    ew_json_member_u64(json, "clockFrequency", file->clock_frequency);
    member_bool(json, "compressed", file->compressed);
    ew_json_member_u64(json, "cpus", file->cpu_count);
    member_time(json, "endTime", file->end_time);
    ew_json_member_u64(json, "eventsLost", file->events_lost);
    ew_json_member_u64(json, "logFileMode", file->log_file_mode);
    ew_json_member_text(json, "logFileName", file->log_file_name);
    ew_json_member_text(json, "loggerName", file->logger_name);
    ew_json_member_u64(json, "osBuild", file->os_build);
    ew_json_member_text(json, "osVersion", version);
    ew_json_member_text(json, "path", file->path);
    ew_json_member_u64(json, "pointerBytes", file->pointer_bytes);
    member_time(json, "startTime", file->start_time);
    ew_json_object_end(json);
}

static void write_kind(struct ew_json_writer *json, const struct ew_stats_kind *kind)
{
    struct ew_event event = ew_stats_event(kind);
    char provider[EW_STATS_PROVIDER_BYTES];
    char id[EW_STATS_ID_BYTES];
    const char *name = ew_event_name(&event);
    ew_stats_provider_text(kind, provider);
    ew_stats_id_text(kind, id);
    ew_json_object(json);
    ew_json_member_u64(json, "count", kind->count);
    ew_json_member_text(json, "id", id);
    if (name != NULL) {
        ew_json_member_text(json, "name", name);
    }
    ew_json_member_u64(json, "opcode", event.opcode);
    ew_json_member_text(json, "provider", provider);
    if (kind->provider_name[0] != '\0') {
        ew_json_member_text(json, "providerName", kind->provider_name);
    }
    ew_json_member_u64(json, "version", event.version);
    ew_json_object_end(json);
}

static void write_counts(struct ew_json_writer *json, const struct ew_recording *recording,
                         const struct ew_stats_table *table)
{
    struct ew_recording_counts counts = ew_recording_counts(recording);
    ew_json_object(json);
    ew_json_member_u64(json, "buffers", counts.buffers);
    ew_json_member_u64(json, "buffersCompressed", counts.buffers_compressed);
    write_damage(json, ew_recording_damage(recording));
    ew_json_member_u64(json, "events", table->events);
    ew_json_member_u64(json, "eventsNotCounted", table->not_counted);
    ew_json_key(json, "files");
    ew_json_array(json);
    for (size_t i = 0; i < ew_recording_file_count(recording); i++) {
        write_file(json, ew_recording_file(recording, i));
    }
    ew_json_array_end(json);
    member_time(json, "firstTime", table->first_100ns);
    ew_json_key(json, "kinds");
    ew_json_array(json);
    for (uint32_t i = 0; i < table->kind_count; i++) {
        write_kind(json, &table->kinds[i]);
    }
    ew_json_array_end(json);
    member_time(json, "lastTime", table->last_100ns);
    ew_json_member_u64(json, "recordsSkipped", counts.records_skipped);
    ew_json_object_end(json);
    ew_json_newline(json);
}

bool ew_stats_write_json(FILE *out, const struct ew_recording *recording,
                         const struct ew_stats_table *table)
{
    struct ew_json_writer *json = malloc(sizeof *json);
    if (json == NULL) {
        return false;
    }
    ew_json_init(json, ew_cli_file_sink, out);
    write_counts(json, recording, table);
    bool good = ew_json_finish(json);
    free(json);
    return good;
}
