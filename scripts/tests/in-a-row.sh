#!/usr/bin/env bash
# The proof that `npm test` passes each time: in-a-row.sh [TIMES [COMMAND...]] runs it (or another command) so often, each time in a new clone of
# what is committed, and prints how each ended, with its time. Exit 1: one failed, or named a flaky test. The logs stay in the folder that is named.
set -euo pipefail
root=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
times=${1:-3}
[ $# = 0 ] || shift
[ $# -gt 0 ] || set -- npm test

folder=$(mktemp -d "${TMPDIR:-/tmp}/scoville-in-a-row-XXXXXX")
failed=0
minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
printf '%s, %s times, of %s; logs: %s; load %s\n' "$*" "$times" "$(git -C "$root" log -1 --format=%h)" "$folder" "$(uptime | sed 's/.*average[s]*: //')"
for run in $(seq 1 "$times"); do
  clone=$folder/clone
  git clone --quiet "$root" "$clone"
  started=$SECONDS
  result=green
  (cd "$clone" && npm ci && exec "$@") >"$folder/$run.log" 2>&1 </dev/null || result=RED
  taken=$((SECONDS - started))
  flaky=0
  [ ! -s "$clone/test-results/flaky.txt" ] || flaky=$(grep -c . "$clone/test-results/flaky.txt")
  printf '%d: %s, %s, %d flaky; load %s\n' "$run" "$result" "$(minutes $taken)" "$flaky" "$(uptime | sed 's/.*average[s]*: //')"
  [ ! -d "$clone/test-results" ] || mv "$clone/test-results" "$folder/$run"
  [ $result = green ] || tail -n 40 "$folder/$run.log"
  [ $flaky = 0 ] || cat "$folder/$run/flaky.txt"
  if [ $result != green ] || [ $flaky != 0 ]; then failed=1; fi
  rm -rf "$clone"
done
exit $failed
