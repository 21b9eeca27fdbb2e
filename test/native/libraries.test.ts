import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const NATIVE = join(import.meta.dirname, '../../native');
const PROCESSORS = [
  ['x64', 'gcc-12'],
  ['arm64', 'aarch64-linux-gnu-gcc-12'],
] as const;
const built = readFileSync(join(NATIVE, 'lib/COMPILER'), 'utf8').trim().split('\n');

/** Files of a folder of libraries, by path, with their digests. */
function digests(folder: string): Readonly<Record<string, string>> {
  const names = PROCESSORS.flatMap(([name]) =>
    readdirSync(join(folder, name)).map((file) => `${name}/${file}`),
  );
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}

/** Skips a test where a compiler is not the one that made what is committed. */
function needs(compiler: string, skip: (why: string) => void): void {
  const why = `install ${compiler} (${built.join(' or ')})`;
  let version: string | undefined;
  try {
    const said = execFileSync(compiler, ['--version'], { encoding: 'utf8' });
    version = said.split('\n')[0]?.replace(/^\S+ /, '');
  } catch {
    // Not here.
  }
  if (version !== undefined && built.includes(version)) return;
  // CI has them: there, a machine without one proves nothing.
  expect(process.env['CI'] ?? '', why).toBe('');
  skip(why);
}

/** Runs `make` into a folder of its own, which `check` is given. */
function make(words: (out: string) => readonly string[], check: (out: string) => void): void {
  const out = mkdtempSync(join(tmpdir(), 'scoville-native-'));
  try {
    execFileSync('make', ['-s', ...words(out)], { cwd: NATIVE });
    check(out);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

test('every library has its digest, and nothing else lies there', () => {
  const lines = readFileSync(join(NATIVE, 'lib/SHA256SUMS'), 'utf8').trim().split('\n');
  const listed = lines.map((line) => line.split('  ').reverse());
  expect(Object.fromEntries(listed)).toEqual(digests(join(NATIVE, 'lib')));
  expect(lines).toHaveLength(16);
});

test.for(PROCESSORS)(
  'libraries for %s are what the .c files say; else run make in native/',
  ([processor, compiler], { skip }) => {
    needs(compiler, skip);
    make(
      (out) => ['libraries', `OUT=${out}`, `ARCHES=${processor}`],
      (out) => {
        const committed = Object.entries(digests(join(NATIVE, 'lib')));
        for (const [name, digest] of committed.filter(([name]) => name.startsWith(processor)))
          expect(
            createHash('sha256')
              .update(readFileSync(join(out, name)))
              .digest('hex'),
            name,
          ).toBe(digest);
      },
    );
  },
);

test('DEFLATE is what deflate.c says; else run make in native/', ({ skip }) => {
  needs('clang-19', skip);
  const name = 'deflate-wasm.ts';
  make(
    (out) => ['deflate', `DEFLATE=${join(out, name)}`],
    (out) => {
      const committed = join(NATIVE, '../src/normalize/deflate', name);
      expect(readFileSync(join(out, name), 'utf8')).toBe(readFileSync(committed, 'utf8'));
    },
  );
});
