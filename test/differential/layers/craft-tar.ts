import type { CraftedEntry, CraftedLayer, Numbers } from './crafted-layer.ts';

const BLOCK = 512;

/** The bytes of a crafted layer, not compressed. */
export function craftTar({ entries, cut = 0, trailing = '' }: CraftedLayer): Buffer {
  const bytes = Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * BLOCK)]);
  return Buffer.concat([bytes.subarray(0, Math.max(0, bytes.length - cut)), latin1(trailing)]);
}

function entryBytes(entry: CraftedEntry): Buffer {
  const { longNames = [], longLinks = [], zerosBefore = 0 } = entry;
  const { earlierPax = [], globals = [] } = entry;
  const pax = entry.rawPax ?? entry.pax?.map(([key, value]) => record(key, value)).join('');
  const content = latin1(entry.content ?? '');
  return Buffer.concat([
    Buffer.alloc(zerosBefore * BLOCK),
    ...longNames.map((text) => meta('L', text)),
    ...longLinks.map((text) => meta('K', text)),
    ...earlierPax.map((text) => meta('x', text)),
    pax === undefined ? Buffer.alloc(0) : meta('x', pax),
    ...globals.map((text) => meta('g', text)),
    header(entry, content.length),
    padded(content),
  ]);
}

function meta(flag: string, text: string): Buffer {
  const content = latin1(text);
  const isPax = flag === 'x' || flag === 'g';
  const entry = { flag, name: isPax ? `PaxHeaders.0/${flag}` : '././@LongLink' };
  const dialect = isPax ? 'ustar' : 'gnu';
  return Buffer.concat([header({ ...entry, dialect }, content.length), padded(content)]);
}

function record(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  let length = body.length + String(body.length).length;
  length = body.length + String(length).length;
  return `${length}${body}`;
}

function header(entry: CraftedEntry, length: number): Buffer {
  const { flag, name, link = '', dialect = 'ustar', numbers = 'octal' } = entry;
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, 100), 0, 'latin1');
  putNumber(block, 100, 8, entry.mode ?? (flag === '5' ? 0o755 : 0o644), numbers);
  putNumber(block, 108, 8, entry.uid ?? 0, numbers);
  putNumber(block, 116, 8, entry.gid ?? 0, numbers);
  putNumber(block, 124, 12, entry.size ?? length, numbers);
  putNumber(block, 136, 12, entry.mtime ?? 1_600_000_000, numbers);
  block.write(flag, 156, 'latin1');
  block.write(link.slice(0, 100), 157, 'latin1');
  if (dialect !== 'v7') {
    block.write(dialect.startsWith('gnu') ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
    putNumber(block, 329, 8, entry.major ?? 0, numbers);
    putNumber(block, 337, 8, entry.minor ?? 0, numbers);
  }
  if (entry.prefix !== undefined) block.write(entry.prefix.slice(0, 155), 345, 'latin1');
  if (dialect === 'star') block.write('tar\0', 508, 'latin1');
  putChecksum(block, entry.checksum);
  return block;
}

function putNumber(
  block: Buffer,
  offset: number,
  length: number,
  value: number,
  numbers: Numbers,
): void {
  const most = 8 ** (length - 1);
  if (numbers === 'base256' || value < 0 || value >= most) {
    let left = BigInt.asUintN(length * 8, BigInt(value));
    for (let i = length - 1; i >= 0; i--) {
      block[offset + i] = Number(left & 0xffn);
      left >>= 8n;
    }
    block[offset] = (block[offset] ?? 0) | 0x80;
    return;
  }
  const digits = value.toString(8);
  const text =
    numbers === 'octal'
      ? `${digits.padStart(length - 1, '0')}\0`
      : numbers === 'spaces'
        ? `${digits} `.padStart(length, ' ')
        : `${digits}\0`;
  block.write(text.slice(0, length), offset, 'latin1');
}

function putChecksum(block: Buffer, kind: CraftedEntry['checksum']): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += kind === 'signed' && byte > 0x7f ? byte - 256 : byte;
  if (kind === 'bad') sum += 1;
  const digits = Math.max(0, sum).toString(8);
  block.write(kind === 'spaces' ? digits.padStart(8, ' ') : `${digits.padStart(6, '0')}\0 `, 148);
}

function padded(content: Buffer): Buffer {
  const over = content.length % BLOCK;
  return over === 0 ? content : Buffer.concat([content, Buffer.alloc(BLOCK - over)]);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
