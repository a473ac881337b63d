#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures loading a static callgraph of 1 million nodes and 5 million edges, 395 MB of JSON, in
# several ways, each in a process of its own.
#
# usage: tests/bench/graph.sh [ROUNDS]     called by ./dev bench --graph, which builds what it needs
#
# Takes two minutes, 5 GB of memory (jansson's tree; skipped where that is not there) and 1 GB of
# disk under build/. Medians of ROUNDS (5), jansson of three at most. Every loader fills the same
# columns, all texts of nodes and both ends of edges by number, and has to find the same sums.
#
# Two times are told: wall time, which a user waits for, which is judged, and which counts only on
# a machine with nothing else to do; and CPU time of all threads. Ours has two threads, and hashes
# the input, which no other row does.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

readonly rounds=${1:-5} work=$PWD/build/bench-graph
readonly program=${EW_BUILD:-build/native}/tests/bench/bench_graph

median() { # of the numbers on stdin
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# measure NAME COMMAND...: adds a row of figures.
measure() {
    local name=$1
    shift
    "$@" >>"$work/$name.rows" 2>"$work/$name.log"
}

# settle NAME: medians of wall and CPU time, result and peak memory.
settle() {
    local column
    for column in 1 2 3 4; do
        awk -v column=$column '{ print $column }' "$work/$1.rows" | median
    done | paste -s -d ' ' >"$work/$1.row"
    cut -d' ' -f5-8 "$work/$1.rows" | sort -u >"$work/$1.sums"
}

# take NAME COMMAND...: as many rounds as were asked for.
take() {
    local i
    for ((i = 0; i < rounds; i++)); do
        measure "$@"
    done
    settle "$1"
}

# same NAME...: stops when a loader found another graph than the first.
same() {
    local name
    for name in "$@"; do
        if ! cmp -s "$work/$1.sums" "$work/$name.sums"; then
            echo "graph: $name found another graph than $1:" >&2
            cat "$work/$1.sums" "$work/$name.sums" >&2
            exit 1
        fi
    done
}

wall() { # NAME
    cut -d' ' -f1 "$work/$1.row"
}

cpu() { # NAME
    cut -d' ' -f2 "$work/$1.row"
}

row() { # NAME TITLE
    local wall taken result peak
    read -r wall taken result peak <"$work/$1.row"
    awk -v title="$2" -v wall="$wall" -v taken="$taken" -v peak="$peak" -v result="$result" \
        -v hand="$(wall hand)" -v bytes="$bytes" 'BEGIN {
            printf "  %-24s %8.0f ms wall %8.0f ms CPU %6.0f MB/s %6.2f x hand %7.1f MB peak\n", title,
                wall / 1e6, taken / 1e6, bytes * 1e3 / wall, wall / hand, peak / 1e6
        }'
}

ratio() { # TITLE ABOVE BELOW [GOAL]
    awk -v title="$1" -v above="$2" -v below="$3" -v goal="${4:-}" 'BEGIN {
        value = above / below
        verdict = goal == "" ? "" : sprintf("   goal >= %s x: %s", goal, (value >= goal + 0 ? "ok" : "MISSED"))
        printf "  %-52s %6.1f x%s\n", title, value, verdict
    }'
}

rm -rf "$work"
mkdir -p "$work/cache"
trap 'rm -rf "$work"' EXIT
"$program" make "$work/graph.json"
bytes=$(stat -c %s "$work/graph.json")
echo "a callgraph of 1,000,000 nodes and 5,000,000 edges, $((bytes / 1000000)) MB of JSON"
sleep 3 # a file of this moment is not cached
"$program" cache "$work/graph.json" "$work/cache" >/dev/null 2>&1
take read "$program" read "$work/graph.json"
take hand "$program" hand "$work/graph.json"
take ours "$program" ours "$work/graph.json"
take cache "$program" cache "$work/graph.json" "$work/cache"
same hand ours cache
row read "only read"
row hand "by hand, unchecked"
row ours "ours"
row cache "ours, from the cache"
if [ -x "${program}_sqlite" ]; then
    "${program}_sqlite" import "$work/graph.json" "$work/graph.db"
    take sqlite "${program}_sqlite" scan "$work/graph.db"
    same hand sqlite
    row sqlite "SQLite, every row"
    ratio "SQLite beside ours from the cache, CPU" "$(cpu sqlite)" "$(cpu cache)" 15
else
    echo "  SQLite                   skipped: libsqlite3 is not installed"
fi
if tests/bench/fetch-duckdb.sh build/deps/duckdb 2>"$work/log"; then
    export NODE_PATH=$PWD/build/deps/duckdb/node_modules
    "$program" tables "$work/graph.json" "$work"
    node tests/bench/bench_graph_duckdb.cjs import "$work/nodes.csv" "$work/edges.csv" "$work/duck.db"
    take duckdb node tests/bench/bench_graph_duckdb.cjs scan "$work/duck.db"
    same hand duckdb
    row duckdb "DuckDB, to JavaScript"
else
    echo "  DuckDB                   skipped: $(tail -n 1 "$work/log")"
fi
if awk '/MemAvailable/ { exit !($2 > 5500000) }' /proc/meminfo; then
    for ((i = 0; i < rounds && i < 3; i++)); do # by turns, since other work slows them down
        measure ours "$program" ours "$work/graph.json"
        measure jansson "$program" jansson "$work/graph.json"
    done
    settle ours
    settle jansson
    same hand jansson
    row jansson "jansson, its tree"
    awk '{ printf "  of which the tree alone  %8.0f ms wall %8.0f ms CPU\n", $1 / 1e6, $2 / 1e6 }' "$work/jansson.log"
    ratio "jansson beside ours, wall" "$(wall jansson)" "$(wall ours)" 20
    ratio "jansson beside ours, CPU of all threads" "$(cpu jansson)" "$(cpu ours)"
else
    echo "  jansson                  skipped: needs 5 GB of memory"
fi
awk -v ours="$(cut -d' ' -f4 "$work/ours.row")" -v result="$(cut -d' ' -f3 "$work/ours.row")" \
    -v base="$(cut -d' ' -f4 "$work/read.row")" 'BEGIN {
        over = (ours - result - base) / 1e6
        printf "  %-52s %6.1f MB  goal <= 4 MB: %s\n", "peak beyond the result and an idle process", over,
            (over <= 4 ? "ok" : "MISSED")
    }'
