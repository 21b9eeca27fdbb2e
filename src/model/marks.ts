import type { Outcome } from './criterion.ts';

/** Signs for screens and terminal reports. */
export interface Marks {
  readonly done: string;
  readonly failed: string;
  readonly off: string;
  readonly note: string;
  readonly waiting: string;
  readonly pointer: string;
  readonly chosen: string;
  readonly open: string;
  readonly full: string;
  readonly empty: string;
  readonly arrow: string;
  readonly between: string;
  readonly ellipsis: string;
  readonly spinner: readonly string[];
  readonly outcome: Readonly<Record<Outcome, string>>;
}

const UNICODE: Marks = {
  done: '✔',
  failed: '✘',
  off: '○',
  note: '·',
  waiting: '○',
  pointer: '❯',
  chosen: '◉',
  open: '○',
  full: '█',
  empty: '░',
  arrow: '→',
  between: '·',
  ellipsis: '…',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  outcome: { pass: '✔', fail: '✖', unknown: '?', 'not-applicable': '–' },
};

const ASCII: Marks = {
  done: '+',
  failed: 'x',
  off: 'o',
  note: '-',
  waiting: '.',
  pointer: '>',
  chosen: '[x]',
  open: '[ ]',
  full: '#',
  empty: '.',
  arrow: '->',
  between: '|',
  ellipsis: '...',
  spinner: ['|', '/', '-', '\\'],
  outcome: { pass: '+', fail: 'x', unknown: '?', 'not-applicable': '-' },
};

/** Signs beyond ASCII only where the locale shows that the terminal supports them. */
export function marksOf(unicode: boolean): Marks {
  return unicode ? UNICODE : ASCII;
}
