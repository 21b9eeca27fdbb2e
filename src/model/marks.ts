import type { Outcome } from './criterion.ts';

/** Signs for screens and terminal reports, each in Unicode and in ASCII. */
const SIGNS = {
  done: ['✔', '+'],
  failed: ['✘', 'x'],
  off: ['○', 'o'],
  note: ['·', '-'],
  waiting: ['○', '.'],
  pointer: ['❯', '>'],
  chosen: ['◉', '[x]'],
  open: ['○', '[ ]'],
  full: ['█', '#'],
  empty: ['░', '.'],
  arrow: ['→', '->'],
  between: ['·', '|'],
  ellipsis: ['…', '...'],
} as const;
const SPINNERS = ['⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏', '|/-\\'] as const;
const OUTCOMES: Readonly<Record<Outcome, readonly [string, string]>> = {
  pass: ['✔', '+'],
  fail: ['✖', 'x'],
  unknown: ['?', '?'],
  'not-applicable': ['–', '-'],
};

export type Marks = Readonly<Record<keyof typeof SIGNS, string>> & {
  readonly spinner: readonly string[];
  readonly outcome: Readonly<Record<Outcome, string>>;
};

function ofForm<K extends string>(
  signs: Readonly<Record<K, readonly [string, string]>>,
  form: 0 | 1,
): Readonly<Record<K, string>> {
  const pairs = Object.entries<readonly [string, string]>(signs);
  return Object.fromEntries(pairs.map(([name, pair]) => [name, pair[form]])) as Record<K, string>;
}

/** Signs beyond ASCII only where the locale shows that the terminal supports them. */
export function marksOf(unicode: boolean): Marks {
  const form = unicode ? 0 : 1;
  const spinner = Array.from(SPINNERS[form]);
  return { ...ofForm(SIGNS, form), spinner, outcome: ofForm(OUTCOMES, form) };
}
