import { zipDirectory, type ZipMember } from '../formats/zip-directory.ts';

const SHOWN = 3;

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
    ...(content.length > 0 ? [`content of ${listed(content)}`] : []),
    ...(times.length > 0 ? [`time of ${listed(times)}`] : []),
  ];
  return `zip: ${parts.join('; ') || 'how it is compressed, order, or extra fields'}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map((name) => name.slice(0, 100));
  return names.length > SHOWN
    ? `${shown.join(', ')} and ${names.length - SHOWN} more`
    : shown.join(', ');
}

/** Where a name is there twice the last counts, as it does when the archive is unpacked. */
function membersOf(bytes: Uint8Array): ReadonlyMap<string, ZipMember> | undefined {
  const directory = zipDirectory(bytes);
  return directory && new Map(directory.members.map((member) => [member.name, member]));
}
