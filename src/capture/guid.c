/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs as text, and the providers that etwitness knows (reference etw.md 3.5-3.7). */
#include "etwitness/guid.h"

#include "base/text.h"

/* Bytes of a GUID in the order in which its text shows them. */
static const uint8_t text_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static bool has_dash_before(unsigned byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void ew_guid_format(const struct ew_guid *guid, char text_out[EW_GUID_TEXT_BYTES])
{
    for (unsigned i = 0; i < 16; i++) {
        if (has_dash_before(i)) {
            *text_out++ = '-';
        }
        ew_text_hex(&guid->bytes[text_order[i]], 1, text_out);
        text_out += 2;
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool ew_guid_parse(const char *text, size_t text_bytes, struct ew_guid *guid_out)
{
    struct ew_guid guid;
    if (text_bytes != EW_GUID_TEXT_BYTES - 1) {
        return false;
    }
    for (unsigned i = 0; i < 16; i++) {
        if (has_dash_before(i) && *text++ != '-') {
            return false;
        }
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0) {
            return false;
        }
        guid.bytes[text_order[i]] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    *guid_out = guid;
    return true;
}

#define KERNEL_3D6F(group)                                                                  \
    EW_GUID_INIT(0x3d6fa8d0u + (group), 0xfe05, 0x11d0, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, \
                 0xba, 0x7c)

const struct ew_guid ew_guid_process = KERNEL_3D6F(0u);
const struct ew_guid ew_guid_thread = KERNEL_3D6F(1u);
const struct ew_guid ew_guid_page_fault = KERNEL_3D6F(3u);
const struct ew_guid ew_guid_disk_io = KERNEL_3D6F(4u);
const struct ew_guid ew_guid_event_trace =
    EW_GUID_INIT(0x68fdd900u, 0x4a3e, 0x11d1, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3);
const struct ew_guid ew_guid_event_trace_config =
    EW_GUID_INIT(0x01853a65u, 0x418f, 0x4f36, 0xae, 0xfc, 0xdc, 0x0f, 0x1d, 0x2f, 0xd2, 0x35);
const struct ew_guid ew_guid_image =
    EW_GUID_INIT(0x2cb15d1du, 0x5fc1, 0x11d2, 0xab, 0xe1, 0x00, 0xa0, 0xc9, 0x11, 0xf5, 0x18);
const struct ew_guid ew_guid_file_io =
    EW_GUID_INIT(0x90cbdc39u, 0x4a3e, 0x11d1, 0x84, 0xf4, 0x00, 0x00, 0xf8, 0x04, 0x64, 0xe3);
const struct ew_guid ew_guid_perf_info =
    EW_GUID_INIT(0xce1dbfb4u, 0x137e, 0x4da6, 0x87, 0xb0, 0x3f, 0x59, 0xaa, 0x10, 0x2c, 0xbc);
const struct ew_guid ew_guid_stack_walk =
    EW_GUID_INIT(0xdef2fe46u, 0x7bd6, 0x4b80, 0xbd, 0x94, 0xf5, 0x7f, 0xe2, 0x0d, 0x0c, 0xe3);
const struct ew_guid ew_guid_object =
    EW_GUID_INIT(0x89497f50u, 0xeffe, 0x4440, 0x8c, 0xf2, 0xce, 0x6b, 0x1c, 0xdc, 0xac, 0xa7);
const struct ew_guid ew_guid_registry =
    EW_GUID_INIT(0xae53722eu, 0xc863, 0x11d2, 0x86, 0x59, 0x00, 0xc0, 0x4f, 0xa3, 0x21, 0xa1);
const struct ew_guid ew_guid_tcp_ip =
    EW_GUID_INIT(0x9a280ac0u, 0xc8e0, 0x11d1, 0x84, 0xe2, 0x00, 0xc0, 0x4f, 0xb9, 0x98, 0xa2);
const struct ew_guid ew_guid_udp_ip =
    EW_GUID_INIT(0xbf3a50c5u, 0xa9c9, 0x4988, 0xa0, 0x05, 0x2d, 0xf0, 0xb7, 0xc8, 0x0f, 0x80);
const struct ew_guid ew_guid_lost_event =
    EW_GUID_INIT(0x6a399ae0u, 0x4bc6, 0x4de9, 0x87, 0x0b, 0x36, 0x57, 0xf8, 0x94, 0x7e, 0x7e);
const struct ew_guid ew_guid_image_id =
    EW_GUID_INIT(0xb3e675d7u, 0x2554, 0x4f18, 0x83, 0x0b, 0x27, 0x62, 0x73, 0x25, 0x60, 0xde);
const struct ew_guid ew_guid_kernel_process =
    EW_GUID_INIT(0x22fb2cd6u, 0x0e7b, 0x422b, 0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16);
const struct ew_guid ew_guid_clr_runtime =
    EW_GUID_INIT(0xe13c0d23u, 0xccbc, 0x4e12, 0x93, 0x1b, 0xd9, 0xcc, 0x2e, 0xee, 0x27, 0xe4);
const struct ew_guid ew_guid_clr_rundown =
    EW_GUID_INIT(0xa669021cu, 0xc450, 0x4609, 0xa0, 0x35, 0x5a, 0xf5, 0x9a, 0xf4, 0xdf, 0x18);
const struct ew_guid ew_guid_etwitness =
    EW_GUID_INIT(0x6b0a7c50u, 0x2f4e, 0x4d0b, 0x9c, 0x1e, 0x55, 0x8a, 0x13, 0xd7, 0x60, 0x2b);
