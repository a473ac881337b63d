/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two long tables, written record by record. A window can hold two million edges;
 * a call for each member and each comma would be most of what publishing costs. So a
 * record is put together in the writer's own buffer, after making sure that the
 * longest one fits.
 */
#include "evidence/rows.h"

#include "base/filetime.h"

#include <string.h>

/* Longest record: about 70 bytes of names, 2 times, 6 numbers of at most 16 digits. */
enum { ROW_BYTES_MAX = 320, DATE_BYTES = 11 };

#define DAY_100NS (UINT64_C(86400) * EW_FILETIME_SECOND)

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

/* The date of the last time written: nearly all times of a window share it. */
struct date_cache {
    uint64_t day;
    char text[EW_FILETIME_TEXT_BYTES];
};

static char *put_bytes(char *at, const char *bytes, size_t byte_count)
{
    memcpy(at, bytes, byte_count);
    return at + byte_count;
}

#define PUT_LITERAL(at, literal) put_bytes((at), (literal), sizeof(literal) - 1)

static char *put_pair(char *at, uint32_t value)
{
    return put_bytes(at, digit_pairs + (size_t)value * 2, 2);
}

static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    size_t used = sizeof digits;
    while (value >= 10) {
        used -= 2;
        (void)put_pair(digits + used, (uint32_t)(value % 100));
        value /= 100;
    }
    if (value > 0 || used == sizeof digits) {
        digits[--used] = (char)('0' + value);
    }
    return put_bytes(at, digits + used, sizeof digits - used);
}

/* "12:00:01.1234567Z" of the 100 ns since midnight. */
static char *put_time_of_day(char *at, uint64_t since_midnight)
{
    uint32_t seconds = (uint32_t)(since_midnight / EW_FILETIME_SECOND);
    uint32_t fraction = (uint32_t)(since_midnight % EW_FILETIME_SECOND);
    at = put_pair(at, seconds / 3600);
    *at++ = ':';
    at = put_pair(at, seconds / 60 % 60);
    *at++ = ':';
    at = put_pair(at, seconds % 60);
    *at++ = '.';
    *at++ = (char)('0' + fraction / 1000000);
    at = put_pair(at, fraction / 10000 % 100);
    at = put_pair(at, fraction / 100 % 100);
    at = put_pair(at, fraction % 100);
    *at++ = 'Z';
    return at;
}

static char *put_time(struct date_cache *date, char *at, uint64_t filetime)
{
    uint64_t day = filetime / DAY_100NS;
    if (day != date->day) {
        ew_filetime_format(filetime, date->text);
        date->day = day;
    }
    at = put_bytes(at, date->text, DATE_BYTES);
    return put_time_of_day(at, filetime - day * DAY_100NS);
}

const char *ew_adjacency_name(enum ew_adjacency adjacency)
{
    static const char *const names[] = {"bridge", "frame", "inline", "jit-inline",
                                        "jit-tailcall"};
    return names[adjacency];
}

/* Where the next record goes, its comma written. */
static char *begin_row(struct ew_json_writer *writer)
{
    if (sizeof writer->buffer - writer->used <= ROW_BYTES_MAX) {
        (void)ew_json_finish(writer); /* the writer remembers a failure for the end */
    }
    char *at = writer->buffer + writer->used;
    if (writer->comma) {
        *at++ = ',';
    }
    writer->comma = true;
    return at;
}

/* Where a record goes on after a value that the writer wrote itself. */
static char *continue_row(struct ew_json_writer *writer)
{
    if (sizeof writer->buffer - writer->used <= ROW_BYTES_MAX) {
        (void)ew_json_finish(writer);
    }
    writer->comma = true;
    return writer->buffer + writer->used;
}

static void end_row(struct ew_json_writer *writer, const char *at)
{
    writer->used = (size_t)(at - writer->buffer);
}

/* The details of rows, met in the order of the rows. */
struct details {
    const struct ew_evidence_detail *rows;
    size_t count;
    size_t next;
};

/* Those of row `row`; NULL for nearly all rows. */
static const struct ew_evidence_detail *take_detail(struct details *details, size_t row)
{
    return details->next < details->count && details->rows[details->next].row == row
               ? &details->rows[details->next++]
               : NULL;
}

/* Lists have any length: they leave the record's buffer to the writer's own calls. */
static char *put_processes(struct ew_json_writer *writer, char *at,
                           const struct ew_evidence_detail *detail)
{
    if (detail == NULL || detail->process_count == 0) {
        return at;
    }
    end_row(writer, at);
    ew_json_key(writer, "procs");
    ew_json_array(writer);
    for (uint32_t i = 0; i < detail->process_count; i++) {
        ew_json_u64(writer, detail->processes[i]);
    }
    ew_json_array_end(writer);
    return continue_row(writer);
}

static char *put_sites(struct ew_json_writer *writer, char *at,
                       const struct ew_evidence_detail *detail)
{
    if (detail == NULL || detail->site_count == 0) {
        return at;
    }
    end_row(writer, at);
    ew_json_key(writer, "sites");
    ew_json_array(writer);
    for (uint32_t i = 0; i < detail->site_count; i++) {
        ew_json_u64(writer, detail->sites[i]);
    }
    ew_json_array_end(writer);
    return continue_row(writer);
}

void ew_rows_edges(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    struct date_cache date = {.day = UINT64_MAX};
    struct details details = {evidence->edge_details, evidence->edge_detail_count, 0};
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        const struct ew_evidence_detail *detail = take_detail(&details, i);
        const char *adjacency = ew_adjacency_name(edge->adjacency);
        char *at = begin_row(writer);
        at = PUT_LITERAL(at, "{\"adj\":\"");
        at = put_bytes(at, adjacency, strlen(adjacency));
        at = PUT_LITERAL(at, "\",\"first\":\"");
        at = put_time(&date, at, edge->first_100ns);
        at = PUT_LITERAL(at, "\",\"from\":");
        at = put_number(at, edge->from);
        at = PUT_LITERAL(at, ",\"hits\":");
        at = put_number(at, edge->hits);
        at = PUT_LITERAL(at, ",\"last\":\"");
        at = put_time(&date, at, edge->last_100ns);
        *at++ = '"';
        at = put_processes(writer, at, detail);
        at = PUT_LITERAL(at, ",\"s\":");
        at = put_number(at, edge->source);
        at = put_sites(writer, at, detail);
        at = PUT_LITERAL(at, ",\"to\":");
        at = put_number(at, edge->to);
        *at++ = '}';
        end_row(writer, at);
    }
    ew_json_array_end(writer);
}

void ew_rows_observations(struct ew_json_writer *writer, const struct ew_evidence *evidence)
{
    struct date_cache date = {.day = UINT64_MAX};
    struct details details = {evidence->observation_details, evidence->observation_detail_count,
                              0};
    ew_json_array(writer);
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *seen = &evidence->observations[i];
        const struct ew_evidence_detail *detail = take_detail(&details, i);
        char *at = begin_row(writer);
        at = PUT_LITERAL(at, "{\"f\":");
        at = put_number(at, seen->function);
        at = PUT_LITERAL(at, ",\"first\":\"");
        at = put_time(&date, at, seen->first_100ns);
        at = PUT_LITERAL(at, "\",\"hits\":");
        at = put_number(at, seen->hits);
        at = PUT_LITERAL(at, ",\"last\":\"");
        at = put_time(&date, at, seen->last_100ns);
        at = PUT_LITERAL(at, "\",\"leaf\":");
        at = put_number(at, seen->leaf);
        at = put_processes(writer, at, detail);
        at = PUT_LITERAL(at, ",\"root\":");
        at = put_number(at, seen->root);
        at = PUT_LITERAL(at, ",\"s\":");
        at = put_number(at, seen->source);
        *at++ = '}';
        end_row(writer, at);
    }
    ew_json_array_end(writer);
}
