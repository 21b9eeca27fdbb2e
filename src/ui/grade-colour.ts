import type { TextProps } from 'ink';
import type { Outcome } from '../model/criterion.ts';
import type { Grade } from '../model/scorecard.ts';

type Colour = Pick<TextProps, 'color' | 'dimColor'>;

/** From green to red, as the report for a terminal paints grades. */
export const GRADE_COLOUR: Readonly<Record<Grade, Colour>> = {
  'A+': { color: 'green' },
  A: { color: 'greenBright' },
  B: { color: 'yellowBright' },
  C: { color: 'yellow' },
  D: { color: 'red' },
};

export const OUTCOME_COLOUR: Readonly<Record<Outcome, Colour>> = {
  pass: { color: 'green' },
  fail: { color: 'red' },
  unknown: { color: 'yellow' },
  'not-applicable': { dimColor: true },
};
