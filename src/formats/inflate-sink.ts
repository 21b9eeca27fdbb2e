import { gunzipSync, inflateRawSync } from 'node:zlib';
import { Gunzip, Inflate } from 'fflate';
import { MalformedRecord } from './malformed-record.ts';
import type { EntrySink, UnpackBudget } from './unpack-budget.ts';

/** Up to so many bytes are unpacked at once, by zlib; what is larger goes piece by piece, five times as slow, through fflate. */
const MAX_HELD = 8 * 1024 * 1024;
const MAX_AT_ONCE = 32 * 1024 * 1024;
/** Deflate unpacks to at most 1,032 times its size: what one call may give is bounded by what it takes. */
const SLICE = 8 * 1024;

/** Unpacks what goes through it, within the budget: plain deflate, or gzip with its header, in one member or several. */
export class InflateSink implements EntrySink {
  readonly #sink: EntrySink;
  readonly #budget: UnpackBudget;
  #held: Uint8Array[] = [];
  #length = 0;
  readonly #isGzip: boolean;
  #inflate: Inflate | Gunzip | undefined;
  #wants = true;

  constructor(sink: EntrySink, budget: UnpackBudget, format: 'deflate' | 'gzip' = 'deflate') {
    this.#sink = sink;
    this.#budget = budget;
    this.#isGzip = format === 'gzip';
  }

  push(bytes: Uint8Array): boolean {
    if (this.#inflate !== undefined) return this.#inPieces(bytes);
    this.#held.push(Buffer.from(bytes));
    this.#length += bytes.length;
    return this.#length <= MAX_HELD || this.#switch();
  }

  end(): void {
    if (this.#inflate === undefined && this.#length > 0) this.#atOnce();
    try {
      if (this.#wants) this.#inflate?.push(new Uint8Array(0), true);
    } catch {
      throw new MalformedRecord('an entry is cut off');
    } finally {
      this.#sink.end();
    }
  }

  #atOnce(): void {
    try {
      const inflateSync = this.#isGzip ? gunzipSync : inflateRawSync;
      this.#give(inflateSync(this.#taken(), { maxOutputLength: MAX_AT_ONCE }));
    } catch (error) {
      if (error instanceof MalformedRecord) throw error;
      this.#budget.inflated -= MAX_AT_ONCE;
      // Too large for once, or damaged: then what comes before the damage is had piece by piece.
      this.#switch();
    }
  }

  /** From here on piece by piece. */
  #switch(): boolean {
    this.#inflate = new (this.#isGzip ? Gunzip : Inflate)((bytes) => {
      if (bytes.length > 0) this.#give(bytes);
    });
    const held = this.#taken();
    this.#held = [];
    return this.#inPieces(held);
  }

  #taken(): Uint8Array {
    const [first = new Uint8Array(), ...others] = this.#held;
    return others.length === 0 ? first : Buffer.concat(this.#held);
  }

  #inPieces(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && this.#wants; at += SLICE) {
      try {
        this.#inflate?.push(bytes.subarray(at, at + SLICE));
      } catch (error) {
        if (error instanceof MalformedRecord) throw error;
        throw new MalformedRecord('an entry cannot be unpacked');
      }
    }
    return this.#wants;
  }

  #give(bytes: Uint8Array): void {
    this.#budget.inflated -= bytes.length;
    if (this.#budget.inflated < 0) throw new MalformedRecord('it unpacks to too much');
    if (this.#wants) this.#wants = this.#sink.push(bytes);
  }
}
