#!/usr/bin/env bash
# Builds what the benchmark of Access beside other gateways needs, then runs it. See README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
./gatehouse version >/dev/null
dotnet build -c Release bench/Gatehouse.YarpFloor -v quiet -nologo
[ -d tests/clients/node_modules ] || (cd tests/clients && npm ci --silent)
export GATEHOUSE_BINARY=${GATEHOUSE_BINARY:-$PWD/gatehouse} YARP_FLOOR=$PWD/artifacts/bin/Gatehouse.YarpFloor/release/Gatehouse.YarpFloor
exec node bench/access.mjs "$@"
