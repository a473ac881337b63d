/* SPDX-License-Identifier: Apache-2.0 */
/* A set as text: everything that its readers can see of it, so that two can be compared. */
#include "windows/set_dump.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TALLIES_MAX = 512, KEY_BYTES = 64 };

static void put(struct dump *out, const char *format, ...) EW_PRINTF(2, 3);

static void put(struct dump *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out->text + out->bytes, DUMP_BYTES - out->bytes, format, arguments);
    va_end(arguments);
    MUST(length >= 0);
    out->bytes += (size_t)length;
    MUST(out->bytes < DUMP_BYTES);
}

/* --- what windows say together ---------------------------------------------------------------
 */

struct tally {
    char key[KEY_BYTES];
    uint64_t hits;
    uint64_t first;
    uint64_t last;
};

struct tallies {
    struct tally items[TALLIES_MAX];
    size_t count;
};

static void add(struct tallies *tallies, const char *key, uint64_t hits, uint64_t first,
                uint64_t last)
{
    size_t i = 0;
    while (i < tallies->count && strcmp(tallies->items[i].key, key) != 0) {
        i++;
    }
    struct tally *tally = &tallies->items[i];
    if (i == tallies->count) {
        MUST(i < TALLIES_MAX);
        (void)snprintf(tally->key, sizeof tally->key, "%s", key);
        tally->hits = 0;
        tally->first = first;
        tally->last = last;
        tallies->count++;
    }
    tally->hits += hits;
    tally->first = first < tally->first ? first : tally->first;
    tally->last = last > tally->last ? last : tally->last;
}

static void add_window(struct tallies *tallies, const struct ew_evidence *evidence)
{
    char key[KEY_BYTES];
    for (size_t i = 0; i < evidence->observation_count; i++) {
        const struct ew_evidence_observation *seen = &evidence->observations[i];
        (void)snprintf(key, sizeof key, "f %s %u", evidence->functions[seen->function].key,
                       (unsigned)evidence->sources[seen->source].kind);
        add(tallies, key, seen->hits, seen->first_100ns, seen->last_100ns);
    }
    for (size_t i = 0; i < evidence->edge_count; i++) {
        const struct ew_evidence_edge *edge = &evidence->edges[i];
        (void)snprintf(key, sizeof key, "e %s %s %u", evidence->functions[edge->from].key,
                       evidence->functions[edge->to].key,
                       (unsigned)evidence->sources[edge->source].kind);
        add(tallies, key, edge->hits, edge->first_100ns, edge->last_100ns);
    }
}

static int compare_tallies(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->key, ((const struct tally *)b)->key);
}

static void put_fold(struct ew_window_set *set, struct dump *out)
{
    static struct tallies tallies;
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    tallies.count = 0;
    for (size_t i = 0; i < count; i++) {
        add_window(&tallies, windows[i].evidence);
    }
    qsort(tallies.items, tallies.count, sizeof tallies.items[0], compare_tallies);
    for (size_t i = 0; i < tallies.count; i++) {
        const struct tally *tally = &tallies.items[i];
        put(out, "%s: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", tally->key, tally->hits,
            tally->first, tally->last);
    }
}

void dump_fold(struct ew_window_set *set, struct dump *out)
{
    out->bytes = 0;
    out->text[0] = '\0';
    put_fold(set, out);
}

/* --- the set ---------------------------------------------------------------------------------
 */

static void put_streams(struct ew_window_set *set, struct dump *out)
{
    size_t count = 0;
    const struct ew_window_stream *streams = ew_window_set_streams(set, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ew_window_stream *s = &streams[i];
        put(out,
            "stream %s %s %s %" PRIu64 "..%" PRIu64 " windows %" PRIu64 " missing %" PRIu64
            " gaps %" PRIu64 " last %" PRIu64 " conflicts %" PRIu64 " broken %" PRIu64 " %d\n",
            s->id, s->host_id, s->container != NULL ? s->container : "-", s->first_sequence,
            s->last_sequence, s->windows, s->missing, s->gaps, s->last_end_100ns, s->conflicts,
            s->broken_links, s->mixed);
    }
}

void dump_set(struct ew_window_set *set, struct dump *out)
{
    struct ew_window_set_counts counts;
    char digest[72];
    size_t count = 0;
    out->bytes = 0;
    MUST(ew_window_set_counts(set, &counts) == EW_OK);
    MUST(ew_window_set_digest(set, digest) == EW_OK);
    put(out,
        "%s\ndocuments %" PRIu64 " counted %" PRIu64 " superseded %" PRIu64 " absorbed %" PRIu64
        " conflicts %" PRIu64 "\n",
        digest, counts.documents, counts.counted, counts.superseded, counts.absorbed,
        counts.conflicts);
    put_streams(set, out);
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    for (size_t i = 0; i < count; i++) {
        put(out, "window %s %" PRIu64 "..%" PRIu64 " %u %s\n", windows[i].evidence->stream_id,
            windows[i].covers_from, windows[i].covers_to, windows[i].evidence->revision,
            windows[i].sha256);
    }
    put_fold(set, out);
}
