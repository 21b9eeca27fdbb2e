#!/usr/bin/env bash
# The engine of the second toolchain (Docker 28 of Debian forky) beside the one that is there: a root of its own, its own data, socket
# and bridge. Nothing of the machine's Docker is changed. Debian, as root.
#   second-engine.sh up DIR     prints the DOCKER_HOST that it answers on
#   second-engine.sh down DIR   stops it, and takes its data, bridge and rules away; its root stays for the next time
# Who calls `up` is noted by its process: the engine stops when the last of them that still runs calls `down`.
set -euo pipefail
dir=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$dir/engine-root
state=$dir/engine
host=unix://$state/docker.sock
bridge=scoville1
net=172.29.77

users=$dir/users

# True while a process other than the caller uses it; those that are gone are forgotten.
used_by_others() {
  local user
  rm -f "$users/$PPID"
  for user in "$users"/*; do
    [ -e "$user" ] || continue
    if kill -0 "${user##*/}" 2>/dev/null; then return 0; fi
    rm -f "$user"
  done
  return 1
}

rules() {
  iptables -t nat "$1" POSTROUTING -s "$net.0/24" ! -o $bridge -j MASQUERADE
  # A Docker with rules of its own lets nothing else through.
  iptables "$1" FORWARD -i $bridge -j ACCEPT
  iptables "$1" FORWARD -o $bridge -j ACCEPT
}

unpack() {
  [ ! -e "$dir/engine-ready" ] || return 0
  # shellcheck source=scripts/engine/mirror.sh
  . "$here/mirror.sh"
  rm -rf "$root"
  mkdir -p "$dir"
  mmdebstrap --quiet --aptopt='Acquire::Check-Valid-Until "false"' --variant=minbase \
    --include=docker.io,iptables,ca-certificates forky "$root" "deb $(mirror) forky main" >"$dir/engine.log" 2>&1
  touch "$dir/engine-ready"
}

up() {
  unpack
  mkdir -p "$users"
  : >"$users/$PPID"
  if [ -s "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null; then echo "$host"; return; fi
  stop
  mkdir -p "$state" "$root$state"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  printf '{"features":{"containerd-snapshotter":true}}\n' >"$state/daemon.json"
  ip link add $bridge type bridge
  ip address add $net.1/24 dev $bridge
  ip link set $bridge up
  rules -I
  # runc moves into a container's root from a root of its own only, so a chroot is not enough.
  nohup setsid unshare --mount sh -ec "
    mount --make-rprivate /
    mount --bind '$root' '$root'
    for name in proc sys dev run tmp; do mount --rbind /\$name '$root'/\$name; done
    mount --bind '$state' '$root$state'
    cd '$root'
    mkdir -p .old
    pivot_root . .old
    umount -l /.old
    exec dockerd --config-file '$state/daemon.json' --data-root '$state/data' --exec-root '$state/run' \
      --pidfile '$state/pid' -H '$host' --bridge $bridge --iptables=false --ip6tables=false
  " >"$dir/engine.log" 2>&1 </dev/null 9>&- &
  local tries=0
  until docker -H "$host" version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -le 480 ] || { tail -n 5 "$dir/engine.log" >&2; stop; return 1; }
    sleep 0.25
  done
  echo "$host"
}

down() {
  if used_by_others; then
    echo "engine: the second one stays up, others use it ($(ls "$users" | tr '\n' ' '))" >&2
  else
    stop
  fi
}

stop() {
  if [ -s "$state/pid" ]; then
    local pid tries=0
    pid=$(cat "$state/pid")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 80 ]; do
      tries=$((tries + 1))
      sleep 0.25
    done
  fi
  if ip link show $bridge >/dev/null 2>&1; then
    rules -D 2>/dev/null || true
    ip link delete $bridge
  fi
  rm -rf "$state" "$root$state"
}

mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
"$1"
