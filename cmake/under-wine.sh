#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a Windows program under Wine, quietly, in a prefix of the build tree. The first
# program makes the prefix and starts Wine's server while others wait; the server leaves
# a minute after the last program.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
export WINEPREFIX="${WINEPREFIX:-$here/build/wine}"
export WINEDEBUG="${WINEDEBUG:--all}"
export WINEARCH=win64
# Neither Mono nor Gecko is needed, and asking for them opens a window.
export WINEDLLOVERRIDES="${WINEDLLOVERRIDES:-mscoree,mshtml=}"
unset DISPLAY

# The server and the services that it starts must not hold our output or the lock: whoever
# reads that output would wait for them.
#
# The first program of a server boots the prefix, and makes it where there is none. Booting by
# name as well would start a second service control manager beside the first: each answers
# every other caller, and knows nothing of what the other was told.
start_server() {
    wineserver -p60
    wine cmd /c exit
    touch "$WINEPREFIX/.ready"
}

# Everybody passes the lock: a server that answers may still be starting its services, and
# the next program would start them for it.
mkdir -p "$WINEPREFIX"
(
    flock 9
    if [ ! -e "$WINEPREFIX/.ready" ] || ! wineserver -k0 2>/dev/null; then
        start_server </dev/null >"$WINEPREFIX/start.log" 2>&1 9>&-
    fi
) 9>"$WINEPREFIX.lock"

exec wine "$@"
