#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the .def file of ETWSIM32.dll: what the stand-in has itself, and forwarders for every
# other function that a program can import from advapi32, which is what the linker's import
# library names.
#
# usage: make-exports.sh NM LIBADVAPI32 OUT OWN_OBJECTS...
set -eu
export LC_ALL=C

nm=$1
library=$2
out=$3
shift 3

own=$(mktemp)
all=$(mktemp)
trap 'rm -f "$own" "$all"' EXIT
"$nm" "$@" | sed -n 's/^[0-9a-f]* T sim_\([A-Z][A-Za-z0-9]*\)$/\1/p' | sort -u >"$own"
"$nm" "$library" | sed -n 's/^[0-9a-f]* T \([A-Z][A-Za-z0-9]*\)$/\1/p' | sort -u >"$all"
[ -s "$own" ] && [ -s "$all" ] || {
    echo "$0: no functions found"
    exit 1
}
{
    echo 'LIBRARY ETWSIM32.dll'
    echo 'EXPORTS'
    echo '  etwsim_begin'
    echo '  etwsim_end'
    echo '  etwsim_violations'
    sed 's/.*/  & = sim_&/' "$own"
    comm -13 "$own" "$all" | sed 's/.*/  & = ADVAPI32.&/'
} >"$out"
