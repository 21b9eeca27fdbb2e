import { numberField } from './header-fields.ts';
import { decimal } from './pax.ts';
import { TarError } from './tar-error.ts';
import { latin1 } from './text.ts';

/** A run of stored bytes in a sparse file; what lies between runs is zeros. */
export interface SparseRun {
  readonly offset: number;
  readonly length: number;
}

/** More runs than any real file has; bounds what a hostile map may hold in memory. */
export const MAX_RUNS = 50_000;
/** Zeros may stand before a number, but not without end. */
const LONGEST_LINE = 64 * 1024;

/** Runs in an old GNU header (four, at 386) or in one of its extension blocks (21, at 0). */
export function gnuRuns(block: Uint8Array, offset: number, count: number): readonly SparseRun[] {
  const runs: SparseRun[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * 24;
    if (block[at] === 0) break;
    runs.push({
      offset: numberField(block, at, 12, 'sparse offset'),
      length: numberField(block, at + 12, 12, 'sparse length'),
    });
  }
  return runs;
}

/** Reads the map that starts a sparse 1.0 file's content: a count, then offset-length pairs. */
export class SparseMapReader {
  readonly #numbers: number[] = [];
  #line = '';
  #wanted = 1;
  /** Bytes of content that the map has taken so far. */
  length = 0;

  /** Takes the next block; gives the runs once the map is complete. */
  push(block: Uint8Array): readonly SparseRun[] | undefined {
    this.length += block.length;
    const lines = (this.#line + latin1(block)).split('\n');
    // The block in which the last line ends belongs to the map.
    this.#line = lines.pop() ?? '';
    if (this.#line.length > LONGEST_LINE) throw new TarError('sparse map is malformed');
    for (const line of lines) {
      if (this.#numbers.length === this.#wanted) break;
      this.#numbers.push(decimal(line, 'a number of a sparse map'));
      if (this.#numbers.length === 1) this.#wanted = 1 + 2 * countOf(this.#numbers[0] ?? 0);
    }
    return this.#numbers.length < this.#wanted ? undefined : pairs(this.#numbers.slice(1));
  }
}

/** The runs of formats 0.0 and 0.1, of which `count` tells how many there are. */
export function parseRuns(map: string, count: string): readonly SparseRun[] {
  const numbers = map === '' ? [] : map.split(',');
  if (numbers.length !== 2 * countOf(decimal(count, 'the count of a sparse map')))
    throw new TarError('sparse map does not have what it counts');
  return pairs(numbers.map((number) => decimal(number, 'a number of a sparse map')));
}

function pairs(numbers: readonly number[]): readonly SparseRun[] {
  const runs: SparseRun[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2)
    runs.push({ offset: numbers[i] ?? 0, length: numbers[i + 1] ?? 0 });
  return runs;
}

function countOf(count: number): number {
  if (count < 0 || count > MAX_RUNS) throw new TarError('sparse map is too large');
  return count;
}
