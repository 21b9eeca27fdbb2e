import picocolors from 'picocolors';
import type { Outcome } from '../../model/criterion.ts';
import type { Grade, Score } from '../../model/scorecard.ts';
import { cleanText } from '../clean-text.ts';
import { textWidth } from './text-width.ts';

export interface TerminalOptions {
  /** Columns; 80 where none is given, never fewer than 40 or more than 140. */
  readonly width?: number | undefined;
  readonly color: boolean;
  /** Bars and marks beyond ASCII. */
  readonly unicode: boolean;
  /** Every criterion on a line of its own, passed ones too. */
  readonly verbose?: boolean;
}

interface Marks {
  readonly outcome: Readonly<Record<Outcome, string>>;
  readonly full: string;
  readonly empty: string;
  readonly ellipsis: string;
  readonly arrow: string;
}

const UNICODE: Marks = {
  outcome: { pass: '✔', fail: '✖', unknown: '?', 'not-applicable': '–' },
  full: '█',
  empty: '░',
  ellipsis: '…',
  arrow: '→',
};
const ASCII: Marks = {
  outcome: { pass: '+', fail: 'x', unknown: '?', 'not-applicable': '-' },
  full: '#',
  empty: '.',
  ellipsis: '...',
  arrow: '->',
};

/** From here on there is room for bars, and for the step that helps. */
export const WIDE_FROM = 100;

type Colors = ReturnType<typeof picocolors.createColors>;

export interface Screen {
  readonly width: number;
  readonly colors: Colors;
  readonly marks: Marks;
  readonly unicode: boolean;
}

export function heat(screen: Screen, grade: Grade): (text: string) => string {
  const { colors } = screen;
  const byGrade: Record<Grade, (text: string) => string> = {
    'A+': colors.green,
    A: colors.greenBright,
    B: colors.yellowBright,
    C: colors.yellow,
    D: colors.red,
  };
  return byGrade[grade];
}

export function shown(screen: Screen, text: string): string {
  const clean = cleanText(text, screen.unicode ? '\ufffd' : '?');
  return screen.unicode ? clean : ascii(clean);
}

const PLAIN: Readonly<Record<string, string>> = {
  '’': "'",
  '“': '"',
  '”': '"',
  '…': '...',
  '–': '-',
};

function ascii(text: string): string {
  return text.replace(/[^\u0020-\u007e]/gu, (character) => PLAIN[character] ?? '?');
}

export function bar(screen: Screen, score: Score, columns: number): string {
  const filled = score.total === 0 ? 0 : Math.floor((score.points / score.total) * columns);
  const full = heat(screen, score.grade)(screen.marks.full.repeat(filled));
  return full + screen.colors.dim(screen.marks.empty.repeat(columns - filled));
}

type Side = readonly [text: string, paint: (text: string) => string];

/** Two texts at the two ends of a line; on two lines where they do not fit on one. */
export function twoSides(screen: Screen, [left, paint]: Side, [right, paintRight]: Side): string[] {
  const gap = screen.width - 2 - textWidth(left) - textWidth(right);
  return gap < 2
    ? [` ${paint(left)}`, ` ${paintRight(right)}`]
    : [` ${paint(left)}${' '.repeat(gap)}${paintRight(right)}`];
}

export function markOf(screen: Screen, outcome: Outcome): string {
  const { colors, marks } = screen;
  const paint: Record<Outcome, (text: string) => string> = {
    pass: colors.green,
    fail: colors.red,
    unknown: colors.yellow,
    'not-applicable': colors.dim,
  };
  return paint[outcome](marks.outcome[outcome]);
}

/** How wide it may be, and with which marks and colours. */
export function screenOf(options: TerminalOptions): Screen {
  return {
    width: Math.max(40, Math.min(140, options.width ?? 80)),
    colors: picocolors.createColors(options.color),
    marks: options.unicode ? UNICODE : ASCII,
    unicode: options.unicode,
  };
}
