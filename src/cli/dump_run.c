/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recordings and writes a line of JSON for each event that is asked for. */
#include "cli/dump.h"
#include "etwitness/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_SHOWN_MAX = 256 };

/* What is known of one event: a fact, a schema, or neither. */
struct reading {
    struct ew_fact fact;
    struct ew_tlg_reader schema;
    struct ew_tlg_name event_name; /* of the schema */
    bool has_fact;
    bool has_schema;
    bool refused;
};

/* A schema is read twice: half an object cannot be taken back. */
static bool schema_fits(struct ew_tlg_reader reader)
{
    struct ew_tlg_step step;
    enum ew_status status;
    do {
        status = ew_tlg_next(&reader, &step);
    } while (status == EW_OK);
    return status == EW_END;
}

static void read_event(const struct ew_event *event, struct reading *reading)
{
    enum ew_status status = ew_decode(event, &reading->fact);
    reading->has_fact = status == EW_OK;
    reading->has_schema = false;
    reading->refused = status == EW_FORMAT;
    if (status != EW_NOT_FOUND) {
        return;
    }
    status = ew_tlg_open(event, &reading->schema, &reading->event_name);
    reading->has_schema = status == EW_OK && schema_fits(reading->schema);
    reading->refused = status != EW_NOT_FOUND && !reading->has_schema;
}

static bool is_provider(const struct ew_event *event, const struct ew_dump_provider *asked)
{
    struct ew_tlg_name name;
    if (asked->name == NULL) {
        return ew_guid_equal(&asked->guid, event->provider);
    }
    return ew_tlg_provider(event, &name) && name.bytes == strlen(asked->name)
           && memcmp(name.data, asked->name, name.bytes) == 0;
}

static bool is_asked_provider(const struct ew_dump_options *options, const struct ew_event *event)
{
    for (size_t i = 0; i < options->provider_count; i++) {
        if (is_provider(event, &options->providers[i])) {
            return true;
        }
    }
    return options->provider_count == 0;
}

/* The process of the header, or the one that the event is about. */
static bool is_asked_process(const struct ew_dump_options *options, const struct ew_event *event,
                             const struct reading *reading)
{
    uint32_t subject = event->process_id;
    if (reading->has_fact) {
        (void)ew_dump_fact_process(&reading->fact, &subject);
    }
    for (size_t i = 0; i < options->process_id_count; i++) {
        uint32_t asked = options->process_ids[i];
        if (asked == event->process_id || asked == subject) {
            return true;
        }
    }
    return options->process_id_count == 0;
}

static void dump_provider(struct ew_dump_output *output, const struct ew_event *event)
{
    struct ew_tlg_name traits;
    const char *name = ew_dump_provider_name(event->provider);
    ew_json_key(&output->json, "provider");
    if (name != NULL) {
        ew_json_text(&output->json, name);
    } else if (ew_tlg_provider(event, &traits)) {
        ew_dump_bytes_text(output, traits.data, traits.bytes);
    } else {
        ew_dump_guid(output, event->provider);
    }
}

static void dump_event_name(struct ew_dump_output *output, const struct ew_event *event,
                            const struct reading *reading)
{
    const char *name = ew_event_name(event);
    if (name != NULL) {
        ew_json_member_text(&output->json, "event", name);
    } else if (reading->has_schema) {
        ew_json_key(&output->json, "event");
        ew_dump_bytes_text(output, reading->event_name.data, reading->event_name.bytes);
    }
}

static void dump_number(struct ew_dump_output *output, const struct ew_event *event)
{
    char hook[8];
    switch (event->kind) {
    case EW_EVENT_KERNEL:
        (void)snprintf(hook, sizeof hook, "0x%04x", event->hook);
        ew_json_member_text(&output->json, "hook", hook);
        break;
    case EW_EVENT_CLASSIC:
        ew_json_member_u64(&output->json, "opcode", event->opcode);
        break;
    default:
        ew_json_member_u64(&output->json, "id", event->id);
        break;
    }
}

static void dump_header_id(struct ew_dump_output *output, const char *key, uint32_t id)
{
    ew_json_key(&output->json, key);
    if (id == EW_ID_NONE) {
        ew_json_null(&output->json);
    } else {
        ew_json_u64(&output->json, id);
    }
}

static void dump_payload(struct ew_dump_output *output, const struct ew_event *event)
{
    uint32_t shown = event->payload_bytes < PAYLOAD_SHOWN_MAX ? event->payload_bytes
                                                              : (uint32_t)PAYLOAD_SHOWN_MAX;
    ew_json_member_u64(&output->json, "payloadBytes", event->payload_bytes);
    ew_json_key(&output->json, "payload");
    ew_dump_bytes_hex(output, event->payload, shown);
}

static void dump_content(struct ew_dump_output *output, const struct ew_event *event,
                         const struct reading *reading)
{
    if (reading->refused) {
        ew_json_key(&output->json, "refused");
        ew_json_bool(&output->json, true);
    }
    if (!reading->has_fact && !reading->has_schema) {
        dump_payload(output, event);
        return;
    }
    ew_json_key(&output->json, "fields");
    ew_json_object(&output->json);
    if (reading->has_fact) {
        ew_dump_fact(output, &reading->fact);
    } else {
        ew_dump_tlg_fields(output, reading->schema);
    }
    ew_json_object_end(&output->json);
}

static void dump_line(struct ew_dump_output *output, const struct ew_event *event,
                      const struct reading *reading)
{
    ew_json_object(&output->json);
    ew_json_key(&output->json, "time");
    ew_dump_time(output, event->time_100ns);
    dump_provider(output, event);
    dump_event_name(output, event, reading);
    dump_number(output, event);
    ew_json_member_u64(&output->json, "version", event->version);
    dump_header_id(output, "pid", event->process_id);
    dump_header_id(output, "tid", event->thread_id);
    ew_json_member_u64(&output->json, "cpu", event->cpu);
    dump_content(output, event, reading);
    ew_json_object_end(&output->json);
    ew_json_newline(&output->json);
}

static enum ew_status dump_events(const struct ew_dump_options *options,
                                  struct ew_recording *recording, struct ew_dump_output *output,
                                  struct ew_dump_result *result, struct ew_error *error)
{
    struct ew_event event;
    struct reading reading;
    while (result->shown < options->limit) {
        enum ew_status status = ew_recording_next(recording, &event, error);
        if (status != EW_OK) {
            return status == EW_END ? EW_OK : status;
        }
        if (!is_asked_provider(options, &event)) {
            continue;
        }
        read_event(&event, &reading);
        if (!is_asked_process(options, &event, &reading)) {
            continue;
        }
        dump_line(output, &event, &reading);
        result->shown++;
        result->refused += reading.refused;
        if (output->json.failed) {
            return ew_fail(error, EW_IO, "the output cannot be written");
        }
    }
    return EW_OK;
}

static void tell_damage(const struct ew_recording *recording, struct ew_dump_result *result)
{
    const struct ew_recording_damage *damage = ew_recording_damage(recording);
    result->damaged = damage->buffers != 0 || damage->files_truncated != 0;
    (void)snprintf(result->damage, sizeof result->damage, "%s", damage->text);
}

enum ew_status ew_dump_run(const struct ew_dump_options *options, ew_json_sink_fn sink,
                           void *context, struct ew_dump_result *result_out,
                           struct ew_error *error)
{
    struct ew_dump_result result = {.shown = 0};
    struct ew_recording *recording = NULL;
    struct ew_dump_output *output = malloc(sizeof *output);
    if (output == NULL) {
        return ew_fail(error, EW_NO_MEMORY, "no memory for the output of dump");
    }
    enum ew_status status =
        ew_recording_open(options->paths, options->path_count, EW_ORDER_TIME, &recording, error);
    if (status != EW_OK) {
        goto done;
    }
    ew_json_init(&output->json, sink, context);
    status = dump_events(options, recording, output, &result, error);
    if (!ew_json_finish(&output->json) && status == EW_OK) {
        status = ew_fail(error, EW_IO, "the output cannot be written");
    }
    if (status == EW_OK) {
        tell_damage(recording, &result);
        *result_out = result;
    }
done:
    ew_recording_close(recording);
    free(output);
    return status;
}
