import { zipDirectory, type ZipMember } from '../formats/zip-directory.ts';
import { listedNames } from './listed-names.ts';

/** Entries of a zip or jar that differ, by its central directory (APPNOTE, 4.3.12): what is in them, or only their times. */
export function zipDifference(first: Uint8Array, second: Uint8Array): string {
  const before = membersOf(first);
  const after = membersOf(second);
  if (before === undefined || after === undefined) return 'zip: its directory cannot be read';
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const content: string[] = [];
  const times: string[] = [];
  for (const name of names) {
    const a = before.get(name);
    const b = after.get(name);
    if (a === undefined || b === undefined || a.crc !== b.crc || a.size !== b.size)
      content.push(name);
    else if (a.time !== b.time) times.push(name);
  }
  const parts = [
    ...(content.length > 0 ? [`content of ${listedNames(content)}`] : []),
    ...(times.length > 0 ? [`time of ${listedNames(times)}`] : []),
  ];
  return `zip: ${parts.join('; ') || 'how it is compressed, order, or extra fields'}`;
}

/** Where a name is there twice the last counts, as it does when the archive is unpacked. */
function membersOf(bytes: Uint8Array): ReadonlyMap<string, ZipMember> | undefined {
  const directory = zipDirectory(bytes);
  return directory && new Map(directory.members.map((member) => [member.name, member]));
}
