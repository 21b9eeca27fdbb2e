import { MalformedRecord } from '../formats/malformed-record.ts';
import { RpmHeader } from '../formats/rpm-header.ts';
import { type SqliteCell, SqliteFile } from '../formats/sqlite-file.ts';
import {
  contentOf,
  fieldsOf,
  type SqlField,
  sqliteCells,
  type SqlObject,
  sqliteObjects,
} from '../formats/sqlite-rows.ts';
import { sqliteSlack } from './sqlite-slack.ts';

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
 * Sets times of installation that are later than the epoch (seconds) in an rpm database of the
 * SQLite kind, and clears bytes of it that are read by nobody, in place: no row changes its length
 * or its place. Undefined where nothing is to change, or where it is no such database.
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
