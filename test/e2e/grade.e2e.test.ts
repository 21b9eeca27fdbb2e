import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { words } from '../fakes/table.ts';
import { bases, discard, own, registry, ROOT, run, Scoville } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const NAME = own(`${registry}/scoville-grade:1`);
const folder = folderHere('grade');
let digest = '';

beforeAll(async () => {
  const context = join(folder, 'context');
  mkdirSync(context);
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM ${bases.busybox}\nCOPY --chmod=0644 note.txt /note.txt\nUSER 1000:1000\n`,
  );
  writeFileSync(join(context, 'note.txt'), 'hello\n');
  const built = await scoville.expect(0, [
    ...['build', '--json', '--load', '--push', '-t', NAME, context],
  ]);
  ({ digest } = JSON.parse(built.stdout) as Scorecard);
});
afterAll(() => {
  discard([NAME]);
});

async function graded(...args: readonly string[]): Promise<Scorecard> {
  const ended = await scoville.expect(0, ['grade', '--json', '--offline', ...args]);
  return JSON.parse(ended.stdout) as Scorecard;
}

function outcome(card: Scorecard, id: string): string {
  return card.criteria.find((one) => one.id === id)?.outcome ?? 'none';
}

const CONTENT = words(`
  minimal-base no-build-tooling no-shell no-package-manager no-secrets no-elevated-files
  nonroot-user
`);

describe('one image, wherever it lies', () => {
  test('in the registry: its signature, SBOM and provenance verify with the user’s own key', async () => {
    const card = await graded(`registry:${NAME}`);
    expect(card.digest).toBe(digest);
    for (const id of ['signed', 'sbom', 'provenance'])
      expect([id, outcome(card, id)]).toEqual([id, 'pass']);
    expect(card.criteria.find(({ id }) => id === 'signed')?.source).toBe('verified-attestation');
    expect(outcome(card, 'no-shell')).toBe('fail');
    expect(outcome(card, 'nonroot-user')).toBe('pass');
    expect(outcome(card, 'no-critical')).toBe('unknown');
  });

  test('is judged the same by what its layers hold', async () => {
    const tar = join(folder, 'image.tar');
    await run('docker', ['save', '-o', tar, NAME]);
    execFileSync('gzip', ['-k', tar]);
    const layout = join(folder, 'layout');
    mkdirSync(layout);
    execFileSync('tar', ['-xf', tar, '-C', layout]);
    const expected = await graded(`registry:${NAME}`);
    for (const place of [NAME, `docker:${NAME}`, tar, `${tar}.gz`, layout]) {
      const card = await graded(place);
      expect([place, card.digest]).toEqual([place, digest]);
      expect(CONTENT.map((id) => outcome(card, id))).toEqual(
        CONTENT.map((id) => outcome(expected, id)),
      );
    }
  });

  test('on stdin', async () => {
    const input = readFileSync(join(folder, 'image.tar'));
    const ended = await scoville.expect(0, ['grade', '--json', '--offline', '-'], { input });
    expect((JSON.parse(ended.stdout) as Scorecard).digest).toBe(digest);
  });

  test('without its signatures, signed is not failed but unknown', async () => {
    const card = await graded(join(folder, 'image.tar'));
    expect(outcome(card, 'signed')).toBe('unknown');
  });
});

describe('what counts', () => {
  test('another’s key: signed fails, and nothing is believed', async () => {
    const keys = join(folder, 'keys');
    mkdirSync(keys);
    execFileSync('cosign', ['generate-key-pair'], {
      cwd: keys,
      env: { ...process.env, COSIGN_PASSWORD: '' },
      stdio: 'ignore',
    });
    const card = await graded('--key', join(keys, 'cosign.pub'), `registry:${NAME}`);
    expect(outcome(card, 'signed')).toBe('fail');
    expect(card.criteria.find(({ id }) => id === 'sbom')?.source).not.toBe('verified-attestation');
  });

  test('the gate: exit 1, and why', async () => {
    const ended = await scoville.expect(1, [
      ...['grade', '--offline', '--min-level', '3', `registry:${NAME}`],
    ]);
    expect(ended.stderr).toContain('scoville: short of the gate: level');
  });

  test('two images are compared, and with --diff told apart', async () => {
    const both = await scoville.expect(0, [
      ...['grade', '--offline', '--json', `registry:${NAME}`, bases.debian],
    ]);
    expect(Object.keys(JSON.parse(both.stdout) as object)).toContain('images');
    const ended = await scoville.expect(0, [
      ...['grade', '--offline', '--diff', bases.debian, `registry:${NAME}`],
    ]);
    expect(ended.stdout).toContain('nonroot-user');
  });
});

describe('what cannot be judged ends with exit code 2', () => {
  test.each([
    ['an image that is nowhere', [`registry:${registry}/scoville-nowhere:1`], 'has no'],
    ['a registry that is down', ['registry:localhost:1/x:1'], 'localhost:1'],
    ['a file that is none', ['/nowhere/image.tar'], '/nowhere/image.tar: no such file'],
    [
      'an identity that anybody has',
      [
        '--certificate-identity-regexp',
        '.*',
        '--certificate-oidc-issuer',
        'https://x.example',
        NAME,
      ],
      'certificate-identity',
    ],
    ['no image', [], 'grade needs an image'],
    ['a wrong flag', ['--nonsense', NAME], 'nonsense'],
  ])('%s', async (_, args, said) => {
    const ended = await scoville.expect(2, ['grade', '--offline', ...args]);
    expect(ended.stderr).toContain(said);
    expect(ended.stdout).toBe('');
  });
});

test('a disk that is full under stdout is an error that is told, not a crash nor an image that is short', async () => {
  const cli = join(ROOT, 'dist/scoville.js');
  const command = 'exec "$0" "$@" > /dev/full';
  const args = ['-c', command, process.execPath, cli, 'grade', '--json', '-q', `registry:${NAME}`];
  const ended = await run('sh', args, { env: { SCOVILLE_HOME: scoville.home } });
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toMatch(/^scoville: stdout could not be written: ENOSPC.*\n$/);
});

test('the same digest has one verdict: what Docker does not store is looked up in the registry', async () => {
  // A user who did not build it, so that the layout of builds cannot answer.
  const other = new Scoville();
  try {
    const grade = async (...args: readonly string[]): Promise<Scorecard> => {
      const ended = await other.expect(0, ['grade', '--json', '--scanner', 'none', ...args]);
      return JSON.parse(ended.stdout) as Scorecard;
    };
    const stored = await grade(`docker:${NAME}`);
    const named = await grade(NAME);
    const published = await grade(`registry:${NAME}`);
    expect(named.digest).toBe(published.digest);
    const verdicts = (card: Scorecard) =>
      card.criteria.map(({ id, outcome, summary }) => [id, outcome, summary]);
    expect(verdicts(named)).toEqual(verdicts(published));
    expect(outcome(named, 'sbom')).not.toBe(outcome(stored, 'sbom'));
    expect(JSON.stringify(stored)).toContain('signatures and attestations were not looked up');
  } finally {
    other.remove();
  }
});
