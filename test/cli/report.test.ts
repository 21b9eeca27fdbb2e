import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { pathsOf } from '../../src/cli/paths.ts';
import { report } from '../../src/cli/report.ts';
import { keepReport } from '../../src/grade/kept-report.ts';
import { htmlReport } from '../../src/report/html/report.ts';
import { jsonReport } from '../../src/report/json.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { sampleInput } from '../report/sample-contents.ts';
import { fakeIo } from './command-io.ts';

let home = '';
beforeEach(() => {
  home = temporaryFolder();
});

function inHome() {
  const fake = fakeIo();
  return { ...fake, io: { ...fake.io, homeDir: home, cwd: home, env: {} } };
}

const INPUT = sampleInput();
const keep = (image: string) =>
  keepReport(
    { paths: pathsOf(inHome().io), cwd: home },
    { ...INPUT, scorecard: { ...INPUT.scorecard, image } },
  );

test('writes the last page and prints its path, where there is no terminal', async () => {
  await keep('first');
  await keep('app:1');
  const { io, out } = inHome();
  expect(await report([], io)).toBe(0);
  const page = readFileSync(out().trim(), 'utf8');
  expect(page).toBe(htmlReport({ ...INPUT, scorecard: { ...INPUT.scorecard, image: 'app:1' } }));
});

test.each(['app', 'app:latest', 'docker.io/library/app'])(
  'finds %s by any of its names',
  async (name) => {
    await keep('app:latest');
    const { io, out } = inHome();
    expect(await report(['--json', '-o', 'page.html', name], io)).toBe(0);
    expect(JSON.parse(out())).toMatchObject({
      schemaVersion: '1',
      file: join(home, 'page.html'),
      image: 'app:latest',
      level: 0,
      grade: 'D',
    });
    expect(readFileSync(join(home, 'page.html'), 'utf8')).toContain('<!doctype html>');
  },
);

test('says how to grade an image of which nothing is kept', async () => {
  const { io } = inHome();
  await expect(report(["it's"], io)).rejects.toMatchObject({
    message: "no grade of it's is kept",
    nextStep: "grade it: scoville grade 'it'\\''s'",
  });
  await expect(report([], io)).rejects.toThrow('nothing was graded yet');
});

test('a report that cannot be kept is no failure of what was graded', async () => {
  const { cache } = pathsOf(inHome().io);
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'reports'), 'a file where the folder belongs');
  await expect(keep('app:1')).resolves.toBeUndefined();
  const { io } = inHome();
  await expect(report(['app:1'], io)).rejects.toThrow('no grade of app:1 is kept');
});

describe('of two scorecards', () => {
  const card = (name: string, change: object = {}): void => {
    writeFileSync(join(home, name), jsonReport({ ...INPUT.scorecard, ...change }));
  };
  const changed = INPUT.scorecard.criteria.map((one) =>
    one.id === 'no-secrets' ? { ...one, outcome: 'pass' as const, summary: 'none found' } : one,
  );

  test('says what changed, in Markdown and in JSON', async () => {
    card('old.json', { image: 'app:1' });
    card('new.json', { image: 'app:2', level: 3, levelName: 'Scotch Bonnet', criteria: changed });
    const markdown = inHome();
    expect(await report(['--diff', 'old.json', 'new.json'], markdown.io)).toBe(0);
    expect(markdown.out()).toMatch(/^## app:1 → app:2\n/);
    expect(markdown.out()).toContain('| **Level** | 0 None | 3 Scotch Bonnet |');
    expect(markdown.out()).toContain('no-secrets (level 1) | ');
    expect(markdown.out()).toContain('none found');
    const { io, out } = inHome();
    expect(await report(['--diff', '--json', 'old.json', 'new.json'], io)).toBe(0);
    expect(JSON.parse(out())).toMatchObject({
      kind: 'difference',
      criteria: [{ id: 'no-secrets', before: 'fail', after: 'pass', gain: 1 }],
    });
    const written = inHome();
    expect(await report(['--diff', '-o', 'd.md', 'old.json', 'new.json'], written.io)).toBe(0);
    expect(readFileSync(join(home, 'd.md'), 'utf8')).toBe(markdown.out());
  });

  test.each([
    ['another version', { schemaVersion: '2' }],
    ['a level that is not one', { level: 9 }],
    ['an outcome that is not one', { criteria: [{ ...changed[0], outcome: 'constructor' }] }],
    ['no scores', { vectors: {} }],
    ['text for points', { overall: { points: '<b>', total: 23, grade: 'A' } }],
  ])('%s is not a scorecard', async (_, change) => {
    card('old.json');
    card('new.json', change);
    await expect(report(['--diff', 'old.json', 'new.json'], inHome().io)).rejects.toThrow(
      'new.json is not a scorecard',
    );
  });

  test.each([
    [['--diff', 'old.json'], '--diff takes two scorecards'],
    [['a', 'b'], 'report takes one image'],
    [['--diff', 'old.json', 'none.json'], 'none.json cannot be read'],
  ])('%j is refused', async (args, message) => {
    card('old.json');
    await expect(report(args, inHome().io)).rejects.toThrow(message);
  });
});
