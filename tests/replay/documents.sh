#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same input gives the same documents: on every machine, whatever the order of the
# files, and from a recording that was written again by our own writer.
#
#   documents.sh ETWITNESS REWRITE SOURCE_DIR WORK_DIR TRACES_DIR [EMULATOR]
#
# The names of documents carry the hash of their bytes, so a listing compares them all.
# EW_UPDATE_GOLDEN=1 writes the listings instead of comparing.
set -eu

etwitness=$1 rewrite=$2 source=$3 work=$4 traces=$5 emulator=${6:-}
golden="$source/tests/replay/golden"
failed=0

tool() {
    # An incomplete recording (4) is as good here as a whole one.
    status=0
    $emulator "$@" >>log.txt 2>&1 || status=$?
    if [ "$status" -ne 0 ] && [ "$status" -ne 4 ]; then
        echo "FAILED ($status): $*"
        tail -n 5 log.txt
        exit 1
    fi
}

# replay NAME ARGUMENTS...: the documents' names in NAME.list
replay() {
    name=$1
    shift
    tool "$etwitness" replay "$@" --quiet --out "$name"
    ls "$name/evidence" | LC_ALL=C sort >"$name.list"
}

same() {
    if ! cmp -s "$1" "$2"; then
        echo "DIFFERS: $3"
        diff "$1" "$2" | head -n 10
        failed=1
    else
        echo "same: $3"
    fi
}

against_golden() {
    if [ "${EW_UPDATE_GOLDEN:-}" = 1 ]; then
        mkdir -p "$golden" && cp "$1.list" "$golden/$1.list"
    fi
    same "$golden/$1.list" "$1.list" "$1: documents as on every other machine"
}

rm -rf "$work" && mkdir -p "$work" && cd "$work"
cp "$source/docs/scenarios/shop.json" "$source/docs/scenarios/minimal.json" .

for scenario in minimal shop; do
    tool "$etwitness" synth "$scenario.json" --out "$scenario.etl"
    tool "$etwitness" synth "$scenario.json" --out "$scenario-packed.etl" --compress
    tool "$rewrite" "$scenario.etl" "$scenario-again.etl" compressed
    replay "$scenario" "$scenario.etl" --window 10
    replay "$scenario-packed" "$scenario-packed.etl" --window 10
    replay "$scenario-again" "$scenario-again.etl" --window 10
    against_golden "$scenario"
    same "$scenario.list" "$scenario-packed.list" "$scenario: compressed buffers"
    same "$scenario.list" "$scenario-again.list" "$scenario: written again, compressed"
    tool "$etwitness" check "$scenario"/evidence/*.json
done

# One window and its documents must hold whatever the settings are.
replay whole shop.etl --window 0
against_golden whole

if [ ! -d "$traces" ]; then
    echo "skipped: the real recordings are not in $traces"
    exit $failed
fi
cp "$traces/pv-net.4.5.2.x64.etl" net.etl
cp "$traces/pv-gcevents.etl" "$traces/pv-gcrundownevents.etl" .
chmod u+w ./*.etl
tool "$rewrite" net.etl net-plain.etl plain
tool "$rewrite" net.etl net-packed.etl compressed
replay net net.etl --window 10
replay net-plain net-plain.etl --window 10
replay net-packed net-packed.etl --window 10
against_golden net
same net.list net-plain.list "net: written again, plain"
same net.list net-packed.list "net: written again, compressed"
tool "$etwitness" check net/evidence/*.json
replay pair pv-gcevents.etl pv-gcrundownevents.etl --window 0
replay pair-turned pv-gcrundownevents.etl pv-gcevents.etl --window 0
same pair.list pair-turned.list "two files in either order"
exit $failed
