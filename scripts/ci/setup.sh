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

# Docker's classic store has no OCI exporter; a builder in a container has.
if ! docker info --format '{{.DriverStatus}}' | grep -q io.containerd.snapshotter &&
  ! docker buildx inspect | grep -qE '^Driver: +(docker-container|kubernetes|remote)'; then
  docker buildx create --use --name scoville --driver docker-container >/dev/null
fi
