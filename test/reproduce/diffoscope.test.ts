import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { ToolResult } from '../../src/lib/run-tool.ts';
import { deeperViews } from '../../src/reproduce/diffoscope.ts';

const A = Buffer.from('a');
const B = Buffer.from('b');

/** diffoscope 297, of a program and the same with one byte changed. */
const VIEW = `│┄ File has been modified after NT_GNU_BUILD_ID has been applied.
├── objdump --line-numbers --disassemble --section=.text {}
│ @@ -19932,15 +19932,15 @@
│ -	movaps %xmm0,(%rsp)
│ +	movaps %xmm3,0x24(%rax)`;
const SHOWN = `--- /t/first.so\n+++ /t/second.so\n${VIEW}\n`;

function ended(exitCode: number, stdout = ''): ToolResult {
  return { ended: 'exit', exitCode, stdout, stderr: '' };
}

/** Asks for files of these paths and formats; what each shows, how often it ran, what was said. */
async function views(
  result: ToolResult,
  asked: readonly (readonly [string, Parameters<ReturnType<typeof deeperViews>>[1]])[],
  onRun: (args: readonly string[]) => void = () => undefined,
) {
  let runs = 0;
  const told: unknown[] = [];
  const look = deeperViews({
    run: ({ args }) => {
      runs += 1;
      onRun(args);
      return Promise.resolve(result);
    },
    signal: new AbortController().signal,
    emit: (event) => told.push(event),
  });
  const shown = [];
  for (const [path, format] of asked) shown.push(await look(path, format, A, B));
  return { shown, runs, told };
}

test('contents lie in a private folder under names of ours, and nowhere afterwards', async () => {
  const seen: (readonly string[])[] = [];
  const { shown } = await views(
    ended(1, SHOWN),
    [
      ['../../etc/-rf x.so', 'elf'],
      ['a.$(x)', 'binary'],
    ],
    (args) => {
      const files = args.slice(-2);
      expect(files.map((path) => readFileSync(path, 'utf8'))).toEqual(['a', 'b']);
      expect(statSync(dirname(files[0] ?? '')).mode & 0o777).toBe(0o700);
      expect(args.at(-3)).toBe('--');
      for (const flag of ['--max-text-report-size=', '--max-container-depth=', '--timeout='])
        expect(args.some((arg) => arg.startsWith(flag))).toBe(true);
      seen.push(files);
    },
  );
  expect(shown).toEqual([VIEW, VIEW]);
  expect(seen.flat().map((path) => basename(path))).toEqual([
    ...['first.so', 'second.so'],
    ...['first', 'second'],
  ]);
  expect(existsSync(dirname(seen[0]?.[0] ?? ''))).toBe(false);
});

test('ten files, no keys and no text', async () => {
  const asked = Array.from({ length: 12 }, () => ['x', 'binary'] as const);
  expect((await views(ended(0), [['k', 'key'], ['t', 'text'], ...asked])).runs).toBe(10);
});

test.each<[string, ToolResult]>([
  ['the same', ended(0)],
  ['trouble', ended(2, SHOWN)],
  ['it took too long', { ended: 'timeout', stdout: '', stderr: '' }],
  ['nothing', ended(1)],
  ['names alone', ended(1, '--- a\n+++ b\n')],
  ['what may have a key', ended(1, '--- a\n+++ b\n│ +-----BEGIN RSA PRIVATE KEY-----\n│ +x\n')],
])('%s: no view, and it is asked again', async (_, result) => {
  const { shown, runs, told } = await views(result, [
    ['x', 'elf'],
    ['y', 'elf'],
  ]);
  expect({ shown, runs, told }).toEqual({ shown: [undefined, undefined], runs: 2, told: [] });
});

test('a long view and long lines are cut', async () => {
  const long = `--- a\n+++ b\n${`${'x'.repeat(500)}\n`.repeat(100)}`;
  const { shown } = await views(ended(1, long), [['x', 'elf']]);
  const lines = shown[0]?.split('\n') ?? [];
  expect(lines).toHaveLength(61);
  expect(lines[0]).toHaveLength(160);
  expect(lines.at(-1)).toBe('… and 40 more lines');
});

test('where it is not installed that is told once', async () => {
  const { runs, told } = await views({ ended: 'not-found' }, [
    ['x', 'elf'],
    ['y', 'elf'],
  ]);
  expect([runs, told.length]).toEqual([1, 1]);
});
