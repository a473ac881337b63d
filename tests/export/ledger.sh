#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `etwitness export --ledger`: nothing is told twice, by a program that is cut off between its
# steps, or killed at any time.
#
#   ledger.sh ETWITNESS SOURCE_DIR WORK_DIR [EMULATOR]
set -eu
export LC_ALL=C

etwitness=$1 source=$2 work=$3 emulator=${4:-}
. "$source/tests/support/command.sh"

rm -rf "$work"
mkdir -p "$work"
cd "$work"
cp "$source/docs/scenarios/shop.json" .
run 0 synth shop.json --quiet --out shop.etl
run 4 replay shop.etl --window 10 --out evidence --quiet
run 0 export --to stella-facts evidence --out all --quiet
sort all >all.sorted

# --- twice ------------------------------------------------------------------------------------

run 0 export --to stella-facts --ledger once evidence --out first
run 0 export --to stella-facts --ledger once evidence --out second
has err.txt "windows were told before" "what was told"
[ ! -e second ] || { echo "WRONG: told twice"; failed=1; }
same first all "what the ledger tells first"

# --- cut off between the record and the last name ---------------------------------------------------

part=$(sed 's/.*"part":"\([^"]*\)".*/\1/' once/facts-000000000001.json)
mv first "$part"
run 0 export --to stella-facts --ledger once evidence --out second
has err.txt "the last batch was cut off; its file is complete now" "a batch that was finished"
same first all "what was finished"
[ ! -e second ] || { echo "WRONG: told twice after a cut"; failed=1; }

# --- cut off before the record -----------------------------------------------------------------------

mkdir before
head -c 100 all >third.0123456789abcdef.part
head -c 20 once/facts-000000000001.json >before/facts-000000000001.json.0123456789abcdef.part
run 0 export --to stella-facts --ledger before evidence --out third
same third all "what nobody was told"

# --- a record that is gone, or changed ----------------------------------------------------------------

mkdir gone
cp once/facts-000000000001.json gone/facts-000000000002.json
run 3 export --to stella-facts --ledger gone evidence --out fourth
has err.txt "record 1 is missing" "a record that is gone"
mkdir broken
head -c 50 once/facts-000000000001.json >broken/facts-000000000001.json
run 3 export --to stella-facts --ledger broken evidence --out fourth
[ ! -e fourth ] || { echo "WRONG: told without a ledger that can be read"; failed=1; }

# --- killed at any time ---------------------------------------------------------------------------------

# One more document each time, so that there is something to tell; the last one ends in peace. An
# emulator's process is not the program's.
if [ -z "$emulator" ]; then
    mkdir some
    number=0
    for document in evidence/evidence/*.json; do
        cp "$document" some
        number=$((number + 1))
        for pause in 0.001 0.003 0.006; do
            "$etwitness" export --to stella-facts --ledger killed some --out "batch.$number.$pause" --quiet \
                2>/dev/null &
            sleep "$pause"
            kill -9 "$!" 2>/dev/null || true
            wait "$!" 2>/dev/null || true
        done
    done
    run 0 export --to stella-facts --ledger killed evidence --out batch.last --quiet
    find . -name 'batch.*' ! -name '*.part' -exec cat {} + | sort >killed.sorted
    same killed.sorted all.sorted "what was told in spite of kills"
fi

exit "$failed"
