#!/usr/bin/env bash
# The commit that users of action.yml name: the action's files and the npm package's, with its bundle. Run in a clone at the source's
# commit, with the staged package of `npm run release -- --dry-run`:
#   scripts/release/action-commit.sh STAGED VERSION
# Makes the commit on top of HEAD without touching work tree or branch, tags it action-vVERSION, and prints it. The same input gives the
# same commit.
set -euo pipefail
staged=$(cd "$1" && pwd)
version=$2
root=$(git rev-parse --show-toplevel)
cd "$root"
source=$(git rev-parse HEAD)
date=$(git log -1 --format=%cI HEAD)

index=$(mktemp -d)
trap 'rm -rf "$index"' EXIT
export GIT_INDEX_FILE=$index/index
git read-tree --empty
add() { # FILE PATH
  local mode=100644
  [ ! -x "$1" ] || mode=100755
  git update-index --add --cacheinfo "$mode,$(git hash-object -w --no-filters "$1"),$2"
}
for file in action.yml scripts/ci/*; do add "$file" "$file"; done
while IFS= read -r -d '' file; do
  add "$file" "${file#"$staged"/}"
done < <(find "$staged" -type f -print0 | LC_ALL=C sort -z)

export GIT_AUTHOR_NAME=scoville GIT_AUTHOR_EMAIL=scoville@localhost GIT_AUTHOR_DATE=$date
export GIT_COMMITTER_NAME=scoville GIT_COMMITTER_EMAIL=scoville@localhost GIT_COMMITTER_DATE=$date
commit=$(git commit-tree "$(git write-tree)" -p "$source" -m "action: bundle of $version")
git tag "action-v$version" "$commit"
echo "$commit"
