import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import { plainEntry } from '../../src/model/image.ts';
import { packedDifference } from '../../src/reproduce/compare-entries.ts';

interface File {
  readonly name: string;
  readonly text: string;
  readonly mtime?: number;
  readonly mode?: number;
}

function tar(...files: readonly File[]): Buffer {
  return Buffer.concat([
    ...files.flatMap(({ name, text, mtime = 1, mode = 0o644 }) => {
      const entry = { ...plainEntry(name, 'file', text.length, mode), mtime };
      return [tarHeader(entry), Buffer.from(text), tarPadding(text.length)];
    }),
    TAR_END,
  ]);
}

const a = { name: './a', text: 'one' };
const b = { name: './b', text: 'two' };

describe('packedDifference', () => {
  test.each([
    [
      'times of a tar’s members',
      'x.tar',
      tar(a, b),
      tar({ ...a, mtime: 2 }, b),
      { format: 'tar', detail: 'tar: time of a' },
    ],
    [
      'of a compressed one, and what its members hold',
      'x.tgz',
      gzipSync(tar(a, b)),
      gzipSync(tar({ ...a, text: 'uno' }, { ...b, mode: 0o600, mtime: 3 })),
      { format: 'gzip', detail: 'gzip: tar: content of a; owner or mode of b' },
    ],
    ['a member more', 'x.tar', tar(a, b), tar(a), { format: 'tar', detail: 'tar: content of b' }],
    ['another order', 'x.tar', tar(a, b), tar(b, a), { format: 'tar', detail: 'tar: order of a' }],
    [
      'a line of a compressed text',
      'notes.gz',
      gzipSync('same\nthis\n'),
      gzipSync('same\nthat\n'),
      { format: 'gzip', detail: 'gzip: what is compressed, line 2: "this" and "that"' },
    ],
    [
      'a line of a text that brotli compressed',
      'index.html.br',
      brotliCompressSync('same\nthis\n'),
      brotliCompressSync('same\nthat\n'),
      { format: 'brotli', detail: 'brotli: what is compressed, line 2: "this" and "that"' },
    ],
    [
      'a name that only looks like one of brotli',
      'a.br',
      Buffer.from([1, 0, 2]),
      Buffer.from([1, 0, 3]),
      { format: 'binary', detail: 'from byte 2 on' },
    ],
    [
      'the same, compressed otherwise',
      'notes.gz',
      gzipSync('same'.repeat(99), { level: 1 }),
      gzipSync('same'.repeat(99), { level: 0 }),
      {
        format: 'gzip',
        detail: 'gzip: what is compressed, or how: the same content, compressed differently',
      },
    ],
    [
      'a damaged one is told by its outside',
      'x.gz',
      Buffer.concat([gzipSync('this').subarray(0, 14), Buffer.alloc(9, 1)]),
      gzipSync('that'),
      { format: 'gzip', detail: 'gzip: what is compressed, or how' },
    ],
    [
      'a tar that is cut off as well',
      'x.tar',
      tar(a, b).subarray(0, 514),
      tar({ ...a, text: 'uno' }, b),
      { format: 'binary', detail: 'from byte 512 on; 514 and 3072 bytes' },
    ],
  ])('%s', (_, path, first, second, expected) => {
    expect(packedDifference(path, first, second)).toEqual(expected);
  });

  test('a secret in a compressed file is not shown', () => {
    const [one, two] = ['root:$y$1:1', 'root:$y$2:1'].map((text) => gzipSync(text));
    expect(packedDifference('shadow.gz', one as Buffer, two as Buffer).detail).toBe(
      'gzip: what is compressed, line 1, not shown: password',
    );
  });
});
