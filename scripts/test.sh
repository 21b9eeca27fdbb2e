#!/usr/bin/env bash
# npm test: the unit tests, then the end-to-end tests against the real engine, registry and cosign.
# Installs and starts what it lacks (scripts/engine.sh), and stops what it started.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -d node_modules ] || npm ci
[ -f dist/scoville.js ] || npm run --silent build

echo '== unit tests' >&2
npx vitest run --project 'unit*'

echo '== engine' >&2
# What this run starts, it stops; an engine that was there stays as it was.
scripts/engine.sh status >/dev/null 2>&1 || trap 'scripts/engine.sh down' EXIT
scripts/engine.sh up
if [ -r /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
  scripts/engine.sh test-tools
  # Their oracles come with these tools: without shfmt they were skipped above.
  npx vitest run --project unit test/dockerfile/shell/shell-oracle.test.ts
fi

eval "$(scripts/engine.sh env)"

echo '== bundle' >&2
npm run --silent build

echo '== end-to-end tests' >&2
npx vitest run --project 'e2e*'
