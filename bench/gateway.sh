#!/usr/bin/env bash
# Builds what the gateway benchmark needs, then runs it. See README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
./gatehouse version >/dev/null
# As Gatehouse is published: with the runtime, compiled ahead as one image.
rid=linux-$(case $(uname -m) in aarch64 | arm64) echo arm64 ;; *) echo x64 ;; esac)
dotnet publish bench/Gatehouse.YarpFloor -c Release -r "$rid" --self-contained -p:PublishReadyToRun=true -p:PublishReadyToRunComposite=true \
  -p:NuGetLockFilePath="$PWD/artifacts/floor/packages.lock.json" -p:RunAnalyzers=false --artifacts-path artifacts/floor -o artifacts/floor/publish -v quiet -nologo
[ -d tests/clients/node_modules ] || (cd tests/clients && npm ci --silent)
export GATEHOUSE_BINARY=${GATEHOUSE_BINARY:-$PWD/gatehouse} YARP_FLOOR=$PWD/artifacts/floor/publish/Gatehouse.YarpFloor
exec node bench/gateway.mjs "$@"
