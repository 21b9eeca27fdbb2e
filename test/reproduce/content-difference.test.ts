import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import { plainEntry } from '../../src/model/image.ts';
import { packedDifference } from '../../src/reproduce/compare-entries.ts';
import { contentDifference } from '../../src/reproduce/content-difference.ts';
import { cellText, tableRows } from '../fakes/table.ts';

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

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const compressed = ['same\nthis\n', 'same\nthat\n'];
const others = { ...b, mode: 0o600, mtime: 3 };

/** Contents of the table that are no text. */
const MADE: Readonly<Record<string, readonly Uint8Array[]>> = {
  'gzip header': [gzipAt('same', 0), gzipAt('same', 86_400)],
  'gzip content': [gzipAt('this', 0), gzipAt('that', 0)],
  'zip time': [zip('x', 'same', 1), zip('x', 'same', 2)],
  'zip content': [zip('x', 'this', 1), zip('x', 'that!', 1)],
  'ELF sections': ['Jan 1', 'Jan 2'].map((day) => elf({ '.text': 'same', '.rodata': day })),
  'time of a .pyc': [pyc(0, 'code'), pyc(1, 'code')],
  'sqlite pages': [sqlite(1, 1, 3), sqlite(2, 1, 3)],
  'members of ar': [
    ar(['a.o', 1, 'same'], ['b.o', 1, 'this']),
    ar(['a.o', 2, 'same'], ['b.o', 2, 'that']),
  ],
  'PNG chunks by keyword': [
    png(['IHDR', 'x'], ['tEXt', 'date:create\0one']),
    png(['IHDR', 'x'], ['tEXt', 'date:create\0two'], ['tIME', 'x']),
  ],
  'anything else': [Buffer.of(0, 1, 2), Buffer.of(0, 1, 3, 4)],
  'ids in hex, whatever is around them': [
    latin1(`\0\x80 ${'0a'.repeat(16)}\x94 2f1b8a40-1111-4222-8333-94a5b6c7d8e9\0`),
    latin1(`\0\x80 ${'0b'.repeat(16)}\x94 2f1b8a40-1111-4222-8333-94a5b6c7d8e0\0`),
  ],
  'a byte beside an id, no part of it': [
    latin1(`\0\x80${'0a'.repeat(16)}\x94\0`),
    latin1(`\0\x80${'0b'.repeat(16)}\x95\0`),
  ],
  'times of a tar’s members': [tar(a, b), tar({ ...a, mtime: 2 }, b)],
  'what members of a compressed tar hold': [
    gzipSync(tar(a, b)),
    gzipSync(tar({ ...a, text: 'uno' }, others)),
  ],
  'a member more': [tar(a, b), tar(a)],
  'another order': [tar(a, b), tar(b, a)],
  'a line of a compressed text': compressed.map((text) => gzipSync(text)),
  'a line of a text that brotli compressed': compressed.map((text) => brotliCompressSync(text)),
  'a name that only looks like one of brotli': [Buffer.of(1, 0, 2), Buffer.of(1, 0, 3)],
  'the same, compressed otherwise': [1, 0].map((level) => gzipSync('same'.repeat(99), { level })),
  'a damaged one, told by its outside': [
    Buffer.concat([gzipSync('this').subarray(0, 14), Buffer.alloc(9, 1)]),
    gzipSync('that'),
  ],
  'a tar that is cut off as well': [tar(a, b).subarray(0, 514), tar({ ...a, text: 'uno' }, b)],
  'a secret, which is not shown': ['1', '2'].map((hash) => gzipSync(`root:$y$${hash}:1`)),
};

const content = (cell: string): Buffer =>
  Buffer.from(
    cellText(cell).replace(/HEX(\d+)\.?/, (_, length: string) =>
      '0123abcd'.repeat(Number(length) / 8),
    ),
  );

test.each(tableRows('test/reproduce/content-difference.tsv'))(
  '%s, %j and %j: %s',
  (path, first, second, said, packed?: string) => {
    const [one, two] = MADE[first] ?? [first, second].map(content);
    const find = packed === undefined ? contentDifference : packedDifference;
    const [, format, detail] = /^(\w+): (.*)$/.exec(said) ?? [];
    expect(find(path, one as Buffer, two as Buffer)).toEqual({ format, detail });
  },
);

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
