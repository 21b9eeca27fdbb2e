import { isMet } from '../model/criterion.ts';
import type { FleetLine, FleetTotals } from '../model/fleet.ts';
import { byCodeUnit } from '../model/order.ts';
import type { Grade } from '../model/scorecard.ts';

/** Counts a fleet's lines one by one; what it holds does not grow with their number. */
export class FleetTally {
  #graded = 0;
  #short = 0;
  #failed = 0;
  readonly #levels = new Map<number, number>();
  readonly #grades = new Map<Grade, number>();
  readonly #unmet = new Map<string, number>();

  add(line: FleetLine): void {
    if (line.status === 'failed') {
      this.#failed += 1;
      return;
    }
    this.#graded += 1;
    if (line.short.length > 0) this.#short += 1;
    count(this.#levels, line.level);
    count(this.#grades, line.grade);
    for (const [criterion, outcome] of Object.entries(line.criteria))
      if (!isMet(outcome)) count(this.#unmet, criterion);
  }

  totals(): FleetTotals {
    return {
      graded: this.#graded,
      short: this.#short,
      failed: this.#failed,
      levels: this.#levels,
      grades: this.#grades,
      unmet: [...this.#unmet]
        .map(([criterion, images]) => ({ criterion, images }))
        .sort((a, b) => b.images - a.images || byCodeUnit(a.criterion, b.criterion)),
    };
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
