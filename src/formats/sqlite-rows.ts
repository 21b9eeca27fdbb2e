import { MalformedRecord } from './malformed-record.ts';
import { type SqliteCell, SqliteFile, sqliteNumber } from './sqlite-file.ts';

/** A column: text and blobs as their bytes. */
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

/** The columns of a row. */
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
