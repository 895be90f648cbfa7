#!/bin/sh
# Lets Prism judge the requests by GitHub's OpenAPI description and Forgejo's swagger. Needs npm, cargo and a network;
# downloads some 400 MB into a temporary folder, so it is not part of `cargo test`.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
github='' forgejo=''
trap 'kill $github $forgejo 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

npm install --silent --no-audit --no-fund --prefix "$work" @stoplight/prism-cli@5.16.0 @octokit/openapi@23.0.2
# Forgejo's own swagger is shipped inside this crate.
(cd "$work" && cargo init --quiet --name contract --vcs none swagger && cd swagger && cargo add --quiet forgejo-api@=0.12.0)
swagger=$(cargo metadata --quiet --format-version 1 --manifest-path "$work/swagger/Cargo.toml" |
  node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(require("path").dirname(JSON.parse(t).packages.find(p=>p.name==="forgejo-api").manifest_path)))')

node tests/contract/subset.mjs github "$work/node_modules/@octokit/openapi/generated/api.github.com.deref.json" "$work/github.json"
node tests/contract/subset.mjs forgejo "$swagger/swagger.v1.json" "$work/forgejo.json"
"$work/node_modules/.bin/prism" mock --errors --port 4711 "$work/github.json" >"$work/github.log" 2>&1 &
github=$!
"$work/node_modules/.bin/prism" mock --errors --port 4712 "$work/forgejo.json" >"$work/forgejo.log" 2>&1 &
forgejo=$!
for log in github forgejo; do
  tries=0
  until grep -q 'Prism is listening' "$work/$log.log"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { cat "$work/$log.log" >&2; exit 1; }
    sleep 1
  done
done

CONTRACT_GITHUB=http://127.0.0.1:4711 CONTRACT_FORGEJO=http://127.0.0.1:4712 \
  cargo test --test integration -- --ignored forge::contract || { grep -h error "$work"/*.log >&2; exit 1; }
