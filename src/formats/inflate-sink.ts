import zlib from 'node:zlib';
import { UserError } from '../model/errors.ts';
import { DrivenZlib } from './driven-zlib.ts';
import { MalformedRecord } from './malformed-record.ts';
import type { EntrySink, UnpackBudget } from './unpack-budget.ts';

/** What one call takes: where the data are damaged, what came out of it is lost. */
const SLICE = 8 * 1024;
const OUTPUT_BYTES = 64 * 1024;
/** What stands behind the data of gzip (RFC 1952, 2.3). */
const TRAILER = 8;
/** Names and comments in a header of gzip may be of any length. */
const MOST_HEADER = 256 * 1024;
const NO_BYTES: Uint8Array = new Uint8Array(0);

interface Inflater {
  readonly zlib: DrivenZlib;
  readonly output: Uint8Array;
}

/** Unused ones. Archives in archives take one each; to make one takes as long as a small file. */
const idle: Inflater[] = [];

/** Unpacks what goes through it, within the budget: deflate, or gzip of one or several members. */
export class InflateSink implements EntrySink {
  readonly #sink: EntrySink;
  readonly #budget: UnpackBudget;
  readonly #isGzip: boolean;
  #state: 'header' | 'data' | 'end';
  #inflater: Inflater | undefined;
  /** What has come of a header, and of the trailer before it. */
  #held = NO_BYTES;
  /** Bytes of the trailer that stand before the next header. */
  #trailer = 0;
  #wants = true;

  constructor(sink: EntrySink, budget: UnpackBudget, format: 'deflate' | 'gzip' = 'deflate') {
    this.#sink = sink;
    this.#budget = budget;
    this.#isGzip = format === 'gzip';
    this.#state = this.#isGzip ? 'header' : 'data';
  }

  push(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && this.#wants && this.#state !== 'end';) {
      const rest = at === 0 ? bytes : bytes.subarray(at);
      at += this.#state === 'header' ? this.#header(rest) : this.#data(rest);
    }
    return this.#wants;
  }

  end(): void {
    try {
      if (this.#wants) this.#checkEnd();
    } finally {
      if (this.#inflater !== undefined) idle.push(this.#inflater);
      this.#inflater = undefined;
      this.#sink.end();
    }
  }

  #checkEnd(): void {
    const isWhole =
      this.#state === 'data'
        ? !this.#isGzip && (this.#inflater === undefined || this.#isFinished(this.#inflater))
        : this.#held.length === this.#trailer;
    if (!isWhole) throw new MalformedRecord('an entry is cut off');
  }

  #isFinished({ zlib: driven, output }: Inflater): boolean {
    try {
      driven.finish(output, this.#give);
      return true;
    } catch (error) {
      this.#inflater = undefined;
      if (error instanceof MalformedRecord) throw error;
      return false;
    }
  }

  /** Takes a header, or holds what has come of it; gives how many bytes that were. */
  #header(bytes: Uint8Array): number {
    const before = this.#held.length;
    const all = before === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    // Zeros behind the end are let pass, with what stands behind them.
    const isOver = this.#trailer > 0 && all[this.#trailer] === 0;
    const end = isOver ? all.length : headerEnd(all, this.#trailer);
    if (end > all.length) {
      if (all.length > MOST_HEADER) throw new MalformedRecord('a header of gzip is too large');
      this.#held = new Uint8Array(all);
      return bytes.length;
    }
    this.#held = NO_BYTES;
    this.#trailer = 0;
    this.#state = isOver ? 'end' : 'data';
    return end - before;
  }

  #data(bytes: Uint8Array): number {
    const inflater = (this.#inflater ??= takeInflater());
    const slice = bytes.subarray(0, SLICE);
    try {
      const behind = inflater.zlib.write(slice, inflater.output, this.#give);
      if (behind > 0) {
        inflater.zlib.reset();
        this.#state = this.#isGzip ? 'header' : 'end';
        this.#trailer = this.#isGzip ? TRAILER : 0;
      }
      return slice.length - behind;
    } catch (error) {
      this.#inflater = undefined;
      if (error instanceof MalformedRecord) throw error;
      throw new MalformedRecord('an entry cannot be unpacked');
    }
  }

  readonly #give = (bytes: Uint8Array): void => {
    this.#budget.inflated -= bytes.length;
    if (this.#budget.inflated < 0) throw new MalformedRecord('it unpacks to too much');
    if (this.#wants) this.#wants = this.#sink.push(bytes);
  };
}

function takeInflater(): Inflater {
  const used = idle.pop();
  used?.zlib.reset();
  if (used !== undefined) return used;
  const driven = DrivenZlib.of(zlib.createInflateRaw());
  // Not a MalformedRecord: nobody may take what this Node cannot read for a damaged archive.
  if (driven === undefined)
    throw new UserError(`archives in files cannot be read with Node.js ${process.version}`, {
      nextStep: 'use Node.js 20, 22 or 24',
    });
  return { zlib: driven, output: new Uint8Array(OUTPUT_BYTES) };
}

/**
 * Where the gzip header that begins at `start` ends; past the last byte where more of it is to
 * come. Throws where it is not one.
 */
function headerEnd(bytes: Uint8Array, start: number): number {
  const missing = bytes.length + 1;
  if (bytes.length < start + 10) return missing;
  if (bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b || bytes[start + 2] !== 8)
    throw new MalformedRecord('something else follows gzip');
  const flags = bytes[start + 3] ?? 0;
  let end = start + 10;
  if ((flags & 4) !== 0) end += 2 + (bytes[end] ?? 0) + ((bytes[end + 1] ?? 0) << 8);
  for (const text of [8, 16]) {
    if ((flags & text) === 0) continue;
    const nul = bytes.indexOf(0, end);
    if (nul < 0) return missing;
    end = nul + 1;
  }
  return (flags & 2) === 0 ? end : end + 2;
}
