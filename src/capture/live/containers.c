/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process runs in which container. Kernel events do not say it (reference etw.md 3.9):
 * the job objects of containers stand in the root of the object namespace, "Container_<id>",
 * and list their processes. What is found goes into the queue of notices as an event with the
 * item that user events carry by themselves.
 */
#include "capture/live/internal.h"

#include "base/cursor.h"

#include <winternl.h>

#include <stdlib.h>
#include <string.h>

#define SCAN_NS UINT64_C(5000000000)

/* Each sixth scan tells all of it again: a process may have been unknown the first time. */
enum { TELL_ALL_SCANS = 6 };
enum { DIRECTORY_QUERY_ACCESS = 1, JOB_QUERY_ACCESS = 4, LISTING_BYTES = 4096 };

/* OBJECT_DIRECTORY_INFORMATION. */
struct directory_entry {
    UNICODE_STRING name;
    UNICODE_STRING type;
};

typedef LONG(NTAPI *open_fn)(HANDLE *handle_out, ACCESS_MASK access, OBJECT_ATTRIBUTES *what);
typedef LONG(NTAPI *list_fn)(HANDLE directory, void *out, ULONG byte_count, BOOLEAN single,
                             BOOLEAN restart, ULONG *context, ULONG *used_out);

struct functions {
    open_fn open_directory;
    list_fn list;
    open_fn open_job;
};

static void find(HMODULE module, const char *name, void *function_out)
{
    FARPROC found = module == NULL ? NULL : GetProcAddress(module, name);
    memcpy(function_out, &found, sizeof found);
}

static bool find_functions(struct functions *functions)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    find(ntdll, "NtOpenDirectoryObject", &functions->open_directory);
    find(ntdll, "NtQueryDirectoryObject", &functions->list);
    find(ntdll, "NtOpenJobObject", &functions->open_job);
    return functions->open_directory != NULL && functions->list != NULL
           && functions->open_job != NULL;
}

static HANDLE open_object(open_fn open, HANDLE parent, UNICODE_STRING *name, ACCESS_MASK access)
{
    HANDLE handle = NULL;
    OBJECT_ATTRIBUTES what;
    memset(&what, 0, sizeof what);
    what.Length = sizeof what;
    what.RootDirectory = parent;
    what.ObjectName = name;
    return open(&handle, access, &what) >= 0 ? handle : NULL;
}

/* --- the processes of one container ------------------------------------------------------- */

static bool add_process(struct live_containers *containers, uint32_t process_id,
                        const struct ew_guid *container)
{
    if (containers->found_count == EW_CONTAINED_MAX) {
        return false;
    }
    containers->found[containers->found_count].process_id = process_id;
    containers->found[containers->found_count].container = *container;
    containers->found_count++;
    return true;
}

static bool read_guid(HANDLE job, const UNICODE_STRING *name, struct ew_guid *guid_out)
{
    struct ew_job_container_id id;
    memset(&id, 0, sizeof id);
    if (QueryInformationJobObject(job, (JOBOBJECTINFOCLASS)EW_JOB_CONTAINER_ID, &id, sizeof id,
                                  NULL)) {
        memcpy(guid_out, &id.container, sizeof *guid_out);
        if (!ew_guid_is_zero(guid_out)) {
            return true;
        }
    }
    return ew_live_container_guid(name->Buffer, name->Length / sizeof(wchar_t), guid_out);
}

static bool read_job(struct live_containers *containers, HANDLE job, const UNICODE_STRING *name)
{
    struct ew_guid guid;
    if (!read_guid(job, name, &guid)) {
        return true;
    }
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = containers->ids;
    list->NumberOfProcessIdsInList = 0;
    bool whole = QueryInformationJobObject(job, (JOBOBJECTINFOCLASS)EW_JOB_BASIC_PROCESS_ID_LIST,
                                           list, (DWORD)EW_CONTAINER_IDS_BYTES, NULL)
                 || GetLastError() != ERROR_MORE_DATA;
    for (DWORD i = 0; i < list->NumberOfProcessIdsInList; i++) {
        whole = add_process(containers, (uint32_t)list->ProcessIdList[i], &guid) && whole;
    }
    return whole;
}

static bool is_container(const struct directory_entry *entry)
{
    static const wchar_t prefix[] = L"Container_";
    size_t prefix_bytes = sizeof prefix - sizeof prefix[0];
    return entry->name.Length > prefix_bytes
           && memcmp(entry->name.Buffer, prefix, prefix_bytes) == 0;
}

/* --- a scan --------------------------------------------------------------------------------- */

static bool scan_directory(struct live_containers *containers, const struct functions *functions,
                           HANDLE directory)
{
    uint64_t listing[LISTING_BYTES / 8];
    ULONG context = 0;
    ULONG used = 0;
    bool whole = true;
    /* One entry a call: then it stands at the beginning and needs no walk. */
    while (
        functions->list(directory, listing, sizeof listing, TRUE, context == 0, &context, &used)
        >= 0) {
        struct directory_entry entry;
        memcpy(&entry, listing, sizeof entry);
        if (!is_container(&entry)) {
            continue;
        }
        HANDLE job = open_object(functions->open_job, directory, &entry.name, JOB_QUERY_ACCESS);
        if (job != NULL) {
            whole = read_job(containers, job, &entry.name) && whole;
            (void)CloseHandle(job);
        }
    }
    return whole;
}

static int compare(const void *left, const void *right)
{
    const struct live_contained *a = left;
    const struct live_contained *b = right;
    if (a->process_id != b->process_id) {
        return a->process_id < b->process_id ? -1 : 1;
    }
    return memcmp(&a->container, &b->container, sizeof a->container);
}

/* False when there are more processes than are kept. */
static bool scan(struct live_containers *containers)
{
    struct functions functions;
    wchar_t root_text[] = L"\\";
    UNICODE_STRING root = {sizeof root_text - sizeof root_text[0], sizeof root_text, root_text};
    containers->found_count = 0;
    if (!find_functions(&functions)) {
        return true;
    }
    HANDLE directory = open_object(functions.open_directory, NULL, &root, DIRECTORY_QUERY_ACCESS);
    if (directory == NULL) {
        return true;
    }
    bool whole = scan_directory(containers, &functions, directory);
    (void)CloseHandle(directory);
    qsort(containers->found, containers->found_count, sizeof containers->found[0], compare);
    return whole;
}

/* --- notices ----------------------------------------------------------------------------------
 */

static uint8_t *put_item(uint8_t *at, const struct ew_guid *container)
{
    enum { DATA_BYTES = EW_GUID_TEXT_BYTES - 1, ITEM_BYTES = 48 };
    char text[EW_GUID_TEXT_BYTES];
    ew_guid_format(container, text);
    memset(at, 0, ITEM_BYTES);
    ew_store_u16(at, ITEM_BYTES);
    ew_store_u16(at + 2, EW_ITEM_CONTAINER_ID);
    ew_store_u16(at + 6, DATA_BYTES);
    memcpy(at + 8, text, DATA_BYTES);
    return at + ITEM_BYTES;
}

/* Dated with the latest event: then it stands in order with the others, whatever the clocks. */
static void tell(struct live *live, const struct live_contained *contained, uint64_t time_100ns)
{
    enum { ITEM_BYTES = 48 };
    struct ew_event event;
    memset(&event, 0, sizeof event);
    event.time_100ns = time_100ns;
    event.provider = &ew_guid_etwitness;
    event.process_id = contained->process_id;
    event.thread_id = EW_ID_NONE;
    event.extended_bytes = ITEM_BYTES;
    event.pointer_bytes = 8;
    event.header_type = EW_HEADER_EVENT64;
    event.kind = EW_EVENT_MANIFEST;
    uint8_t *items =
        ew_queue_reserve_event(live->queues[EW_CAPTURE_NOTICES], &event, EW_QUEUE_STATE);
    if (items != NULL) {
        (void)put_item(items, &contained->container);
        ew_queue_commit(live->queues[EW_CAPTURE_NOTICES]);
    }
}

static bool is_known(const struct live_containers *containers,
                     const struct live_contained *contained)
{
    return containers->known_count != 0
           && bsearch(contained, containers->known, containers->known_count,
                      sizeof containers->known[0], compare)
                  != NULL;
}

static void note_seen(struct live *live, const struct ew_guid *container)
{
    struct live_containers *containers = &live->containers;
    for (size_t i = 0; i < containers->seen_count; i++) {
        if (ew_guid_equal(&containers->seen[i], container)) {
            return;
        }
    }
    if (containers->seen_count < EW_SCOPES_MAX) {
        containers->seen[containers->seen_count++] = *container;
        atomic_fetch_add_explicit(&live->containers_seen, 1, memory_order_relaxed);
    }
}

static void tell_found(struct live *live, uint64_t time_100ns)
{
    struct live_containers *containers = &live->containers;
    bool all = containers->scans++ % TELL_ALL_SCANS == 0;
    for (size_t i = 0; i < containers->found_count; i++) {
        if (all || !is_known(containers, &containers->found[i])) {
            note_seen(live, &containers->found[i].container);
            tell(live, &containers->found[i], time_100ns);
        }
    }
    ew_queue_publish(live->queues[EW_CAPTURE_NOTICES]);
    struct live_contained *known = containers->known;
    containers->known = containers->found;
    containers->known_count = containers->found_count;
    containers->found = known;
}

static bool make_tables(struct live_containers *containers)
{
    if (containers->ids == NULL) {
        containers->known = calloc(EW_CONTAINED_MAX, sizeof *containers->known);
        containers->found = calloc(EW_CONTAINED_MAX, sizeof *containers->found);
        containers->ids = calloc(1, EW_CONTAINER_IDS_BYTES);
    }
    if (containers->known != NULL && containers->found != NULL && containers->ids != NULL) {
        return true;
    }
    ew_live_containers_free(containers);
    return false;
}

bool ew_live_containers_tick(struct live *live, uint64_t now_ns, struct ew_error *error)
{
    struct live_containers *containers = &live->containers;
    uint64_t time_100ns = ew_live_latest(live);
    if (now_ns < containers->next_ns || time_100ns == 0
        || live->queues[EW_CAPTURE_NOTICES] == NULL) {
        return false;
    }
    containers->next_ns = now_ns + SCAN_NS;
    if (!make_tables(containers)) {
        return false;
    }
    bool whole = scan(containers);
    tell_found(live, time_100ns);
    if (whole || containers->refused) {
        return false;
    }
    containers->refused = true;
    (void)ew_fail(
        error, EW_LIMIT,
        "containers: more than %d processes run in them; the rest is told as the host's",
        EW_CONTAINED_MAX);
    return true;
}

void ew_live_containers_free(struct live_containers *containers)
{
    free(containers->known);
    free(containers->found);
    free(containers->ids);
    containers->known = NULL;
    containers->found = NULL;
    containers->ids = NULL;
    containers->known_count = 0;
}
