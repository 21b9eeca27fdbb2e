#!/usr/bin/env bash
# npm run templates: builds, runs, grades and reproduces a small service by every template, and writes the table of docs/templates.md.
set -euo pipefail
cd "$(dirname "$0")/.."
npm run --silent build
scripts/engine.sh up
eval "$(scripts/engine.sh env)"
SCOVILLE_WRITE_TEMPLATES=1 npx vitest run --project e2e test/e2e/templates.e2e.test.ts
