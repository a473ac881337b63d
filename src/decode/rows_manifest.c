/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which manifest event is decoded by what: one row an event, indexed by id. Names are
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

/* Microsoft-Windows-Kernel-Process (reference etw.md appendix E). */
static const struct ew_decode_row kernel_process_rows[] = {
    [1] = {"ProcessStart", ew_decode_manifest_start, EW_FACT_PROCESS, EW_PHASE_START, 0,
           V(0) | V(1)},
    [2] = {"ProcessStop", ew_decode_manifest_stop, EW_FACT_PROCESS, EW_PHASE_END, 0, V(1)},
    [3] = {"ThreadStart", ew_decode_manifest_thread, EW_FACT_THREAD, EW_PHASE_START, 0, V(1)},
    [4] = {"ThreadStop", ew_decode_manifest_thread, EW_FACT_THREAD, EW_PHASE_END, 0, V(1)},
    [5] = {"ImageLoad", ew_decode_manifest_image, EW_FACT_IMAGE, EW_PHASE_START, 0, V(0)},
    [6] = {"ImageUnload", ew_decode_manifest_image, EW_FACT_IMAGE, EW_PHASE_END, 0, V(0)},
    [7] = {.name = "CpuBasePriorityChange"},
    [8] = {.name = "CpuPriorityChange"},
    [9] = {.name = "PagePriorityChange"},
    [10] = {.name = "IoPriorityChange"},
    [11] = {.name = "ProcessFreezeStart"},
    [12] = {.name = "ProcessFreezeStop"},
    [13] = {.name = "JobStart"},
    [14] = {.name = "JobTerminateStop"},
    [15] = {"ProcessRundown", ew_decode_manifest_start, EW_FACT_PROCESS, EW_PHASE_DC_START, 0, 0},
    [22] = {.name = "JobServerSiloStateChange"},
    [23] = {.name = "ServerSiloCreateCallbackStart"},
    [24] = {.name = "ServerSiloCreateCallbackStop"},
    [25] = {.name = "ServerSiloTerminateCallbackStart"},
    [26] = {.name = "ServerSiloTerminateCallbackStop"},
    [27] = {.name = "ProcessInPrivateSet"},
};

const struct ew_decode_family ew_decode_kernel_process_family = FAMILY(kernel_process_rows);

/* Microsoft-Windows-DotNETRuntime (reference etw.md appendix C). */
static const struct ew_decode_row clr_runtime_rows[] = {
    [1] = {.name = "GC/Start"},
    [2] = {.name = "GC/End"},
    [3] = {.name = "GC/RestartEEEnd"},
    [4] = {.name = "GC/HeapStats"},
    [5] = {.name = "GC/CreateSegment"},
    [7] = {.name = "GC/RestartEEBegin"},
    [8] = {.name = "GC/SuspendEEEnd"},
    [9] = {.name = "GC/SuspendEEBegin"},
    [10] = {.name = "GC/AllocationTick"},
    [13] = {.name = "GC/FinalizersEnd"},
    [14] = {.name = "GC/FinalizersBegin"},
    [80] = {"Exception/Start", ew_decode_clr_exception, EW_FACT_CLR_EXCEPTION, 0, 1, V(1)},
    [82] = {"ClrStack/Walk", ew_decode_clr_stack, EW_FACT_CLR_STACK, 0, 0, V(0)},
    [135] = {"Method/DCStartCompleteV2", ew_decode_clr_rundown_complete, EW_FACT_CLR_RUNDOWN,
             EW_PHASE_DC_START, 0, 0},
    [136] = {"Method/DCEndCompleteV2", ew_decode_clr_rundown_complete, EW_FACT_CLR_RUNDOWN,
             EW_PHASE_DC_END, 0, 0},
    [137] = {"Method/DCStartV2", ew_decode_clr_method, EW_FACT_CLR_METHOD, EW_PHASE_DC_START, 0,
             0},
    [138] = {"Method/DCEndV2", ew_decode_clr_method, EW_FACT_CLR_METHOD, EW_PHASE_DC_END, 0, 0},
    [139] = {"Method/DCStartVerboseV2", ew_decode_clr_method_verbose, EW_FACT_CLR_METHOD,
             EW_PHASE_DC_START, 0, 0},
    [140] = {"Method/DCEndVerboseV2", ew_decode_clr_method_verbose, EW_FACT_CLR_METHOD,
             EW_PHASE_DC_END, 0, 0},
    [141] = {"Method/Load", ew_decode_clr_method, EW_FACT_CLR_METHOD, EW_PHASE_START, 0, 0},
    [142] = {"Method/Unload", ew_decode_clr_method, EW_FACT_CLR_METHOD, EW_PHASE_END, 0, 0},
    [143] = {"Method/LoadVerbose", ew_decode_clr_method_verbose, EW_FACT_CLR_METHOD,
             EW_PHASE_START, 0, V(1)},
    [144] = {"Method/UnloadVerbose", ew_decode_clr_method_verbose, EW_FACT_CLR_METHOD,
             EW_PHASE_END, 0, V(1)},
    [145] = {"Method/JittingStarted", ew_decode_clr_jitting, EW_FACT_CLR_METHOD, EW_PHASE_OTHER,
             0, V(1)},
    [149] = {"Loader/ModuleDCStartV2", ew_decode_clr_module, EW_FACT_CLR_MODULE,
             EW_PHASE_DC_START, 0, 0},
    [150] = {"Loader/ModuleDCEndV2", ew_decode_clr_module, EW_FACT_CLR_MODULE, EW_PHASE_DC_END, 0,
             0},
    [151] = {"Loader/DomainModuleLoad", ew_decode_clr_domain_module, EW_FACT_CLR_MODULE,
             EW_PHASE_START, 0, V(1)},
    [152] = {"Loader/ModuleLoad", ew_decode_clr_module_load, EW_FACT_CLR_MODULE, EW_PHASE_START,
             0, V(2)},
    [153] = {"Loader/ModuleUnload", ew_decode_clr_module, EW_FACT_CLR_MODULE, EW_PHASE_END, 0,
             V(2)},
    [154] = {"Loader/AssemblyLoad", ew_decode_clr_assembly, EW_FACT_CLR_ASSEMBLY, EW_PHASE_START,
             0, V(1)},
    [155] = {"Loader/AssemblyUnload", ew_decode_clr_assembly, EW_FACT_CLR_ASSEMBLY, EW_PHASE_END,
             0, V(1)},
    [156] = {"Loader/AppDomainLoad", ew_decode_clr_domain, EW_FACT_CLR_DOMAIN, EW_PHASE_START, 0,
             V(1)},
    [157] = {"Loader/AppDomainUnload", ew_decode_clr_domain, EW_FACT_CLR_DOMAIN, EW_PHASE_END, 0,
             V(1)},
    [159] = {"Method/R2RGetEntryPoint", ew_decode_clr_entry_point, EW_FACT_CLR_ENTRY_POINT, 0, 0,
             0},
    [160] = {.name = "Method/R2RGetEntryPointStart"},
    [185] = {"Method/InliningSucceeded", ew_decode_clr_inlining, EW_FACT_CLR_INLINING, 0, 0, 0},
    [186] = {"Method/InliningFailed", ew_decode_clr_inlining_failed, EW_FACT_CLR_INLINING, 0, 0,
             0},
    [187] = {"Runtime/Start", ew_decode_clr_runtime, EW_FACT_CLR_RUNTIME, 0, 0, V(0)},
    [188] = {"Method/TailCallSucceeded", ew_decode_clr_tail_call, EW_FACT_CLR_TAIL_CALL, 0, 0, 0},
    [189] = {"Method/TailCallFailed", ew_decode_clr_tail_call_failed, EW_FACT_CLR_TAIL_CALL, 0, 0,
             0},
    [190] = {"Method/ILToNativeMap", ew_decode_clr_il_map, EW_FACT_CLR_IL_MAP, EW_PHASE_START, 0,
             V(0)},
    [191] = {"Method/TailCallFailed", ew_decode_clr_tail_call_failed_utf16, EW_FACT_CLR_TAIL_CALL,
             0, 0, 0},
    [192] = {"Method/InliningFailed", ew_decode_clr_inlining_failed_utf16, EW_FACT_CLR_INLINING,
             0, 0, 0},
};

const struct ew_decode_family ew_decode_clr_runtime_family = FAMILY(clr_runtime_rows);

/* Microsoft-Windows-DotNETRuntimeRundown (reference etw.md appendix C). */
static const struct ew_decode_row clr_rundown_rows[] = {
    [0] = {"ClrStack/Walk", ew_decode_clr_stack, EW_FACT_CLR_STACK, 0, 0, 0},
    [141] = {"Method/DCStart", ew_decode_clr_method, EW_FACT_CLR_METHOD, EW_PHASE_DC_START, 0, 0},
    [142] = {"Method/DCEnd", ew_decode_clr_method, EW_FACT_CLR_METHOD, EW_PHASE_DC_END, 0, 0},
    [143] = {"Method/DCStartVerbose", ew_decode_clr_method_verbose, EW_FACT_CLR_METHOD,
             EW_PHASE_DC_START, 0, V(1) | V(2)},
    [144] = {"Method/DCEndVerbose", ew_decode_clr_method_verbose, EW_FACT_CLR_METHOD,
             EW_PHASE_DC_END, 0, V(1) | V(2)},
    [145] = {"Method/DCStartComplete", ew_decode_clr_rundown_complete, EW_FACT_CLR_RUNDOWN,
             EW_PHASE_DC_START, 0, V(1)},
    [146] = {"Method/DCEndComplete", ew_decode_clr_rundown_complete, EW_FACT_CLR_RUNDOWN,
             EW_PHASE_DC_END, 0, V(1)},
    [147] = {"Method/DCStartInit", ew_decode_clr_rundown_begin, EW_FACT_CLR_RUNDOWN,
             EW_PHASE_DC_START, 0, V(1)},
    [148] = {"Method/DCEndInit", ew_decode_clr_rundown_begin, EW_FACT_CLR_RUNDOWN,
             EW_PHASE_DC_END, 0, V(1)},
    [149] = {"Method/ILToNativeMapDCStart", ew_decode_clr_il_map, EW_FACT_CLR_IL_MAP,
             EW_PHASE_DC_START, 0, V(0)},
    [150] = {"Method/ILToNativeMapDCEnd", ew_decode_clr_il_map, EW_FACT_CLR_IL_MAP,
             EW_PHASE_DC_END, 0, V(0)},
    [151] = {"Loader/DomainModuleDCStart", ew_decode_clr_domain_module, EW_FACT_CLR_MODULE,
             EW_PHASE_DC_START, 0, V(1)},
    [152] = {"Loader/DomainModuleDCEnd", ew_decode_clr_domain_module, EW_FACT_CLR_MODULE,
             EW_PHASE_DC_END, 0, V(1)},
    [153] = {"Loader/ModuleDCStart", ew_decode_clr_module, EW_FACT_CLR_MODULE, EW_PHASE_DC_START,
             0, V(2)},
    [154] = {"Loader/ModuleDCEnd", ew_decode_clr_module, EW_FACT_CLR_MODULE, EW_PHASE_DC_END, 0,
             V(2)},
    [155] = {"Loader/AssemblyDCStart", ew_decode_clr_assembly, EW_FACT_CLR_ASSEMBLY,
             EW_PHASE_DC_START, 0, V(1)},
    [156] = {"Loader/AssemblyDCEnd", ew_decode_clr_assembly, EW_FACT_CLR_ASSEMBLY,
             EW_PHASE_DC_END, 0, V(1)},
    [157] = {"Loader/AppDomainDCStart", ew_decode_clr_domain, EW_FACT_CLR_DOMAIN,
             EW_PHASE_DC_START, 0, V(1)},
    [158] = {"Loader/AppDomainDCEnd", ew_decode_clr_domain, EW_FACT_CLR_DOMAIN, EW_PHASE_DC_END,
             0, V(1)},
    [159] = {.name = "Thread/DC"},
    [187] = {"Runtime/DCStart", ew_decode_clr_runtime, EW_FACT_CLR_RUNTIME, 0, 0, V(0)},
};

const struct ew_decode_family ew_decode_clr_rundown_family = FAMILY(clr_rundown_rows);
