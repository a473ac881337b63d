/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLR events about what the JIT did with calls: inlining and tail calls. Each names three
 * methods by type, name and signature (ClrEtwAll.man of dotnet/runtime and of perfview:
 * templates MethodJitInlining*, MethodJitTailCall*).
 */
#include "decode/decoders.h"

static struct ew_clr_method_name read_name(struct ew_payload *payload)
{
    struct ew_clr_method_name name;
    name.type_name = ew_payload_utf16(payload);
    name.method_name = ew_payload_utf16(payload);
    name.signature = ew_payload_utf16(payload);
    return name;
}

static void read_inlining(struct ew_payload *payload, struct ew_clr_inlining_fact *inlining)
{
    inlining->compiled = read_name(payload);
    inlining->inliner = read_name(payload);
    inlining->inlinee = read_name(payload);
}

static bool finish_inlining(struct ew_payload *payload, struct ew_clr_inlining_fact *inlining,
                            struct ew_fact *fact)
{
    inlining->clr_instance = ew_cursor_u16(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_inlining = *inlining;
    return true;
}

/* compiled | inliner | inlinee | ClrInstanceID 2 */
bool ew_decode_clr_inlining(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_inlining_fact inlining = {.succeeded = true};
    read_inlining(payload, &inlining);
    return finish_inlining(payload, &inlining, fact);
}

/* compiled | inliner | inlinee | FailAlways 4 | FailReason, 8-bit | ClrInstanceID 2 */
bool ew_decode_clr_inlining_failed(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_inlining_fact inlining = {.succeeded = false};
    read_inlining(payload, &inlining);
    ew_cursor_skip(&payload->in, 4);
    inlining.reason = ew_payload_bytes(payload);
    return finish_inlining(payload, &inlining, fact);
}

/* The same with a UTF-16 reason. */
bool ew_decode_clr_inlining_failed_utf16(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_inlining_fact inlining = {.succeeded = false};
    read_inlining(payload, &inlining);
    ew_cursor_skip(&payload->in, 4);
    inlining.reason_utf16 = ew_payload_utf16(payload);
    return finish_inlining(payload, &inlining, fact);
}

static void read_tail_call(struct ew_payload *payload, struct ew_clr_tail_call_fact *call)
{
    call->compiled = read_name(payload);
    call->caller = read_name(payload);
    call->callee = read_name(payload);
    call->explicit_prefix = ew_cursor_u32(&payload->in) != 0;
}

static bool finish_tail_call(struct ew_payload *payload, struct ew_clr_tail_call_fact *call,
                             struct ew_fact *fact)
{
    call->clr_instance = ew_cursor_u16(&payload->in);
    if (!ew_payload_end(payload)) {
        return false;
    }
    fact->clr_tail_call = *call;
    return true;
}

/* compiled | caller | callee | TailPrefix 4 | TailCallType 4 | ClrInstanceID 2 */
bool ew_decode_clr_tail_call(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_tail_call_fact call = {.succeeded = true};
    read_tail_call(payload, &call);
    call.type = ew_cursor_u32(&payload->in);
    return finish_tail_call(payload, &call, fact);
}

/* compiled | caller | callee | TailPrefix 4 | FailReason, 8-bit | ClrInstanceID 2 */
bool ew_decode_clr_tail_call_failed(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_tail_call_fact call = {.succeeded = false};
    read_tail_call(payload, &call);
    call.reason = ew_payload_bytes(payload);
    return finish_tail_call(payload, &call, fact);
}

/* The same with a UTF-16 reason. */
bool ew_decode_clr_tail_call_failed_utf16(struct ew_payload *payload, struct ew_fact *fact)
{
    struct ew_clr_tail_call_fact call = {.succeeded = false};
    read_tail_call(payload, &call);
    call.reason_utf16 = ew_payload_utf16(payload);
    return finish_tail_call(payload, &call, fact);
}
