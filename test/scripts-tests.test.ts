import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const STAGE = join(import.meta.dirname, '../scripts/tests/stage.mjs');
const VITEST = join(import.meta.dirname, '../node_modules/vitest/dist/index.js');
let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'scoville-stage-')));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Each name with the body of its test; `first` is true the first time that it is asked. */
function write(file: string, bodies: Readonly<Record<string, string>>): void {
  const tests = Object.entries(bodies).map(([name, body]) => `test('${name}', () => { ${body} });`);
  writeFileSync(
    join(folder, `${file}.test.mjs`),
    `import { existsSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from ${JSON.stringify(VITEST)};
const first = (name) => existsSync(name) ? false : (writeFileSync(name, ''), true);
${tests.join('\n')}\n`,
  );
}

function run(...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [STAGE, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, SCOVILLE_TEST_RESULTS: join(folder, 'results'), VITEST: undefined },
  });
  return { status, stderr };
}

const flaky = (): string => readFileSync(join(folder, 'results/flaky.txt'), 'utf8');

test('what passes when it is run again is flaky, by name; one is let through, two are not', () => {
  write('one', { works: 'expect(1).toBe(1)', 'fails at first': "expect(first('a')).toBe(false)" });
  expect(run('unit').status).toBe(0);
  expect(flaky()).toBe('one.test.mjs: fails at first\n');
  const once = run('--sum');
  expect(once.stderr).toContain('flaky: one.test.mjs: fails at first\n');
  expect(once.status).toBe(0);

  write('two', { 'so does this': "expect(first('b')).toBe(false)" });
  expect(run('end-to-end').status).toBe(0);
  const twice = run('--sum');
  expect(twice.stderr).toMatch(/^ +\d+ s {2}(?:one|two)\.test\.mjs$/m);
  expect(twice.stderr).toContain('2 failed once');
  expect(twice.status).toBe(1);
});

test('a file that could not be set up at first is flaky by its own name', () => {
  write('one', { works: '' });
  const file = join(folder, 'one.test.mjs');
  const setUp = "beforeAll(() => expect(first('c')).toBe(false));\n";
  writeFileSync(file, `${readFileSync(file, 'utf8')}${setUp}`);
  expect(run('unit').status).toBe(0);
  expect(flaky()).toBe('one.test.mjs\n');
});

test('what fails again has failed, and so has a file that fails in another way', () => {
  write('one', {
    'never passes': 'expect(1).toBe(2)',
    'fails at first': "expect(first('d')).toBe(false)",
  });
  const failed = run('unit');
  expect(failed.stderr).toContain('failed twice: one.test.mjs: never passes\n');
  expect(failed.status).toBe(1);
  write('one', {
    'not twice': "expect(first('e')).toBe(false)",
    'nor once': "expect(first('f')).toBe(true)",
  });
  expect(run('unit').status).toBe(1);
});

test('an error that no test waited for, and tests that are not there, fail', () => {
  expect(run('unit').status).toBe(1);
  write('one', {
    works:
      'setTimeout(() => { throw new Error("late") }); return new Promise((done) => setTimeout(done, 50));',
  });
  expect(run('unit').status).toBe(1);
});
