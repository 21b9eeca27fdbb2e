import { InflateSink } from './inflate-sink.ts';
import { MalformedRecord } from './malformed-record.ts';
import type { EntrySink, UnpackBudget } from './unpack-budget.ts';
import { ZIP_BYTES, ZIP_MARK } from './zip-records.ts';

const DESCRIPTOR = markBytes(ZIP_MARK.descriptor);
const LOCAL_MARK = markBytes(ZIP_MARK.local);
const HEADER = ZIP_BYTES.local;
/** Bytes that a descriptor may take, and the mark of what follows it. */
const BEHIND = 28;
/** A script may stand before an archive that runs itself. */
const MAX_PREFIX = 1024 * 1024;
const NONE: Buffer = Buffer.alloc(0);

interface LocalEntry {
  readonly name: string;
  readonly stored: boolean;
  /** Bytes in the archive; undefined where only a descriptor behind them tells (APPNOTE 4.3.9). */
  readonly size: number | undefined;
  readonly readable: boolean;
}

/**
 * Reads a zip archive from its first byte to its directory, as it comes (APPNOTE.TXT 4.3). `sinkFor` says who takes an entry's content;
 * entries nobody takes are passed over without being unpacked. The directory at the end is not read: entries are found by their local
 * headers. Throws MalformedRecord.
 */
export class ZipStream {
  readonly #sinkFor: (name: string) => EntrySink | undefined;
  readonly #budget: UnpackBudget;
  #held: Buffer = NONE;
  #state: 'prefix' | 'header' | 'content' | 'done' = 'prefix';
  #entry: LocalEntry | undefined;
  #sink: EntrySink | undefined;
  /** Bytes of the present entry that were taken. */
  #taken = 0;
  #at = 0;

  constructor(sinkFor: (name: string) => EntrySink | undefined, budget: UnpackBudget) {
    this.#sinkFor = sinkFor;
    this.#budget = budget;
  }

  push(bytes: Uint8Array): void {
    if (this.#state === 'done') return;
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const input = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const rest = input.subarray(this.#consume(input));
    this.#held = this.isDone || rest.length === 0 ? NONE : Buffer.from(rest);
  }

  /** True where the archive's directory was reached: no entry follows. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Takes what it can of the input; gives how much that was. */
  #consume(input: Buffer): number {
    let from = 0;
    for (;;) {
      const step = this.#step(input.subarray(from));
      if (step === 0 || this.isDone) return from + step;
      from += step;
    }
  }

  #step(input: Buffer): number {
    switch (this.#state) {
      case 'prefix':
        return this.#prefix(input);
      case 'header':
        return this.#header(input);
      case 'content':
        return this.#entry?.size === undefined
          ? this.#toDescriptor(input)
          : this.#counted(input, this.#entry.size);
      case 'done':
        return 0;
    }
  }

  #prefix(input: Buffer): number {
    // An archive without entries begins with the end of its directory.
    if (this.#at === 0 && input.length >= 4 && input.readUInt32LE(0) === ZIP_MARK.end) {
      this.#state = 'done';
      return 4;
    }
    const at = input.indexOf(LOCAL_MARK);
    const passed = at < 0 ? Math.max(0, input.length - 3) : at;
    this.#at += passed;
    if (this.#at > MAX_PREFIX) throw new MalformedRecord('it is no zip archive');
    if (at >= 0) this.#state = 'header';
    // Nothing may have been passed over where the archive begins right here.
    return at === 0 ? this.#header(input) : passed;
  }

  #header(input: Buffer): number {
    if (input.length < 4) return 0;
    if (input.readUInt32LE(0) !== ZIP_MARK.local) return this.#betweenEntries(input);
    if (input.length < HEADER) return 0;
    const end = HEADER + input.readUInt16LE(26) + input.readUInt16LE(28);
    if (input.length < end) return 0;
    if ((this.#budget.entries -= 1) < 0) throw new MalformedRecord('it has too many entries');
    this.#open(localEntry(input.subarray(0, end)));
    return end;
  }

  /** The directory ends the entries; a descriptor behind an entry of known size is passed over. */
  #betweenEntries(input: Buffer): number {
    if (input.length < BEHIND) return 0;
    if (input[0] === 0x50 && input[1] === 0x4b && !input.subarray(0, 4).equals(DESCRIPTOR)) {
      this.#state = 'done';
      return 4;
    }
    const next = input.indexOf('PK', 4, 'latin1');
    if (next < 12 || next > 24) throw new MalformedRecord('an entry is not where it should be');
    return next;
  }

  #open(entry: LocalEntry): void {
    const sink = this.#sinkFor(entry.name);
    if (sink !== undefined && !entry.readable)
      throw new MalformedRecord(
        'an entry is encrypted, or compressed in another way than by deflate',
      );
    this.#entry = entry;
    this.#taken = 0;
    this.#sink = sink === undefined || entry.stored ? sink : new InflateSink(sink, this.#budget);
    this.#state = 'content';
  }

  #give(bytes: Buffer): void {
    this.#taken += bytes.length;
    if (bytes.length > 0 && this.#sink?.push(bytes) === false) this.#close();
  }

  #close(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end();
  }

  #counted(input: Buffer, size: number): number {
    const part = input.subarray(0, size - this.#taken);
    this.#give(part);
    if (this.#taken === size) {
      this.#close();
      this.#state = 'header';
      return part.length === 0 ? this.#header(input) : part.length;
    }
    return part.length;
  }

  /** The content ends where a descriptor stands that tells how long it was. */
  #toDescriptor(input: Buffer): number {
    for (let at = input.indexOf(DESCRIPTOR); at >= 0; at = input.indexOf(DESCRIPTOR, at + 1)) {
      if (at + BEHIND > input.length) break;
      const length = descriptorLength(input.subarray(at), this.#taken + at);
      if (length === undefined) continue;
      this.#give(input.subarray(0, at));
      this.#close();
      this.#state = 'header';
      return at + length;
    }
    const safe = Math.max(0, input.length - BEHIND);
    this.#give(input.subarray(0, safe));
    return safe;
  }
}

/** Sizes in a descriptor take 4 bytes, or 8 where the archive is of the zip64 kind. */
function descriptorLength(bytes: Buffer, size: number): number | undefined {
  const isNext = (at: number): boolean => bytes[at] === 0x50 && bytes[at + 1] === 0x4b;
  if (bytes.readUInt32LE(8) === size && isNext(16)) return 16;
  return Number(bytes.readBigUInt64LE(8)) === size && isNext(24) ? 24 : undefined;
}

function localEntry(header: Buffer): LocalEntry {
  const flags = header.readUInt16LE(6);
  const method = header.readUInt16LE(8);
  const nameEnd = HEADER + header.readUInt16LE(26);
  const size = compressedSize(header, nameEnd);
  const isUnknown = (flags & 8) !== 0 && size === 0;
  return {
    name: header.toString('utf8', HEADER, nameEnd),
    stored: method === 0,
    size: isUnknown ? undefined : size,
    readable: (flags & 1) === 0 && (method === 0 || method === 8),
  };
}

function compressedSize(header: Buffer, extraFrom: number): number {
  const size = header.readUInt32LE(18);
  if (size !== 0xffffffff) return size;
  // The zip64 field holds the plain size, then this one (4.5.3).
  for (let at = extraFrom; at + 4 <= header.length; at += 4 + header.readUInt16LE(at + 2))
    if (header.readUInt16LE(at) === 1 && at + 20 <= header.length)
      return Number(header.readBigUInt64LE(at + 12));
  throw new MalformedRecord('an entry states no size');
}

function markBytes(mark: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(mark);
  return bytes;
}
