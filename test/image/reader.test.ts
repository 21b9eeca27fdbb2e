import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPax, TarError } from '../../src/image/tar/tar-header.ts';
import { TarReader } from '../../src/image/tar/tar-reader.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import type { TarEntry } from '../../src/model/image.ts';
import { entry, readTar, tarOf } from '../fakes/tar-bytes.ts';

/** What GNU tar writes for files made by `make` in an empty folder. */
function gnuTar(make: (dir: string) => void, ...args: string[]): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), 'scoville-tar-'));
  try {
    make(dir);
    const run = spawnSync('tar', ['-C', dir, '--sort=name', '-cf', '-', ...args, '.'], {
      maxBuffer: 64 * 2 ** 20,
    });
    expect(run.status).toBe(0);
    return run.stdout;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('TarReader', () => {
  test('reads GNU long names, link targets and base-256 numbers', () => {
    const long = 'n'.repeat(180);
    const bytes = gnuTar(
      (dir) => {
        writeFileSync(join(dir, long), 'hello');
      },
      '--format=gnu',
      '--owner=x:3000000',
      '--mtime=@-5',
    );
    const file = readTar(bytes).find((e) => e.entry.type === 'file');
    expect(file?.entry).toMatchObject({ name: `./${long}`, uid: 3_000_000, mtime: -5, size: 5 });
  });

  test.each(['gnu', 'pax --sparse-version=0.1', 'pax --sparse-version=1.0'])(
    'refuses a sparse file (%s)',
    (format) => {
      const bytes = gnuTar(
        (dir) => {
          writeFileSync(join(dir, 'holes'), 'start');
          truncateSync(join(dir, 'holes'), 1_000_000);
        },
        '--sparse',
        ...`--format=${format}`.split(' '),
      );
      expect(() => readTar(bytes)).toThrow('it has a sparse file, which is not read');
    },
  );

  test('a pax record wins over the header, an empty one does not', () => {
    const pax = formatPax(
      new Map([
        ['path', Buffer.from('real/name')],
        ['uname', Buffer.alloc(0)],
        ['SCHILY.xattr.security.capability', Uint8Array.of(1, 0, 0xff)],
        ['__proto__', Buffer.from('x')],
      ]),
    );
    const head = tarHeader({
      ...entry({ name: 'x' }),
      type: 'other',
      typeflag: 'x',
      size: pax.length,
    });
    const bytes = Buffer.concat([
      head,
      pax,
      tarPadding(pax.length),
      tarHeader(entry({ name: 'header-name', uname: 'root' })),
      TAR_END,
    ]);
    const [read] = readTar(bytes);
    expect(read?.entry).toMatchObject({ name: 'real/name', uname: 'root' });
    expect(read?.entry.pax['SCHILY.xattr.security.capability']).toBe('\x01\x00\xff');
    expect(Object.keys(read?.entry.pax ?? {}).sort()).toEqual([
      'SCHILY.xattr.security.capability',
      '__proto__',
    ]);
  });

  test('a global header is handed out by its path, as in Go, and changes nothing', () => {
    const pax = formatPax(new Map([['path', Buffer.from('evil')]]));
    const bytes = Buffer.concat([
      tarHeader({ ...entry({ name: 'g' }), type: 'other', typeflag: 'g', size: pax.length }),
      pax,
      tarPadding(pax.length),
      tarHeader(entry({ name: 'good' })),
      TAR_END,
    ]);
    expect(readTar(bytes).map((e) => [e.entry.type, e.entry.name])).toEqual([
      ['other', 'evil'],
      ['file', 'good'],
    ]);
  });

  test('a global header with a path and a record that Go cannot read is refused', () => {
    const pax = formatPax(
      new Map([
        ['path', Buffer.from('evil')],
        ['size', Buffer.from('=')],
      ]),
    );
    const bytes = Buffer.concat([
      tarHeader({ ...entry({ name: 'g' }), type: 'other', typeflag: 'g', size: pax.length }),
      pax,
      tarPadding(pax.length),
      TAR_END,
    ]);
    expect(() => readTar(bytes)).toThrow('pax size is not a number');
  });

  test('a directory of v7 is told by its slash and has no content', () => {
    const block = tarHeader(entry({ name: 'old/', size: 512 }));
    block[156] = 0;
    const sum = block.reduce((a, b) => a + b) - block.subarray(148, 156).reduce((a, b) => a + b);
    block.set(Buffer.from(`${(sum + 256).toString(8).padStart(6, '0')}\0 `), 148);
    const [read, next] = readTar(
      Buffer.concat([block, tarHeader(entry({ name: 'after' })), TAR_END]),
    );
    expect(read?.entry).toMatchObject({ type: 'directory', size: 0 });
    expect(next?.entry.name).toBe('after');
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['a cut archive', (b) => b.subarray(0, 700), /cut off after 700 bytes/],
    ['a cut header', (b) => b.subarray(0, 100), /cut off/],
    ['a wrong checksum', (b) => b.map((byte, i) => (i === 0 ? 0x7a : byte)), /checksum is wrong/],
    ['no archive', () => Buffer.from('<html>'.repeat(100)), /checksum/],
  ])('refuses %s', (_name, damage, message) => {
    const bytes = tarOf([{ entry: entry({ name: 'a', size: 300 }), content: Buffer.alloc(300) }]);
    expect(() => readTar(damage(bytes))).toThrow(TarError);
    expect(() => readTar(damage(bytes))).toThrow(message);
  });

  test('refuses an extended header that is too large to hold', () => {
    const head = tarHeader({ ...entry({}), type: 'other', typeflag: 'x', size: 2 ** 30 });
    expect(() => readTar(head)).toThrow(/too large/);
  });

  test('ignores what follows the end mark, accepts an archive without one', () => {
    const bytes = tarOf([{ entry: entry({ name: 'a' }) }]);
    expect(readTar(Buffer.concat([bytes, Buffer.from('garbage')])).length).toBe(1);
    expect(readTar(bytes.subarray(0, 512)).length).toBe(1);
  });

  test('hostile bytes end in entries or a TarError', () => {
    const base = tarOf([
      {
        entry: entry({ name: 'p'.repeat(200), pax: { a: 'b' }, size: 5 }),
        content: Buffer.from('12345'),
      },
      { entry: entry({ name: 'l', type: 'symlink', linkname: 't'.repeat(150) }) },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 2000 }),
        (edits, repair, step) => {
          const bytes = Uint8Array.from(base);
          for (const [at, value] of edits) bytes[at] = value;
          if (repair) fixChecksums(bytes);
          try {
            readTar(bytes, step);
          } catch (error) {
            expect(error).toBeInstanceOf(TarError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any chunking of hostile bytes gives the same answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 2048 }), (noise) => {
        const bytes = Uint8Array.from(noise);
        fixChecksums(bytes);
        expect(outcome(bytes, 97)).toEqual(outcome(bytes, 100_000));
      }),
    );
  });
});

function outcome(bytes: Uint8Array, step: number): unknown {
  const seen: TarEntry[] = [];
  const reader = new TarReader({
    onEntry: (e) => seen.push(e),
    onContent: () => undefined,
    onEntryEnd: () => undefined,
  });
  try {
    for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
    reader.end();
    return seen;
  } catch (error) {
    return [seen, String(error).replace(/after \d+/, '')];
  }
}

/**
 * Makes each block a header with a right checksum, so that damage reaches what lies behind that
 * check.
 */
function fixChecksums(bytes: Uint8Array): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block.every((byte) => byte === 0)) continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((a, b) => a + b, 0);
    block.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  }
}
