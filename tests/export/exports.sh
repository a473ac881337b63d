#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exports against the schemas of their formats: the golden files of the unit tests, what the
# program makes of a recording, and broken documents, which the schemas have to refuse.
#
# usage: exports.sh PROGRAM TREE SCHEMAS TRACES [EMULATOR]
#
# Ends with 77 when the validator or a schema is missing.
set -eu
export LC_ALL=C

program=$1
tree=$2
schemas=$3
traces=$4
shift 4
work=exports.tmp
golden=$tree/tests/unit/export/golden

fail() {
    echo "exports: $*" >&2
    exit 1
}

# Any python3 that has the validator: the first in the path may be another than Debian's.
find_python() {
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import jsonschema' 2>/dev/null; then
            return 0
        fi
    done
    echo "python3-jsonschema is not installed: exports are not validated"
    exit 77
}

validate() {
    "$python" -W ignore "$tree/tests/export/validate.py" "$schemas" "$@"
}

# validate_all PREFIX: PREFIX.FORMAT for each format that has a schema.
validate_all() {
    validate cyclonedx-1.6="$1.cyclonedx-1.6" cyclonedx-1.7="$1.cyclonedx" sarif="$1.sarif" \
        speedscope="$1.speedscope" stella-facts="$1.stella-facts" \
        stella-callgraph="$1.stella-callgraph"
}

# refused KIND FILE SED: the file with that change is not valid.
refused() {
    sed "$3" "$2" >"$work/broken"
    ! cmp -s "$2" "$work/broken" || fail "$2 has nothing that $3 changes"
    if validate "$1=$work/broken" >"$work/log"; then
        fail "the schema of $1 takes a document with $3"
    fi
}

find_python
rm -rf "$work"
mkdir "$work"

# A missing schema ends the script here, with 77.
validate_all "$golden/sample"
validate_all "$golden/hostile"

refused cyclonedx-1.6 "$golden/sample.cyclonedx-1.6" 's/"technique":"dynamic-analysis"/"technique":"looking"/'
refused cyclonedx-1.7 "$golden/sample.cyclonedx" 's/"location":/"place":/'
refused sarif "$golden/sample.sarif" 's/"kind":"review"/"kind":"odd"/'
refused speedscope "$golden/sample.speedscope" 's/"type":"sampled"/"type":"sampling"/'
refused stella-facts "$golden/sample.stella-facts" 's/"hitCount":7/"hitCount":0/'
refused stella-callgraph "$golden/sample.stella-callgraph" 's/"weight":0.95/"weight":1.95/'

# What only the text of a specification says.
refused sarif "$golden/sample.sarif" 's/"parentIndex":0,//'
refused sarif "$golden/sample.sarif" 's/"kind":"review","level":"none"/"kind":"review","level":"note"/'
refused sarif "$golden/sample.sarif" 's/{"index":2}/{"index":7}/'
refused sarif "$golden/sample.sarif" 's/{"index":2}/{"index":2,"kind":"type"}/'
refused sarif "$golden/sample.sarif" 's/"artifactLocation":{[^}]*}/"artifactLocation":{}/'
refused sarif "$golden/sample.sarif" 's/"frames":\[{/"frames":[{"module":"x","location":{}},{/'
refused sarif "$golden/sample.sarif" 's/"targetNodeId":"1"/"targetNodeId":"11"/'
refused sarif "$golden/sample.sarif" 's/"ruleIndex":13/"ruleIndex":12/'
refused cyclonedx-1.7 "$golden/sample.cyclonedx" 's/"bom-ref":"[^"]*"/"bom-ref":"one"/g'
refused cyclonedx-1.7 "$golden/sample.cyclonedx" 's/"state":"in_triage"/"state":"exploitable"/'
refused speedscope "$golden/sample.speedscope" 's/"endValue":/"endValue":1/'
refused stella-callgraph "$golden/sample.stella-callgraph" 's/"etwitness.state":"RO"/"etwitness.state":"CR"/'
refused stella-callgraph "$golden/sample.stella-callgraph" 's/"targetId":"sym:binary:parse"/"targetId":"sym:gone"/'

"$@" "$program" synth "$tree/docs/scenarios/shop.json" --out "$work/shop.etl" --quiet
# Status 4: done, but the recording says that something was lost.
"$@" "$program" replay "$work/shop.etl" --out "$work/evidence" --quiet || [ $? = 4 ]
for format in folded speedscope cyclonedx cyclonedx-1.6 sarif stella-facts stella-callgraph dot; do
    "$@" "$program" export --to "$format" "$work/evidence" --out "$work/shop.$format" --quiet
    "$@" "$program" export --to "$format" "$work/evidence" --quiet >"$work/again"
    cmp "$work/shop.$format" "$work/again" || fail "$format: standard output is not the file"
    [ -s "$work/again" ] || fail "$format: is empty"
done
validate_all "$work/shop"

# With what a static graph claims: packages, a target, conflicts.
"$@" "$program" merge --callgraph "$tree/docs/scenarios/shop.graph.json" "$work/evidence" \
    --out "$work/merge.json" --quiet || [ $? = 4 ]
for format in speedscope cyclonedx cyclonedx-1.6 sarif stella-facts stella-callgraph dot; do
    "$@" "$program" export --to "$format" "$work/merge.json" "$work/evidence" --out "$work/both.$format" --quiet
done
validate_all "$work/both"
for text in pkg:nuget/Newtonsoft.Json CVE-2024-21907 in_triage; do
    grep -q "$text" "$work/both.cyclonedx" || fail "CycloneDX tells nothing of $text"
done
grep -q TARGET_OBSERVED "$work/both.sarif" || fail "SARIF tells no observed target"

# With the graph itself, in one step.
for format in cyclonedx cyclonedx-1.6 sarif speedscope stella-facts stella-callgraph dot; do
    "$@" "$program" export --to "$format" --callgraph "$tree/docs/scenarios/shop.graph.json" "$work/evidence" \
        --out "$work/graph.$format" --quiet
done
validate_all "$work/graph"
for format in cyclonedx cyclonedx-1.6 sarif speedscope stella-facts stella-callgraph dot; do
    cmp "$work/graph.$format" "$work/both.$format" || fail "$format: a graph is not what its merge is"
done
grep -q '"kind":"http","nodeId":"web/order.post","order":2}' "$work/graph.stella-callgraph" ||
    fail "stella-callgraph tells no entry points"
# Without the evidence, a merge tells the same of entry points.
"$@" "$program" export --to stella-callgraph "$work/merge.json" --out "$work/alone.stella-callgraph" --quiet
validate stella-callgraph="$work/alone.stella-callgraph"
for name in graph alone; do
    sed 's/.*"entrypoints":\(\[[^]]*\]\).*/\1/' "$work/$name.stella-callgraph" >"$work/$name.entries"
done
cmp "$work/graph.entries" "$work/alone.entries" || fail "stella-callgraph: a merge has other entry points"
# Read again, it claims what the graph claims: the same functions are confirmed.
"$@" "$program" merge --callgraph "$work/graph.stella-callgraph" "$work/evidence" --out "$work/again.json" \
    --quiet || [ $? = 4 ]
"$@" "$program" check --quiet "$work/again.json" || fail "what was exported cannot be merged"

# A real recording with a graph made for it by hand. Not its SARIF: the validator takes a minute
# for 3 MB of it.
if [ -e "$traces/pv-net.4.5.2.x64.etl" ]; then
    "$@" "$program" replay "$traces/pv-net.4.5.2.x64.etl" --out "$work/recorded" --quiet || [ $? = 4 ]
    for format in cyclonedx speedscope stella-facts stella-callgraph; do
        "$@" "$program" export --to "$format" --callgraph "$tree/tests/replay/pv-net.graph.json" \
            "$work/recorded" --out "$work/real.$format" --quiet
    done
    validate cyclonedx-1.7="$work/real.cyclonedx" speedscope="$work/real.speedscope" \
        stella-facts="$work/real.stella-facts" stella-callgraph="$work/real.stella-callgraph"
else
    echo "no recordings in $traces: exports of a real one are not validated"
fi

"$@" "$program" export --to stella-facts --ledger "$work/ledger" --out "$work/first" "$work/evidence" --quiet
"$@" "$program" export --to stella-facts --ledger "$work/ledger" --out "$work/second" "$work/evidence" --quiet
cmp "$work/first" "$work/shop.stella-facts" || fail "the ledger changes what is told first"
[ ! -e "$work/second" ] || fail "the ledger let windows be told twice"
# ends STATUS ARGUMENTS...: the program ends with that status and says why.
ends() {
    wanted=$1
    shift
    status=0
    $emulator "$program" "$@" >"$work/log" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || fail "$* ends with $status, not $wanted: $(cat "$work/log")"
    [ -s "$work/log" ] || fail "$* says nothing"
}

emulator=$*
echo '{"schema":7}' >"$work/odd.json"
echo '[1' >"$work/broken.json"
ends 2 export "$work/evidence"
ends 2 export --to pprof "$work/evidence"
ends 2 export --to folded
ends 2 export --to stella-facts --ledger "$work/ledger" "$work/evidence"
ends 2 export --to dot --ledger "$work/ledger" --out "$work/x" "$work/evidence"
ends 2 export --to folded "$work/merge.json"
ends 2 export --to sarif "$work/merge.json" "$work/merge.json"
ends 2 export --to sarif --callgraph "$tree/docs/scenarios/shop.graph.json" "$work/merge.json"
ends 1 export --to sarif --callgraph "$work/nothing.json" "$work/evidence"
ends 3 export --to dot "$work/odd.json"
ends 3 export --to dot "$work/broken.json"
ends 1 export --to dot "$work/nothing.json"
ends 1 export --to stella-facts --ledger "$work/other" --out "$work/first" "$work/evidence"
echo "exports: valid"
