#!/usr/bin/env bash
# Measures the server over HTTP: previews, reading a run, memory, streams, and a run from its submission to its end.
#
#   benches/http.sh [SECONDS]
#
# Needs wrk (Debian: `apt-get install wrk`), Node.js and a release build. With DATABASE_URL it measures that Postgres, which must
# be empty and migrated; otherwise an embedded SQLite in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
program=${GROUNDPLAN:-target/release/groundplan}
work=$(mktemp -d /tmp/groundplan-http.XXXXXX)
server=
trap '[ -z "$server" ] || kill "$server"; wait; rm -rf "$work"' EXIT

export GROUNDPLAN_DATA_DIR=$work/data GROUNDPLAN_LOG=warn
mkdir "$work/repositories"
"$program" serve --listen 127.0.0.1:8931 --forge local --forge-url "$work/repositories" 2>"$work/log" &
server=$!
url=http://127.0.0.1:8931
until curl -fs "$url/health/ready" >/dev/null && curl -fs "$url/api/v1/version" >/dev/null; do
    kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
    sleep 0.2
done
token=$("$program" token create --user bench)
memory() { awk -v name="$1" '$1 == name ":" { printf "%d MiB\n", $2 / 1024 }' "/proc/$server/status"; }
api() { curl -fsS -H "authorization: Bearer $token" -H 'content-type: application/json' "$@"; }

# One body for all requests; with DISTINCT another product for each, so that each preview is stored.
cat >"$work/get.lua" <<LUA
wrk.headers["authorization"] = "Bearer $token"
function done(summary, latency)
  print(("%.0f per second, p50 %.1f ms, p99 %.1f ms, %d failures"):format(summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.errors.status))
end
LUA
cat "$work/get.lua" - >"$work/preview.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local body = '{"catalog":"nextjs","defaults":true,"name":"%s","owner":"acme","repo":"acme-web","date":"2026-11-21"}'
wrk.body = body:format("Acme Web")
if os.getenv("DISTINCT") then
  local number = 0
  function request()
    number = number + 1
    return wrk.format(nil, nil, nil, body:format("Acme " .. number))
  end
end
LUA

load() { wrk --timeout 30s "$@" | tail -1; }
previews=$url/api/v1/previews
echo "memory at start: $(memory VmRSS)"
load -t1 -c1 -d2s -s "$work/preview.lua" "$previews" >/dev/null
echo "previews, 1 client: $(load -t1 -c1 -d"${seconds}s" -s "$work/preview.lua" "$previews")"
echo "previews, 2 clients: $(load -t1 -c2 -d"${seconds}s" -s "$work/preview.lua" "$previews")"
echo "previews, 2 clients, all different: $(DISTINCT=1 load -t1 -c2 -d"${seconds}s" -s "$work/preview.lua" "$previews")"
echo "previews, 64 clients: $(load -t1 -c64 -d"${seconds}s" -s "$work/preview.lua" "$previews"), most memory $(memory VmHWM)"

api -d '{"name":"Acme Web"}' "$url/api/v1/products" >/dev/null
body='"catalog":"nextjs","defaults":true,"name":"Acme Web","owner":"acme","repo":"acme-web","date":"2026-11-21"'
tree=$(api -d "{$body}" "$previews" | node -p 'JSON.parse(require("fs").readFileSync(0)).treeId')
begun=$(date +%s%N)
run=$(api -d "{$body,\"product\":\"acme-web\",\"expect\":\"$tree\"}" "$url/api/v1/runs" | node -p 'JSON.parse(require("fs").readFileSync(0)).id')
api -H 'accept: text/event-stream' "$url/api/v1/runs/$run/events" | grep -q '"succeeded"'
echo "submission to success: $((($(date +%s%N) - begun) / 1000000)) ms"
echo "reading a run: $(load -t1 -c8 -d"${seconds}s" -s "$work/get.lua" "$url/api/v1/runs/$run")"

before=$(memory VmRSS)
cat >"$work/streams.mjs" <<'JS'
import net from "node:net";
const [port, token] = process.argv.slice(2);
let open = 0;
for (let number = 0; number < 1000; number++) {
  const socket = net.connect(Number(port), "127.0.0.1");
  socket.once("data", () => { if (++open === 1000) console.log("open"); });
  socket.write(`GET /api/realtime/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
}
setInterval(() => {}, 1000);
JS
mkfifo "$work/opened"
node "$work/streams.mjs" 8931 "$token" >"$work/opened" &
streams=$!
read -r _ <"$work/opened"
echo "memory before and with 1,000 streams: $before, $(memory VmRSS)"
kill "$streams"
