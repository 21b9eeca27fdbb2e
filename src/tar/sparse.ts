import { type PaxRecords, paxInteger, paxText } from './pax.ts';
import { MAX_RUNS, parseRuns, type SparseRun } from './sparse-map.ts';
import { TarError } from './tar-error.ts';

/** GNU tar, "Storing Sparse Files"; runs may be read before the content (`map`) or lie in front of it (`inContent`). */
export interface SparseLayout {
  readonly runs: readonly SparseRun[] | 'inContent';
  readonly realSize: number;
}

/** A sparse file may claim any size for a few bytes; what all of them in an archive expand to is bounded by this. */
export const MAX_SPARSE_BYTES = 16 * 2 ** 30;
const ZEROS = new Uint8Array(256 * 1024);

/** The sparse layout that pax records tell (formats 0.0, 0.1 and 1.0), undefined where they tell none. */
export function paxSparse(pax: PaxRecords): SparseLayout | undefined {
  const major = paxText(pax, 'GNU.sparse.major');
  const realSize = paxInteger(pax, 'GNU.sparse.realsize') ?? paxInteger(pax, 'GNU.sparse.size');
  if (realSize === undefined) return undefined;
  if (major === '1') return { runs: 'inContent', realSize };
  const map = paxText(pax, 'GNU.sparse.map');
  // Format 0.0 repeats its keys, which later records would overwrite: only 0.1 can be told for certain.
  if (map === undefined) throw new TarError('sparse format 0.0 is not supported');
  return { runs: parseRuns(map.split(',')), realSize };
}

/** Throws unless runs are in order, apart, inside the file and add up to what is stored. */
export function checkRuns(runs: readonly SparseRun[], realSize: number, stored: number): void {
  let end = 0;
  let total = 0;
  for (const run of runs) {
    if (run.offset < end || run.length < 0) throw new TarError('sparse map is out of order');
    end = run.offset + run.length;
    total += run.length;
  }
  if (end > realSize || total !== stored || runs.length > MAX_RUNS)
    throw new TarError('sparse map does not fit its file');
}

/** Gives the stored bytes of a sparse file back at their places, holes filled with zeros. */
export class SparseExpander {
  readonly #runs: readonly SparseRun[];
  readonly #realSize: number;
  readonly #emit: (chunk: Uint8Array) => void;
  #run = 0;
  #at = 0;

  constructor(runs: readonly SparseRun[], realSize: number, emit: (chunk: Uint8Array) => void) {
    this.#runs = runs.filter((run) => run.length > 0);
    this.#realSize = realSize;
    this.#emit = emit;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      const run = this.#runs[this.#run];
      if (run === undefined) throw new TarError('sparse file holds more than its map');
      if (this.#at < run.offset) this.#zeros(run.offset);
      const length = Math.min(chunk.length - from, run.offset + run.length - this.#at);
      this.#emit(chunk.subarray(from, from + length));
      from += length;
      this.#at += length;
      if (this.#at === run.offset + run.length) this.#run++;
    }
  }

  end(): void {
    this.#zeros(this.#realSize);
  }

  #zeros(until: number): void {
    while (this.#at < until) {
      const length = Math.min(ZEROS.length, until - this.#at);
      this.#emit(ZEROS.subarray(0, length));
      this.#at += length;
    }
  }
}
