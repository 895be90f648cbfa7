#!/usr/bin/env bash
# Creates apps from the built-in catalogue `nextjs` that cover every option. Runs install, format check, lint, type check, tests and build in
# each, and Storybook and the browser tests if they are selected.
#
#   tests/npm_check.sh            all apps; needs about ten minutes, 5 GB of disk and the npm registry
#   tests/npm_check.sh 2 4        only these
#
# GROUNDPLAN=path     the program to use; default: built with cargo
# CHROMIUM_PATH=path  the Chromium for browser tests; default: they are skipped with a message
# KEEP=folder         the folder for the apps, which are kept; default: a temporary folder
#
# Run it by hand after a change of the catalogue, and weekly, because new package versions can break an app.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

# deploy, auth, database, ui-components, state-management, testing, add-ons
selections=(
    "self-hosted iron-session postgres-prisma  shadcn-baseui zustand       vitest-playwright github-ci storybook error-tracking"
    "vercel      authjs       postgres-drizzle plain-css     react-context playwright   forgejo-ci storybook error-tracking"
    "self-hosted basic-auth   sqlite-drizzle   shadcn-baseui none          node-test    renovate editorconfig error-tracking"
    "vercel      none         none             plain-css     react-context vitest-jsdom"
    "self-hosted iron-session sqlite-drizzle   shadcn-baseui zustand       playwright   github-ci"
)
categories=(deploy auth database ui-components state-management testing)

if [ -n "${GROUNDPLAN:-}" ]; then
    groundplan=$(realpath "$GROUNDPLAN")
else
    cargo build --locked --manifest-path "$root/Cargo.toml"
    groundplan=$root/target/debug/groundplan
fi
if [ -n "${KEEP:-}" ]; then
    mkdir -p "$KEEP"
    work=$(realpath "$KEEP")
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
export NEXT_TELEMETRY_DISABLED=1 CI=1

# Writes category/option, one per line, for one line of the table.
refs() {
    local words index
    read -ra words <<<"$1"
    for index in "${!words[@]}"; do
        echo "${categories[$index]:-addons}/${words[$index]}"
    done
}

# Runs one step and shows its output only if it fails.
step() {
    local started=$SECONDS
    if ! "$@" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        echo "product $number: '$*' failed" >&2
        exit 1
    fi
    echo "  $* ($((SECONDS - started)) s)"
}

has_script() {
    node -e 'process.exit(process.argv[1] in require("./package.json").scripts ? 0 : 1)' "$1"
}

chosen=("$@")
[ "${#chosen[@]}" -gt 0 ] || mapfile -t chosen < <(seq "${#selections[@]}")
for number in "${chosen[@]}"; do
    selection=${selections[$((number - 1))]}
    select=()
    while read -r ref; do select+=(--select "${ref/\//=}"); done < <(refs "$selection")
    echo "product $number:" $selection
    rm -rf "${work:?}/product-$number"
    cd "$work"
    step "$groundplan" new --catalog "$root" "${select[@]}" --name "Product $number" --owner acme --repo "product-$number" \
        --into "product-$number"
    cd "product-$number"
    step "$groundplan" verify --catalog "$root"
    step npm install --no-audit --no-fund
    step npm run format:check
    step npm run lint
    step npm run typecheck
    step npm test
    step npm run build
    if has_script storybook:build; then step npm run storybook:build; fi
    if has_script test:e2e; then
        if [ -n "${CHROMIUM_PATH:-}" ]; then
            step npm run test:e2e
        else
            echo "  npm run test:e2e skipped: CHROMIUM_PATH is not set"
        fi
    fi
    # All new files must be ignored by git, except the lock file.
    untracked=$(git status --porcelain)
    if [ "$untracked" != "?? package-lock.json" ]; then
        printf 'product %s: unexpected files:\n%s\n' "$number" "$untracked" >&2
        exit 1
    fi
done
echo "all apps passed"
