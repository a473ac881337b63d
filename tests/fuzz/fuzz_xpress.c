/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decompressor against a plain reading of MS-XCA 2.4, byte by byte: both must
 * accept the same streams and give the same bytes. Input: size of the output 4, stream.
 */
#include "base/cursor.h"
#include "capture/etl/xpress_decompress.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_BYTES_MAX = 128 * 1024, SLACK_MARK = 0xa5 };

struct plain {
    struct ew_cursor in;
    uint8_t *out;
    size_t out_bytes;
    size_t written;
    uint8_t nibble;
    bool has_nibble;
};

static uint64_t plain_length(struct plain *plain, unsigned short_form)
{
    if (short_form < 7) {
        return short_form + 3;
    }
    unsigned nibble = plain->nibble >> 4;
    if (!plain->has_nibble) {
        plain->nibble = ew_cursor_u8(&plain->in);
        nibble = plain->nibble & 15;
    }
    plain->has_nibble = !plain->has_nibble;
    if (nibble < 15) {
        return nibble + 10;
    }
    uint64_t length = ew_cursor_u8(&plain->in);
    if (length < 255) {
        return length + 25;
    }
    length = ew_cursor_u16(&plain->in);
    if (length == 0) {
        length = ew_cursor_u32(&plain->in);
    }
    return length < 22 ? 0 : length + 3;
}

static bool plain_match(struct plain *plain)
{
    unsigned token = ew_cursor_u16(&plain->in);
    uint64_t length = plain_length(plain, token & 7);
    size_t distance = (token >> 3) + 1;
    if (plain->in.failed || length == 0 || distance > plain->written
        || length > plain->out_bytes - plain->written) {
        return false;
    }
    for (uint64_t i = 0; i < length; i++) {
        plain->out[plain->written] = plain->out[plain->written - distance];
        plain->written++;
    }
    return true;
}

static bool plain_decompress(struct plain *plain)
{
    uint32_t flags = 0;
    for (unsigned token = 0; plain->written < plain->out_bytes; token++) {
        if (token % 32 == 0) {
            flags = ew_cursor_u32(&plain->in);
        }
        if ((flags >> (31 - token % 32) & 1) == 0) {
            plain->out[plain->written++] = ew_cursor_u8(&plain->in);
        } else if (!plain_match(plain)) {
            return false;
        }
        if (plain->in.failed) {
            return false;
        }
    }
    return true;
}

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t fast[OUT_BYTES_MAX + EW_XPRESS_SLACK_BYTES + 1];
    static uint8_t slow[OUT_BYTES_MAX];
    if (size < 4) {
        return 0;
    }
    size_t out_bytes = ew_load_u32(data) % (OUT_BYTES_MAX + 1);
    struct plain plain = {
        .in = ew_cursor_make(data + 4, size - 4), .out = slow, .out_bytes = out_bytes};
    fast[out_bytes + EW_XPRESS_SLACK_BYTES] = SLACK_MARK;
    bool good = ew_xpress_decompress(data + 4, size - 4, fast, out_bytes) == EW_OK;
    require(good == plain_decompress(&plain));
    require(!good || memcmp(fast, slow, out_bytes) == 0);
    require(fast[out_bytes + EW_XPRESS_SLACK_BYTES] == SLACK_MARK);
    return 0;
}
