import { MalformedRecord } from '../../formats/malformed-record.ts';
import type { EntrySink, UnpackBudget } from '../../formats/unpack-budget.ts';

const BLOCK = 512;
const MAGIC = Buffer.from('ustar');
const MAGIC_AT = 257;

/** True where a tar archive begins, of POSIX or GNU. */
export function isTar(head: Uint8Array): boolean {
  // Most files are none: the first byte tells.
  return (
    head.length >= BLOCK &&
    head[MAGIC_AT] === MAGIC[0] &&
    MAGIC.every((byte, at) => head[MAGIC_AT + at] === byte)
  );
}

function text(header: Uint8Array, from: number, length: number): string {
  return (
    Buffer.from(header.subarray(from, from + length))
      .toString('latin1')
      .split('\0', 1)[0] ?? ''
  );
}

/** Splits a tar in a file into members, named by their headers without records of long names. */
export class TarSplit implements EntrySink {
  readonly #member: (name: string) => EntrySink;
  readonly #budget: UnpackBudget;
  readonly #header = new Uint8Array(BLOCK);
  #filled = 0;
  #left = 0;
  #padding = 0;
  #sink: EntrySink | undefined;

  constructor(member: (name: string) => EntrySink, budget: UnpackBudget) {
    this.#member = member;
    this.#budget = budget;
  }

  push(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) at += this.#take(bytes.subarray(at));
    return true;
  }

  end(): void {
    this.#sink?.end();
    this.#sink = undefined;
  }

  #take(bytes: Uint8Array): number {
    if (this.#left > 0) {
      const part = bytes.subarray(0, this.#left);
      this.#left -= part.length;
      this.#sink?.push(part);
      if (this.#left === 0) this.end();
      return part.length;
    }
    const room = this.#padding > 0 ? this.#padding : BLOCK - this.#filled;
    const part = bytes.subarray(0, room);
    if (this.#padding > 0) this.#padding -= part.length;
    else {
      this.#header.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled === BLOCK) this.#open();
    }
    return part.length;
  }

  #open(): void {
    this.#filled = 0;
    const header = this.#header;
    if (header.every((byte) => byte === 0)) return;
    if (!isTar(header)) throw new MalformedRecord('it is not a tar archive');
    if ((this.#budget.entries -= 1) < 0) throw new MalformedRecord('it has too many entries');
    const size = Number.parseInt(text(header, 124, 12).trim() || '0', 8);
    if (!Number.isSafeInteger(size)) throw new MalformedRecord('an entry has no size');
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (size === 0 || !['0', '\0', '7'].includes(type)) return;
    const prefix = text(header, 345, 155);
    const name = text(header, 0, 100);
    this.#sink = this.#member(prefix === '' ? name : `${prefix}/${name}`);
  }
}
