import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const FOLDER = 'src/plans/reproduce/preload';

/** Processors as Node.js names them, each with its compiler. */
export const COMPILERS = [
  ['x64', 'gcc'],
  ['arm64', 'aarch64-linux-gnu-gcc'],
];

export const SOURCES = [
  'steady-clock',
  'steady-files',
  'steady-random',
  'steady-devices',
  'steady-turns',
  'steady-place',
  'steady-exec',
  'steady-run',
];

const FLAGS = [
  ...['-std=gnu17', '-O2', '-fPIC', '-shared', '-nostdlib', '-ffreestanding', '-fno-builtin'],
  ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fvisibility=hidden'],
  ...['-fno-semantic-interposition', '-fno-tree-loop-distribute-patterns', '-fno-ident'],
  ...['-Wall', '-Wextra', '-Werror', '-s', '-Wl,-Bsymbolic', '-Wl,--build-id=none'],
  ...['-Wl,--hash-style=both', '-Wl,-z,noseparate-code'],
];

const PROGRAM_FLAGS = [
  ...FLAGS.filter((flag) => !['-shared', '-fPIC', '-Wl,-Bsymbolic'].includes(flag)),
  ...['-static', '-no-pie'],
];

/** The library of `source` as `compiler` makes it. */
export function compiled(compiler, source) {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-steady-'));
  // Otherwise gcc calls its own library for them, which a program need not have.
  const own = compiler.startsWith('aarch64') ? ['-mno-outline-atomics'] : [];
  try {
    const out = join(folder, 'out.so');
    // What starts a program again does so before any library has begun.
    if (source === 'steady-place') own.push('-Wl,-z,initfirst');
    // A program, and the only one: the others are libraries.
    const flags = source === 'steady-run' ? PROGRAM_FLAGS : FLAGS;
    execFileSync(compiler, [...flags, ...own, '-o', out, `${FOLDER}/${source}.c`]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first line of `compiler --version`. */
export function compilerVersion(compiler) {
  return execFileSync(compiler, ['--version'], { encoding: 'utf8' }).split('\n')[0];
}
