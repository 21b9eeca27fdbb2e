import { sqlitePageSize } from '../formats/sqlite-file.ts';

/** Fields of a gzip member's header (RFC 1952, 2.3), else the data. */
export function gzipDifference(first: Uint8Array, second: Uint8Array): string {
  const fields = [
    ...(differs(first, second, 4, 8)
      ? [`modification time ${timeAt(first, 4)} and ${timeAt(second, 4)}`]
      : []),
    ...(differs(first, second, 3, 4) || differs(first, second, 8, 10) ? ['flags'] : []),
  ];
  const rest = differs(first, second, 10, Math.max(first.length, second.length));
  if (fields.length === 0) return 'gzip: what is compressed, or how';
  return `gzip header: ${fields.join(', ')}${rest ? '; and what follows' : ''}`;
}

/** How compiled Python files differ (PEP 552): version, flags, source time, size or hash, code. */
export function pycDifference(first: Uint8Array, second: Uint8Array): string {
  const fields = [
    ...(differs(first, second, 0, 4) ? ['version of Python'] : []),
    ...(differs(first, second, 4, 8) ? ['kind of check'] : []),
    ...(differs(first, second, 8, 12)
      ? [`source time ${timeAt(first, 8)} and ${timeAt(second, 8)}`]
      : []),
    ...(differs(first, second, 12, 16) ? ['source size or hash'] : []),
  ];
  const code = differs(first, second, 16, Math.max(first.length, second.length));
  return `.pyc ${[...(fields.length > 0 ? [`header: ${fields.join(', ')}`] : []), ...(code ? ['code'] : [])].join('; ')}`;
}

const MOST_PAGES = 8;

/** The pages of an SQLite database that differ (file format, 1.3: page size at byte 16). */
export function sqliteDifference(first: Uint8Array, second: Uint8Array): string {
  const size = Math.max(sqlitePageSize(first), 512);
  const pages: number[] = [];
  const length = Math.max(first.length, second.length);
  for (let start = 0; start < length; start += size)
    if (differs(first, second, start, start + size)) pages.push(start / size + 1);
  const shown = pages.slice(0, MOST_PAGES).join(', ');
  const more = pages.length > MOST_PAGES ? ` and ${pages.length - MOST_PAGES} more` : '';
  return `sqlite page ${shown}${more}${pages[0] === 1 ? ' (page 1 contains the change counter)' : ''}`;
}

function differs(first: Uint8Array, second: Uint8Array, from: number, to: number): boolean {
  return Buffer.compare(first.subarray(from, to), second.subarray(from, to)) !== 0;
}

function timeAt(bytes: Uint8Array, offset: number): string {
  return new Date(view(bytes).getUint32(offset, true) * 1000).toISOString();
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
