const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
/** A comment may follow the end record. */
const LONGEST_TAIL = 65_557;
const MOST_ENTRIES = 100_000;
const SHOWN = 3;

interface ZipEntry {
  readonly time: number;
  readonly crc: number;
  readonly size: number;
}

/** Entries of a zip or jar that differ, by its central directory (APPNOTE, 4.3.12): what is in them, or only their times. */
export function zipDifference(first: Uint8Array, second: Uint8Array): string {
  const before = directory(first);
  const after = directory(second);
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

function directory(bytes: Uint8Array): ReadonlyMap<string, ZipEntry> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endRecord(view);
  if (end === undefined) return undefined;
  const entries = new Map<string, ZipEntry>();
  let at = view.getUint32(end + 16, true);
  while (at + 46 <= bytes.length && view.getUint32(at, true) === DIRECTORY_ENTRY) {
    if (entries.size >= MOST_ENTRIES) return undefined;
    const nameLength = view.getUint16(at + 28, true);
    const name = Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString('utf8');
    entries.set(name, {
      time: view.getUint32(at + 12, true),
      crc: view.getUint32(at + 16, true),
      size: view.getUint32(at + 24, true),
    });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function endRecord(view: DataView): number | undefined {
  const from = Math.max(0, view.byteLength - LONGEST_TAIL);
  for (let at = view.byteLength - 22; at >= from; at -= 1)
    if (view.getUint32(at, true) === END_OF_DIRECTORY) return at;
  return undefined;
}
