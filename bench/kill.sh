#!/usr/bin/env bash
# kill -9 during writes; nothing acknowledged may be lost. See README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
./gatehouse version >/dev/null
[ -d tests/clients/node_modules ] || (cd tests/clients && npm ci --silent)
export GATEHOUSE_BINARY=${GATEHOUSE_BINARY:-$PWD/gatehouse}
exec node tests/clients/kill.mjs "$@"
