import { describe, expect, test } from 'vitest';
import { diffoscopeArguments, lookDeeper, readDiffoscope } from '../../src/reproduce/diffoscope.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const { signal } = new AbortController();
const FILES = { first: '/t/first.so', second: '/t/second.so', signal };

/** diffoscope 297, of a program and the same with one byte changed. */
const RECORDED = `--- /t/first.so
+++ /t/second.so
│┄ File has been modified after NT_GNU_BUILD_ID has been applied.
├── objdump --line-numbers --disassemble --section=.text {}
│ @@ -19932,15 +19932,15 @@
│ -	movaps %xmm0,(%rsp)
│ +	movaps %xmm3,0x24(%rax)
`;

test('bounded in size, depth and time, and files come last', () => {
  const args = diffoscopeArguments(FILES);
  expect(args.slice(-3)).toEqual(['--', '/t/first.so', '/t/second.so']);
  for (const flag of ['--max-text-report-size=', '--max-container-depth=', '--timeout='])
    expect(args.some((arg) => arg.startsWith(flag))).toBe(true);
});

describe('readDiffoscope', () => {
  test('the view without the names of our files', () => {
    expect(readDiffoscope(RECORDED)?.split('\n')).toEqual([
      '│┄ File has been modified after NT_GNU_BUILD_ID has been applied.',
      '├── objdump --line-numbers --disassemble --section=.text {}',
      '│ @@ -19932,15 +19932,15 @@',
      '│ -	movaps %xmm0,(%rsp)',
      '│ +	movaps %xmm3,0x24(%rax)',
    ]);
  });

  test('a long view and long lines are cut', () => {
    const long = `--- a\n+++ b\n${`${'x'.repeat(500)}\n`.repeat(100)}`;
    const lines = readDiffoscope(long)?.split('\n') ?? [];
    expect(lines).toHaveLength(61);
    expect(lines[0]).toHaveLength(160);
    expect(lines.at(-1)).toBe('… and 40 more lines');
  });

  test('nothing of what may hold a private key', () => {
    expect(
      readDiffoscope('--- a\n+++ b\n│ +-----BEGIN RSA PRIVATE KEY-----\n│ +x\n'),
    ).toBeUndefined();
  });

  test('nothing where nothing is shown', () => {
    expect(readDiffoscope('')).toBeUndefined();
    expect(readDiffoscope('--- a\n+++ b\n')).toBeUndefined();
  });
});

describe('lookDeeper', () => {
  test.each([
    [
      'they differ',
      { exitCode: 1, stdout: RECORDED },
      { installed: true, view: readDiffoscope(RECORDED) },
    ],
    ['they are the same', { exitCode: 0 }, { installed: true }],
    ['trouble', { exitCode: 2, stdout: RECORDED }, { installed: true }],
    [
      'it took too long',
      { ended: 'timeout', stdout: '', stderr: '' } as const,
      { installed: true },
    ],
    ['it is not there', { ended: 'not-found' } as const, { installed: false }],
  ])('%s', async (_, result, seen) => {
    const fake = fakeRun([{ command: 'diffoscope', args: [], result }]);
    expect(await lookDeeper(fake.run, FILES)).toEqual(seen);
  });
});
