#!/usr/bin/env bash
# A step of action.yml: the build with its reports, the step's summary and outputs. Ends as scoville build ends, so a gate that is not met
# fails the job. What the user wrote comes by the environment alone, and is never part of a script.
set -euo pipefail

arguments=()
each() { # FLAG TEXT: the flag once for each line that is not empty
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    [ -z "$line" ] || arguments+=(${1:+"$1"} "$line")
  done <<<"$2"
}
each --tag "$INPUT_TAGS"
each --build-arg "$INPUT_BUILD_ARGS"
each --file "$INPUT_FILE"
each --platform "$INPUT_PLATFORMS"
each --key "$INPUT_KEY"
each --min-level "$INPUT_MIN_LEVEL"
each --min-grade "$INPUT_MIN_GRADE"
each '' "$INPUT_ARGUMENTS"
[ "$INPUT_PUSH" != true ] || arguments+=(--push)

# Outside of the workspace: what lies in the context while it builds is part of an image with `COPY . .`, and changes its digest.
reports=$(mktemp -d "$RUNNER_TEMP/scoville-reports.XXXXXX")
arguments+=(--report "json=$reports/scorecard.json" --report "sarif=$reports/scoville.sarif")
arguments+=(--report "markdown=$reports/scorecard.md" --report "badges=$reports/badges")

status=0
scoville build "${arguments[@]}" -- "$INPUT_CONTEXT" >"$reports/scorecard.txt" || status=$?

# Text out of an image must not command the runner.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
cat "$reports/scorecard.txt"
echo "::$token::"

if [ -n "$INPUT_REPORTS" ]; then
  mkdir -p -- "$INPUT_REPORTS"
  cp -R -- "$reports/." "$INPUT_REPORTS/"
fi

# They are written when the image was judged, and only then: also where it is short of the gate.
if [ -s "$reports/scorecard.json" ]; then
  cat "$reports/scorecard.md" >>"$GITHUB_STEP_SUMMARY"
  node -e '
    const card = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const { digest, level, overall } = card;
    console.log(`digest=${digest}\nlevel=${level}\ngrade=${overall.grade}`);
  ' "$reports/scorecard.json" >>"$GITHUB_OUTPUT"
  echo "sarif=$reports/scoville.sarif" >>"$GITHUB_OUTPUT"
  echo "badge=$reports/badges/overall.svg" >>"$GITHUB_OUTPUT"
  echo "reports=$reports" >>"$GITHUB_OUTPUT"
fi
[ $status != 1 ] || [ ! -s "$reports/scorecard.json" ] || echo '::error title=scoville::short of the gate; nothing was tagged or pushed'
exit $status
