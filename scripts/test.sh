#!/usr/bin/env bash
# npm test: the unit tests, then the end-to-end tests against the real engine, registry and cosign; of long tables a few rows.
# npm run test:all (test.sh --all): every row, and the files that `npm test` leaves out.
# Installs and starts what it lacks (scripts/engine.sh), and stops what it started. Results and the names of flaky tests: test-results/.
set -euo pipefail
cd "$(dirname "$0")/.."

# They make `dist` or the site anew, or whole packages; and matrices of which another file shows one case. test/e2e/rows.ts has the rest.
if [ "${1:-}" = --all ]; then
  export SCOVILLE_TESTS=all
else
  export SCOVILLE_LEFT_OUT='package release site fix-corpus means-the-same'
fi

stage() { node scripts/tests/stage.mjs "$@"; }
started=no
log=$(mktemp)
finish() {
  local code=$?
  [ -z "${engine:-}" ] || wait "$engine" || true
  [ "$started" = no ] || scripts/engine.sh down
  rm -f "$log"
  stage --sum || [ $code != 0 ] || code=1
  exit $code
}
trap finish EXIT

rm -rf test-results
[ -d node_modules ] || npm ci

echo '== bundle' >&2
npm run --silent build

# What this run starts, it stops; an engine that was there stays as it was. It comes up beside the unit tests: they need none.
scripts/engine.sh status >/dev/null 2>&1 || started=yes
{
  scripts/engine.sh up
  if [ -r /etc/debian_version ] && [ "$(id -u)" = 0 ]; then scripts/engine.sh test-tools; fi
} >"$log" 2>&1 &
engine=$!

echo '== unit tests' >&2
stage unit '--project=unit*' || { wait $engine || true; exit 1; }

echo '== engine' >&2
wait $engine || { cat "$log" >&2; exit 1; }
cat "$log" >&2
eval "$(scripts/engine.sh env)"
# Their oracles come with the engine's tools: where these were not there yet, they were skipped above.
stage unit-oracles --project=unit test/dockerfile/shell-oracle.test.ts

echo '== end-to-end tests' >&2
[ -z "${SCOVILLE_LEFT_OUT:-}" ] || echo "left to \`npm run test:all\`: $SCOVILLE_LEFT_OUT" >&2
stage end-to-end '--project=e2e*'
