#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches DuckDB, which merges are measured beside: packages of the npm registry, pinned by
# version and SHA-256, for Linux on x86-64. Nothing of them is run here, and nothing is shipped.
#
# usage: tests/bench/fetch-duckdb.sh DIR     DIR/node_modules is then what NODE_PATH names
set -eu

dir=${1:?usage: tests/bench/fetch-duckdb.sh DIR}
version=1.5.6-r.1
mkdir -p "$dir"
dir=$(CDPATH='' cd -- "$dir" && pwd)

die() {
    echo "fetch-duckdb: $*" >&2
    exit 1
}

# fetch PACKAGE SHA256: into node_modules, whole or not at all.
fetch() {
    into=$dir/node_modules/@duckdb/$1
    [ "$(cat "$into/.sha256" 2>/dev/null)" != "$2" ] || return 0
    rm -rf "$into" "$into.part"
    mkdir -p "$into.part"
    file=$into.part/$(cd "$into.part" && npm pack --silent --ignore-scripts --fetch-retries=1 --fetch-timeout=30000 "@duckdb/$1@$version")
    echo "$2  $file" | sha256sum --check --status || die "@duckdb/$1@$version is not the file that is pinned (SHA-256 $2)"
    tar -xzf "$file" -C "$into.part" --strip-components=1
    rm -f "$file"
    echo "$2" >"$into.part/.sha256"
    mv "$into.part" "$into"
}

[ "$(uname -s -m)" = "Linux x86_64" ] || die "only for Linux on x86-64"
command -v node >/dev/null || die "node is not installed"
command -v npm >/dev/null || die "npm is not installed"
fetch node-api 64d5080af3c0144329f9cbdbff7bc867c9c1f9df57a7e7e2a8b13bc6ed2bc664
fetch node-bindings 9d1ebca9020dcd5680e2e38bd182f1a0e69e59f00d31dfc5afca2623b8a34ac3
fetch node-bindings-linux-x64 1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff
