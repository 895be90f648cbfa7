#!/bin/sh
# Tests greet.sh. Fails with the difference.
set -eu
cd "$(dirname "$0")"
found=$(sh greet.sh)
if [ "$found" != "Hello, world!" ]; then
  echo "greet.sh prints \`$found\`" >&2
  exit 1
fi
