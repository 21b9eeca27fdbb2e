import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { jsonReport } from '../../src/report/json.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { sampleScorecard } from '../report/sample-scorecard.ts';
import { type Ended, ROOT, run } from './harness.ts';

const MARK = '<!-- scoville: scoville -->';

interface Artifact {
  readonly id: number;
  readonly expired: boolean;
  readonly size_in_bytes: number;
  readonly created_at: string;
  readonly workflow_run: {
    readonly head_branch: string;
    readonly repository_id: number;
    readonly head_repository_id: number;
  };
}

/**
 * What of GitHub's REST API the step asks: artifacts with their archives, and the comments of one
 * pull request.
 */
interface GitHub {
  artifacts: readonly Artifact[];
  archives: ReadonlyMap<number, Buffer>;
  comments: { id: number; body: string; user: { type: string } }[];
  /** Whether the token may comment. */
  mayComment: boolean;
  readonly asked: string[];
}

let folder = '';
let server: Server;
let github: GitHub;

function artifact(id: number, more: Partial<Artifact> = {}, fork = false): Artifact {
  return {
    id,
    expired: false,
    size_in_bytes: 1000,
    created_at: `2026-01-0${id}T00:00:00Z`,
    workflow_run: { head_branch: 'main', repository_id: 7, head_repository_id: fork ? 8 : 7 },
    ...more,
  };
}

function answer(method: string, path: string, body: string): { status: number; body: object } {
  const { comments } = github;
  const at = /^\/repos\/me\/app\/issues\/comments\/(\d+)$/.exec(path)?.[1];
  if (path.startsWith('/repos/me/app/actions/artifacts?'))
    return { status: 200, body: { artifacts: github.artifacts } };
  if (method === 'GET' && path.startsWith('/repos/me/app/issues/5/comments?'))
    return { status: 200, body: path.endsWith('page=1') ? comments : [] };
  if (!github.mayComment) return { status: 403, body: { message: 'no' } };
  const { body: text } = JSON.parse(body) as { body: string };
  if (method === 'POST' && path === '/repos/me/app/issues/5/comments') {
    comments.push({ id: comments.length + 1, body: text, user: { type: 'Bot' } });
    return { status: 201, body: {} };
  }
  const found = comments.find(({ id }) => method === 'PATCH' && String(id) === at);
  if (found === undefined) return { status: 404, body: {} };
  found.body = text;
  return { status: 200, body: {} };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-comment-'));
  github = { artifacts: [], archives: new Map(), comments: [], mayComment: true, asked: [] };
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '' } = request;
      github.asked.push(`${method} ${url} ${request.headers.authorization ?? ''}`);
      const zip = /^\/repos\/me\/app\/actions\/artifacts\/(\d+)\/zip$/.exec(url)?.[1];
      // An archive is at another host, which must not see the token.
      if (zip !== undefined) {
        const { port } = server.address() as AddressInfo;
        response.writeHead(302, { location: `http://localhost:${port}/storage/${zip}` }).end();
      } else if (url.startsWith('/storage/'))
        response.end(github.archives.get(Number(url.slice('/storage/'.length))));
      else {
        const said = answer(method, url, Buffer.concat(chunks).toString());
        response.writeHead(said.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(said.body));
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(ROOT, 'dist/scoville.js'), join(folder, 'bin/scoville'));
  mkdirSync(join(folder, 'scoville-reports'));
  writeReports(card({ image: 'app:2', level: 2, levelName: 'Jalapeno' }));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function card(more: Partial<Scorecard> = {}): Scorecard {
  return { ...sampleScorecard(), ...more };
}

function writeReports(scorecard: Scorecard): void {
  writeFileSync(join(folder, 'scoville-reports/scorecard.json'), jsonReport(scorecard));
  writeFileSync(join(folder, 'scoville-reports/scorecard.md'), markdownReport({ scorecard }));
}

function archive(scorecard: Scorecard): Buffer {
  const at = mkdtempSync(join(folder, 'zip-'));
  writeFileSync(join(at, 'scorecard.json'), jsonReport(scorecard));
  execFileSync('zip', ['-q', 'a.zip', 'scorecard.json'], { cwd: at });
  return readFileSync(join(at, 'a.zip'));
}

function comment(event: object = { pull_request: { number: 5 } }): Promise<Ended> {
  writeFileSync(join(folder, 'event.json'), JSON.stringify(event));
  const { port } = server.address() as AddressInfo;
  return run(process.execPath, [join(ROOT, 'scripts/ci/comment.mjs')], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      GITHUB_API_URL: `http://127.0.0.1:${port}`,
      GITHUB_BASE_REF: 'main',
      GITHUB_EVENT_PATH: join(folder, 'event.json'),
      GITHUB_REPOSITORY: 'me/app',
      GITHUB_TOKEN: 'the-token',
    },
  });
}

describe('the comment on a pull request', () => {
  test('says what changed against the base branch, and is written again by the next run', async () => {
    github.artifacts = [artifact(1), artifact(3), artifact(2)];
    github.archives = new Map([[3, archive(card({ image: 'app:1' }))]]);
    const ended = await comment();
    expect([ended.exitCode, ended.stdout, ended.stderr]).toEqual([0, 'commented on #5\n', '']);
    const [first] = github.comments;
    expect(first?.body.startsWith(`${MARK}\n## app:1 → app:2\n`)).toBe(true);
    expect(first?.body).toContain('| **Level** | 0 None | 2 Jalapeno |');
    expect(first?.body).toContain('Every criterion came out as before.');
    expect(first?.body).toContain('<details><summary>The whole scorecard</summary>');
    // The token goes to the API, and to nobody else.
    const storage = github.asked.filter((line) => line.includes('/storage/'));
    expect(storage).toEqual(['GET /storage/3 ']);
    expect(github.asked.filter((line) => line.endsWith(' Bearer the-token'))).toHaveLength(4);

    writeReports(card({ image: 'app:3' }));
    expect((await comment()).stdout).toBe('commented on #5, in the earlier comment\n');
    expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual(['## app:1 → app:3']);
  });

  test('takes no scorecard of a fork, of another branch, that expired or that is huge', async () => {
    const other = { head_branch: 'other', repository_id: 7, head_repository_id: 7 };
    github.artifacts = [
      artifact(1, {}, true),
      artifact(2, { workflow_run: other }),
      artifact(3, { expired: true }),
      artifact(4, { size_in_bytes: 2 ** 40 }),
    ];
    expect((await comment()).exitCode).toBe(0);
    expect(github.asked.filter((line) => line.includes('/zip'))).toEqual([]);
    expect(github.comments[0]?.body).toContain('No scorecard of `main` was found to compare with.');
    expect(github.comments[0]?.body).toContain('Level 2');
  });

  test('an archive that is not one leaves a warning, and the scorecard alone', async () => {
    github.artifacts = [artifact(1)];
    github.archives = new Map([[1, Buffer.from('::error::no zip')]]);
    const ended = await comment();
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toMatch(/^::warning title=scoville::no comparison with main: /);
    expect(ended.stdout.match(/::/g)).toHaveLength(2);
    expect(github.comments).toHaveLength(1);
  });

  test('leaves the comment of a person alone who wrote the mark', async () => {
    github.comments = [{ id: 9, body: `${MARK}\nmine`, user: { type: 'User' } }];
    expect((await comment()).stdout).toBe('commented on #5\n');
    expect(github.comments.map(({ body }) => body.slice(0, 40))).toEqual([
      `${MARK}\nmine`,
      expect.stringContaining(MARK) as string,
    ]);
  });

  test('a token that may not comment fails nothing; what is no pull request is left alone', async () => {
    github.mayComment = false;
    const ended = await comment();
    expect([ended.exitCode, ended.stdout]).toEqual([
      0,
      expect.stringContaining('::warning title=scoville::no comment on the pull request') as string,
    ]);
    expect(ended.stdout).toContain('pull-requests');
    expect(ended.stdout).not.toContain('the-token');
    expect((await comment({ ref: 'main' })).stdout).toBe('not a pull request: no comment\n');
  });
});

describe('the commit of a release for users of the action', () => {
  test('has the bundle in it, is the same for the same input, and runs without an install', async () => {
    const clone = join(folder, 'clone');
    const staged = join(folder, 'staged');
    execFileSync('git', ['clone', '-q', '--shared', ROOT, clone]);
    // What is not committed yet is tried too.
    for (const path of ['action.yml', 'scripts'])
      execFileSync('cp', ['-r', join(ROOT, path), clone]);
    const { stage, packNpm } = (await import(join(ROOT, 'scripts/release/stage.mjs'))) as {
      stage: (folder: string) => Promise<{ version: string }>;
      packNpm: (staged: string, out: string) => string;
    };
    const { version } = await stage(staged);
    const tarball = packNpm(staged, folder);
    const make = (): string =>
      execFileSync('bash', ['scripts/release/action-commit.sh', tarball, version], { cwd: clone })
        .toString()
        .trim();
    const commit = make();
    execFileSync('git', ['tag', '-d', `action-v${version}`], { cwd: clone });
    expect(make()).toBe(commit);
    const action = join(folder, 'action');
    execFileSync('git', ['worktree', 'add', '-q', action, `action-v${version}`], { cwd: clone });
    const tracked = execFileSync('git', ['ls-files'], { cwd: action }).toString().split('\n');
    expect(tracked).toEqual(
      expect.arrayContaining(['action.yml', 'scripts/ci/build.sh', 'dist/scoville.js']) as string[],
    );
    expect(tracked.filter((path) => /^(?:src|test|node_modules)\//.test(path))).toEqual([]);
    // A workflow's token may push it: no workflow is another than in the source's commit.
    const changed = ['diff', '--name-only', 'HEAD', `action-v${version}`, '--', '.github'];
    expect(execFileSync('git', changed, { cwd: clone }).toString()).toBe('');
    expect(tracked).toContain('.github/workflows/release.yml');
    const env = { ACTION_PATH: action, RUNNER_TEMP: folder, GITHUB_PATH: join(folder, 'path') };
    const ended = await run('bash', [join(action, 'scripts/ci/setup.sh')], { env });
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
    const [bin = ''] = readFileSync(join(folder, 'path'), 'utf8').split('\n');
    expect((await run(join(bin, 'scoville'), ['--version'])).stdout).toBe(`scoville ${version}\n`);
    // The source's commit has none, and says which has.
    rmSync(join(clone, 'dist'), { recursive: true, force: true });
    const source = await run('bash', [join(clone, 'scripts/ci/setup.sh')], {
      env: { ...env, ACTION_PATH: clone },
    });
    expect([source.exitCode, source.stdout]).toEqual([
      2,
      expect.stringContaining('use the commit of a tag action-v') as string,
    ]);
  });
});
