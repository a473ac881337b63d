#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped service under the real service control manager (of Wine) and a stand-in for ETW
# (tests/standins/plan.h): created, started, asked, given a new configuration, stopped with
# sc.exe; its evidence is replay's; what refuses it is told in the event log.
#
# usage: service_run.sh WINE PROGRAM STANDIN RENAME_IMPORT SEND_CONTROL COMPARE_EVIDENCE \
#                       SCENARIOS TRACES
set -eu

wine=$1
standin=$3
send_control=$5
compare=$6
scenarios=$7
traces=$8
work=$(mktemp -d)
name=ewtest-run-$$
program=$name.exe
key="HKCU\\Software\\Wine\\AppDefaults\\$program"

windows_path() { # PATH
    printf 'Z:%s' "$1" | tr / '\\'
}

cleanup() {
    "$wine" sc.exe stop $name >/dev/null 2>&1 || :
    "$wine" "$work/$program" service remove --name $name >/dev/null 2>&1 || :
    "$wine" reg.exe delete "$key" /f >/dev/null 2>&1 || :
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "$1"
    [ ! -e "$work/out" ] || cat "$work/out"
    [ ! -e "$work/ETWSIM.log" ] || tail -n 40 "$work/ETWSIM.log"
    exit 1
}

run() { # PROGRAM ARGUMENTS: status in $status, output in $work/out
    status=0
    "$wine" "$@" >"$work/out" 2>&1 || status=$?
}

wait_for() { # PATTERN: a line of the log of this life
    tries=0
    until grep -qs -- "$1" "$work/ETWSIM.log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || fail "the log never says \"$1\""
        sleep 0.1
    done
}

played() {
    wait_for '^play: .*-kernel over'
    wait_for '^play: .*-user over'
}

says() { # PATTERN WHAT
    grep -q -- "$1" "$work/ETWSIM.log" || fail "$2: the log does not say \"$1\""
}

says_not() { # PATTERN WHAT
    ! grep -q -- "$1" "$work/ETWSIM.log" || fail "$2: the log says \"$1\""
}

event() { # ID in hex, low sixteen bits
    printf 'id=0x[0-9a-f]*%04x ' "$1"
}

# A machine where nothing ran yet, and what happens on it.
machine() { # LINE OF A PLAN...
    rm -rf "$work/ETWSIM.state" "$work/ETWSIM.log" "$work/evidence"
    printf '%s\n' "$@" >"$work/ETWSIM.plan"
}

configure() { # JSON
    printf '%s\n' "$1" >"$work/config.json"
}

# The manager refuses a start for as long as it has not seen the last process end; and a
# service that ends at once can be over before sc.exe has looked. So the log decides.
start() {
    tries=0
    until grep -qs '^status: state=2 ' "$work/ETWSIM.log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || fail "the service does not start"
        run sc.exe start $name
        sleep 0.2
    done
}

await_state() { # NUMBER
    tries=0
    while run sc.exe query $name && ! grep -q "STATE  *: $1 " "$work/out"; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "the service does not come into state $1"
        sleep 0.2
    done
}

stop() {
    run sc.exe stop $name
    [ "$status" = 0 ] || fail "sc stop ended with $status"
    await_state 1
}

exits_with() { # WIN32 SPECIFIC
    run sc.exe query $name
    grep -q "WIN32_EXIT_CODE  *: $1 " "$work/out" || fail "its exit code is not $1"
    grep -q "SERVICE_EXIT_CODE  *: $2 " "$work/out" || fail "its own exit code is not $2"
}

left_clean() {
    # A service is stopped a moment before its process has ended.
    wait_for '^end: pid [0-9]* '
    says_not '^violation:' 'the rules of ETW'
    says_not '^end: pid [0-9]* violations' 'the end'
    ! grep -qi '^etwitness' "$work/ETWSIM.state/sessions.txt" || fail "a session is left"
}

tool() { # ARGUMENTS
    run "$work/$program" "$@"
    [ "$status" = 0 ] || [ "$status" = 4 ] || fail "$1 ended with $status"
}

replay() { # RECORDING OPTIONS...
    rm -rf "$work/replayed"
    recording=$(windows_path "$1")
    shift
    tool replay "$recording" --quiet --window 300 --out "$(windows_path "$work/replayed")" "$@"
}

same_as_replay() {
    EW_LEFT="Z:$work/evidence" EW_RIGHT="Z:$work/replayed" run "$compare"
    [ "$status" = 0 ] || fail "evidence differs from replay's"
    grep 'documents are' "$work/out"
}

"$wine" "$4" "$(windows_path "$2")" "$(windows_path "$work/$program")" >/dev/null
cp "$standin" "$work/ETWSIM32.dll"
run reg.exe add "$key" /v Version /d win10 /f
tool synth "$(windows_path "$scenarios/shop.json")" --quiet --out "$(windows_path "$work/shop.etl")"
evidence=$(windows_path "$work/evidence" | sed 's/\\/\\\\/g')
plain="{\"directory\": \"$evidence\", \"windowSeconds\": 300}"
configure "$plain"

# The documented line, with a configuration of the test's own.
run sc.exe create $name binPath= \
    "\"$(windows_path "$work/$program")\" service run --name $name --config $(windows_path "$work/config.json")" \
    start= demand
[ "$status" = 0 ] || fail "sc create ended with $status"

# --- a recording, as replay reads it ----------------------------------------------------------

machine "trace=$work/shop.etl" deliver=all
start
await_state 4
played
run "$work/$program" service status --name $name
grep -q 'state  *running' "$work/out" || fail "status does not say that it runs"
grep -q 'process  *[0-9]' "$work/out" || fail "status does not tell the process"
stop
exits_with 0 0
left_clean
says "^event: type=4 $(event 100)" 'the start in the event log'
says "^event: type=4 $(event 101)" 'the stop in the event log'
says "^event: type=4 $(event 102)" 'the first document in the event log'
says '^status: state=2 accepted=0x0 ' 'the start'
# The first adjustment gives away the many that it does not need.
grep '^call: AdjustTokenPrivileges' "$work/ETWSIM.log" | head -n 1 | grep -q 'count=[1-9][0-9]' ||
    fail 'rights of LocalSystem are kept'
says '^status: state=4 accepted=0x109 ' 'the run'
says '^status: state=3 accepted=0x0 .* checkpoint=1 ' 'the stop'
replay "$work/shop.etl"
same_as_replay

# --- the host shuts down ------------------------------------------------------------------------

# SERVICE_CONTROL_PRESHUTDOWN, which only the system may send.
machine "trace=$work/shop.etl" deliver=all control=15
start
wait_for '^control: 15 -> 0'
await_state 1
exits_with 0 0
left_clean
says '^status: state=3 accepted=0x0 .* checkpoint=1 ' 'the stop at a shutdown'
says "^event: type=4 $(event 101)" 'the end at a shutdown'
same_as_replay
! grep -q '"state":"running"' "$work/evidence/heads"/*.json || fail "a head says that it runs"

# --- a new configuration, broken and good --------------------------------------------------------

machine "trace=$work/shop.etl"
start
await_state 4
played
configure '{"windowSeconds": 10,
 "windows": 5}'
run "$send_control" $name 6
[ "$status" = 0 ] || fail "paramchange was refused"
wait_for "^event: type=2 $(event 131).*config.json:2: windows: is no key"
configure "{\"directory\": \"$evidence\", \"windowSeconds\": 20}"
run "$send_control" $name 6
wait_for "^event: type=4 $(event 103)"
tries=0
until [ "$(grep -c "^event: type=4 $(event 100)" "$work/ETWSIM.log")" = 2 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || fail "collection did not begin anew"
    sleep 0.1
done
run "$send_control" $name 4
grep -q 'state 4' "$work/out" || fail "it does not run after a new configuration"
# A second stop while the first is under way is no failure, nor is one after it.
run "$send_control" $name 1
run "$send_control" $name 1
await_state 1
exits_with 0 0
left_clean
configure "$plain"

# --- a callgraph that is broken, and replaced --------------------------------------------------------

# Evidence does not depend on it, and nobody has to tell the service.
graph=$(windows_path "$work/shop.graph.json" | sed 's/\\/\\\\/g')
machine "trace=$work/shop.etl"
configure "{\"directory\": \"$evidence\", \"windowSeconds\": 10, \"callgraphs\": [\"$graph\"]}"
printf '{"schema": "static-callgraph/1", "nodes": 7}' >"$work/shop.graph.json"
start
wait_for "^event: type=2 $(event 121).*shop.graph.json: line 1, "
played
cp "$scenarios/shop.graph.json" "$work/shop.graph.json.new"
mv "$work/shop.graph.json.new" "$work/shop.graph.json"
stop
exits_with 0 0
left_clean
says "^event: type=4 $(event 122)" 'the merge that is complete again'
tool check "$(windows_path "$work/evidence/merged/reach-merge.json")"
rm "$work/shop.graph.json"
configure "$plain"

# --- it stops by itself ---------------------------------------------------------------------------

machine "trace=$work/shop.etl"
configure "{\"directory\": \"$evidence\", \"durationSeconds\": 2}"
start
await_state 1
exits_with 0 0
left_clean
configure "$plain"

# --- what refuses it ---------------------------------------------------------------------------------

refused() { # ID SPECIFIC WHAT PLAN...
    id=$1
    specific=$2
    what=$3
    shift 3
    machine "$@"
    start
    wait_for '^end: pid [0-9]* '
    await_state 1
    exits_with 1066 "$specific"
    says "^event: type=1 $(event "$id")" "$what in the event log"
    says_not '^violation:' "$what"
}

refused 133 2 'access denied' deny=1
refused 133 2 'a right that is missing' privilege=0
refused 134 2 "another's session" \
    'other-session=etwitness-kernel:11223344-5566-7788-99aa-bbccddeeff00'
grep -q '^etwitness-kernel' "$work/ETWSIM.state/sessions.txt" || fail "another's session is gone"
refused 135 2 'too many sessions' slots=0
configure '{"windowSeconds": 1}'
refused 130 1 'a broken configuration' ''
configure '{"directory": "Q:\\no\\such"}'
refused 137 2 'a missing directory' ''
configure "$plain"

# --- a real recording ------------------------------------------------------------------------------------

# All of it, of all processes.
real=$traces/pv-net.4.5.2.x64.etl
if [ -e "$real" ]; then
    machine "trace=$real" deliver=all
    start
    played
    stop
    exits_with 0 0
    left_clean
    replay "$real"
    same_as_replay
else
    echo "not compared: $real is not there"
fi
echo "the service runs, obeys and tells as it should"
