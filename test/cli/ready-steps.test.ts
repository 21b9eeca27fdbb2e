import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseBuildArgs } from '../../src/build/command-line.ts';
import { readySteps } from '../../src/cli/ready-steps.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import type { CriterionResult, Evidence } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { ReadyStep } from '../../src/model/scorecard.ts';
import { results } from '../criteria/results.ts';
import { fakeIo } from './command-io.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-ready-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What fails, with what was found. */
type Failing = Readonly<Record<string, readonly Evidence[]>>;

const isOfSettings = ({ command }: ReadyStep): boolean => command.startsWith('scoville config ');

/** The steps for a Dockerfile, as `TEXT: COMMAND (CRITERIA)`, but those of settings. */
async function stepsFor(dockerfile: string, failing: Failing): Promise<readonly string[]> {
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  const steps = await stepsAt(
    results('pass').map((one) =>
      failing[one.id] === undefined
        ? one
        : { ...one, outcome: 'fail', evidence: failing[one.id] ?? [] },
    ),
  );
  return steps
    .filter((one) => !isOfSettings(one))
    .map(({ text, command, criteria: met }) => `${text}: ${command} (${met.join(', ')})`);
}

/** The steps that set something, where one criterion is unknown. */
async function settingSteps(id: string): Promise<readonly string[]> {
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
  const steps = await stepsAt(
    results('pass').map((one) => (one.id === id ? { ...one, outcome: 'unknown' } : one)),
  );
  return steps.filter(isOfSettings).map(({ text, command }) => `${text}: ${command}`);
}

async function stepsAt(criteria: readonly CriterionResult[]): Promise<readonly ReadyStep[]> {
  const digest = digestOf('x');
  const scorecard = assembleScorecard({
    toolVersion: '1',
    image: 'app:1',
    digest,
    gradedAt: '2026-01-01T00:00:00Z',
    platforms: [{ platform: 'linux/amd64', digest, criteria }],
  });
  const { io } = fakeIo({ cwd: folder, env: { SCOVILLE_HOME: join(folder, '.home') } });
  const parsed = parseBuildArgs(['-t', 'app:1', '.'], {});
  if (!parsed.ok || parsed.value.kind === 'help') throw new Error('no build');
  return readySteps(scorecard, parsed.value, DEFAULT_SETTINGS, io);
}

const ofEnv: Evidence = { kind: 'config', field: 'DB_PASSWORD', value: 'h***' };
const ofFile: Evidence = { kind: 'file', path: '.env' };
const SECRET = 'FROM scratch\nENV DB_PASSWORD=hunter2\nCMD ["/a"]\n';
const STEP =
  'A person must decide: Leave DB_PASSWORD out of the image (the app has DB_PASSWORD only where it is given at run time: docker run --env-file FILE, or a file where the app reads one): scoville fix --yes --max-risk high --only env-secrets:DB_PASSWORD && scoville build -t app:1 .';

test('a secret in ENV is a decision with the build after it, which meets no-secrets alone', async () => {
  expect(await stepsFor(SECRET, { 'no-secrets': [ofEnv] })).toEqual([`${STEP} (no-secrets)`]);
});

const KEEP_OUT =
  'A person must decide: keep /.env out of the image, where a COPY brings it by .dockerignore, and rotate its secret: scoville explain no-secrets (no-secrets)';

test('where a file has a secret too, the criterion is not met by that', async () => {
  expect(await stepsFor(SECRET, { 'no-secrets': [ofEnv, ofFile] })).toEqual([
    `${STEP} ()`,
    KEEP_OUT,
  ]);
});

test('where only a file has one, the variable is no step for it', async () => {
  expect(await stepsFor(SECRET, { 'no-secrets': [ofFile] })).toEqual([KEEP_OUT]);
});

test('a value that is not found as a secret leaves ENV for secrets-by-file', async () => {
  const named: Evidence = { kind: 'config', field: 'config.Env', value: 'DB_PASSWORD=[masked]' };
  expect(await stepsFor(SECRET, { 'secrets-by-file': [named] })).toEqual([`${STEP} ()`]);
});

test('a secret in a RUN is for a person, though an edit takes another out', async () => {
  const text =
    'FROM scratch\nCOPY . /\nRUN GITHUB_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a ./a\n';
  await writeFile(join(folder, 'id_rsa'), '');
  const key: Evidence = { kind: 'file', path: 'id_rsa' };
  const token: Evidence = { kind: 'config', field: 'history[2]', value: 'ghp_***' };
  expect(await stepsFor(text, { 'no-secrets': [key, token] })).toEqual([
    'Rotate the secret of Dockerfile:3, and pass the new one by RUN --mount=type=secret: scoville explain no-secrets (no-secrets)',
  ]);
  expect((await stepsFor(text, { 'no-secrets': [key] }))[0]).toBe(
    '2 edits of .dockerignore: scoville fix --yes (no-secrets)',
  );
});

test('edits that need no proof are offered before all of them', async () => {
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\nRUN ./make.sh\n');
  await writeFile(join(folder, 'id_rsa'), '');
  const evidence: readonly Evidence[] = [{ kind: 'file', path: 'id_rsa' }];
  const steps = await stepsAt(
    results('pass').map((one): CriterionResult => {
      if (one.id === 'no-secrets') return { ...one, outcome: 'fail', evidence };
      return one.id === 'verified-downloads' ? { ...one, outcome: 'unknown' } : one;
    }),
  );
  expect(
    steps.flatMap(({ command }) => /^scoville (fix --yes(?: --verify)?)/.exec(command)?.[1] ?? []),
  ).toEqual(['fix --yes', 'fix --yes --verify']);
});

test('what fix leaves alone is for a person, with the reason and the line', async () => {
  const text = 'FROM localhost:1/node:22\nSHELL ["/bin/sh", "-c"]\nCMD node a.js\n';
  expect(await stepsFor(text, { 'no-shell': [], 'minimal-base': [] })).toEqual(
    ['minimal-base', 'no-shell'].map(
      (id) =>
        `A person must decide: the image keeps its shell and its tools: line 2 has SHELL (Dockerfile:1): scoville explain ${id} (${id})`,
    ),
  );
});

test.each([
  [
    'nothing',
    'app.ts',
    'process.env.PORT',
    'If this is right: the app needs no secrets (else secrets.use=by-file)',
    'none',
  ],
  [
    'a secret by environment',
    'src/config.ts',
    "// settings\nneed('DB_PASSWORD', process.env)",
    'A person must decide: src/config.ts:2 names DB_PASSWORD, which comes by environment; let the app read the file that DB_PASSWORD_FILE names, then run this',
    'by-file',
  ],
  [
    'a secret by file',
    'a/settings.py',
    'KEY = open(os.environ["A_KEY_FILE"])\nos.getenv("A_KEY")',
    'If this is right: secrets come as files: a/settings.py:1 names A_KEY_FILE',
    'by-file',
  ],
])('how the app gets its secrets, by code that names %s', async (_, file, code, text, value) => {
  await mkdir(join(folder, dirname(file)), { recursive: true });
  await writeFile(join(folder, file), code);
  expect(await settingSteps('secrets-by-file')).toEqual([
    `${text}: scoville config secrets.use=${value} && scoville build -t app:1 .`,
  ]);
});

test.each([
  ['a remote', 'https://u:secret@git.example.com/ann/app.git', 'https://git.example.com/ann/app'],
  ['no remote', undefined, 'URL'],
])('where the source is, by %s', async (_, remote, url) => {
  const git = (...args: string[]) => promisify(execFile)('git', ['-C', folder, ...args]);
  await git('init', '-q');
  if (remote !== undefined) await git('remote', 'add', 'origin', remote);
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
  const steps = await stepsAt(
    results('pass').map((one) =>
      one.id === 'annotations' ? { ...one, outcome: 'fail', summary: 'source is missing' } : one,
    ),
  );
  expect(steps.filter(isOfSettings).map(({ command, cost }) => [command, cost])).toEqual([
    [
      `scoville config image.source=${url} && scoville build -t app:1 .`,
      remote === undefined ? 'a hand edit' : 'a build',
    ],
  ]);
});
