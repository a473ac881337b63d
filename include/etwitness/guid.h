/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs as Windows stores them, and the providers that etwitness knows. */
#ifndef ETWITNESS_GUID_H
#define ETWITNESS_GUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * A GUID in its memory and file layout: the first three groups little-endian, the
 * rest as written. Bytes only, so any address in a payload may be read as one
 * after a bounds check.
 */
struct ew_guid {
    uint8_t bytes[16];
};

enum { EW_GUID_TEXT_BYTES = 37 }; /* 36 characters and the terminator */

/* A GUID constant from the groups of its text form. */
#define EW_GUID_INIT(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                    \
    {                                                                                            \
        {                                                                                        \
            (uint8_t)((a)&0xff), (uint8_t)(((a) >> 8) & 0xff), (uint8_t)(((a) >> 16) & 0xff),    \
                (uint8_t)(((a) >> 24) & 0xff), (uint8_t)((b)&0xff),                              \
                (uint8_t)(((b) >> 8) & 0xff), (uint8_t)((c)&0xff), (uint8_t)(((c) >> 8) & 0xff), \
                d0, d1, d2, d3, d4, d5, d6, d7                                                   \
        }                                                                                        \
    }

/* The same sixteen bytes. */
static inline bool ew_guid_equal(const struct ew_guid *a, const struct ew_guid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* True for the GUID that stands for none. */
static inline bool ew_guid_is_zero(const struct ew_guid *guid)
{
    static const struct ew_guid zero;
    return ew_guid_equal(guid, &zero);
}

/* Writes the lower-case text form without braces, terminated. */
void ew_guid_format(const struct ew_guid *guid, char text_out[EW_GUID_TEXT_BYTES]);

/*
 * Reads 36 characters of text (either case, no braces). False when they are not a
 * GUID; `guid_out` is then untouched.
 */
bool ew_guid_parse(const char *text, size_t text_bytes, struct ew_guid *guid_out);

/* Kernel event classes (reference etw.md 3.5). */
extern const struct ew_guid ew_guid_event_trace;
extern const struct ew_guid ew_guid_event_trace_config;
extern const struct ew_guid ew_guid_process;
extern const struct ew_guid ew_guid_thread;
extern const struct ew_guid ew_guid_image;
extern const struct ew_guid ew_guid_page_fault;
extern const struct ew_guid ew_guid_disk_io;
extern const struct ew_guid ew_guid_file_io;
extern const struct ew_guid ew_guid_perf_info;
extern const struct ew_guid ew_guid_stack_walk;
extern const struct ew_guid ew_guid_object;
extern const struct ew_guid ew_guid_registry;
extern const struct ew_guid ew_guid_tcp_ip;
extern const struct ew_guid ew_guid_udp_ip;
extern const struct ew_guid ew_guid_lost_event;
extern const struct ew_guid ew_guid_image_id; /* KernelTraceControl: ImageID, DbgID */

/* Manifest providers (reference etw.md 3.6, 3.7). */
extern const struct ew_guid ew_guid_kernel_process;
extern const struct ew_guid ew_guid_clr_runtime;
extern const struct ew_guid ew_guid_clr_rundown;

/* Ours: what live capture tells by itself, as events (containers of processes). */
extern const struct ew_guid ew_guid_etwitness;

#endif
