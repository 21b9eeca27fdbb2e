import { BYTE_SCAN_WASM } from './byte-scan-wasm.ts';
import { keywordTables } from './keyword-tables.ts';

/**
 * What was found in bytes: pairs of numbers, what it is and at which byte. In each group about in
 * order:
 * - FIRST_KEYWORD and the number of a keyword, for every place where one is within six or more
 *   bytes that can be printed;
 * - BASE64_RUN where 40 letters of base64 or more begin, then 0 where they end;
 * - UTF16 or UTF16_NUL_FIRST for the first of blocks of 16 bytes that are UTF-16 of Latin letters:
 *   a letter first, or its NUL; UTF16_END
 *   for the block behind them, or the first behind the end.
 */
export type Findings = Uint32Array;

export const BASE64_RUN = 1;
export const UTF16 = 2;
export const UTF16_NUL_FIRST = 3;
export const UTF16_END = 4;
export const FIRST_KEYWORD = 5;

const PAGE = 65_536;
/** Content has zeros around it: a step reads the next one's bytes too. */
const MARGIN = 128;
const FINDING_BYTES = 8;
const MOST_FINDINGS = 64 * 1024;
/** More than one step finds: 32 pairs, and as many keywords as have the same. */
const MOST_OF_A_STEP = 32 * 1024;
const NONE: Findings = new Uint32Array(0);

interface ByteScanExports {
  readonly scan: (at: number, end: number) => number;
  readonly next: { readonly value: number };
}

interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** What is used of it: the types of Node.js have none. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const { Module, Memory, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyApi;

let module: object | undefined;

/** Searches bytes for keywords and other spellings of text, in WebAssembly (byte-scan.wat). */
export class ByteScan {
  /** Tables, findings, content. */
  readonly #memory: Memory;
  readonly #exports: ByteScanExports;
  readonly #results: number;
  readonly #content: number;
  #bytes: Uint8Array;

  /** `keywords`: three bytes at least each, else this throws. */
  constructor(keywords: readonly Uint8Array[]) {
    const tables = keywordTables(keywords);
    this.#results = Math.ceil(tables.length / FINDING_BYTES) * FINDING_BYTES;
    this.#content = this.#results + MOST_FINDINGS * FINDING_BYTES + MARGIN;
    this.#memory = new Memory({ initial: Math.ceil(this.#content / PAGE) });
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#bytes.set(tables);
    module ??= new Module(Buffer.from(BYTE_SCAN_WASM, 'base64'));
    const { exports } = new Instance(module, {
      kernel: {
        memory: this.#memory,
        content: this.#content,
        results: this.#results,
        resultsFull: this.#results + (MOST_FINDINGS - MOST_OF_A_STEP) * FINDING_BYTES,
      },
    });
    this.#exports = exports as ByteScanExports;
  }

  scan(bytes: Uint8Array): Findings {
    this.#load(bytes);
    const end = this.#content + bytes.length;
    let all = NONE;
    for (let at = this.#content; at < end;) {
      at = this.#exports.scan(at, end);
      const count = (this.#exports.next.value - this.#results) / 4;
      if (count === 0) continue;
      const before = all;
      all = new Uint32Array(before.length + count);
      all.set(before);
      all.set(new Uint32Array(this.#bytes.buffer, this.#results, count), before.length);
    }
    return all;
  }

  #load(bytes: Uint8Array): void {
    const end = this.#content + bytes.length;
    const missing = end + MARGIN - this.#bytes.length;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE));
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    this.#bytes.set(bytes, this.#content);
    this.#bytes.fill(0, end, end + MARGIN);
  }
}
