#!/bin/sh
# Verifies %repository% with cosign alone: sh verify.sh [IMAGE],
# with IMAGE in full. Prints the digest that verified, which is what to deploy. Any exit code other
# than 0 means: do not deploy.
# For cosign 2.4 and newer. cosign 2 reads a signature in a bundle by verify-attestation alone, cosign
# 3 one under sha256-HEX.sig with --new-bundle-format=false.
# With a trusted_root.json beside this script, signatures are verified with that.
# Run with cosign 2.5 and 3.1.
set -u
image=${1:-%pinned%}
here=$(cd "$(dirname "$0")" && pwd) || exit 2
refuse() { echo "$image: $1" >&2; exit 1; }
# A name that goes on behind this one is another repository.
case $image in
%names%
  *) refuse %only% ;;
esac
# The tag is resolved once: all that follows is about one digest.
hex=$(cosign triangulate "$image" | sed -n 's/.*:sha256-\([0-9a-f]\{64\}\)\.sig$/\1/p')
[ -n "$hex" ] || refuse "cosign does not find it"
subject=%name%@sha256:$hex
if cosign attest-blob --help 2>&1 | grep -q -e --signing-config
then generation=3; new=; else generation=2; new=--new-bundle-format; fi
%root%%signers%
# Each signer alone is enough.
if %any%; then echo "$subject"; else refuse 'not verified'; fi
