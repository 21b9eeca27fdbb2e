const MOST_SECTIONS = 10_000;
const SHOWN = 5;

/** The sections of two ELF files that differ (System V ABI, chapter 4: section header table), by name. */
export function elfDifference(first: Uint8Array, second: Uint8Array): string {
  const before = sections(first);
  const after = sections(second);
  if (before === undefined || after === undefined) return 'ELF: its section table cannot be read';
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return a === undefined || b === undefined || Buffer.compare(a, b) !== 0;
  });
  if (names.length === 0) return 'ELF: headers or what lies between the sections';
  const shown = names.slice(0, SHOWN).map((name) => name.slice(0, 60) || '(unnamed)');
  return `ELF section ${shown.join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`;
}

interface Layout {
  readonly table: number;
  readonly entrySize: number;
  readonly count: number;
  readonly names: number;
}

function sections(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  if (bytes.length < 64 || bytes[5] !== 1) return undefined;
  const is64 = bytes[4] === 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = layoutOf(view, is64);
  const needed = is64 ? 64 : 40;
  if (layout.count === 0 || layout.count > MOST_SECTIONS || layout.entrySize < needed)
    return undefined;
  if (layout.table + layout.count * layout.entrySize > bytes.length) return undefined;
  const header = (i: number): { name: number; type: number; start: number; size: number } => {
    const at = layout.table + i * layout.entrySize;
    return {
      name: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      start: is64 ? Number(view.getBigUint64(at + 24, true)) : view.getUint32(at + 16, true),
      size: is64 ? Number(view.getBigUint64(at + 32, true)) : view.getUint32(at + 20, true),
    };
  };
  if (layout.names >= layout.count) return undefined;
  const table = header(layout.names);
  const names = bytes.subarray(table.start, table.start + table.size);
  const found = new Map<string, Uint8Array>();
  for (let i = 0; i < layout.count; i += 1) {
    const { name, type, start, size } = header(i);
    // SHT_NOBITS takes no room in the file.
    if (type !== 8) found.set(textAt(names, name), bytes.subarray(start, start + size));
  }
  return found;
}

function layoutOf(view: DataView, is64: boolean): Layout {
  return {
    table: is64 ? Number(view.getBigUint64(40, true)) : view.getUint32(32, true),
    entrySize: view.getUint16(is64 ? 58 : 46, true),
    count: view.getUint16(is64 ? 60 : 48, true),
    names: view.getUint16(is64 ? 62 : 50, true),
  };
}

function textAt(bytes: Uint8Array, from: number): string {
  const end = bytes.indexOf(0, from);
  return Buffer.from(bytes.subarray(from, end < 0 ? bytes.length : end)).toString('latin1');
}
