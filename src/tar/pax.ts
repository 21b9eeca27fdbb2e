import { byCodeUnit } from '../model/order.ts';
import { TarError } from './tar-error.ts';
import { decodeText, encodeText, latin1 } from './text.ts';

/** POSIX pax records, `LENGTH KEY=VALUE\n`; values as raw bytes. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

const SPARSE_OFFSET = 'GNU.sparse.offset';
const SPARSE_LENGTH = 'GNU.sparse.numbytes';
export const SPARSE_MAP = 'GNU.sparse.map';
/** Names, which no NUL may end before their end. */
const NAMES = new Set(['path', 'linkpath', 'uname', 'gname']);

/**
 * Reads the records of an extended header (POSIX.1-2001 pax, "Extended Header"), with Go's
 * exceptions: a later record of a key wins, and the repeated records of sparse format 0.0 become
 * the map of 0.1. Throws TarError where a length lies or a record has no key.
 */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records = new Map<string, Uint8Array>();
  const sparse: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 || blank - at > 20 ? '' : latin1(bytes.subarray(at, blank));
    const length = /^[+-]?\d+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length < 5 || end <= blank + 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw new TarError('a pax record states a wrong length');
    const equals = bytes.indexOf(0x3d, blank);
    if (equals <= blank + 1 || equals >= end - 1) throw new TarError('a pax record has no key');
    const key = decodeText(bytes.subarray(blank + 1, equals));
    const value = bytes.subarray(equals + 1, end - 1);
    if (NAMES.has(key) ? value.includes(0) : key.includes('\0'))
      throw new TarError(`pax ${JSON.stringify(key)} contains a NUL`);
    if (key === SPARSE_OFFSET || key === SPARSE_LENGTH) {
      const isTurn = key === (sparse.length % 2 === 0 ? SPARSE_OFFSET : SPARSE_LENGTH);
      if (!isTurn || value.includes(0x2c)) throw new TarError('sparse map is out of order');
      sparse.push(latin1(value));
    } else records.set(key, value);
    at = end;
  }
  if (sparse.length > 0) records.set(SPARSE_MAP, Buffer.from(sparse.join(','), 'latin1'));
  return records;
}

/** The bytes of the records, sorted by key, so that the same records give the same bytes. */
export function formatPax(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...records].sort(([a], [b]) => byCodeUnit(a, b));
  return Buffer.concat(sorted.map(([key, value]) => formatRecord(key, value)));
}

function formatRecord(key: string, value: Uint8Array): Uint8Array {
  const body = Buffer.concat([encodeText(` ${key}=`), value, Uint8Array.of(0x0a)]);
  // The length counts its own digits.
  let length = body.length + String(body.length).length;
  length = body.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length), 'latin1'), body]);
}

/** The text of a record; undefined if it is absent or empty (it means "as the header says"). */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  return value === undefined || value.length === 0 ? undefined : decodeText(value);
}

/** A whole number, maybe with a sign. */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key);
  return text === undefined ? undefined : decimal(text, `pax ${key}`);
}

/** A whole number as Go reads it. `what`: to name it in the error. */
export function decimal(text: string, what: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new TarError(`${what} is not a number`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new TarError(`${what} is too large`);
  return value;
}

/** Seconds with an optional fraction, maybe negative. */
export function paxTime(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key);
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,15}(?:\.\d*)?$/.test(text)) throw new TarError(`pax ${key} is not a time`);
  return Number(text);
}
