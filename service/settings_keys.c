/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the configuration's keys: everything there is to know of each. */
#include "etwitness/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct ew_settings, member)
#define AT_PROVIDER(member) offsetof(struct ew_settings_provider, member)

/* clang-format off */
#define FLAG(path, is_on, offset, meaning) \
    {path, EW_SETTINGS_BOOL, "", is_on, NULL, 0, 1, NULL, offset, meaning}
#define NUMBER(path, type, unit, preset, min, max, zero, offset, meaning) \
    {path, EW_SETTINGS_##type, unit, preset, NULL, min, max, zero, offset, meaning}
#define TEXT(path, type, preset, max, offset, meaning) \
    {path, EW_SETTINGS_##type, "", 0, preset, 0, max, NULL, offset, meaning}
/* clang-format on */

/*
 * Defaults that cost something, and why they are what they are:
 *
 * The interval of samples is one millisecond, which is what Windows has unless somebody
 * changed it: it is a setting of the whole machine (reference etw.md 3.1.6), so a default
 * of ours must not make every other profiler's samples denser or rarer. It makes at most a
 * thousand samples a second on each busy processor, each a stack walk of some microseconds.
 *
 * Context switches, page faults and disk events come by the ten thousand on a host that is
 * scanning; each wants a stack walk of its own. They are off until somebody needs them.
 * Exceptions too: some programs throw them in loops. Image loads are few, and their stacks
 * tell who loaded what.
 *
 * Entry points of ReadyToRun code are the only way to the names of precompiled methods of
 * processes that start later (reference etw.md 3.7.2). They come by the ten thousand while
 * a program starts, each with a stack, and what that costs it has not been measured: off.
 *
 * Buffers of 256 KiB hold a second of samples of one processor; two a processor is ETW's
 * own minimum. A flush every second keeps evidence fresh; it moves buffers early, and
 * costs nothing else.
 */
static const struct ew_settings_key keys[] = {
    NUMBER("buffers.flushSeconds", U32, "seconds", 1, 1, EW_SESSION_FLUSH_SECONDS_MAX, NULL,
           AT(buffers.flush_seconds), "how long an event waits in a buffer that is not full"),
    NUMBER("buffers.maximum", U32, "buffers", 0, 1, EW_SESSION_BUFFERS_MAX, "from the minimum",
           AT(buffers.maximum_count), "buffers of each session, at most"),
    NUMBER("buffers.minimum", U32, "buffers", 0, 1, EW_SESSION_BUFFERS_MAX,
           "two a processor, four at least", AT(buffers.minimum_count),
           "buffers of each session, at least"),
    NUMBER("buffers.sizeKib", U32, "KiB", 256, EW_SESSION_BUFFER_KIB_MIN,
           EW_SESSION_BUFFER_KIB_MAX, NULL, AT(buffers.buffer_kib), "one buffer of a session"),
    TEXT("callgraphs", LIST, NULL, EW_MERGE_GRAPHS_MAX, AT(callgraphs),
         "static callgraphs that are merged with the evidence at each window"),
    FLAG("clr.compilation", false, AT(clr.compilation),
         "tiering, and entry points of precompiled (ReadyToRun) methods: their names, for many"
         " more events while a program starts"),
    FLAG("clr.enabled", true, AT(clr.enabled), "events of the .NET runtimes"),
    FLAG("clr.exceptions", false, AT(clr.exceptions), "exceptions thrown, with their stacks"),
    FLAG("clr.rundown", true, AT(clr.rundown),
         "asks .NET processes that run already for their methods, once, at the start"),
    TEXT("containers", LIST, NULL, EW_SETTINGS_LIST_MAX, AT(containers),
         "containers to watch: GUIDs, or \"host\"; empty: all"),
    TEXT("directory", TEXT, "", EW_SETTINGS_TEXT_MAX, AT(directory),
         "where evidence goes; the service has one of its own when it is empty"),
    NUMBER("durationSeconds", U64, "seconds", 0, 1, EW_DURATION_SECONDS_MAX, "without end",
           AT(duration_seconds), "the service stops by itself after that"),
    FLAG("kernel.contextSwitch", false, AT(kernel.context_switch),
         "context switches with their stacks; many"),
    FLAG("kernel.counters", false, AT(kernel.counters), "counters of processes"),
    FLAG("kernel.disk", false, AT(kernel.disk), "disk transfers with their stacks"),
    FLAG("kernel.enabled", true, AT(kernel.enabled),
         "the kernel's session: processes, threads, images and what follows here"),
    FLAG("kernel.imageStacks", true, AT(kernel.image_stacks), "stacks of image loads"),
    NUMBER("kernel.interval100ns", U32, "100 ns", 10000, EW_SAMPLE_INTERVAL_MIN,
           EW_SAMPLE_INTERVAL_MAX, "as the machine has it", AT(kernel.interval_100ns),
           "between two samples of a processor; the whole machine has only one"),
    FLAG("kernel.pageFaults", false, AT(kernel.page_faults), "hard page faults with stacks"),
    FLAG("kernel.profile", true, AT(kernel.profile), "samples of what runs, with their stacks"),
    TEXT("processes", LIST, NULL, EW_SETTINGS_LIST_MAX, AT(processes),
         "names of programs to watch, such as \"shop.exe\"; empty: all"),
    TEXT("providers", PROVIDERS, NULL, EW_SETTINGS_PROVIDERS_MAX, AT(providers),
         "further providers to enable"),
    TEXT("providers[].guid", GUID, NULL, 36, AT_PROVIDER(guid), "the provider; needed"),
    NUMBER("providers[].keywordAll", MASK, "", 0, 0, UINT64_MAX, NULL, AT_PROVIDER(keyword_all),
           "events that have all of these keywords"),
    NUMBER("providers[].keywordAny", MASK, "", 0, 0, UINT64_MAX, NULL, AT_PROVIDER(keyword_any),
           "events that have any of these keywords; 0: all events"),
    NUMBER("providers[].level", U8, "", 4, 1, 5, NULL, AT_PROVIDER(level),
           "events up to this level: 1 critical, 4 informational, 5 verbose"),
    FLAG("providers[].stacks", true, AT_PROVIDER(stacks), "a stack with each event"),
    NUMBER("queueMib", U32, "MiB", 16, EW_QUEUE_BYTES_MIN / 1048576, EW_QUEUE_BYTES_MAX / 1048576,
           NULL, AT(queue_mib), "each of the two rings between ETW and the aggregator"),
    NUMBER("retentionBytes", U64, "bytes", EW_RETENTION_BYTES_DEFAULT, 1048576,
           EW_JSON_INTEGER_MAX, NULL, AT(retention_bytes),
           "evidence kept in the directory; the oldest goes first"),
    TEXT("sessionName", TEXT, "etwitness", EW_SESSION_BASE_NAME_MAX, AT(session_name),
         "how the names of the sessions begin"),
    NUMBER("stopSeconds", U32, "seconds", 30, EW_STOP_SECONDS_MIN, EW_STOP_SECONDS_MAX, NULL,
           AT(stop_seconds), "how long a stop may take to drain and publish"),
    TEXT("symbols.cache", TEXT_OR_NULL, NULL, EW_SETTINGS_TEXT_MAX, AT(symbols.cache),
         "one more folder that is searched, such as a local copy of a store; null: none"),
    FLAG("symbols.enabled", true, AT(symbols.enabled), "names of native functions"),
    FLAG("symbols.imageFolder", true, AT(symbols.image_folder),
         "PDBs beside their image, where only administrators can write"),
    FLAG("symbols.network", false, AT(symbols.network),
         "folders on other machines may be searched; symbol servers are never asked"),
    TEXT("symbols.paths", LIST, NULL, EW_SETTINGS_LIST_MAX, AT(symbols.paths),
         "folders and symbol stores, such as \"D:\\\\symbols\" and \"SRV*D:\\\\store\""),
    NUMBER("symbols.secondsPerWindow", U32, "seconds", 20, 1, EW_SYMBOL_SECONDS_MAX, NULL,
           AT(symbols.seconds_per_window), "time for all look-ups of one window"),
    NUMBER("windowSeconds", U32, "seconds", EW_WINDOW_SECONDS_DEFAULT, EW_WINDOW_SECONDS_MIN,
           EW_WINDOW_SECONDS_MAX, NULL, AT(window_seconds),
           "the span of time that one document covers"),
};

const struct ew_settings_key *ew_settings_keys(size_t *count_out)
{
    *count_out = sizeof keys / sizeof keys[0];
    return keys;
}

static void number_texts(const struct ew_settings_key *key, char *preset_out, char *limits_out,
                         size_t capacity)
{
    (void)snprintf(preset_out, capacity, "%" PRIu64, key->preset);
    if (key->type == EW_SETTINGS_MASK) {
        (void)snprintf(limits_out, capacity, "64 bits; text such as \"0x18\" as well");
    } else {
        (void)snprintf(limits_out, capacity, "%" PRIu64 " to %" PRIu64 "%s%s", key->min, key->max,
                       key->zero != NULL ? "; 0: " : "", key->zero != NULL ? key->zero : "");
    }
}

void ew_settings_key_texts(const struct ew_settings_key *key, char *preset_out, char *limits_out,
                           size_t capacity)
{
    switch (key->type) {
    case EW_SETTINGS_BOOL:
        (void)snprintf(preset_out, capacity, "%s", key->preset != 0 ? "true" : "false");
        (void)snprintf(limits_out, capacity, "true or false");
        break;
    case EW_SETTINGS_GUID:
        (void)snprintf(preset_out, capacity, "none");
        (void)snprintf(limits_out, capacity, "a GUID without braces");
        break;
    case EW_SETTINGS_TEXT:
    case EW_SETTINGS_TEXT_OR_NULL:
        (void)snprintf(preset_out, capacity, "%s%s%s", key->preset_text != NULL ? "\"" : "",
                       key->preset_text != NULL ? key->preset_text : "null",
                       key->preset_text != NULL ? "\"" : "");
        (void)snprintf(limits_out, capacity, "text of at most %" PRIu64 " bytes", key->max);
        break;
    case EW_SETTINGS_LIST:
    case EW_SETTINGS_PROVIDERS:
        (void)snprintf(preset_out, capacity, "[]");
        (void)snprintf(limits_out, capacity, "at most %" PRIu64 " %s", key->max,
                       key->type == EW_SETTINGS_LIST ? "texts" : "objects");
        break;
    default:
        number_texts(key, preset_out, limits_out, capacity);
        break;
    }
}
