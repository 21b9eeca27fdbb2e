#!/usr/bin/env bash
# A step of action.yml: scoville on PATH, and a builder that can export an OCI layout.
set -euo pipefail

if ! command -v scoville >/dev/null; then
  (cd "$ACTION_PATH" && npm ci --no-audit --no-fund)
  bin=$RUNNER_TEMP/scoville-bin
  mkdir -p "$bin"
  ln -sf "$ACTION_PATH/dist/scoville.js" "$bin/scoville"
  echo "$bin" >>"$GITHUB_PATH"
fi

# Docker's classic store has no OCI exporter; a builder in a container has. What they say is read to its end: grep -q leaves at the first
# match, and whoever still writes then has failed.
store=$(docker info --format '{{.DriverStatus}}' || true)
builder=$(docker buildx inspect || true)
if ! grep -q io.containerd.snapshotter <<<"$store" &&
  ! grep -qE '^Driver: +(docker-container|kubernetes|remote)' <<<"$builder"; then
  docker buildx create --use --name scoville --driver docker-container >/dev/null
fi
