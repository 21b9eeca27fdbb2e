import { constants, inflateSync } from 'node:zlib';
import { elfSegments, offsetOf, type Segment } from '../../image/formats/elf.ts';
import { isObject, type JsonObject, parseJson } from '../../lib/json.ts';
import type { RawPackage } from '../layer-facts.ts';
import { executableKind } from '../layer-files.ts';
import {
  Capture,
  type CaptureStep,
  DONE,
  isPlainText,
  NOTHING,
  type ReadBudget,
  type RecordContent,
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
    const { name, version } = item;
    return isPlainText(name) && isPlainText(version)
      ? [{ type: 'cargo', name, version, licenses: [] }]
      : [];
  });
}

/** 16-byte marks that Go puts around its module list (src/cmd/go/internal/modload/build.go). */
const MODULES_START = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
const MODULES_END = Buffer.from('f932433186182072008242104116d8f2', 'hex');
/** Begins the build information (src/debug/buildinfo/buildinfo.go); it is aligned to 16 bytes. */
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');

const HEADER = 32;
const INLINE = 2;
const BIG_ENDIAN = 1;
const MAX_MODULES = 8 * 1024 * 1024;

type GoBuildInfo =
  /** Since Go 1.18: version and module list follow the header. */
  | { readonly form: 'inline'; readonly version: string; readonly modules: string }
  /** Before: the header has the address of the version's string. */
  | {
      readonly form: 'pointer';
      readonly pointerSize: 4 | 8;
      readonly bigEndian: boolean;
      readonly version: bigint;
    }
  | { readonly form: 'none' };

/** Reads build information from its magic on, or says how many bytes it needs to do so. */
function readBuildInfo(bytes: Buffer): GoBuildInfo | { readonly need: number } {
  if (bytes.length < HEADER) return { need: HEADER };
  const pointerSize = bytes.readUInt8(14);
  const flags = bytes.readUInt8(15);
  if ((flags & INLINE) === 0) {
    if (pointerSize !== 4 && pointerSize !== 8) return { form: 'none' };
    const bigEndian = (flags & BIG_ENDIAN) !== 0;
    return {
      form: 'pointer',
      pointerSize,
      bigEndian,
      version: pointerAt(bytes, 16, pointerSize, bigEndian),
    };
  }
  const version = countedText(bytes, HEADER);
  if ('need' in version) return version;
  if (!/^(?:go|devel)/.test(version.text.toString('latin1', 0, 5))) return { form: 'none' };
  const modules = countedText(bytes, version.end);
  if ('need' in modules)
    // A length that no module list has: the magic is in a program that looks for it.
    return modules.need > MAX_MODULES ? { form: 'none' } : modules;
  return {
    form: 'inline',
    version: version.text.toString('utf8'),
    modules: withoutMarks(modules.text),
  };
}

function pointerAt(bytes: Buffer, at: number, size: 4 | 8, bigEndian: boolean): bigint {
  if (size === 4) return BigInt(bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  return bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at);
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

function withoutMarks(text: Buffer): string {
  const marked = text.length >= 33 && text[text.length - 17] === 0x0a;
  return marked ? text.toString('utf8', 16, text.length - 16) : '';
}

/**
 * Packages of a Go program: its standard library (by Go's version), its main module and those it
 * depends on, each replaced one by what replaces it. A main module that was built from a working
 * tree has no version.
 */
function goPackages(version: string | undefined, modules: string): readonly RawPackage[] {
  const found: RawPackage[] = [];
  const stdlib = /^go(\d[\w.-]*)/.exec(version ?? '')?.[1];
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
function goRecord({
  version,
  modules,
}: {
  readonly version: string;
  readonly modules: string;
}): RecordContent {
  const packages = goPackages(version, modules);
  return modules === ''
    ? { packages, unreadable: 'it is a Go program without a list of its modules' }
    : { packages };
}

/** Of the note that Go's linker writes near the beginning: its type, and its name `Go`. */
const NOTE = Buffer.from('04000000476f0000', 'hex');
const VERSION = Buffer.from('go1.');
const VERSION_LENGTH = 24;
const MAX_VERSIONS = 256;

type Pointer = Extract<GoBuildInfo, { readonly form: 'pointer' }>;

/**
 * Build information as Go wrote it before 1.18: the addresses of a string for the version and of
 * another for the modules. The strings' texts lie before the addresses, so each text that may be
 * the version is noted as it passes; the modules are found by the marks around them.
 */
class GoBefore118 {
  readonly #segments: readonly Segment[];
  /** Other programs are not looked through. */
  readonly #isGo: boolean;
  /** Texts that may be the version, by their offset. */
  readonly #versions = new Map<number, string>();
  #pointer: Pointer | undefined;
  /** Where the string is that the version's address points to. */
  #stringAt: number | undefined;
  #version: string | undefined;
  #capture: Capture | undefined;
  #modules: string | undefined;

  /** `head`: the file's first bytes, with its program headers. */
  constructor(head: Buffer) {
    this.#isGo = head.includes(NOTE);
    this.#segments = this.#isGo ? elfSegments(head) : [];
  }

  /** The build information was found and has this form. */
  found(pointer: Pointer): void {
    if (this.#pointer !== undefined) return;
    this.#pointer = pointer;
    this.#stringAt = offsetOf(this.#segments, pointer.version);
  }

  /** Takes the next piece of the file for what is being gathered; comes before it is scanned. */
  push(chunk: Buffer): void {
    this.#capture?.push(chunk);
  }

  /** Checks what begins before `to` in `input`, which is at `from` in the file, before `rest`. */
  scan(input: Buffer, from: number, to: number, rest: Buffer): void {
    if (!this.#isGo) return;
    for (let at = input.indexOf(VERSION); at >= 0 && at < to; at = input.indexOf(VERSION, at + 4))
      if (this.#versions.size < MAX_VERSIONS)
        this.#versions.set(from + at, input.toString('latin1', at, at + VERSION_LENGTH));
    const start = this.#capture === undefined ? input.indexOf(MODULES_START) : -1;
    if (start >= 0 && start < to) this.#captureModules(input.subarray(start), rest);
    const at = (this.#stringAt ?? -1) - from;
    if (this.#pointer !== undefined && at >= 0 && at < to)
      this.#readString(input.subarray(at), this.#pointer);
  }

  end(): RecordContent {
    if (this.#pointer === undefined) return NOTHING;
    const packages = goPackages(this.#version, this.#modules ?? '');
    if (this.#modules === undefined)
      return {
        packages,
        unreadable: 'it was built by a Go before 1.18, and its modules were not found',
      };
    return this.#version === undefined
      ? { packages, unreadable: 'it was built by a Go before 1.18 whose version was not found' }
      : { packages };
  }

  #captureModules(bytes: Buffer, rest: Buffer): void {
    this.#capture = new Capture(MODULES_START.length, MAX_MODULES, (held) => {
      const end = held.indexOf(MODULES_END);
      if (end < 0) return { need: held.length * 2 };
      this.#modules = held.toString('utf8', MODULES_START.length, end);
      return DONE;
    });
    this.#capture.push(bytes);
    this.#capture.push(rest);
  }

  #readString(bytes: Buffer, { pointerSize, bigEndian }: Pointer): void {
    if (bytes.length < 2 * pointerSize) return;
    const address = pointerAt(bytes, 0, pointerSize, bigEndian);
    const length = Number(pointerAt(bytes, pointerSize, pointerSize, bigEndian));
    const text = this.#versions.get(offsetOf(this.#segments, address) ?? -1);
    if (length > 0 && length <= VERSION_LENGTH) this.#version = text?.slice(0, length);
  }
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
  /** Offset in the file of what comes next. */
  #at = 0;
  readonly #budget: ReadBudget;
  #captures: Capture[] = [];
  #go: RecordContent | undefined;
  #rust: readonly RawPackage[] | undefined;
  #old: GoBefore118 | undefined;
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
    const go = this.#go ?? this.#old?.end() ?? NOTHING;
    const packages = [...go.packages, ...(this.#rust ?? [])];
    const reason = this.#reason ?? go.unreadable;
    return reason === undefined ? { packages } : { packages, unreadable: reason };
  }

  /** Decides by the first bytes whether it is a program. */
  #begin(head: Buffer): boolean {
    const kind = executableKind(head);
    const isProgram = kind === 'elf' || kind === 'pe' || kind === 'macho';
    this.#state = isProgram ? 'program' : 'other';
    this.#old = new GoBefore118(head.subarray(0, HEAD));
    if (head.subarray(0, PACKER_WITHIN).includes(PACKER))
      this.#reason = 'it is packed (UPX): what it was built from cannot be seen';
    return isProgram;
  }

  #look(chunk: Buffer): void {
    for (const capture of this.#captures) capture.push(chunk);
    this.#old?.push(chunk);
    const tail = this.#tail;
    const from = this.#at - tail.length;
    // What begins in the last bytes is checked with the next piece, in full: then the seam is,
    // without a copy of the piece.
    if (chunk.length < 2 * OVERLAP) {
      const input = Buffer.concat([tail, chunk]);
      this.#tail = this.#scan(input, from, NONE);
    } else {
      const seam = Buffer.concat([tail, chunk.subarray(0, OVERLAP)]);
      if (tail.length > 0) this.#scan(seam, from, chunk.subarray(OVERLAP));
      this.#tail = this.#scan(chunk, this.#at, NONE);
    }
    this.#captures = this.#captures.filter((capture) => !capture.isDone);
    this.#at += chunk.length;
  }

  /**
   * Checks what begins in `input`, which is at `from` and before `rest`. Gives the bytes at its end
   * that are yet to be checked.
   */
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
    this.#old?.scan(input, from, to, rest);
    return Buffer.from(input.subarray(to));
  }

  #readGo(bytes: Buffer): CaptureStep {
    const info = readBuildInfo(bytes);
    if ('need' in info) return info;
    if (info.form === 'inline') this.#go ??= goRecord(info);
    if (info.form === 'pointer') this.#old?.found(info);
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
