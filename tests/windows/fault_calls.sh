# SPDX-License-Identifier: Apache-2.0
# For the scripts fault_*.sh: which calls a log of the stand-in tells (tests/standins/plan.h), as
# names for `fail=`, and what a failing call is to lead to.

# fault_calls LOG: FUNCTION or FUNCTION.PART, a colon, and the number of the call, a line each.
fault_calls() {
    awk '$1 == "call:" {
        name = $2
        if (name == "ControlTraceW" || name == "EnableTraceEx2")
            name = name "." $3
        else if ($3 ~ /^class=/)
            name = name "." substr($3, 7)
        else if ($3 ~ /^level=/ && name == "ChangeServiceConfig2W")
            name = name "." substr($3, 7)
        if (name == "ProcessTrace" && $0 !~ / begins /)
            next
        print name ":" ++count[name]
    }' "$1"
}

# fault_expectation TABLE CASE: the words behind the first line of the table whose pattern the
# case matches, such as "ends 0"; fails when there is none. Lines are PATTERN WORDS # REASON.
fault_expectation() {
    while read -r pattern words; do
        # shellcheck disable=SC2254 # it is a pattern
        case $2 in
        $pattern)
            echo "${words%%#*}"
            return 0
            ;;
        esac
    done <"$1"
    return 1
}

# A failure is told in words: what could not be done, and the number only behind them.
fault_is_told() { # FILE CODE
    grep -q "cannot [a-z].*: .*[a-zA-Z].* (Windows error $2)" "$1"
}
