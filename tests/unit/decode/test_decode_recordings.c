/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoders over real recordings: what is genuine is never refused, and the counts of
 * facts are those of the recordings. What the sawbuck test program wrote is 64-bit content
 * behind 32-bit headers in the files named so; there the header's word is not taken.
 */
#include "etwitness/decode.h"
#include "etwitness/recording.h"
#include "platform/file.h"
#include "support/check_main.h"
#include "unit/decode/payloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SKIPPED = 77, PATH_BYTES = 1024 };

typedef void (*event_fn)(void *context, struct ew_event *event);

static void for_each_event(const char *name, event_fn visit, void *context)
{
    char path[PATH_BYTES];
    const char *paths[] = {path};
    struct ew_recording *recording = NULL;
    struct ew_error error = {EW_OK, ""};
    struct ew_event event;
    enum ew_status status;
    (void)snprintf(path, sizeof path, "%s/%s", EW_TRACES_DIR, name);
    ck_assert_msg(ew_recording_open(paths, 1, EW_ORDER_FILE, &recording, &error) == EW_OK, "%s",
                  error.text);
    while ((status = ew_recording_next(recording, &event, &error)) == EW_OK) {
        visit(context, &event);
    }
    ck_assert_int_eq(status, EW_END);
    ew_recording_close(recording);
}

struct survey {
    const char *name;
    struct ew_decode_counts counts;
    bool wide; /* take the content for 64-bit, whatever the header says */
};

static void survey_event(void *context, struct ew_event *event)
{
    struct survey *survey = context;
    struct ew_fact fact;
    event->pointer_bytes = survey->wide ? 8 : event->pointer_bytes;
    enum ew_status status = ew_decode_counted(event, &survey->counts, &fact);
    ck_assert_msg(status != EW_FORMAT, "%s: %s version %d of %u bytes is refused", survey->name,
                  ew_event_name(event), event->version, event->payload_bytes);
}

static bool survey_file(void *context, const char *name, uint64_t bytes)
{
    struct survey survey = {.name = name};
    unsigned *files = context;
    size_t length = strlen(name);
    (void)bytes;
    if (length < 4 || strcmp(name + length - 4, ".etl") != 0) {
        return true;
    }
    survey.wide = strncmp(name, "sawbuck", 7) == 0 && strstr(name, "_data_64_") != NULL;
    /* Version 1 of the image events has a size of 4 bytes there, against the MOF. */
    if (strstr(name, "_data_64_v1") == NULL) {
        for_each_event(name, survey_event, &survey);
        ++*files;
    }
    return true;
}

START_TEST(recordings__all_of_them__hold_nothing_that_is_refused)
{
    struct ew_error error = {EW_OK, ""};
    unsigned files = 0;
    ck_assert_int_eq(ew_directory_list(EW_TRACES_DIR, survey_file, &files, &error), EW_OK);
    ck_assert_uint_eq(files, 40);
}
END_TEST

START_TEST(main_recording__facts__are_as_many_as_its_events)
{
    struct survey survey = {.name = "pv-net.4.5.2.x64.etl"};
    const uint64_t *decoded = survey.counts.decoded;
    for_each_event(survey.name, survey_event, &survey);
    ck_assert_uint_eq(decoded[EW_FACT_SAMPLE], 79528);
    ck_assert_uint_eq(decoded[EW_FACT_STACK], 252);
    ck_assert_uint_eq(decoded[EW_FACT_STACK_KEY], 2061 + 7046);
    ck_assert_uint_eq(decoded[EW_FACT_STACK_DEFINITION], 1909 + 1012);
    ck_assert_uint_eq(decoded[EW_FACT_IMAGE], 1763 + 1766 + 35 + 32);
    ck_assert_uint_eq(decoded[EW_FACT_CLR_STACK], 14983);
    ck_assert_uint_eq(decoded[EW_FACT_CLR_METHOD], 290 + 288 + 290 + 16702);
    ck_assert_uint_eq(decoded[EW_FACT_CLR_IL_MAP], 16221 + 273);
    ck_assert_uint_eq(decoded[EW_FACT_PDB_ID], 3534 + 44);
    ck_assert_uint_eq(decoded[EW_FACT_IMAGE_ID], 3590);
    ck_assert_uint_eq(decoded[EW_FACT_THREAD], 9 + 15 + 670 + 664);
    ck_assert_uint_eq(decoded[EW_FACT_CLR_RUNDOWN], 4);
}
END_TEST

struct notepad {
    unsigned found;
};

static void find_notepad(void *context, struct ew_event *event)
{
    struct notepad *notepad = context;
    struct ew_fact fact;
    if (ew_decode(event, &fact) != EW_OK || fact.kind != EW_FACT_PROCESS
        || fact.process.phase != EW_PHASE_START) {
        return;
    }
    ck_assert_uint_eq(fact.process.process_id, 0x6f0);
    ck_assert_uint_eq(fact.process.parent_id, 0x3dc);
    ck_assert_uint_eq(fact.process.session_id, 1);
    ck_assert(bytes_are(fact.process.image_name, "notepad.exe"));
    ck_assert(event->version < 2
              || utf16_is(fact.process.command_line, "\"C:\\Windows\\system32\\notepad.exe\" "));
    notepad->found++;
}

START_TEST(old_process__of_versions_1_to_3__is_notepad)
{
    static const char *const names[] = {
        "sawbuck-process_data_32_v1.2011-05-02.etl",
        "sawbuck-process_data_32_v2.2011-05-02.etl",
        "sawbuck-process_data_32_v3.2010-06-07.etl",
    };
    struct notepad notepad = {0};
    for_each_event(names[_i], find_notepad, &notepad);
    ck_assert_uint_eq(notepad.found, 1);
}
END_TEST

static bool have_recordings(void)
{
    FILE *file = fopen(EW_TRACES_DIR "/pv-net.4.5.2.x64.etl", "rb");
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL;
}

Suite *ew_suite(void)
{
    Suite *suite = suite_create("recordings");
    TCase *tests = tcase_create("real recordings");
    if (!have_recordings()) {
        (void)printf("skipped: no recordings in %s\n", EW_TRACES_DIR);
        exit(EXIT_SKIPPED);
    }
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, recordings__all_of_them__hold_nothing_that_is_refused);
    tcase_add_test(tests, main_recording__facts__are_as_many_as_its_events);
    tcase_add_loop_test(tests, old_process__of_versions_1_to_3__is_notepad, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
