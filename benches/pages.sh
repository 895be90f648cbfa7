#!/usr/bin/env bash
# Measures the pages in Chromium: weight, first paint, a click on Configure, and the jobs board with 100,000 jobs.
#
#   benches/pages.sh
#
# Needs a release build, node, Chromium and the packages that `cargo test browser::` installs. With DATABASE_URL it measures that
# Postgres (with psql), which must be empty and migrated; otherwise an embedded SQLite (with python3).
set -euo pipefail
cd "$(dirname "$0")/.."
program=${GROUNDPLAN:-target/release/groundplan}
work=$(mktemp -d /tmp/groundplan-pages.XXXXXX)
server=
trap '[ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT
export GROUNDPLAN_DATA_DIR=$work/data GROUNDPLAN_LOG=warn BASE_URL=http://127.0.0.1:8932 BROWSER_MODULES=$PWD/target/tmp/browser
start() {
    "$program" serve --listen 127.0.0.1:8932 --no-worker --forge local --forge-url "$work/repositories" >/dev/null 2>"$work/log" &
    server=$!
    until curl -fs "$BASE_URL/api/v1/version" >/dev/null; do
        kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
        sleep 0.2
    done
}
mkdir "$work/repositories"
start
API_TOKEN=$("$program" token create --user bench)
export API_TOKEN
curl -fsS -H "authorization: Bearer $API_TOKEN" -H 'content-type: application/json' -d '{"name":"Old"}' "$BASE_URL/api/v1/products" >/dev/null
columns='id, user_id, product_id, kind, status, created_at, updated_at, finished_at'
states="CASE n % 4 WHEN 0 THEN 'DONE' WHEN 1 THEN 'FAILED' WHEN 2 THEN 'CANCELLED' ELSE 'SKIPPED' END"
if [ -n "${DATABASE_URL:-}" ]; then
    psql -q "$DATABASE_URL" -c "INSERT INTO claude_jobs ($columns) SELECT 'job' || n, 'bench', 'old', 'PLAN_CHAT',
        ($states)::\"ClaudeJobStatus\", now() - n * interval '10 seconds', now(), now() - n * interval '9 seconds'
        FROM generate_series(1, 100000) AS s(n); ANALYZE"
else
    python3 - "$work/data/groundplan.db" <<PY
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1])
now = int(time.time() * 1000)
database.execute(f"""INSERT INTO claude_jobs ($columns) WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000)
    SELECT 'job' || n, 'bench', 'old', 'PLAN_CHAT', $states, {now} - n * 10000, {now}, {now} - n * 9000 FROM s""")
database.commit()
PY
fi
node tests/browser/budgets.mjs
