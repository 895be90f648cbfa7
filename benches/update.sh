#!/usr/bin/env bash
# Measures an update with groundplan, copier and cruft: a template of FILES files, thirty of them changed, and a repository in
# which a person changed twenty: ten of the same files apart from the template, ten others. Prints median milliseconds and the
# number of the person's lines that the update lost.
#
#   benches/update.sh [FILES] [RUNS]
#
# copier and cruft are measured if they are installed. Writes only to a temporary folder and needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
files=${1:-2000} runs=${2:-5}
groundplan=${GROUNDPLAN:-$PWD/target/release/groundplan}
[ -x "$groundplan" ] || cargo build --release --quiet --locked --bin groundplan
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null NO_COLOR=1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
export GIT_CONFIG_KEY_1=maintenance.auto GIT_CONFIG_VALUE_1=false
cd "$work"

generate() { # FOLDER: the template's files
    awk -v count="$files" -v folder="$1" 'BEGIN {
        for (d = 0; d < 50; d++) system("mkdir -p " folder "/d" d)
        for (i = 0; i < count; i++) {
            path = folder "/d" (i % 50) "/f" i ".txt"
            for (line = 1; line <= 40; line++) print "line " line " of " i > path
            close(path)
        }
    }'
}
change() { # FOLDER FIRST LAST LINE WORD
    local number
    for number in $(seq "$2" "$3"); do
        sed -i "s/^line $4 of/line $4, $5, of/" "$1/d$((number % 50))/f$number.txt"
    done
}
commit() { git -C "$1" add -A && git -C "$1" commit -qm "$2"; }
person() { # FOLDER: the person's changes
    change "$1" 20 39 30 mine
    commit "$1" mine
}
lost() { echo $((20 - $(grep -rl 'line 30, mine, of' "$1" --include='*.txt' | wc -l))); }
report() { # NAME FOLDER PREPARE COMMAND
    local run start
    for run in $(seq "$runs"); do
        rm -rf run && cp -a "$2" run
        cd run
        eval "$3"
        start=${EPOCHREALTIME/[.,]/}
        eval "$4" >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "failed: $4" >&2; exit 1; }
        echo $((${EPOCHREALTIME/[.,]/} - start))
        cd ..
    done | sort -n | awk -v name="$1" '{ v[NR] = $1 } END { printf "%-28s %9.1f ms", name, v[int((NR + 1) / 2)] / 1000 }'
    eval "${5:-true}"
    printf '   %s lines lost\n' "$(lost run)"
}

generate plain
mkdir -p catalogues/catalog/big catalogues/recipes/big/all
cp -a plain catalogues/catalog/big/template
cat >catalogues/catalog/big/catalog.yaml <<'YAML'
catalog: big
title: Big
template: { path: template, version: v1 }
categories:
  - slug: all
    title: All
    selection: SINGLE
    required: true
    options: [{ slug: one, title: One, default: true }]
YAML
echo 'actions: []' >catalogues/recipes/big/all/one.yaml
"$groundplan" new --catalog catalogues --defaults --name Acme --owner acme --repo acme --into ours >/dev/null
person ours
change catalogues/catalog/big/template 0 29 5 newer
sed -i 's/version: v1/version: v2/' catalogues/catalog/big/catalog.yaml
report 'groundplan update' ours : "'$groundplan' update . --catalog ../catalogues"
report 'groundplan --into-branch' ours : "'$groundplan' update . --catalog ../catalogues --into-branch next" 'git -C run checkout -q next'

if command -v copier >/dev/null; then
    mkdir copier-template && cp -a plain copier-template/template
    printf '_subdirectory: template\n_answers_file: .copier-answers.yml\n' >copier-template/copier.yml
    echo '{{ _copier_answers|to_nice_yaml }}' >'copier-template/template/{{ _copier_conf.answers_file }}.jinja'
    git init -q -b main copier-template && commit copier-template v1 && git -C copier-template tag v1.0.0
    copier copy --quiet --defaults --vcs-ref v1.0.0 "$work/copier-template" copied >/dev/null 2>&1
    git init -q -b main copied && commit copied v1 && person copied
    change copier-template/template 0 29 5 newer
    commit copier-template v2 && git -C copier-template tag v2.0.0
    report 'copier update' copied : 'copier update --quiet --defaults --vcs-ref v2.0.0'
fi
if command -v cruft >/dev/null; then
    mkdir -p 'cruft-template/{{cookiecutter.slug}}' && cp -a plain/. 'cruft-template/{{cookiecutter.slug}}'
    echo '{ "slug": "crufted" }' >cruft-template/cookiecutter.json
    git init -q -b main cruft-template && commit cruft-template v1
    cruft create "$work/cruft-template" --no-input >/dev/null 2>&1
    git init -q -b main crufted && commit crufted v1 && person crufted
    change 'cruft-template/{{cookiecutter.slug}}' 0 29 5 newer
    commit cruft-template v2
    report 'cruft update' crufted : 'cruft update --skip-apply-ask'
fi
