#!/usr/bin/env bash
# Makes stand-ins for the base images of stacks and pushes them: make-stacks.sh REGISTRY STATE_DIR [--list | NAME:TAG...]. Called by
# engine.sh. Names are those of the images they stand in for, below REGISTRY/library (Docker's official ones) and REGISTRY/distroless.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
registry=$1
state=$2
shift 2
log=$state/stacks.log
# shellcheck source=scripts/engine/mirror.sh
. "$here/mirror.sh"

say() { printf 'engine: %s\n' "$*" >&2; }

# target: image. The tags `nonroot` are those with an unprivileged user.
images() {
  cat <<'LIST'
debian library/debian:trixie
debian library/debian:trixie-slim
buildpack-deps library/buildpack-deps:trixie
gcc library/gcc:14
node library/node:22
node-slim library/node:22-slim
node-yarn library/node:22-slim-yarn
python library/python:3.13
python-slim library/python:3.13-slim
python-poetry library/python:3.13-slim-poetry
golang library/golang:1.24
rust library/rust:1.85
rust-slim library/rust:1.85-slim
temurin library/eclipse-temurin:21
temurin-jre library/eclipse-temurin:21-jre
maven library/maven:3-eclipse-temurin-21
gradle library/gradle:jdk21
ruby library/ruby:3.3
ruby-slim library/ruby:3.3-slim
php library/php:8.4-cli
php-apache library/php:8.4-apache
composer library/composer:2
nginx library/nginx:1.26
static-debian13 distroless/static-debian13:nonroot
base-debian13 distroless/base-debian13:nonroot
cc-debian13 distroless/cc-debian13:nonroot
nodejs22-debian13 distroless/nodejs22-debian13:nonroot
python3-debian13 distroless/python3-debian13:nonroot
java21-debian13 distroless/java21-debian13:nonroot
LIST
}

# An image of an earlier recipe is made again: one whose stage, or a stage that it takes from, has another text now. Layers that are the same come
# from Docker's cache.
recipe_of() {
  awk -v target="$1" '
    /^FROM / { name = $4 }
    name != "" { text[name] = text[name] $0 "\n" }
    function add(stage, words, count, i, word) {
      if (stage in seen || !(stage in text)) return
      seen[stage] = 1
      out = out text[stage]
      count = split(text[stage], words, /[ \n]/)
      for (i = 1; i <= count; i++) {
        word = words[i]
        sub(/^--from=/, "", word)
        add(word)
      }
    }
    END { add(target); printf "%s", out }' "$here/stacks.Dockerfile" | cat - "$here/unpack-debs.sh" | cksum | cut -d ' ' -f 1
}
# published TARGET IMAGE
published() {
  [ "$(cat "$state/stacks/$2" 2>/dev/null)" = "$(recipe_of "$1")" ] && docker buildx imagetools inspect "$registry/$2" >/dev/null 2>&1
}

buildx() {
  docker buildx build --provenance=false --target "$1" --file "$here/stacks.Dockerfile" \
    --build-arg "DEBIAN=$registry/base/debian:trixie" --build-arg "NODE=$registry/base/node:22" --build-arg "EXTRA_CA=$3" \
    --tag "$registry/$2" --output type=image,push=true,oci-mediatypes=true "$here" >"$log" 2>&1
}

build() {
  say "base image: $2"
  local certificates=''
  if host_has_own_certificates; then certificates=/etc/ssl/certs/ca-certificates.crt; fi
  # Once more where it fails: an engine that is busy has lost a layer between building and pushing.
  buildx "$1" "$2" "$certificates" || buildx "$1" "$2" "$certificates" || { tail -n 15 "$log" >&2; exit 2; }
  mkdir -p "$state/stacks/$(dirname "$2")"
  recipe_of "$1" >"$state/stacks/$2"
}

if [ "${1:-}" = --list ]; then
  images | awk -v registry="$registry" '{ print registry "/" $2 }'
  exit 0
fi
wanted=$*
while read -r target image; do
  if [ -n "$wanted" ]; then
    case " $wanted " in *" $image "* | *" ${image#*/} "*) ;; *) continue ;; esac
  fi
  published "$target" "$image" || build "$target" "$image"
  echo "$registry/$image"
done < <(images)
for name in $wanted; do
  images | awk '{ print $2; sub(".*/", "", $2); print $2 }' | grep -qx "$name" || { say "no such base image: $name (see: scripts/engine.sh stacks --list)"; exit 2; }
done
