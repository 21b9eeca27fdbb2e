import { numberField } from './header-fields.ts';
import { TarError } from './tar-error.ts';
import { latin1 } from './text.ts';

/** A run of stored bytes in a sparse file; what lies between runs is zeros. */
export interface SparseRun {
  readonly offset: number;
  readonly length: number;
}

/** More runs than any real file has; bounds what a hostile map may hold in memory. */
export const MAX_RUNS = 50_000;
const NEWLINE = 0x0a;

/** Runs of an old GNU header (at 386, four of them) or of one of its extension blocks (at 0, twenty-one). */
export function gnuRuns(block: Uint8Array, offset: number, count: number): readonly SparseRun[] {
  const runs: SparseRun[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * 24;
    if (block[at] === 0 && block[at + 12] === 0) break;
    runs.push({
      offset: numberField(block, at, 12, 'sparse offset'),
      length: numberField(block, at + 12, 12, 'sparse length'),
    });
  }
  return runs;
}

/** Reads the map at the head of a sparse 1.0 file's content, block by block. */
export class SparseMapReader {
  readonly #blocks: Uint8Array[] = [];
  #lines = 0;
  #wanted = Infinity;

  /** Bytes of content that the map has taken so far. */
  get length(): number {
    return this.#blocks.length * 512;
  }

  /** Takes the next block; gives the runs once the map is complete. */
  push(block: Uint8Array): readonly SparseRun[] | undefined {
    this.#blocks.push(new Uint8Array(block));
    if (this.#blocks.length === 1) {
      const end = block.indexOf(NEWLINE);
      if (end < 0) throw new TarError('sparse map has no count');
      const count = parseCount(latin1(block.subarray(0, end)));
      if (count > MAX_RUNS) throw new TarError('sparse map is too long');
      this.#wanted = 1 + count * 2;
    }
    for (const byte of block) if (byte === NEWLINE) this.#lines++;
    if (this.#lines >= this.#wanted)
      return parseRuns(latin1(Buffer.concat(this.#blocks)).split('\n').slice(1, this.#wanted));
    if (this.#blocks.length > this.#wanted) throw new TarError('sparse map is malformed');
    return undefined;
  }
}

/** Offset and length in turn, as decimal text. */
export function parseRuns(numbers: readonly string[]): readonly SparseRun[] {
  const runs: SparseRun[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2)
    runs.push({ offset: parseCount(numbers[i]), length: parseCount(numbers[i + 1]) });
  return runs;
}

function parseCount(text: string | undefined): number {
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new TarError('sparse map holds no number');
  return value;
}
