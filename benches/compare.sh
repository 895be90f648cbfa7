#!/usr/bin/env bash
# Measures the same work with groundplan, by hand with git, and with other tools if they are installed: a template of 200,
# 2,000 and 20,000 files, thirty actions, placeholders in every hundredth file. Prints medians in milliseconds.
#
#   benches/compare.sh [RUNS]
#
# Writes only to a temporary folder and needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-5}

cargo build --release --quiet --locked --bin groundplan --example template
groundplan=$PWD/target/release/groundplan
generate=$PWD/target/release/examples/template
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null NO_COLOR=1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid
# No garbage collection during the measurements.
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
export GIT_CONFIG_KEY_1=maintenance.auto GIT_CONFIG_VALUE_1=false
cd "$work"
"$generate" catalogue catalogue
product=(--catalog catalogue --defaults --name 'Acme Web' --owner acme --repo acme-web --date 2026-11-21 --ref v1)

# median PREPARE COMMAND: the median time of COMMAND in milliseconds; PREPARE runs before each and is not counted. Each
# run gets a $fresh name to write to: making files right after others were deleted is slow on some file systems.
median() {
    local prepare=$1 command=$2 start end run fresh
    for run in $(seq "$runs"); do
        fresh=made/$BASHPID.$run
        eval "$prepare"
        sync # so that earlier writes are not measured
        start=${EPOCHREALTIME/[.,]/}
        eval "$command" >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "failed: $command" >&2; return 1; }
        end=${EPOCHREALTIME/[.,]/}
        echo $((end - start))
    done | sort -n | awk '{ v[NR] = $1 } END { m = v[int((NR + 1) / 2)]; printf "%.1f\n", m / 1000 }'
}

peak() { # the largest resident size of a command in MiB
    if [ -x /usr/bin/time ]; then
        eval "/usr/bin/time -f %M $1" 2>&1 >/dev/null | tail -n 1 | awk '{ printf "%.0f\n", $1 / 1024 }'
    else
        echo -
    fi
}

by_hand() {
    local plain=$2
    git clone --quiet --depth 1 --branch v1 "file://$work/$1" "$plain" 2>/dev/null
    rm -rf "$plain/.git"
    grep -rlE '__(PRODUCT_NAME|PRODUCT_SLUG|GITHUB_OWNER)__' "$plain" \
        | xargs sed -i 's/__PRODUCT_NAME__/Acme Web/; s/__PRODUCT_SLUG__/acme-web/; s/__GITHUB_OWNER__/acme/'
    mkdir "$plain/docs"
    for number in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "# New $number of Acme Web" >"$plain/docs/new$number.md"; done
    git -C "$plain" init --quiet --initial-branch main
    git -C "$plain" add --all
    git -C "$plain" commit --quiet --message 'Bootstrap Acme Web'
}

row() { printf '%-46s %10s %10s %10s\n' "$@"; }
declare -A table
order=()
put() { # put LABEL COUNT VALUE
    [ -n "${table[$1,200]:-}${table[$1,2000]:-}${table[$1,20000]:-}" ] || order+=("$1")
    table["$1,$2"]=$3
}
note() { # note LABEL COUNT PREPARE COMMAND
    local value
    value=$(median "$3" "$4")
    put "$1" "$2" "$value"
}

mkdir made
for count in 200 2000 20000; do
    "$generate" "t$count" "$count"
    git -C "t$count" init --quiet --initial-branch main
    git -C "t$count" add --all
    git -C "t$count" commit --quiet --message template
    git -C "t$count" tag v1
    git -C "t$count" gc --quiet
done
# ext4 is slow to reuse inodes deleted less than a minute ago, and packing deleted thousands. For the same reason, nothing
# large is deleted from here on.
sync
[ "$(stat --file-system --format %T .)" = tmpfs ] || sleep 65
for count in 200 2000 20000; do
    preview="$(printf '%q ' "$groundplan" preview --template "t$count" --cache-dir cache --summary "${product[@]}")"
    new="$(printf '%q ' "$groundplan" new --template "t$count" --cache-dir cache "${product[@]}")"
    note 'groundplan preview, first ever' $count 'rm -rf cache' "$preview"
    note 'groundplan preview, with cache' $count : "$preview"
    note 'groundplan new, files and repository' $count : "$new --into \$fresh"
    note 'groundplan new --bare' $count : "$new --bare --into \$fresh"
    note 'groundplan new --bare --shared' $count : "$new --bare --shared --into \$fresh"
    note 'by hand: clone, edit, init, add, commit' $count : "by_hand t$count \$fresh"
    rm -rf cache
    put 'peak memory of the first preview, MiB' $count "$(peak "$preview")"
    put 'peak memory of new, MiB' $count "$(peak "$new --into made/peak$count")"
    if command -v copier >/dev/null; then
        mkdir "copier$count"
        cp -r "t$count/." "copier$count/template"
        rm -rf "copier$count/template/.git"
        { echo "_subdirectory: template"; echo "name: { type: str }"; echo "owner: { type: str }"; } >"copier$count/copier.yml"
        grep -rlE '__(PRODUCT_NAME|PRODUCT_SLUG|GITHUB_OWNER)__' "copier$count/template" | while read -r file; do
            sed 's/__PRODUCT_NAME__/{{ name }}/; s/__PRODUCT_SLUG__/{{ name }}/; s/__GITHUB_OWNER__/{{ owner }}/' "$file" >"$file.jinja"
            rm "$file"
        done
        copy="copier copy --quiet --defaults --data name=acme --data owner=acme copier$count \$fresh"
        [ "$count" = 20000 ] || runs=1 note 'copier copy (no repository)' $count : "$copy"
        [ "$count" = 20000 ] || runs=1 note 'copier copy --pretend' $count : "$copy --pretend"
    fi
    if command -v cookiecutter >/dev/null; then
        mkdir "cutter$count"
        cp -r "t$count" "cutter$count/{{cookiecutter.slug}}"
        rm -rf "cutter$count/{{cookiecutter.slug}}/.git"
        echo '{"slug": "acme-web", "owner": "acme"}' >"cutter$count/cookiecutter.json"
        grep -rlE '__(PRODUCT_NAME|PRODUCT_SLUG|GITHUB_OWNER)__' "cutter$count" \
            | xargs -d '\n' sed -i 's/__PRODUCT_NAME__/{{ cookiecutter.slug }}/; s/__PRODUCT_SLUG__/{{ cookiecutter.slug }}/; s/__GITHUB_OWNER__/{{ cookiecutter.owner }}/'
        cut="cookiecutter --no-input --output-dir \$fresh cutter$count"
        [ "$count" = 20000 ] || runs=1 note 'cookiecutter (no repository)' $count : "$cut"
    fi
done

row "median of $runs, milliseconds" '200 files' '2,000' '20,000'
for label in "${order[@]}"; do
    row "$label" "${table[$label,200]:--}" "${table[$label,2000]:--}" "${table[$label,20000]:--}"
done
for label in 'groundplan new, files and repository' 'groundplan new --bare' 'groundplan new --bare --shared'; do
    ratio() { awk -v a="${table[by hand: clone, edit, init, add, commit,$1]}" -v b="${table[$label,$1]}" 'BEGIN { printf "%.0f×\n", a / b }'; }
    row "by hand ÷ ${label#groundplan }" "$(ratio 200)" "$(ratio 2000)" "$(ratio 20000)"
done
echo 'Calls in one process after the first: cargo bench --bench templates'
