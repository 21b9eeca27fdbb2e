import { crc32, inflateRawSync } from 'node:zlib';
import { MalformedRecord } from './malformed-record.ts';
import type { ZipMember } from './zip-directory.ts';
import { localExtras, ZIP_BYTES } from './zip-records.ts';

/** Largest header before a member's content, with name and extra fields (APPNOTE.TXT 4.3.7). */
export const LARGEST_HEADER = ZIP_BYTES.local + 2 * 0xffff;

/**
 * The plain content of a member, and where it ends. `bytes` begin at its local header. Throws
 * MalformedRecord where the header is another member's, for encryption and methods but deflate, and
 * where size or checksum are not what the directory states.
 */
export function memberContent(
  bytes: Buffer,
  member: ZipMember,
): { readonly content: Buffer; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const extras = localExtras(view, 0, bytes.length);
  if (extras === undefined) throw new MalformedRecord('a member is not where it should be');
  const [nameEnd, from] = extras;
  const end = from + member.packed;
  const name = bytes.toString('utf8', ZIP_BYTES.local, nameEnd);
  const method = bytes.readUInt16LE(8);
  if (name !== member.name || method !== member.method || end > bytes.length)
    throw new MalformedRecord('a member is not what its directory says');
  if ((bytes.readUInt16LE(6) & 1) !== 0 || (method !== 0 && method !== 8))
    throw new MalformedRecord(
      'a member is encrypted, or compressed in another way than by deflate',
    );
  const content = unpacked(bytes.subarray(from, end), member);
  if (content.length !== member.size || crc32(content) !== member.crc)
    throw new MalformedRecord(`${JSON.stringify(name.slice(0, 100))} is damaged`);
  return { content, end };
}

function unpacked(packed: Buffer, { method, size, name }: ZipMember): Buffer {
  if (method === 0) return packed;
  try {
    // One byte more than stated would be too much.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw new MalformedRecord(`${JSON.stringify(name.slice(0, 100))} cannot be unpacked`, {
      cause,
    });
  }
}
