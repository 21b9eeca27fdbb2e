#!/usr/bin/env bash
# Makes the base images that are missing and pushes them: make-bases.sh REGISTRY STATE_DIR. Called by engine.sh.
# Debian comes from mmdebstrap where it can run, else from the public image; Node from its binary package on npm.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
registry=$1
state=$2
log=$state/bases.log
work=$(mktemp -d "$state/bases.XXXXXX")
trap 'rm -rf "$work"' EXIT
: >"$log"

say() { printf 'engine: %s\n' "$*" >&2; }
quietly() { "$@" >>"$log" 2>&1 || { tail -n 15 "$log" >&2; return 1; }; }
published() { docker buildx imagetools inspect "$registry/base/$1" >/dev/null 2>&1; }

# shellcheck source=scripts/engine/mirror.sh
. "$(dirname "${BASH_SOURCE[0]}")/mirror.sh"

make_debian() {
  local image=$registry/base/debian:trixie
  if [ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null; then
    say 'base image: Debian trixie (mmdebstrap)'
    local certificates=''
    if host_has_own_certificates; then
      certificates='--customize-hook=upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt'
    fi
    quietly mmdebstrap --mode=root --variant=minbase --include=ca-certificates \
      --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/man/*' \
      --dpkgopt='path-exclude=/usr/share/locale/*' ${certificates:+"$certificates"} \
      --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname' \
      trixie "$work/debian.tar" "deb $(mirror) trixie main"
    quietly docker import --change 'CMD ["bash"]' --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
      --message 'Debian trixie, minbase' "$work/debian.tar" "$image"
  else
    say 'base image: Debian trixie (public image)'
    quietly docker pull debian:trixie-slim
    quietly docker tag debian:trixie-slim "$image"
  fi
  quietly docker push "$image"
}

fetch_node() {
  local arch
  case $(docker version --format '{{.Server.Arch}}') in
    arm64) arch=arm64 ;;
    *) arch=x64 ;;
  esac
  say "base image: Node 22 (npm packages node-linux-$arch@22 and npm@10)"
  (cd "$work" && quietly npm pack --silent "node-linux-$arch@22" && quietly npm pack --silent npm@10)
  mkdir -p "$work/context/node" "$work/context/npm"
  tar -xzf "$work"/node-linux-*.tgz -C "$work/context/node" --strip-components=1
  tar -xzf "$work"/npm-1*.tgz -C "$work/context/npm" --strip-components=1
  chmod 0755 "$work/context/node/bin/node" "$work/context/npm/bin/"*-cli.js
}

# build TARGET NAME:TAG
build() {
  say "base image: $2"
  local certificates=''
  if host_has_own_certificates; then certificates=/etc/ssl/certs/ca-certificates.crt; fi
  quietly docker buildx build --provenance=false --target "$1" --file "$here/bases.Dockerfile" \
    --build-arg "DEBIAN=$registry/base/debian:trixie" --build-arg "EXTRA_CA=$certificates" \
    --tag "$registry/base/$2" --output type=image,push=true,oci-mediatypes=true "$work/context"
}

mkdir -p "$work/context/node" "$work/context/npm"
published debian:trixie || make_debian
if ! published node:22 || ! published node-distroless:22; then fetch_node; fi
published node:22 || build node node:22
published node-distroless:22 || build node-distroless node-distroless:22
published busybox:1 || build busybox busybox:1
