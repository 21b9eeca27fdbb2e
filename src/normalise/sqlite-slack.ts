import { MalformedRecord } from '../formats/malformed-record.ts';
import { SqliteFile, type SqlitePage } from '../formats/sqlite-file.ts';
import { sqliteObjects } from '../formats/sqlite-rows.ts';

/**
 * The bytes of an SQLite database that no reader looks at and that hold what was there before: free
 * pages (sqlite.org/fileformat2.html, section 1.5), what lies between the cells of a page, and
 * behind the end of a content in its last overflow page. Filling them with zeros is what `PRAGMA
 * secure_delete` does. Views into the file. Throws MalformedRecord, also where the file has pages
 * that keep a map of pages (auto_vacuum).
 */
export function sqliteSlack(file: Uint8Array): readonly Buffer[] {
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
