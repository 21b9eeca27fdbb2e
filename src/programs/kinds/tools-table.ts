/** Programs of one kind: names, parted by blanks, with the reason they are in the table. */
export interface ToolGroup {
  readonly kind: string;
  readonly entries: Readonly<Record<string, string>>;
}

/** A program's row: the kind it belongs to and why it counts. */
export interface ToolEntry {
  readonly name: string;
  readonly kind: string;
  readonly reason: string;
}

export type ToolTable = ReadonlyMap<string, ToolEntry>;

/** The groups as one table by name; a name that two groups list is a mistake in the table. */
export function toolTable(groups: readonly ToolGroup[]): ToolTable {
  const table = new Map<string, ToolEntry>();
  for (const { kind, entries } of groups)
    for (const [names, reason] of Object.entries(entries))
      for (const name of names.split(' ')) {
        if (table.has(name)) throw new Error(`${name} is listed twice`);
        table.set(name, { name, kind, reason });
      }
  return table;
}

/** Architectures of cross compilers: `x86_64-linux-gnu-gcc`, `aarch64-alpine-linux-musl-ld`. */
const ARCHITECTURE =
  /^(?:x86_64|i[3-6]86|amd64|aarch64|arm[a-z0-9]*|riscv(?:32|64)|ppc64(?:le)?|powerpc[a-z0-9]*|s390x?|mips[a-z0-9]*|loongarch64)-/;
/** Vendor, system and C library behind it: one to three parts. */
const TARGET_PARTS = 3;
/** What distributions and build systems hang on a program's name. */
const DECORATION =
  /(?:\.(?:exe|js|cjs|mjs|phar|py|pyz|pex|real|distrib|orig|bin|nosuid|suid|static)|-cli|-static|-posix|-extras)$/;
/** Linux' limit of a file name: what is longer cannot be unpacked, let alone run. */
const NAME_MAX = 255;
/** Interpreters that begin a tool's name in a distribution: `python3-pip`. */
const INTERPRETER_PREFIX = /^(?:python|ruby|node|php|lua)[\d.]*-(?=\w)/;
// eslint-disable-next-line regexp/no-super-linear-move -- names have at most NAME_MAX characters
const VERSION = /(?:[-_.]?v?\d+(?:\.\d+)*)$/;

/**
 * The names a file of this name may go by, its own first: then with target prefix, extension and
 * version taken off (`x86_64-linux-gnu-gcc-12` is gcc, `pip3.11` is pip, `npm-cli.js` is npm).
 */
export function possibleNames(fileName: string): readonly string[] {
  if (fileName.length > NAME_MAX) return [];
  const names: string[] = [];
  let name = fileName;
  // Each round takes one part off; a name has few.
  for (let round = 0; round < 6; round += 1) {
    names.push(...namesOf(name));
    const shorter = name.replace(DECORATION, '').replace(VERSION, '');
    if (shorter === name || shorter === '') break;
    name = shorter;
  }
  return names;
}

/** The table's entry that a file of these names is, the first name that has one deciding. */
export function entryNamed(table: ToolTable, names: readonly string[]): ToolEntry | undefined {
  for (const name of names) {
    const entry = table.get(name);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The name, without its interpreter, and without a target of each possible length. */
function namesOf(name: string): readonly string[] {
  const bare = name.replace(INTERPRETER_PREFIX, '');
  const names = bare === name ? [name] : [name, bare];
  if (!ARCHITECTURE.test(name)) return names;
  const parts = name.split('-');
  for (let target = 1; target <= TARGET_PARTS; target += 1)
    names.push(parts.slice(1 + target).join('-'));
  return names;
}
