/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laws of merging (reference evidence.md 7), by property: random documents, late
 * revisions, forged ones and roll-ups, in any order, split, repeated and united through any
 * tree of partial unions, make one and the same set; and it is the set that the rules name.
 */
#include "base/text.h"
#include "platform/hash.h"
#include "support/check_main.h"
#include "windows/document_pool.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 20000, POOLS = 40, FILES_EACH = 64 };

#define FOLDER "windows-laws.tmp"

static struct document_pool pool;

/* --- the rules, once more and as plainly as can be -------------------------------------------
 */

static bool same_range(const struct pool_item *a, const struct pool_item *b)
{
    return strcmp(a->document.stream, b->document.stream) == 0
           && a->document.from == b->document.from && a->document.to == b->document.to;
}

static bool contains(const struct pool_item *a, const struct pool_item *b)
{
    return strcmp(a->document.stream, b->document.stream) == 0 && !same_range(a, b)
           && a->document.from <= b->document.from && a->document.to >= b->document.to;
}

static bool beats(const struct pool_item *a, const struct pool_item *b)
{
    if (!same_range(a, b)) {
        return contains(a, b);
    }
    return a->document.revision != b->document.revision
               ? a->document.revision > b->document.revision
               : strcmp(a->sha256, b->sha256) < 0;
}

static bool counts(const uint32_t *drawn, size_t count, const struct pool_item *item)
{
    for (size_t i = 0; i < count; i++) {
        if (beats(&pool.items[drawn[i]], item)) {
            return false;
        }
    }
    return true;
}

static int compare_hashes(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Of the sorted hashes of what counts, each with a line end. */
static void check_digest(struct ew_window_set *set)
{
    char lines[DRAWN_MAX][EW_SHA256_HEX_BYTES];
    char digest[72];
    char expected[EW_SHA256_HEX_BYTES];
    uint8_t bytes[EW_SHA256_BYTES];
    struct ew_sha256 *hash = NULL;
    size_t count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &count);
    MUST(count <= DRAWN_MAX && ew_sha256_create(&hash) == EW_OK);
    for (size_t i = 0; i < count; i++) {
        memcpy(lines[i], windows[i].sha256, sizeof lines[i]);
    }
    qsort(lines, count, sizeof lines[0], compare_hashes);
    for (size_t i = 0; i < count; i++) {
        lines[i][EW_SHA256_HEX_BYTES - 1] = '\n';
        ew_sha256_update(hash, lines[i], sizeof lines[i]);
    }
    MUST(ew_sha256_finish(hash, bytes) == EW_OK);
    ew_text_hex(bytes, sizeof bytes, expected);
    expected[EW_SHA256_HEX_BYTES - 1] = '\0';
    MUST(ew_window_set_digest(set, digest) == EW_OK);
    MUST(strcmp(digest + strlen("sha256:"), expected) == 0);
}

static void check_rules(struct ew_window_set *set, const uint32_t *drawn, size_t count)
{
    size_t window_count = 0;
    const struct ew_window *windows = ew_window_set_windows(set, &window_count);
    size_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        bool repeated = false;
        for (size_t k = 0; k < i; k++) {
            repeated = repeated || drawn[k] == drawn[i];
        }
        expected += !repeated && counts(drawn, count, &pool.items[drawn[i]]);
    }
    MUST(window_count == expected);
    for (size_t i = 0; i < window_count; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++) {
            found = found
                    || (strcmp(pool.items[drawn[k]].sha256, windows[i].sha256) == 0
                        && counts(drawn, count, &pool.items[drawn[k]]));
        }
        MUST(found);
    }
}

/* --- the laws --------------------------------------------------------------------------------
 */

static void check_case(int number)
{
    static struct dump expected;
    static struct dump got;
    uint32_t drawn[DRAWN_MAX];
    size_t count = 1 + random_below(&pool.random, DRAWN_MAX);
    for (size_t i = 0; i < count; i++) {
        drawn[i] = random_below(&pool.random, pool.count);
    }
    struct ew_window_set *set = unite_in_order(&pool, drawn, count);
    check_rules(set, drawn, count);
    check_digest(set);
    dump_set(set, &expected);
    shuffle(&pool.random, drawn, count);
    struct ew_window_set *tree =
        unite_by_tree(&pool, drawn, count, number % FILES_EACH == 0 ? FOLDER : NULL);
    dump_set(tree, &got);
    if (strcmp(got.text, expected.text) != 0) {
        ck_abort_msg("%s\n--- by a tree:\n%s", expected.text, got.text);
    }
    MUST(ew_window_set_join(tree, set, NULL) == EW_OK);
    dump_set(tree, &got);
    MUST(strcmp(got.text, expected.text) == 0);
    ew_window_set_destroy(tree);
    ew_window_set_destroy(set);
}

START_TEST(union__any_order_and_any_tree__is_the_same_set)
{
    pool.random.state = 2026;
    for (int p = 0; p < POOLS; p++) {
        pool_fill(&pool, random_document);
        for (int i = 0; i < CASES / POOLS; i++) {
            check_case(i);
        }
        pool_empty(&pool);
    }
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("laws of window sets");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 120);
    tcase_add_test(laws, union__any_order_and_any_tree__is_the_same_set);
    suite_add_tcase(suite, laws);
    return suite;
}
