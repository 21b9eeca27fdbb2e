import { type PaxRecords, paxInteger, paxText, SPARSE_MAP } from './pax.ts';
import { MAX_RUNS, parseRuns, type SparseRun } from './sparse-map.ts';
import { TarError } from './tar-error.ts';

/** GNU tar, "Storing Sparse Files"; runs are in a `map` or before the content (`inContent`). */
interface SparseLayout {
  readonly runs: readonly SparseRun[] | 'inContent';
  /** Undefined where it is the entry's. */
  readonly realSize: number | undefined;
  readonly name: string | undefined;
}

/** Limit for the total expanded size of an archive's sparse files: few bytes can claim any size. */
export const MAX_SPARSE_BYTES = 16 * 2 ** 30;
const ZEROS = new Uint8Array(256 * 1024);

/**
 * The sparse layout that pax records tell (formats 0.0, 0.1 and 1.0), undefined where they tell
 * none. A version that is not known is none, and none is needed where a map is; records beside it
 * count for nothing, as in Go.
 */
export function paxSparse(pax: PaxRecords): SparseLayout | undefined {
  const [major, minor] = [paxText(pax, 'GNU.sparse.major'), paxText(pax, 'GNU.sparse.minor')];
  const map = paxText(pax, SPARSE_MAP);
  const isFirst = major === '0' && (minor === '0' || minor === '1');
  const isSecond = major === '1' && minor === '0';
  const isGuessed = major === undefined && minor === undefined && map !== undefined;
  if (!isFirst && !isSecond && !isGuessed) return undefined;
  const count = paxText(pax, 'GNU.sparse.numblocks') ?? '';
  return {
    runs: isSecond ? 'inContent' : parseRuns(map ?? '', count),
    realSize: paxInteger(pax, 'GNU.sparse.size') ?? paxInteger(pax, 'GNU.sparse.realsize'),
    name: paxText(pax, 'GNU.sparse.name'),
  };
}

/** Throws unless runs are in order, apart, inside the file and add up to what is stored. */
export function checkRuns(runs: readonly SparseRun[], realSize: number, stored: number): void {
  let end = 0;
  let total = 0;
  for (const run of runs) {
    if (run.offset < end || run.offset < 0 || run.length < 0)
      throw new TarError('sparse map is out of order');
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
      if (run === undefined) throw new TarError('sparse file contains more than its map');
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
