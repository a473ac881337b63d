#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `etwitness stats` prints and answers: a made recording against its known answers,
# the three forms, and the exit status of wrong usage, bad input and damage.
#
#   stats.sh ETWITNESS SOURCE_DIR WORK_DIR [EMULATOR]
set -eu

etwitness=$1 source=$2 work=$3 emulator=${4:-}
. "$source/tests/support/command.sh"

rm -rf "$work"
mkdir -p "$work"
cd "$work"
cp "$source/docs/scenarios/shop.json" "$source/docs/scenarios/minimal.json" .

# counts FILE: the lines of a tsv, from the JSON of stats or of the answers of synth.
counts() {
    tr '{' '\n' <"$1" | sed -n 's/^"count":\([0-9]*\),"id":"\([^"]*\)",\("name":"[^"]*",\)\{0,1\}"opcode":\([0-9]*\),"provider":"\([^"]*\)",\("providerName":"[^"]*",\)\{0,1\}"version":\([0-9]*\)}.*/\5	\2	\4	\7	\1/p'
}

run 0 synth shop.json --samples 500 --quiet --out plain.etl --answers answers.json
run 0 synth shop.json --samples 500 --quiet --compress --out packed.etl

run 4 stats plain.etl --format tsv
cp out.txt plain.tsv
head -n 1 plain.tsv >head.txt
printf 'provider\tid_or_hook\topcode\tversion\tcount\n' >head.expected
same head.txt head.expected "the names of the columns"
sed 1d plain.tsv >plain.rows
counts answers.json >answers.rows
same plain.rows answers.rows "the counts and the answers of the scenario"
test -s answers.rows || { echo "MISSING: the answers hold no events"; failed=1; }

run 4 stats packed.etl --format=tsv
same plain.tsv out.txt "the counts of the compressed recording"

run 4 stats plain.etl --format json
counts out.txt >json.rows
same plain.rows json.rows "the counts as JSON"
has out.txt '"compressed":false' "a fact of the file as JSON"
has out.txt '"name":"PerfInfo/Sample"' "the name of an event as JSON"
test "$(wc -l <out.txt)" -eq 1 || { echo "FAILED: JSON is one line"; failed=1; }

run 4 stats packed.etl
has out.txt "packed.etl" "the path"
has out.txt ", compressed" "a fact of the file"
has out.txt "PerfInfo/Sample" "the name of an event"
has out.txt "buffers lost by the recording session" "the loss that the scenario has"

# A whole recording: nothing to tell but what it holds.
run 0 synth minimal.json --quiet --out whole.etl
run 0 stats whole.etl
if grep -q "not in these counts" out.txt || [ -s err.txt ]; then
    echo "FAILED: losses that are none: $(cat err.txt)"
    failed=1
fi

# Damage is told, and what is whole is counted.
head -c 100000 plain.etl >cut.etl
run 4 stats cut.etl
has out.txt "files that end inside a buffer" "the damage"
has out.txt "first damage: cut.etl: buffer at offset" "where the damage is"
run 4 stats cut.etl --format tsv
has err.txt "damaged: cut.etl: buffer at offset" "the damage beside the counts"

run 3 stats shop.json
has err.txt "shop.json: is no ETW recording" "why a file is refused"
run 1 stats no-such-file.etl
run 2 stats
run 2 stats plain.etl --format xml
has err.txt '--format is tsv or json, not "xml"' "the mistake"
run 2 stats plain.etl plain.etl
has err.txt "given twice" "the mistake"
run 0 stats --help
has out.txt "example:" "the help"

exit $failed
