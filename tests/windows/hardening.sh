#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the loader is told of the Windows program: that its memory can be anywhere in 64 bits
# (with the relocations that takes), that data is not run, and what it is (version, messages).
#
# usage: hardening.sh OBJDUMP PROGRAM
set -eu
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
problems=0

complain() {
    echo "$2: $1"
    problems=$((problems + 1))
}

"$1" -p "$2" >"$work/headers"
"$1" -h "$2" >"$work/sections"

for flag in HIGH_ENTROPY_VA DYNAMIC_BASE NX_COMPAT; do
    grep -qw "$flag" "$work/headers" || complain "the flag $flag is not set" "$2"
done
! grep -qi 'relocations stripped' "$work/headers" || complain "relocations are stripped" "$2"
# Without relocations DYNAMIC_BASE is a promise that cannot be kept.
grep -q 'Base Relocation Directory' "$work/headers" &&
    ! grep -q ' 00000000 Base Relocation Directory' "$work/headers" ||
    complain "there are no relocations" "$2"
# Below 4 GiB the loader uses few of the bits that 64 give it.
grep -q '^ImageBase[[:space:]]*0*[1-9a-f][0-9a-f]\{8,\}' "$work/headers" ||
    complain "its preferred base is below 4 GiB" "$2"
# Resource types 11 and 16.
grep -q 'Entry: ID: 0x00000b' "$work/headers" || complain "it has no event-log messages" "$2"
grep -q 'Entry: ID: 0x000010' "$work/headers" || complain "it has no version" "$2"
# Each section is one line of numbers, and one of flags.
awk '/^ +[0-9]+ /{ name = $2; next } /CODE/ && !/READONLY/ { print name }' "$work/sections" \
    >"$work/open"
[ ! -s "$work/open" ] || complain "code that can be written: $(paste -sd' ' "$work/open")" "$2"

[ "$problems" = 0 ] || exit 1
echo "flags, relocations, resources and sections are as they should be"
