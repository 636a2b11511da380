#!/usr/bin/env bash
# Runs the client tests against the binary that GATEHOUSE_BINARY names.
set -uo pipefail
cd "$(dirname "$0")"
run() { node --test --test-reporter=spec --test-timeout=180000 "$@"; }

# These wait for time to pass, most of their time: they do so beside the others. The whole log comes at the end, in one piece.
patient=(./network.test.mjs ./stall.test.mjs)
# These measure what others notice, or play devices that a browser gives little time: they are alone.
lonely=(./factors.test.mjs ./slow.test.mjs)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run "${patient[@]}" >"$log" 2>&1 &
waiting=$!
others=()
for file in ./*.test.mjs; do
  [[ " ${patient[*]} ${lonely[*]} " == *" $file "* ]] || others+=("$file")
done
code=0
run --test-concurrency=2 "${others[@]}" || code=1
wait "$waiting" || code=1
cat "$log"
run --test-concurrency=1 "${lonely[@]}" || code=1
exit "$code"
