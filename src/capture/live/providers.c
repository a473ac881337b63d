/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CLR's and other providers of the user session (reference etw.md 3.3, 3.7).
 *
 * What is never done, because it harms the processes that are watched or our picture of them:
 * keyword 0x800000 (forces a full collection in every CLR process), keyword 0x80 on the
 * runtime provider and CAPTURE_STATE to a CLR provider (both tell that live code is gone).
 */
#include "capture/live/internal.h"

#include "platform/clock.h"

#include <string.h>

/* Keywords of both CLR providers; the last two of the runtime's only. */
#define CLR_LOADER UINT64_C(0x8)
#define CLR_JIT UINT64_C(0x10)
#define CLR_NGEN UINT64_C(0x20)
#define CLR_RUNDOWN_START UINT64_C(0x40)
#define CLR_EXCEPTION UINT64_C(0x8000)
#define CLR_COMPILATION UINT64_C(0x1000000000)
#define CLR_COMPILATION_DIAGNOSTIC UINT64_C(0x2000000000)

/* Entry points of pre-compiled code are told at level 5 only. */
enum { LEVEL_INFORMATION = 4, LEVEL_VERBOSE = 5 };

/*
 * No event says that the last process has run down. It is over when every process that began
 * has ended and nothing came for a second, when nothing came for three, and in any case after
 * thirty: while the provider is on, any change of it by another session starts it again.
 */
#define NS_PER_SECOND UINT64_C(1000000000)
#define RUNDOWN_QUIET_NS (3 * NS_PER_SECOND)
#define RUNDOWN_COMPLETE_NS NS_PER_SECOND
#define RUNDOWN_MAX_NS (30 * NS_PER_SECOND)

struct enable {
    const struct ew_guid *provider;
    uint8_t level;
    uint64_t any;
    uint64_t all;
    bool stacks;
};

static ULONG enable_with(const struct live_session *session, const struct enable *enable,
                         ULONG properties)
{
    ENABLE_TRACE_PARAMETERS parameters;
    memset(&parameters, 0, sizeof parameters);
    parameters.Version = ENABLE_TRACE_PARAMETERS_VERSION_2;
    parameters.EnableProperty = properties;
    GUID provider;
    memcpy(&provider, enable->provider, sizeof provider);
    return EnableTraceEx2(session->handle, &provider, EVENT_CONTROL_CODE_ENABLE_PROVIDER,
                          enable->level, enable->any, enable->all, 0, &parameters);
}

/* Older systems know no containers in ETW and answer 87 to the two properties: then it goes
 * without them, and that is told once. */
static enum ew_status enable(struct live *live, const struct enable *enable, const char *what,
                             struct ew_error *error)
{
    struct live_session *session = &live->sessions[EW_CAPTURE_USER];
    ULONG containers =
        EVENT_ENABLE_PROPERTY_ENABLE_SILOS | EVENT_ENABLE_PROPERTY_SOURCE_CONTAINER_TRACKING;
    ULONG properties = enable->stacks ? EVENT_ENABLE_PROPERTY_STACK_TRACE : 0;
    ULONG code =
        enable_with(session, enable, properties | (live->silos_refused ? 0 : containers));
    if (code == ERROR_INVALID_PARAMETER && !live->silos_refused) {
        code = enable_with(session, enable, properties);
        live->silos_refused = live->notice_silos = code == ERROR_SUCCESS;
    }
    return code == ERROR_SUCCESS ? EW_OK : ew_live_fail(error, code, session->shown, what);
}

static enum ew_status enable_clr(struct live *live, struct ew_error *error)
{
    const struct ew_settings_clr *clr = &live->settings->clr;
    struct enable runtime = {.provider = &ew_guid_clr_runtime,
                             .level = clr->compilation ? LEVEL_VERBOSE : LEVEL_INFORMATION,
                             .any = CLR_LOADER | CLR_JIT | CLR_NGEN,
                             .stacks = true};
    runtime.any |= clr->exceptions ? CLR_EXCEPTION : 0;
    runtime.any |= clr->compilation ? CLR_COMPILATION | CLR_COMPILATION_DIAGNOSTIC : 0;
    return enable(live, &runtime, "enable the CLR's provider", error);
}

static bool is_clr(const struct ew_guid *guid)
{
    return ew_guid_equal(guid, &ew_guid_clr_runtime) || ew_guid_equal(guid, &ew_guid_clr_rundown);
}

static enum ew_status enable_own(struct live *live, const struct ew_settings_provider *provider,
                                 struct ew_error *error)
{
    char what[80] = "enable the provider ";
    ew_guid_format(&provider->guid, what + strlen(what));
    if (is_clr(&provider->guid)) {
        /* One enable would replace the other's keywords. */
        return ew_fail(error, EW_USAGE,
                       "session %s: cannot %s: it is the CLR's, which has settings of its own",
                       live->sessions[EW_CAPTURE_USER].shown, what);
    }
    struct enable own = {.provider = &provider->guid,
                         .level = provider->level,
                         .any = provider->keyword_any,
                         .all = provider->keyword_all,
                         .stacks = provider->stacks};
    return enable(live, &own, what, error);
}

enum ew_status ew_live_providers_enable(struct live *live, struct ew_error *error)
{
    enum ew_status status = live->settings->clr.enabled ? enable_clr(live, error) : EW_OK;
    for (size_t i = 0; status == EW_OK && i < live->settings->provider_count; i++) {
        status = enable_own(live, &live->settings->providers[i], error);
    }
    return status;
}

/* --- the rundown -------------------------------------------------------------------------- */

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

enum ew_status ew_live_rundown_start(struct live *live, struct ew_error *error)
{
    struct live_session *session = &live->sessions[EW_CAPTURE_USER];
    const struct ew_settings_clr *clr = &live->settings->clr;
    if (!clr->enabled || !clr->rundown) {
        return EW_OK;
    }
    struct enable rundown = {.provider = &ew_guid_clr_rundown,
                             .level = LEVEL_INFORMATION,
                             .any = CLR_RUNDOWN_START | CLR_LOADER | CLR_JIT | CLR_NGEN};
    session->rundown_since_ns = session->rundown_quiet_ns = ew_clock_monotonic_ns();
    session->rundown_seen = load(&session->sink.counts.rundown);
    enum ew_status status = enable(live, &rundown, "enable the CLR's rundown", error);
    session->rundown_enabled = status == EW_OK;
    return status;
}

static void disable(const struct live_session *session, const struct ew_guid *guid)
{
    GUID provider;
    memcpy(&provider, guid, sizeof provider);
    if (EnableTraceEx2(session->handle, &provider, EVENT_CONTROL_CODE_DISABLE_PROVIDER, 0, 0, 0,
                       0, NULL)
        != ERROR_SUCCESS) {
        /* The session's end disables it as well; once more costs nothing. */
        (void)EnableTraceEx2(session->handle, &provider, EVENT_CONTROL_CODE_DISABLE_PROVIDER, 0,
                             0, 0, 0, NULL);
    }
}

static bool rundown_is_over(struct live_session *session, uint64_t now_ns)
{
    const struct ew_record_counts *counts = &session->sink.counts;
    uint64_t seen = load(&counts->rundown);
    if (seen != session->rundown_seen) {
        session->rundown_seen = seen;
        session->rundown_quiet_ns = now_ns;
    }
    uint64_t quiet_ns = now_ns - session->rundown_quiet_ns;
    uint64_t begun = load(&counts->rundown_begun);
    bool complete = begun != 0 && load(&counts->rundown_ended) >= begun;
    return now_ns - session->rundown_since_ns >= RUNDOWN_MAX_NS || quiet_ns >= RUNDOWN_QUIET_NS
           || (complete && quiet_ns >= RUNDOWN_COMPLETE_NS);
}

void ew_live_rundown_tick(struct live *live, uint64_t now_ns)
{
    struct live_session *session = &live->sessions[EW_CAPTURE_USER];
    if (session->rundown_enabled && rundown_is_over(session, now_ns)) {
        disable(session, &ew_guid_clr_rundown);
        session->rundown_enabled = false;
    }
}

void ew_live_providers_disable(struct live *live)
{
    struct live_session *session = &live->sessions[EW_CAPTURE_USER];
    if (session->handle == 0) {
        return;
    }
    if (session->rundown_enabled) {
        disable(session, &ew_guid_clr_rundown);
        session->rundown_enabled = false;
    }
    if (live->settings->clr.enabled) {
        disable(session, &ew_guid_clr_runtime);
    }
    for (size_t i = 0; i < live->settings->provider_count; i++) {
        disable(session, &live->settings->providers[i].guid);
    }
}
