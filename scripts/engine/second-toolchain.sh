#!/usr/bin/env bash
# The clients of the second toolchain (Docker 28, buildx 0.29, compose 2.40, cosign 3.1, and notation, of Debian forky) in DIR/bin and DIR/docker-config,
# beside those that are installed: nothing of the machine is changed. Usage: second-toolchain.sh DIR
set -euo pipefail
dir=$1
# shellcheck source=scripts/engine/mirror.sh
. "$(dirname "${BASH_SOURCE[0]}")/mirror.sh"
[ ! -e "$dir/ready-3" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir/bin" "$dir/docker-config/cli-plugins"
# Its packages are unpacked, not installed; the suite's index may be older than it says it is valid.
mmdebstrap --quiet --aptopt='Acquire::Check-Valid-Until "false"' --variant=extract \
  --include=docker-cli,docker-buildx,docker-compose,cosign,notation forky "$dir/root" "deb $(mirror) forky main" >"$dir/log" 2>&1
for name in docker cosign notation; do ln -s "$dir/root/usr/bin/$name" "$dir/bin/$name"; done
for name in docker-buildx docker-compose; do
  ln -s "$dir/root/usr/libexec/docker/cli-plugins/$name" "$dir/docker-config/cli-plugins/$name"
done
PATH=$dir/bin:$PATH DOCKER_CONFIG=$dir/docker-config docker buildx version >>"$dir/log"
touch "$dir/ready" "$dir/ready-3"
