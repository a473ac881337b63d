#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the official schemas of the formats that are exported, for the tests that validate
# exports: packages of the npm registry that ship them, pinned by version and SHA-256. Only
# their schemas are unpacked; nothing of them is run, and nothing is shipped.
#
# usage: cmake/fetch-schemas.sh DIR
#
#   DIR/cyclonedx   CycloneDX 1.6 and 1.7, of @cyclonedx/cyclonedx-library (Apache-2.0)
#   DIR/sarif       SARIF 2.1.0, of @microsoft/jest-sarif (MIT)
#   DIR/speedscope  speedscope's file format, of speedscope (MIT)
set -eu

dir=${1:?usage: cmake/fetch-schemas.sh DIR}
mkdir -p "$dir"
dir=$(CDPATH='' cd -- "$dir" && pwd)

die() {
    echo "fetch-schemas: $*" >&2
    exit 1
}

# fetch NAME PACKAGE@VERSION SHA256 FOLDER: DIR/NAME from a folder of the package, whole or not
# at all.
fetch() {
    [ "$(cat "$dir/$1/.sha256" 2>/dev/null)" != "$3" ] || return 0
    command -v npm >/dev/null || die "npm is not installed"
    rm -rf "${dir:?}/$1" "$dir/$1.part"
    mkdir "$dir/$1.part"
    file=$dir/$1.part/$(cd "$dir/$1.part" && npm pack --silent --ignore-scripts --fetch-retries=1 --fetch-timeout=30000 "$2")
    echo "$3  $file" | sha256sum --check --status || die "$2 is not the file that is pinned (SHA-256 $3)"
    tar -xzf "$file" -C "$dir/$1.part" --strip-components="$(echo "$4" | awk -F/ '{ print NF }')" \
        --wildcards "$4/*.json"
    rm -f "$file"
    echo "$3" >"$dir/$1.part/.sha256"
    mv "$dir/$1.part" "$dir/$1"
}

fetch cyclonedx @cyclonedx/cyclonedx-library@10.3.0 \
    9833bd949052eb18218dd64b13ad62d9246f7395eef01c66dad08fcbacf74f01 package/res/schema
fetch sarif @microsoft/jest-sarif@1.0.0-beta.0 \
    748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102 package/lib/schemas
fetch speedscope speedscope@1.25.0 \
    2831f1e0d26df914b477e522d78b8485511495a6af81a0b88158f8b48f9e0d03 package/dist/release
