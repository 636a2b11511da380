#!/usr/bin/env bash
# Runs the client tests against the binary that GATEHOUSE_BINARY names.
set -uo pipefail
cd "$(dirname "$0")"
node --test --test-reporter=spec --test-timeout=180000 ./*.test.mjs
