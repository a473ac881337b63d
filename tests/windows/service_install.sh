#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The service comes and goes with the real service control manager (of Wine), whole or not at
# all: install, install again, status, remove, remove again; by sc.exe as well; in a console.
#
# usage: service_install.sh WINE PROGRAM
set -eu

wine=$1
program=$2
name=ewtest-install
work=$(mktemp -d)
services='HKLM\SYSTEM\CurrentControlSet\Services'

run() { # PROGRAM ARGUMENTS: status in $status, output in $work/out
    status=0
    "$wine" "$@" >"$work/out" 2>&1 || status=$?
}

fail() {
    echo "$1"
    cat "$work/out"
    exit 1
}

expect() { # STATUS PATTERN WHAT
    [ "$status" = "$1" ] || fail "$3: ended with $status, not $1"
    grep -q -- "$2" "$work/out" || fail "$3: does not say \"$2\""
}

clean_up() {
    "$wine" "$program" service remove --name $name >/dev/null 2>&1 || :
    "$wine" sc.exe delete $name >/dev/null 2>&1 || :
    rm -rf "$work"
}
trap clean_up EXIT

# Whoever can change the program becomes LocalSystem: Wine tells that of files outside of its
# drive C. Nothing is made.
run "$program" service install --name $name
expect 1 'etwitness.exe: .* who can change it. LocalSystem would' 'install of a program of others'
expect 1 '--force installs it all the same' 'install of a program of others'
run reg.exe query "$services\\$name"
[ "$status" = 1 ] || fail "a refused install left a service behind"

# All of it.
run "$program" service install --force --name $name --set stopSeconds=20
expect 0 'installed; sc start' 'install'
run sc.exe query $name
expect 0 'STATE  *: 1  STOPPED' 'sc query'
run reg.exe query "$services\\$name"
expect 0 'service run --name ewtest-install --set stopSeconds=20' 'the command line'
expect 0 'ImagePath.*"[A-Za-z]:\\.*etwitness.exe" service run' 'the quotes of the path'
expect 0 'Start  *REG_DWORD  *0x2' 'the automatic start'
expect 0 'PreshutdownTimeout  *REG_DWORD  *0x7530' 'the time at a shutdown'
expect 0 'Description .*evidence' 'the description'
run reg.exe query "$services\\EventLog\\Application\\$name"
expect 0 'EventMessageFile .*etwitness.exe' 'the source of events'
run "$program" service status --name $name
expect 0 'state  *stopped' 'status'
expect 0 'configuration  .*etwitness.json' 'status'
expect 0 'evidence  .*etwitness, 0 documents' 'status'

# Twice is refused, and changes nothing.
run "$program" service install --force --name $name
expect 1 'is installed already' 'the second install'
run sc.exe query $name
expect 0 'STOPPED' 'the service after the second install'

# Nothing is left.
run "$program" service remove --name $name
expect 0 'removed' 'remove'
run reg.exe query "$services\\$name"
[ "$status" = 1 ] || fail "the service is still in the registry"
run reg.exe query "$services\\EventLog\\Application\\$name"
[ "$status" = 1 ] || fail "the source of events is still in the registry"
run "$program" service remove --name $name
expect 1 'no service of this name is installed' 'the second remove'
run "$program" service status --name $name
expect 1 'no service of this name is installed' 'status without a service'

# What the service would refuse is refused before it exists.
run "$program" service install --force --name $name --set windowSeconds=1
expect 2 'windowSeconds: has to be' 'install with a broken setting'
run "$program" service install --force --name $name --config "$work/no-such.json"
expect 1 'no-such.json: cannot open' 'install without its configuration'
run reg.exe query "$services\\$name"
[ "$status" = 1 ] || fail "a refused install left a service behind"
printf '{"windowSeconds": 60,\n "windows": 1}' >"$work/broken.json"
run "$program" service install --force --name $name --config "$work/broken.json"
expect 3 'broken.json:2: windows: is no key' 'install with a broken configuration'

# The services of others are left alone.
run "$program" service remove --name PlugPlay
expect 2 'a service of another program' "the removal of another's service"

# As sc.exe makes it; the program's own commands know it all the same.
path=$("$wine" winepath.exe -w "$program" | tr -d '\r')
run sc.exe create $name binPath= "\"$path\" service run --name $name" start= auto
[ "$status" = 0 ] || fail "sc create ended with $status"
run "$program" service status --name $name
expect 0 'state  *stopped' 'status of a service made by sc.exe'
run "$program" service remove --name $name
expect 0 'removed' 'remove of a service made by sc.exe'

run "$program" service run
expect 2 'etwitness record' 'run in a console'
echo "the service comes and goes as it should"
