/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laws of merging (reference evidence.md 7), by property: random documents, late
 * revisions, forged ones and roll-ups, in any order, split, repeated and united through any
 * tree of partial unions, make one and the same set; and it is the set that the rules name.
 */
#include "support/check_main.h"
#include "windows/random_documents.h"
#include "windows/set_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 20000, POOLS = 40, POOL_MAX = 256, DRAWN_MAX = 24, STREAMS = 3, NUMBERS = 16 };

/* A document, and a set that holds only it. */
struct pool_item {
    struct document document;
    struct ew_window_set *set;
    char sha256[EW_SHA256_HEX_BYTES];
};

static struct pool_item pool[POOL_MAX];
static uint32_t pool_count;
static struct random rng;

static void pool_add(struct document document)
{
    struct pool_item *item = &pool[pool_count];
    struct ew_error error = {0};
    size_t count = 0;
    MUST(pool_count < POOL_MAX);
    item->document = document;
    MUST(ew_window_set_create(&item->set) == EW_OK);
    MUST(ew_window_set_add_bytes(item->set, "random", document.bytes, document.byte_count, &error)
         == EW_OK);
    memcpy(item->sha256, ew_window_set_windows(item->set, &count)->sha256, sizeof item->sha256);
    pool_count++;
}

static void pool_draw(struct document_plan plan)
{
    pool_add(random_document(&rng, &plan));
}

/* Roll-ups by the product itself, of the highest revisions, nested. */
static void pool_roll_up(uint32_t stream)
{
    struct ew_window_set *set = NULL;
    char id[EW_STREAM_ID_BYTES];
    (void)snprintf(id, sizeof id, "%032u", stream);
    MUST(ew_window_set_create(&set) == EW_OK);
    for (uint32_t i = 0; i < pool_count; i++) {
        MUST(ew_window_set_join(set, pool[i].set, NULL) == EW_OK);
    }
    for (uint64_t length = 2; length <= 8; length *= 2) {
        for (uint64_t from = 0; from < NUMBERS; from += length) {
            struct document document = {.from = from, .to = from + length - 1};
            struct ew_error error = {0};
            memcpy(document.stream, id, sizeof document.stream);
            enum ew_status status = ew_window_set_roll_up(
                set, id, from, document.to, &document.bytes, &document.byte_count, &error);
            MUST(status == EW_OK);
            pool_add(document);
        }
    }
    ew_window_set_destroy(set);
}

static void pool_fill(void)
{
    for (uint32_t stream = 0; stream < STREAMS; stream++) {
        for (uint64_t number = 1; number < NUMBERS; number++) {
            struct document_plan plan = {stream, number, number, 0, false};
            pool_draw(plan);
            plan.revision = 1 + random_below(&rng, 2);
            plan.sealed = true;
            pool_draw(plan);
        }
        pool_roll_up(stream);
        for (int i = 0; i < 6; i++) {
            uint64_t number = 1 + random_below(&rng, NUMBERS - 1);
            struct document_plan forged = {stream, number, number, random_below(&rng, 3), true};
            pool_draw(forged);
        }
        struct document_plan wide = {stream, 0, NUMBERS - 1, random_below(&rng, 2), true};
        pool_draw(wide);
        struct document_plan narrow = {stream, 4, 7, random_below(&rng, 2), true};
        pool_draw(narrow);
    }
}

static void pool_empty(void)
{
    for (uint32_t i = 0; i < pool_count; i++) {
        free_document(&pool[i].document);
        ew_window_set_destroy(pool[i].set);
    }
    pool_count = 0;
}

/* --- ways to unite ---------------------------------------------------------------------------
 */

static struct ew_window_set *unite_in_order(const uint32_t *drawn, size_t count)
{
    struct ew_window_set *set = NULL;
    MUST(ew_window_set_create(&set) == EW_OK);
    for (size_t i = 0; i < count; i++) {
        MUST(ew_window_set_join(set, pool[drawn[i]].set, NULL) == EW_OK);
    }
    return set;
}

/* Leaves in any order, some of them twice, then any two become one until one is left; some
 * are looked at on the way, which makes them give up what does not count. */
static struct ew_window_set *unite_by_tree(const uint32_t *drawn, size_t count)
{
    struct ew_window_set *sets[2 * DRAWN_MAX];
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t copies = 1 + (random_below(&rng, 4) == 0); copies > 0; copies--) {
            sets[left++] = unite_in_order(&drawn[i], 1);
        }
    }
    while (left > 1) {
        size_t into = random_below(&rng, (uint32_t)left);
        size_t from = random_below(&rng, (uint32_t)left - 1);
        size_t seen = 0;
        from += from >= into;
        MUST(ew_window_set_join(sets[into], sets[from], NULL) == EW_OK);
        if (random_below(&rng, 2) == 0) {
            (void)ew_window_set_windows(sets[into], &seen);
        }
        ew_window_set_destroy(sets[from]);
        sets[from] = sets[--left];
    }
    return sets[0];
}

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
        if (beats(&pool[drawn[i]], item)) {
            return false;
        }
    }
    return true;
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
        expected += !repeated && counts(drawn, count, &pool[drawn[i]]);
    }
    MUST(window_count == expected);
    for (size_t i = 0; i < window_count; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++) {
            found = found
                    || (strcmp(pool[drawn[k]].sha256, windows[i].sha256) == 0
                        && counts(drawn, count, &pool[drawn[k]]));
        }
        MUST(found);
    }
}

/* --- the laws --------------------------------------------------------------------------------
 */

static void shuffle(uint32_t *drawn, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(&rng, (uint32_t)i);
        uint32_t item = drawn[i - 1];
        drawn[i - 1] = drawn[other];
        drawn[other] = item;
    }
}

static void check_case(void)
{
    static struct dump expected;
    static struct dump got;
    uint32_t drawn[DRAWN_MAX];
    size_t count = 1 + random_below(&rng, DRAWN_MAX);
    for (size_t i = 0; i < count; i++) {
        drawn[i] = random_below(&rng, pool_count);
    }
    struct ew_window_set *set = unite_in_order(drawn, count);
    check_rules(set, drawn, count);
    dump_set(set, &expected);
    shuffle(drawn, count);
    struct ew_window_set *tree = unite_by_tree(drawn, count);
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
    rng.state = 2026;
    for (int p = 0; p < POOLS; p++) {
        pool_fill();
        for (int i = 0; i < CASES / POOLS; i++) {
            check_case();
        }
        pool_empty();
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
