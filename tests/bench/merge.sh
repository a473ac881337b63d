#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures merging 1 million distinct runtime calls with 10 million static edges, beside SQLite and
# DuckDB on the same data, each in a process of its own and without what it takes to import.
#
# usage: tests/bench/merge.sh [ROUNDS] [NODES]   called by ./dev bench --merge, which builds what it needs
#
# Two questions. "The join": which of the distinct calls are edges, both by number. "The merge": from
# names to the whole result; databases answer what they can be asked (docs/PERFORMANCE.md).
#
# Takes five minutes, 4 GB of memory and 5 GB of disk under build/. Medians of ROUNDS (5) for the
# join, of 3 for the merge; all ways take turns, and must count the same.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

readonly rounds=${1:-5} nodes=${2:-1000000} work=$PWD/build/bench-merge
readonly program=${EW_BUILD:-build/native}/tests/bench/bench_merge
ways=(ours)

median() { # of the numbers on stdin
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

ours() { "$program" "$1" "$work" "$nodes"; }
sqlite() { "${program}_sqlite" "$1" "$work"; }
duckdb() { node tests/bench/bench_merge_duckdb.cjs "$1" "$work" "$2"; }
duckdb1() { duckdb "$1" 1; }
duckdb2() { duckdb "$1" 2; }

# take QUESTION ROUNDS: rows of all ways, by turns.
take() {
    local i way
    for ((i = 0; i < $2; i++)); do
        for way in "${ways[@]}"; do
            "$way" "$1" 2>>"$work/log" | tee -a "$work/$way.out" | grep "^$1 " >>"$work/$way.$1"
        done
    done
}

figure() { # WAY QUESTION COLUMN
    awk -v column="$3" '{ print $column }' "$work/$1.$2" | median
}

# All ways counted the same in all rounds.
check() { # QUESTION
    local way
    for way in "${ways[@]}"; do
        cut -d' ' -f6- "$work/$way.$1"
    done | sort -u >"$work/counts"
    if [ "$(wc -l <"$work/counts")" -ne 1 ]; then
        echo "the ways do not count the same:" >&2
        grep -H "" "$work"/*."$1" >&2
        exit 1
    fi
}

title() {
    case $1 in
    ours) echo "ours" ;;
    sqlite) echo "SQLite" ;;
    duckdb1) echo "DuckDB, 1 thread" ;;
    duckdb2) echo "DuckDB, 2 threads" ;;
    esac
}

row() { # WAY QUESTION
    awk -v title="$(title "$1")" -v wall="$(figure "$1" "$2" 2)" -v taken="$(figure "$1" "$2" 3)" \
        -v before="$(figure "$1" "$2" 4)" -v peak="$(figure "$1" "$2" 5)" 'BEGIN {
            printf "  %-20s %8.0f ms CPU %8.0f ms wall %8.1f MB before %8.1f MB more\n", title,
                taken / 1e6, wall / 1e6, before / 1e6, (peak - before) / 1e6
        }'
}

ratio() { # WAY QUESTION [GOAL]
    awk -v title="$(title "$1") beside ours, $2" -v cpu="$(figure "$1" "$2" 3)" -v own_cpu="$(figure ours "$2" 3)" \
        -v wall="$(figure "$1" "$2" 2)" -v own_wall="$(figure ours "$2" 2)" -v goal="${3:-}" 'BEGIN {
            value = wall / own_wall
            printf "  %-44s %6.1f x wall %6.1f x CPU", title, value, cpu / own_cpu
            if (goal != "") printf "   goal >= %s x wall: %s", goal, (value >= goal ? "ok" : "MISSED")
            printf "\n"
        }'
}

imported() { # WAY: how long, from its one line
    awk -v title="$(title "$1")" '/^import / { printf "  %-20s %8.0f ms wall to import\n", title, $2 / 1e6 }' "$work/$1.out"
}

prepare() {
    mkdir -p "$work"
    "$program"_make "$work" "$nodes"
    sleep 3 # a file of this moment is not cached
    "$program" load "$work"
    if [ -x "${program}_sqlite" ]; then
        ways+=(sqlite)
        sqlite import >"$work/sqlite.out"
        imported sqlite
    else
        echo "  SQLite               skipped: libsqlite3 is not installed"
    fi
    if tests/bench/fetch-duckdb.sh build/deps/duckdb 2>"$work/log"; then
        ways+=(duckdb2 duckdb1)
        export NODE_PATH=$PWD/build/deps/duckdb/node_modules
        duckdb2 import >"$work/duckdb2.out"
        imported duckdb2
    else
        echo "  DuckDB               skipped: $(tail -n 1 "$work/log")"
    fi
}

answer() { # QUESTION ROUNDS SQLITE_GOAL DUCKDB_GOAL
    local way
    take "$1" "$2"
    check "$1"
    for way in "${ways[@]}"; do
        row "$way" "$1"
    done
    for way in "${ways[@]:1}"; do
        case $way in
        sqlite) ratio "$way" "$1" "$3" ;;
        duckdb2) ratio "$way" "$1" "$4" ;;
        *) ratio "$way" "$1" ;;
        esac
    done
}

trap 'rm -rf "$work"' EXIT
rm -rf "$work"
echo "merging $nodes distinct runtime calls with $((nodes * 10)) static edges"
prepare
echo "the join: calls as numbers against the edges"
answer join "$rounds" 18 8
echo "the merge: documents and graph into the whole result"
answer merge 3 "" ""
awk '/^load / { load = $2 } /^write / { write = $3; bytes = $6; count++ } END {
    printf "  %-20s %8.0f ms wall to read 8 documents and the cache of the graph\n", "ours", load / 1e6
}' "$work/ours.out"
for column in 3 6; do
    awk -v column=$column '/^write / { print $column }' "$work/ours.out" | median
done | paste -s -d ' ' | awk '{
    printf "  writing the result   %8.0f ms CPU, %.0f MB, %.2f GB/s\n", $1 / 1e6, $2 / 1e6, $2 / $1
}'
awk '/^edges / { ours = $2; jansson = $3; count = $4 } END {
    value = jansson / ours
    printf "  %-44s %6.1f x CPU   goal >= 10 x: %s\n", "jansson by record beside ours, edges",
        value, (value >= 10 ? "ok" : "MISSED")
}' "$work/ours.out"
