import { describe, expect, test } from 'vitest';
import type { Criterion, Outcome } from '../../src/model/criterion.ts';
import type { EvidenceSource, Facts } from '../../src/model/facts.ts';

/** One row: what the image is like, the facts of it, and the answer with a part of its summary. */
export interface Row {
  readonly name: string;
  readonly facts: Facts;
  readonly outcome: Outcome;
  /** The summary, or a part of it. */
  readonly says: string;
  readonly source?: EvidenceSource;
  readonly settle?: string;
}

/** Runs a criterion's table; every answer has to carry evidence. */
export function judgesAs(criterion: Criterion, rows: readonly Row[]): void {
  describe(criterion.id, () => {
    test.each(rows)('$outcome: $name', ({ facts, outcome, says, source, settle }) => {
      const answer = criterion.judge(facts);
      expect({ outcome: answer.outcome, summary: answer.summary }).toEqual({
        outcome,
        summary: expect.stringContaining(says) as string,
      });
      expect(answer.evidence.length).toBeGreaterThan(0);
      if (source !== undefined) expect(answer.source).toBe(source);
      if (settle !== undefined) expect(answer.settle).toBe(settle);
    });
  });
}
