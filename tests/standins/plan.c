/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the lines of a plan. */
#include "plan.h"

#include "base/text.h"

#include <string.h>

/* True when one line's value is right; what it says is then in the plan. */
typedef bool (*read_fn)(struct plan *plan, char *value);

static bool read_u32(const char *text, uint32_t max, uint32_t *value_out)
{
    uint64_t value = 0;
    if (!ew_text_parse_u64(text, max, &value)) {
        return false;
    }
    *value_out = (uint32_t)value;
    return true;
}

static bool read_u64(const char *text, uint64_t *value_out)
{
    return ew_text_parse_u64(text, UINT64_MAX, value_out);
}

static bool read_flag(const char *text, bool *flag_out)
{
    *flag_out = strcmp(text, "1") == 0;
    return *flag_out || strcmp(text, "0") == 0;
}

static bool copy_text(char *out, size_t capacity, const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length >= capacity) {
        return false;
    }
    memcpy(out, text, length + 1);
    return true;
}

/* Cuts `text` at the next `mark`; the rest behind it, or NULL when there is none. */
static char *cut(char *text, char mark)
{
    char *at = text != NULL ? strchr(text, mark) : NULL;
    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

/* An absolute POSIX path is on drive Z: under Wine, whatever the current drive is. */
static bool copy_path(char out[PLAN_PATH_BYTES], const char *text)
{
    if (text[0] != '/') {
        return copy_text(out, PLAN_PATH_BYTES, text);
    }
    memcpy(out, "Z:", 2);
    return copy_text(out + 2, PLAN_PATH_BYTES - 2, text);
}

static bool read_trace(struct plan *plan, char *value)
{
    return plan->trace_count < PLAN_PATHS_MAX
           && copy_path(plan->traces[plan->trace_count++], value);
}

static bool read_rate(struct plan *plan, char *value)
{
    size_t length = strlen(value);
    plan->rate = 1;
    if (strcmp(value, "full") == 0) {
        plan->pace = PLAN_PACE_FULL;
        return true;
    }
    plan->pace = PLAN_PACE_TIMES;
    if (strcmp(value, "real") == 0) {
        return true;
    }
    if (length > 2 && strcmp(value + length - 2, "/s") == 0) {
        plan->pace = PLAN_PACE_EVENTS;
        value[length - 2] = '\0';
    } else if (length > 1 && value[length - 1] == 'x') {
        value[length - 1] = '\0';
    } else {
        return false;
    }
    return read_u32(value, 100000000, &plan->rate) && plan->rate > 0;
}

static bool read_repeat(struct plan *plan, char *value)
{
    if (strcmp(value, "loop") == 0) {
        plan->repeat = 0;
        return true;
    }
    return read_u32(value, UINT32_MAX, &plan->repeat) && plan->repeat > 0;
}

static bool read_times(struct plan *plan, char *value)
{
    plan->times_now = strcmp(value, "now") == 0;
    return plan->times_now || strcmp(value, "recorded") == 0;
}

static bool read_deliver(struct plan *plan, char *value)
{
    plan->deliver_all = strcmp(value, "all") == 0;
    return plan->deliver_all || strcmp(value, "enabled") == 0;
}

static bool read_settle(struct plan *plan, char *value)
{
    return read_u32(value, 60000, &plan->settle_ms);
}

static bool read_fail(struct plan *plan, char *value)
{
    char *call = cut(value, ':');
    char *code = cut(call, ':');
    if (code == NULL || plan->failure_count == PLAN_FAILURES_MAX) {
        return false;
    }
    struct plan_failure *failure = &plan->failures[plan->failure_count++];
    bool every = strcmp(call, "*") == 0;
    return copy_text(failure->name, sizeof failure->name, value)
           && (every || (read_u32(call, UINT32_MAX, &failure->call) && failure->call > 0))
           && read_u32(code, UINT32_MAX, &failure->code) && failure->code > 0;
}

static bool read_deny(struct plan *plan, char *value)
{
    return read_flag(value, &plan->deny);
}

static bool read_privilege(struct plan *plan, char *value)
{
    bool given = false;
    bool right = read_flag(value, &given);
    plan->no_privilege = !given;
    return right;
}

static bool read_old_windows(struct plan *plan, char *value)
{
    return read_flag(value, &plan->old_windows);
}

static bool read_slots(struct plan *plan, char *value)
{
    return read_u32(value, 64, &plan->slots);
}

static bool read_sessions(struct plan *plan, char *value)
{
    return read_u32(value, 64, &plan->sessions);
}

static bool read_scope(const char *text, enum plan_scope *scope_out)
{
    bool kernel = text != NULL && strcmp(text, "kernel") == 0;
    bool user = text != NULL && strcmp(text, "user") == 0;
    *scope_out = kernel ? PLAN_SCOPE_KERNEL : user ? PLAN_SCOPE_USER : PLAN_SCOPE_ALL;
    return kernel || user || text == NULL || strcmp(text, "all") == 0;
}

static bool read_other(struct plan *plan, char *value)
{
    char *guid = cut(value, ':');
    char *scope = cut(guid, ':');
    if (guid == NULL || plan->other_count == PLAN_SESSIONS_MAX) {
        return false;
    }
    struct plan_other *other = &plan->others[plan->other_count++];
    return copy_text(other->name, sizeof other->name, value)
           && ew_guid_parse(guid, strlen(guid), &other->guid) && read_scope(scope, &other->scope);
}

static bool read_lose(struct plan *plan, char *value)
{
    char *count = cut(value, ':');
    if (count == NULL) {
        return false;
    }
    if (strcmp(value, "events") == 0) {
        return read_u32(count, UINT32_MAX, &plan->lose_events);
    }
    return strcmp(value, "buffers") == 0 && read_u32(count, UINT32_MAX, &plan->lose_buffers);
}

static bool read_die(struct plan *plan, char *value)
{
    char *events = cut(value, ':');
    char *result = cut(events, ':');
    if (events == NULL || plan->death_count == PLAN_DEATHS_MAX) {
        return false;
    }
    struct plan_death *death = &plan->deaths[plan->death_count++];
    death->success = result != NULL;
    return copy_text(death->name, sizeof death->name, value)
           && read_u64(events, &death->after_events)
           && (result == NULL || strcmp(result, "0") == 0);
}

static bool read_container(struct plan *plan, char *value)
{
    char *guid = cut(value, ':');
    struct ew_guid parsed;
    if (guid == NULL || plan->container_count == PLAN_CONTAINERS_MAX) {
        return false;
    }
    struct plan_container *container = &plan->containers[plan->container_count++];
    return read_u32(value, UINT32_MAX, &container->process_id)
           && ew_guid_parse(guid, strlen(guid), &parsed)
           && copy_text(container->guid, sizeof container->guid, guid);
}

static bool read_control(struct plan *plan, char *value)
{
    return read_u32(value, 255, &plan->control);
}

static bool read_console(struct plan *plan, char *value)
{
    plan->console_close = strcmp(value, "close") == 0;
    return plan->console_close;
}

static bool read_log(struct plan *plan, char *value)
{
    return copy_path(plan->log, value);
}

static bool read_state(struct plan *plan, char *value)
{
    return copy_path(plan->state, value);
}

static const struct plan_key {
    const char *name;
    read_fn read;
} keys[] = {
    {"trace", read_trace},
    {"rate", read_rate},
    {"repeat", read_repeat},
    {"times", read_times},
    {"deliver", read_deliver},
    {"settle", read_settle},
    {"fail", read_fail},
    {"deny", read_deny},
    {"privilege", read_privilege},
    {"old-windows", read_old_windows},
    {"slots", read_slots},
    {"sessions", read_sessions},
    {"other-session", read_other},
    {"lose", read_lose},
    {"die", read_die},
    {"container", read_container},
    {"control", read_control},
    {"console", read_console},
    {"log", read_log},
    {"state", read_state},
};

void plan_init(struct plan *plan_out)
{
    memset(plan_out, 0, sizeof *plan_out);
    plan_out->rate = 1;
    plan_out->repeat = 1;
    plan_out->settle_ms = 300;
    plan_out->slots = 6;
    plan_out->sessions = 64;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) {
        length--;
    }
    text[length] = '\0';
    return text;
}

static bool read_line(struct plan *plan, char *line)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    char *value = cut(line, '=');
    const char *name = trim(line);
    for (size_t i = 0; value != NULL && i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(name, keys[i].name) == 0) {
            return keys[i].read(plan, trim(value));
        }
    }
    return false;
}

uint32_t plan_read(struct plan *plan, char *text)
{
    uint32_t number = 0;
    while (text != NULL) {
        char *next = cut(text, '\n');
        number++;
        if (!read_line(plan, text)) {
            return number;
        }
        text = next;
    }
    return 0;
}
