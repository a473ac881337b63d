#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A soak: the shipped program, one import renamed, collects from a recording that the stand-in
# for ETW plays to it again and again, and its memory is looked at. Not a test of ctest, since
# it takes as long as one likes; docs/TESTING.md tells what was seen.
#
# usage: soak.sh WINE PROGRAM STANDIN RENAME_IMPORT SCENARIO SECONDS [EVENTS_PER_SECOND]
#
# Prints a line a minute: seconds, MiB resident, MiB at the most, CPU seconds of the process with
# the stand-in in it, documents. Fails when something broke, was lost, or memory grew by more than
# a tenth after the first quarter.
set -eu
. "$(dirname -- "$0")/record_machine.sh"

seconds=$6 rate=${7:-20000}

# Stacks come whole, as sessions of ours ask for them: without keys.
sed 's/"keys": *true/"keys": false/; s/"durationMs": *[0-9]*/"durationMs": 300000/' "$5" >"$work/soak.json"
"$wine" "$work/$name" synth "$(windows_path "$work/soak.json")" --samples 300000 --quiet --out \
    "$(windows_path "$work/soak.etl")" >/dev/null 2>&1

machine "trace=$work/soak.etl" "rate=$rate/s" repeat=loop times=now
start_record --window 60 --duration "$seconds"

# The process of Windows, which is not the one that was started.
find_process() {
    tries=0
    until process_id=$(pgrep -f "^.*$name record" | while read -r id; do
        [ "$(cat "/proc/$id/comm")" = "$(printf %.15s "$name")" ] && echo "$id" && break
    done) && [ -n "$process_id" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "there is no process"
        sleep 0.1
    done
}

mib() { # NAME IN /proc/ID/status
    awk -v name="$1:" '$1 == name { printf "%.1f", $2 / 1024 }' "/proc/$process_id/status"
}

find_process
ticks=$(getconf CLK_TCK)
settled=0 now=0 largest=0
while sleep $((seconds < 240 ? seconds / 8 + 1 : 60)) && kill -0 "$process_id" 2>/dev/null; do
    now=$((now + (seconds < 240 ? seconds / 8 + 1 : 60)))
    resident=$(mib VmRSS)
    cpu=$(awk -v ticks="$ticks" '{ printf "%.1f", ($14 + $15) / ticks }' "/proc/$process_id/stat")
    [ -n "$resident" ] || break
    echo "$now s  $resident MiB  $(mib VmHWM) MiB at most  $cpu s CPU  $(count_documents) documents"
    [ $((now * 4)) -ge "$seconds" ] && [ "$settled" = 0 ] && settled=$resident
    largest=$resident
done
status=0
wait "$process" || status=$?
cat "$work/said"
tail -n 3 "$work/out"
left_clean
[ "$status" = 0 ] || fail "it ended with $status"
awk "BEGIN { exit !($largest <= $settled * 1.1) }" ||
    fail "memory grew from $settled to $largest MiB"
echo "memory is flat: $settled MiB after a quarter of the time, $largest MiB at the end"
