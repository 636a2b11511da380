#!/usr/bin/env bash
# Builds what the tunnel benchmark needs, then runs it. See README.md.
#   bench/tunnel.sh [ROUNDS] [SECONDS] [IDLE CONNECTORS]
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${GATEHOUSE_BINARY:-}" ] || ./gatehouse version >/dev/null
[ -e tests/clients/node_modules ] || (cd tests/clients && npm ci --silent)
export GATEHOUSE_BINARY=${GATEHOUSE_BINARY:-$PWD/artifacts/launch/publish/gatehouse}
exec node bench/tunnel.mjs "$@"
