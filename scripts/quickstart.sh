#!/usr/bin/env bash
# The main job on one real service: build, sign, attest, grade, push, verify with plain cosign, run.
# Brings up what it needs (scripts/engine.sh); twice in a row is fine.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
[ -t 2 ] || say() { printf '\n== %s\n' "$*" >&2; }

if [ ! -d node_modules ]; then say 'Installing the libraries (npm ci)'; npm ci; fi
say 'Building scoville'
npm run --silent build

say 'Docker, cosign, a registry and base images'
scripts/engine.sh up

eval "$(scripts/engine.sh env)"

# The demonstration keeps its layout and its key to itself, out of your own configuration.
export SCOVILLE_HOME="$PWD/.scoville-quickstart"
image="$SCOVILLE_REGISTRY/examples/node-app:quickstart"
report="$SCOVILLE_HOME/scorecard.txt"
mkdir -p "$SCOVILLE_HOME"

# By digest, as a Dockerfile that is to be built again should name its bases.
pinned() {
  local digest
  digest=$(docker buildx imagetools inspect --format '{{json .Manifest}}' "$1" |
    node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).digest')
  printf '%s@%s' "$1" "$digest"
}
node_build=$(pinned "$SCOVILLE_BASE_NODE")
node_runtime=$(pinned "$SCOVILLE_BASE_NODE_DISTROLESS")

say "scoville build --load --push -t $image examples/node-app"
build() {
  # The scorecard is shown at the end.
  node dist/scoville.js build --load --push -t "$image" \
    --build-arg NODE_BUILD="$node_build" --build-arg NODE_RUNTIME="$node_runtime" \
    --report "terminal=$report" --report "json=$SCOVILLE_HOME/scorecard.json" \
    examples/node-app >/dev/null
}
# Without a terminal BuildKit's log is long: it goes to a file.
log="$SCOVILLE_HOME/build.log"
if [ -t 2 ]; then build; else
  echo "BuildKit's log: $log" >&2
  build 2> >(tee "$log" | grep --line-buffered -v -e '^#' -e '^$' >&2)
fi

say 'Verifying what the registry holds, with plain cosign'
key="$SCOVILLE_HOME/config/keys/cosign.pub"
# Signed with a key and no log: no root of trust but the key is needed, and none is fetched.
root="$SCOVILLE_HOME/trusted-root.json"
echo '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' >"$root"
offline=(--insecure-ignore-tlog=true --trusted-root "$root")
bundles=()
# Not by a pipe: grep -q leaves at the first match, and cosign, which still writes then, has failed.
help=$(cosign verify --help 2>&1)
[[ $help != *--new-bundle-format* ]] || bundles=(--new-bundle-format)
cosign_log="$SCOVILLE_HOME/cosign.log"
checked() { cosign "$@" 2>"$cosign_log" || { cat "$cosign_log" >&2; return 1; }; }
checked verify --key "$key" "${offline[@]}" "${bundles[@]}" "$image" >"$SCOVILLE_HOME/verify.json"
echo "cosign verify: the signature of $image holds for $key" >&2
checked verify-attestation --key "$key" "${offline[@]}" "${bundles[@]}" --type cyclonedx "$image" \
  >"$SCOVILLE_HOME/sbom-attestation.json"
echo 'cosign verify-attestation: so does the SBOM' >&2

say 'Running the container'
token=$(mktemp)
echo demo-token >"$token"
chmod 644 "$token"
container=$(docker run --detach --publish 127.0.0.1::8080 --volume "$token:/run/secrets/api-token:ro" "$image")
trap 'docker rm --force "$container" >/dev/null; rm -f "$token"' EXIT
address=$(docker port "$container" 8080/tcp | head -n 1)
for _ in $(seq 300); do
  if answer=$(curl --silent --fail "http://$address/healthz" 2>/dev/null || node -e "
      fetch('http://$address/healthz').then((r) => r.text()).then((t) => console.log(t), () => process.exit(1))" 2>/dev/null) && [ -n "$answer" ]; then break; fi
  sleep 0.1
done
echo "GET http://$address/healthz -> ${answer:?the service did not answer}" >&2

say 'The scorecard'
cat "$report"
cat <<EOF

What to try next
  node dist/scoville.js build -t my-app /path/to/your/project     your own Dockerfile
  node dist/scoville.js build --dry-run /path/to/your/project     what would be done, and why
  node dist/scoville.js build --min-level 2 …                     publish nothing below level 2
  less $SCOVILLE_HOME/scorecard.json
  npm link                                                        then just: scoville build .
  scripts/engine.sh down                                          stop what this started
EOF
