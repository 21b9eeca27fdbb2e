import type { UnpackBudget } from '../../image/formats/inflate.ts';
import { given, isObject } from '../../lib/json.ts';
import { hasControls } from '../../lib/text.ts';
import type { LayerEntry } from '../../model/image.ts';
import type { Supplier } from '../../model/packages.ts';
import type { RawPackage } from '../layer-facts.ts';

/** A file, and the distribution's package that brought it, according to that package's database. */
export interface OwnedFile {
  readonly owner: string;
  /** With or without a leading slash. */
  readonly path: string;
}

/**
 * Endings of libraries and of files that record packages; records and programs without an ending
 * have no dot in their name.
 */
const ENDING = /\.(?:so[\d.]*|exe|dll|json|gemspec|egg-info|[jw]ar|ear)$/;

/**
 * True where it matters which package brought a file, which may record packages. Lists name 100
 * other files for each of these.
 */
export function isOwnable(path: string): boolean {
  const dot = path.lastIndexOf('.');
  return dot <= path.lastIndexOf('/') || ENDING.test(path);
}

/** Where distributions put programs; nothing that a user adds belongs there. */
export const SYSTEM_PROGRAM = /^(?:usr\/)?s?bin\/[^/]+$/;
const CODE = /\.(?:py|js|cjs|mjs|rb|php|p[lm]|so[\d.]*|jar|dll)$/;
/** Of one package: a thief of its record would have to take as much of its code. */
const MOST_FILES = 12;
/** Characters; those of large images have a twentieth of it. */
const MOST_SHOWN = 8 * 1024 * 1024;

/** What slimmed images lack of a package that is there. */
const SLIMMED = /^usr\/share\/(?:doc|man|info|locale|lintian)\//;

export class PackageFiles {
  readonly #files = new Map<string, string[]>();
  /** Of a package without programs and code the last file: lists name folders before files. */
  readonly #witnesses = new Map<string, string>();
  #left = MOST_SHOWN;

  add(owner: string, path: string): void {
    // First: a path put together of a long folder costs its length when it is read.
    if (path.length > LONGEST_PATH) return;
    const key = path.replace(/^(?:\.?\/)+/, '');
    if (key === '' || /^(?:etc|var)\//.test(key)) return;
    const isProgram = SYSTEM_PROGRAM.test(key);
    const known = this.#files.get(owner);
    if (!isProgram && (!CODE.test(key) || (known?.length ?? 0) >= MOST_FILES)) {
      if (known === undefined && !SLIMMED.test(key)) this.#witnesses.set(owner, key);
      return;
    }
    if ((this.#left -= key.length + ENTRY_COST) < 0) return;
    if (known === undefined) this.#files.set(owner, [key]);
    else known.push(key);
  }

  finish(): Readonly<Record<string, readonly string[]>> {
    for (const [owner, key] of this.#witnesses)
      if (!this.#files.has(owner) && (this.#left -= key.length + ENTRY_COST) >= 0)
        this.#files.set(owner, [key]);
    // A copy: a name cut out of a text would keep all of that text.
    return structuredClone(Object.fromEntries(this.#files));
  }
}

/** One spelling of a path: a distribution with a merged /usr lists `/bin/x` or `usr/bin/x`. */
export function keyOf(path: string): string {
  return path.replace(/^\/+/, '').replace(/^usr\/(?=(?:s?bin|lib(?:32|64|x32)?)\/)/, '');
}

/** PATH_MAX of Linux. */
const LONGEST_PATH = 4096;
/** Characters of all paths, and the extra cost of an entry: 100 times what large images need. */
const MOST_HELD = 64 * 1024 * 1024;
const ENTRY_COST = 64;

/** Where distributions put files: what a package of theirs claims elsewhere is not its part. */
const SYSTEM_FOLDERS = /^(?:\.?\/)*(?:usr\/(?!local\/)|s?bin\/|lib(?:32|64|x32)?\/)/;

export class Ownership {
  readonly #owners = new Map<string, string>();
  #left = MOST_HELD;

  /** False for more files than it keeps: a small list can name a million files in a long folder. */
  add(files: Iterable<OwnedFile>, shown: PackageFiles): boolean {
    for (const { owner, path } of files) {
      shown.add(owner, path);
      if (path.length > LONGEST_PATH || !SYSTEM_FOLDERS.test(path) || !isOwnable(path)) continue;
      this.#left -= path.length + ENTRY_COST;
      if (this.#left < 0) return false;
      this.#owners.set(keyOf(path), owner);
    }
    return true;
  }

  ownerOf(path: string): string | undefined {
    return this.#owners.get(keyOf(path));
  }
}

export interface RecordContent {
  readonly packages: readonly RawPackage[];
  /** Why it may contain more than was read. A damaged file gives what could be read, and this. */
  readonly unreadable?: string;
  readonly owned?: Iterable<OwnedFile>;
  readonly files?: { readonly record: string; readonly paths: Iterable<string> };
  readonly licenses?: readonly string[];
}

interface FileReader {
  /**
   * The distribution's own record of what is installed. It is never part of a package, though
   * packages list it: rpm's own package has its database as `%ghost`.
   */
  readonly isDatabase?: true;
}

/** A small file that records packages: where such files lie, how much of one is read, and how. */
export interface RecordReader extends FileReader {
  readonly matches: (path: string) => boolean;
  /** Bytes. What lies behind is not read, and said to be unread unless `head` is set. */
  readonly cap: number;
  /** The record stands at the file's beginning: what lies behind `cap` does not matter. */
  readonly head?: true;
  readonly read: (content: Uint8Array, path: string) => RecordContent;
}

/** Reads a large file as it comes; keeps a bounded part of it. */
export interface RecordStream {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => RecordContent;
}

/** What a layer's records may still cost together; those beyond it are not read, but reported. */
export interface ReadBudget extends UnpackBudget {
  /** Places in programs that look like a list of packages. */
  looks: number;
}

/** A file of any size that may record packages. */
export interface StreamReader extends FileReader {
  readonly matches: (path: string, entry?: LayerEntry['entry']) => boolean;
  readonly start: (entry: LayerEntry, budget: ReadBudget) => RecordStream;
}

/** No image has as many; a layer that claims more is made to fill the memory. */
export const MAX_PACKAGES = 500_000;

export const NOTHING: RecordContent = { packages: [] };

export function unreadable(reason: string): RecordContent {
  return { packages: [], unreadable: reason };
}

/** True for a name or version fit for a report and a purl: bounded, without control characters. */
export function isPlainText(text: unknown, most = 512): text is string {
  return typeof text === 'string' && text !== '' && text.length <= most && !hasControls(text);
}

export function textOf(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8');
}

/** Lines one by one: a list of all would take many times the text. */
export function* linesOf(text: string): Generator<string> {
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    yield text.slice(from, end);
    from = end + 1;
  }
  yield text.slice(from);
}

/** Words in the names of groups, as distributions and projects write them, but not of persons. */
const GROUP =
  /\b(?:authors|community|contributors|corp|corporation|developers|foundation|gmbh|group|inc|llc|ltd|maintainers|packagers|project|team)\b/i;
const EMAIL = /^[^\s<>()@]+@[^\s<>()@]+$/;
const NOBODY = /^(?:unknown|none|\(none\)|n\/a|null|undefined)$/i;
const LONGEST = 256;
const LONGEST_LICENSE = 4096;

/**
 * Who a record says supplies or made a package: `Name <address>`, with an address of a page behind
 * it as npm writes it. Of several the first. Undefined where nobody is named. `kind` is what the
 * field is for, where it says.
 */
export function recordedSupplier(stated: unknown, kind?: Supplier['kind']): Supplier | undefined {
  if (isObject(stated)) return ofParts(stated['name'], stated['email'], kind);
  if (!isPlainText(stated)) return undefined;
  const open = stated.indexOf('<');
  const close = stated.indexOf('>', open);
  if (open < 0 || close < 0) {
    const page = stated.trimEnd().endsWith(')') ? stated.lastIndexOf('(') : -1;
    const text = page > 0 ? stated.slice(0, page) : stated;
    return EMAIL.test(text.trim()) ? ofParts(text, text, kind) : ofParts(text, undefined, kind);
  }
  const address = stated.slice(open + 1, close);
  const name = stated
    .slice(0, open)
    .trim()
    .replace(/^"(.*)"$/, '$1');
  return ofParts(name === '' ? address : name, address, kind);
}

function ofParts(
  name: unknown,
  email: unknown,
  kind: Supplier['kind'] | undefined,
): Supplier | undefined {
  if (!isPlainText(name, LONGEST) || NOBODY.test(name.trim())) return undefined;
  // SPDX puts an address in parentheses behind the name.
  const plain = name.replaceAll(/[()]/g, ' ').replaceAll(/\s+/g, ' ').trim();
  if (plain === '') return undefined;
  const address =
    isPlainText(email, LONGEST) && EMAIL.test(email.trim()) ? email.trim() : undefined;
  const isGroup = GROUP.test(plain) || /@(?:lists|groups|alioth-lists)\./i.test(address ?? '');
  return {
    kind: kind ?? (isGroup ? 'organization' : 'person'),
    name: plain,
    ...(address === undefined || address === plain ? {} : { email: address }),
  };
}

/** What a record says of a package besides its name and version; any of it may be missing. */
interface Recorded {
  readonly licenses?: readonly unknown[];
  readonly architecture?: unknown;
  readonly modularity?: unknown;
  readonly source?: RawPackage['source'];
  readonly supplier?: Supplier | undefined;
  readonly originator?: Supplier | undefined;
  /** Its maker, and supplier too where the record names nobody else. */
  readonly author?: Supplier | undefined;
}

/** A package; undefined where its name or version is not fit for a report. Drops what is not. */
export function recordedPackage(
  type: RawPackage['type'],
  name: unknown,
  version: unknown,
  { licenses = [], architecture, modularity, source, author, ...more }: Recorded = {},
): RawPackage | undefined {
  if (!isPlainText(name) || !isPlainText(version)) return undefined;
  return {
    type,
    name,
    version,
    licenses: licenses.filter((one) => isPlainText(one, LONGEST_LICENSE)),
    ...given({
      architecture: isPlainText(architecture) ? architecture : undefined,
      modularity: isPlainText(modularity) ? modularity : undefined,
      source: isPlainText(source?.name) ? source : undefined,
      supplier: more.supplier ?? author,
      originator: more.originator ?? author,
    }),
  };
}

/** All of `items`, or those that are packages, and how many are not. */
export function recordOf(items: readonly (RawPackage | undefined)[]): RecordContent {
  const packages = items.filter((item) => item !== undefined);
  const broken = items.length - packages.length;
  return broken === 0
    ? { packages }
    : { packages, unreadable: `${broken} entries have no name or no version` };
}

/** The one package of a file; a file without a name and a version is not read. */
export function singleRecord(item: RawPackage | undefined): RecordContent {
  return item === undefined
    ? unreadable('it does not state a name and a version')
    : { packages: [item] };
}

/**
 * Fields of one stanza (`Name: value`, continued lines joined by line ends), names in lower case.
 * Of a field that comes twice the first counts.
 */
export function stanzaFields(stanza: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of stanza.split('\n')) {
    if (/^[ \t]/.test(line)) {
      if (name !== '') fields.set(name, `${fields.get(name) ?? ''}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const found = line.slice(0, colon).toLowerCase();
    name = fields.has(found) ? '' : found;
    if (name !== '') fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** The next step of a capture: it needs so many bytes in all, or is done, with a result or not. */
export type CaptureStep = { readonly need: number } | { readonly done: true };

export const DONE: CaptureStep = { done: true };

/** Gathers the bytes from one place of a stream on, as many as its reader turns out to need. */
export class Capture {
  readonly #read: (bytes: Buffer) => CaptureStep;
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #length = 0;
  #need: number;
  isDone = false;

  /** Calls `read` at `need` bytes, again as often as it asks for more, and last at `most` bytes. */
  constructor(need: number, most: number, read: (bytes: Buffer) => CaptureStep) {
    this.#need = need;
    this.#most = most;
    this.#read = read;
  }

  push(bytes: Buffer): void {
    if (this.isDone) return;
    const part = bytes.subarray(0, this.#most - this.#length);
    this.#parts.push(Buffer.from(part));
    this.#length += part.length;
    if (this.#length >= this.#need) this.#ask();
  }

  /** Nothing follows: what is there is all. */
  end(): void {
    if (!this.isDone) this.#ask();
    this.isDone = true;
  }

  #ask(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    if (bytes === undefined) return;
    this.#parts.splice(0, this.#parts.length, bytes);
    const step = this.#read(bytes);
    if ('done' in step || this.#length >= this.#most) this.isDone = true;
    else this.#need = Math.max(step.need, this.#length + 1);
  }
}
