# SPDX-License-Identifier: Apache-2.0
# For tests of the program's commands, which source this: run a command, and say what is wrong
# with what it printed. The test sets $etwitness and $emulator, and ends with `exit $failed`.
# shellcheck shell=sh disable=SC2034,SC2154
failed=0

# run STATUS ARGUMENTS...: out.txt and err.txt
run() {
    wanted=$1
    shift
    status=0
    $emulator "$etwitness" "$@" >out.txt 2>err.txt || status=$?
    if [ "$status" -ne "$wanted" ]; then
        echo "FAILED: etwitness $*: status $status, not $wanted"
        head -n 5 out.txt err.txt
        failed=1
    fi
}

# has FILE TEXT WHAT
has() {
    if ! grep -qF -- "$2" "$1"; then
        echo "MISSING: $3: there is no \"$2\""
        head -n 40 "$1"
        failed=1
    fi
}

# same FILE FILE WHAT
same() {
    if ! cmp -s "$1" "$2"; then
        echo "DIFFERS: $3"
        diff "$1" "$2" | head -n 10
        failed=1
    fi
}
