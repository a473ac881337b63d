#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped program runs with the stand-in: its import is renamed in exactly one place, all it
# imports is there, and a program without that import is refused.
#
# usage: standin_program.sh WINE STANDINS PROGRAM OBJDUMP
set -eu
export LC_ALL=C

. "$(dirname -- "$0")/sim.sh"
if ! "$4" -p "$3" | grep -qi 'DLL Name: advapi32.dll'; then
    echo "the program does not import advapi32.dll"
    exit 77
fi
sim_begin "$1" "$2" "$3"

"$4" -p "$sim/etwitness.exe" | grep -q 'DLL Name: ETWSIM32.dll' || sim_fail "nothing was renamed"
! "$4" -p "$sim/etwitness.exe" | grep -qi 'DLL Name: advapi32.dll' || sim_fail "one was left"
[ "$(cmp -l "$3" "$sim/etwitness.exe" | wc -l)" -le 12 ] || sim_fail "more than a name changed"

# Functions of the program's import table, and of the stand-in's export table.
"$4" -p "$sim/etwitness.exe" |
    awk '/DLL Name:/ { inside = /ETWSIM32/ } NF == 0 { inside = 0 }
         inside && NF == 3 && $2 ~ /^[0-9]+$/ { print $3 }' | sort -u >"$sim/wanted"
"$4" -p "$2/ETWSIM32.dll" |
    sed -n 's/^[[:space:]]*\[ *[0-9]*\].* \([A-Za-z][A-Za-z0-9_]*\)$/\1/p' | sort -u >"$sim/given"
[ -s "$sim/wanted" ] && [ -s "$sim/given" ] || sim_fail "no functions found"
missing=$(comm -23 "$sim/wanted" "$sim/given")
[ -z "$missing" ] || sim_fail "ETWSIM32.dll lacks: $missing"

sim_plan ''
sim_run --version >/dev/null || sim_fail "the copy does not run"

if "$1" "$2/rename_import.exe" "Z:$sim/etwitness.exe" "Z:$sim/again.exe" 2>/dev/null; then
    sim_fail "a program without the import was accepted"
fi
[ ! -e "$sim/again.exe" ] || sim_fail "a refused copy was written"
echo "$(wc -l <"$sim/wanted") functions of advapi32, all there"
