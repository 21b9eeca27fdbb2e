import type { RewriteRule } from '../rule.ts';

const HEAD = Buffer.from('# ninjadeps\n\x04\0\0\0', 'latin1');
const DEPS = 0x80000000;
const LARGEST_RECORD = (1 << 19) - 1;

interface Deps {
  readonly time: bigint;
  readonly inputs: readonly number[];
}

export const ninjaDeps: RewriteRule = {
  id: 'ninja-deps',
  touches:
    'Ninja’s database of included files (.ninja_deps, version 4). Times of files later than the epoch ' +
    'become the epoch, and records are in the order of files, the last one of each.',
  safeBecause:
    'Ninja rewrites it in this way itself (ninja -t recompact), and compares the times with those of the files, which become the epoch too.',
  answers: 'Build folders that stay in the image',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => /(?:^|\/)\.ninja_deps$/.test(path),
  startsWith: [HEAD],
  rewrite: (bytes, { epoch }) => {
    const read = readDeps(Buffer.from(bytes));
    return read === undefined ? undefined : written(read, BigInt(epoch) * 1_000_000_000n);
  },
};

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
