#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each call of ETW and of privileges that `record` makes fails once, in turn. A start that
# needed it is refused in a sentence; what is only good to have is done without. No session, no
# handle and no consumer is left, and documents of the time before are untouched.
#
# usage: fault_record.sh WINE PROGRAM STANDIN RENAME_IMPORT SCENARIO
set -eu
. "$(dirname -- "$0")/record_machine.sh"
. "$(dirname -- "$0")/fault_calls.sh"

# ERROR_GEN_FAILURE, which nothing of ours takes for anything else.
code=31
workers='1 2'

# What each call's failure leads to: `refused` is exit 1 and a sentence; `goes-on` is exit 0 and
# silence; `comes-back` tells that the session was lost and runs again.
cat >"$work/expected" <<'END'
StartTraceW:*               refused    # nothing to collect from
OpenTraceW:*                refused    # nothing would be delivered
TraceSetInformation.3:*     refused    # evidence without stacks is none
TraceSetInformation.5:1     refused    # the interval that was asked for
TraceSetInformation.5:*     goes-on    # giving it back is tried twice
TraceQueryInformation.5:1   refused    # what cannot be given back is not set
TraceQueryInformation.5:*   goes-on    # what was asked for counts; it is given back all the same
OpenProcessToken:*          refused    # samples need the right
LookupPrivilegeValueW:*     refused
AdjustTokenPrivileges:*     refused
EnableTraceEx2.ENABLE:*     refused    # methods would stay without names
EnableTraceEx2.DISABLE:*    goes-on    # the session's end disables it too
ProcessTrace:*              comes-back # as when somebody ends the session
ControlTraceW.QUERY:*       goes-on    # losses are asked for again a second later
ControlTraceW.FLUSH:*       goes-on    # a stop flushes as well
ControlTraceW.STOP:*        goes-on    # tried again
CloseTrace:*                goes-on    # nothing is left to be done about it
END

make_recording "$5" minimal

# One worker's machine: folder, session name and documents of its own.
settle_in() { # NUMBER
    mkdir "$work/$1"
    cp "$work/$name" "$work/ETWSIM32.dll" "$work/$1/"
    ln "$work/minimal.etl" "$work/$1/minimal.etl"
    cp "$work/expected" "$work/$1/expected"
    session=fault-$1-$$
    work=$work/$1
    evidence=$(windows_path "$work/evidence")
    : >"$work/out"
    : >"$work/said"
}

live() { # CASE, or nothing for a good life: status in $status
    rm -rf "$work/ETWSIM.state" "$work/ETWSIM.log"
    printf '%s\n' "trace=$work/minimal.etl" settle=50 ${1:+"fail=$1:$code"} >"$work/ETWSIM.plan"
    status=0
    "$wine" "$work/$name" record --out "$evidence" --quiet --duration 1 --window 10 \
        --set "sessionName=$session" --set symbols.enabled=false \
        --set kernel.interval100ns=20000 >"$work/out" 2>"$work/said" </dev/null || status=$?
}

sums() {
    (cd "$work/evidence/evidence" && sha256sum -- *.json)
}

ends_with() { # STATUS CASE
    [ "$status" = "$1" ] || fail "$2: ended with $status, not $1"
}

check_case() { # CASE
    live "$1"
    expectation=$(fault_expectation "$work/expected" "$1") ||
        fail "$1: the table does not say what its failure leads to"
    if ! grep -q '(on demand)' "$work/ETWSIM.log"; then
        # How often it is asked for depends on time.
        [ "${1%:*}" = ControlTraceW.QUERY ] || fail "$1: was not called"
    fi
    case $expectation in
    refused*)
        ends_with 1 "$1"
        fault_is_told "$work/said" $code || fail "$1: is not told in a sentence"
        [ "$(wc -l <"$work/said")" = 1 ] || fail "$1: is told in more than one sentence"
        ;;
    goes-on*)
        ends_with 0 "$1"
        [ ! -s "$work/said" ] || fail "$1: says something"
        ;;
    comes-back*)
        ends_with 4 "$1"
        says 'is started again' said
        says 'runs again' said
        ;;
    esac
    left_clean
    [ -z "$(ls -A "$work/evidence/tmp")" ] || fail "$1: something is left in tmp"
    (cd "$work/evidence/evidence" && sha256sum --quiet -c "$work/sums") ||
        fail "$1: documents of before are not what they were"
    sums >"$work/sums"
}

all_are_valid() {
    set --
    for path in "$work/evidence/evidence"/*.json "$work/evidence/heads"/*.json; do
        set -- "$@" "$(windows_path "$path")"
    done
    "$wine" "$work/$name" check "$@" >"$work/out" 2>&1 || fail "documents are not as they should be"
}

worker() { # NUMBER: every second case is its
    settle_in "$1"
    live
    ends_with 0 'a good life'
    sums >"$work/sums"
    fault_calls "$work/ETWSIM.log" >"$work/cases"
    awk -v mine="$1" 'NR % 2 == mine % 2' "$work/cases" >"$work/mine"
    while read -r case; do
        check_case "$case"
    done <"$work/mine"
    all_are_valid
    ! grep -q '"state":"running"' "$work/evidence/heads"/*.json || fail "a head says that it runs"
    echo "$(wc -l <"$work/mine") calls failed, $(wc -l <"$work/sums") documents are whole"
}

processes=
for number in $workers; do
    (worker "$number") &
    processes="$processes $!"
done
status=0
for process in $processes; do
    wait "$process" || status=1
done
exit $status
