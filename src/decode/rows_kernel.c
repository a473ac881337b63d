/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which event is decoded by what: one row an event, indexed by opcode or id. Names are
 * those of the usual tools. A row without a function only has a name.
 */
#include "decode/decoders.h"

/* A version for the `exact` mask of a row. */
#define V(version) (1u << (version))

/* Rows of a family and their number. */
#define FAMILY(rows)                         \
    {                                        \
        rows, sizeof(rows) / sizeof(rows)[0] \
    }

/* Group 0x00. */
static const struct ew_decode_row event_trace_rows[] = {
    [0] = {.name = "EventTrace/Header"},
    [5] = {.name = "EventTrace/Extension"},
    [8] = {.name = "EventTrace/RundownComplete"},
    [32] = {.name = "EventTrace/EndExtension"},
};

/* Group 0x01. */
static const struct ew_decode_row disk_rows[] = {
    [10] = {"DiskIo/Read", ew_decode_disk_transfer, EW_FACT_DISK_IO, 0, 2, V(3)},
    [11] = {"DiskIo/Write", ew_decode_disk_transfer, EW_FACT_DISK_IO, 0, 2, V(3)},
    [12] = {.name = "DiskIo/ReadInit"},
    [13] = {.name = "DiskIo/WriteInit"},
    [14] = {"DiskIo/FlushBuffers", ew_decode_disk_flush, EW_FACT_DISK_IO, 0, 2, V(3)},
    [15] = {.name = "DiskIo/FlushInit"},
};

/* Group 0x02. */
static const struct ew_decode_row page_fault_rows[] = {
    [10] = {"PageFault/TransitionFault", ew_decode_page_fault, EW_FACT_PAGE_FAULT, 0, 0, 0},
    [11] = {"PageFault/DemandZeroFault", ew_decode_page_fault, EW_FACT_PAGE_FAULT, 0, 0, 0},
    [12] = {"PageFault/CopyOnWrite", ew_decode_page_fault, EW_FACT_PAGE_FAULT, 0, 0, 0},
    [13] = {"PageFault/GuardPageFault", ew_decode_page_fault, EW_FACT_PAGE_FAULT, 0, 0, 0},
    [14] = {"PageFault/HardPageFault", ew_decode_page_fault, EW_FACT_PAGE_FAULT, 0, 0, 0},
    [15] = {"PageFault/AccessViolation", ew_decode_page_fault, EW_FACT_PAGE_FAULT, 0, 0, 0},
    [32] = {"PageFault/HardFault", ew_decode_hard_fault, EW_FACT_HARD_FAULT, 0, 0, V(2)},
    [98] = {.name = "PageFault/VirtualAlloc"},
    [99] = {.name = "PageFault/VirtualFree"},
};

/* Group 0x03. Opcode 10 is Image/Load (reference etw.md 3.2.1). */
static const struct ew_decode_row process_rows[] = {
    [1] = {"Process/Start", ew_decode_process, EW_FACT_PROCESS, EW_PHASE_START, 0,
           V(1) | V(2) | V(3) | V(4)},
    [2] = {"Process/End", ew_decode_process, EW_FACT_PROCESS, EW_PHASE_END, 0,
           V(1) | V(2) | V(3) | V(4)},
    [3] = {"Process/DCStart", ew_decode_process, EW_FACT_PROCESS, EW_PHASE_DC_START, 0,
           V(1) | V(2) | V(3) | V(4)},
    [4] = {"Process/DCEnd", ew_decode_process, EW_FACT_PROCESS, EW_PHASE_DC_END, 0,
           V(1) | V(2) | V(3) | V(4)},
    [10] = {"Image/Load", ew_decode_image, EW_FACT_IMAGE, EW_PHASE_START, 0, V(0) | V(1) | V(2)},
    [11] = {"Process/Terminate", ew_decode_process_terminate, EW_FACT_PROCESS, EW_PHASE_OTHER, 2,
            V(2)},
    [32] = {"Process/PerfCtr", ew_decode_process_counters, EW_FACT_PROCESS_COUNTERS, 0, 2, V(2)},
    [33] = {"Process/PerfCtrRundown", ew_decode_process_counters, EW_FACT_PROCESS_COUNTERS, 0, 2,
            V(2)},
    [39] = {"Process/Defunct", ew_decode_process, EW_FACT_PROCESS, EW_PHASE_OTHER, 2,
            V(1) | V(2) | V(3) | V(4)},
};

/* Group 0x04. */
static const struct ew_decode_row file_rows[] = {
    [0] = {"FileIo/Name", ew_decode_file_name, EW_FACT_FILE_NAME, 0, 0, V(2)},
    [32] = {"FileIo/FileCreate", ew_decode_file_name, EW_FACT_FILE_NAME, 0, 0, V(2)},
    [35] = {"FileIo/FileDelete", ew_decode_file_name, EW_FACT_FILE_NAME, 0, 0, V(2)},
    [36] = {"FileIo/FileRundown", ew_decode_file_name, EW_FACT_FILE_NAME, 0, 0, V(2)},
    [37] = {.name = "FileIo/MapFile"},
    [38] = {.name = "FileIo/UnmapFile"},
    [39] = {.name = "FileIo/MapFileDCStart"},
    [40] = {.name = "FileIo/MapFileDCEnd"},
    [64] = {"FileIo/Create", ew_decode_file_create, EW_FACT_FILE_IO, 0, 2, 0},
    [65] = {"FileIo/Cleanup", ew_decode_file_simple, EW_FACT_FILE_IO, 0, 2, 0},
    [66] = {"FileIo/Close", ew_decode_file_simple, EW_FACT_FILE_IO, 0, 2, 0},
    [67] = {"FileIo/Read", ew_decode_file_transfer, EW_FACT_FILE_IO, 0, 2, 0},
    [68] = {"FileIo/Write", ew_decode_file_transfer, EW_FACT_FILE_IO, 0, 2, 0},
    [69] = {"FileIo/SetInfo", ew_decode_file_info, EW_FACT_FILE_IO, 0, 2, 0},
    [70] = {"FileIo/Delete", ew_decode_file_info, EW_FACT_FILE_IO, 0, 2, 0},
    [71] = {"FileIo/Rename", ew_decode_file_info, EW_FACT_FILE_IO, 0, 2, 0},
    [72] = {"FileIo/DirEnum", ew_decode_file_directory, EW_FACT_FILE_IO, 0, 2, 0},
    [73] = {"FileIo/Flush", ew_decode_file_simple, EW_FACT_FILE_IO, 0, 2, 0},
    [74] = {"FileIo/QueryInfo", ew_decode_file_info, EW_FACT_FILE_IO, 0, 2, 0},
    [75] = {"FileIo/FSControl", ew_decode_file_info, EW_FACT_FILE_IO, 0, 2, 0},
    [76] = {"FileIo/OperationEnd", ew_decode_file_end, EW_FACT_FILE_IO, 0, 2, 0},
    [77] = {"FileIo/DirNotify", ew_decode_file_directory, EW_FACT_FILE_IO, 0, 2, 0},
};

/* Group 0x05. */
static const struct ew_decode_row thread_rows[] = {
    [1] = {"Thread/Start", ew_decode_thread, EW_FACT_THREAD, EW_PHASE_START, 0, V(3)},
    [2] = {"Thread/End", ew_decode_thread, EW_FACT_THREAD, EW_PHASE_END, 0, V(3)},
    [3] = {"Thread/DCStart", ew_decode_thread, EW_FACT_THREAD, EW_PHASE_DC_START, 0, V(3)},
    [4] = {"Thread/DCEnd", ew_decode_thread, EW_FACT_THREAD, EW_PHASE_DC_END, 0, V(3)},
    [36] = {"Thread/CSwitch", ew_decode_context_switch, EW_FACT_CONTEXT_SWITCH, 0, 2, 0},
    [48] = {.name = "Thread/SetPriority"},
    [49] = {.name = "Thread/SetBasePriority"},
    [50] = {.name = "Thread/ReadyThread"},
    [72] = {"Thread/SetName", ew_decode_thread_name, EW_FACT_THREAD, EW_PHASE_OTHER, 2, V(2)},
};

/* Group 0x0f. */
static const struct ew_decode_row perf_info_rows[] = {
    [46] = {"PerfInfo/Sample", ew_decode_sample, EW_FACT_SAMPLE, 0, 2, V(2)},
    [47] = {.name = "PerfInfo/PmcSample"},
    [51] = {.name = "PerfInfo/SysClEnter"},
    [52] = {.name = "PerfInfo/SysClExit"},
    [66] = {.name = "PerfInfo/ThreadedDPC"},
    [67] = {.name = "PerfInfo/ISR"},
    [68] = {.name = "PerfInfo/DPC"},
    [69] = {.name = "PerfInfo/TimerDPC"},
    [72] = {"PerfInfo/SetInterval", ew_decode_sample_interval, EW_FACT_SAMPLE_INTERVAL, 0, 2, 0},
    [73] = {"PerfInfo/CollectionStart", ew_decode_sample_interval, EW_FACT_SAMPLE_INTERVAL, 0, 2,
            0},
    [74] = {"PerfInfo/CollectionEnd", ew_decode_sample_interval, EW_FACT_SAMPLE_INTERVAL, 0, 2,
            0},
};

/* Group 0x14. */
static const struct ew_decode_row image_rows[] = {
    [2] = {"Image/Unload", ew_decode_image, EW_FACT_IMAGE, EW_PHASE_END, 0, V(0) | V(1) | V(2)},
    [3] = {"Image/DCStart", ew_decode_image, EW_FACT_IMAGE, EW_PHASE_DC_START, 0,
           V(0) | V(1) | V(2)},
    [4] = {"Image/DCEnd", ew_decode_image, EW_FACT_IMAGE, EW_PHASE_DC_END, 0, V(0) | V(1) | V(2)},
    [10] = {"Image/Load", ew_decode_image, EW_FACT_IMAGE, EW_PHASE_START, 0, V(0) | V(1) | V(2)},
    [33] = {.name = "Image/KernelBase"},
    [34] = {.name = "Image/HypercallPage"},
};

/* Group 0x18. */
static const struct ew_decode_row stack_rows[] = {
    [32] = {"StackWalk/Stack", ew_decode_stack, EW_FACT_STACK, 0, 0, 0},
    [34] = {"StackWalk/KeyCreate", ew_decode_stack_definition, EW_FACT_STACK_DEFINITION, 0, 0, 0},
    [35] = {"StackWalk/KeyDelete", ew_decode_stack_definition, EW_FACT_STACK_DEFINITION, 1, 0, 0},
    [36] = {"StackWalk/KeyRundown", ew_decode_stack_definition, EW_FACT_STACK_DEFINITION, 0, 0,
            0},
    [37] = {"StackWalk/StackKeyKernel", ew_decode_stack_key, EW_FACT_STACK_KEY, 0, 0, V(2)},
    [38] = {"StackWalk/StackKeyUser", ew_decode_stack_key, EW_FACT_STACK_KEY, 1, 0, V(2)},
};

const struct ew_decode_family ew_decode_groups[EW_DECODE_GROUPS] = {
    [0x00] = FAMILY(event_trace_rows), [0x01] = FAMILY(disk_rows),
    [0x02] = FAMILY(page_fault_rows),  [0x03] = FAMILY(process_rows),
    [0x04] = FAMILY(file_rows),        [0x05] = FAMILY(thread_rows),
    [0x0f] = FAMILY(perf_info_rows),   [0x14] = FAMILY(image_rows),
    [0x18] = FAMILY(stack_rows),
};

/* RT_LostEvent (reference etw.md 3.4). */
static const struct ew_decode_row lost_rows[] = {
    [32] = {"LostEvent/RTLostEvent", ew_decode_lost, EW_FACT_LOST, EW_LOST_EVENT, 0, 0},
    [33] = {"LostEvent/RTLostBuffer", ew_decode_lost, EW_FACT_LOST, EW_LOST_BUFFER, 0, 0},
    [34] = {"LostEvent/RTLostFile", ew_decode_lost, EW_FACT_LOST, EW_LOST_BACKUP_FILE, 0, 0},
};

const struct ew_decode_family ew_decode_lost_family = FAMILY(lost_rows);

/* KernelTraceControl (reference etw.md 3.5, ImageID). */
static const struct ew_decode_row image_id_rows[] = {
    [0] = {"ImageID", ew_decode_image_id, EW_FACT_IMAGE_ID, 0, 0, V(2)},
    [32] = {.name = "ImageID/DbgID_None"},
    [36] = {"ImageID/DbgID_RSDS", ew_decode_pdb_id, EW_FACT_PDB_ID, 0, 0, V(2)},
    [37] = {"ImageID/DbgID_ILRSDS", ew_decode_pdb_id, EW_FACT_PDB_ID, 1, 0, V(2)},
    [38] = {.name = "ImageID/DbgID_PPDB"},
    [40] = {.name = "ImageID/DbgID_Determ"},
    [64] = {.name = "ImageID/FileVersion"},
};

const struct ew_decode_family ew_decode_image_id_family = FAMILY(image_id_rows);
