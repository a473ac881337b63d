#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped program is killed at a hundred random moments while it publishes documents. A
# reader that looks all the time (watch_evidence.c) meets whole documents and heads only; the
# next start stops the sessions that were left behind, goes on with the next number of each
# stream, and its first document declares the gap.
#
# usage: kill_resume.sh WINE PROGRAM STANDIN RENAME_IMPORT WATCH_EVIDENCE SCENARIO
#
# EW_KILLS is how often (100), EW_KILL_SEED what the moments are made from.
set -eu
. "$(dirname -- "$0")/record_machine.sh"

watch=$5
kills=${EW_KILLS:-100}
seed=${EW_KILL_SEED:-20261121}

# Sixty windows, again and again, with one document or more each. Stacks come whole, as
# sessions of ours ask for them: without keys.
sed 's/"keys": *true/"keys": false/; s/"durationMs": *[0-9]*/"durationMs": 600000/' "$6" >"$work/kill.json"
"$wine" "$work/$name" synth "$(windows_path "$work/kill.json")" --samples 3000 --quiet --out \
    "$(windows_path "$work/kill.etl")" >/dev/null 2>&1

machine "trace=$work/kill.etl" rate=2500/s repeat=loop times=now settle=50
options='--window 10 --set symbols.enabled=false'

# Where each stream stands: "STREAM NUMBER".
streams() {
    ls "$work/evidence/evidence" 2>/dev/null |
        awk -F- '$3 + 0 > last[$2] { last[$2] = $3 + 0 } END { for (s in last) print s, last[s] }'
}

# None as long as nobody came so far as to start one.
sessions() {
    [ -e "$work/ETWSIM.state/sessions.txt" ] || {
        echo 0
        return
    }
    grep -ci '^etwitness' "$work/ETWSIM.state/sessions.txt" || true
}

# Seconds of each life. Without the second session events wait for its queue for a second and
# a half, then documents come by the dozen: most lives end before that, as they begin to collect,
# the others while documents are written.
moments() {
    awk -v seed="$seed" -v kills="$kills" 'BEGIN {
        srand(seed)
        for (i = 0; i < kills; i++) {
            if (rand() < 0.55) {
                printf "%.3f %s\n", 0.05 + rand() * 1.2, rand() < 0.7 ? "" : "--no-clr"
            } else {
                printf "%.3f --no-clr\n", 1.65 + rand() * 0.7
            }
        }
    }'
}

echo "$kills kills, EW_KILL_SEED=$seed"
"$wine" "$watch" "$evidence" "$(windows_path "$work/stop")" >"$work/watched" 2>&1 &
watcher=$!
# It reads until it is told to stop, whatever becomes of this test.
stop_watching() {
    kill -KILL "$watcher" 2>/dev/null || :
    cleanup
}
trap stop_watching EXIT
: >"$work/stood"
moments >"$work/moments"
while read -r moment clr; do
    # shellcheck disable=SC2086 # several words, or none
    start_record $options $clr
    sleep "$moment"
    kill -KILL "$process" 2>/dev/null || fail "it ended by itself after $moment s"
    wait "$process" 2>/dev/null || true
    streams >>"$work/stood"
    [ "$(sessions)" -le 2 ] || fail "sessions of more than one life are left"
    kill -0 "$watcher" 2>/dev/null || {
        cat "$work/watched"
        fail "the reader met something that is not whole"
    }
done <"$work/moments"

# The last one ends as it should.
# shellcheck disable=SC2086
start_record $options --duration 3
status=0
wait "$process" || status=$?
[ "$status" = 0 ] || [ "$status" = 4 ] || fail "the last life ended with $status"
left_clean
: >"$work/stop"
wait "$watcher" || {
    cat "$work/watched"
    fail "the reader met something that is not whole"
}
[ -z "$(ls -A "$work/evidence/tmp")" ] || fail "something is left in tmp"

# After each stand that was not the last one of its stream the next document, and no other,
# declares the gap of a crash.
streams >"$work/stand"
sort -u "$work/stood" |
    awk 'NR == FNR { last[$1] = $2; next } $2 < last[$1] { printf "%s %d\n", $1, $2 + 1 }' \
        "$work/stand" - | sort >"$work/expected"
(cd "$work/evidence/evidence" && grep -l '"why":"crash"' -- *.json) |
    awk -F- '{ printf "%s %d\n", $2, $3 }' | sort >"$work/declared"
diff "$work/expected" "$work/declared" >"$work/out" || fail "gaps are not declared where they are (<), or where none is (>)"
[ "$(wc -l <"$work/declared")" -ge $((kills / 4)) ] || fail "too few kills met a stream"
cat "$work/watched"
echo "$(wc -l <"$work/declared") gaps were declared, $(grep -c '^play: begins' "$work/ETWSIM.log") lives had begun to collect"
