import { constants, inflateSync } from 'node:zlib';
import { executableKind } from '../../image/formats/elf.ts';
import { isObject, type JsonObject, parseJson } from '../../lib/json.ts';
import type { RawPackage } from '../layer-facts.ts';
import {
  Capture,
  type CaptureStep,
  DONE,
  isPlainText,
  NOTHING,
  type ReadBudget,
  type RecordContent,
  recordedPackage,
  type RecordStream,
  type StreamReader,
} from './record.ts';

/** How the JSON of a list begins (github.com/rust-secure-code/cargo-auditable, its JSON schema). */
const BEGINNING = '{"packages":[';
/** Second bytes of a zlib header with a window of 32 KiB (RFC 1950, 2.2). */
const LEVELS = new Set([0x01, 0x5e, 0x9c, 0xda]);
const ZLIB = 0x78;
/** Bytes that distinguish a candidate from chance, and those that a whole list may take. */
const FIRST_LOOK = 512;
const MAX_LIST = 4 * 1024 * 1024;
const MAX_JSON = 32 * 1024 * 1024;
/** Order in which a dynamic block states the lengths of its length codes (RFC 1951, 3.2.7). */
const LENGTH_CODES = 19;

/**
 * True where a zlib stream with a compressed block may begin: chance lets few places pass. `at` is
 * at the header; 17 bytes are checked.
 */
function mayBeList(bytes: Buffer, at: number): boolean {
  if (!LEVELS.has(bytes[at + 1] ?? 0)) return false;
  const type = ((bytes[at + 2] ?? 0) >> 1) & 3;
  return type === 1
    ? beginsLikeList(bytes, at + 2)
    : type === 2 && hasWholeLengthCode(bytes, at + 2);
}

function bitsOf(bytes: Buffer, at: number, from: number, count: number): number {
  const byte = at + (from >> 3);
  const pair = (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8);
  return (pair >> (from & 7)) & ((1 << count) - 1);
}

/**
 * The fixed code of a character below 144 is the character plus 48, in 8 bits, the highest first
 * (RFC 1951, 3.2.6).
 */
function beginsLikeList(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < BEGINNING.length; i += 1) {
    const code = BEGINNING.charCodeAt(i) + 48;
    for (let bit = 0; bit < 8; bit += 1)
      if (bitsOf(bytes, at, 3 + 8 * i + bit, 1) !== ((code >> (7 - bit)) & 1)) return false;
  }
  return true;
}

/** The code that starts a dynamic block must be complete: the sum of 2^-length is 1. */
function hasWholeLengthCode(bytes: Buffer, at: number): boolean {
  if (bitsOf(bytes, at, 3, 5) > 29 || bitsOf(bytes, at, 8, 5) > 29) return false;
  const codes = Math.min(LENGTH_CODES, bitsOf(bytes, at, 13, 4) + 4);
  let sum = 0;
  for (let i = 0; i < codes; i += 1) {
    const length = bitsOf(bytes, at, 17 + 3 * i, 3);
    if (length > 0) sum += 1 << (7 - length);
  }
  return sum === 1 << 7;
}

/** Reads a candidate: passes on the packages of a list, or asks for more where it is cut off. */
function readList(bytes: Buffer, take: (packages: readonly RawPackage[]) => void): CaptureStep {
  let text: string;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_JSON };
    text = inflateSync(bytes, options).toString('utf8');
  } catch {
    return DONE;
  }
  if (!text.startsWith(BEGINNING.slice(0, text.length))) return DONE;
  const document = text.endsWith('}') ? parseJson(text) : undefined;
  if (!isObject(document)) return { need: bytes.length * 4 };
  take(packagesOf(document));
  return DONE;
}

/** Dependencies of the program itself; those that only ran while it was built are not in it. */
function packagesOf(document: JsonObject): readonly RawPackage[] {
  const list: unknown = document['packages'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown): RawPackage[] => {
    if (!isObject(item) || item['kind'] === 'build') return [];
    const found = recordedPackage('cargo', item['name'], item['version']);
    return found === undefined ? [] : [found];
  });
}

/** Begins the build information (src/debug/buildinfo/buildinfo.go); it is aligned to 16 bytes. */
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');

const HEADER = 32;
const INLINE = 2;
const MAX_MODULES = 8 * 1024 * 1024;
/** Go before 1.18, of 2022, wrote addresses instead of texts. */
const OLD_GO: RecordContent = {
  packages: [],
  unreadable: 'it was built by a Go before 1.18, whose list of modules is not read',
};

/** Reads build information from its magic on, or says how many bytes it needs to do so. */
function readBuildInfo(bytes: Buffer): RecordContent | { readonly need: number } {
  if (bytes.length < HEADER) return { need: HEADER };
  if ((bytes.readUInt8(15) & INLINE) === 0)
    return [4, 8].includes(bytes.readUInt8(14)) ? OLD_GO : NOTHING;
  const version = countedText(bytes, HEADER);
  if ('need' in version) return version;
  if (!/^(?:go|devel)/.test(version.text.toString('latin1', 0, 5))) return NOTHING;
  const modules = countedText(bytes, version.end);
  if ('need' in modules)
    // A length that no module list has: the magic is in a program that looks for it.
    return modules.need > MAX_MODULES ? NOTHING : modules;
  return goRecord(version.text.toString('utf8'), withoutMarks(modules.text));
}

function countedText(
  bytes: Buffer,
  at: number,
): { readonly text: Buffer; readonly end: number } | { readonly need: number } {
  let length = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return { need: at + i + 1 };
    length += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) !== 0) continue;
    const start = at + i + 1;
    const end = start + length;
    return end > bytes.length ? { need: end } : { text: bytes.subarray(start, end), end };
  }
  return { need: MAX_MODULES + 1 };
}

/** Go puts 16 bytes around its module list (src/cmd/go/internal/modload/build.go). */
function withoutMarks(text: Buffer): string {
  const marked = text.length >= 33 && text[text.length - 17] === 0x0a;
  return marked ? text.toString('utf8', 16, text.length - 16) : '';
}

/**
 * Packages of a Go program: its standard library (by Go's version), its main module and those it
 * depends on, each replaced one by what replaces it. A main module that was built from a working
 * tree has no version.
 */
function goPackages(version: string, modules: string): readonly RawPackage[] {
  const found: RawPackage[] = [];
  const stdlib = /^go(\d[\w.-]*)/.exec(version)?.[1];
  if (stdlib !== undefined)
    found.push({ type: 'golang', name: 'stdlib', version: stdlib, licenses: [] });
  for (const line of modules.split('\n')) {
    const [kind, name, stated = ''] = line.split('\t');
    const isModule = kind === 'mod' || kind === 'dep' || kind === '=>';
    if (!isModule || !isPlainText(name) || stated.length > 200) continue;
    const replaced = kind === '=>' ? found.pop() : undefined;
    const known = isPlainText(stated) && stated !== '(devel)' ? stated : '';
    // Replaced by a folder of the machine that built it: what was in it is not known.
    const isLocal = /^[./]/.test(name) && replaced !== undefined;
    found.push({
      type: 'golang',
      name: isLocal ? replaced.name : name,
      version: known,
      licenses: [],
    });
  }
  return found;
}

/**
 * What a Go program records. Some are built without a list of modules (not in module mode): then
 * nobody knows what they contain.
 */
function goRecord(version: string, modules: string): RecordContent {
  const packages = goPackages(version, modules);
  return modules === ''
    ? { packages, unreadable: 'it is a Go program without a list of its modules' }
    : { packages };
}

/** Bytes of the last piece to check again with the next, as what is searched may be cut in two. */
const OVERLAP = 32;
const MAX_CAPTURES = 16;
/** Bytes that show what a file is; a program that contains a list is larger. */
const HEAD = 16 * 1024;
const LIBRARY = /\.(?:so(?:\.\d+)*|dll|exe|dylib)$/;
const PACKER = 'UPX!';
const PACKER_WITHIN = 1024;
const NONE: Buffer = Buffer.alloc(0);
const MAGIC_PART_AT = 2;
const MAGIC_PART = MAGIC.subarray(MAGIC_PART_AT, MAGIC_PART_AT + 7);

/**
 * Looks through a program, as it comes, for the lists that Go's linker and cargo-auditable put into
 * it. Both are found by their own first bytes: the table of sections that names their places stands
 * at the file's end.
 */
export class ProgramStream implements RecordStream {
  #state: 'start' | 'program' | 'other' = 'start';
  #tail: Buffer = NONE;
  #at = 0;
  readonly #budget: ReadBudget;
  #captures: Capture[] = [];
  #go: RecordContent | undefined;
  #rust: readonly RawPackage[] | undefined;
  #reason: string | undefined;

  constructor(budget: ReadBudget) {
    this.#budget = budget;
  }

  push(bytes: Uint8Array): void {
    if (this.#state === 'other') return;
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#state === 'program') {
      this.#look(chunk);
      return;
    }
    // Nearly always the first piece is enough, and is not copied.
    const head = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    this.#tail = head.length < HEAD ? Buffer.from(head) : NONE;
    if (head.length < HEAD) return;
    if (this.#begin(head)) this.#look(head);
  }

  end(): RecordContent {
    if (this.#state !== 'program') return NOTHING;
    // The same again with the end: zeros replace the bytes that would be checked behind it.
    this.#look(Buffer.alloc(OVERLAP));
    for (const capture of this.#captures) capture.end();
    const go = this.#go ?? NOTHING;
    const packages = [...go.packages, ...(this.#rust ?? [])];
    const reason = this.#reason ?? go.unreadable;
    return reason === undefined ? { packages } : { packages, unreadable: reason };
  }

  #begin(head: Buffer): boolean {
    const kind = executableKind(head);
    const isProgram = kind === 'elf' || kind === 'pe' || kind === 'macho';
    this.#state = isProgram ? 'program' : 'other';
    if (head.subarray(0, PACKER_WITHIN).includes(PACKER))
      this.#reason = 'it is packed (UPX): what it was built from cannot be seen';
    return isProgram;
  }

  #look(chunk: Buffer): void {
    for (const capture of this.#captures) capture.push(chunk);
    const tail = this.#tail;
    const from = this.#at - tail.length;
    // What begins in the last bytes is checked with the next piece, in full. Only the seam is
    // copied: copies of whole pieces cost 7 % of the time of a large image.
    if (chunk.length < 2 * OVERLAP)
      this.#tail = this.#scan(Buffer.concat([tail, chunk]), from, NONE);
    else {
      const seam = Buffer.concat([tail, chunk.subarray(0, OVERLAP)]);
      if (tail.length > 0) this.#scan(seam, from, chunk.subarray(OVERLAP));
      this.#tail = this.#scan(chunk, this.#at, NONE);
    }
    this.#captures = this.#captures.filter((capture) => !capture.isDone);
    this.#at += chunk.length;
  }

  /** Checks what begins in `input`, at `from` and before `rest`; gives its end, still unchecked. */
  #scan(input: Buffer, from: number, rest: Buffer): Buffer {
    const to = Math.max(0, input.length - OVERLAP);
    for (let at = magicFrom(input, 0); at >= 0 && at < to; at = magicFrom(input, at + 1))
      // The linker aligns it.
      if ((from + at) % 16 === 0)
        this.#capture([input.subarray(at), rest], MAGIC.length, MAX_MODULES + 1024, (bytes) =>
          this.#readGo(bytes),
        );
    for (let at = input.indexOf(ZLIB); at >= 0 && at < to; at = input.indexOf(ZLIB, at + 1))
      if (mayBeList(input, at))
        this.#capture([input.subarray(at), rest], FIRST_LOOK, MAX_LIST, (bytes) =>
          readList(bytes, (packages) => {
            this.#rust ??= packages;
          }),
        );
    return Buffer.from(input.subarray(to));
  }

  #readGo(bytes: Buffer): CaptureStep {
    const info = readBuildInfo(bytes);
    if ('need' in info) return info;
    if (info !== NOTHING) this.#go ??= info;
    return DONE;
  }

  #capture(
    [bytes, rest]: readonly [Buffer, Buffer],
    need: number,
    most: number,
    read: (bytes: Buffer) => CaptureStep,
  ): void {
    if (this.#budget.looks <= 0 || this.#captures.length >= MAX_CAPTURES) {
      this.#reason = 'too many places look like a list of packages';
      return;
    }
    this.#budget.looks -= 1;
    // Nearly no candidate is one: what is at hand rules most out without a copy.
    const first = bytes.length < need ? { need } : read(bytes.subarray(0, need));
    if ('done' in first) return;
    const capture = new Capture(first.need, most, read);
    capture.push(bytes);
    capture.push(rest);
    if (!capture.isDone) this.#captures.push(capture);
  }
}

/** Where Go's next mark is. Searches for 7 of its bytes, in a fifth of the time for all 14. */
function magicFrom(input: Buffer, from: number): number {
  for (let at = from - 1; ;) {
    at = input.indexOf(MAGIC_PART, at + 1 + MAGIC_PART_AT) - MAGIC_PART_AT;
    if (at < 0 || MAGIC.equals(input.subarray(at, at + MAGIC.length))) return at;
  }
}

/** Programs and libraries that may contain a list of what they were built from. */
export const PROGRAM: StreamReader = {
  matches: (path, entry) =>
    entry !== undefined && entry.size >= HEAD && ((entry.mode & 0o111) !== 0 || LIBRARY.test(path)),
  start: (_entry, budget) => new ProgramStream(budget),
};
