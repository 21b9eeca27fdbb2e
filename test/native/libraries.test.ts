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
const built = readFileSync(join(NATIVE, 'lib/COMPILER'), 'utf8').trim();

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

/** Whether a compiler is the one that made what is committed. */
function isHere(compiler: string): boolean {
  try {
    return execFileSync(compiler, ['--version'], { encoding: 'utf8' })
      .replace(/^\S+ /, '')
      .startsWith(`${built}\n`);
  } catch {
    return false;
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
    // CI has them: there, a machine without one proves nothing.
    if (!isHere(compiler)) {
      expect(process.env['CI'] ?? '', `install ${compiler} (${built})`).toBe('');
      skip(`needs ${compiler} (${built})`);
    }
    const out = mkdtempSync(join(tmpdir(), 'scoville-native-'));
    try {
      execFileSync('make', ['-s', 'libraries', `OUT=${out}`, `ARCHES=${processor}`], {
        cwd: NATIVE,
      });
      const committed = Object.entries(digests(join(NATIVE, 'lib')));
      for (const [name, digest] of committed.filter(([name]) => name.startsWith(processor)))
        expect(
          createHash('sha256')
            .update(readFileSync(join(out, name)))
            .digest('hex'),
          name,
        ).toBe(digest);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
);
