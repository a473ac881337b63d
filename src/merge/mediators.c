/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that calls for others: whoever stands before it on a stack is no caller of what stands
 * behind it in the sense of a static graph (reference evidence.md 5.5, case 4).
 */
#include "merge/internal.h"

struct known {
    const char *prefix;
    enum mediator mediator;
};

/* By the beginning of the runtime's names. Names are compared as they are. */
static const struct known known_names[] = {
    {"System.Reflection.RuntimeMethodInfo.", MEDIATOR_REFLECTION},
    {"System.Reflection.RuntimeConstructorInfo.", MEDIATOR_REFLECTION},
    {"System.Reflection.MethodBase.Invoke", MEDIATOR_REFLECTION},
    {"System.Reflection.MethodBaseInvoker.", MEDIATOR_REFLECTION},
    {"System.Reflection.MethodInvoker", MEDIATOR_REFLECTION},
    {"System.Reflection.ConstructorInvoker", MEDIATOR_REFLECTION},
    {"System.RuntimeMethodHandle.", MEDIATOR_REFLECTION},
    {"System.RuntimeType.CreateInstance", MEDIATOR_REFLECTION},
    {"System.RuntimeType.InvokeMember", MEDIATOR_REFLECTION},
    {"System.RuntimeTypeHandle.CreateInstance", MEDIATOR_REFLECTION},
    {"System.Activator.", MEDIATOR_REFLECTION},
    {"System.Delegate.DynamicInvoke", MEDIATOR_DELEGATE},
    {"System.MulticastDelegate.", MEDIATOR_DELEGATE},
    {"System.Action.Invoke", MEDIATOR_DELEGATE},
    {"System.Threading.ThreadPoolWorkQueue.", MEDIATOR_THREAD_POOL},
    {"System.Threading.PortableThreadPool", MEDIATOR_THREAD_POOL},
    {"System.Threading.QueueUserWorkItemCallback", MEDIATOR_THREAD_POOL},
    {"System.Threading._ThreadPoolWaitCallback.", MEDIATOR_THREAD_POOL},
    {"System.Threading._ThreadPoolWaitOrTimerCallback.", MEDIATOR_THREAD_POOL},
    {"System.Threading._IOCompletionCallback.", MEDIATOR_THREAD_POOL},
    {"System.Threading.TimerQueue", MEDIATOR_THREAD_POOL},
    {"System.Threading.Tasks.Task.", MEDIATOR_THREAD_POOL},
    {"System.Threading.Tasks.Task`1", MEDIATOR_THREAD_POOL},
    {"System.Threading.Tasks.ThreadPoolTaskScheduler.", MEDIATOR_THREAD_POOL},
    {"System.Threading.ExecutionContext.", MEDIATOR_THREAD_POOL},
    {"System.Threading.Thread.StartCallback", MEDIATOR_THREAD_START},
    {"System.Threading.Thread+StartHelper.", MEDIATOR_THREAD_START},
    {"System.Threading.ThreadHelper.", MEDIATOR_THREAD_START},
    {"System.Runtime.CompilerServices.AsyncMethodBuilderCore", MEDIATOR_ASYNC},
    {"System.Runtime.CompilerServices.AsyncTaskMethodBuilder", MEDIATOR_ASYNC},
    {"System.Runtime.CompilerServices.AsyncVoidMethodBuilder", MEDIATOR_ASYNC},
    {"System.Runtime.CompilerServices.AsyncValueTaskMethodBuilder", MEDIATOR_ASYNC},
    {"System.Runtime.CompilerServices.TaskAwaiter", MEDIATOR_ASYNC},
    {"System.Threading.Tasks.AwaitTaskContinuation", MEDIATOR_ASYNC},
    {"System.Threading.Tasks.SynchronizationContextAwaitTaskContinuation", MEDIATOR_ASYNC},
    {"System.Threading.Tasks.TaskContinuation", MEDIATOR_ASYNC},
    {"dynamicClass.IL_STUB", MEDIATOR_INTEROP},
    {"IL_STUB", MEDIATOR_INTEROP},
    {"dynamicClass.InvokeStub_", MEDIATOR_REFLECTION},
    {"dynamicClass.", MEDIATOR_DELEGATE},
    {"DynamicClass.", MEDIATOR_DELEGATE},
    {"KiUserCallbackDispatcher", MEDIATOR_CALLBACK},
    {"KiUserApcDispatcher", MEDIATOR_CALLBACK},
    {"KiUserExceptionDispatcher", MEDIATOR_CALLBACK},
    {"RtlUserThreadStart", MEDIATOR_THREAD_START},
    {"BaseThreadInitThunk", MEDIATOR_THREAD_START},
    {"TppWorkerThread", MEDIATOR_THREAD_POOL},
    {"TppWorkpExecuteCallback", MEDIATOR_THREAD_POOL},
    {"CallDescrWorkerInternal", MEDIATOR_RUNTIME},
    {"DispatchCallSimple", MEDIATOR_RUNTIME},
    {"MethodDescCallSite::", MEDIATOR_RUNTIME},
    {"ThreadNative::KickOffThread", MEDIATOR_THREAD_START},
    {"ManagedThreadBase_", MEDIATOR_THREAD_START},
    {"UMThunkStub", MEDIATOR_INTEROP},
    {"ComCallPreStub", MEDIATOR_INTEROP},
    {"GenericComCallStub", MEDIATOR_INTEROP},
};

/* Modules that are nothing but a runtime: what they call was asked for by somebody else. */
static const char *const runtime_modules[] = {"coreclr", "clr",        "mscorwks",
                                              "clrjit",  "hostpolicy", "hostfxr"};

enum mediator ew_merge_mediator_module(const struct ew_evidence_module *module)
{
    for (size_t i = 0; i < sizeof runtime_modules / sizeof runtime_modules[0]; i++) {
        if (ew_merge_module_names_equal(module->name, runtime_modules[i])) {
            return MEDIATOR_RUNTIME;
        }
    }
    return MEDIATOR_NONE;
}

/* The first two letters tell nearly all names apart from all of ours. */
enum mediator ew_merge_mediator_named(const char *name)
{
    for (size_t i = 0; i < sizeof known_names / sizeof known_names[0]; i++) {
        const char *prefix = known_names[i].prefix;
        if (name[0] == prefix[0] && name[1] == prefix[1]
            && strncmp(name, prefix, strlen(prefix)) == 0) {
            return known_names[i].mediator;
        }
    }
    return MEDIATOR_NONE;
}

enum mediator ew_merge_mediator_of(const struct function *function, const struct build *build)
{
    enum mediator found = MEDIATOR_NONE;
    if (function->row != NULL && is_text(function->row->name)) {
        found = ew_merge_mediator_named(function->row->name);
    }
    if (found == MEDIATOR_NONE
        && (function->flags & (EW_FUNCTION_STUB | EW_FUNCTION_THUNK)) != 0) {
        found = MEDIATOR_THUNK;
    }
    if (found == MEDIATOR_NONE && build != NULL) {
        found = (enum mediator)build->mediator;
    }
    return found;
}

const char *ew_merge_mediator_name(enum mediator mediator)
{
    static const char *const names[] = {"another frame",
                                        "reflection",
                                        "a delegate",
                                        "the thread pool",
                                        "the start of a thread",
                                        "the resumption of an async method",
                                        "an interop stub",
                                        "a callback from the kernel",
                                        "a thunk",
                                        "the runtime"};
    return names[mediator];
}
