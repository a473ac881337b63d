#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `etwitness merge` prints and answers: the demo, documents that were changed, replaced,
# removed or repeated, and wrong usage.
#
#   merge.sh ETWITNESS SOURCE_DIR WORK_DIR [EMULATOR]
set -eu

etwitness=$1 source=$2 work=$3 emulator=${4:-}
. "$source/tests/support/command.sh"

rm -rf "$work"
mkdir -p "$work"
cd "$work"
cp "$source/docs/scenarios/shop.json" "$source/docs/scenarios/shop.graph.json" .

# documents DIRECTORY: of all streams, in their order.
documents() {
    find "$1/evidence" -name 're1-*.json' | LC_ALL=C sort
}

run 0 synth shop.json --quiet --out shop.etl
run 4 replay shop.etl --window 10 --out evidence --quiet

run 0 merge --callgraph shop.graph.json evidence --out whole.json
has out.txt "claimed reachable, and seen: confirmed" "the summary"
has out.txt "ENTRYPOINT_MISSING" "conflicts by class"
has out.txt "runs (CVE-2024-21907)" "vulnerable functions"
run 0 check whole.json

# Where programs are entered is told of the nodes, and exported from the document alone.
has whole.json '"entryPoint":["http"],"id":"web/order.post"' "entry points"
has whole.json '"entryPoint":["main"],"id":"worker/main"' "entry points"
run 0 export --to stella-callgraph whole.json
has out.txt '{"kind":"http","nodeId":"web/order.post","order":2},{"kind":"main","nodeId":"worker/main","order":3}]' \
    "exported entry points"

# wrong KINDS PLACE: a document with these for an entry point is refused, and the place is told.
wrong() {
    sed "s/\"entryPoint\":\[\"main\"\]/\"entryPoint\":$1/" whole.json >wrong.json
    ! cmp -s whole.json wrong.json || failed=1
    run 3 check wrong.json
    has err.txt "$2" "check of $1"
    run 3 export --to stella-callgraph wrong.json
    has err.txt "$2" "reading of $1"
}
wrong '["root"]' '].entryPoint[0]'
wrong '["main","http"]' '].entryPoint[1]'
wrong '["http","main","main"]' '].entryPoint[2]'
wrong '["main",1]' '].entryPoint[1]'
wrong '"main"' '].entryPoint'
wrong '[]' '].entryPoint'

# The same documents twice, and one by one, are the same.
run 0 merge --callgraph shop.graph.json evidence $(documents evidence) evidence --out again.json --quiet
same whole.json again.json "documents given several times"

# What cannot be said to be unseen says why.
run 0 merge --callgraph shop.graph.json evidence --unobserved --out unobserved.json
has out.txt "which cannot be turned into a statement" "the reasons"
has out.txt "buffers were lost" "the reasons"

# A document that was changed is refused, told, and not counted.
cp -R evidence changed
victim=$(documents changed | head -n 1)
sed 's/"hits":1/"hits":2/' "$victim" >victim.json
cat victim.json >"$victim"
run 4 merge --callgraph shop.graph.json changed
has out.txt "1 file was refused" "a changed document"
has out.txt "it was changed after it was published" "a changed document"

# One that is missing in the middle of its stream.
cp -R evidence holed
rm "$(documents holed | sed -n 's/.*-000000000002-.*/&/p' | head -n 1)"
run 4 merge --callgraph shop.graph.json holed
has out.txt "1 window of these streams is missing" "a removed document"

# A merge that is larger than check reads, by few nodes with long ids: that is told, whoever
# cannot read it says so, and export can.
awk 'BEGIN {
    for (id = "n"; length(id) < 30000; ) id = id id
    id = substr(id, 1, 30000)
    print "from,to"
    for (i = 0; i < 2400; i++) print "m," id i
}' >long.csv
run 0 merge --callgraph long.csv evidence --out large.json --quiet
bytes=$(wc -c <large.json | tr -d ' ')
has err.txt "large.json: has 14" "the size of a large merge"
has err.txt "check reads at most 134,217,728, export at most 1,073,741,824;" "what cannot be done with a large merge"
run 1 check large.json
has err.txt "large.json: has $bytes bytes, at most 134217728 are read" "a document that is too large"
run 1 merge large.json
has err.txt "at most 134217728 are read" "a document that is too large"
run 0 export --to dot large.json --out large.dot
rm long.csv large.json large.dot

# reach SIZE FILE: makes it so long, without room for what is not written.
reach() {
    dd if=/dev/zero of="$2" bs=1 count=1 seek="$(($1 - 1))" conv=notrunc 2>dd.txt
}
printf '{"schema":"runtime-evidence/1"' >other.json
reach 134217729 other.json
run 1 export --to dot other.json
has err.txt "other.json: has 134217729 bytes, at most 134217728 of evidence are read" "evidence that is too large"
reach 1073741825 huge.json
run 1 export --to dot huge.json
has err.txt "huge.json: has 1073741825 bytes, at most 1073741824 are read" "a file that nobody reads"
rm other.json huge.json

# Wrong use, and inputs that are not there.
run 2 merge
has err.txt "merge needs evidence" "wrong use"
run 2 merge evidence --as-of yesterday
run 1 merge nothing-here
run 3 merge --callgraph shop.json evidence
exit $failed
