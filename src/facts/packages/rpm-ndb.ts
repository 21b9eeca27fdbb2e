import { MalformedRecord } from '../../formats/malformed-record.ts';

/** rpm's lib/backend/ndb/rpmpkg.c; all numbers are little-endian. */
const HEADER = 'RpmP';
const SLOT = 'Slot';
const BLOB = 'BlbS';
const SLOT_SIZE = 16;
const SLOT_PAGE = 4096;
/** Blobs lie at multiples of this. */
const BLOCK = 16;

/** Header blobs of rpm's own database format (`Packages.db`). Throws MalformedRecord. */
export function* ndbBlobs(bytes: Uint8Array): Generator<Uint8Array> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 32 || file.toString('latin1', 0, 4) !== HEADER)
    throw new MalformedRecord('it is not an ndb database');
  const slots = file.readUInt32LE(12) * SLOT_PAGE;
  if (slots > file.length) throw new MalformedRecord('its slots lie outside the file');
  const seen = new Set<number>();
  // The header takes the place of the first two slots.
  for (let at = 2 * SLOT_SIZE; at < slots; at += SLOT_SIZE) {
    if (file.toString('latin1', at, at + 4) !== SLOT)
      throw new MalformedRecord('a slot is damaged');
    const index = file.readUInt32LE(at + 4);
    const block = file.readUInt32LE(at + 8);
    if (index === 0 || block === 0) continue;
    if (seen.has(block)) throw new MalformedRecord('two slots have one blob');
    seen.add(block);
    yield blobAt(file, block * BLOCK, index);
  }
}

function blobAt(file: Buffer, at: number, index: number): Uint8Array {
  if (at + 16 > file.length) throw new MalformedRecord('a blob lies outside the file');
  if (file.toString('latin1', at, at + 4) !== BLOB || file.readUInt32LE(at + 4) !== index)
    throw new MalformedRecord('a blob is damaged');
  const length = file.readUInt32LE(at + 12);
  if (at + 16 + length > file.length) throw new MalformedRecord('a blob lies outside the file');
  return file.subarray(at + 16, at + 16 + length);
}
