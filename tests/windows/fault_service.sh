#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each call that the service makes fails once, in turn: service manager, event log, registry,
# privileges and ETW. Under the real service control manager (of Wine) the service then runs as
# ever, or is refused with an entry in the event log; it never hangs, leaves no session and no
# handle, and documents of the time before are untouched. What fails again and again ends the
# process, which the manager sees.
#
# usage: fault_service.sh WINE PROGRAM STANDIN RENAME_IMPORT SCENARIO
set -eu
. "$(dirname -- "$0")/record_machine.sh"
. "$(dirname -- "$0")/fault_calls.sh"

# ERROR_GEN_FAILURE, which nothing of ours takes for anything else.
code=31
service=ewtest-fault-$$

# `runs`: it starts, publishes and stops. `refused`: service error 2 and event 132. `ends`: the
# process is gone without a word to the manager, event 132 says why.
cat >"$work/expected" <<'END'
StartServiceCtrlDispatcherW:*    ends    # without it there is no service
RegisterServiceCtrlHandlerExW:1  runs    # tried again
RegisterServiceCtrlHandlerExW:\* ends    # the manager cannot be told anything
SetServiceStatus:\*              ends    # the manager does not hear that it has ended
SetServiceStatus:*               runs    # tried again: no state is left untold
RegisterEventSourceW:*           runs    # tried again
ReportEventW:*                   runs    # tried again
DeregisterEventSource:*          runs    # the process ends in any case
registry:*                       runs    # events then have no texts, which is no reason to stop
StartTraceW:*                    refused # the others of ETW are in fault_record.sh
OpenTraceW:*                     refused
TraceSetInformation.3:*          refused
TraceQueryInformation.5:*        refused # an interval that cannot be given back is not set
LookupPrivilegeValueW:[12]       runs    # with more rights than it needs
OpenProcessToken:1               runs
AdjustTokenPrivileges:1          runs
OpenProcessToken:*               refused
LookupPrivilegeValueW:*          refused
AdjustTokenPrivileges:*          refused
EnableTraceEx2.ENABLE:*          refused
EnableTraceEx2.DISABLE:*         runs
ProcessTrace:*                   runs    # lost and back: events 111 and 112
ControlTraceW.*                  runs
CloseTrace:*                     runs
END

remove_service() {
    "$wine" sc.exe delete "$service" >/dev/null 2>&1 || :
    cleanup
}
trap remove_service EXIT

make_recording "$5" minimal
sed "s|@|$(windows_path "$work" | sed 's/\\/\\\\\\\\/g')|" >"$work/config.json" <<'END'
{"directory": "@\\evidence", "windowSeconds": 10, "durationSeconds": 1,
 "sessionName": "fault-service", "symbols": {"enabled": false}}
END
"$wine" sc.exe create "$service" binPath= \
    "\"$(windows_path "$work/$name")\" service run --name $service --config $(windows_path "$work/config.json")" \
    start= demand >"$work/out" 2>&1 || fail "the service cannot be made"

# A life of the service, which ends by itself after a second.
live() { # CASE, or nothing for a good life
    rm -rf "$work/ETWSIM.state" "$work/ETWSIM.log"
    printf '%s\n' "trace=$work/minimal.etl" settle=50 ${1:+"fail=$1:$code"} >"$work/ETWSIM.plan"
    # The manager refuses a start for as long as it has not seen the last process end.
    tries=0
    until [ -e "$work/ETWSIM.log" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || fail "${1:-a good life}: the service does not start"
        "$wine" sc.exe start "$service" >"$work/out" 2>&1 </dev/null || sleep 0.1
    done
    tries=0
    until grep -q '^end: pid' "$work/ETWSIM.log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "${1:-a good life}: the process does not end"
        sleep 0.1
    done
    until "$wine" sc.exe query "$service" >"$work/out" 2>&1 </dev/null &&
        grep -q 'STATE  *: 1 ' "$work/out"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "${1:-a good life}: the service does not come to its end"
        sleep 0.1
    done
}

exits_with() { # WIN32 SPECIFIC CASE
    grep -q "WIN32_EXIT_CODE  *: $1 " "$work/out" || fail "$3: its exit code is not $1"
    grep -q "SERVICE_EXIT_CODE  *: $2 " "$work/out" || fail "$3: its own exit code is not $2"
}

has_event() { # ID CASE
    grep '^event: ' "$work/ETWSIM.log" | grep -q "id=0x[0-9a-f]*$(printf %04x "$1") " ||
        fail "$2: there is no event $1"
}

sums() {
    (cd "$work/evidence/evidence" && sha256sum -- *.json)
}

check_case() { # CASE
    documents=$(count_documents)
    live "$1"
    expectation=$(fault_expectation "$work/expected" "$1") ||
        fail "$1: the table does not say what its failure leads to"
    grep -q '(on demand)' "$work/ETWSIM.log" || return 1
    grep '^event: ' "$work/ETWSIM.log" >"$work/said" || :
    case $expectation in
    runs*)
        exits_with 0 0 "$1"
        for event in 100 101 102; do
            has_event $event "$1"
        done
        [ "$(count_documents)" -gt "$documents" ] || fail "$1: nothing was published"
        ;;
    refused*)
        exits_with 1066 2 "$1"
        has_event 132 "$1"
        fault_is_told "$work/said" $code || fail "$1: is not told in a sentence"
        ;;
    ends*)
        has_event 132 "$1"
        fault_is_told "$work/said" $code || fail "$1: is not told in a sentence"
        ;;
    esac
    case $1 in
    ProcessTrace:*)
        has_event 111 "$1"
        has_event 112 "$1"
        ;;
    esac
    left_clean
    [ -z "$(ls -A "$work/evidence/tmp")" ] || fail "$1: something is left in tmp"
    (cd "$work/evidence/evidence" && sha256sum --quiet -c "$work/sums") ||
        fail "$1: documents of before are not what they were"
    sums >"$work/sums"
}

live
exits_with 0 0 'a good life'
sums >"$work/sums"
# A few of ETW's calls are enough here: the rest is in fault_record.sh.
fault_calls "$work/ETWSIM.log" | grep -v '^ControlTraceW\|^CloseTrace\|^EnableTraceEx2.DISABLE' >"$work/cases"
printf '%s\n' 'RegisterServiceCtrlHandlerExW:*' 'SetServiceStatus:*' >>"$work/cases"
failed=0
while read -r case; do
    if check_case "$case"; then
        failed=$((failed + 1))
        continue
    fi
    case $case in
    SetServiceStatus:[4-9]) ;; # a stop that is over at once is told once, another on its way, too
    *) fail "$case: was not called" ;;
    esac
done <"$work/cases"

# Calls of the registry are not in the log: as many as there are.
number=1
while check_case "registry:$number"; do
    number=$((number + 1))
done
[ "$number" -gt 3 ] || fail "the registry was not asked"

set --
for path in "$work/evidence/evidence"/*.json "$work/evidence/heads"/*.json; do
    set -- "$@" "$(windows_path "$path")"
done
"$wine" "$work/$name" check "$@" >"$work/out" 2>&1 || fail "documents are not as they should be"
echo "$((failed + number - 1)) calls failed, $(wc -l <"$work/sums") documents are whole"
