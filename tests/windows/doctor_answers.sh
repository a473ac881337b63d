#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What doctor says under Wine: a verdict for each question, the exit status that goes with
# them, and that looking leaves nothing behind.
#
# usage: doctor_answers.sh WINE PROGRAM
set -eu

wine=$1
work=$(mktemp -d)
# Which Windows Wine plays is set for a name that no other program has.
name=doctor-$$.exe
key="HKCU\\Software\\Wine\\AppDefaults\\$name"
cleanup() {
    "$wine" reg delete "$key" /f >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
cp "$2" "$work/$name"
mkdir -m 700 "$work/evidence"

windows_path() { # PATH
    printf 'Z:%s' "$1" | tr / '\\'
}

play() { # VERSION of Windows, as Wine calls it
    "$wine" reg add "$key" /v Version /d "$1" /f >/dev/null 2>&1
}

fail() {
    printf '%s\n' "$1"
    cat "$work/out" "$work/said"
    exit 1
}

doctor() { # STATUS OPTIONS...
    expected=$1
    shift
    status=0
    "$wine" "$work/$name" doctor "$@" >"$work/out" 2>"$work/said" || status=$?
    [ "$status" = "$expected" ] || fail "doctor $* ended with $status, not $expected"
}

expect() { # PATTERN
    grep -q -- "$1" "$work/out" || fail "nothing says \"$1\""
}

evidence=$(windows_path "$work/evidence")

play win10
doctor 0 --out "$evidence"
expect '^ok    Windows version       10\.0\.'
expect '^warn  Wine '
expect '^ok    rights '
expect '^ok    profile privilege '
expect '^ok    ETW sessions          0 of 64 in use, 2 needed'
expect '^ok    our session           none runs'
expect '^ok    place                 not inside a container'
expect '^ok    container support '
expect '^warn  program  .*doctor-.*\.exe: .*can change it'
expect '^ok    evidence directory    Z:'
expect '^ok    who may change it     system and administrators alone'
expect '^ok    free disk \|^warn  free disk '
expect '^ok    callgraphs            none'
expect '^ok    clock                 [0-9]* Hz'
expect '^this host can collect; see the warnings'
[ -z "$(ls -A "$work/evidence")" ] || fail "doctor left something in the directory"

doctor 0 --out "$evidence\\new\\deep"
expect '^ok    evidence directory    .*does not exist and can be made'
[ ! -e "$work/evidence/new" ] || fail "doctor made the directory"

doctor 0 --out "$evidence" --format json
expect '^{"checks":\[{.*\],"result":"warn"}$'
[ "$(wc -l <"$work/out")" = 1 ] || fail "JSON is one line"

chmod 777 "$work/evidence"
doctor 1 --out "$evidence"
expect '^FAIL  who may change it     ordinary users may write in'
expect '^  *what to do:  icacls '
chmod 755 "$work/evidence"
doctor 0 --out "$evidence"
expect '^warn  who may change it     ordinary users may read'
chmod 700 "$work/evidence"

doctor 1 --out 'Q:\nothing'
expect '^FAIL  evidence directory    Q:.nothing: no such drive or share'

# --- configuration ---------------------------------------------------------------------

config=$(windows_path "$work/config.json")
printf '{\n  "windowSeconds": 300,\n  "symbols": {"paths": ["%s", "SRV*%s"]}\n}\n' 'Q:\\symbols' \
    'C:\\windows' >"$work/config.json"
doctor 0 --out "$evidence" --config "$config"
expect '^ok    configuration         Z:.*config.json'
expect '^warn  symbol path           Q:.symbols does not exist'
expect '^ok    symbol paths          [01] of 2 can be used'

# --- callgraphs --------------------------------------------------------------------------

printf 'from,to\na,b\na,c\n' >"$work/good.csv"
printf '{"schema":"static-callgraph/1","nodes":7}' >"$work/broken.json"
configure_graphs() { # PATH...
    list=
    for path in "$@"; do
        list="$list${list:+, }\"$(printf '%s' "$path" | sed 's/\\/\\\\/g')\""
    done
    printf '{"callgraphs": [%s]}\n' "$list" >"$work/config.json"
}

configure_graphs "$(windows_path "$work/good.csv")"
doctor 0 --out "$evidence" --config "$config"
expect '^ok    callgraph             Z:.*good\.csv: 3 nodes, 2 edges'
expect '^ok    callgraphs            1 of 1 can be read: 3 nodes of at most 1048576'
configure_graphs "$(windows_path "$work/good.csv")" "$(windows_path "$work/broken.json")" 'Q:\gone.json' good.csv
doctor 0 --out "$evidence" --config "$config"
expect '^ok    callgraph             Z:.*good\.csv: 3 nodes'
expect '^warn  callgraph             Z:.*broken\.json: line 1.*nodes'
expect '^  *what to do:  have its analyser write it again'
expect '^warn  callgraph             Q:.gone\.json: '
expect '^  *what to do:  put the graph there'
expect '^  *what to do:  give the whole path'
expect '^warn  callgraphs            1 of 4 can be read'
expect 'there is no merge before each of them was read once'
[ -z "$(ls -A "$work/evidence")" ] || fail "doctor left something of a graph in the directory"

printf '{\n  "windowSeconds": 300,\n  "windowSecnds": 1\n}\n' >"$work/config.json"
doctor 1 --out "$evidence" --config "$config"
expect '^FAIL  configuration .*config.json:3.*windowSecnds'
doctor 1 --out "$evidence" --config "$evidence\\missing.json"
expect '^FAIL  configuration .*missing.json'

printf '{"kernel": {"enabled": false}, "clr": {"enabled": false}}\n' >"$work/config.json"
doctor 1 --out "$evidence" --config "$config"
expect '^FAIL  configuration '

# --- an old Windows, and wrong usage -----------------------------------------------------

play win81
doctor 1 --out "$evidence"
expect '^FAIL  Windows version       6\.3\.'
expect '^this host cannot collect'

doctor 2 --format xml
[ ! -s "$work/out" ] || fail "talk went to standard output"
grep -q 'text or json' "$work/said" || fail "nothing says what is wrong with xml"
doctor 2 stray
doctor 0 --help
expect 'usage: etwitness doctor'
echo "doctor answers as it should"
