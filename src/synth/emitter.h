/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts events into the recording: payloads are built field by field, the header is
 * chosen by kind, and every event is counted the way `etwitness stats` counts it.
 */
#ifndef EW_SYNTH_EMITTER_H
#define EW_SYNTH_EMITTER_H

#include "base/cursor.h"
#include "base/json_writer.h"
#include "etwitness/etl_writer.h"
#include "etwitness/limits.h"
#include "synth/scenario.h"

enum { EW_EMITTER_KINDS_MAX = 256, EW_EMITTER_ITEMS_BYTES = 1024 };

/* How often one kind of event was put. */
struct ew_kind_count {
    const struct ew_guid *provider;
    uint64_t count;
    uint16_t hook; /* kernel events */
    uint16_t id;   /* manifest events */
    uint8_t kind;  /* enum ew_event_kind */
    uint8_t opcode;
    uint8_t version;
};

struct ew_emitter {
    struct ew_etl_writer *writer;
    struct ew_error *error;
    enum ew_status status; /* the first failure: nothing is put after it */
    uint8_t pointer_bytes; /* of the host */
    uint64_t event_count;
    size_t kind_count;
    struct ew_kind_count kinds[EW_EMITTER_KINDS_MAX];

    /* The payload in progress; `full` once it did not fit. */
    uint32_t used;
    bool full;
    uint8_t payload[EW_EVENT_BYTES_MAX];

    uint32_t items_bytes;
    uint8_t items[EW_EMITTER_ITEMS_BYTES];
    uint8_t record[EW_EVENT_BYTES_MAX];
};

/* What a manifest event is, without the process that logs it. */
struct ew_manifest_kind {
    const struct ew_guid *provider;
    uint64_t keyword;
    uint16_t id;
    uint16_t task;
    uint8_t version;
    uint8_t level;
    uint8_t opcode;
    uint8_t channel;
};

/* --- the payload ----------------------------------------------------------- */

static inline uint8_t *ew_put_room(struct ew_emitter *emitter, size_t byte_count)
{
    if (byte_count > sizeof emitter->payload - emitter->used) {
        emitter->full = true;
        return NULL;
    }
    uint8_t *at = emitter->payload + emitter->used;
    emitter->used += (uint32_t)byte_count;
    return at;
}

static inline void ew_put_u8(struct ew_emitter *emitter, uint8_t value)
{
    uint8_t *at = ew_put_room(emitter, 1);
    if (at != NULL) {
        at[0] = value;
    }
}

static inline void ew_put_u16(struct ew_emitter *emitter, uint16_t value)
{
    uint8_t *at = ew_put_room(emitter, 2);
    if (at != NULL) {
        ew_store_u16(at, value);
    }
}

static inline void ew_put_u32(struct ew_emitter *emitter, uint32_t value)
{
    uint8_t *at = ew_put_room(emitter, 4);
    if (at != NULL) {
        ew_store_u32(at, value);
    }
}

static inline void ew_put_u64(struct ew_emitter *emitter, uint64_t value)
{
    uint8_t *at = ew_put_room(emitter, 8);
    if (at != NULL) {
        ew_store_u64(at, value);
    }
}

/* A pointer of the host. */
static inline void ew_put_pointer(struct ew_emitter *emitter, uint64_t value)
{
    if (emitter->pointer_bytes == 4) {
        ew_put_u32(emitter, (uint32_t)value);
    } else {
        ew_put_u64(emitter, value);
    }
}

void ew_put_bytes(struct ew_emitter *emitter, const void *bytes, size_t byte_count);
void ew_put_guid(struct ew_emitter *emitter, const struct ew_guid *guid);
void ew_put_utf16(struct ew_emitter *emitter, const char *text); /* with its terminator */
void ew_put_text8(struct ew_emitter *emitter, const char *text); /* with its terminator */

/* --- the event --------------------------------------------------------------- */

/* Each takes the payload built so far, and leaves an empty one. `process_id` and
 * `thread_id` are those of the header, EW_ID_NONE where it has none. */

/* With a SYSTEM header. */
void ew_emit_system(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu, uint16_t hook,
                    uint8_t version, uint32_t process_id, uint32_t thread_id);

/* With a PERFINFO header, which holds no ids. */
void ew_emit_perfinfo(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu, uint16_t hook,
                      uint8_t version);

/* With a FULL header. */
void ew_emit_classic(struct ew_emitter *emitter, uint64_t raw, uint16_t cpu,
                     const struct ew_guid *provider, uint8_t opcode, uint8_t version,
                     uint32_t process_id);

/* With an EVENT_HEADER of the process's pointer size, and the extended items in
 * `items`, to which container id and process start key are added. */
void ew_emit_manifest(struct ew_emitter *emitter, uint64_t raw,
                      const struct ew_synth_process *process,
                      const struct ew_manifest_kind *kind);

/* Adds an extended item to the manifest event in progress. */
void ew_emitter_add_item(struct ew_emitter *emitter, uint16_t type, const void *data,
                         uint16_t data_bytes);

/* The thread that logs for a process: its first, or its pid when it has none. */
uint32_t ew_first_thread(const struct ew_synth_process *process);

/* Writes the array of counts, sorted by provider, id, opcode, version. */
void ew_emitter_write_counts(struct ew_emitter *emitter, struct ew_json_writer *json);

#endif
