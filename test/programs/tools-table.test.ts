import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BUILD_TOOLS,
  entryNamed,
  managerAt,
  PACKAGE_MANAGERS,
  possibleNames,
  SHELL_PROGRAMS,
  type ToolTable,
  toolTable,
} from '../../src/programs/kinds.ts';

function named(table: ToolTable, file: string): ReturnType<typeof entryNamed> {
  return entryNamed(table, possibleNames(file));
}

describe('entryNamed', () => {
  test.each([
    ['gcc', 'gcc'],
    ['gcc-12', 'gcc'],
    ['x86_64-linux-gnu-gcc-12', 'gcc'],
    ['aarch64-alpine-linux-musl-ld', 'ld'],
    ['clang++-19', 'clang++'],
    ['go1.24', 'go'],
    ['ld.bfd', 'ld.bfd'],
    ['npm-cli.js', 'npm'],
    ['yarn.js', 'yarn'],
    ['cc1plus', 'cc1plus'],
    ['x86_64-linux-gnu-gcc-ar-14', 'gcc-ar'],
    ['x86_64-linux-gnu-pkg-config', 'pkg-config'],
    ['aarch64-none-elf-objdump', 'objdump'],
    ['python3-cython', 'cython'],
  ])('%s is %s', (file, tool) => {
    expect(named(BUILD_TOOLS, file)?.name).toBe(tool);
  });

  test.each([
    'gccx',
    'ld.so',
    'ld-linux-x86-64.so.2',
    'ld-2.31.so',
    'asd',
    '12',
    '',
    'x86_64-linux-gnu-',
    'goaccess',
  ])('%s is none', (file) => {
    expect(named(BUILD_TOOLS, file)).toBeUndefined();
  });

  test.each([
    ['bash-static', 'bash'],
    ['zsh-5.9', 'zsh'],
    ['sh.distrib', 'sh'],
    ['pwsh.exe', 'pwsh'],
    ['busybox-extras', 'busybox'],
  ])('shell %s is %s', (file, shell) => {
    expect(named(SHELL_PROGRAMS, file)?.name).toBe(shell);
  });

  test('ends on any name', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (name) => {
        const entry = named(PACKAGE_MANAGERS, name);
        expect(entry === undefined || PACKAGE_MANAGERS.get(entry.name) === entry).toBe(true);
      }),
    );
  });

  test('ends soon on a hostile name', () => {
    expect(named(PACKAGE_MANAGERS, `x${'-1'.repeat(50_000)}y`)).toBeUndefined();
    expect(named(PACKAGE_MANAGERS, `${'1.'.repeat(50_000)}z`)).toBeUndefined();
  });
});

test('a name that is listed twice is refused', () => {
  const group = { kind: 'k', entries: { a: 'b' } };
  expect(() => toolTable([group, group])).toThrow('a is listed twice');
});

test('every entry has a reason', () => {
  const entries = [
    ...SHELL_PROGRAMS.values(),
    ...BUILD_TOOLS.values(),
    ...PACKAGE_MANAGERS.values(),
  ];
  expect(entries.filter(({ reason }) => reason.trim() === '')).toEqual([]);
});

test.each([
  ['usr/lib/node_modules/npm/package.json', 'npm'],
  ['usr/lib/python3/dist-packages/pip/__init__.py', 'pip'],
  ['usr/lib/python3.13/site-packages/pip-24.0.dist-info/METADATA', 'pip'],
  ['app/node_modules/a/node_modules/pnpm/package.json', 'pnpm'],
  ['usr/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl', 'pip'],
  ['opt/yarn-v1.22.22/package.json', 'yarn'],
  ['usr/bin/composer.phar', 'composer'],
])('the manager at %s is %s', (path, name) => {
  expect(managerAt(path)).toBe(name);
});
