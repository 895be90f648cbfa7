#!/usr/bin/env bash
# What an author sees in an editor: a starter catalogue in yaml-language-server, which completes every kind of action
# and flags seeded mistakes at their places. Needs node, npm and the npm registry, so it is run by hand:
#
#     tests/editor.sh [path of groundplan]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
groundplan=$(realpath "${1:-$here/../target/debug/groundplan}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

npm install --silent --no-audit --no-fund --prefix "$folder/server" yaml-language-server@2.0.0
cd "$folder"
"$groundplan" init catalog starter >/dev/null
node "$here/editor/check.mjs" "$folder/server/node_modules/yaml-language-server/bin/yaml-language-server" "$folder/starter"
