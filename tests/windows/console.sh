#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a pipe gets from the Windows program: bytes without carriage returns, and arguments
# in UTF-8 whatever the code page.
#
# usage: console.sh WINE PROGRAM VERSION
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$1" "$2" --version >"$work/version"
printf 'etwitness %s\n' "$3" | cmp - "$work/version" || {
    echo "--version does not print its line and nothing else"
    exit 1
}

status=0
"$1" "$2" 'prüfung €' >"$work/out" 2>"$work/said" || status=$?
[ "$status" = 2 ] || {
    echo "an unknown command ended with $status, not 2"
    exit 1
}
[ ! -s "$work/out" ] || {
    echo "talk went to standard output"
    exit 1
}
grep -q 'no command "prüfung €"' "$work/said" || {
    echo "an argument did not come through:"
    cat "$work/said"
    exit 1
}
echo "output and arguments are as they should be"
