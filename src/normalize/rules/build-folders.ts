import { createHash } from 'node:crypto';
import { rewriteRule } from '../rule.ts';

const START = '# ninja log ';
/** A command's start and end (milliseconds), output time (nanoseconds), file, and command hash. */
const LINE = /^\d+\t\d+\t(\d+)\t([^\t]*)\t[\da-f]+$/;

export const ninjaLog = rewriteRule('ninja-log', 'aggressive', {
  applies: ({ path }) => /(?:^|\/)\.ninja_log$/.test(path),
  startsWith: [Buffer.from(START, 'latin1')],
  rewrite: (bytes, { epoch }) => {
    // latin-1 keeps every byte.
    const before = Buffer.from(bytes).toString('latin1');
    const [head = '', ...lines] = before.replace(/\n$/, '').split('\n');
    if (!/^# ninja log v[567]$/.test(head)) return undefined;
    const records = lines.map((line) => ({ line, found: LINE.exec(line) }));
    if (records.some(({ found }) => found === null)) return undefined;
    const latest = BigInt(epoch) * 1_000_000_000n;
    const after = records
      .map(({ line, found }) => {
        const [, time = '0', file = ''] = found ?? [];
        const clamped = BigInt(time) > latest ? latest : BigInt(time);
        return { file, text: `0\t0\t${clamped}\t${line.split('\t').slice(3).join('\t')}` };
      })
      .sort((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)))
      .map(({ text }) => `${text}\n`);
    return Buffer.from(`${head}\n${after.join('')}`, 'latin1');
  },
});

const HEAD = Buffer.from('# ninjadeps\n\x04\0\0\0', 'latin1');
const DEPS = 0x80000000;
const LARGEST_RECORD = (1 << 19) - 1;

interface Deps {
  readonly time: bigint;
  readonly inputs: readonly number[];
}

export const ninjaDeps = rewriteRule('ninja-deps', 'aggressive', {
  applies: ({ path }) => /(?:^|\/)\.ninja_deps$/.test(path),
  startsWith: [HEAD],
  rewrite: (bytes, { epoch }) => {
    const read = readDeps(Buffer.from(bytes));
    return read === undefined ? undefined : written(read, BigInt(epoch) * 1_000_000_000n);
  },
});

/** Paths by number, padded, and what each was made of; undefined if a record is not understood. */
function readDeps(bytes: Buffer): { paths: string[]; deps: Map<string, Deps> } | undefined {
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  const paths: string[] = [];
  const deps = new Map<string, Deps>();
  let at = HEAD.length;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const word = bytes.readUInt32LE(at);
    const size = word % DEPS;
    const record = bytes.subarray(at + 4, at + 4 + size);
    if (size % 4 !== 0 || size < 8 || size > LARGEST_RECORD || record.length < size)
      return undefined;
    at += 4 + size;
    if (word < DEPS) {
      if (record.readUInt32LE(size - 4) !== ~paths.length >>> 0) return undefined;
      paths.push(record.toString('latin1', 0, size - 4));
      continue;
    }
    const numbers = Array.from({ length: size / 4 }, (_, i) => record.readUInt32LE(4 * i));
    const [output = 0, , , ...inputs] = numbers;
    const path = paths[output];
    if (size < 12 || path === undefined || inputs.some((one) => one >= paths.length))
      return undefined;
    deps.set(path, { time: record.readBigUInt64LE(4), inputs });
  }
  return { paths, deps };
}

function written(
  { paths, deps }: { paths: readonly string[]; deps: Map<string, Deps> },
  latest: bigint,
): Buffer {
  const parts: Buffer[] = [HEAD];
  const numbers = new Map<string, number>();
  const numberOf = (path: string): number => {
    const known = numbers.get(path);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(path, number);
    parts.push(words(path.length + 4), Buffer.from(path, 'latin1'), words(~number >>> 0));
    return number;
  };
  for (const [path, { time, inputs }] of [...deps].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const all = [path, ...inputs.map((one) => paths[one] ?? '')].map(numberOf);
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64LE(time > latest ? latest : time);
    const size = 4 * (all.length + 2);
    parts.push(words(size + DEPS, ...all.slice(0, 1)), stamp, words(...all.slice(1)));
  }
  return Buffer.concat(parts);
}

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((one, i) => bytes.writeUInt32LE(one, 4 * i));
  return bytes;
}

const UUID = /[\dA-F]{8}-[\dA-F]{4}-4[\dA-F]{3}-[89AB][\dA-F]{3}-[\dA-F]{12}/g;

export const mesonIds = rewriteRule('meson-ids', 'aggressive', {
  applies: ({ path }) => /(?:^|\/)meson-private\/coredata\.dat$/.test(path),
  // Of Python's pickle.
  startsWith: [Uint8Array.of(0x80)],
  rewrite: (bytes) => {
    const numbers = new Map<string, number>();
    // latin-1 keeps every byte, and the ids keep their length.
    const after = Buffer.from(bytes)
      .toString('latin1')
      .replace(UUID, (id) => {
        if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
        return `00000000-0000-4000-8000-${String(numbers.get(id)).padStart(12, '0')}`;
      });
    return numbers.size === 0 ? undefined : Buffer.from(after, 'latin1');
  },
});

const HEAD_SIZE = 12;
/**
 * Times of change and content, device and inode: 24 bytes; mode: 4; owner and group: 8; size: 4.
 * The hash of the content follows.
 */
const STATUS_SIZE = 24;
const OWNERS_AT = 28;
const OWNERS_END = 36;
const FIXED_SIZE = 40;
const EXTENDED = 0x4000;
/** Caches of the status of folders, which contain the same once more. */
const CACHES = ['UNTR', 'FSMN'];

export const gitIndex = rewriteRule('git-index', 'aggressive', {
  applies: ({ path }) => /(?:^|\/)index$/.test(path),
  startsWith: [2, 3].map((version) => Buffer.from(`DIRC\0\0\0${String.fromCharCode(version)}`)),
  rewrite: (bytes) => withoutStatus(Buffer.from(bytes)),
});

function withoutStatus(bytes: Buffer): Buffer | undefined {
  // Of repositories by SHA-1 and by SHA-256.
  const [algorithm, size] = isSealed(bytes, 'sha1', 20) ? ['sha1', 20] : ['sha256', 32];
  if (!isSealed(bytes, algorithm, size)) return undefined;
  const end = bytes.length - size;
  let at = HEAD_SIZE;
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const flagsAt = at + FIXED_SIZE + size;
    if (flagsAt + 4 > end) return undefined;
    bytes.fill(0, at, at + STATUS_SIZE).fill(0, at + OWNERS_AT, at + OWNERS_END);
    const nameAt = flagsAt + ((bytes.readUInt16BE(flagsAt) & EXTENDED) === 0 ? 2 : 4);
    const nameEnd = bytes.indexOf(0, nameAt);
    if (nameEnd < 0 || nameEnd >= end) return undefined;
    // Padded with one to eight zeros to a multiple of eight.
    at += (nameEnd - at + 8) & ~7;
  }
  if (hasCache(bytes, at, end)) return undefined;
  createHash(algorithm).update(bytes.subarray(0, end)).digest().copy(bytes, end);
  return bytes;
}

function isSealed(bytes: Buffer, algorithm: string, size: number): boolean {
  const end = bytes.length - size;
  if (end < HEAD_SIZE) return false;
  return createHash(algorithm).update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end));
}

/** True also if that is unknown. */
function hasCache(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    if (at + 8 > end || CACHES.includes(bytes.toString('latin1', at, at + 4))) return true;
    at += 8 + bytes.readUInt32BE(at + 4);
  }
  return at !== end;
}
