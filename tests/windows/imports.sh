#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares the DLLs that a program imports with the list that is pinned: a new one is a
# decision, never an accident of linking.
#
# usage: imports.sh OBJDUMP PROGRAM LIST
set -eu
export LC_ALL=C

found=$(mktemp)
trap 'rm -f "$found"' EXIT
"$1" -p "$2" | sed -n 's/^[[:space:]]*DLL Name: //p' | tr '[:upper:]' '[:lower:]' | sort -u >"$found"
[ -s "$found" ] || {
    echo "$2: no imports found; is this a Windows program?"
    exit 1
}
diff -u "$3" "$found" && echo "$(wc -l <"$found") DLLs, as listed"
