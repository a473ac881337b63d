#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For record_run.sh and doctor_sessions.sh: a copy of the shipped program whose import of
# advapi32 is the stand-in for ETW (tests/standins/plan.h), on Windows 10 as Wine plays it, and
# a machine for it that a plan describes.
#
# usage: . record_machine.sh, with the arguments WINE PROGRAM STANDIN RENAME_IMPORT

wine=$1
work=$(mktemp -d)
name=record-$$.exe
key="HKCU\\Software\\Wine\\AppDefaults\\$name"
process=
# Whatever a test has started and not waited for is ended: it would play for ever.
cleanup() {
    if grep -qs "$name" "/proc/${process:-none}/cmdline"; then
        kill -KILL "$process" 2>/dev/null || true
    fi
    "$wine" reg delete "$key" /f >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT

windows_path() { # PATH
    printf 'Z:%s' "$1" | tr / '\\'
}

"$wine" "$4" "$(windows_path "$2")" "$(windows_path "$work/$name")" >/dev/null
cp "$3" "$work/ETWSIM32.dll"
"$wine" reg add "$key" /v Version /d win10 /f >/dev/null 2>&1

fail() {
    printf '%s\n' "$1"
    cat "$work/out" "$work/said"
    if [ -n "$process" ]; then
        kill -0 "$process" 2>/dev/null && echo 'the program still runs' || {
            ended=0
            wait "$process" 2>/dev/null || ended=$?
            echo "the program has ended with $ended"
        }
    fi
    [ ! -e "$work/ETWSIM.log" ] || tail -n 40 "$work/ETWSIM.log"
    exit 1
}

# A machine where nothing ran yet, and what happens on it.
machine() { # LINE OF A PLAN...
    rm -rf "$work/ETWSIM.state" "$work/ETWSIM.log" "$work/evidence"
    printf '%s\n' "$@" >"$work/ETWSIM.plan"
}

evidence=$(windows_path "$work/evidence")
: >"$work/said"

etwitness() { # STATUS ARGUMENTS...
    expected=$1
    shift
    status=0
    "$wine" "$work/$name" "$@" >"$work/out" 2>"$work/said" || status=$?
    [ "$status" = "$expected" ] || fail "$* ended with $status, not $expected"
}

says() { # PATTERN FILE
    grep -q -- "$1" "$work/$2" || fail "$2 does not say \"$1\""
}

count_documents() {
    find "$work/evidence" -path '*/evidence/re1-*' -name 're1-*.json' | wc -l
}

# The rules of ETW were kept, and no session of ours is left.
left_clean() {
    ! grep '^violation:' "$work/ETWSIM.log" >>"$work/said" || fail "rules of ETW were broken"
    says '^end: pid [0-9]* clean' ETWSIM.log
    ! grep -i '^etwitness' "$work/ETWSIM.state/sessions.txt" >>"$work/said" || fail "a session is left"
}

# Each document is as its schema says, and each one told of is there.
good_documents() {
    [ "$(count_documents)" -gt 0 ] || fail "there are no documents"
    sed -n '/^re1-/s/[[:space:]]*$//p' "$work/out" >"$work/told"
    [ "$(wc -l <"$work/told")" = "$(count_documents)" ] || fail "the list of documents is not right"
    while read -r document; do
        "$wine" "$work/$name" check "$evidence\\evidence\\$document" >"$work/out" 2>&1 </dev/null ||
            fail "$document is not as it should be"
    done <"$work/told"
}

# Waits until all that was to be played was taken.
played() {
    tries=0
    until grep -qs '^play: .* over' "$work/ETWSIM.log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || fail "the recording was not played"
        sleep 0.1
    done
}

# Starts a collection in the background: $process.
start_record() { # OPTIONS...
    "$wine" "$work/$name" record --out "$evidence" "$@" >"$work/out" 2>"$work/said" &
    process=$!
}

make_recording() { # SCENARIO FILE, NAME
    "$wine" "$work/$name" synth "$(windows_path "$1")" --quiet --out \
        "$(windows_path "$work/$2.etl")" >/dev/null 2>&1
}
