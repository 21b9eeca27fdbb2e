#!/usr/bin/env bash
# The engine that tests, examples, quickstart and CI share: Docker with the containerd image store, a registry on
# a loopback port, and base images in it that need no public registry.
#
#   scripts/engine.sh up [--yes]   make it ready; a second call finds everything there
#   scripts/engine.sh test-tools   what only tests need (Debian, root): skopeo, podman, buildah, nix, oras, chromium, diffoscope, rpm, shfmt, strace, tmux, pre-commit, neovim, postgresql, docker-compose, the second toolchain's clients
#   scripts/engine.sh stacks [NAME:TAG... | --list]   base images that stand in for those of each stack (node, golang, distroless ...), made when
#                                  they are missing; prints their names in the registry
#   scripts/engine.sh status       what is there; exit 0 where all is
#   scripts/engine.sh env          the settings others source: SCOVILLE_REGISTRY, SCOVILLE_BASE_NODE ...
#   scripts/engine.sh down         stop what `up` started, and nothing else
#
# A Docker that answers is used as it is. Packages are installed only on Debian, as root, where no Docker answers
# (a bare machine) or with --yes. Exit 2: something is missing; the message names the command that mends it.
# Written for bash 3.2, which macOS has.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${SCOVILLE_ENGINE_STATE:-/var/tmp/scoville-engine}
env_file=$state/env
assume_yes=no

say() { printf 'engine: %s\n' "$*" >&2; }
fail() {
  say "$1"
  [ -z "${2:-}" ] || printf '  → %s\n' "$2" >&2
  exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
is_debian() { [ -r /etc/debian_version ] && have apt-get; }

# Gives the status code of GET http://127.0.0.1:PORT PATH, nothing where nobody answers.
http_status() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 0
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, */*\r\n\r\n' "$2" >&3
    read -r -t 5 _ code _ <&3 && printf '%s' "$code"
  ) 2>/dev/null || true
}

engine_answers() { have docker && docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
has_containerd_store() {
  local store
  store=$(docker info --format '{{.DriverStatus}}' 2>/dev/null) && [[ $store = *io.containerd.snapshotter* ]]
}

# True where the process that `up` noted is still the one it started.
started_and_alive() {
  local pid_file=$state/$1.pid pid command
  [ -s "$pid_file" ] || return 1
  pid=$(cat "$pid_file")
  kill -0 "$pid" 2>/dev/null || return 1
  [ -r "/proc/$pid/cmdline" ] || return 0
  command=$(tr '\0' ' ' <"/proc/$pid/cmdline") && [[ $command = *"$2"* ]]
}

missing_packages() {
  have docker || echo docker.io docker-cli
  have docker && docker buildx version >/dev/null 2>&1 || echo docker-buildx
  have cosign || echo cosign
  have git || echo git
  if is_debian && is_root; then
    have docker-registry || echo docker-registry
    have mmdebstrap || echo mmdebstrap
    have iptables || engine_answers || echo iptables
    [ -s /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
  fi
}

install_missing() {
  local packages
  packages=$(missing_packages | tr '\n' ' ')
  [ -n "${packages// /}" ] || return 0
  if ! is_debian; then
    fail "missing here: $packages" 'install Docker (https://docs.docker.com/get-docker/), cosign (brew install cosign) and git, then run this again'
  fi
  local command="apt-get update && apt-get install -y --no-install-recommends $packages"
  is_root || fail "missing here: $packages" "sudo sh -c '$command'"
  if engine_answers && [ "$assume_yes" = no ] && ! started_and_alive dockerd dockerd; then
    fail "missing here: $packages" "$command     (or run this again with --yes)"
  fi
  prepare_daemon_config
  say "installing from Debian: $packages"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2 || fail 'apt-get update failed' 'look at the machine'\''s apt sources and its network'
  # shellcheck disable=SC2086 # a list of package names
  apt-get install -y -qq --no-install-recommends $packages >"$state/apt.log" 2>&1 ||
    { tail -n 20 "$state/apt.log" >&2; fail "apt-get could not install: $packages" "see $state/apt.log"; }
}

# A package may start Docker by itself, so the configuration has to be there before.
prepare_daemon_config() {
  engine_answers && return 0
  [ -e /etc/docker/daemon.json ] && return 0
  mkdir -p /etc/docker
  printf '{"features":{"containerd-snapshotter":true}}\n' >/etc/docker/daemon.json
}

# Starts dockerd with a pid file of its own and waits until it answers; fails where it ends or takes over two minutes.
launch_engine() {
  rm -f "$state/dockerd.own.pid"
  nohup setsid dockerd --pidfile "$state/dockerd.own.pid" "$@" >"$state/dockerd.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/dockerd.pid"
  local tries=0
  until engine_answers; do
    tries=$((tries + 1))
    if [ $tries -gt 480 ] || ! kill -0 "$(cat "$state/dockerd.pid")" 2>/dev/null; then return 1; fi
    sleep 0.25
  done
}

start_engine() {
  if ! engine_answers; then
    if [ -n "${DOCKER_HOST:-}" ]; then
      fail "no Docker answers at DOCKER_HOST ($DOCKER_HOST)" 'start it, or unset DOCKER_HOST'
    fi
    is_root && have dockerd || fail 'cannot connect to Docker' "start Docker (Docker Desktop, or: sudo systemctl start docker); $(docker version 2>&1 | tail -n 1)"
    prepare_daemon_config
    local flags=''
    if ! grep -q 'containerd-snapshotter' /etc/docker/daemon.json; then
      printf '{"features":{"containerd-snapshotter":true}}\n' >"$state/daemon.json"
      flags="--config-file $state/daemon.json"
    fi
    say 'starting dockerd'
    # An engine that was killed a moment ago may leave what keeps the next one from starting; it is gone soon.
    # shellcheck disable=SC2086 # no flags, or two words
    launch_engine $flags || { sleep 3; launch_engine $flags; } || { sleep 10; launch_engine $flags; } || {
      tail -n 10 "$state/dockerd.log" >&2
      fail 'dockerd did not come up' "see $state/dockerd.log"
    }
  fi
  has_containerd_store || fail 'this Docker keeps images in its old store, which has no OCI exporter' \
    'turn on the containerd image store: {"features":{"containerd-snapshotter":true}} in /etc/docker/daemon.json (Docker Desktop: Settings, General), then restart Docker'
}

registry_answers() { [ -n "${port:-}" ] && [ "$(http_status "$port" /v2/)" = 200 ]; }

registry_runs() { started_and_alive registry registry.yml || [ -s "$state/registry.container" ]; }

start_registry() {
  port=$(cat "$state/registry.port" 2>/dev/null || true)
  if registry_answers && registry_runs; then return 0; fi
  # Below the ports that the kernel hands out (net.ipv4.ip_local_port_range); one that is taken gives way to the next.
  have docker-registry || docker image inspect registry:2 >/dev/null 2>&1 || docker pull --quiet registry:2 >&2 ||
    fail 'no registry could be started' 'Debian: apt-get install docker-registry; elsewhere Docker must be able to pull registry:2'
  local candidate
  for candidate in ${port:-} $(seq 5000 5040); do
    port=$candidate
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    if launch_registry; then
      echo "$port" >"$state/registry.port"
      return 0
    fi
  done
  fail 'no registry could be started on the ports 5000 to 5040' "see $state/registry.log"
}

# Starts a registry on $port and waits until it answers; fails where it ends, as where the port is somebody else's.
launch_registry() {
  say "starting a registry on localhost:$port"
  if have docker-registry; then
    mkdir -p "$state/registry"
    cat >"$state/registry.yml" <<YAML
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $state/registry}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$port"}
YAML
    nohup setsid docker-registry serve "$state/registry.yml" >"$state/registry.log" 2>&1 </dev/null 9>&- &
    echo $! >"$state/registry.pid"
  else
    docker rm -f scoville-registry >/dev/null 2>&1 || true
    docker run -d --name scoville-registry -p "127.0.0.1:$port:5000" -v scoville-registry:/var/lib/registry \
      -e REGISTRY_STORAGE_DELETE_ENABLED=true registry:2 >"$state/registry.container" 2>"$state/registry.log" || return 1
  fi
  local tries=0
  until registry_answers; do
    tries=$((tries + 1))
    [ $tries -le 240 ] || return 1
    registry_runs || return 1
    sleep 0.25
  done
  # Who answers there may be another registry, on whose port ours ended.
  registry_runs
}

write_env() {
  cat >"$env_file.new" <<ENV
export SCOVILLE_ENGINE_STATE='$state'
export SCOVILLE_REGISTRY=localhost:$port
export SCOVILLE_BASE_DEBIAN=localhost:$port/base/debian:trixie
export SCOVILLE_BASE_NODE=localhost:$port/base/node:22
export SCOVILLE_BASE_NODE_DISTROLESS=localhost:$port/base/node-distroless:22
export SCOVILLE_BASE_BUSYBOX=localhost:$port/base/busybox:1
export SCOVILLE_SECOND_TOOLCHAIN='$state/second'
ENV
  mv "$env_file.new" "$env_file"
}

missing_bases() {
  local base
  for base in debian:trixie node:22 node-distroless:22 busybox:1; do
    [ "$(http_status "$port" "/v2/base/${base%%:*}/manifests/${base#*:}")" = 200 ] || echo "$base"
  done
}

up() {
  mkdir -p "$state"
  # Two at once would start two registries.
  if have flock; then
    exec 9>"$state/lock"
    flock 9
  fi
  install_missing
  start_engine
  start_registry
  write_env
  if [ -n "$(missing_bases)" ]; then
    "$here/engine/make-bases.sh" "localhost:$port" "$state" || fail 'the base images could not be made' "see $state/bases.log"
  fi
  say "ready: Docker $(docker version --format '{{.Server.Version}}'), registry localhost:$port (settings: . $env_file)"
}

status() {
  local ready=0
  if engine_answers; then say "Docker $(docker version --format '{{.Server.Version}}') answers"; else say 'no Docker answers'; ready=2; fi
  port=$(cat "$state/registry.port" 2>/dev/null || true)
  if registry_answers; then
    say "registry on localhost:$port answers"
    local missing
    missing=$(missing_bases | tr '\n' ' ')
    if [ -z "$missing" ]; then say 'base images are there'; else say "base images missing: $missing"; ready=2; fi
  else
    say 'no registry of ours answers'
    ready=2
  fi
  [ -z "$(missing_packages)" ] || { say "missing tools: $(missing_packages | tr '\n' ' ')"; ready=2; }
  [ $ready = 0 ] || say 'next: scripts/engine.sh up'
  return $ready
}

stop() {
  if started_and_alive "$1" "$2"; then
    local pid tries=0
    pid=$(cat "$state/$1.pid")
    say "stopping $1"
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 80 ]; do
      tries=$((tries + 1))
      sleep 0.25
    done
  fi
  rm -f "$state/$1.pid"
}

down() {
  stop registry registry.yml
  if [ -e "$state/registry.container" ]; then
    docker rm -f "$(cat "$state/registry.container")" >/dev/null 2>&1 || true
    rm -f "$state/registry.container"
  fi
  stop dockerd dockerd
}

test_tools() {
  { is_debian && is_root; } || fail 'the tools for tests are installed on Debian, as root, only'
  local missing=''
  have skopeo || missing='skopeo'
  have podman || missing="$missing podman"
  have buildah || missing="$missing buildah"
  have nix-store || missing="$missing nix-bin"
  have oras || missing="$missing oras"
  have chromium || missing="$missing chromium"
  have shfmt || missing="$missing shfmt"
  have tmux || missing="$missing tmux"
  have strace || missing="$missing strace"
  have pre-commit || missing="$missing pre-commit"
  have nvim || missing="$missing neovim"
  have diffoscope || missing="$missing diffoscope-minimal"
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
  { have rpm && have rpmbuild; } || missing="$missing rpm"
  docker compose version >/dev/null 2>&1 || missing="$missing docker-compose"
  if [ -n "$missing" ]; then
    say "installing from Debian, for tests: $missing"
    apt-get update -qq >&2 || fail 'apt-get update failed' 'look at the apt sources and the network'
    # shellcheck disable=SC2086 # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$state/apt.log" 2>&1 ||
      fail "apt-get could not install: $missing" "see $state/apt.log"
  fi
  say 'clients of the second toolchain (Docker 28, buildx 0.29, cosign 3.1)'
  "$here/engine/second-toolchain.sh" "$state/second" ||
    fail 'the second toolchain could not be unpacked' "see $state/second/log"
}

stacks() {
  port=$(cat "$state/registry.port" 2>/dev/null || true)
  engine_answers && registry_answers && [ -z "$(missing_bases)" ] || fail 'not up' 'scripts/engine.sh up'
  "$here/engine/make-stacks.sh" "localhost:$port" "$state" "$@" || fail 'the base images of the stacks could not be made' "see $state/stacks.log"
}

command=${1:-}
[ "${2:-}" != --yes ] || assume_yes=yes
case $command in
  up) up ;;
  test-tools) test_tools ;;
  stacks) shift; stacks "$@" ;;
  down) down ;;
  status) status ;;
  env) [ -s "$env_file" ] && cat "$env_file" || fail 'not up' 'scripts/engine.sh up' ;;
  *) fail 'usage: scripts/engine.sh up [--yes] | test-tools | stacks [NAME:TAG... | --list] | status | env | down' ;;
esac
