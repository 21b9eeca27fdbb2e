import { digestHex, digestOf } from '../../model/digest.ts';
import { isChecksummed } from '../checksummed-stores.ts';
import { retimedRpmDatabase } from '../rpm-times.ts';
import type { RewriteRule } from '../rule.ts';

const DATABASE =
  /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm|usr\/lib\/rpm)\/rpmdb\.sqlite$/;

export const rpmDatabase: RewriteRule = {
  id: 'rpm-database',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => DATABASE.test(path),
  startsWith: [Buffer.from('SQLite forma', 'latin1')],
  rewrite: (bytes, { epoch }) => retimedRpmDatabase(bytes, epoch),
};

/**
 * The format version, 3007000, as a little-endian and as a big-endian machine writes it
 * (sqlite.org/walformat.html, section 2.1).
 */
const VERSIONS = [Uint8Array.of(0x18, 0xe2, 0x2d, 0), Uint8Array.of(0, 0x2d, 0xe2, 0x18)];

export const sqliteShm: RewriteRule = {
  id: 'sqlite-shm',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => path.endsWith('-shm'),
  startsWith: VERSIONS,
  rewrite: () => new Uint8Array(0),
};

/**
 * Sections 4.1 and 4.2 of sqlite.org/fileformat2.html. The last bit says in which order checksums
 * read numbers.
 */
const WAL_MAGICS = [Uint8Array.of(0x37, 0x7f, 0x06, 0x82), Uint8Array.of(0x37, 0x7f, 0x06, 0x83)];
const [HEADER, FRAME] = [32, 24];
const [SMALLEST_PAGE, LARGEST_PAGE] = [512, 65_536];
/** Any but zero: what is zeros is then no frame of this log. */
const SALT = 1;

type Sum = readonly [number, number];

export const sqliteWal: RewriteRule = {
  id: 'sqlite-wal',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => path.endsWith('-wal'),
  startsWith: WAL_MAGICS,
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

/** DBMETA of Berkeley DB's src/dbinc/db_page.h. It begins with a place in a log, and a page. */
const [ENCRYPTION, FLAGS, ID, ID_END] = [24, 26, 52, 72];
const CHECKSUM = 1;
const BERKELEY_MAGICS = [0x053162, 0x061561, 0x042253, 0x074582].flatMap((magic) =>
  [0, 1].map((log) => new Uint8Array(Uint32Array.of(0, log, 0, magic).buffer)),
);

export const berkeleyDb: RewriteRule = {
  id: 'berkeley-db',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => !isChecksummed(path),
  startsWith: BERKELEY_MAGICS,
  rewrite: (bytes, { path }) => {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const isPlain = all[ENCRYPTION] === 0 && ((all[FLAGS] ?? CHECKSUM) & CHECKSUM) === 0;
    if (all.length < ID_END || !isPlain) return undefined;
    const id = Buffer.from(all.subarray(ID, ID_END));
    // What was made in memory has none.
    if (id.every((byte) => byte === 0)) return undefined;
    const known = Buffer.from(digestHex(digestOf(path)), 'hex');
    // Pages carry what was in memory before them, the first page too.
    for (let at = ID; at >= 0; at = all.indexOf(id, at + id.length))
      known.copy(all, at, 0, id.length);
    return bytes;
  },
};
