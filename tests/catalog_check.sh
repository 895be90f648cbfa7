#!/usr/bin/env bash
# Creates repositories from the built-in catalogues and checks each as its README says: install, format, lint, types, tests, build.
# Every option of python-package, rust-cli and rust-service is in at least one selection; nextjs has its default here and every
# option in tests/npm_check.sh.
#
#   tests/catalog_check.sh                       all; needs about 40 minutes on two cores, 10 GB of disk and the package registries
#   tests/catalog_check.sh rust-cli ops-repo     only these catalogues
#
# GROUNDPLAN=path     the program to use; default: built with cargo
# DATABASE_URL=url    PostgreSQL with a user that may create databases; default: selections with PostgreSQL are built, not tested
# UV_PYTHON=path      the Python for packages; default: uv finds or downloads one
# PICTURES=folder     the folder for pictures of the first page of nextjs; default: the page is looked at only
# KEEP=folder         the folder for the repositories, which are kept; default: a temporary folder
#
# Run it by hand after a change of a catalogue, and weekly, because new package versions can break a result.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

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
export CI=1 NEXT_TELEMETRY_DISABLED=1 CARGO_TARGET_DIR=$work/target
number=0

# Runs one step and shows its output only if it fails.
step() {
    local started=$SECONDS
    if ! "$@" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        echo "$name: '$*' failed" >&2
        exit 1
    fi
    echo "  $* ($((SECONDS - started)) s)"
}

# Creates a repository of a catalogue with the defaults and these selections and inputs, and enters it.
create() {
    local catalog=$1 argument arguments=()
    shift
    for argument in "$@"; do
        case $argument in
        [A-Z]*) arguments+=(--input "$argument") ;;
        *) arguments+=(--select "$argument") ;;
        esac
    done
    number=$((number + 1))
    name=$catalog-$number
    echo "$name: ${*:-defaults}"
    cd "$work"
    rm -rf "${work:?}/$name"
    step "$groundplan" new --catalog "$root/catalog/$catalog" --defaults "${arguments[@]}" --name "Product $number" \
        --owner acme --repo "$name" --author "Ada <ada@example.org>" --into "$name"
    cd "$name"
    step "$groundplan" verify --catalog "$root/catalog/$catalog"
}

# Fails unless these are the only files that the checks left for git.
leaves() {
    local untracked
    untracked=$(git status --porcelain | sort)
    if [ "$untracked" != "$1" ]; then
        printf '%s: unexpected files:\n%s\n' "$name" "$untracked" >&2
        exit 1
    fi
}

check_python_package() {
    create python-package "$@"
    step uv sync
    step uv run ruff format --check
    step uv run ruff check
    if grep -q '^\[tool.mypy\]' pyproject.toml; then step uv run mypy; else step uv run pyright; fi
    step uv run pytest
    step uv build
    if [ -f docs/conf.py ]; then step uv run --group docs sphinx-build -W docs docs/_build; fi
    if [ -f mkdocs.yml ]; then step uv run --group docs mkdocs build --strict; fi
    if [ -f .pre-commit-config.yaml ]; then step uv run pre-commit run --all-files; fi
    leaves '?? uv.lock'
}

check_rust() {
    create "$@"
    local before=false
    if [ -f Cargo.lock ]; then
        before=true
        step cargo build --locked
    fi
    step cargo fmt --check
    step cargo clippy --all-targets -- -D warnings
    if grep -q '"postgres"' Cargo.toml && [ -z "${DATABASE_URL:-}" ]; then
        step cargo test --no-run
        echo "  cargo test skipped: DATABASE_URL is not set"
    else
        step cargo test
    fi
    # Cargo sorts the package into the lock file of the template.
    if $before; then git checkout -q Cargo.lock; leaves ''; else leaves '?? Cargo.lock'; fi
}

# Starts the built app and looks at its first page in Chromium, in light and dark.
look_at() {
    local port=4720 app
    mkdir -p "$work/browser"
    cp "$root"/tests/browser/package*.json "$work/browser"
    step npm ci --silent --no-audit --no-fund --prefix "$work/browser"
    PORT=$port node node_modules/next/dist/bin/next start >"$work/app.log" 2>&1 &
    app=$!
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/"; do
        kill -0 "$app" 2>/dev/null || { cat "$work/app.log" >&2; exit 1; }
        sleep 0.5
    done
    BROWSER_MODULES=$work/browser BASE_URL=http://127.0.0.1:$port step node "$root/tests/browser/result.mjs" "$1"
    kill "$app"
    wait "$app" || true
}

check_nextjs() {
    create nextjs
    step npm install --no-audit --no-fund
    step npm run setup
    step npm run format:check
    step npm run lint
    step npm run typecheck
    step npm test
    step npm run build
    if [ -x /usr/bin/chromium ]; then look_at nextjs; else echo '  first page skipped: Chromium is not installed'; fi
    leaves '?? package-lock.json'
}

check_ops_repo() {
    create ops-repo guards=forms
    step python3 "$(git ls-files '*check.py')"
    leaves ''
}

chosen=("$@")
[ "${#chosen[@]}" -gt 0 ] || chosen=(ops-repo rust-cli rust-service python-package nextjs)
for catalog in "${chosen[@]}"; do
    case $catalog in
    ops-repo) check_ops_repo ;;
    rust-cli)
        check_rust rust-cli
        check_rust rust-cli edition=rust-2021 licence=mit ci=forgejo
        check_rust rust-cli arguments=none errors=boxed licence=apache ci=none
        check_rust rust-cli arguments=none
        check_rust rust-cli errors=boxed
        ;;
    rust-service)
        check_rust rust-service
        check_rust rust-service database=sqlite auth=bearer-token deploy=systemd licence=mit ci=forgejo \
            addons=metrics,cargo-deny,renovate PORT=9090
        check_rust rust-service auth=bearer-token licence=apache ci=none DATABASE_NAME=shop
        check_rust rust-service database=sqlite licence=closed addons=metrics
        ;;
    python-package)
        check_python_package
        check_python_package interface=typer types=pyright docs=mkdocs licence=apache ci=forgejo \
            addons=coverage,pre-commit,renovate PACKAGE=product_lib 'DESCRIPTION=Says "hello", 100% of the time'
        check_python_package interface=argparse docs=none licence=closed ci=none addons=coverage
        check_python_package addons=publish
        ;;
    nextjs) check_nextjs ;;
    *)
        echo "unknown catalogue \`$catalog\`: use ops-repo, rust-cli, rust-service, python-package or nextjs" >&2
        exit 2
        ;;
    esac
done
echo "all repositories passed"
