import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nativeLibraries } from '../../src/build/clock.ts';
import { movedClock } from '../../src/reproduce/clock.ts';
import { IS_HERE, runSteady, START } from './run-steady.ts';

const DAY = 24 * 60 * 60;
const folder = mkdtempSync(join(tmpdir(), 'scoville-waits-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ASKED = readFileSync('test/build/steady-waits.py', 'utf8');

const NAMES = [...ASKED.matchAll(/^ {2}'(.*)': lambda|^ {2}'(.*)': posix/gm)].map(
  ([, name, other]) => name ?? other ?? '',
);

describe.runIf(IS_HERE)('waiting until a time of day ends at that time, with a clock that', () => {
  const right = NAMES.map((name) => `${name} True\n`).join('');

  test.each(['frozen', 'running'] as const)(
    'is %s',
    (clock) => {
      expect(runSteady(folder, { clock }, 'python3', '-c', ASKED)).toBe(right);
    },
    30_000,
  );

  test('is a day ahead, and measures work as the machine does', () => {
    const [library] = movedClock(DAY, nativeLibraries(process.arch));
    const path = join(folder, library?.name ?? '');
    writeFileSync(path, library?.content ?? '');
    const see = (program: string, ...args: readonly string[]): string =>
      execFileSync(program, args, { env: { LD_PRELOAD: path }, encoding: 'utf8' });
    const before = Math.floor(Date.now() / 1000);
    const seen = Number(see('/usr/bin/date', '+%s')) - DAY;
    expect(seen).toBeGreaterThanOrEqual(before);
    expect(seen).toBeLessThanOrEqual(Date.now() / 1000);
    expect(see('/usr/bin/python3', '-c', ASKED)).toBe(right);
    const work =
      'import time; a = time.process_time(); [None for i in range(2000000)]; print(0.001 < time.process_time() - a)';
    expect(see('/usr/bin/python3', '-c', work)).toBe('True\n');
  }, 30_000);

  test('stood still long ago: a later time is waited for as long as it is later', () => {
    const asked = `import time, ctypes as c
a = time.monotonic(); c.CDLL(None).clock_nanosleep(0, 1, (c.c_long * 2)(${START}, 300000000), None)
b = time.monotonic(); c.CDLL(None).clock_nanosleep(0, 1, (c.c_long * 2)(${START - 5}, 0), None)
print(b - a > 0.29, time.monotonic() - b < 0.2)`;
    expect(runSteady(folder, {}, 'python3', '-c', asked)).toBe('True True\n');
  });
});
