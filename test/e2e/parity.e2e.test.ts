import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { discard, type Ended, filesOf, own, run } from './harness.ts';
import { configOf } from './image-config.ts';
import { PARITY_CASES, type ParityCase } from './parity-cases.ts';
import { isWhole, rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const folder = folderHere('parity');

afterAll(() => {
  discard([own('parity-docker:1')]);
});

function context(parity: ParityCase): string {
  return written(mkdtempSync(join(folder, 'context-')), parity.files);
}

function build(parity: ParityCase, how: 'docker' | 'scoville', dir: string): Promise<Ended> {
  const args = [
    '-t',
    own(`parity-${how}:1`),
    '--progress=plain',
    ...(parity.flags ?? []),
    parity.stdin === undefined ? '.' : '-',
  ];
  const options = { cwd: dir, ...(parity.stdin === undefined ? {} : { input: parity.stdin }) };
  return how === 'docker'
    ? run('docker', ['buildx', 'build', ...args], options)
    : // What is added to an image is the subject of other tests.
      scoville.run(['build', ...(isWhole ? [] : ['--no-sign', '--no-grade']), ...args], options);
}

/** What BuildKit says last of a failure, without ids that differ from run to run. */
function errorOf(stderr: string): readonly string[] {
  const lines = stderr.split('\n');
  const from = lines.findIndex((line) => line.startsWith('------') || line.startsWith('ERROR: '));
  return lines
    .slice(Math.max(from, 0))
    .filter((line) => !/^scoville: |^\s+next: |^View build details/.test(line))
    .map((line) =>
      line
        .replace(/[a-z0-9]{25}(?:::[a-z0-9]+)?/g, 'ID')
        .replace(/^\d+\.\d+ /, '')
        .trimEnd(),
    )
    .filter((line) => line !== '');
}

/** The rest is in `npm run test:all`. */
const FEW = [
  'multi-stage',
  'a secret',
  'heredocs',
  'users, modes, links and whiteouts',
  'a RUN that fails',
];

describe('what docker buildx build makes, scoville build makes', () => {
  test.each(rows(PARITY_CASES, ({ name }) => FEW.includes(name)))('$name', async (parity) => {
    const dir = context(parity);
    const [theirs, ours] = await Promise.all([
      build(parity, 'docker', dir),
      build(parity, 'scoville', dir),
    ]);
    expect({
      exitCode: ours.exitCode,
      stderr: ours.exitCode === theirs.exitCode ? '' : ours.stderr,
    }).toEqual({
      exitCode: theirs.exitCode,
      stderr: '',
    });
    expect(theirs.exitCode === 0).toBe(parity.fails !== true);
    if (parity.fails === true) {
      let [mine, their] = [errorOf(ours.stderr), errorOf(theirs.stderr)];
      // BuildKit may end a solve before it has sent the state of the step that failed: buildx then
      // shows no log of it.
      if (!isDeepStrictEqual(mine, their)) {
        their = errorOf((await build(parity, 'docker', dir)).stderr);
        mine = errorOf((await build(parity, 'scoville', dir)).stderr);
      }
      expect(mine).toEqual(their);
      return;
    }
    const names = ['scoville', 'docker'].map((how) => own(`parity-${how}:1`));
    for (const partOf of [filesOf, configOf] as readonly ((image: string) => Promise<unknown>)[]) {
      const [mine, their] = await Promise.all(names.map(partOf));
      expect(mine).toEqual(their);
    }
  });
});
