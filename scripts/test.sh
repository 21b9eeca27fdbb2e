#!/usr/bin/env bash
# npm test: the unit tests, then the end-to-end tests against the real engine, registry and cosign; of long tables a few rows.
# npm run test:all (test.sh --all): every row, and the files that `npm test` leaves out.
# test.sh --matrices: of those files the matrices alone, beside an engine that is up; CI runs them after `npm test`.
# Installs and starts what it lacks (scripts/engine.sh), and stops what it started. Results and the names of flaky tests: test-results/.
set -euo pipefail
cd "$(dirname "$0")/.."

stage() { node scripts/tests/stage.mjs "$@"; }
# They make `dist` or the site anew, or whole packages.
packages='package release installed site fix-corpus means-the-same'
# Second forms of what another file shows. test/e2e/rows.ts has the rest.
matrices='builders ci-systems context-modes index-runtime lock-drift musl phases record-bake repro-corpus second-toolchain'
case ${1:-} in
  --all) export SCOVILLE_TESTS=all ;;
  --matrices)
    eval "$(scripts/engine.sh env)"
    files=()
    for name in $matrices; do files+=("test/e2e/$name.e2e.test.ts"); done
    stage matrices '--project=e2e*' "${files[@]}"
    exec node scripts/tests/stage.mjs --sum ;;
  *) export SCOVILLE_LEFT_OUT="$packages $matrices" ;;
esac

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
