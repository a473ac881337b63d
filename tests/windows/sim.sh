# SPDX-License-Identifier: Apache-2.0
# Functions for tests that run the shipped program with the stand-in for ETW. A test sources
# this file; tests/standins/plan.h says what a plan and the log contain.
#
#   . "$(dirname -- "$0")/sim.sh"
#   sim_begin WINE STANDINS PROGRAM      WINE runs a Windows program; STANDINS is the folder with
#                                        ETWSIM32.dll and rename_import.exe
#   sim_plan 'trace=/path' 'rate=real'   a plan of these lines, on a new machine with a new log
#   sim_plan_again 'rate=full'           another plan on the machine as it is, log included
#   sim_run ARGUMENTS...                 runs the copy of the program
#
# $sim is the folder of all that: etwitness.exe (the copy), ETWSIM.plan, ETWSIM.log, ETWSIM.state.
# It is removed at the end, unless SIM_KEEP is set.

sim_fail() {
    echo "$*" >&2
    if [ -e "$sim/ETWSIM.log" ]; then
        echo "the stand-in's log ends so:" >&2
        tail -n 40 "$sim/ETWSIM.log" >&2
    fi
    exit 1
}

sim_begin() {
    sim_wine=$1
    sim=$(mktemp -d)
    trap 'sim_end' EXIT
    sim_prepare "$sim" "$3" "$2"
}

sim_end() {
    [ -n "${SIM_KEEP:-}" ] && echo "kept: $sim" >&2 || rm -rf "$sim"
}

# sim_prepare DIR PROGRAM STANDINS: a copy of the program that imports the stand-in, and it.
sim_prepare() {
    cp "$3/ETWSIM32.dll" "$1/"
    "$sim_wine" "$3/rename_import.exe" "Z:$2" "Z:$1/etwitness.exe" || {
        echo "$2: its import cannot be renamed" >&2
        exit 1
    }
    chmod +x "$1/etwitness.exe"
}

sim_plan() {
    rm -rf "$sim/ETWSIM.state" "$sim/ETWSIM.log"
    sim_plan_again "$@"
}

sim_plan_again() {
    printf '%s\n' "$@" >"$sim/ETWSIM.plan"
}

sim_run() {
    "$sim_wine" "$sim/etwitness.exe" "$@"
}

# sim_count TEXT: lines of the log that contain it.
sim_count() {
    [ -e "$sim/ETWSIM.log" ] || {
        echo 0
        return
    }
    grep -cF -- "$1" "$sim/ETWSIM.log" || true
}

sim_expect() {
    [ "$(sim_count "$1")" -gt 0 ] || sim_fail "the log has no \"$1\""
}

sim_expect_not() {
    [ "$(sim_count "$1")" -eq 0 ] || sim_fail "the log has \"$1\""
}

# No rule was broken, and the program did ask the stand-in something.
sim_expect_no_violation() {
    [ "$(sim_count 'start: pid')" -gt 0 ] || sim_fail "the program never called the stand-in"
    sim_expect_not 'violation: '
}

# Every process that began has ended by itself, and left nothing.
sim_expect_clean_end() {
    sim_expect_no_violation
    [ "$(sim_count 'start: pid')" -eq "$(sim_count ' clean')" ] || sim_fail "a process did not end cleanly"
    sim_expect_no_session
}

sim_expect_no_session() {
    [ ! -s "$sim/ETWSIM.state/sessions.txt" ] || sim_fail "a session is left: $(cat "$sim/ETWSIM.state/sessions.txt")"
}

sim_expect_session() {
    grep -qF -- "$1" "$sim/ETWSIM.state/sessions.txt" || sim_fail "no session \"$1\""
}

# sim_expect_event ID [TEXT]: an entry of the event log, ID as 0x%08x.
sim_expect_event() {
    grep -F "event: " "$sim/ETWSIM.log" | grep -F "id=$1" | grep -qF -- "${2:-}" ||
        sim_fail "no event $1 ${2:-}"
}

# sim_wait TEXT [SECONDS]: until the log has it, at most 60 s.
sim_wait() {
    sim_left=$((${2:-60} * 10))
    while [ "$(sim_count "$1")" -eq 0 ]; do
        sim_left=$((sim_left - 1))
        [ "$sim_left" -gt 0 ] || sim_fail "waited in vain for \"$1\""
        sleep 0.1
    done
}

# All that the plan plays was delivered to N consumers (default 2).
sim_wait_over() {
    sim_left=1200
    while [ "$(grep -c '^play: .* over ' "$sim/ETWSIM.log" 2>/dev/null || true)" -lt "${1:-2}" ]; do
        sim_left=$((sim_left - 1))
        [ "$sim_left" -gt 0 ] || sim_fail "the recording did not end"
        sleep 0.1
    done
}
