/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: refused with a sentence and without a trace, or read so that
 * its canonical text reads back to itself. */
#include "etwitness/settings.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static char *text_of(const struct ew_settings *settings)
{
    struct ew_error error = {0};
    char digest[72];
    char *text = NULL;
    if (ew_settings_digest(settings, &text, digest, &error) != EW_OK) {
        abort();
    }
    return text;
}

/* The empty directory of the defaults is the one text that cannot be read back. */
static bool reads_back(const char *text)
{
    struct ew_settings again;
    struct ew_error error = {0};
    if (strstr(text, "\"directory\":\"\"") != NULL) {
        return true;
    }
    if (ew_settings_init(&again) != EW_OK
        || ew_settings_read(&again, "again", text, strlen(text), &error) != EW_OK) {
        return false;
    }
    char *second = text_of(&again);
    bool equal = strcmp(text, second) == 0;
    free(second);
    ew_settings_free(&again);
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_settings settings;
    struct ew_error error = {0};
    if (ew_settings_init(&settings) != EW_OK) {
        return 0;
    }
    char *before = text_of(&settings);
    enum ew_status status =
        ew_settings_read(&settings, "fuzz.json", (const char *)data, size, &error);
    char *after = text_of(&settings);
    bool good =
        status == EW_OK ? reads_back(after) : error.text[0] != '\0' && strcmp(before, after) == 0;
    if (!good) {
        abort();
    }
    struct ew_error check_error = {0};
    if (ew_settings_check(&settings, &check_error) != EW_OK && check_error.text[0] == '\0') {
        abort();
    }
    free(before);
    free(after);
    ew_settings_free(&settings);
    return 0;
}
