import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import { plainEntry } from '../../src/model/image.ts';
import { packedDifference } from '../../src/reproduce/compare-entries.ts';
import { contentDifference } from '../../src/reproduce/content-difference.ts';

function difference(path: string, a: Uint8Array | string, b: Uint8Array | string): unknown {
  return contentDifference(path, Buffer.from(a), Buffer.from(b));
}

/** A gzip member whose header says when its file was written. */
function gzipAt(text: string, seconds: number): Buffer {
  const bytes = gzipSync(text);
  bytes.writeUInt32LE(seconds, 4);
  return bytes;
}

/** A stored zip of one entry, with its directory. */
function zip(name: string, text: string, time: number): Buffer {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt32LE(time, 10);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(time, 12);
  central.writeUInt32LE(text.length * 7 + text.charCodeAt(0), 16);
  central.writeUInt32LE(text.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + text.length, 16);
  return Buffer.concat([local, Buffer.from(name + text), central, Buffer.from(name), end]);
}

/** A 64-bit ELF file with named sections and no code. */
function elf(sections: Readonly<Record<string, string>>): Buffer {
  const names = ['', ...Object.keys(sections), '.shstrtab'];
  const table = Buffer.from(names.map((name) => `${name}\0`).join(''));
  const parts = [
    Buffer.alloc(64),
    ...Object.values(sections).map((text) => Buffer.from(text)),
    table,
  ];
  const header = parts[0] ?? Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header[4] = 2;
  header[5] = 1;
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((n, p) => n + p.length, 0));
  const headers = names.map((name, i) => {
    const bytes = Buffer.alloc(64);
    const before = names.slice(0, i).reduce((n, one) => n + one.length + 1, 0);
    bytes.writeUInt32LE(name === '' ? 0 : before, 0);
    bytes.writeUInt32LE(name === '' ? 0 : 1, 4);
    bytes.writeBigUInt64LE(BigInt(starts[i] ?? 0), 24);
    bytes.writeBigUInt64LE(BigInt(name === '' ? 0 : (parts[i]?.length ?? 0)), 32);
    return bytes;
  });
  header.writeBigUInt64LE(BigInt(parts.reduce((n, p) => n + p.length, 0)), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(names.length, 60);
  header.writeUInt16LE(names.length - 1, 62);
  return Buffer.concat([...parts, ...headers]);
}

/** A compiled Python file with a time in its header. */
function pyc(seconds: number, code: string): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(seconds, 8);
  return Buffer.concat([header, Buffer.from(code)]);
}

function sqlite(change: number, ...pages: readonly number[]): Buffer {
  const bytes = Buffer.alloc(512 * 4);
  bytes.write('SQLite format 3\0');
  bytes.writeUInt16BE(512, 16);
  for (const page of pages) bytes[(page - 1) * 512 + 100] = change;
  return bytes;
}

/** An archive of members with a time each. */
function ar(...members: readonly (readonly [string, number, string])[]): Buffer {
  const parts = members.map(
    ([name, time, text]) =>
      `${name.padEnd(16)}${String(time).padEnd(12)}0     0     100644  ${String(text.length).padEnd(10)}\`\n${text}`,
  );
  return Buffer.from(`!<arch>\n${parts.join('')}`);
}

function png(...chunks: readonly (readonly [string, string])[]): Buffer {
  const parts = chunks.map(([type, text]) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(type + text), Buffer.alloc(4)]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

function tar(
  ...files: readonly { name: string; text: string; mtime?: number; mode?: number }[]
): Buffer {
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

/** A row: path, the two contents with `\n` for a line end, and what is said of them. */
const TEXTS = String.raw`
a | one\ntwo\nthree | one\n2\nthree | text: line 2: "two" and "2"
a | one | one\nmore | text: line 2: nothing and "more"
a | b\na\n | a\nb\n | text: the same lines in another order, from line 1 on
k | -----BEGIN PRIVATE KEY-----\nA\n | -----BEGIN PRIVATE KEY-----\nB\n | key: a private key
dh | -----BEGIN X9.42 DH PARAMETERS-----\nA\n | -----BEGIN X9.42 DH PARAMETERS-----\nB\n | key: parameters for keys
root/.ssh/id.pub | ssh-ed25519 AAAAC3Nz1 a@b\n | ssh-ed25519 AAAAC3Nz2 a@b\n | key: a public key
etc/shadow | root:*:1\napp:one:2 | root:*:1\napp:two:2 | text: line 2, not shown: password
etc/shadow- | a:x:1:0\nb:$y$aa:2:0 | a:x:9:0\nb:$y$bb:2:0 | text: line 1, not shown: day of the last change, password
etc/htpasswd | joe:$apr1$aa | joe:$apr1$bb | text: line 1, not shown
etc/passwd | a:x:1 | a:x:2 | text: line 1: "a:x:1" and "a:x:2"
a | id HEX64 | k=Zm9vYmFyMTIzQUJDREVGZ2hpams0NTY= | text: line 1: "id 0123abcd…(64 hex digits)" and "k=Zm9v…(32 letters)"
a | key and HEX40 | key and HEX32.0123abce | text: line 1: "key and 0123abcd…(40 hex digits)" and "key and 0123abcd…(40 hex digits)"
a | <p>Built 2026-11-28T16:20:36.000Z. <script nonce="aaaaaaaa"> | <p>Built 2026-11-28T16:20:36.000Z. <script nonce="bbbbbbbb"> | text: line 1: "…<script nonce=\"aaaaaaaa\">" and "…<script nonce=\"bbbbbbbb\">"
a | /usr/local/lib/python3.13/site-packages/Foo1 | x | text: line 1: "/usr/local/lib/python3.13/site-packages/Foo1" and "x"
a.pdf | %PDF-1.5\n<< /CreationDate (D:2026) >> /ID [<aa>] | %PDF-1.5\n<< /CreationDate (D:2027) >> /ID [<bb>] | pdf: PDF: CreationDate, ID
`;

/** A content of the table: `HEX40` is a token of 40 hex digits. */
const content = (cell: string): string =>
  cell
    .replaceAll(String.raw`\n`, '\n')
    .replace(/HEX(\d+)\.?/, (_, length: string) => '0123abcd'.repeat(Number(length) / 8));

describe('contentDifference', () => {
  test.each(TEXTS.trim().split('\n'))('%s', (row) => {
    const [path = '', first = '', second = '', said] = row.split(' | ');
    const { format, detail } = contentDifference(
      path,
      Buffer.from(content(first)),
      Buffer.from(content(second)),
    );
    expect(`${format}: ${detail}`).toBe(said);
  });

  test.each([
    [
      'gzip: the time in its header',
      difference('a.gz', gzipAt('same', 0), gzipAt('same', 86_400)),
      'gzip',
      'gzip header: modification time 1970-01-01T00:00:00.000Z and 1970-01-02T00:00:00.000Z',
    ],
    [
      'gzip: its content',
      difference('a.gz', gzipAt('this', 0), gzipAt('that', 0)),
      'gzip',
      'gzip: what is compressed, or how',
    ],
    [
      'zip: the time of an entry',
      difference('a.jar', zip('x', 'same', 1), zip('x', 'same', 2)),
      'zip',
      'zip: time of x',
    ],
    [
      'zip: what is in an entry',
      difference('a.jar', zip('x', 'this', 1), zip('x', 'that!', 1)),
      'zip',
      'zip: content of x',
    ],
    [
      'ELF: the sections that differ',
      difference(
        'bin/a',
        elf({ '.text': 'same', '.rodata': 'Jan 1' }),
        elf({ '.text': 'same', '.rodata': 'Jan 2' }),
      ),
      'elf',
      'ELF section .rodata: "Jan 1" and "Jan 2"',
    ],
    [
      '.pyc: the time of its source',
      difference('a.pyc', pyc(0, 'code'), pyc(1, 'code')),
      'pyc',
      '.pyc header: source time 1970-01-01T00:00:00.000Z and 1970-01-01T00:00:01.000Z',
    ],
    [
      'sqlite: its pages',
      difference('a.db', sqlite(1, 1, 3), sqlite(2, 1, 3)),
      'sqlite',
      'sqlite page 1, 3 (page 1 contains the change counter)',
    ],
    [
      'ar: headers of members apart from what is in them',
      difference(
        'a.a',
        ar(['a.o', 1, 'same'], ['b.o', 1, 'this']),
        ar(['a.o', 2, 'same'], ['b.o', 2, 'that']),
      ),
      'ar',
      'ar: time or owner of a.o; content of b.o',
    ],
    [
      'PNG: chunks by keyword',
      difference(
        'a.png',
        png(['IHDR', 'x'], ['tEXt', 'date:create\0one']),
        png(['IHDR', 'x'], ['tEXt', 'date:create\0two'], ['tIME', 'x']),
      ),
      'png',
      'PNG chunk tEXt date:create, tIME',
    ],
    [
      'anything else: the first byte',
      difference('a', Buffer.from([0, 1, 2]), Buffer.from([0, 1, 3, 4])),
      'binary',
      'from byte 2 on; 3 and 4 bytes',
    ],
    [
      'ids in hex, whatever is around them',
      difference(
        'a.pickle',
        Buffer.from(
          `\0\x80 ${'0a'.repeat(16)}\x94 2f1b8a40-1111-4222-8333-94a5b6c7d8e9\0`,
          'latin1',
        ),
        Buffer.from(
          `\0\x80 ${'0b'.repeat(16)}\x94 2f1b8a40-1111-4222-8333-94a5b6c7d8e0\0`,
          'latin1',
        ),
      ),
      'binary',
      'hex digits of ids, from byte 4 on',
    ],
    [
      'a byte beside an id is no part of it',
      difference(
        'a.pickle',
        Buffer.from(`\0\x80${'0a'.repeat(16)}\x94\0`, 'latin1'),
        Buffer.from(`\0\x80${'0b'.repeat(16)}\x95\0`, 'latin1'),
      ),
      'binary',
      'from byte 3 on',
    ],
  ])('%s', (_, found, format, detail) => {
    expect(found).toEqual({ format, detail });
  });

  test('hostile content ends in a line of text', () => {
    const magics = [
      '\x7fELF\x02\x01',
      'PK\x03\x04',
      'SQLite format 3\0',
      '\x1f\x8b',
      '!<arch>\n',
      '\x89PNG\r\n\x1a\n',
      '%PDF-',
      '',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...magics),
        fc.uint8Array({ maxLength: 400 }),
        fc.uint8Array({ maxLength: 400 }),
        (magic, a, b) => {
          const start = Buffer.from(magic, 'latin1');
          const found = contentDifference(
            'x.pyc',
            Buffer.concat([start, a]),
            Buffer.concat([start, b]),
          );
          expect(found.detail.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('packedDifference', () => {
  test.each([
    [
      'times of a tar’s members',
      'x.tar',
      tar(a, b),
      tar({ ...a, mtime: 2 }, b),
      'tar',
      'tar: time of a',
    ],
    [
      'of a compressed one, and what its members hold',
      'x.tgz',
      gzipSync(tar(a, b)),
      gzipSync(tar({ ...a, text: 'uno' }, { ...b, mode: 0o600, mtime: 3 })),
      'gzip',
      'gzip: tar: content of a; owner or mode of b',
    ],
    ['a member more', 'x.tar', tar(a, b), tar(a), 'tar', 'tar: content of b'],
    ['another order', 'x.tar', tar(a, b), tar(b, a), 'tar', 'tar: order of a'],
    [
      'a line of a compressed text',
      'notes.gz',
      gzipSync('same\nthis\n'),
      gzipSync('same\nthat\n'),
      'gzip',
      'gzip: what is compressed, line 2: "this" and "that"',
    ],
    [
      'a line of a text that brotli compressed',
      'index.html.br',
      brotliCompressSync('same\nthis\n'),
      brotliCompressSync('same\nthat\n'),
      'brotli',
      'brotli: what is compressed, line 2: "this" and "that"',
    ],
    [
      'a name that only looks like one of brotli',
      'a.br',
      Buffer.from([1, 0, 2]),
      Buffer.from([1, 0, 3]),
      'binary',
      'from byte 2 on',
    ],
    [
      'the same, compressed otherwise',
      'notes.gz',
      gzipSync('same'.repeat(99), { level: 1 }),
      gzipSync('same'.repeat(99), { level: 0 }),
      'gzip',
      'gzip: what is compressed, or how: the same content, compressed differently',
    ],
    [
      'a damaged one is told by its outside',
      'x.gz',
      Buffer.concat([gzipSync('this').subarray(0, 14), Buffer.alloc(9, 1)]),
      gzipSync('that'),
      'gzip',
      'gzip: what is compressed, or how',
    ],
    [
      'a tar that is cut off as well',
      'x.tar',
      tar(a, b).subarray(0, 514),
      tar({ ...a, text: 'uno' }, b),
      'binary',
      'from byte 512 on; 514 and 3072 bytes',
    ],
  ])('%s', (_, path, first, second, format, detail) => {
    expect(packedDifference(path, first, second)).toEqual({ format, detail });
  });

  test('a secret in a compressed file is not shown', () => {
    const [one, two] = ['root:$y$1:1', 'root:$y$2:1'].map((text) => gzipSync(text));
    expect(packedDifference('shadow.gz', one as Buffer, two as Buffer).detail).toBe(
      'gzip: what is compressed, line 1, not shown: password',
    );
  });
});
