import { createHash } from 'node:crypto';
import { RpmHeader } from '../../image/formats/rpm-header.ts';
import {
  contentOf,
  fieldsOf,
  MalformedRecord,
  type SqlField,
  type SqliteCell,
  sqliteCells,
  SqliteFile,
  sqliteObjects,
  type SqlitePage,
  type SqlObject,
} from '../../image/formats/sqlite.ts';
import { digestHex, digestOf } from '../../model/reference.ts';
import { rewriteRule } from '../rule.ts';
import { isChecksummed } from './archives.ts';

/**
 * Bytes of an SQLite database that readers ignore and that contain old data. These are free pages
 * (sqlite.org/fileformat2.html, section 1.5), gaps between the cells of a page, and what follows
 * content in its last overflow page. `PRAGMA secure_delete` fills them with zeros. Views into the
 * file. Throws MalformedRecord, also if the file has pages that map pages (auto_vacuum).
 */
function sqliteSlack(file: Uint8Array): readonly Buffer[] {
  const roots = sqliteObjects(new SqliteFile(file)).map(({ root }) => root);
  const database = new SqliteFile(file);
  if (database.bytes.readUInt32BE(52) !== 0) throw new MalformedRecord('it moves its pages');
  const slack: Buffer[] = [];
  for (const root of [1, ...roots])
    for (const page of database.tree(root)) {
      slack.push(...betweenCells(page));
      for (const { rest } of page.cells) if (rest !== undefined) slack.push(rest);
    }
  slack.push(...freePages(database));
  return slack;
}

/** Gaps of a page except heads of free blocks, which the page needs to find them (section 1.6). */
function betweenCells({ bytes, at, listEnd, cells }: SqlitePage): Buffer[] {
  const taken = cells.map(({ from, to }) => [from, to] as const);
  const seen = new Set<number>();
  for (let block = bytes.readUInt16BE(at + 1); block !== 0; block = bytes.readUInt16BE(block)) {
    if (block + 4 > bytes.length || seen.has(block))
      throw new MalformedRecord('free blocks of a page go in a loop');
    seen.add(block);
    taken.push([block, block + 4]);
  }
  const gaps: Buffer[] = [];
  // The bytes behind the last cell are reserved for extensions (section 1.3.4): they stay.
  let free = listEnd;
  for (const [from, to] of taken.sort(([a], [b]) => a - b)) {
    if (from < free) throw new MalformedRecord('cells lie in each other');
    gaps.push(bytes.subarray(free, from));
    free = to;
  }
  return gaps;
}

function freePages(database: SqliteFile): Buffer[] {
  const free: Buffer[] = [];
  for (let next = database.bytes.readUInt32BE(32); next !== 0;) {
    const trunk = database.page(next);
    const leaves = trunk.readUInt32BE(4);
    const end = 8 + 4 * leaves;
    if (end > trunk.length) throw new MalformedRecord('a list of free pages is damaged');
    for (let at = 8; at < end; at += 4) free.push(database.page(trunk.readUInt32BE(at)));
    free.push(trunk.subarray(end));
    next = trunk.readUInt32BE(0);
  }
  return free;
}

/** rpmtag.h: a package's install time and transaction, both outside what its signature covers. */
const TAGS = [1008, 1128];
/** A blob of four bytes, as the row's header says it. */
const FOUR_BYTES = 20;

/** Four bytes at a place of a row's content, and what they become. */
interface Edit {
  readonly cell: SqliteCell;
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Sets times of installation later than the epoch (seconds) in an rpm database of the SQLite kind,
 * and clears unused bytes. Works in place: no row changes its length or its place. Undefined if
 * nothing changes, or for another format.
 */
export function retimedRpmDatabase(bytes: Uint8Array, epoch: number): Uint8Array | undefined {
  try {
    const edits = [...headerEdits(bytes, epoch), ...transactionEdits(bytes, epoch)];
    const slack = sqliteSlack(bytes).filter((part) => part.some((byte) => byte !== 0));
    if (edits.length + slack.length === 0) return undefined;
    for (const edit of edits) apply(edit);
    for (const part of slack) part.fill(0);
    return bytes;
  } catch (error) {
    if (error instanceof MalformedRecord) return undefined;
    throw error;
  }
}

/** INSTALLTIME and INSTALLTID in each package's header: 32 bits, big-endian. */
function* headerEdits(file: Uint8Array, epoch: number): Generator<Edit> {
  const database = new SqliteFile(file);
  for (const cell of rowsOf(database, 'Packages')) {
    const content = contentOf(cell);
    const blob = fieldsOf(content)[1];
    if (blob === undefined) throw new MalformedRecord('a row has no header');
    const header = new RpmHeader(content.subarray(blob.from, blob.to));
    for (const tag of TAGS) {
      const place = header.placeOf(tag);
      if (place === undefined) continue;
      const offset = blob.from + place;
      if (content.readUInt32BE(offset) <= epoch) continue;
      const becomes = Buffer.alloc(4);
      becomes.writeUInt32BE(epoch);
      yield { cell, offset, bytes: becomes };
    }
  }
}

/**
 * The table where rpm looks up transactions. Its id is as the machine has it in memory. An index
 * would sort by those bytes, so then nothing is changed.
 */
function* transactionEdits(file: Uint8Array, epoch: number): Generator<Edit> {
  const database = new SqliteFile(file);
  for (const cell of rowsOf(database, 'Installtid')) {
    const content = contentOf(cell);
    const key: SqlField | undefined = fieldsOf(content)[0];
    if (key?.type !== FOUR_BYTES) throw new MalformedRecord('a transaction is not a number');
    if (content.readUInt32LE(key.from) <= epoch) continue;
    const becomes = Buffer.alloc(4);
    becomes.writeUInt32LE(epoch);
    yield { cell, offset: key.from, bytes: becomes };
  }
}

function* rowsOf(database: SqliteFile, table: string): Generator<SqliteCell> {
  const objects: readonly SqlObject[] = sqliteObjects(database);
  const root = objects.find((one) => one.type === 'table' && one.name === table)?.root;
  if (root === undefined) throw new MalformedRecord(`it has no table ${table}`);
  if (objects.some((one) => one.type === 'index' && one.table === table))
    throw new MalformedRecord(`its table ${table} has an index`);
  yield* sqliteCells(database, root);
}

/** A content may lie in several pieces of the file. */
function apply({ cell, offset, bytes }: Edit): void {
  let start = 0;
  for (const piece of cell.payload) {
    for (const [i, byte] of bytes.entries()) {
      const at = offset + i - start;
      if (at >= 0 && at < piece.length) piece[at] = byte;
    }
    start += piece.length;
  }
}

const MAGIC = Uint8Array.of(0xfe, 0xed, 0xfe, 0xed);
const SEAL_BYTES = 20;
/** Java's password for trust stores. It keeps nothing secret and only detects accidents. */
const SEAL_KEY = Buffer.concat([
  Buffer.from('changeit', 'utf16le').swap16(),
  Buffer.from('Mighty Aphrodite', 'latin1'),
]);
const TRUSTED = 2;

interface Trusted {
  readonly alias: Buffer;
  readonly bytes: Buffer;
}

function seal(body: Uint8Array): Buffer {
  return createHash('sha1').update(SEAL_KEY).update(body).digest();
}

export const javaTruststore = rewriteRule('java-truststore', 'safe', {
  applies: ({ path }) => /(^|\/)(cacerts|[^/]+\.jks|[^/]*truststore[^/]*)$/i.test(path),
  startsWith: [MAGIC],
  rewrite: (bytes, { epoch }) => {
    const store = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const body = store.subarray(0, -SEAL_BYTES);
    if (store.length < 12 + SEAL_BYTES || !seal(body).equals(store.subarray(-SEAL_BYTES)))
      return undefined;
    const entries = trustedEntries(body, BigInt(epoch) * 1000n);
    if (entries === undefined) return undefined;
    entries.sort((a, b) => Buffer.compare(a.alias, b.alias));
    const after = Buffer.concat([body.subarray(0, 12), ...entries.map((entry) => entry.bytes)]);
    return after.equals(body) ? undefined : Buffer.concat([after, seal(after)]);
  },
});

/** Entries with dates clamped (milliseconds); undefined for another kind or malformed bytes. */
function trustedEntries(body: Buffer, latest: bigint): Trusted[] | undefined {
  const count = body.readUInt32BE(8);
  const entries: Trusted[] = [];
  let at = 12;
  try {
    for (let i = 0; i < count; i++) {
      if (body.readUInt32BE(at) !== TRUSTED) return undefined;
      const date = at + 6 + body.readUInt16BE(at + 4);
      const type = date + 8;
      const length = type + 2 + body.readUInt16BE(type);
      const end = length + 4 + body.readUInt32BE(length);
      if (end > body.length) return undefined;
      const bytes = Buffer.from(body.subarray(at, end));
      if (body.readBigUInt64BE(date) > latest) bytes.writeBigUInt64BE(latest, date - at);
      entries.push({ alias: body.subarray(at + 6, date), bytes });
      at = end;
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
  return at === body.length ? entries : undefined;
}

const DATABASE =
  /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm|usr\/lib\/rpm)\/rpmdb\.sqlite$/;

export const rpmDatabase = rewriteRule('rpm-database', 'safe', {
  applies: ({ path }) => DATABASE.test(path),
  startsWith: [Buffer.from('SQLite forma', 'latin1')],
  rewrite: (bytes, { epoch }) => retimedRpmDatabase(bytes, epoch),
});

/**
 * The format version, 3007000, as a little-endian and as a big-endian machine writes it
 * (sqlite.org/walformat.html, section 2.1).
 */
const VERSIONS = [Uint8Array.of(0x18, 0xe2, 0x2d, 0), Uint8Array.of(0, 0x2d, 0xe2, 0x18)];

export const sqliteShm = rewriteRule('sqlite-shm', 'safe', {
  applies: ({ path }) => path.endsWith('-shm'),
  startsWith: VERSIONS,
  rewrite: () => new Uint8Array(0),
});

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

export const sqliteWal = rewriteRule('sqlite-wal', 'safe', {
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
});

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

export const berkeleyDb = rewriteRule('berkeley-db', 'safe', {
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
});
