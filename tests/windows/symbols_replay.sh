#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `replay --symbols` of the shipped program with a real DLL and its PDB, made here by clang and
# lld-link: exact names, static functions included, and the calls between them; with the PDB of
# another build beside it none of that, and a word about it.
#
# usage: symbols_replay.sh EMULATOR PROGRAM SOURCE SCRATCH
set -eu
export LC_ALL=C

emulator=$1
program=$2
source=$3
scratch=$4

for tool in clang lld-link; do
    command -v "$tool" >/dev/null || {
        echo "skipped: $tool is missing (packages clang and lld)"
        exit 77
    }
done

fail() {
    echo "FAILED: $*"
    exit 1
}

run() {
    "$emulator" "$program" "$@"
}

# build FOLDER RATE: shop.dll and shop.pdb
build() {
    mkdir -p "$1"
    (
        cd "$1"
        clang --target=x86_64-pc-windows-msvc -x c++ -c -O1 -g -gcodeview -fno-exceptions \
            -ffunction-sections "-DSHOP_RATE=$2" "$source" -o shop.obj
        lld-link /nologo /dll /noentry /nodefaultlib /debug /opt:icf /timestamp:1583943201 \
            /out:shop.dll /pdb:shop.pdb /pdbaltpath:shop.pdb /map:shop.map shop.obj
    )
}

# rva NAME: where the map says a function is, as a number
rva() {
    hex=$(awk -v name="$1" '$2 == name || index($2, name "@?A0x") == 1 {
        print substr($3, 9); exit }' "$scratch/right/shop.map")
    [ -n "$hex" ] || fail "the map does not tell $1"
    echo $((0x$hex - 0x80000000))
}

# word FILE OFFSET: 4 bytes of an image
word() {
    od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}

rm -rf "$scratch"
build "$scratch/right" 3
build "$scratch/wrong" 5
cmp -s "$scratch/right/shop.pdb" "$scratch/wrong/shop.pdb" && fail "both builds are the same"

dll=$scratch/right/shop.dll
header=$(word "$dll" 60)
total=$(rva '?total@Cart@shop@@QEAAHH@Z')
read_order=$(rva '?read_order')
parse_line=$(rva '?parse_line')
twin=$(rva twin_one)
checkout=$(rva checkout)
[ "$twin" = "$(rva twin_two)" ] || fail "the linker did not fold the twins"

# Addresses inside of functions: two of parse_line and of read_order, which are one function each.
cat >"$scratch/scenario.json" <<END
{
  "seed": 7, "durationMs": 2000, "samples": 300,
  "host": { "cpus": 2, "bootTime": "2026-03-02T06:00:00Z", "startTime": "2026-03-02T08:30:00Z" },
  "modules": [
    { "name": "shop.dll", "path": "\\\\Device\\\\HarddiskVolume9\\\\app\\\\shop.dll",
      "base": "0x7ffb20000000", "size": $(word "$dll" $((header + 80))),
      "timestamp": $(word "$dll" $((header + 8))) }
  ],
  "processes": [
    { "pid": 1200, "name": "shop.exe", "startMs": 100, "exitMs": 1900,
      "images": [ { "module": "shop.dll" } ],
      "threads": [ { "id": 1204 } ],
      "stacks": [
        { "threads": [1204], "frames": ["shop.dll!$((checkout + 20))", "shop.dll!$((total + 12))",
          "shop.dll!$((read_order + 10))", "shop.dll!$((parse_line + 4))"] },
        { "threads": [1204], "frames": ["shop.dll!$((checkout + 20))", "shop.dll!$((total + 12))",
          "shop.dll!$((read_order + 12))", "shop.dll!$((parse_line + 9))"] },
        { "threads": [1204], "frames": ["shop.dll!$((checkout + 30))", "shop.dll!$((twin + 3))"] }
      ] }
  ]
}
END

# functions FILE: "key|name|res|folded|decorated", one a line, by index
functions() {
    tr -d '\n' <"$1" | sed 's/.*"functions":\[//; s/\],"host".*//; s/},{/}\n{/g' |
        awk '
            function member(name,    text) {
                if (!match($0, "\"" name "\":\"[^\"]*\"")) {
                    return "-"
                }
                text = substr($0, RSTART, RLENGTH)
                sub(/^"[a-z]*":"/, "", text)
                sub(/"$/, "", text)
                return text
            }
            { print member("key") "|" member("name") "|" member("res") "|" \
                ($0 ~ /"folded"/ ? "folded" : "-") "|" member("decorated") }'
}

# calls FILE: "name > name", one a line, sorted
calls() {
    functions "$1" | cut -d '|' -f 2 >"$scratch/names"
    tr -d '\n' <"$1" | sed 's/.*"edges":\[//; s/\],"functionObs".*//; s/},{/}\n{/g' |
        sed 's/.*"from":\([0-9]*\),.*"to":\([0-9]*\).*/\1 \2/' |
        awk -v names="$scratch/names" '
            BEGIN { while ((getline line < names) > 0) name[count++] = line }
            { print name[$1] " > " name[$2] }' | sort
}

replay() {
    rm -rf "$scratch/out"
    run replay "$scratch/trace.etl" --window 0 --out "$scratch/out" --symbols "$1" \
        >"$scratch/summary" || fail "replay: $(cat "$scratch/summary")"
    document=$(ls "$scratch"/out/evidence/*.json)
    run check "$document" >"$scratch/check" || fail "check: $(cat "$scratch/check")"
}

run synth "$scratch/scenario.json" --out "$scratch/trace.etl" >/dev/null

echo "== the PDB of the build"
replay "$scratch/right"
functions "$document" >"$scratch/functions"
cat "$scratch/functions" "$scratch/summary"
[ "$(wc -l <"$scratch/functions")" -eq 5 ] || fail "an address is not in the function it belongs to"
[ "$(grep -c '^n:[0-9a-f]*1:[0-9a-f]*|.*|pdb|' "$scratch/functions")" -eq 5 ] || fail "not all exact"
grep -q '::parse_line|pdb|-|' "$scratch/functions" || fail "a static function has no name"
grep -q '|shop::Cart::total|pdb|-|?total@Cart@shop@@QEAAHH@Z$' "$scratch/functions" ||
    fail "the method is not told by both of its names"
grep -q '|twin_one|pdb|folded|-$' "$scratch/functions" || fail "folded code is not marked"
calls "$document" >"$scratch/calls"
sed "s/.anonymous namespace':://g" "$scratch/calls" | sort >"$scratch/plain"
cat >"$scratch/expected" <<END
checkout > shop::Cart::total
checkout > twin_one
read_order > parse_line
shop::Cart::total > read_order
END
diff -u "$scratch/expected" "$scratch/plain" || fail "these are not the calls"
grep -q '1  modules with the PDB of their build' "$scratch/summary" || fail "nothing is said of the PDB"
grep -q '"exact":0,' "$document" && fail "exact frames are not counted"

echo "== twice the same"
cp "$document" "$scratch/first.json"
replay "SRV*$scratch/right"
cmp "$scratch/first.json" "$document" || fail "the documents differ"

echo "== the PDB of another build"
mkdir -p "$scratch/mixed"
cp "$scratch/right/shop.dll" "$scratch/wrong/shop.pdb" "$scratch/mixed/"
replay "$scratch/mixed"
functions "$document" >"$scratch/functions"
cat "$scratch/functions" "$scratch/summary"
grep -q '|pdb|' "$scratch/functions" && fail "a PDB of another build was used"
grep -q '^x:[0-9A-Fa-f]*:checkout|checkout|export|' "$scratch/functions" || fail "exports are not used"
grep -q 'modules whose PDB is of another build: not used' "$scratch/summary" || fail "nothing is said"

echo "== the image of another build"
mkdir -p "$scratch/strange"
lld-link /nologo /dll /noentry /nodefaultlib /timestamp:1583943202 "/out:$scratch/strange/shop.dll" \
    "$scratch/right/shop.obj"
cp "$scratch/right/shop.pdb" "$scratch/strange/"
replay "$scratch/strange"
functions "$document" | grep -v '^u:.*|-|unresolved|' && fail "another image was used"
grep -q 'modules whose file is of another build: not used' "$scratch/summary" || fail "nothing is said"

echo "== folders on servers"
status=0
run replay "$scratch/trace.etl" --symbols '\\server\symbols' >"$scratch/summary" 2>&1 || status=$?
[ "$status" -eq 2 ] || fail "a server was accepted, exit $status: $(cat "$scratch/summary")"
echo "all right"
