#!/usr/bin/env bash
# A step of action.yml: scoville on PATH, and a builder that can export an OCI layout.
set -euo pipefail

if ! command -v scoville >/dev/null; then
  # A release's commit of the action has the bundle in it (scripts/release/action-commit.sh): what runs is what the commit names.
  if [ ! -f "$ACTION_PATH/dist/scoville.js" ]; then
    echo '::error title=scoville::this commit of the action has no bundle; use the commit of a tag action-v...'
    exit 2
  fi
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
