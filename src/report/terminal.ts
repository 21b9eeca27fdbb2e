import picocolors from 'picocolors';
import {
  type CriterionResult,
  type Evidence,
  type Outcome,
  type Vector,
  VECTORS,
} from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import { type Marks, marksOf } from '../model/marks.ts';
import type { ReportInput } from '../model/report.ts';
import type { Grade, NextStep, Score, Scorecard } from '../model/scorecard.ts';
import {
  type Card,
  type CardGroup,
  cardOf,
  type CardRow,
  gainText,
  gradeText,
  groupTexts,
  levelText,
  PROFILE_HEADING,
  profileLines,
  type ReaderNote,
  readerNotes,
  restText,
  stepOf,
  stepsHeading,
  VECTOR_NAMES,
  withoutClaimsText,
} from './card.ts';
import { fitted, padded, textWidth, wrapped } from './text-width.ts';
import { shownText, evidenceText, shortDigest } from './text.ts';

export interface TerminalOptions {
  /** Columns; default 80, limited to 40 to 140. */
  readonly width?: number | undefined;
  readonly color: boolean;
  /** Bars and marks beyond ASCII. */
  readonly unicode: boolean;
  /** A line for every criterion, passed ones too. */
  readonly verbose?: boolean;
}

/** Wide enough for bars and for the step that helps. */
const WIDE_FROM = 100;

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
  const clean = shownText(text, screen.unicode ? '\ufffd' : '?');
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

type Side = readonly [text: string, paint: (text: string) => string];

/** Two texts at both ends of a line; on two lines if they do not fit. */
function twoSides(screen: Screen, [left, paint]: Side, [right, paintRight]: Side): string[] {
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

/** Width, marks and colors of the report. */
export function screenOf(options: TerminalOptions): Screen {
  return {
    width: Math.max(40, Math.min(140, options.width ?? 80)),
    colors: picocolors.createColors(options.color),
    marks: marksOf(options.unicode),
    unicode: options.unicode,
  };
}

const ID = 20;
/** Narrower screens do not show places. */
const PLACES_FROM = 70;

function rowLines(screen: Screen, row: CardRow, step: number | undefined): string[] {
  const { colors, marks, width } = screen;
  const others = row.ids.length === 1 ? '' : ` +${row.ids.length - 1}`;
  const id = padded(row.ids[0] + others, ID);
  const note = row.waived ? '[waived] ' : '';
  const problem = shown(screen, note + row.problem);
  const place = row.place === undefined ? '' : shown(screen, row.place);
  const mark = markOf(screen, row.outcome);
  if (width < PLACES_FROM) {
    const text = place === '' ? problem : `${problem} (${place})`;
    return [
      ` ${mark} ${id}`.trimEnd(),
      ...wrapped(text, width - 5, marks.ellipsis).map((line) => `   ${line}`),
    ];
  }
  const steps = width < WIDE_FROM ? 0 : 8;
  const places = place === '' ? 0 : width < WIDE_FROM ? 20 : 28;
  const room = width - ID - 5 - (places === 0 ? 0 : places + 2) - steps;
  const [first = '', ...more] = wrapped(problem, room, marks.ellipsis);
  const right = places === 0 ? '' : `  ${padded(fitted(place, places, marks.ellipsis), places)}`;
  const helped = steps === 0 || step === undefined ? '' : colors.cyan(`  step ${step}`);
  return [
    ` ${mark} ${id} ${padded(first, room)}${right}${helped}`.trimEnd(),
    ...more.map((line) => ` ${' '.repeat(ID + 2)} ${line}`),
  ];
}

/** A level's heading, then a row for each problem. */
function groupLines(screen: Screen, card: Card, group: CardGroup, isFirst: boolean): string[] {
  const [heading, counts] = groupTexts(group, isFirst);
  return [
    '',
    ` ${screen.colors.bold(heading)}: ${counts}`,
    ...group.rows.flatMap((row) => rowLines(screen, row, stepOf(card, row.ids[0]))),
  ];
}

function criterionRow(
  screen: Screen,
  result: CriterionResult,
  waived: ReadonlySet<string>,
): string {
  const { colors, marks, width } = screen;
  const note = waived.has(result.id) ? '[waived] ' : '';
  const body = fitted(shown(screen, note + criterionLine(result)), width - 28, marks.ellipsis);
  const level = colors.dim(String(result.level));
  return `  ${markOf(screen, result.outcome)} ${level} ${padded(result.id, 20)}  ${body}`.trimEnd();
}

/** A vector's criteria, a line each. */
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

/** Evidence without what the summary already says. */
function addition(evidence: Evidence, summary: string): string {
  const text = evidenceText(evidence);
  const named = evidence.kind === 'file' ? evidence.path : /^lines? \S+: /.exec(text)?.[0];
  return named !== undefined && summary.includes(named) && text.startsWith(named)
    ? text.slice(named.length).trim()
    : text;
}

/**
 * A criterion on one line: its summary, the first piece of evidence that adds something, and what
 * would decide an `unknown`. A verdict from the publisher's own statements is marked.
 */
export function criterionLine(result: CriterionResult): string {
  const declared = result.source === 'unverified-attestation' ? ' [self-declared]' : '';
  const settle = result.settle === undefined ? '' : `; to check: ${result.settle}`;
  if (result.outcome === 'unknown') return result.summary + declared + settle;
  const more = result.evidence
    .map((evidence) => addition(evidence, result.summary))
    .find((text) => !result.summary.includes(text) && !text.includes(result.summary));
  return result.summary + declared + (more === undefined ? '' : `; ${more}`);
}

function header(screen: Screen, scorecard: Scorecard): string[] {
  const { colors, marks, width } = screen;
  const digest = `sha256:${shortDigest(scorecard.digest)}`;
  const name = fitted(shown(screen, scorecard.image), width - digest.length - 4, marks.ellipsis);
  const paint = heat(screen, scorecard.overall.grade);
  return [
    ...twoSides(screen, [name, colors.bold], [digest, colors.dim]),
    '',
    ...twoSides(
      screen,
      [levelText(scorecard), (text) => paint(colors.bold(text))],
      [gradeText(scorecard), paint],
    ),
  ];
}

/** `Minimalism 1/4  Provenance 5/9 ...`, wrapped. */
function vectorLines(screen: Screen, { vectors }: Card): string[] {
  const cells = vectors.map(({ vector, score, checked }) => {
    const [name = ''] = VECTOR_NAMES[vector].split(' ');
    const text = checked === 0 ? `${name} not checked` : `${name} ${score.points}/${score.total}`;
    const drawn =
      checked === 0 ? text : `${name} ${bar(screen, score, 8)} ${score.points}/${score.total}`;
    return screen.width < WIDE_FROM ? { text, drawn: text } : { text: text + ' '.repeat(9), drawn };
  });
  const lines: { length: number; text: string }[] = [];
  for (const { text, drawn } of cells) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + text.length <= screen.width - 2) {
      last.length += 2 + text.length;
      last.text += `  ${drawn}`;
    } else lines.push({ length: text.length, text: drawn });
  }
  return lines.map(({ text }) => ` ${text}`);
}

function platformLines(screen: Screen, scorecard: Scorecard): string[] {
  if (scorecard.platforms.length < 2) return [];
  const columns = Math.min(24, screen.width - 22);
  const rows = scorecard.platforms.map(({ platform, digest, level, overall }) => {
    const name = padded(fitted(shown(screen, platform), columns, screen.marks.ellipsis), columns);
    const row = `  ${name} level ${level}  ${padded(overall.grade, 2)} ${overall.points}/${overall.total}`;
    return screen.width < 60 ? row : `${row}  ${screen.colors.dim(shortDigest(digest))}`;
  });
  return ['', ` ${screen.colors.bold('Platforms (the worst one counts)')}`, ...rows];
}

function noteBlock(screen: Screen, { heading, lines }: ReaderNote): string[] {
  const { colors, width, marks } = screen;
  return [
    '',
    ` ${colors.bold(heading)}`,
    ...lines.flatMap((line) =>
      wrapped(shown(screen, line), width - 4, marks.ellipsis).map((text) => `  ${text}`),
    ),
  ];
}

/** Commands and settings to paste are never cut. */
function profileBlock(screen: Screen, lines: ReturnType<typeof profileLines>): string[] {
  if (lines.length === 0) return [];
  const { bold, cyan } = screen.colors;
  return [
    '',
    ` ${bold(PROFILE_HEADING)}`,
    ...lines.map(({ where, text }) => `  ${where}: ${cyan(shown(screen, text))}`),
  ];
}

function claimsLine(screen: Screen, scorecard: Scorecard): string[] {
  const text = withoutClaimsText(scorecard);
  return text === undefined
    ? []
    : [`  ${screen.colors.dim(fitted(text, screen.width - 4, screen.marks.ellipsis))}`];
}

/** Commands for the whole report and for one check. An image name that is too long is left out. */
function detailLines(screen: Screen, { image }: Scorecard): string[] {
  const text = (name: string): string => `Details: scoville report${name}, scoville explain ID`;
  const whole = text(` ${shown(screen, shellWord(image))}`);
  const line = textWidth(whole) <= screen.width - 2 ? whole : text('');
  return ['', ...wrapped(line, screen.width - 2).map((one) => ` ${screen.colors.dim(one)}`)];
}

/** One line for an image with the same verdict as before; notes to the reader follow. */
function unchangedLine(screen: Screen, scorecard: Scorecard): string {
  const { level, overall } = scorecard;
  const tail = `  sha256:${shortDigest(scorecard.digest)}  level ${level}, grade ${overall.grade} (unchanged)`;
  const room = Math.max(8, screen.width - tail.length - 4);
  const name = fitted(shown(screen, scorecard.image), room, screen.marks.ellipsis);
  const line = `${name}${tail}`;
  return ` ${markOf(screen, 'pass')} ${fitted(line, screen.width - 4, screen.marks.ellipsis)}`;
}

/**
 * The scorecard for a terminal, at most `width` columns wide; ends with a newline. First the level,
 * then the next level's problems, then the steps. Nothing from the image can move the cursor.
 */
export function terminalReport(input: ReportInput, options: TerminalOptions): string {
  const { scorecard, steps = [], unchanged = false } = input;
  const screen = screenOf(options);
  const notes = readerNotes(scorecard).flatMap((note) => noteBlock(screen, note));
  if (unchanged && options.verbose !== true)
    return `${[unchangedLine(screen, scorecard), ...notes].join('\n')}\n`;
  const card = cardOf(scorecard, steps);
  const verbose = options.verbose === true;
  const lines = [
    ...header(screen, scorecard),
    ...claimsLine(screen, scorecard),
    ...vectorLines(screen, card),
    ...platformLines(screen, scorecard),
    ...notes,
    ...card.groups.flatMap((group, index) => groupLines(screen, card, group, index === 0)),
    ...(verbose
      ? VECTORS.flatMap((vector) => vectorBlock(screen, scorecard, vector))
      : [
          ...(card.groups.length === 0 ? [''] : []),
          ...wrapped(restText(card), screen.width - 2).map((line) => ` ${screen.colors.dim(line)}`),
        ]),
    ...stepLines(screen, scorecard, card),
    ...profileBlock(screen, profileLines(input)),
    ...detailLines(screen, scorecard),
  ];
  return `${lines.join('\n')}\n`;
}

function lines(screen: Screen, step: NextStep, scorecard: Scorecard, number: string): string[] {
  const { colors, marks, width } = screen;
  const indent = ' '.repeat(number.length + 1);
  const command = shown(screen, step.command);
  const why = shown(screen, `${step.text}: ${gainText(step, scorecard)}`);
  // A command to paste is never cut.
  if (number.length + textWidth(command) + 4 + textWidth(why) <= width)
    return twoSides(screen, [number + command, colors.cyan], [why, colors.dim]);
  return [
    ` ${number}${colors.cyan(command)}`,
    ...wrapped(why, width - indent.length - 2, marks.ellipsis).map(
      (line) => `${indent}${colors.dim(line)}`,
    ),
  ];
}

/** Numbered steps, each a whole command with its purpose and gain. */
export function stepLines(screen: Screen, scorecard: Scorecard, { steps }: Card): string[] {
  if (steps.length === 0) return [];
  return [
    '',
    ` ${screen.colors.bold(stepsHeading(steps))}`,
    ...steps.flatMap((step, index) => lines(screen, step, scorecard, `${index + 1}. `)),
  ];
}
