import picocolors from 'picocolors';
import { type CriterionResult, type Outcome, type Vector, VECTORS } from '../model/criterion.ts';
import type { Grade, Score, Scorecard, Suggestion } from '../model/scorecard.ts';
import { cleanText } from './clean-text.ts';
import { criterionLine } from './criterion-line.ts';
import { shortDigest } from './evidence-text.ts';
import { fitted, padded, textWidth, wrapped } from './text-width.ts';
import { VECTOR_NAMES } from './vector-names.ts';

export interface TerminalOptions {
  /** Columns; 80 where none is given, never fewer than 40 or more than 140. */
  readonly width?: number | undefined;
  readonly color: boolean;
  /** Bars and marks beyond ASCII. */
  readonly unicode: boolean;
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

type Colors = ReturnType<typeof picocolors.createColors>;

interface Screen {
  readonly width: number;
  readonly colors: Colors;
  readonly marks: Marks;
  readonly unicode: boolean;
}

const SUGGESTIONS_SHOWN = 3;

function heat(screen: Screen, grade: Grade): (text: string) => string {
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

function shown(screen: Screen, text: string): string {
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

function bar(screen: Screen, score: Score, columns: number): string {
  const filled = score.total === 0 ? 0 : Math.floor((score.points / score.total) * columns);
  const full = heat(screen, score.grade)(screen.marks.full.repeat(filled));
  return full + screen.colors.dim(screen.marks.empty.repeat(columns - filled));
}

function scoreLine(screen: Screen, name: string, score: Score): string {
  const columns = Math.max(2, Math.min(40, screen.width - 42));
  const grade = heat(screen, score.grade)(screen.colors.bold(padded(score.grade, 2)));
  return ` ${padded(name, 25)} ${bar(screen, score, columns)}  ${grade}  ${score.points}/${score.total}`;
}

function markOf(screen: Screen, outcome: Outcome): string {
  const { colors, marks } = screen;
  const paint: Record<Outcome, (text: string) => string> = {
    pass: colors.green,
    fail: colors.red,
    unknown: colors.yellow,
    'not-applicable': colors.dim,
  };
  return paint[outcome](marks.outcome[outcome]);
}

function criterionRow(
  screen: Screen,
  result: CriterionResult,
  waived: ReadonlySet<string>,
): string {
  const { colors, marks, width } = screen;
  const note = waived.has(result.id) ? '[waived] ' : '';
  const text = shown(screen, note + criterionLine(result));
  const room = width - 28;
  const body = fitted(text, room, marks.ellipsis);
  const level = colors.dim(String(result.level));
  return `  ${markOf(screen, result.outcome)} ${level} ${padded(result.id, 20)}  ${body}`.trimEnd();
}

function vectorBlock(screen: Screen, scorecard: Scorecard, vector: Vector): string[] {
  const waived = new Set(scorecard.waivers.map(({ criterion }) => criterion));
  return [
    '',
    ` ${screen.colors.bold(VECTOR_NAMES[vector])}`,
    ...scorecard.criteria
      .filter((one) => one.vector === vector)
      .map((one) => criterionRow(screen, one, waived)),
  ];
}

function suggestionBlock(screen: Screen, suggestion: Suggestion, index: number): string[] {
  const { colors, marks, width } = screen;
  const { points, grade, level } = suggestion.gains;
  const gain = `+${points} ${marks.arrow} ${grade}, level ${level}`;
  const room = width - textWidth(gain) - 8;
  const title = padded(fitted(shown(screen, suggestion.title), room, marks.ellipsis), room);
  const example = suggestion.example?.split('\n')[0];
  const how = wrapped(shown(screen, suggestion.detail), width - 8, marks.ellipsis).map(
    (line) => `     ${colors.dim(line)}`,
  );
  return [
    `  ${index + 1}. ${title}  ${colors.green(gain)}`,
    ...how,
    ...(example === undefined
      ? []
      : [`     ${colors.cyan(fitted(shown(screen, example), width - 8, marks.ellipsis))}`]),
  ];
}

function header(screen: Screen, scorecard: Scorecard): string[] {
  const { colors, marks, width } = screen;
  const digest = shortDigest(scorecard.digest);
  const image = fitted(
    shown(screen, scorecard.image),
    width - textWidth(digest) - 11,
    marks.ellipsis,
  );
  const level = `Level ${scorecard.level} ${scorecard.levelName}`;
  return [
    ` ${colors.bold(image)}  ${colors.dim(`sha256:${digest}`)}`,
    ` ${heat(screen, scorecard.overall.grade)(colors.bold(level))}`,
  ];
}

function platformLines(screen: Screen, scorecard: Scorecard): string[] {
  if (scorecard.platforms.length < 2) return [];
  const columns = Math.min(24, screen.width - 22);
  const rows = scorecard.platforms.map(({ platform, digest, level, overall }) => {
    const name = padded(fitted(shown(screen, platform), columns, screen.marks.ellipsis), columns);
    const row = `  ${name} level ${level}  ${padded(overall.grade, 2)} ${overall.points}/${overall.total}`;
    return screen.width < 60 ? row : `${row}  ${screen.colors.dim(shortDigest(digest))}`;
  });
  return ['', ` ${screen.colors.bold('Platforms, the worst counts')}`, ...rows];
}

/** The scorecard for a terminal, at most `width` columns wide; ends with a newline. Nothing from the image can move the cursor. */
export function terminalReport(scorecard: Scorecard, options: TerminalOptions): string {
  const screen: Screen = {
    width: Math.max(40, Math.min(140, options.width ?? 80)),
    colors: picocolors.createColors(options.color),
    marks: options.unicode ? UNICODE : ASCII,
    unicode: options.unicode,
  };
  const next = scorecard.suggestions.slice(0, SUGGESTIONS_SHOWN);
  const lines = [
    ...header(screen, scorecard),
    '',
    scoreLine(screen, 'Overall', scorecard.overall),
    ...VECTORS.map((vector) => scoreLine(screen, VECTOR_NAMES[vector], scorecard.vectors[vector])),
    ...platformLines(screen, scorecard),
    ...VECTORS.flatMap((vector) => vectorBlock(screen, scorecard, vector)),
    ...(next.length === 0 ? [] : ['', ` ${screen.colors.bold('Next, and what each gains')}`]),
    ...next.flatMap((suggestion, index) => suggestionBlock(screen, suggestion, index)),
  ];
  return `${lines.join('\n')}\n`;
}
