/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: which documents lie in the directory, and which go when they are too many. */
#include "base/filetime.h"
#include "evidence/learn.h"
#include "evidence/publisher.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

/*
 * Others add roll-ups and remove what lies in them (ew_folder_put()), so what was listed grows
 * old: it is listed again before something is deleted, and now and then. The heartbeat is
 * the clock; a replay's stands still, and nobody works beside a replay.
 */
#define LISTED_LONG_AGO (UINT64_C(3600) * EW_FILETIME_SECOND)
#define LISTED_BEFORE_DELETING (UINT64_C(60) * EW_FILETIME_SECOND)

/* --- listing ------------------------------------------------------------------------ */

struct listing {
    struct ew_catalog *catalog;
    enum ew_status status;
};

static bool list_document(void *context, const char *file_name, uint64_t bytes)
{
    struct listing *listing = context;
    struct ew_catalog_entry entry = {.bytes = bytes};
    if (ew_document_name_parse(file_name, &entry.name)) {
        entry.from = entry.name.sequence;
        listing->status = ew_catalog_append(listing->catalog, &entry);
    }
    return listing->status == EW_OK;
}

/* What is known of a document already, or what a roll-up says of its range. */
static void take_over(const char *folder, const struct ew_catalog *before,
                      struct ew_catalog_entry *entry)
{
    const struct ew_catalog_entry *known = ew_catalog_find(before, &entry->name);
    if (known != NULL && known->age_known) {
        uint64_t bytes = entry->bytes;
        *entry = *known;
        entry->bytes = bytes;
    } else if (entry->name.rollup) {
        document_learn(folder, entry);
    }
}

enum ew_status document_list(const char *folder, struct ew_catalog *catalog,
                             struct ew_error *error)
{
    struct ew_catalog now = {.entries_max = catalog->entries_max};
    struct listing listing = {&now, EW_OK};
    enum ew_status status = ew_directory_list(folder, list_document, &listing, error);
    if (status == EW_OK && listing.status != EW_OK) {
        status = ew_fail(error, listing.status,
                         "%s: what is there cannot be listed (%s); it may hold at most %zu"
                         " documents",
                         folder, ew_status_name(listing.status), ew_catalog_room(catalog));
    }
    if (status != EW_OK) {
        ew_catalog_free(&now);
        return status;
    }
    ew_catalog_sort(&now);
    for (size_t i = 0; i < now.count; i++) {
        take_over(folder, catalog, &now.entries[i]);
    }
    ew_catalog_free(catalog);
    *catalog = now;
    return EW_OK;
}

static enum ew_status list_again(struct ew_publisher *publisher, uint64_t after_100ns,
                                 struct ew_error *error)
{
    uint64_t now = publisher->heartbeat_100ns;
    if (now >= publisher->listed_100ns && now - publisher->listed_100ns < after_100ns) {
        return EW_OK;
    }
    enum ew_status status = document_list(publisher->paths.evidence, &publisher->catalog, error);
    if (status == EW_OK) {
        publisher->listed_100ns = now;
    }
    return status;
}

/* --- deleting ----------------------------------------------------------------------- */

static bool is_over(const struct ew_publisher *publisher, size_t documents, uint64_t bytes)
{
    return bytes > publisher->retention_bytes || documents > EW_RETENTION_FILES_MAX;
}

static enum ew_status delete_in_order(struct ew_publisher *publisher, const size_t *order,
                                      size_t count, struct ew_error *error)
{
    size_t documents = publisher->catalog.count;
    uint64_t bytes = publisher->catalog.bytes;
    for (size_t i = 0; i < count && is_over(publisher, documents, bytes); i++) {
        struct ew_catalog_entry *entry = &publisher->catalog.entries[order[i]];
        char name[EW_DOCUMENT_NAME_BYTES];
        char path[PUBLISHER_PATH_BYTES];
        ew_document_name_format(&entry->name, name);
        publisher_path(path, publisher->paths.evidence, name);
        enum ew_status status = ew_file_remove(path, error);
        if (status != EW_OK && status != EW_NOT_FOUND) {
            return status;
        }
        entry->gone = true;
        documents--;
        bytes -= entry->bytes;
    }
    return EW_OK;
}

typedef char stream_text[EW_STREAM_ID_BYTES];

/* The streams that lost a document, each once; the catalog is sorted by stream. */
static size_t list_losers(const struct ew_catalog *catalog, stream_text *out)
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct ew_catalog_entry *entry = &catalog->entries[i];
        if (entry->gone && (count == 0 || strcmp(out[count - 1], entry->name.stream) != 0)) {
            memcpy(out[count++], entry->name.stream, sizeof out[0]);
        }
    }
    return count;
}

/* Makes what was deleted a gap that readers see, in other streams too. */
static enum ew_status correct_heads(struct ew_publisher *publisher, struct ew_error *error)
{
    stream_text *losers = calloc(publisher->catalog.count, sizeof *losers);
    if (losers == NULL) {
        ew_catalog_compact(&publisher->catalog);
        return ew_fail(error, EW_NO_MEMORY, "no memory to correct the heads after deleting");
    }
    size_t count = list_losers(&publisher->catalog, losers);
    enum ew_status status = EW_OK;
    ew_catalog_compact(&publisher->catalog);
    for (size_t i = 0; i < count && status == EW_OK; i++) {
        struct head_update update = {.stream = losers[i],
                                     .state = HEAD_AS_BEFORE,
                                     .heartbeat_100ns = publisher->heartbeat_100ns};
        status = head_replace(&publisher->paths, &publisher->catalog, &update, error);
    }
    free(losers);
    return status;
}

static enum ew_status delete_oldest(struct ew_publisher *publisher, struct ew_error *error)
{
    struct ew_catalog *catalog = &publisher->catalog;
    size_t *order = NULL;
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (!catalog->entries[i].age_known) {
            document_learn(publisher->paths.evidence, &catalog->entries[i]);
        }
    }
    enum ew_status status = ew_catalog_plan(catalog, &order, &count);
    if (status != EW_OK) {
        return ew_fail(error, status, "no memory to choose what to delete");
    }
    status = delete_in_order(publisher, order, count, error);
    free(order);
    /* Also after a failure: some may be gone. Then that failure is the one to tell. */
    enum ew_status corrected = correct_heads(publisher, status == EW_OK ? error : NULL);
    return status != EW_OK ? status : corrected;
}

static bool is_full(const struct ew_publisher *publisher)
{
    return is_over(publisher, publisher->catalog.count, publisher->catalog.bytes);
}

enum ew_status publisher_retain(struct ew_publisher *publisher, struct ew_error *error)
{
    enum ew_status status = list_again(publisher, LISTED_LONG_AGO, error);
    if (status == EW_OK && is_full(publisher)) {
        status = list_again(publisher, LISTED_BEFORE_DELETING, error);
    }
    return status == EW_OK && is_full(publisher) ? delete_oldest(publisher, error) : status;
}
