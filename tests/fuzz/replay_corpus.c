/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of a folder: the corpus as a regression test. */
#include "fuzz/fuzz.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_BYTES_MAX = 16 * 1024 * 1024, PATH_BYTES = 4096 };

struct replay {
    const char *folder;
    unsigned inputs;
    bool failed;
};

static bool run_file(void *context, const char *name, uint64_t bytes)
{
    struct replay *replay = context;
    struct ew_error error = {0};
    char path[PATH_BYTES];
    char *input = NULL;
    size_t input_bytes = 0;
    (void)bytes;
    (void)snprintf(path, sizeof path, "%s/%s", replay->folder, name);
    if (ew_file_read_all(path, INPUT_BYTES_MAX, &input, &input_bytes, &error) != EW_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        replay->failed = true;
        return false;
    }
    (void)LLVMFuzzerTestOneInput((const uint8_t *)input, input_bytes);
    free(input);
    replay->inputs++;
    return true;
}

int main(int argc, char **argv)
{
    struct ew_error error = {0};
    struct replay replay = {.folder = argc == 2 ? argv[1] : "."};
    if (ew_directory_list(replay.folder, run_file, &replay, &error) != EW_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    (void)printf("%u inputs replayed\n", replay.inputs);
    return replay.failed || replay.inputs == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
