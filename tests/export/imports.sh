#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `etwitness import` makes of the outputs of other collectors, what it refuses, and that its
# documents merge with those of Windows hosts and with a graph of ELF files.
#
#   imports.sh ETWITNESS SOURCE_DIR WORK_DIR [EMULATOR]
set -eu
export LC_ALL=C

etwitness=$1 source=$2 work=$3 emulator=${4:-}
. "$source/tests/support/command.sh"

rm -rf "$work"
mkdir -p "$work"
cd "$work"
cp "$source/docs/scenarios/shop.json" "$source/docs/scenarios/shop.graph.json" .

start=2026-08-26T12:00:00Z
end=2026-08-26T12:05:00Z

# folded NAME OPTIONS...: imports NAME.folded into the folder NAME.
folded() {
    name=$1
    shift
    run 0 import --from folded "$name.folded" --out "$name" --window-start $start --window-end $end "$@"
    cp out.txt "$name.out"
    cp err.txt "$name.err"
    check_all "$name"
}

check_all() {
    for file in "$1"/evidence/*.json "$1"/heads/*.json; do
        run 0 check --quiet "$file"
    done
}

# documents DIRECTORY COUNT WHAT
documents() {
    count=$(find "$1/evidence" -type f | wc -l)
    if [ "$count" -ne "$2" ]; then
        echo "WRONG: $3: $count documents, not $2"
        failed=1
    fi
}

# --- folded stacks ------------------------------------------------------------------------------

# profile -df of bcc: '-' before the kernel's half.
cat >bcc.folded <<'EOF'
mysqld;__clone;start_thread;pfs_spawn_thread;handle_connection;do_command;dispatch_command;mysql_parse;mysql_execute_command;-;entry_SYSCALL_64_after_hwframe;do_syscall_64;ksys_pread64 41
mysqld;__clone;start_thread;pfs_spawn_thread;handle_connection;do_command;net_read_packet;[unknown] 7
swapper/0;-;secondary_startup_64;cpu_startup_entry;do_idle;default_idle_call 190
EOF
folded bcc --host-id db-1 --period 10101010
has bcc.out " functions, " "what was published"
has bcc.err "7 frames have no name" "frames that bcc did not resolve"
cat bcc/evidence/*.json >bcc.json
has bcc.json '"key":"s:name:[kernel]:ksys_pread64"' "a kernel function"
has bcc.json '{"adj":"bridge"' "the step into the kernel"
has bcc.json '"kernelOnly":190' "stacks of the kernel alone"
has bcc.json '"periodNs":10101010' "the period"
has bcc.json '"host":{"arch":"amd64","id":"db-1","os":"linux"}' "the host"

# bpftrace's @[ustack] collapsed: distances, and no process in front.
cat >bpftrace.folded <<'EOF'
_start+37;__libc_start_main+128;main+511;serve(Request const&)+88;parse+12 5
_start+37;__libc_start_main+128;main+511;serve(Request const&)+90;parse+99 3
0x7f12a4c0b1d2;main+511 1
EOF
folded bpftrace --root function --events --subject shopd
cat bpftrace/evidence/*.json >bpftrace.json
has bpftrace.json '"name":"serve(Request const&)"' "a name of C++"
has bpftrace.json '"hits":8,"last":"2026-08-26T12:04:59.9999999Z","leaf":8' "one function at two distances"
has bpftrace.json '"unit":"events"' "the unit"
has bpftrace.json '"subject":{"kind":"application","name":"shopd"}' "the subject"

# perf script collapsed with --all: annotated frames, Java's among them.
cat >perf.folded <<'EOF'
# made by perf script
java;start_thread;thread_native_entry;[libjvm.so];Lcom/example/Shop;::run_[j];Lcom/example/Cart;::add_[i];copy_user_generic_string_[k] 12

java;[unknown];Lcom/example/Shop;::run_[j] 4
EOF
folded perf --container 3e0b10f63ac7e2f0d04d2ea8c0a93ad8fd2a8dd1b7b90ae3bdbe7dbb0e9d1a2f
cat perf/evidence/*.json >perf.json
has perf.json '"key":"name:[jit]","kind":"dynamic"' "code made at run time"
has perf.json '"id":"3e0b10f63ac7e2f0d04d2ea8c0a93ad8fd2a8dd1b7b90ae3bdbe7dbb0e9d1a2f"' "the container"
has perf.json '"gapped":16' "stacks over a frame without a name"

# Again: nothing new. As the windows of one stream: numbers in a row.
run 0 import --from folded bcc.folded --out bcc --window-start $start --window-end $end --host-id db-1 \
    --period 10101010
has out.txt "(was there already)" "what was imported before"
documents bcc 1 "imported twice"
stream=00112233445566778899aabbccddeeff
run 0 import --from folded bcc.folded --out stream --window-start $start --window-end $end \
    --stream $stream --sequence 1 --quiet
run 0 import --from folded bcc.folded --out stream --window-start $end --window-end 2026-08-26T12:10:00Z \
    --stream $stream --sequence 2 --quiet
check_all stream
has "stream/heads/$stream.head.json" '"firstSeq":1,"heartbeat":"2026-08-26T12:10:00.0000000Z"' "the head"
has "stream/heads/$stream.head.json" '"lastSeq":2' "the head"

# --- runtime facts ------------------------------------------------------------------------------

build=0123456789abcdef0123456789abcdef01234567
one=1111111111111111111111111111111111111111111111111111111111111111
two=2222222222222222222222222222222222222222222222222222222222222222
cat >facts.ndjson <<EOF
{"symbolId":"shop_main","purl":"pkg:deb/debian/shop@1.2","buildId":"$build","loaderBase":"0x7f23c01000","processId":214,"processName":"shopd","containerId":"containerd://$one","hitCount":3,"observedAt":"2026-08-26T12:00:01.5Z","metadata":{"pid":"214"}}
{"symbolId":"shop_parse","purl":"pkg:deb/debian/shop@1.2","buildId":"$build","containerId":"containerd://$one","hitCount":2,"observedAt":"2026-08-26T12:00:02Z","metadata":null}
{"symbolId":"shop_parse","purl":"pkg:deb/debian/shop@1.2","buildId":"$build","containerId":"containerd://$two","hitCount":9,"observedAt":"2026-08-26T12:01:00+00:00"}
{"symbolId":"pkg:python/django.views:View.as_view","purl":"pkg:pypi/django@4.2.7","hitCount":4,"observedAt":"2026-08-26T12:00:03Z"}
EOF
run 0 import --from runtime-facts facts.ndjson --out facts --host-id web-1
documents facts 3 "facts of a host and two containers"
check_all facts
cat facts/evidence/*.json >facts.json
has facts.json '"key":"i:name:pkg:pypi/django@4.2.7:pkg:python/django.views:View.as_view"' "a fact of the host"
has facts.json "\"buildId\":\"$build\"" "the build"
has facts.json "\"runtime\":\"containerd\"" "the container's runtime"
cat facts/heads/*.json >heads.json
has heads.json '"heartbeat":"2026-08-26T12:01:00.0000001Z"' "the time of a head is that of its window"

# --- one merge of all hosts -----------------------------------------------------------------------

cat >elf.graph.json <<EOF
{"schema":"static-callgraph/1","graphId":"shop-elf","analyzer":{"name":"elf","version":"1"},
"world":{"closed":true},
"artifacts":[{"name":"shopd","codeId":"$build"},{"name":"other","codeId":"ffffffffffffffffffffffffffffffffffffffff"}],
"nodes":[{"id":"elf/main","artifact":0,"name":"shop_main","decorated":"shop_main"},
{"id":"elf/parse","artifact":0,"name":"shop_parse","decorated":"shop_parse"},
{"id":"elf/idle","artifact":0,"name":"shop_idle","decorated":"shop_idle"},
{"id":"elf/stale","artifact":1,"name":"shop_main","decorated":"shop_main"}],
"edges":[{"from":"elf/main","to":"elf/parse"},{"from":"elf/main","to":"elf/idle"}],
"entrypoints":[{"node":"elf/main","kind":"main"},{"node":"elf/stale","kind":"main"}]}
EOF
run 0 synth shop.json --quiet --out shop.etl
run 4 replay shop.etl --out windows --quiet
run 0 merge --callgraph shop.graph.json --callgraph elf.graph.json windows bcc bpftrace perf facts \
    --out all.json
has out.txt "2 static graphs" "the summary"
run 0 check --quiet all.json
# node ID LABEL: what the merge says of a node of a graph.
node() {
    grep -oE "\"id\":\"$1\"[^}]*(\\{[^{}]*(\\{[^}]*\\}[^{}]*)*\\}[^{}]*)*\"state\":\"[A-Z]+\"" all.json >node.txt || true
    has node.txt "\"state\":\"$2\"" "node $1"
}
node elf/main CR
node elf/parse CR
node elf/idle SR
node elf/stale SR
node json/parse-value CR
# The order of inputs and of graphs says nothing.
run 0 merge --callgraph elf.graph.json --callgraph shop.graph.json facts perf bpftrace bcc windows \
    --out again.json --quiet
same all.json again.json "the merge in another order"

# A graph by whose ids the collector of the facts calls functions.
cat >rich.json <<EOF
{"schema":"richgraph-v1","analyzer":{"name":"rich","version":"1"},
"nodes":[{"id":"pkg:python/django.views:View.as_view","kind":"method","display":"View.as_view"},
{"id":"pkg:python/django.views:View.setup","kind":"method","display":"View.setup"}],
"edges":[{"from":"pkg:python/django.views:View.as_view","to":"pkg:python/django.views:View.setup","kind":"call"}],
"roots":[{"id":"pkg:python/django.views:View.as_view","phase":"runtime"}]}
EOF
run 0 merge --callgraph rich.json facts --out all.json
has out.txt "GRAPH_WITHOUT_IDENTITY" "that the graph tells no build"
node pkg:python/django.views:View.as_view CR
has node.txt '"name":"View.as_view"' "its name for people"
node pkg:python/django.views:View.setup SR

# --- what is refused --------------------------------------------------------------------------------

printf 'app;main 1\n' >good.folded
printf 'app;main 1\napp;main\n' >broken.folded
printf '{"symbolId":"a","hitCount":1,"observedAt":"2026-08-26T13:00:00Z"}\n' >late.ndjson
printf '{"symbolId":"a","hitCount":1}\n' >timeless.ndjson
: >empty.folded

run 2 import --from folded good.folded --out refused
has err.txt "their window are needed" "folded stacks without a window"
run 2 import --from folded good.folded --out refused --window-start $start
has err.txt "belong together" "half a window"
run 2 import --from folded good.folded --out refused --window-start $end --window-end $start
has err.txt "does not start before its end" "a window that ends first"
run 2 import --from folded good.folded --out refused --window-start today --window-end $end
has err.txt "is no time" "a window that is no time"
run 2 import --from pprof good.folded --out refused
run 2 import --from folded good.folded --window-start $start --window-end $end
run 2 import --from folded --out refused --window-start $start --window-end $end
run 2 import --from folded good.folded --out refused --window-start $start --window-end $end --arch mips
run 2 import --from folded good.folded --out refused --window-start $start --window-end $end --stream $stream
run 2 import --from runtime-facts facts.ndjson --out refused --stream $stream --sequence 1
has err.txt "several containers" "containers in one stream"
run 2 import --from runtime-facts timeless.ndjson --out refused
run 3 import --from folded broken.folded --out refused --window-start $start --window-end $end
has err.txt "broken.folded: line 2" "a line without a count"
run 3 import --from runtime-facts late.ndjson --out refused --window-start $start --window-end $end
has err.txt "observedAt is not in the window" "a fact of another time"
run 1 import --from folded nothing.folded --out refused --window-start $start --window-end $end
[ ! -e refused ] || { echo "WRONG: what was refused made a folder"; failed=1; }

# A window in which a profiler saw nothing is one; facts of nothing are none.
folded empty
documents empty 1 "an empty profile"
run 0 import --from runtime-facts empty.folded --out refused
has err.txt "no document" "no facts"
[ ! -e refused ] || { echo "WRONG: no facts made a folder"; failed=1; }
run 1 import --from folded good.folded --out good.folded --window-start $start --window-end $end

exit "$failed"
