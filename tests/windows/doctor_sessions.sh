#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What doctor says of sessions, rights and privileges that the stand-in for ETW plays: one that
# a killed run has left, one of ours that runs, another's, and refusals; and what record says
# when there are too many.
#
# usage: doctor_sessions.sh WINE PROGRAM STANDIN RENAME_IMPORT SCENARIOS
set -eu
. "$(dirname -- "$0")/record_machine.sh"

make_recording "$5/minimal.json" minimal
new=$evidence\\new

machine deny=1
etwitness 0 doctor --out "$new"
says '^warn  ETW sessions          could not be listed (Windows error 5)' out
machine privilege=0
etwitness 1 doctor --out "$new"
says '^FAIL  profile privilege     SeSystemProfilePrivilege is not held' out

other=11223344-5566-7788-99aa-bbccddeeff00
machine "other-session=etwitness-kernel:$other" "other-session=Tool:$other"
etwitness 1 doctor --out "$new"
says '^FAIL  our session           "etwitness-kernel" exists and is not ours' out
says '^ok    ETW sessions          2 of 64 in use' out

machine other-session=old-kernel:6b0a7c51-2f4e-4d0b-9c1e-558a13d7602b
etwitness 0 doctor --out "$new"
says '^warn  our session           "old-kernel" was left behind' out
says '^ok    ETW sessions          0 of 64 in use' out
machine other-session=Tool:6b0a7c51-2f4e-4d0b-9c1e-558a13d7602b
etwitness 1 doctor --out "$new"
says '^FAIL  our session           "Tool" runs: another etwitness collects' out

machine "trace=$work/minimal.etl"
start_record
played
chmod 700 "$work/evidence"
etwitness 0 doctor --out "$evidence"
says '^ok    ETW sessions          0 of 64 in use' out
says '^warn  our session           "etwitness-[a-z]*" runs: this host is collecting now' out
kill -KILL "$process"
wait "$process" 2>/dev/null || true
etwitness 0 doctor --out "$evidence"
says '^warn  our session           "etwitness-[a-z]*" was left behind' out

machine slots=0
etwitness 1 record --out "$evidence"
says 'too many sessions' said
left_clean
echo "sessions are told apart"
