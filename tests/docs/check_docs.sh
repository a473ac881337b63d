#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The documentation against the tree and the program: links, names of files, functions,
# limits, subcommands and options, sizes of tables; and every block marked "console" is run and
# compared.
#
# usage: check_docs.sh PROGRAM SIZES [TREE]     prints what is wrong, exits 1 when anything is
#
# In a console block a line "$ COMMAND" is run in a scratch folder that has the tree's docs,
# and the lines after it are what it prints. "…" stands for any text in a line, and alone on
# a line for any lines. With EW_UPDATE_DOCS=1 what is printed replaces what the page says, but
# for blocks with "…".
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath -- "${1:?usage: check_docs.sh PROGRAM SIZES [TREE]}")
sizes=$(realpath -- "${2:?usage: check_docs.sh PROGRAM SIZES [TREE]}")
tree=$(realpath -- "${3:-$here/../..}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$tree"
mkdir "$work/bin"
ln -s "$program" "$work/bin/etwitness"
export PATH=$work/bin:$PATH
problems=0

complain() { # WHERE TEXT
    printf '%s: %s\n' "$1" "$2"
    problems=$((problems + 1))
}

mapfile -t pages < <(find . -maxdepth 1 -name '*.md' -printf '%P\n' | sort
    find docs -name '*.md' | sort)

# Reads "page:line:found" and calls CHECK PAGE:LINE FOUND for each.
each() { # CHECK
    local page line found
    while IFS=: read -r page line found; do
        "$1" "$page:$line" "$found"
    done
}

# --- names -----------------------------------------------------------------------------

check_link() {
    local target=${2#](}
    target=${target%)}
    case $target in
    *://* | mailto:* | '#'*) return ;;
    esac
    [ -e "$(dirname -- "${1%:*}")/${target%%#*}" ] || complain "$1" "the link $target leads nowhere"
}

check_path() {
    local path=${2//\`/}
    [[ $path != *NAME* ]] || return 0
    [ -e "${path%/}" ] || complain "$1" "there is no $path"
}

check_identifier() {
    grep -qxF -- "$2" "$work/identifiers" || complain "$1" "there is no $2 in the code"
}

check_limit() {
    grep -qw -- "$2" include/etwitness/limits.h || complain "$1" "$2 is not in limits.h"
}

# "page:line:name" of what looks like ours; what a diff adds need not be there.
named() {
    awk '/^```diff/ { skipped = 1 } /^```$/ { skipped = 0 }
        !skipped {
            text = $0
            while (match(text, /(EW_[A-Z]|ew_[a-z])[A-Za-z0-9_]*/)) {
                if (RSTART == 1 || substr(text, RSTART - 1, 1) !~ /[A-Za-z0-9_]/)
                    print FILENAME ":" FNR ":" substr(text, RSTART, RLENGTH)
                text = substr(text, RSTART + RLENGTH)
            }
        }' "${pages[@]}"
}

check_names() {
    grep -rhoE '\bEW_[A-Z0-9_]+|\bew_[a-z0-9_]+' include src service tests CMakeLists.txt |
        sort -u >"$work/identifiers"
    each check_link < <(grep -noE '\]\([^) ]+\)' /dev/null "${pages[@]}")
    each check_path < <(grep -noE '`(src|include|service|tests|docs|cmake)/[A-Za-z0-9_./-]+`' /dev/null "${pages[@]}")
    each check_identifier < <(named)
    each check_limit < <(grep -noE '\bEW_[A-Z0-9_]+_MAX\b' /dev/null "${pages[@]}")
}

# The row of a limit in the table of memory begins its third column with the bytes each.
check_sizes() {
    local limit bytes
    while read -r limit bytes; do
        grep -qE "^\\|[^|]*\\|[^|]*\`$limit\`[^|]*\\| $bytes(,| |\$)" docs/ARCHITECTURE.md ||
            complain docs/ARCHITECTURE.md "an entry of the table of $limit takes $bytes bytes"
    done < <("$sizes")
}

# --- the command line ------------------------------------------------------------------

help_of() { # COMMAND
    if [ ! -e "$work/help-$1" ]; then
        etwitness "$1" --help >"$work/help-$1" 2>&1 || return 1
    fi
    cat "$work/help-$1"
}

# "etwitness COMMAND ... --option ...", and the same without its first word where the line
# is one piece of code.
check_command_line() {
    local text=${2//\`/} command option
    text=${text#*etwitness }
    command=${text%%[^a-z]*}
    if ! help_of "$command" >/dev/null; then
        complain "$1" "there is no etwitness $command"
        return
    fi
    for option in $(grep -oE -- '--[a-z][a-z-]*' <<<"$text" || true); do
        help_of "$command" | grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" ||
            complain "$1" "etwitness $command has no $option"
    done
}

check_command_lines() {
    local commands
    commands=$(etwitness --help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p' | grep -v etwitness | paste -sd'|')
    each check_command_line < <(grep -noE '(\$ |`|^ +)etwitness [a-z][^`|]*' /dev/null "${pages[@]}")
    each check_command_line < <(grep -noE "\`($commands) [^\`]*\`" /dev/null "${pages[@]}")
}

# --- what is shown as run ----------------------------------------------------------------

# Replaces in a page what the command at a line prints.
update_block() { # PAGE LINE ACTUAL
    awk -v at="$2" -v actual="$3" '
        NR == at { print; skipping = 1; going_on = /\\$/; next }
        skipping && going_on { print; going_on = /\\$/; next }
        skipping == 1 { while ((getline line <actual) > 0) print line; skipping = 2 }
        skipping && (/^\$ / || /^```/) { skipping = 0 }
        !skipping' "$1" >"$work/updated"
    cat "$work/updated" >"$1"
}

check_block() { # PAGE NAME
    local name=$2 line
    line=$(basename "$name" | sed 's/^0*//')
    ! awk -f "$here/compare.awk" "$name.expected" "$name.actual" >"$work/difference" || return 0
    if [ -n "${EW_UPDATE_DOCS:-}" ] && ! grep -q '…' "$name.expected"; then
        update_block "$1" "$line" "$name.actual"
    else
        complain "$1:$line" "$(cat "$name.command") prints something else: $(cat "$work/difference")"
    fi
}

check_blocks() { # PAGE
    local scratch=$work/scratch block blocks=()
    rm -rf "$scratch" "$work/blocks"
    mkdir "$scratch" "$work/blocks"
    ln -s "$tree/docs" "$scratch/docs"
    awk -v out="$work/blocks" -f "$here/blocks.awk" "$1"
    for block in "$work"/blocks/*.command; do
        [ -e "$block" ] || return 0
        blocks=("${block%.command}" "${blocks[@]}")
        (cd "$scratch" && bash "$block" >"${block%.command}.actual" 2>&1 </dev/null) || true
    done
    # From the last one up, so that an update moves nothing that is still to come.
    for block in "${blocks[@]}"; do
        check_block "$1" "$block"
    done
}

[ ${#pages[@]} != 0 ] || complain "$tree" "there is no documentation"
check_names
check_sizes
check_command_lines
for page in "${pages[@]}"; do
    check_blocks "$page"
done
if [ "$problems" != 0 ]; then
    echo "$problems statements of the documentation are not true"
    exit 1
fi
echo "${#pages[@]} pages, nothing wrong found"
