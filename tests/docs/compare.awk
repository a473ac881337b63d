# SPDX-License-Identifier: Apache-2.0
# Compares expected lines (first file) with actual ones; "…" is any text, alone any lines.
# Prints the first line that was not met, and exits 1.

function fits(pattern, text,    parts, count, i, at) {
    count = split(pattern, parts, "…")
    if (count == 1) {
        return pattern == text
    }
    if (substr(text, 1, length(parts[1])) != parts[1]) {
        return 0
    }
    text = substr(text, length(parts[1]) + 1)
    for (i = 2; i < count; i++) {
        at = index(text, parts[i])
        if (at == 0) {
            return 0
        }
        text = substr(text, at + length(parts[i]))
    }
    return length(text) >= length(parts[count]) &&
           substr(text, length(text) - length(parts[count]) + 1) == parts[count]
}

NR == FNR && FILENAME == ARGV[1] {
    expected[++expected_count] = $0
    next
}

{
    actual[++actual_count] = $0
}

END {
    at = 1
    for (i = 1; i <= expected_count; i++) {
        if (expected[i] == "…") {
            if (i == expected_count) {
                exit 0
            }
            i++
            while (at <= actual_count && !fits(expected[i], actual[at])) {
                at++
            }
        }
        if (at > actual_count || !fits(expected[i], actual[at])) {
            print "expected \"" expected[i] "\", got \"" (at > actual_count ? "nothing" : actual[at]) "\""
            exit 1
        }
        at++
    }
    if (at <= actual_count) {
        print "more than expected: \"" actual[at] "\""
        exit 1
    }
}
