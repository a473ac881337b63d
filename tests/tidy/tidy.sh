#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The lint that is a test: who may include whom, banned calls, sizes, dead files.
#
# usage: tests/tidy/tidy.sh [TREE]      prints violations, exits 1 when there are any
set -eu
export LC_ALL=C

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "${1:-$here/../..}"

# Files that are ours: a build tree, what fuzzers keep and what git does not know of is not.
list_files() {
    find . \( -path ./build -o -path ./dist -o -path ./.git -o -path '*/corpus' \) -prune -o -type f \
        \( -name '*.[ch]' -o -name '*.cmake' -o -name CMakeLists.txt -o -name '*.sh' -o -name '*.awk' \
        -o -path ./dev -o -path './.ci/*' -o -path './.githooks/*' -o -path ./tests/bench/run \) -print |
        sed 's|^\./||' | sort
}

# Every .c file is built by somebody: named in a CMakeLists.txt, also as name_${EW_PLATFORM}.c,
# or by the benchmarks, or a fuzz target registered by its name.
dead_files() {
    list_files | grep '/CMakeLists.txt$\|^CMakeLists.txt$\|\.cmake$\|^tests/bench/run$' | xargs cat |
        awk '
            {
                line = $0
                gsub(/\$\{EW_PLATFORM\}/, "posix", line)
                text = text " " line
                gsub(/posix/, "win32", line)
                text = text " " line
            }
            END {
                gsub(/[^A-Za-z0-9_.-]+/, "\n", text)
                print text
            }' | sort -u >"$words"
    list_files | grep '\.c$' | while read -r path; do
        name=${path##*/}
        grep -qxF "$name" "$words" && continue
        case $name in
        fuzz_*.c)
            name=${name#fuzz_}
            grep -qE "^ew_fuzz\(${name%.c}[ )]" "${path%/*}/CMakeLists.txt" && continue
            ;;
        esac
        echo "$path:1: no CMakeLists.txt builds this file"
    done
}

words=$(mktemp)
report=$(mktemp)
trap 'rm -f "$words" "$report"' EXIT
list_files | xargs awk -v contracts="$here/contracts.txt" -f "$here/tidy.awk" >"$report" || true
dead_files >>"$report"
if [ -s "$report" ]; then
    sort -t: -k1,1 -k2,2n "$report"
    echo "tidy: $(wc -l <"$report") violations"
    exit 1
fi
echo "tidy: $(list_files | wc -l) files, no violations"
