import { describe, expect, test } from 'vitest';
import type { Criterion, Outcome } from '../../src/model/criterion.ts';
import type { EvidenceSource, Facts } from '../../src/model/facts.ts';

/** The answer, what the image is like, the facts of it, and the summary or a part of it. */
export type Row = readonly [
  outcome: Outcome,
  name: string,
  facts: Facts,
  says: string,
  more?: { readonly source?: EvidenceSource; readonly settle?: string },
];

/** Runs a criterion's table; every answer has to carry evidence. */
export function judgesAs(criterion: Criterion, rows: readonly Row[]): void {
  describe(criterion.id, () => {
    test.each(rows.map((row) => ({ row, title: `${row[0]}: ${row[1]}` })))('$title', ({ row }) => {
      const [outcome, , facts, says, more] = row;
      const { summary, evidence, ...answer } = criterion.judge(facts);
      expect({ outcome: answer.outcome, summary }).toEqual({
        outcome,
        summary: expect.stringContaining(says) as string,
      });
      expect(evidence.length).toBeGreaterThan(0);
      expect(answer).toMatchObject(more ?? {});
    });
  });
}
