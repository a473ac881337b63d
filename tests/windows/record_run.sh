#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# record with the stand-in for ETW: the shipped program, one import renamed, collects from a
# recording that is played to it; it is stopped in every way there is, and what it leaves
# behind is looked at.
#
# usage: record_run.sh WINE PROGRAM STANDIN RENAME_IMPORT SCENARIOS
set -eu
. "$(dirname -- "$0")/record_machine.sh"

for scenario in minimal shop; do
    make_recording "$5/$scenario.json" "$scenario"
done

# --- to the end -------------------------------------------------------------------------------

machine "trace=$work/minimal.etl"
etwitness 0 record --out "$evidence" --duration 4
says '^nothing was lost$' out
says '^[0-9,]* events, [0-9,]* stacks, [0-9,]* edges in [0-9]* windows, [0-9]* documents$' out
good_documents
left_clean

machine "trace=$work/minimal.etl" lose=events:7
etwitness 4 record --out "$evidence" --duration 4
says '^ *7  events lost by Windows' out
left_clean

machine "trace=$work/minimal.etl"
etwitness 0 record --out "$evidence" --duration 3 --no-clr --quiet
[ ! -s "$work/out" ] || fail "--quiet talks"
! grep -q 'StartTraceW .*-user' "$work/ETWSIM.log" || fail "--no-clr starts the session of the CLR"
left_clean

# --- stopped by Ctrl+C --------------------------------------------------------------------------

# Wine makes a Ctrl+C of the signal.
machine "trace=$work/shop.etl"
start_record
played
kill -INT "$process"
status=0
wait "$process" || status=$?
[ "$status" = 4 ] || fail "Ctrl+C ended it with $status"
says '^ *1  buffers lost by Windows' out
good_documents
left_clean

# --- its console is closed ------------------------------------------------------------------------

# It has five seconds; what is written by then is whole, and a head says that it was stopped.
machine "trace=$work/shop.etl" console=close
start_record
wait "$process" || :
says '^console: closes' ETWSIM.log
! grep -q '^console: not answered' "$work/ETWSIM.log" || fail "Windows had to end it"
good_documents
! grep -q '"state":"running"' "$work/evidence/heads"/*.json || fail "a head says that it runs"
[ -z "$(ls -A "$work/evidence/tmp")" ] || fail "something is left in tmp"
! grep '^violation:' "$work/ETWSIM.log" >>"$work/said" || fail "rules of ETW were broken"
[ ! -s "$work/ETWSIM.state/sessions.txt" ] || fail "a session is left"

# --- killed and resumed ---------------------------------------------------------------------------

machine "trace=$work/shop.etl"
start_record --window 10
played
tries=0
until [ "$(count_documents)" -gt 0 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || fail "no window was published"
    sleep 0.1
done
kill -KILL "$process"
wait "$process" 2>/dev/null || true
etwitness 4 record --out "$evidence" --window 10 --duration 3
says 'cut off; stream .* tells the gap' said
! grep -qi '^etwitness' "$work/ETWSIM.state/sessions.txt" || fail "the stale session is left"

# --- another tool's session ---------------------------------------------------------------------------

other=11223344-5566-7788-99aa-bbccddeeff00
machine "trace=$work/minimal.etl" "other-session=Tool:$other"
etwitness 0 record --out "$evidence" --attach Tool --duration 4
[ "$(count_documents)" -gt 0 ] || fail "nothing was taken from the other session"
! grep -qE '^call: (StartTraceW|ControlTraceW (STOP|FLUSH|UPDATE)|EnableTraceEx2)' "$work/ETWSIM.log" ||
    fail "the other session was controlled"
grep -q '^Tool' "$work/ETWSIM.state/sessions.txt" || fail "the other session is gone"

machine "other-session=etwitness-kernel:$other"
etwitness 1 record --out "$evidence" --duration 3
says 'is not ours' said
grep -q '^etwitness-kernel' "$work/ETWSIM.state/sessions.txt" || fail "the other session is gone"

# --- refused by Windows -----------------------------------------------------------------------------------

machine deny=1
etwitness 1 record --out "$evidence"
says 'access is denied; run it as administrator' said
echo "record does what it should"
