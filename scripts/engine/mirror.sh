# Sourced: the Debian mirror that the machine itself uses for trixie, else Debian's own. One with a password in it is not copied.
mirror() {
  local uri=''
  uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "trixie" && $1 ~ /^https?:/ && $1 !~ /@/ { print $1; exit }') || true
  echo "${uri:-http://deb.debian.org/debian}"
}
