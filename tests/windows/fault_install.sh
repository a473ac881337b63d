#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each call that `service install`, `remove` and `status` make of the service manager and the
# registry fails once, in turn: install makes all of it or nothing, remove can be done again,
# and each says in one sentence what could not be done.
#
# usage: fault_install.sh WINE PROGRAM STANDIN RENAME_IMPORT
set -eu
. "$(dirname -- "$0")/record_machine.sh"
. "$(dirname -- "$0")/fault_calls.sh"

# ERROR_GEN_FAILURE, which nothing of ours takes for anything else.
code=31
service=ewtest-faults-$$
services='HKLM\SYSTEM\CurrentControlSet\Services'

# `refused`: exit 1, a sentence. `doubted`: the same, with a reason of its own. `done`: as if nothing had failed.
cat >"$work/install" <<'END'
OpenSCManagerW:1         done    # as the next line
OpenServiceW:1           done    # asked whether it is there already; CreateServiceW tells as well
CloseServiceHandle:*     done    # the process ends
OpenProcessToken:*       doubted # whose the folder is that is there already
*                        refused
END
cat >"$work/remove" <<'END'
CloseServiceHandle:*     done
*                        refused
END
cat >"$work/status" <<'END'
CloseServiceHandle:*     done
*                        refused
END

remove_service() {
    "$wine" "$work/$name" service remove --name "$service" >/dev/null 2>&1 || :
    "$wine" sc.exe delete "$service" >/dev/null 2>&1 || :
    "$wine" reg.exe delete "$services\\EventLog\\Application\\$service" /f >/dev/null 2>&1 || :
    cleanup
}
trap remove_service EXIT

action() { # ACTION CASE
    rm -rf "$work/ETWSIM.log" "$work/ETWSIM.state"
    printf '%s\n' ${2:+"fail=$2:$code"} >"$work/ETWSIM.plan"
    status=0
    force=
    [ "$1" != install ] || force=--force
    # shellcheck disable=SC2086 # no word, or one
    "$wine" "$work/$name" service "$1" $force --name "$service" >"$work/out" 2>"$work/said" \
        </dev/null || status=$?
}

is_there() { # SUBKEY
    "$wine" reg.exe query "$services\\$1" >/dev/null 2>&1 </dev/null
}

nothing_is_left() { # CASE
    ! is_there "$service" || fail "$1: a service is left"
    ! is_there "EventLog\\Application\\$service" || fail "$1: a source of events is left"
}

# Before each case: install and status begin without a service or with one, remove with one.
prepare() { # ACTION
    case $1 in
    install) ! is_there "$service" || action remove '' ;;
    *) is_there "$service" || action install '' ;;
    esac
    [ "${status:-0}" = 0 ] || fail "the next case of $1 cannot be prepared"
}

check_end() { # ACTION CASE EXPECTATION
    case "$1 $3" in
    'install refused'* | 'install doubted'*) nothing_is_left "$2" ;;
    'install done'*) is_there "$service" || fail "$2: there is no service" ;;
    'remove refused'*)
        action remove ''
        [ "$status" = 0 ] || fail "$2: remove cannot be done again"
        nothing_is_left "$2"
        ;;
    'remove done'*) nothing_is_left "$2" ;;
    esac
    status=0
}

check_case() { # ACTION CASE
    prepare "$1"
    expectation=$(fault_expectation "$work/$1" "$2") || fail "$1: $2: is not in the table"
    action "$1" "$2"
    grep -q '(on demand)' "$work/ETWSIM.log" || return 1
    case $expectation in
    refused*)
        [ "$status" = 1 ] || fail "$1: $2: ended with $status, not 1"
        fault_is_told "$work/said" $code || fail "$1: $2: is not told in a sentence"
        ;;
    doubted*)
        [ "$status" = 1 ] || fail "$1: $2: ended with $status, not 1"
        says 'may be a trap' said
        ;;
    done*) [ "$status" = 0 ] || fail "$1: $2: ended with $status, not 0" ;;
    esac
    grep -q '^end: pid [0-9]* clean' "$work/ETWSIM.log" || fail "$1: $2: does not end clean"
    check_end "$1" "$2" "$expectation"
}

cases=0
for what in install remove status; do
    status=0
    prepare "$what"
    action "$what" ''
    [ "$status" = 0 ] || fail "$what does not work"
    fault_calls "$work/ETWSIM.log" >"$work/cases"
    while read -r case; do
        check_case "$what" "$case" || fail "$what: $case was not called"
        cases=$((cases + 1))
    done <"$work/cases"
    number=1
    while check_case "$what" "registry:$number"; do
        number=$((number + 1))
    done
    cases=$((cases + number - 1))
done
echo "$cases calls failed, and nothing was left half done"
