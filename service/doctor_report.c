/* SPDX-License-Identifier: Apache-2.0 */
/* How the findings of `doctor` are printed: for people, and as JSON. */
#include "base/json_writer.h"
#include "doctor.h"

#include <stdlib.h>
#include <string.h>

enum doctor_level doctor_worst(const struct doctor_report *report)
{
    enum doctor_level worst = DOCTOR_OK;
    for (size_t i = 0; i < report->count; i++) {
        if (report->findings[i].level > worst) {
            worst = report->findings[i].level;
        }
    }
    return worst;
}

/* Failures stand out among lines that are read in a hurry. */
static const char *shown_level(enum doctor_level level)
{
    static const char *const names[] = {"ok", "warn", "FAIL"};
    return names[level];
}

static const char *verdict(enum doctor_level worst)
{
    static const char *const sentences[] = {
        "this host can collect",
        "this host can collect; see the warnings",
        "this host cannot collect as it is; see the lines that begin with FAIL",
    };
    return sentences[worst];
}

void doctor_print_text(FILE *out, const struct doctor_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct doctor_finding *finding = &report->findings[i];
        (void)fprintf(out, "%-4s  %-20s  %s\n", shown_level(finding->level), finding->what,
                      finding->detail);
        if (finding->advice[0] != '\0') {
            (void)fprintf(out, "      %20s  %s\n", "what to do:", finding->advice);
        }
    }
    (void)fprintf(out, "\n%s\n", verdict(doctor_worst(report)));
}

static bool file_sink(void *file, const void *bytes, size_t byte_count)
{
    return fwrite(bytes, 1, byte_count, (FILE *)file) == byte_count;
}

static const char *json_level(enum doctor_level level)
{
    static const char *const names[] = {"ok", "warn", "fail"};
    return names[level];
}

static void write_finding(struct ew_json_writer *json, const struct doctor_finding *finding)
{
    ew_json_object(json);
    if (finding->advice[0] != '\0') {
        ew_json_member_text(json, "advice", finding->advice);
    }
    ew_json_member_text(json, "check", finding->what);
    ew_json_member_text(json, "detail", finding->detail);
    ew_json_member_text(json, "level", json_level(finding->level));
    ew_json_object_end(json);
}

bool doctor_print_json(FILE *out, const struct doctor_report *report)
{
    struct ew_json_writer *json = malloc(sizeof *json);
    if (json == NULL) {
        return false;
    }
    ew_json_init(json, file_sink, out);
    ew_json_object(json);
    ew_json_key(json, "checks");
    ew_json_array(json);
    for (size_t i = 0; i < report->count; i++) {
        write_finding(json, &report->findings[i]);
    }
    ew_json_array_end(json);
    ew_json_member_text(json, "result", json_level(doctor_worst(report)));
    ew_json_object_end(json);
    ew_json_newline(json);
    bool written = ew_json_finish(json);
    free(json);
    return written;
}
