#!/usr/bin/env node
// A step of action.yml: a comment on the pull request with what the image is graded, and what changed against the base branch. Its
// scorecard comes from the newest artifact that a run on that branch of this very repository left. A token that may not comment, as that
// of a pull request out of a fork, is no failure of the job.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const {
  GITHUB_API_URL: api = 'https://api.github.com',
  GITHUB_BASE_REF: base = '',
  GITHUB_EVENT_PATH: eventPath = '',
  GITHUB_REPOSITORY: repository = '',
  GITHUB_TOKEN: token = '',
  INPUT_NAME: name = 'scoville',
  INPUT_REPORTS: reports = 'scoville-reports',
} = process.env;
/** GitHub refuses a longer comment. */
const LONGEST = 65_000;
/** An answer of the API, and an artifact, at most. */
const LARGEST = 64 * 1024 * 1024;
const MARK = `<!-- scoville: ${encodeURIComponent(name)} -->`;

class ApiError extends Error {
  constructor(status, path) {
    super(`${path}: ${status}`);
    this.status = status;
  }
}

/** The token goes to the API alone: an archive is behind a redirect to a storage host, which needs none (fetch drops it there). */
async function ask(path, options = {}) {
  const url = new URL(`${api}${path}`);
  const response = await fetch(url, {
    ...options,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'scoville',
      'x-github-api-version': '2022-11-28',
    },
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok)
    throw new ApiError(response.status, `${options.method ?? 'GET'} ${url.pathname}`);
  return response;
}

/** The scorecard of the base branch, in a file of `folder`; undefined where no run left one. */
async function baseScorecard(folder) {
  const artifact = encodeURIComponent(`${name}-reports`);
  const path = `/repos/${repository}/actions/artifacts?name=${artifact}&per_page=100`;
  const { artifacts } = await (await ask(path)).json();
  // A fork may have a branch of the same name.
  const usable = artifacts.filter(
    ({ expired, size_in_bytes: size, workflow_run: run }) =>
      !expired &&
      size <= LARGEST &&
      run?.head_branch === base &&
      run.repository_id === run.head_repository_id,
  );
  const [newest] = usable.sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
  if (newest === undefined) return undefined;
  const archive = await ask(`/repos/${repository}/actions/artifacts/${Number(newest.id)}/zip`);
  const zip = join(folder, 'reports.zip');
  writeFileSync(zip, Buffer.from(await archive.arrayBuffer()));
  const file = join(folder, 'base.json');
  writeFileSync(file, execFileSync('unzip', ['-p', zip, 'scorecard.json'], { maxBuffer: LARGEST }));
  return file;
}

/** What changed, as the tool says it; undefined where there is nothing to compare with. */
async function difference() {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-comment-'));
  try {
    const before = await baseScorecard(folder);
    if (before === undefined) return undefined;
    const args = ['report', '--diff', before, join(reports, 'scorecard.json')];
    return execFileSync('scoville', args, { encoding: 'utf8', maxBuffer: LARGEST });
  } catch (error) {
    console.log(`::warning title=scoville::no comparison with ${base}: ${oneLine(error)}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A message that commands the runner to nothing more. */
function oneLine({ message, stderr }) {
  return `${message} ${stderr ?? ''}`.replace(/[\r\n%:]+/g, ' ').slice(0, 500);
}

/** The comment that an earlier run left; only a bot's, for anyone may write the mark. */
async function earlierComment(issue) {
  for (let page = 1; page <= 30; page++) {
    const path = `/repos/${repository}/issues/${issue}/comments?per_page=100&page=${page}`;
    const comments = await (await ask(path)).json();
    const found = comments.find(({ body, user }) => user?.type === 'Bot' && body?.startsWith(MARK));
    if (found !== undefined || comments.length < 100) return found?.id;
  }
  return undefined;
}

const number = Number(JSON.parse(readFileSync(eventPath, 'utf8')).pull_request?.number);
if (!Number.isInteger(number)) {
  console.log('not a pull request: no comment');
  process.exit(0);
}
const card = readFileSync(join(reports, 'scorecard.md'), 'utf8');
const changes = await difference();
const body =
  changes === undefined
    ? `${card}\n\nNo scorecard of \`${base.replaceAll('`', '')}\` was found to compare with.\n`
    : `${changes}\n<details><summary>The whole scorecard</summary>\n\n${card}\n</details>\n`;
const text = `${MARK}\n${body}`;
const short = text.length <= LONGEST ? text : `${MARK}\n${changes ?? ''}`.slice(0, LONGEST);
try {
  const id = await earlierComment(number);
  const path =
    id === undefined
      ? `/repos/${repository}/issues/${number}/comments`
      : `/repos/${repository}/issues/comments/${Number(id)}`;
  const method = id === undefined ? 'POST' : 'PATCH';
  await ask(path, { method, body: JSON.stringify({ body: short }) });
  console.log(`commented on #${number}${id === undefined ? '' : ', in the earlier comment'}`);
} catch (error) {
  const help =
    error.status === 401 || error.status === 403 || error.status === 404
      ? ' (it needs `permissions` with `pull-requests` `write`; a fork’s token never has it)'
      : '';
  console.log(`::warning title=scoville::no comment on the pull request: ${oneLine(error)}${help}`);
}
