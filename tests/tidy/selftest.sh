#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that tidy sees: a small clean tree passes, and each way of breaking one rule in it
# is told, alone, at the right file.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
checks=0
failures=0

c_file() { # PATH PURPOSE, the rest from standard input
    mkdir -p "$tree/${1%/*}"
    printf '/* SPDX-License-Identifier: Apache-2.0 */\n/* %s */\n' "$2" >"$tree/$1"
    cat >>"$tree/$1"
}

clean_tree() {
    rm -rf "$tree/src" "$tree/include" "$tree/tests" "$tree/service"
    c_file include/etwitness/status.h "Outcomes." <<'END'
enum ew_status { EW_OK };

/* The name of a status. */
const char *ew_status_name(enum ew_status status);
END
    c_file include/etwitness/event.h "Events." <<'END'
#include "etwitness/status.h"

/* Two of a kind may share
 * a comment. */
int ew_event_first(int a,
                   int b);
int ew_event_second(void);
END
    c_file src/base/text.c "Text; the word strcpy(x) in a comment is no call." <<'END'
#include "etwitness/status.h"

#include <string.h>

static const char *const known = "sprintf(no call) // no comment \" TODOS";

int text(int my_system)
{
    return my_system;
}
END
    c_file src/decode/decode.c "A decoder." <<'END'
#include "base/text.h"
#include "decode/own.h"
#include "etwitness/event.h"
#include "platform/file.h"

#include <stdint.h>
END
    c_file src/platform/win32/file_win32.c "Files." <<'END'
#include <windows.h>
END
    c_file src/platform/posix/file_posix.c "Files." <<'END'
#include <unistd.h>
END
    c_file tests/fuzz/fuzz_text.c "A target." <<'END'
#include "decode/own.h"
END
    printf '# SPDX-License-Identifier: Apache-2.0\new_fuzz(text LIBRARIES x)\n' \
        >"$tree/tests/fuzz/CMakeLists.txt"
    # shellcheck disable=SC2016 # CMake expands these names
    printf '# SPDX-License-Identifier: Apache-2.0\nadd_library(x text.c decode.c %s)\n' \
        '${EW_PLATFORM}/file_${EW_PLATFORM}.c' >"$tree/src/CMakeLists.txt"
    printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n' >"$tree/src/run.sh"
}

# expect WHAT PATTERN: the only violation matches.
expect() {
    checks=$((checks + 1))
    said=$("$here/tidy.sh" "$tree") && status=0 || status=$?
    told=$(printf '%s\n' "$said" | grep -cv '^tidy:') || true
    if [ "$status" != 1 ] || [ "$told" != 1 ] || ! printf '%s\n' "$said" | grep -q "$2"; then
        failures=$((failures + 1))
        printf 'not seen, or not alone: %s (wanted "%s")\n%s\n' "$1" "$2" "$said"
    fi
    clean_tree
}

add() { # PATH, lines from standard input at its end
    cat >>"$tree/$1"
}

lines() { # COUNT TEXT
    awk -v count="$1" -v text="$2" 'BEGIN { for (i = 0; i < count; i++) print text }'
}

clean_tree
checks=$((checks + 1))
if ! "$here/tidy.sh" "$tree"; then
    failures=$((failures + 1))
    echo "the clean tree does not pass"
fi

echo '#include "model/model.h"' | add src/decode/decode.c
expect "another stage's folder" 'decode.c:9: "model/model.h" belongs to another stage'
echo '#include "text.h"' | add src/decode/decode.c
expect "a header without its folder" 'decode.c:9: "text.h" belongs to another stage'
echo '#include "etwitness/event.h"' | add src/base/text.c
expect "ETW in base" 'text.c:13: "etwitness/event.h" belongs'
echo '#include "platform/file.h"' | add src/base/text.c
expect "the platform in base" 'text.c:13: "platform/file.h" belongs'
echo '#include "etwitness/event.h"' | add include/etwitness/status.h
expect "a contract that looks ahead" 'status.h:7: a contract includes only earlier ones'
echo '#include "base/text.h"' | add include/etwitness/event.h
expect "a contract with a stage's header" 'event.h:10: "base/text.h" belongs'
c_file include/etwitness/unheard.h "New." </dev/null
expect "a contract without its place" 'unheard.h:1: a contract needs its place'
echo '#include <windows.h>' | add src/decode/decode.c
expect "windows.h in a stage" 'decode.c:9: <windows.h> only under'
echo '#include <windows.h>' | add src/platform/posix/file_posix.c
expect "windows.h on POSIX" 'file_posix.c:4: <windows.h> only under'
echo '#include <windows.h>' | add tests/fuzz/fuzz_text.c
expect "windows.h in a portable test" 'fuzz_text.c:4: <windows.h> only under'
echo '#include <unistd.h>' | add src/decode/decode.c
expect "POSIX in a stage" 'decode.c:9: <unistd.h> is not a header of standard C'
echo '#include <jansson.h>' | add src/decode/decode.c
expect "jansson in a stage that decodes" 'decode.c:9: <jansson.h> is not a header'
echo '#ifdef _WIN32' | add src/decode/decode.c
expect "a choice of platform" 'decode.c:9: no code chooses the platform'
for call in strcpy strcat strncpy sprintf vsprintf gets strtok atoi atol alloca sscanf scanf \
    fscanf system popen; do
    echo "int x = $call (y);" | add src/decode/decode.c
    expect "$call" "decode.c:9: banned call: $call"
done
printf '/* closed */ int x = strcat(y); /* open\n' | add src/decode/decode.c
expect "a call between comments" 'decode.c:9: banned call: strcat'
printf '/* Written later. */\n' >"$tree/src/decode/decode.c"
expect "no SPDX line" 'decode.c:1: the first line is the SPDX'
printf '#!/bin/sh\necho\n' >"$tree/src/run.sh"
expect "a script without SPDX" 'run.sh:2: the first line is the SPDX'
printf '/* SPDX-License-Identifier: Apache-2.0 */\n\n' >"$tree/src/decode/decode.c"
expect "no purpose" 'decode.c:2: the second line'
lines 600 "" | add src/decode/decode.c
expect "a long file" 'decode.c:608: file of 608 lines'
{ printf 'int f(\n    int x)\n{\n' && lines 67 "    x++;" && echo '}'; } | add src/decode/decode.c
expect "a long function" 'decode.c:9: function of 71 lines'
{ printf 'START_TEST(f)\n{\n' && lines 69 "    x++;" && printf '}\nEND_TEST\n'; } | add src/decode/decode.c
expect "a long test" 'decode.c:9: function of 72 lines'
echo '/* TODO: more */' | add src/decode/decode.c
expect "a promise" 'decode.c:9: finish it'
echo '# FIXME' | add src/CMakeLists.txt
expect "a promise in a build file" 'CMakeLists.txt:3: finish it'
c_file src/decode/dead.c "Nobody builds this." </dev/null
expect "a dead file" 'dead.c:1: no CMakeLists.txt builds'
c_file tests/fuzz/fuzz_dead.c "Nobody builds this." </dev/null
expect "a dead fuzz target" 'fuzz_dead.c:1: no CMakeLists.txt builds'
printf '\nint ew_event_third(int a,\n                   int b);\n' | add include/etwitness/event.h
expect "a public function without comment" 'event.h:11: a public function without a comment'
echo 'int x; ' | add src/decode/decode.c
expect "white space at the end" 'decode.c:9: white space'

echo "tidy sees: $checks checks, $failures failed"
[ "$failures" = 0 ]
