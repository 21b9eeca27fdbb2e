import { executableKind } from '../filesystem/executable-kind.ts';
import type { RawPackage } from '../layer-facts.ts';
import { Capture, type CaptureStep, DONE } from './capture.ts';
import { FIRST_LOOK, MAX_LIST, mayBeList, readList, ZLIB } from './cargo-auditable.ts';
import { GoBefore118 } from './go-before-1-18.ts';
import { goRecord, MAGIC, MAX_MODULES, readBuildInfo } from './go-build-info.ts';
import {
  NOTHING,
  type ReadBudget,
  type RecordContent,
  type RecordStream,
  type StreamReader,
} from './record.ts';

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
