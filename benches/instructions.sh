#!/usr/bin/env bash
# Counts the instructions of some commands, which do not depend on the speed and load of the machine, and fails if a command
# needs 10 % more than `benches/instructions.txt` says.
#
#   benches/instructions.sh [--accept]
#
# Needs valgrind. The counts in the file are those of a debug build, so that no other build is needed; a release build needs about
# two fifths of them. With GROUNDPLAN, the counts of that program are printed and not compared.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${GROUNDPLAN:-target/debug/groundplan}
recorded=benches/instructions.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Adds the count of a command. An empty environment and state folder: no answer is remembered, no variable changes the path.
count() {
    local name=$1
    shift
    env -i PATH="$PATH" HOME="$work" valgrind --tool=callgrind --callgrind-out-file="$work/out" "$program" "$@" >/dev/null 2>"$work/log" ||
        { cat "$work/log" >&2; exit 1; }
    awk -v name="$name" '/^summary:|^totals:/ { print name, $2; exit }' "$work/out" >>"$work/counts"
}

product=(--name 'Acme Web' --owner acme --repo acme-web --date 2026-11-21)
count hash hash
count list list
count preview preview --defaults "${product[@]}" --summary
count preview-json preview --defaults "${product[@]}" --format json
count show show nextjs

if [ -n "${GROUNDPLAN:-}" ]; then
    cat "$work/counts"
elif [ "${1:-}" = --accept ]; then
    cp "$work/counts" "$recorded"
else
    join "$recorded" "$work/counts" | awk '
        { printf "%s: %d million instructions, recorded %d\n", $1, $3 / 1e6, $2 / 1e6 }
        $3 > $2 * 1.1 { slower = slower " " $1 }
        END {
            if (NR != 5) { print "error: benches/instructions.txt does not have the five commands" > "/dev/stderr"; exit 1 }
            if (slower) { print "error: 10 % more instructions than recorded:" slower "\nhint: find the cause, or accept it with `benches/instructions.sh --accept`" > "/dev/stderr"; exit 1 }
        }'
fi
