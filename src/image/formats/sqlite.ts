/** A file is not what its format says. The message completes "X cannot be read: ...". */
export class MalformedRecord extends Error {}

const MAGIC = 'SQLite format 3\0';
const MAX_DEPTH = 40;

/** Kinds of pages (sqlite.org/fileformat2.html, section 1.6). */
const KIND = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const;
const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

export interface SqliteCell {
  /** Where it lies in its page, its overflow left aside. */
  readonly from: number;
  readonly to: number;
  /** The page below that comes before it. */
  readonly child: number | undefined;
  /** Its content in the pieces in which it lies in the file: who changes them changes the file. */
  readonly payload: readonly Buffer[];
  /** Unused bytes at the end of its last overflow page. */
  readonly rest: Buffer | undefined;
}

export interface SqlitePage {
  readonly bytes: Buffer;
  /** Where its header begins: page 1 begins with the file's. */
  readonly at: number;
  readonly isTable: boolean;
  readonly isLeaf: boolean;
  readonly listEnd: number;
  readonly cells: readonly SqliteCell[];
}

/**
 * The pages of an SQLite database file (sqlite.org/fileformat2.html, sections 1.3 to 1.6). A page
 * belongs to one place: one that is come to a second time is an error, so that pages in a loop end.
 * Throws MalformedRecord.
 */
export class SqliteFile {
  readonly bytes: Buffer;
  readonly #size: number;
  /** Bytes of a page that can contain content (section 1.3.4). */
  readonly #usable: number;
  readonly #seen = new Set<number>();

  constructor(file: Uint8Array) {
    this.bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    if (this.bytes.length < 512 || this.bytes.toString('latin1', 0, 16) !== MAGIC)
      throw new MalformedRecord('it is not an SQLite database');
    this.#size = sqlitePageSize(this.bytes);
    this.#usable = this.#size - this.bytes.readUInt8(20);
    if (this.#size < 512 || (this.#size & (this.#size - 1)) !== 0 || this.#usable < 480)
      throw new MalformedRecord('its page size is none');
  }

  /** The pages of the tree below `root`, each before its children, which are in cell order. */
  *tree(root: number, depth = 0): Generator<SqlitePage> {
    if (depth > MAX_DEPTH) throw new MalformedRecord('its tree is too deep');
    const page = this.#read(root);
    yield page;
    if (page.isLeaf) return;
    for (const { child } of page.cells) if (child !== undefined) yield* this.tree(child, depth + 1);
    yield* this.tree(page.bytes.readUInt32BE(page.at + 8), depth + 1);
  }

  /** A page by its number, from 1 on; each is had once. */
  page(number: number): Buffer {
    const from = (number - 1) * this.#size;
    if (number < 1 || from + this.#size > this.bytes.length)
      throw new MalformedRecord('a page lies outside the file');
    if (this.#seen.has(number)) throw new MalformedRecord('its pages go in a loop');
    this.#seen.add(number);
    return this.bytes.subarray(from, from + this.#size);
  }

  #read(number: number): SqlitePage {
    const bytes = this.page(number);
    const at = number === 1 ? 100 : 0;
    const kind = bytes.readUInt8(at);
    const count = bytes.readUInt16BE(at + 3);
    if (!KINDS.has(kind)) throw new MalformedRecord('a page is of another kind');
    const isLeaf = kind === KIND.indexLeaf || kind === KIND.tableLeaf;
    const list = at + (isLeaf ? 8 : 12);
    if (list + 2 * count > this.#size)
      throw new MalformedRecord('a page counts more than it contains');
    const cells = Array.from({ length: count }, (_, i) =>
      this.#cell(bytes, kind, bytes.readUInt16BE(list + 2 * i)),
    );
    // Each cell has its own place, so that reading all of them takes no longer than the page.
    if (cells.reduce((sum, { from, to }) => sum + to - from, 0) > this.#size)
      throw new MalformedRecord('its cells lie in each other');
    const isTable = kind === KIND.tableInterior || kind === KIND.tableLeaf;
    return { bytes, at, isTable, isLeaf, listEnd: list + 2 * count, cells };
  }

  #cell(page: Buffer, kind: number, from: number): SqliteCell {
    if (from + 4 > this.#size) throw new MalformedRecord('a cell lies outside its page');
    const isInterior = kind === KIND.tableInterior || kind === KIND.indexInterior;
    const child = isInterior ? page.readUInt32BE(from) : undefined;
    const [number, after] = sqliteNumber(page, isInterior ? from + 4 : from);
    // The number is the row's id.
    if (kind === KIND.tableInterior)
      return { from, to: after, child, payload: [], rest: undefined };
    const start = kind === KIND.tableLeaf ? sqliteNumber(page, after)[1] : after;
    const found = this.#payload(page, start, number, kind);
    // No cell takes less than four bytes.
    return { from, to: Math.max(found.end, from + 4), child, ...found };
  }

  /** A cell's content, the part of it that lies in overflow pages with it (section 1.6). */
  #payload(
    page: Buffer,
    start: number,
    length: number,
    kind: number,
  ): {
    readonly end: number;
    readonly payload: readonly Buffer[];
    readonly rest: Buffer | undefined;
  } {
    if (length > this.bytes.length) throw new MalformedRecord('a row is larger than the file');
    const local = this.#local(length, kind);
    if (start + local > this.#size) throw new MalformedRecord('a cell lies outside its page');
    const payload = [page.subarray(start, start + local)];
    if (local === length) return { end: start + local, payload, rest: undefined };
    let rest: Buffer | undefined;
    let left = length - local;
    const end = start + local + 4;
    let next = end > this.#size ? 0 : page.readUInt32BE(start + local);
    while (left > 0) {
      const overflow = this.page(next);
      const take = Math.min(left, this.#usable - 4);
      payload.push(overflow.subarray(4, 4 + take));
      rest = overflow.subarray(4 + take, this.#usable);
      left -= take;
      next = overflow.readUInt32BE(0);
    }
    return { end, payload, rest };
  }

  /** How much of a content of that length lies in the cell itself. */
  #local(length: number, kind: number): number {
    const largest =
      kind === KIND.tableLeaf
        ? this.#usable - 35
        : Math.floor(((this.#usable - 12) * 64) / 255) - 23;
    if (length <= largest) return length;
    const smallest = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const spilled = smallest + ((length - smallest) % (this.#usable - 4));
    return spilled <= largest ? spilled : smallest;
  }
}

/** Bytes of a page, as the file's header of at least 100 bytes states it (section 1.3.2). */
export function sqlitePageSize(file: Uint8Array): number {
  const stated = ((file[16] ?? 0) << 8) | (file[17] ?? 0);
  return stated === 1 ? 65_536 : stated;
}

/** A number of 1 to 9 bytes, and its end (section 1.6). No file is too large for a double. */
function sqliteNumber(bytes: Buffer, start: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 9; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new MalformedRecord('a row is cut off');
    if (i === 8) return [value * 256 + byte, start + 9];
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return [value, start + i + 1];
  }
  return [value, start + 9];
}

type SqlValue = number | null | Uint8Array;

/** Where a column is in its row, and its type (sqlite.org/fileformat2.html, section 2.1). */
export interface SqlField {
  readonly type: number;
  readonly from: number;
  readonly to: number;
}

/** What the schema says: a table or an index, of which table it is, and where its tree begins. */
export interface SqlObject {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly root: number;
}

/** Rows of a table of an SQLite database in the order of their row ids. Throws MalformedRecord. */
export function* sqliteRows(file: Uint8Array, table: string): Generator<readonly SqlValue[]> {
  const database = new SqliteFile(file);
  const root = sqliteObjects(database).find(
    (one) => one.type === 'table' && one.name === table,
  )?.root;
  if (root === undefined) throw new MalformedRecord(`it has no table ${table}`);
  for (const cell of sqliteCells(database, root)) yield rowOf(contentOf(cell));
}

/** Tables and indexes that have a tree, by the schema in page 1 (section 2.6). */
export function sqliteObjects(database: SqliteFile): readonly SqlObject[] {
  const found: SqlObject[] = [];
  for (const cell of sqliteCells(database, 1)) {
    const [type, name, table, root] = rowOf(contentOf(cell));
    if (typeof root === 'number' && root > 0)
      found.push({ type: asText(type), name: asText(name), table: asText(table), root });
  }
  return found;
}

/** The cells of a table's rows, in their order. */
export function* sqliteCells(database: SqliteFile, root: number): Generator<SqliteCell> {
  for (const page of database.tree(root)) {
    if (!page.isTable) throw new MalformedRecord('a page is of another kind');
    if (page.isLeaf) yield* page.cells;
  }
}

/** A cell's content in one piece; the file's own bytes where it lies in one. */
export function contentOf({ payload }: SqliteCell): Buffer {
  const [first] = payload;
  return payload.length === 1 && first !== undefined ? first : Buffer.concat(payload);
}

export function fieldsOf(content: Buffer): readonly SqlField[] {
  const [headerSize, first] = sqliteNumber(content, 0);
  const fields: SqlField[] = [];
  let from = headerSize;
  for (let at = first; at < headerSize;) {
    const [type, next] = sqliteNumber(content, at);
    at = next;
    const to = from + sizeOf(type);
    if (to > content.length) throw new MalformedRecord('a row counts more than it contains');
    fields.push({ type, from, to });
    from = to;
  }
  return fields;
}

function rowOf(content: Buffer): readonly SqlValue[] {
  return fieldsOf(content).map(({ type, from, to }) => valueOf(type, content.subarray(from, to)));
}

function asText(value: SqlValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : '';
}

function sizeOf(type: number): number {
  if (type === 10 || type === 11) throw new MalformedRecord('a column has a reserved type');
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0;
}

function valueOf(type: number, bytes: Buffer): SqlValue {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type >= 12) return bytes;
  if (type === 7) return bytes.readDoubleBE(0);
  return type === 6 ? Number(bytes.readBigInt64BE(0)) : bytes.readIntBE(0, bytes.length);
}
