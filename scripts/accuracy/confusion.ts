import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import type { Outcome } from '../../src/model/criterion.ts';

/** One criterion on one image: what is right, and what was answered; `none` where the judge does not ask. */
export interface Answer {
  readonly image: string;
  readonly criterion: string;
  readonly expected: Outcome;
  readonly got: Outcome | 'none';
}

const OUTCOMES = ['pass', 'fail', 'unknown', 'not-applicable'] as const;
const isMet = (outcome: string): boolean => outcome === 'pass' || outcome === 'not-applicable';

function count(answers: readonly Answer[], got: string): string {
  const n = answers.filter((answer) => answer.got === got).length;
  return n === 0 ? '·' : String(n);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The confusion table as Markdown: a line for each criterion and right answer, a column for each answer got. */
export function confusionTable(answers: readonly Answer[]): string {
  const columns = [...OUTCOMES, ...(answers.some(({ got }) => got === 'none') ? ['none'] : [])];
  const lines = CATALOGUE.flatMap(({ id }) =>
    OUTCOMES.flatMap((expected) => {
      const of = answers.filter((a) => a.criterion === id && a.expected === expected);
      return of.length === 0 ? [] : [row([id, expected, ...columns.map((got) => count(of, got))])];
    }),
  );
  const head = row(['criterion', 'right', ...columns.map((name) => `got ${name}`)]);
  return [head, row(['---', '---', ...columns.map(() => '---:')]), ...lines].join('\n');
}

export interface Totals {
  readonly answers: number;
  readonly right: number;
  /** Met, it says, and it is not: a fault that is missed, or absence taken for evidence. */
  readonly falsePasses: number;
  /** Not met, it says, and it is. */
  readonly falseFails: number;
  /** Criteria that the judge does not ask about. */
  readonly notAsked: number;
}

export function totals(answers: readonly Answer[]): Totals {
  const asked = answers.filter(({ got }) => got !== 'none');
  return {
    answers: answers.length,
    right: asked.filter(({ got, expected }) => got === expected).length,
    falsePasses: asked.filter(({ got, expected }) => isMet(got) && !isMet(expected)).length,
    falseFails: asked.filter(({ got, expected }) => got === 'fail' && isMet(expected)).length,
    notAsked: answers.length - asked.length,
  };
}

/** By criterion: how often it is met and was failed all the same, and how often it is not met and was passed all the same. */
export function mistakes(answers: readonly Answer[]): string {
  const lines = CATALOGUE.map(({ id }) => {
    const of = answers.filter(({ criterion }) => criterion === id);
    const { answers: all, notAsked, right, falsePasses, falseFails } = totals(of);
    if (notAsked === all) return row([id, ...Array.from({ length: 5 }, () => '–')]);
    const met = of.filter(({ expected }) => isMet(expected)).length;
    return row([id, ...[met, falseFails, all - met, falsePasses, right].map(String)]);
  });
  return [
    row(['criterion', 'met', 'failed all the same', 'not met', 'passed all the same', 'right']),
    row(['---', '---:', '---:', '---:', '---:', '---:']),
    ...lines,
  ].join('\n');
}
