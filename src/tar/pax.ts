import { TarError } from './tar-error.ts';
import { decodeText, encodeText, latin1 } from './text.ts';

/** POSIX pax records, `LENGTH KEY=VALUE\n`; values as raw bytes. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/**
 * Reads the records of an extended header (POSIX.1-2001 pax, "Extended Header"). A later record of a key wins. Throws
 * TarError where a length lies or a record has no key.
 */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    // Some writers pad the records with NULs.
    if (bytes[at] === 0) break;
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 || blank - at > 10 ? '' : latin1(bytes.subarray(at, blank));
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (end <= blank + 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw new TarError('a pax record states a wrong length');
    const equals = bytes.indexOf(0x3d, blank);
    if (equals <= blank + 1 || equals >= end) throw new TarError('a pax record has no key');
    const key = decodeText(bytes.subarray(blank + 1, equals));
    if (key.includes('\0')) throw new TarError('a pax key holds a NUL');
    records.set(key, bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** The bytes of the records, sorted by key, so that the same records give the same bytes. */
export function formatPax(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(sorted.map(([key, value]) => formatRecord(key, value)));
}

function formatRecord(key: string, value: Uint8Array): Uint8Array {
  const body = Buffer.concat([encodeText(` ${key}=`), value, Uint8Array.of(0x0a)]);
  // The length counts its own digits.
  let length = body.length + String(body.length).length;
  length = body.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length), 'latin1'), body]);
}

/** A name-like value: text without NUL. Undefined where the record is absent or empty (which means "as the header says"). */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  if (value === undefined || value.length === 0) return undefined;
  if (value.includes(0)) throw new TarError(`pax ${key} holds a NUL`);
  return decodeText(value);
}

/** A whole number, not negative. */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new TarError(`pax ${key} is no number`);
  return value;
}

/** Seconds with an optional fraction, maybe negative. */
export function paxTime(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}(?:\.\d*)?$/.test(text)) throw new TarError(`pax ${key} is no time`);
  return Number(text);
}
