#!/usr/bin/env bash
# Measures publishing the default repository to a folder of bare repositories, compared with pushing the same commit there
# with git. Prints medians in milliseconds.
#
#   benches/publish.sh [RUNS]
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-11}

cargo build --release --quiet --locked --bin groundplan
groundplan=$PWD/target/release/groundplan
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null NO_COLOR=1
cd "$work"
mkdir forge
product=(--defaults --name 'Acme Web' --owner acme --date 2026-11-21)
"$groundplan" new "${product[@]}" --repo acme-web --bare --into built >/dev/null

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] / 1000 }'; }
now() { echo "${EPOCHREALTIME/[.,]/}"; }

pushed=$(for run in $(seq "$runs"); do
    start=$(now)
    git init --quiet --bare --initial-branch main "pushed$run.git"
    git -C built push --quiet "$work/pushed$run.git" main
    git -C "pushed$run.git" rev-parse --quiet --verify main >/dev/null
    echo $(($(now) - start))
done | median)
built=$(for run in $(seq "$runs"); do
    start=$(now)
    "$groundplan" new "${product[@]}" --repo "bare$run" --bare --into "bare$run" >/dev/null
    echo $(($(now) - start))
done | median)
published=$(for run in $(seq "$runs"); do
    start=$(now)
    "$groundplan" new "${product[@]}" --repo "web$run" --forge local --forge-url forge >/dev/null
    echo $(($(now) - start))
done | median)

printf '%-60s %8s ms\n' 'git init, push, look, of the built repository' "$pushed" \
    'groundplan new --bare: plan, preview and build alone' "$built" \
    'groundplan new --forge local: all of both, with its ledger' "$published"
awk -v a="$published" -v b="$built" -v c="$pushed" 'BEGIN { printf "publishing ÷ push: %.2f (time without building ÷ push)\n", (a - b) / c }'
