#!/bin/sh
# Unpacks packages of Debian into a root without a shell or a package manager, in the manner of distroless images: each keeps its record in
# var/lib/dpkg/status.d, so that an SBOM can name it. Runs in a container of Debian as root.
#   unpack-debs.sh ROOT 'PACKAGES' ['PROGRAMS']
# PACKAGES: these alone, without anything in their folders of programs. PROGRAMS: with their programs and the libraries and data that they
# depend on.
set -eu
root=$1
apt-get update -qq
mkdir -p /debs/plain /debs/programs "$root/var/lib/dpkg/status.d" "$root/etc/ssl/certs"
(cd /debs/plain && apt-get download -qq $2)
if [ -n "${3:-}" ]; then
  # What only maintainer scripts call (debconf, dpkg, perl ...) is left out.
  needed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $3 |
    grep -E '^[a-z]' | sort -u | grep -E "^lib|^media-types$|^tzdata$|^readline-common$|^font|^gcc-[0-9]*-base$|^($(echo "$3" | tr ' ' '|'))" |
    grep -vE '^lib(apt|pam|debconf|locale|text|debian|perl|error-perl)|:' )
  (cd /debs/programs && apt-get download -qq $needed)
fi
unpack() {
  for deb in "$1"/*.deb; do
    [ -e "$deb" ] || continue
    dpkg-deb -x "$deb" "$root"
    dpkg-deb -f "$deb" >"$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$deb" Package)"
  done
}
unpack /debs/plain
if [ -d "$root/usr/share/ca-certificates" ]; then
  find "$root/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat >"$root/etc/ssl/certs/ca-certificates.crt"
fi
rm -rf "$root"/usr/sbin/* "$root"/usr/bin/* "$root"/usr/share/ca-certificates "$root"/etc/update-motd.d "$root"/etc/ca-certificates "$root"/etc/kernel
unpack /debs/programs
rm -rf "$root"/usr/share/man "$root"/usr/share/lintian "$root"/usr/share/bug "$root"/usr/share/locale "$root"/usr/share/gdb "$root"/usr/share/gcc
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root" -perm /6000 -type f -exec chmod u-s,g-s {} +
mkdir -p "$root/tmp" "$root/home/nonroot" "$root/root"
chmod 1777 "$root/tmp"
chmod 700 "$root/root"
chown 65532:65532 "$root/home/nonroot"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n' >"$root/etc/group"
rm -rf /debs /var/lib/apt/lists/*
