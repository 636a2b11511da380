#!/usr/bin/env bash
# Builds what the token benchmark needs, then runs it. See README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
./gatehouse version >/dev/null
[ -d tests/clients/node_modules ] || (cd tests/clients && npm ci --silent)
export GATEHOUSE_BINARY=${GATEHOUSE_BINARY:-$PWD/gatehouse}
exec node bench/token.mjs "$@"
