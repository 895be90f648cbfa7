#!/bin/sh
# Lets Prism judge each answer of the server by the server's own OpenAPI document, and each request of a client that is made
# from that document. Needs npm, node and a network.
#
#   tests/contract_server.sh [PROGRAM]
set -eu
cd "$(dirname "$0")/.."
program=$(realpath "${1:-target/debug/groundplan}")
work=$(mktemp -d)
server='' prism=''
trap 'kill $server $prism 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

npm install --silent --no-audit --no-fund --prefix "$work" @stoplight/prism-cli@5.16.0 openapi-client-axios@7.9.1 axios@1
export GROUNDPLAN_DATA_DIR="$work/data" CRON_SECRET=0123456789abcdef0123456789abcdef
"$program" serve --listen 127.0.0.1:4713 >"$work/server.log" 2>&1 &
server=$!
wait_for() {
    until grep -q "$1" "$2"; do
        kill -0 "$3" 2>/dev/null || { cat "$2" >&2; exit 1; }
        sleep 0.2
    done
}
wait_for ' ready ' "$work/server.log" "$server"
TOKEN=$("$program" token create --user root --admin)
"$program" token create --user root --label spare >/dev/null
export TOKEN MODULES="$work"
"$work/node_modules/.bin/prism" proxy --errors --port 4714 schema/openapi.json http://127.0.0.1:4713 >"$work/prism.log" 2>&1 &
prism=$!
wait_for 'Prism is listening' "$work/prism.log" "$prism"
node tests/contract/server.mjs schema/openapi.json http://127.0.0.1:4714
