# Sourced: the Debian mirror that the machine itself uses for trixie, else Debian's own. One with a password in it is not copied.
mirror() {
  local uri=''
  uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "trixie" && $1 ~ /^https?:/ && $1 !~ /@/ { print $1; exit }') || true
  echo "${uri:-http://deb.debian.org/debian}"
}

# Certificates that this machine trusts beyond Debian's: without them npm in a container fails where TLS is intercepted.
host_has_own_certificates() {
  [ -s /etc/ssl/certs/ca-certificates.crt ] || return 1
  [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || ls /usr/local/share/ca-certificates/*.crt >/dev/null 2>&1
}
