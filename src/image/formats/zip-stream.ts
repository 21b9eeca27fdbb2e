import { type EntrySink, InflateSink, type UnpackBudget } from './inflate.ts';
import { MalformedRecord } from './sqlite.ts';
import {
  DESCRIPTOR_BYTES,
  DESCRIPTOR_REACH,
  descriptorBefore,
  ZIP_BYTES,
  ZIP_MARK,
  zipDirectory,
  type ZipMember,
} from './zip.ts';

const LOCAL_MARK = 'PK\u0003\u0004';
const HEADER = ZIP_BYTES.local;
/** Of 300,000 entries and more. */
const MAX_DIRECTORY = 32 * 1024 * 1024;
/** A script may stand before an archive that runs itself. */
const MAX_PREFIX = 1024 * 1024;
const NONE: Buffer = Buffer.alloc(0);

interface LocalEntry {
  readonly name: string;
  readonly method: number;
  /** Bytes in the archive; undefined if only a descriptor after them says it (APPNOTE 4.3.9). */
  readonly size: number | undefined;
  readonly readable: boolean;
}

/**
 * Reads a zip archive as it comes (APPNOTE.TXT 4.3). `sinkFor` says who takes an entry's content
 * and is known to unpack or not; entries nobody takes are passed over without being unpacked.
 * Entries are found by their local headers, and the directory at the end rules, as it does for
 * other readers: `end` throws where it has other members. Throws MalformedRecord.
 */
export class ZipStream {
  readonly #sinkFor: (name: string, isReadable: boolean) => EntrySink | undefined;
  readonly #budget: UnpackBudget;
  #held: Buffer = NONE;
  #state: 'prefix' | 'header' | 'content' | 'directory' = 'prefix';
  #entry: LocalEntry | undefined;
  /** What was found where, until the directory names it. */
  readonly #found = new Map<number, string>();
  readonly #directory: Buffer[] = [];
  #directoryLength = 0;
  #sink: EntrySink | undefined;
  /** Bytes of the present entry that were taken. */
  #taken = 0;
  /** Where the present entry and the present step begin in the file. */
  #entryAt = 0;
  #at = 0;

  constructor(
    sinkFor: (name: string, isReadable: boolean) => EntrySink | undefined,
    budget: UnpackBudget,
  ) {
    this.#sinkFor = sinkFor;
    this.#budget = budget;
  }

  push(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const input = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const rest = input.subarray(this.#consume(input));
    this.#held = rest.length === 0 ? NONE : Buffer.from(rest);
  }

  /** The file ends here: its directory must have the entries that were found, and no others. */
  end(): void {
    if (this.#state !== 'directory') throw new MalformedRecord('it is cut off');
    const bytes = Buffer.concat(this.#directory);
    const directory = zipDirectory(bytes, this.#at - bytes.length);
    if (directory?.start !== 0) throw new MalformedRecord('its directory cannot be read');
    const isFound = (member: ZipMember): boolean =>
      this.#found.get(member.local) === identity(member) && this.#found.delete(member.local);
    if (!directory.members.every(isFound) || this.#found.size > 0)
      throw new MalformedRecord('its directory has other entries than were found');
  }

  #consume(input: Buffer): number {
    let from = 0;
    for (;;) {
      const step = this.#step(input.subarray(from));
      if (step === 0) return from;
      from += step;
      this.#at += step;
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
      case 'directory':
        return this.#hold(input);
    }
  }

  #prefix(input: Buffer): number {
    // An archive without entries begins with the end of its directory.
    if (this.#at === 0 && input.length >= 4 && input.readUInt32LE(0) === ZIP_MARK.end)
      return this.#hold(input);
    const at = input.indexOf(LOCAL_MARK, 0, 'latin1');
    const passed = at < 0 ? Math.max(0, input.length - 3) : at;
    if (this.#at + passed > MAX_PREFIX) throw new MalformedRecord('it is not a zip archive');
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
    if (input.readUInt32LE(0) === ZIP_MARK.central) return this.#hold(input);
    if (input.length < DESCRIPTOR_REACH) return 0;
    const length = DESCRIPTOR_BYTES.find((end) => this.#descriptorBefore(input, end) === end);
    if (length === undefined) throw new MalformedRecord('an entry is not where it should be');
    return length;
  }

  /** The directory is read when all of it is there. */
  #hold(input: Buffer): number {
    this.#state = 'directory';
    if (input.length === 0) return 0;
    this.#directoryLength += input.length;
    if (this.#directoryLength > MAX_DIRECTORY)
      throw new MalformedRecord('its directory is too large');
    this.#directory.push(Buffer.from(input));
    return input.length;
  }

  #open(entry: LocalEntry): void {
    const sink = this.#sinkFor(entry.name, entry.readable);
    if (sink !== undefined && !entry.readable)
      throw new MalformedRecord(
        'an entry is encrypted, or compressed in another way than by deflate',
      );
    this.#entry = entry;
    this.#entryAt = this.#at;
    this.#taken = 0;
    this.#sink =
      sink === undefined || entry.method === 0 ? sink : new InflateSink(sink, this.#budget);
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

  #finish(): void {
    this.#close();
    this.#state = 'header';
    if (this.#entry !== undefined)
      this.#found.set(this.#entryAt, identity({ ...this.#entry, packed: this.#taken }));
  }

  #counted(input: Buffer, size: number): number {
    const part = input.subarray(0, size - this.#taken);
    this.#give(part);
    if (this.#taken === size) {
      this.#finish();
      return part.length === 0 ? this.#header(input) : part.length;
    }
    return part.length;
  }

  /** The content ends where a descriptor gives its length and a header follows. */
  #toDescriptor(input: Buffer): number {
    for (let at = input.indexOf('PK', 12, 'latin1'); at >= 0;) {
      if (at + 4 > input.length) break;
      const length = this.#descriptorBefore(input, at);
      if (length !== undefined) {
        this.#give(input.subarray(0, at - length));
        this.#finish();
        return at;
      }
      at = input.indexOf('PK', at + 1, 'latin1');
    }
    const safe = Math.max(0, input.length - DESCRIPTOR_REACH);
    this.#give(input.subarray(0, safe));
    return safe;
  }

  #descriptorBefore(input: Buffer, end: number): number | undefined {
    return descriptorBefore(input, end, {
      before: this.#taken,
      isStored: this.#entry?.method === 0,
    });
  }
}

/** What both headers of an entry must have alike. */
function identity(entry: Pick<ZipMember, 'name' | 'method' | 'packed'>): string {
  return `${entry.method} ${entry.packed} ${entry.name}`;
}

function localEntry(header: Buffer): LocalEntry {
  const flags = header.readUInt16LE(6);
  const method = header.readUInt16LE(8);
  const nameEnd = HEADER + header.readUInt16LE(26);
  const size = compressedSize(header, nameEnd);
  const isUnknown = (flags & 8) !== 0 && size === 0;
  return {
    name: header.toString('utf8', HEADER, nameEnd),
    method,
    size: isUnknown ? undefined : size,
    readable: (flags & 1) === 0 && (method === 0 || method === 8),
  };
}

function compressedSize(header: Buffer, extraFrom: number): number {
  const size = header.readUInt32LE(18);
  if (size !== 0xffffffff) return size;
  // The zip64 field has the plain size first, then this one (4.5.3).
  for (let at = extraFrom; at + 4 <= header.length; at += 4 + header.readUInt16LE(at + 2))
    if (header.readUInt16LE(at) === 1 && at + 20 <= header.length)
      return Number(header.readBigUInt64LE(at + 12));
  throw new MalformedRecord('an entry does not state its size');
}
