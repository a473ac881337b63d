/* SPDX-License-Identifier: Apache-2.0 */
/* Many random documents of a few streams, and the ways to unite some of them to one set. */
#include "windows/document_pool.h"

#include "platform/file.h"
#include "support/check_main.h"
#include "windows/set_dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pool_add(struct document_pool *pool, struct document document)
{
    struct pool_item *item = &pool->items[pool->count];
    struct ew_error error = {0};
    size_t count = 0;
    MUST(pool->count < POOL_MAX);
    item->document = document;
    MUST(ew_window_set_create(&item->set) == EW_OK);
    enum ew_status status =
        ew_window_set_add_bytes(item->set, "random", document.bytes, document.byte_count, &error);
    if (status != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    memcpy(item->sha256, ew_window_set_windows(item->set, &count)->sha256, sizeof item->sha256);
    pool->count++;
}

/* Roll-ups by the product itself, of the highest revisions, nested. */
static void pool_roll_up(struct document_pool *pool, uint32_t stream)
{
    struct ew_window_set *set = NULL;
    char id[EW_STREAM_ID_BYTES];
    (void)snprintf(id, sizeof id, "%032u", stream);
    MUST(ew_window_set_create(&set) == EW_OK);
    for (uint32_t i = 0; i < pool->count; i++) {
        MUST(ew_window_set_join(set, pool->items[i].set, NULL) == EW_OK);
    }
    for (uint64_t length = 2; length <= 8; length *= 2) {
        for (uint64_t from = 0; from < POOL_NUMBERS; from += length) {
            struct document document = {.from = from, .to = from + length - 1};
            struct ew_error error = {0};
            memcpy(document.stream, id, sizeof document.stream);
            enum ew_status status = ew_window_set_roll_up(
                set, id, from, document.to, &document.bytes, &document.byte_count, &error);
            if (status != EW_OK) {
                ck_abort_msg("%s", error.text);
            }
            pool_add(pool, document);
        }
    }
    ew_window_set_destroy(set);
}

static void pool_draw(struct document_pool *pool, document_draw_fn draw,
                      const struct document_plan *plan)
{
    struct document document = draw(&pool->random, plan);
    document.forged = plan->forged;
    pool_add(pool, document);
}

void pool_fill(struct document_pool *pool, document_draw_fn draw)
{
    struct random *random = &pool->random;
    for (uint32_t stream = 0; stream < POOL_STREAMS; stream++) {
        for (uint64_t number = 1; number < POOL_NUMBERS; number++) {
            struct document_plan plan = {stream, number, number, 0, false, false};
            pool_draw(pool, draw, &plan);
            plan.revision = 1 + random_below(random, 2);
            plan.sealed = true;
            pool_draw(pool, draw, &plan);
        }
        pool_roll_up(pool, stream);
        for (int i = 0; i < 6; i++) {
            uint64_t number = 1 + random_below(random, POOL_NUMBERS - 1);
            struct document_plan forged = {stream, number, number, random_below(random, 3),
                                           true,   true};
            pool_draw(pool, draw, &forged);
        }
        uint32_t revision = random_below(random, 2);
        struct document_plan wide = {stream, 0, POOL_NUMBERS - 1, revision, true, true};
        pool_draw(pool, draw, &wide);
        revision = random_below(random, 2);
        struct document_plan narrow = {stream, 4, 7, revision, true, true};
        pool_draw(pool, draw, &narrow);
    }
}

void pool_empty(struct document_pool *pool)
{
    for (uint32_t i = 0; i < pool->count; i++) {
        free_document(&pool->items[i].document);
        ew_window_set_destroy(pool->items[i].set);
    }
    pool->count = 0;
}

/* --- files -----------------------------------------------------------------------------------
 */

enum { PATH_BYTES = 256 };

static void put_file(const char *path, const struct document *document)
{
    struct ew_file *file = NULL;
    struct ew_error error = {0};
    if (ew_file_create(path, true, &file, &error) != EW_OK
        || ew_file_write_at(file, 0, document->bytes, document->byte_count, &error) != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    ew_file_close(file);
}

/* As a publisher names it. */
static void name_file(const struct pool_item *item, const char *folder, char out[PATH_BYTES])
{
    const struct document *document = &item->document;
    int length = snprintf(out, PATH_BYTES, "%s/re1-%s-%012" PRIu64 "-%03u-%c-%.16s.json", folder,
                          document->stream, document->to, (unsigned)document->revision,
                          document->from == document->to ? 'w' : 'r', item->sha256);
    MUST(length > 0 && length < PATH_BYTES);
}

/* The documents as a folder of files, and what a reader of the folder makes of them. */
static struct ew_window_set *by_files(const struct document_pool *pool, const uint32_t *leaves,
                                      size_t count, const char *folder)
{
    char path[PATH_BYTES];
    struct ew_error error = {0};
    struct ew_window_set *set = NULL;
    MUST(ew_directory_make(folder, &error) == EW_OK);
    for (size_t i = 0; i < count; i++) {
        name_file(&pool->items[leaves[i]], folder, path);
        put_file(path, &pool->items[leaves[i]].document);
    }
    MUST(ew_window_set_create(&set) == EW_OK);
    if (ew_window_set_add_directory(set, folder, &error) != EW_OK) {
        ck_abort_msg("%s", error.text);
    }
    MUST(ew_window_set_refusal(set)[0] == '\0');
    for (size_t i = 0; i < count; i++) {
        name_file(&pool->items[leaves[i]], folder, path);
        enum ew_status status = ew_file_remove(path, &error);
        MUST(status == EW_OK || status == EW_NOT_FOUND); /* one that was there twice */
    }
    MUST(ew_directory_remove(folder, &error) == EW_OK);
    return set;
}

/* --- unions ----------------------------------------------------------------------------------
 */

struct ew_window_set *unite_in_order(const struct document_pool *pool, const uint32_t *drawn,
                                     size_t count)
{
    struct ew_window_set *set = NULL;
    MUST(ew_window_set_create(&set) == EW_OK);
    for (size_t i = 0; i < count; i++) {
        MUST(ew_window_set_join(set, pool->items[drawn[i]].set, NULL) == EW_OK);
    }
    return set;
}

/* What one host knows, and of which documents. */
struct partial {
    struct ew_window_set *set;
    uint32_t leaves[2 * DRAWN_MAX];
    size_t leaf_count;
};

static size_t make_leaves(struct document_pool *pool, const uint32_t *drawn, size_t count,
                          struct partial *partials)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t copies = 1 + (random_below(&pool->random, 4) == 0); copies > 0; copies--) {
            struct partial *leaf = &partials[made++];
            leaf->set = unite_in_order(pool, &drawn[i], 1);
            leaf->leaves[0] = drawn[i];
            leaf->leaf_count = 1;
        }
    }
    return made;
}

static void absorb(struct partial *into, struct partial *from)
{
    MUST(ew_window_set_join(into->set, from->set, NULL) == EW_OK);
    memcpy(into->leaves + into->leaf_count, from->leaves,
           from->leaf_count * sizeof from->leaves[0]);
    into->leaf_count += from->leaf_count;
    ew_window_set_destroy(from->set);
}

struct ew_window_set *unite_by_tree(struct document_pool *pool, const uint32_t *drawn,
                                    size_t count, const char *folder)
{
    static struct partial partials[2 * DRAWN_MAX];
    struct random *random = &pool->random;
    MUST(count > 0 && count <= DRAWN_MAX);
    size_t left = make_leaves(pool, drawn, count, partials);
    size_t written_at = folder != NULL ? 1 + random_below(random, (uint32_t)left) : 0;
    while (left > 0) {
        size_t into = random_below(random, (uint32_t)left);
        size_t from = left > 1 ? random_below(random, (uint32_t)left - 1) : into;
        size_t seen = 0;
        if (left == written_at) {
            ew_window_set_destroy(partials[into].set);
            partials[into].set =
                by_files(pool, partials[into].leaves, partials[into].leaf_count, folder);
        }
        if (left == 1) {
            break;
        }
        from += from >= into;
        absorb(&partials[into], &partials[from]);
        if (random_below(random, 2) == 0) {
            (void)ew_window_set_windows(partials[into].set, &seen);
        }
        partials[from] = partials[--left];
    }
    return partials[0].set;
}

void shuffle(struct random *random, uint32_t *drawn, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(random, (uint32_t)i);
        uint32_t item = drawn[i - 1];
        drawn[i - 1] = drawn[other];
        drawn[other] = item;
    }
}
