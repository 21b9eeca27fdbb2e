import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/**
 * docs/architecture.md, the import table: rooms at the bottom, and what each may import. They know
 * nothing of commands. The other rooms are commands and their flows: they import what they need.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  model: ['lib'],
  ui: ['lib', 'model'],
  image: ['lib', 'model'],
  programs: ['lib', 'model'],
  dockerfile: ['lib', 'model', 'programs'],
  facts: ['lib', 'model', 'programs', 'image'],
  normalize: ['lib', 'model', 'image'],
  criteria: ['lib', 'model', 'programs', 'image', 'dockerfile', 'facts'],
  config: ['lib', 'model', 'image', 'criteria'],
  report: ['lib', 'model', 'config'],
};
const FLOWS = 'build cli editor fix grade init lint profile reproduce scan service trust'.split(
  ' ',
);

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

function room(file: string): string {
  const [first = ''] = relative(SRC, file).split('/');
  return first.replace(/\.tsx?$/, '');
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...found].map((m) => m[1] ?? m[2] ?? '');
}

const files = sources(SRC);
const local = new Map(
  files.map((file) => [
    file,
    importsOf(file)
      .filter((i) => i.startsWith('.'))
      .map((i) => resolve(dirname(file), i)),
  ]),
);

describe('the import table of docs/architecture.md', () => {
  test('knows every room', () => {
    const known = new Set([...Object.keys(MAY_IMPORT), ...FLOWS, 'bin', 'start']);
    expect([...new Set(files.map(room))].filter((name) => !known.has(name))).toEqual([]);
  });

  test('holds for every import', () => {
    const wrong = files.flatMap((file) =>
      (local.get(file) ?? [])
        .filter((target) => target.startsWith(SRC + '/') && room(target) !== room(file))
        .filter((target) => MAY_IMPORT[room(file)]?.includes(room(target)) === false)
        .map((target) => `${relative(SRC, file)} -> ${relative(SRC, target)}`),
    );
    expect(wrong).toEqual([]);
  });

  test('has no cycles, type imports included', () => {
    const cycles: string[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push(
          [...path.slice(path.indexOf(file)), file].map((f) => relative(SRC, f)).join(' -> '),
        );
        return;
      }
      state.set(file, 'open');
      for (const target of local.get(file) ?? [])
        if (local.has(target)) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test('a test that mocks a module has a process of its own', () => {
    const mocking = sources(resolve(SRC, '../test'))
      .filter((f) => /^ *(await )?vi\.(mock|doMock|resetModules)\(/m.test(readFileSync(f, 'utf8')))
      .map((f) => relative(SRC, f));
    expect(mocking).not.toEqual([]);
    expect(mocking.filter((f) => !f.endsWith('.alone.test.ts'))).toEqual([]);
  });

  test('a file is what a person wants open at once: none over 600 lines', () => {
    const lengths = files.map((f) => ({
      file: relative(SRC, f),
      lines: readFileSync(f, 'utf8').split('\n').length - 1,
    }));
    expect(lengths.filter((l) => l.lines > 600)).toEqual([]);
  });
});
