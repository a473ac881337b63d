/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher when an operation is refused or the power fails, and what it keeps. */
#include "base/filetime.h"
#include "base/text.h"
#include "evidence/catalog.h"
#include "evidence/head.h"
#include "evidence/memory_files.h"
#include "evidence/sample_evidence.h"
#include "platform/hash.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

#define STREAM_A "5f0c1e2d3b4a59687786958493a2b1c0"
#define STREAM_B "6f0c1e2d3b4a59687786958493a2b1c0"

enum { HEAD_BYTES_MAX = 1024 };

static struct ew_error error;

static struct ew_publisher *open_store(uint64_t retention_bytes)
{
    struct ew_publisher_options options = {"store", retention_bytes, EW_SAMPLE_START};
    struct ew_publisher *publisher = NULL;
    enum ew_status status = ew_publisher_open(&options, &publisher, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return publisher;
}

static struct ew_evidence document(const char *stream, uint64_t sequence, uint32_t revision,
                                   bool sealed)
{
    struct ew_evidence evidence = ew_sample_minimal();
    memcpy(evidence.stream_id, stream, sizeof evidence.stream_id);
    evidence.sequence = sequence;
    evidence.revision = revision;
    evidence.sealed = sealed;
    evidence.start_100ns += sequence * EW_FILETIME_SECOND;
    return evidence;
}

static bool count_bytes(void *context, const void *bytes, size_t byte_count)
{
    (void)bytes;
    *(uint64_t *)context += byte_count;
    return true;
}

/* A retention that holds so many documents of this file and not one more. */
static uint64_t room_for(unsigned documents)
{
    struct ew_evidence evidence = document(STREAM_A, 1, 0, true);
    uint64_t bytes = 0;
    ck_assert_int_eq(ew_evidence_write(&evidence, count_bytes, &bytes, &error), EW_OK);
    return bytes * documents + bytes / 2;
}

static struct ew_published put(struct ew_publisher *publisher, const struct ew_evidence *evidence)
{
    struct ew_published published;
    enum ew_status status = ew_publisher_put(publisher, evidence, &published, &error);
    ck_assert_msg(status == EW_OK, "%s", error.text);
    return published;
}

static void put_sealed(struct ew_publisher *publisher, const char *stream, uint64_t sequence)
{
    struct ew_evidence evidence = document(stream, sequence, 0, true);
    (void)put(publisher, &evidence);
}

static void hash_content(const char *path, char hex[EW_SHA256_HEX_BYTES])
{
    size_t byte_count = 0;
    const char *bytes = ew_memory_content(path, &byte_count);
    uint8_t digest[EW_SHA256_BYTES];
    struct ew_sha256 *hash = NULL;
    ck_assert_int_eq(ew_sha256_create(&hash), EW_OK);
    ew_sha256_update(hash, bytes, byte_count);
    ck_assert_int_eq(ew_sha256_finish(hash, digest), EW_OK);
    ew_text_hex(digest, sizeof digest, hex);
}

/* What a reader relies on at any moment: each document whole, each head readable. */
static void check_visible(void)
{
    for (size_t i = 0; i < ew_memory_count("store/evidence/"); i++) {
        const char *path = ew_memory_path("store/evidence/", i);
        struct ew_document_name name;
        char hex[EW_SHA256_HEX_BYTES];
        ck_assert_msg(ew_document_name_parse(path + strlen("store/evidence/"), &name), "%s",
                      path);
        hash_content(path, hex);
        ck_assert_msg(strncmp(hex, name.hash, 16) == 0, "%s", path);
    }
    for (size_t i = 0; i < ew_memory_count("store/heads/"); i++) {
        size_t byte_count = 0;
        const char *bytes = ew_memory_content(ew_memory_path("store/heads/", i), &byte_count);
        ck_assert_uint_gt(byte_count, 2);
        ck_assert(bytes[0] == '{' && bytes[byte_count - 1] == '}');
    }
}

static bool has_sequence(const char *stream, unsigned sequence)
{
    char prefix[96];
    (void)snprintf(prefix, sizeof prefix, "store/evidence/re1-%s-%012u-", stream, sequence);
    return ew_memory_count(prefix) > 0;
}

static const char *head_text(const char *stream)
{
    static char text[HEAD_BYTES_MAX + 1];
    char path[96];
    size_t byte_count = 0;
    (void)snprintf(path, sizeof path, "store/heads/%s.head.json", stream);
    const char *bytes = ew_memory_content(path, &byte_count);
    ck_assert_ptr_nonnull(bytes);
    memcpy(text, bytes, byte_count);
    text[byte_count] = '\0';
    return text;
}

static void check_head_has(const char *stream, const char *member)
{
    const char *text = head_text(stream);
    ck_assert_msg(strstr(text, member) != NULL, "%s is not in %s", member, text);
}

START_TEST(put__older_document__leaves_the_head_at_the_newest)
{
    ew_memory_reset();
    struct ew_publisher *publisher = open_store(0);
    struct ew_evidence newest = document(STREAM_A, 9, 0, true);
    struct ew_published published = put(publisher, &newest);
    put_sealed(publisher, STREAM_A, 2);
    check_head_has(STREAM_A, "\"firstSeq\":2,");
    check_head_has(STREAM_A, "\"lastSeq\":9,");
    check_head_has(STREAM_A, published.sha256);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(put__disk_is_full__says_so_and_leaves_nothing)
{
    ew_memory_reset();
    struct ew_publisher *publisher = open_store(0);
    struct ew_published published;
    struct ew_evidence evidence = ew_sample_maximal();
    ew_memory_set_room(1000);
    ck_assert_int_eq(ew_publisher_put(publisher, &evidence, &published, &error), EW_IO);
    ck_assert_msg(strstr(error.text, "no space left") != NULL, "%s", error.text);
    ck_assert_uint_eq(ew_memory_count(""), 0);
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(put__power_lost_at_any_step__shows_whole_documents_only)
{
    bool lost = true;
    unsigned steps = 0;
    for (; lost; steps++) {
        ew_memory_reset();
        struct ew_publisher *publisher = open_store(0);
        put_sealed(publisher, STREAM_A, 1);
        struct ew_published published;
        struct ew_evidence evidence = document(STREAM_A, 2, 0, true);
        ew_memory_crash_after(steps);
        enum ew_status status = ew_publisher_put(publisher, &evidence, &published, &error);
        lost = ew_memory_has_failed();
        ck_assert_int_eq(status, lost ? EW_IO : EW_OK);
        ew_publisher_close(publisher);
        ew_memory_restart();
        check_visible();
        publisher = open_store(0);
        ck_assert_uint_eq(ew_memory_count("store/tmp/"), 0);
        (void)put(publisher, &evidence);
        check_head_has(STREAM_A, "\"lastSeq\":2,");
        ck_assert_uint_eq(ew_memory_count("store/evidence/"), 2);
        ew_publisher_close(publisher);
    }
    ck_assert_uint_ge(steps, 10); /* create to directory sync, for document and head */
}
END_TEST

START_TEST(put__one_operation_refused__fails_and_can_be_repeated)
{
    bool refused = true;
    for (unsigned steps = 0; refused; steps++) {
        ew_memory_reset();
        struct ew_publisher *publisher = open_store(0);
        struct ew_published published;
        struct ew_evidence evidence = document(STREAM_A, 1, 0, true);
        ew_memory_fail_after(steps);
        enum ew_status status = ew_publisher_put(publisher, &evidence, &published, &error);
        refused = ew_memory_has_failed();
        ck_assert_int_eq(status, refused ? EW_IO : EW_OK);
        check_visible();
        ck_assert_uint_eq(ew_memory_count("store/tmp/"), 0);
        (void)put(publisher, &evidence);
        ck_assert_uint_eq(ew_memory_count("store/"), 2);
        ew_publisher_close(publisher);
    }
}
END_TEST

START_TEST(open__any_operation_refused__fails_with_a_sentence)
{
    struct ew_publisher_options options = {"store", 0, 0};
    bool refused = true;
    for (unsigned steps = 0; refused; steps++) {
        struct ew_publisher *publisher = NULL;
        ew_memory_reset();
        ew_memory_place("store/tmp/" STREAM_A ".head.part", "{");
        ew_memory_fail_after(steps);
        enum ew_status status = ew_publisher_open(&options, &publisher, &error);
        refused = ew_memory_has_failed();
        ck_assert_int_eq(status, refused ? EW_IO : EW_OK);
        ck_assert_int_eq(publisher == NULL, refused);
        ck_assert_str_ne(error.text, "");
        ew_publisher_close(publisher);
    }
}
END_TEST

START_TEST(retention__superseded_revisions__go_first)
{
    ew_memory_reset();
    struct ew_publisher *publisher = open_store(room_for(4));
    struct ew_evidence late = document(STREAM_A, 3, 0, false);
    put_sealed(publisher, STREAM_A, 1);
    put_sealed(publisher, STREAM_A, 2);
    (void)put(publisher, &late);
    late = document(STREAM_A, 3, 1, true);
    (void)put(publisher, &late);
    put_sealed(publisher, STREAM_A, 4);
    ck_assert_uint_eq(ew_memory_count("store/evidence/"), 4);
    ck_assert_uint_eq(ew_memory_count("store/evidence/re1-" STREAM_A "-000000000003-000"), 0);
    ck_assert(has_sequence(STREAM_A, 1));
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(retention__newest_sealed__stays_beside_the_newest)
{
    ew_memory_reset();
    struct ew_publisher *publisher = open_store(0);
    put_sealed(publisher, STREAM_A, 1);
    put_sealed(publisher, STREAM_A, 2);
    for (uint64_t sequence = 3; sequence <= 5; sequence++) {
        struct ew_evidence open_window = document(STREAM_A, sequence, 0, false);
        (void)put(publisher, &open_window);
    }
    ew_publisher_close(publisher);
    publisher = open_store(1);
    struct ew_evidence last = document(STREAM_A, 6, 0, false);
    (void)put(publisher, &last);
    ck_assert_uint_eq(ew_memory_count("store/evidence/"), 2);
    ck_assert(has_sequence(STREAM_A, 2) && has_sequence(STREAM_A, 6));
    check_head_has(STREAM_A, "\"firstSeq\":2,");
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(retention__other_stream__loses_its_oldest_and_keeps_its_state)
{
    ew_memory_reset();
    struct ew_publisher *publisher = open_store(0);
    for (uint64_t sequence = 1; sequence <= 3; sequence++) {
        put_sealed(publisher, STREAM_B, sequence);
    }
    ck_assert_int_eq(ew_publisher_finish(publisher, STREAM_B, &error), EW_OK);
    ew_publisher_close(publisher);
    publisher = open_store(room_for(3)); /* ages and seals are read from the documents */
    put_sealed(publisher, STREAM_A, 100);
    put_sealed(publisher, STREAM_A, 101);
    ck_assert_uint_eq(ew_memory_count("store/evidence/"), 3);
    ck_assert(has_sequence(STREAM_B, 3) && has_sequence(STREAM_A, 100));
    check_head_has(STREAM_B, "\"firstSeq\":3,");
    check_head_has(STREAM_B, "\"state\":\"stopped\"");
    check_head_has(STREAM_A, "\"state\":\"running\"");
    check_visible();
    ew_publisher_close(publisher);
}
END_TEST

START_TEST(retention__power_lost_at_any_step__is_made_up_for)
{
    bool lost = true;
    for (unsigned steps = 0; lost; steps++) {
        ew_memory_reset();
        struct ew_publisher *publisher = open_store(room_for(2));
        put_sealed(publisher, STREAM_A, 1);
        put_sealed(publisher, STREAM_A, 2);
        struct ew_published published;
        struct ew_evidence evidence = document(STREAM_A, 3, 0, true);
        ew_memory_crash_after(steps);
        enum ew_status status = ew_publisher_put(publisher, &evidence, &published, &error);
        lost = ew_memory_has_failed();
        ck_assert_int_eq(status, lost ? EW_IO : EW_OK);
        ew_publisher_close(publisher);
        ew_memory_restart();
        check_visible();
        publisher = open_store(room_for(2));
        (void)put(publisher, &evidence);
        ck_assert(!has_sequence(STREAM_A, 1) && has_sequence(STREAM_A, 3));
        check_head_has(STREAM_A, "\"firstSeq\":2,");
        ew_publisher_close(publisher);
    }
}
END_TEST

START_TEST(name__round_trip__is_the_same)
{
    static const char text[] = "re1-" STREAM_A "-000000000042-007-r-0123456789abcdef.json";
    struct ew_document_name name;
    char out[EW_DOCUMENT_NAME_BYTES];
    ck_assert(ew_document_name_parse(text, &name));
    ck_assert_uint_eq(name.sequence, 42);
    ck_assert_uint_eq(name.revision, 7);
    ck_assert(name.rollup);
    ew_document_name_format(&name, out);
    ck_assert_str_eq(out, text);
}
END_TEST

START_TEST(name__any_letter_wrong__is_refused)
{
    static const char text[] = "re1-" STREAM_A "-000000000042-007-w-0123456789abcdef.json";
    struct ew_document_name name;
    char changed[sizeof text];
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        memcpy(changed, text, sizeof text);
        changed[i] = 'G';
        ck_assert_msg(!ew_document_name_parse(changed, &name), "%s", changed);
        changed[i] = '\0';
        ck_assert_msg(!ew_document_name_parse(changed, &name), "%s", changed);
    }
    ck_assert(!ew_document_name_parse(
        "re1-" STREAM_A "-000000000042-007-w-0123456789abcdef.json2", &name));
}
END_TEST

static void add_retention_tests(TCase *tcase)
{
    tcase_add_test(tcase, retention__superseded_revisions__go_first);
    tcase_add_test(tcase, retention__newest_sealed__stays_beside_the_newest);
    tcase_add_test(tcase, retention__other_stream__loses_its_oldest_and_keeps_its_state);
    tcase_add_test(tcase, retention__power_lost_at_any_step__is_made_up_for);
    tcase_add_test(tcase, name__round_trip__is_the_same);
    tcase_add_test(tcase, name__any_letter_wrong__is_refused);
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("publisher, when something fails");
    TCase *tcase = tcase_create("publisher");
    tcase_add_test(tcase, put__older_document__leaves_the_head_at_the_newest);
    tcase_add_test(tcase, put__disk_is_full__says_so_and_leaves_nothing);
    tcase_add_test(tcase, put__power_lost_at_any_step__shows_whole_documents_only);
    tcase_add_test(tcase, put__one_operation_refused__fails_and_can_be_repeated);
    tcase_add_test(tcase, open__any_operation_refused__fails_with_a_sentence);
    add_retention_tests(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
