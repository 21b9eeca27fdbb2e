#!/usr/bin/env bash
# The commit that users of action.yml name: the action's files and those of the npm package, with its bundle. Run in a clone at the
# source's commit, with the tarball of `npm run release -- --dry-run`:
#   scripts/release/action-commit.sh TARBALL VERSION
# Makes the commit on top of HEAD without touching work tree or branch, tags it action-vVERSION, and prints it. The same input gives the
# same commit.
set -euo pipefail
version=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$1" -C "$work"
cd "$(git rev-parse --show-toplevel)"
date=$(git log -1 --format=%cI HEAD)
mkdir "$work/package/scripts"
cp action.yml "$work/package"
cp -R scripts/ci "$work/package/scripts"
# As they are in HEAD: the workflow's token may push no commit that changes or removes a workflow.
git archive HEAD .github | tar -x -C "$work/package"

export GIT_DIR GIT_INDEX_FILE=$work/index
GIT_DIR=$(git rev-parse --absolute-git-dir)
git -C "$work/package" --work-tree=. -c core.autocrlf=false -c core.fileMode=true add --all --force .
export GIT_AUTHOR_NAME=scoville GIT_AUTHOR_EMAIL=scoville@localhost GIT_AUTHOR_DATE=$date
export GIT_COMMITTER_NAME=scoville GIT_COMMITTER_EMAIL=scoville@localhost GIT_COMMITTER_DATE=$date
commit=$(git commit-tree "$(git write-tree)" -p HEAD -m "action: bundle of $version")
git tag "action-v$version" "$commit"
echo "$commit"
