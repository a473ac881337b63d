#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the sources that a Windows build needs, jansson and Check, from Debian's source
# packages: pinned by version and SHA-256, unpacked into DIR/jansson and DIR/check.
#
# usage: cmake/fetch-dependencies.sh DIR
#
# The machine's own package sources say where its Debian mirror is; apt runs on a private
# copy of them with private state, so this needs no root and changes nothing.
set -eu

suite=bookworm
jansson_version=2.14-2
jansson_file=jansson_2.14.orig.tar.gz
jansson_sha256=c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b
check_version=0.15.2-2
check_file=check_0.15.2.orig.tar.gz
check_sha256=8451b68ac5d6f3157b24f22eceff575bcf566264f6d78f3852f89d4e08cf42e1

dir=${1:?usage: cmake/fetch-dependencies.sh DIR}
mkdir -p "$dir"
dir=$(CDPATH='' cd -- "$dir" && pwd)
apt=$dir/apt

die() {
    echo "fetch-dependencies: $*" >&2
    exit 1
}

# matches FILE SHA256: true when the file is there with these bytes.
matches() {
    [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

# The mirrors that this machine's apt uses for the suite, as source-package entries.
write_sources() {
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    options=
    [ ! -f "$keyring" ] || options="[signed-by=$keyring] "
    # shellcheck disable=SC2016 # apt expands these names
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v suite="$suite" -v options="$options" \
            '$2 == suite && $3 == "main" { print "deb-src " options $1, suite, "main" }' |
        sort -u >"$apt/sources.list"
    [ -s "$apt/sources.list" ] ||
        die "apt knows no mirror of Debian $suite; bring the sources of jansson and Check" \
            "yourself: -DEW_JANSSON_SOURCE=DIR -DEW_CHECK_SOURCE=DIR"
}

private_apt() {
    apt-get -q -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$apt/state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

download() {
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
    write_sources
    private_apt update
    (cd "$apt" && private_apt source --download-only \
        "jansson=$jansson_version" "check=$check_version")
}

# unpack NAME FILE SHA256: DIR/NAME from the archive, whole or not at all.
unpack() {
    matches "$apt/$2" "$3" || die "$2 is not the file that is pinned (SHA-256 $3)"
    rm -rf "${dir:?}/$1" "${dir:?}/$1.part"
    mkdir "$dir/$1.part"
    tar -xf "$apt/$2" -C "$dir/$1.part" --strip-components=1
    echo "$3" >"$dir/$1.part/.sha256"
    mv "$dir/$1.part" "$dir/$1"
}

unpacked() {
    [ "$(cat "$dir/$1/.sha256" 2>/dev/null)" = "$2" ]
}

if unpacked jansson $jansson_sha256 && unpacked check $check_sha256; then
    exit 0
fi
if ! matches "$apt/$jansson_file" $jansson_sha256 || ! matches "$apt/$check_file" $check_sha256; then
    download
fi
unpack jansson $jansson_file $jansson_sha256
unpack check $check_file $check_sha256
rm -rf "$apt/state" "$apt/cache"
