import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { RunTool } from '../../src/lib/run-tool.ts';
import { deeperViews } from '../../src/reproduce/compare-images.ts';

const { signal } = new AbortController();
const bytes = (text: string): Uint8Array => Buffer.from(text);

test('contents lie in a private folder under names of ours, and nowhere afterwards', async () => {
  let seen: readonly string[] = [];
  const run: RunTool = ({ args }) => {
    seen = args.slice(-2);
    expect(seen.map((path) => readFileSync(path, 'utf8'))).toEqual(['a', 'b']);
    expect(statSync(dirname(seen[0] ?? '')).mode & 0o777).toBe(0o700);
    return Promise.resolve({
      ended: 'exit',
      exitCode: 1,
      stdout: '--- x\n+++ y\nview',
      stderr: '',
    });
  };
  const look = deeperViews({ run, signal, emit: () => undefined });
  expect(await look('../../etc/-rf x.so', 'elf', bytes('a'), bytes('b'))).toBe('view');
  expect(seen.map((path) => basename(path))).toEqual(['first.so', 'second.so']);
  expect(await look('a.$(x)', 'binary', bytes('a'), bytes('b'))).toBe('view');
  expect(seen.map((path) => basename(path))).toEqual(['first', 'second']);
  expect(existsSync(dirname(seen[0] ?? ''))).toBe(false);
});

test('ten files, no keys and no text', async () => {
  let runs = 0;
  const run: RunTool = () => {
    runs += 1;
    return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
  };
  const look = deeperViews({ run, signal, emit: () => undefined });
  await look('k', 'key', bytes('a'), bytes('b'));
  await look('t', 'text', bytes('a'), bytes('b'));
  expect(runs).toBe(0);
  for (let i = 0; i < 12; i += 1) await look('x', 'binary', bytes('a'), bytes('b'));
  expect(runs).toBe(10);
});

test('where it is not installed that is told once', async () => {
  const told: unknown[] = [];
  const look = deeperViews({
    run: () => Promise.resolve({ ended: 'not-found' }),
    signal,
    emit: (event) => told.push(event),
  });
  expect(await look('x', 'elf', bytes('a'), bytes('b'))).toBeUndefined();
  await look('y', 'elf', bytes('a'), bytes('b'));
  expect(told).toHaveLength(1);
});
