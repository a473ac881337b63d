/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON scanner beside jansson: both accept the same bytes and find the same values, and
 * what the scanner finds does not depend on where the pieces of the input end.
 */
#include "fuzz/fuzz.h"
#include "support/json_tree.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 64, WINDOW_BYTES = 80 };

struct pieces {
    const uint8_t *data;
    size_t size;
    size_t at;
};

static enum ew_status give_piece(void *context, void *out, size_t capacity, size_t *got_out,
                                 struct ew_error *error)
{
    struct pieces *pieces = context;
    size_t left = pieces->size - pieces->at;
    size_t step = 1 + pieces->at % 13;
    (void)error;
    step = step < capacity ? step : capacity;
    step = step < left ? step : left;
    if (step > 0) {
        memcpy(out, pieces->data + pieces->at, step);
    }
    pieces->at += step;
    *got_out = step;
    return EW_OK;
}

struct outcome {
    json_t *tree;
    enum ew_status status;
    bool too_large;
    struct ew_error error;
};

static void scan_window(struct ew_byte_window *window, struct outcome *outcome)
{
    struct ew_json_scan_options options = {
        .name = "fuzz", .depth_max = EW_JSON_SCAN_DEPTH_MAX, .text_bytes_max = TEXT_BYTES_MAX};
    struct ew_json_scan scan;
    memset(outcome, 0, sizeof *outcome);
    ew_json_scan_init(&scan, window, &options, &outcome->error);
    outcome->tree = json_tree_scan(&scan, &outcome->too_large);
    outcome->status = scan.status;
    ew_json_scan_free(&scan);
    if (outcome->status != outcome->error.status) {
        abort();
    }
}

static void compare_with_jansson(const struct outcome *ours, const char *data, size_t size)
{
    json_error_t error;
    /* No JSON has this byte; jansson passes over one behind a number. */
    if (size > 0 && memchr(data, 0, size) != NULL) {
        if (ours->status == EW_OK) {
            abort();
        }
        return;
    }
    json_t *theirs = json_loadb(data, size, JSON_DECODE_ANY, &error);
    bool overflow = theirs == NULL && json_error_code(&error) == json_error_numeric_overflow;
    if (ours->status != EW_LIMIT && !overflow) {
        if ((theirs == NULL) != (ours->status != EW_OK)) {
            abort();
        }
        if (theirs != NULL && (ours->too_large || !json_equal(theirs, ours->tree))) {
            abort();
        }
    }
    json_decref(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ew_byte_window window;
    struct outcome whole;
    struct outcome pieced;
    struct pieces pieces = {data, size, 0};
    ew_byte_window_over(&window, data, size);
    scan_window(&window, &whole);
    if (ew_byte_window_open(&window, WINDOW_BYTES, give_piece, &pieces) != EW_OK) {
        abort();
    }
    scan_window(&window, &pieced);
    ew_byte_window_close(&window);
    /* A long text with a fault behind its end is one or the other. */
    bool both_failed = whole.status != EW_OK && pieced.status != EW_OK;
    if (!both_failed && (whole.status != pieced.status || whole.too_large != pieced.too_large)) {
        abort();
    }
    if (whole.tree != NULL && !json_equal(whole.tree, pieced.tree)) {
        abort();
    }
    if (whole.status == EW_FORMAT && pieced.status == EW_FORMAT
        && strcmp(whole.error.text, pieced.error.text) != 0) {
        abort();
    }
    compare_with_jansson(&whole, (const char *)data, size);
    json_decref(whole.tree);
    json_decref(pieced.tree);
    return 0;
}
