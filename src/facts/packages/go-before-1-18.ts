import { elfSegments, offsetOf, type Segment } from '../../formats/elf.ts';
import { Capture, DONE } from './capture.ts';
import {
  type GoBuildInfo,
  goPackages,
  MAX_MODULES,
  MODULES_END,
  MODULES_START,
  pointerAt,
} from './go-build-info.ts';
import { NOTHING, type RecordContent } from './record.ts';

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
export class GoBefore118 {
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

  /** A string is the address of its text and the text's length. */
  #readString(bytes: Buffer, { pointerSize, bigEndian }: Pointer): void {
    if (bytes.length < 2 * pointerSize) return;
    const address = pointerAt(bytes, 0, pointerSize, bigEndian);
    const length = Number(pointerAt(bytes, pointerSize, pointerSize, bigEndian));
    const text = this.#versions.get(offsetOf(this.#segments, address) ?? -1);
    if (length > 0 && length <= VERSION_LENGTH) this.#version = text?.slice(0, length);
  }
}
