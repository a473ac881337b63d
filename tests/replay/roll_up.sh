#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a directory says before it was rolled up, afterwards, and when what lies in roll-ups
# is removed; and what the command tells of a directory that is not whole.
#
#   roll_up.sh ETWITNESS SOURCE_DIR WORK_DIR [EMULATOR]
set -eu

etwitness=$1 source=$2 work=$3 emulator=${4:-}
failed=0

fail() {
    echo "FAILED: $*"
    failed=1
}

# tool EXPECTED_STATUS ARGUMENTS...: what it prints is in out.txt and talk.txt
tool() {
    expected=$1
    status=0
    shift
    $emulator "$etwitness" "$@" >out.txt 2>talk.txt || status=$?
    if [ "$status" -ne "$expected" ]; then
        fail "($status, not $expected) $*"
        cat out.txt talk.txt
    fi
}

tells() { # FILE TEXT
    grep -qF -- "$2" "$1" || fail "$1 does not tell \"$2\": $(cat "$1")"
}

# A merge without what tells in how many documents something was: the rest is the same.
said_by() { # DIRECTORY NAME
    tool 0 merge --callgraph shop.graph.json "$1" --quiet --out "$2.json"
    sed -E 's/"(firstSeq|lastSeq|windows|documentsDigest)":("[^"]*"|[0-9]+),?//g' "$2.json" >"$2.said"
}

documents() { # DIRECTORY KIND
    find "$1/evidence" -name "re1-*-$2-*.json" | wc -l
}

holds() { # DIRECTORY ROLL_UPS WINDOWS
    [ "$(documents "$1" r)" -eq "$2" ] || fail "$1 has $(documents "$1" r) roll-ups, not $2"
    [ "$(documents "$1" w)" -eq "$3" ] || fail "$1 has $(documents "$1" w) windows, not $3"
}

rm -rf "$work" && mkdir -p "$work" && cd "$work"
cp "$source/docs/scenarios/shop.json" "$source/docs/scenarios/shop.graph.json" .
tool 0 synth shop.json --out shop.etl
tool 4 replay shop.etl --window 10 --out plain --quiet
said_by plain plain

cp -r plain both
tool 0 rollup both --windows 2
tells out.txt "3 streams, 11 documents"
tells out.txt "rolled up"
holds both 6 11
said_by both both
cmp plain.said both.said || fail "with roll-ups another thing is said"

cp -r plain bare
tool 0 rollup bare --windows 2 --remove --quiet
[ ! -s out.txt ] || fail "--quiet prints: $(cat out.txt)"
holds bare 6 3 # the last window of each stream stays
said_by bare bare
cmp plain.said bare.said || fail "without the windows another thing is said"
cmp both.json bare.json || fail "what lies in roll-ups counts beside them"
tool 0 check bare/evidence/*.json
tool 0 rollup bare --windows 2 --remove
tells out.txt "in a roll-up already"
cmp "$(find both/evidence -name '*-r-*' | sort | head -n 1)" \
    "$(find bare/evidence -name '*-r-*' | sort | head -n 1)" || fail "two runs give two roll-ups"

# The same recording once more into the directory: what is there does not contradict it.
tool 4 replay shop.etl --window 10 --out both --quiet

# A changed document: its range is left, and so is what lies there.
cp -r plain broken
second=$(find broken/evidence -name '*-000000000002-000-w-*' | sort | head -n 1)
chmod u+w "$second"
printf ' ' >>"$second"
tool 4 rollup broken --windows 2 --remove
tells talk.txt "$(basename "$second")"
tells talk.txt "not rolled up"
[ -e "$second" ] || fail "a document that is not valid was removed"

# The end of a stream is missing: heads tell it.
cp -r plain short
rm "$(find short/evidence -name '*-000000000004-000-w-*' | sort | head -n 1)"
tool 4 merge short
tells out.txt "window 4, its last, is missing"
tool 4 merge short --quiet
[ ! -s out.txt ] || fail "--quiet prints: $(cat out.txt)"

# A collector that does not speak any more.
sed 's/"state":"stopped"/"state":"running"/' "$(find plain/heads -name '*.json' | sort | head -n 1)" >head.json
cp head.json "$(find plain/heads -name '*.json' | sort | head -n 1)"
tool 0 merge plain
tells out.txt "running  2026-03-02T08:30:30Z"
tool 0 merge plain --as-of 2026-03-02T08:32:00Z
tells out.txt "running  2026-03-02T08:30:30Z"
tool 0 merge plain --as-of 2026-03-02T09:00:00Z
tells out.txt "silent  2026-03-02T08:30:30Z"

tool 2 rollup plain --windows 3
tells talk.txt "power of two"
tool 2 rollup
tool 2 rollup plain bare
tool 1 rollup nowhere
tells talk.txt "nowhere"
exit $failed
