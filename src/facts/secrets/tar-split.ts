import { MalformedRecord } from '../../formats/malformed-record.ts';
import type { EntrySink, UnpackBudget } from '../../formats/unpack-budget.ts';

const BLOCK = 512;
const MAGIC = Buffer.from('ustar');
const MAGIC_AT = 257;

/** True where a tar archive begins, of POSIX or GNU. */
export function isTar(head: Uint8Array): boolean {
  // Most files are none: the first byte shows it.
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

/** What both kinds of archive have: headers of one length, and members behind them. */
abstract class Split implements EntrySink {
  readonly #member: (name: string) => EntrySink;
  readonly #budget: UnpackBudget;
  readonly #header: Uint8Array;
  #filled = 0;
  #left = 0;
  #padding: number;
  #sink: EntrySink | undefined;

  /** `length` of a header; `skipped` bytes before the first. */
  constructor(
    member: (name: string) => EntrySink,
    budget: UnpackBudget,
    length: number,
    skipped = 0,
  ) {
    this.#member = member;
    this.#budget = budget;
    this.#header = new Uint8Array(length);
    this.#padding = skipped;
  }

  /** The entry that a header begins; no name for one that is passed over. */
  protected abstract entry(header: Uint8Array): Entry | undefined;

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
    const { length } = this.#header;
    const part = bytes.subarray(0, this.#padding > 0 ? this.#padding : length - this.#filled);
    if (this.#padding > 0) this.#padding -= part.length;
    else {
      this.#header.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled === length) this.#open();
    }
    return part.length;
  }

  #open(): void {
    this.#filled = 0;
    const entry = this.entry(this.#header);
    if (entry === undefined) return;
    const { name, size, padding } = entry;
    if ((this.#budget.entries -= 1) < 0) throw new MalformedRecord('it has too many entries');
    if (!Number.isSafeInteger(size)) throw new MalformedRecord('an entry has no size');
    this.#left = size;
    this.#padding = padding;
    if (size > 0 && name !== undefined) this.#sink = this.#member(name);
  }
}

interface Entry {
  readonly name: string | undefined;
  readonly size: number;
  readonly padding: number;
}

/** A tar in a file, its members named by their headers without records of long names. */
export class TarSplit extends Split {
  constructor(member: (name: string) => EntrySink, budget: UnpackBudget) {
    super(member, budget, BLOCK);
  }

  protected entry(header: Uint8Array): Entry | undefined {
    if (header.every((byte) => byte === 0)) return undefined;
    if (!isTar(header)) throw new MalformedRecord('it is not a tar archive');
    const size = Number.parseInt(text(header, 124, 12).trim() || '0', 8);
    const isFile = ['0', '\0', '7'].includes(String.fromCharCode(header[156] ?? 0));
    const prefix = text(header, 345, 155);
    const name = `${prefix}${prefix === '' ? '' : '/'}${text(header, 0, 100)}`;
    return { name: isFile ? name : undefined, size, padding: (BLOCK - (size % BLOCK)) % BLOCK };
  }
}

/** An ar archive, as packages of Debian are (deb(5)). */
export class ArSplit extends Split {
  constructor(member: (name: string) => EntrySink, budget: UnpackBudget) {
    super(member, budget, 60, 8);
  }

  protected entry(header: Uint8Array): Entry {
    if (text(header, 58, 2) !== '`\n') throw new MalformedRecord('it is not an ar archive');
    const size = Number.parseInt(text(header, 48, 10).trim(), 10);
    return { name: text(header, 0, 16).trim(), size, padding: size % 2 };
  }
}
