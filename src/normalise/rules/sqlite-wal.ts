import type { RewriteRule } from '../rule.ts';

/**
 * Sections 4.1 and 4.2 of sqlite.org/fileformat2.html. The last bit says in which order checksums
 * read numbers.
 */
const MAGICS = [Uint8Array.of(0x37, 0x7f, 0x06, 0x82), Uint8Array.of(0x37, 0x7f, 0x06, 0x83)];
const [HEADER, FRAME] = [32, 24];
const [SMALLEST_PAGE, LARGEST_PAGE] = [512, 65_536];
/** Any but zero: what is zeros is then no frame of this log. */
const SALT = 1;

type Sum = readonly [number, number];

export const sqliteWal: RewriteRule = {
  id: 'sqlite-wal',
  touches:
    'The write-ahead log beside an SQLite database (NAME-wal). The two numbers that SQLite draws ' +
    'for it (salts) become 1, in the header and in each frame, and checksums are made again. ' +
    'Frames of an earlier log behind the last one of this become zero.',
  safeBecause:
    'SQLite compares the numbers in frames with those in the header, and stops where they ' +
    'differ. Pages, their order and commits stay.',
  answers: 'Random numbers in database files',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => path.endsWith('-wal'),
  startsWith: MAGICS,
  rewrite: (bytes) => {
    if (bytes.length < HEADER) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isLittle = (view.getUint32(0) & 1) === 0;
    const page = view.getUint32(8);
    const header = sumOf(view, 0, HEADER - 8, [0, 0], isLittle);
    const isPage = page >= SMALLEST_PAGE && page <= LARGEST_PAGE && (page & (page - 1)) === 0;
    if (!isPage || !holds(view, HEADER - 8, header)) return undefined;
    const salts: Sum = [view.getUint32(16), view.getUint32(20)];
    put(view, 16, [SALT, SALT]);
    let before = header;
    let after = sumOf(view, 0, HEADER - 8, [0, 0], isLittle);
    put(view, HEADER - 8, after);
    let at = HEADER;
    for (; at + FRAME + page <= bytes.length; at += FRAME + page) {
      const summed = (sum: Sum): Sum =>
        sumOf(view, at + FRAME, page, sumOf(view, at, 8, sum, isLittle), isLittle);
      before = summed(before);
      if (!holds(view, at + 8, salts) || !holds(view, at + 16, before)) break;
      after = summed(after);
      put(view, at + 8, [SALT, SALT]);
      put(view, at + 16, after);
    }
    return bytes.fill(0, at);
  },
};

/** The checksum goes on over `size` bytes, a multiple of eight. */
function sumOf(view: DataView, from: number, size: number, sum: Sum, isLittle: boolean): Sum {
  let [a, b] = sum;
  for (let at = from; at < from + size; at += 8) {
    a = (a + view.getUint32(at, isLittle) + b) >>> 0;
    b = (b + view.getUint32(at + 4, isLittle) + a) >>> 0;
  }
  return [a, b];
}

function holds(view: DataView, at: number, [a, b]: Sum): boolean {
  return view.getUint32(at) === a && view.getUint32(at + 4) === b;
}

function put(view: DataView, at: number, [a, b]: Sum): void {
  view.setUint32(at, a);
  view.setUint32(at + 4, b);
}
