#!/usr/bin/env bash
# Runs the client tests against the binary that GATEHOUSE_BINARY names.
set -uo pipefail
cd "$(dirname "$0")"
run() { "${apart[@]}" node --test --test-reporter=spec --test-timeout=180000 "$@"; }
apart=()

# These wait for time to pass, most of their time: they do so beside the others. The whole log comes at the end, in one piece.
patient=(./network.test.mjs ./stall.test.mjs)
# These measure what others notice: they are alone.
lonely=(./slow.test.mjs)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# They plug cables in and out. A browser on the same network would notice, and ask once more for what it was waiting for, codes that are good once included.
! unshare --net true 2>/dev/null || apart=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
run "${patient[@]}" >"$log" 2>&1 &
waiting=$!
apart=()
others=()
for file in ./*.test.mjs; do
  [[ " ${patient[*]} ${lonely[*]} " == *" $file "* ]] || others+=("$file")
done
code=0
run --test-concurrency=2 "${others[@]}" || code=1
wait "$waiting" || code=1
cat "$log"
run "${lonely[@]}" || code=1
exit "$code"
