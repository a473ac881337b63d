# SPDX-License-Identifier: Apache-2.0
# The rules of the house that can be read off single lines (see tidy.sh). Paths are
# relative to the tree; each violation is one line "path:line: what is wrong".

function complain(line, text) {
    print file ":" line ": " text
    violations++
}

# --- where a file stands, and what it may include -----------------------------------------

function set_stage(    parts) {
    split(file, parts, "/")
    stage = parts[1] == "src" ? parts[2] : parts[1]
    is_c = file ~ /\.[ch]$/
    is_contract = file ~ /^include\/etwitness\/[^\/]*\.h$/
    is_windows = file ~ /^(src\/capture\/live|src\/platform\/win32|service|tests\/windows|tests\/standins)\//
    is_posix = file ~ /^src\/platform\/posix\//
    contract = file
    sub(/^.*\//, "", contract)
    sub(/\.h$/, "", contract)
}

function read_contract_order(path,    name) {
    while ((getline name < path) > 0) {
        contract_order[name] = ++contract_count
    }
    close(path)
}

# Whether a header in quotes is open to the file: own folder, base, platform, contracts.
function may_include(path,    prefix) {
    prefix = path
    sub(/\/.*$/, "", prefix)
    if (stage == "tests") {
        return 1
    }
    if (stage == "base") {
        return prefix == "base" || path == "etwitness/status.h"
    }
    if (is_contract) {
        return prefix == "etwitness"
    }
    if (prefix == stage || prefix == "base" || prefix == "platform" || prefix == "etwitness") {
        return 1
    }
    # The command line and the service hand the work to the pipeline; they are no stages.
    if ((stage == "cli" || stage == "service") && prefix == "pipeline") {
        return 1
    }
    return stage == "service" && (prefix == "cli" || path !~ /\//)
}

function check_contract_order(path,    name) {
    name = path
    sub(/^etwitness\//, "", name)
    sub(/\.h$/, "", name)
    if (contract_order[name] == 0 || contract_order[contract] == 0) {
        return
    }
    if (contract_order[name] >= contract_order[contract]) {
        complain(FNR, "a contract includes only earlier ones; " path " comes later")
    }
}

function check_system_header(header) {
    if (is_windows || header ~ standard_headers || (is_posix && header != "windows.h")) {
        return
    }
    if (header == "windows.h") {
        complain(FNR, "<windows.h> only under src/platform/win32, src/capture/live, service, " \
                 "tests/windows, tests/standins")
    } else if (header == "xxhash.h" && stage == "base") {
        return
    } else if (header == "jansson.h" && stage !~ /^(base|platform|include|capture|decode|model|aggregate|queue)$/) {
        return
    } else if (stage != "tests") {
        complain(FNR, "<" header "> is not a header of standard C; the operating system is " \
                 "in src/platform")
    }
}

function check_include(line,    path) {
    path = line
    sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", path)
    sub(/[>"].*$/, "", path)
    if (line ~ /include[ \t]*</) {
        check_system_header(path)
        return
    }
    if (!may_include(path)) {
        complain(FNR, "\"" path "\" belongs to another stage; stages meet in etwitness/")
    }
    if (is_contract) {
        check_contract_order(path)
    }
}

# --- code without comments, strings and character constants -------------------------------

function code_of(line,    out, at, rest, char) {
    if (!in_comment && line !~ /["'\/]/) {
        return line
    }
    out = ""
    for (at = 1; at <= length(line); at++) {
        char = substr(line, at, 1)
        rest = substr(line, at, 2)
        if (in_comment) {
            if (rest == "*/") {
                in_comment = 0
                at++
            }
        } else if (rest == "/*") {
            in_comment = 1
            at++
        } else if (rest == "//") {
            break
        } else if (char == "\"" || char == "'") {
            at = end_of_quote(line, at, char)
            out = out "_"
        } else {
            out = out char
        }
    }
    return out
}

function end_of_quote(line, at, quote,    char) {
    for (at++; at <= length(line); at++) {
        char = substr(line, at, 1)
        if (char == "\\") {
            at++
        } else if (char == quote) {
            return at
        }
    }
    return at
}

function check_code(code,    padded) {
    padded = " " code
    if (match(padded, banned_calls)) {
        complain(FNR, "banned call: " substr(padded, RSTART + 1, RLENGTH - 1) "...)")
    }
    if (!is_windows && padded ~ /[^A-Za-z0-9_](_WIN32|_WIN64|__linux__)([^A-Za-z0-9_]|$)/) {
        complain(FNR, "no code chooses the platform: CMake picks the folder")
    }
}

# --- functions and prototypes ---------------------------------------------------------------

# clang-format puts a function's braces, and nothing else, alone in column one.
function follow_functions(line, code) {
    if (line == "{") {
        in_function = 1
    } else if (line ~ /^}/ && in_function) {
        in_function = 0
        if (FNR - declared + 1 > 70) {
            complain(declared, "function of " (FNR - declared + 1) " lines; 70 is the maximum")
        }
    } else if (!in_function && line ~ /^[A-Za-z_]/ && !continued) {
        declared = FNR
    }
    if (!in_function) {
        continued = code ~ /[^;{}:]$/ && code !~ /^#/ && code !~ /^[ \t]*$/
    }
}

# A public prototype is commented when a comment ends above it without a blank line, or
# stands on its own lines.
function follow_prototypes(line, code) {
    if (line ~ /^[ \t]*$/) {
        commented = 0
    } else if (line ~ /\*\//) {
        commented = 1
    }
    if (!in_function && line ~ /^[A-Za-z_].*\(/ && line !~ /^(typedef|static_assert|_Static_assert)/) {
        prototype = FNR
    }
    if (prototype && code ~ /[;{][ \t]*$/) {
        if (!commented) {
            complain(prototype, "a public function without a comment")
        }
        prototype = 0
    }
}

# --- lines of every file ----------------------------------------------------------------------

function check_head(line) {
    if (FNR == 1) {
        has_interpreter = line ~ /^#!/
    }
    if (FNR == 1 + has_interpreter && line !~ /SPDX-License-Identifier: Apache-2\.0/) {
        complain(FNR, "the first line is the SPDX line of Apache-2.0")
    }
    if (FNR == 2 + has_interpreter && is_c && line !~ /^\/\*/) {
        complain(FNR, "the second line is a comment that says what the file is for")
    }
}

function end_file() {
    if (file == "") {
        return
    }
    if (lines > 600) {
        complain(lines, "file of " lines " lines; 600 is the maximum")
    }
    if (is_contract && contract_order[contract] == 0) {
        complain(1, "a contract needs its place in tests/tidy/contracts.txt")
    }
}

BEGIN {
    standard_headers = "^(assert|ctype|errno|float|inttypes|iso646|limits|locale|math|setjmp|" \
        "signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|" \
        "string|time|uchar|wchar|wctype)\\.h$"
    banned_calls = "[^A-Za-z0-9_](strcpy|strcat|strncpy|sprintf|vsprintf|gets|strtok|atoi|atol|" \
        "atoll|alloca|_alloca|scanf|sscanf|fscanf|vscanf|vsscanf|vfscanf|system|popen|_popen|" \
        "wcscpy|wcscat|wcsncpy|swprintf|aligned_alloc)[ \t]*\\("
    read_contract_order(contracts)
}

FNR == 1 {
    end_file()
    file = FILENAME
    in_comment = in_function = continued = commented = prototype = declared = 0
    set_stage()
}

{
    lines = FNR
    check_head($0)
    if (file !~ /^tests\/tidy\// && (" " $0 " ") ~ /[^A-Za-z0-9_](TODO|FIXME|XXX)[^A-Za-z0-9_]/) {
        complain(FNR, "finish it or write an issue")
    }
    if ($0 ~ /[ \t]$/) {
        complain(FNR, "white space at the end of the line")
    }
    if (!is_c) {
        next
    }
    code = code_of($0)
    if (code ~ /^[ \t]*#[ \t]*include/) {
        check_include($0)
        next
    }
    check_code(code)
    if (is_contract) {
        follow_prototypes($0, code)
    }
    follow_functions($0, code)
}

END {
    end_file()
    exit violations > 0
}
