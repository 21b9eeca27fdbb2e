import { InflateSink } from '../../formats/inflate-sink.ts';
import { MalformedRecord } from '../../formats/malformed-record.ts';
import type { EntrySink } from '../../formats/unpack-budget.ts';
import { LARGEST_COMMENT, ZIP_BYTES } from '../../formats/zip-records.ts';
import { ZipStream } from '../../formats/zip-stream.ts';
import type { ScanBudget } from './scan-budget.ts';
import { isTar, TarSplit } from './tar-split.ts';

/** An ear holds a war holds a jar holds a zip holds a gzip. */
const MAX_DEPTH = 5;

type Member = (name: string) => EntrySink;

/** Begins of what is packed in a way that is not opened here. */
const OTHERS: readonly (readonly [kind: string, magic: Uint8Array])[] = [
  ['xz', magic('fd377a585a')],
  ['zstd', magic('28b52ffd')],
  ['bzip2', magic('425a68')],
  ['7z', magic('377abcaf271c')],
  ['rar', magic('526172211a07')],
  ['lz4', magic('04224d18')],
];
const GZIP = magic('1f8b08');
const SCRIPT = magic('2321');

const END_MARK = magic('504b0506');
const LISTED_MARK = magic('504b0102');
/** A zip archive, and one that was made in parts and is whole (APPNOTE.TXT 8.5.4). */
const ZIP_HEADS = ['504b0304', '504b0708504b0304', '504b3030504b0304'].map(magic);

/** True where content seems to end with a zip directory: readers ignore how it begins. */
export function endsAsZip(tail: Uint8Array): boolean {
  const from = Math.max(0, tail.length - ZIP_BYTES.end - LARGEST_COMMENT);
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.length);
  for (let end = bytes.indexOf(END_MARK, from); end >= 0;) {
    const isWhole = end + ZIP_BYTES.end <= bytes.length;
    // Readers go by the size of the directory, whatever number of entries is said.
    if (isWhole && bytes.readUInt32LE(end + 12) > 0)
      return bytes.subarray(0, end).includes(LISTED_MARK);
    end = bytes.indexOf(END_MARK, end + 1);
  }
  return false;
}

function magic(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function begins(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let at = 0; at < start.length; at += 1) if (bytes[at] !== start[at]) return false;
  return true;
}

/**
 * What opens content with this beginning and passes on its members; undefined where it is not
 * packed, or is packed in a way that is not opened.
 */
export function openerOf(
  head: Uint8Array,
  depth: number,
  budget: ScanBudget,
  unopened: (kind: string) => void,
  member: Member,
): EntrySink | undefined {
  if (head.length < 8) return undefined;
  const kind = OTHERS.find(([, start]) => begins(head, start))?.[0];
  if (kind !== undefined) unopened(kind);
  const make = sinkFor(head, budget, unopened, member);
  if (make === undefined) return undefined;
  if (depth < MAX_DEPTH) return new Guarded(make(), budget, unopened);
  budget.gap(`it contains archives in archives, more than ${MAX_DEPTH} deep`);
  return undefined;
}

function sinkFor(
  head: Uint8Array,
  budget: ScanBudget,
  unopened: (kind: string) => void,
  member: Member,
): (() => EntrySink) | undefined {
  if (ZIP_HEADS.some((start) => begins(head, start)) || isSelfStarting(head))
    return () => {
      const zip = new ZipStream((name, isReadable) => {
        if (!isReadable) unopened('encrypted or unusual zip');
        // A name that ends as a folder's does keeps nobody from reading what is under it.
        return isReadable ? member(name) : undefined;
      }, budget);
      return {
        push: (bytes) => {
          zip.push(bytes);
          return true;
        },
        end: () => {
          zip.end();
        },
      };
    };
  if (begins(head, GZIP)) return () => new InflateSink(member('content'), budget, 'gzip');
  return isTar(head) ? () => new TarSplit(member, budget) : undefined;
}

/** A script and then a zip: what Python calls a zipapp, and jars that start by themselves. */
function isSelfStarting(head: Uint8Array): boolean {
  return (
    begins(head, SCRIPT) &&
    Buffer.from(head.subarray(0, 65_536)).includes('PK\x03\x04', 0, 'latin1')
  );
}

/** A damaged archive ends with what was had of it. */
class Guarded implements EntrySink {
  readonly #sink: EntrySink;
  readonly #budget: ScanBudget;
  readonly #unopened: (kind: string) => void;
  #isBroken = false;

  constructor(sink: EntrySink, budget: ScanBudget, unopened: (kind: string) => void) {
    this.#sink = sink;
    this.#budget = budget;
    this.#unopened = unopened;
  }

  push(bytes: Uint8Array): boolean {
    return this.#try(() => this.#sink.push(bytes));
  }

  end(): void {
    if (this.#isBroken) return;
    this.#try(() => {
      this.#sink.end();
      return false;
    });
  }

  #try(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MalformedRecord)) throw error;
      this.#isBroken = true;
      if (this.#budget.entries < 0 || this.#budget.inflated < 0)
        this.#budget.gap('archives in the layer unpack to too much');
      else this.#unopened('damaged archive');
      return false;
    }
  }
}
