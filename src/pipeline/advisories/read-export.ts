import type { FileHandle } from 'node:fs/promises';
import { MalformedRecord } from '../../formats/malformed-record.ts';
import { parseStrictJson } from '../../formats/strict-json.ts';
import { type ZipMember, zipDirectory } from '../../formats/zip-directory.ts';
import { LARGEST_HEADER, memberContent } from '../../formats/zip-member.ts';
import { type AdvisoryParts, advisoryParts } from '../../tools/advisories/advisory-entry.ts';

/** A record of a kernel's CVE for all releases is some megabytes. */
const MOST_RECORD = 64 * 1024 * 1024;
const MOST_RECORDS = 4_000_000;
const MOST_UNPACKED = 64 * 1024 ** 3;
/** The directory is found from the end; of half a million records it takes some 40 MB. */
const TAILS = [1, 16, 256].map((mib) => mib * 1024 * 1024);
const BLOCK = 4 * 1024 * 1024;

/** A record of an export, and how far in the file it ends. */
interface ExportRecord extends AdvisoryParts {
  /** When it was last changed or packed, milliseconds since 1970. */
  readonly newest: number;
  readonly done: number;
}

/**
 * The records of an export (`all.zip`), one by one. Throws MalformedRecord where it is not one as
 * OSV writes it: members that overlap or are damaged, names that are not an id's, records that are
 * repeated, too large, another ecosystem's, or not strict JSON.
 */
export async function* exportRecords(
  file: FileHandle,
  size: number,
  family: string,
): AsyncGenerator<ExportRecord> {
  const members = await membersOf(file, size);
  const ids = new Set<string>();
  let held: Buffer = Buffer.alloc(0);
  let heldAt = 0;
  let free = 0;
  for (const member of members) {
    const reach = Math.min(size, member.local + LARGEST_HEADER + member.packed);
    if (member.local < free) throw new MalformedRecord('its members overlap');
    if (reach > heldAt + held.length) {
      held = await bytesAt(file, member.local, Math.min(size, reach + BLOCK) - member.local);
      heldAt = member.local;
    }
    const from = member.local - heldAt;
    const { content, end } = memberContent(held.subarray(from), member);
    free = member.local + end;
    const parts = recordOf(content, member.name, family);
    if (ids.has(parts.id)) throw new MalformedRecord(`${parts.id} is there twice`);
    ids.add(parts.id);
    yield { ...parts, newest: Math.max(parts.modified, packedAt(member)), done: free };
  }
}

function recordOf(content: Buffer, name: string, family: string): AdvisoryParts {
  const what = JSON.stringify(name.slice(0, 150));
  const value = parseStrictJson(content, what, MOST_RECORD);
  if (!value.ok) throw new MalformedRecord(value.error);
  const parts = advisoryParts(value.value, family);
  if (!parts.ok) throw new MalformedRecord(`${what} ${parts.error}`);
  if (name !== `${parts.value.id}.json`)
    throw new MalformedRecord(`${what} is the record of ${parts.value.id}`);
  return parts.value;
}

/** DOS date and time (APPNOTE.TXT 4.4.6), read as UTC. */
function packedAt({ time }: ZipMember): number {
  const bits = (from: number, count: number): number => (time >>> from) & (2 ** count - 1);
  const day = [1980 + bits(25, 7), bits(21, 4) - 1, bits(16, 5)] as const;
  return Date.UTC(...day, bits(11, 5), bits(5, 6), 2 * bits(0, 5));
}

async function membersOf(file: FileHandle, size: number): Promise<readonly ZipMember[]> {
  for (const tail of TAILS) {
    const before = Math.max(0, size - tail);
    const directory = zipDirectory(await bytesAt(file, before, size - before), before);
    if (directory === undefined && before > 0) continue;
    if (directory === undefined || directory.behind !== 0) break;
    const { members } = directory;
    if (members.length === 0) throw new MalformedRecord('it has no records');
    if (members.length > MOST_RECORDS) throw new MalformedRecord('it has too many records');
    const large = members.find((one) => Math.max(one.size, one.packed) > MOST_RECORD);
    if (large !== undefined)
      throw new MalformedRecord(`${JSON.stringify(large.name.slice(0, 150))} is too large`);
    if (members.reduce((sum, one) => sum + one.size, 0) > MOST_UNPACKED)
      throw new MalformedRecord('it unpacks to too much');
    return members.toSorted((a, b) => a.local - b.local);
  }
  throw new MalformedRecord('it is not a zip archive, or cut off');
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let taken = 0;
  while (taken < length) {
    const { bytesRead } = await file.read(bytes, taken, length - taken, at + taken);
    if (bytesRead === 0) throw new MalformedRecord('it is cut off');
    taken += bytesRead;
  }
  return bytes;
}
