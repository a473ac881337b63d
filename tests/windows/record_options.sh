#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What record refuses under Wine, where events cannot be consumed: wrong options, broken
# configurations, and a start that fails; each with a sentence, its exit status, and no document.
#
# usage: record_options.sh WINE PROGRAM
set -eu

wine=$1
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf '%s\n' "$1"
    cat "$work/out" "$work/said"
    exit 1
}

# What is said on standard error matches the pattern, and standard output stays empty.
refused() { # STATUS PATTERN OPTIONS...
    expected=$1
    pattern=$2
    shift 2
    status=0
    "$wine" "$program" record "$@" >"$work/out" 2>"$work/said" || status=$?
    [ "$status" = "$expected" ] || fail "record $* ended with $status, not $expected"
    grep -q -- "$pattern" "$work/said" || fail "record $* does not say \"$pattern\""
    [ ! -s "$work/out" ] || fail "record $* talks on standard output"
}

out=$(printf 'Z:%s' "$work/evidence" | tr / '\\')
config=$(printf 'Z:%s' "$work/config.json" | tr / '\\')

refused 2 'needs --out DIR'
refused 2 'record takes no "stray"' --out "$out" stray
refused 2 'unknown option --nonsense' --out "$out" --nonsense
refused 2 'at least 10 seconds' --out "$out" --window 5
refused 2 '--attach starts no session' --out "$out" --attach other --no-clr
refused 2 'provider' --out "$out" --no-clr --no-kernel
refused 2 'kernel.dsik' --out "$out" --set kernel.dsik=true
refused 1 'missing.json' --out "$out" --config "$out.missing.json"
printf '{\n  "windowSeconds": 1\n}\n' >"$work/config.json"
refused 3 'config.json:2.*windowSeconds' --out "$out" --config "$config"
[ ! -e "$work/evidence" ] || fail "a refusal made the directory"

# Wine starts sessions and lets nobody consume them.
refused 1 'session etwitness-.*: cannot be consumed.*(Windows error 5)' --out "$out"
refused 1 'session other: cannot be consumed' --out "$out" --attach other
[ -z "$(ls -A "$work/evidence/evidence")" ] || fail "a start that failed published a document"

"$wine" "$program" record --help >"$work/out" 2>"$work/said"
grep -q '^usage: etwitness record --out DIR' "$work/out" || fail "no help"
echo "record refuses as it should"
