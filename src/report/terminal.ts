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
import type { CriterionChange, ReportInput } from '../model/report.ts';
import type { Grade, Score, Scorecard } from '../model/scorecard.ts';
import {
  type Card,
  cardOf,
  type CardRow,
  PROFILE_HEADING,
  type ReaderNote,
  VECTOR_NAMES,
} from './card.ts';
import { lacking, measures, MOST_COLUMNS, outcomeCounts, type Sheet } from './compare.ts';
import { evidenceText } from './evidence.ts';
import { fitted, padded, textWidth, wrapped } from './text-width.ts';
import { shownText, shortDigest } from './text.ts';

interface TerminalOptions {
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

interface Screen {
  readonly width: number;
  readonly colors: Colors;
  readonly marks: Marks;
  readonly unicode: boolean;
}

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
  const clean = shownText(text, screen.unicode ? '\ufffd' : '?');
  return screen.unicode ? clean : ascii(clean);
}

const PLAIN: Readonly<Record<string, string>> = {
  '’': "'",
  '“': '"',
  '”': '"',
  '…': '...',
  '–': '-',
  '→': '->',
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

/** Width, marks and colors of the report. */
function screenOf(options: TerminalOptions): Screen {
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

function rowLines(screen: Screen, row: CardRow): string[] {
  const { colors, marks, width } = screen;
  const { step } = row;
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
  const said = more === undefined || more.startsWith('(') ? ` ${more ?? ''}` : `; ${more}`;
  return (result.summary + declared + said).trimEnd();
}

function header(screen: Screen, scorecard: Scorecard, card: Card): string[] {
  const { colors, marks, width } = screen;
  const digest = `sha256:${shortDigest(scorecard.digest)}`;
  const name = fitted(shown(screen, scorecard.image), width - digest.length - 4, marks.ellipsis);
  const paint = heat(screen, scorecard.overall.grade);
  return [
    ...twoSides(screen, [name, colors.bold], [digest, colors.dim]),
    '',
    ...twoSides(screen, [card.level, (text) => paint(colors.bold(text))], [card.grade, paint]),
  ];
}

/** `Minimalism 1/4  Provenance 5/9 ...`, wrapped. */
function vectorLines(screen: Screen, { vectors }: Card): string[] {
  const cells = vectors.map(({ name: whole, score, isChecked }) => {
    const [name = ''] = whole.split(' ');
    const points = `${score.points}/${score.total}`;
    const text = isChecked ? `${name} ${points}` : `${name} not checked`;
    const drawn = isChecked ? `${name} ${bar(screen, score, 8)} ${points}` : text;
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

/** Commands for the whole report and for one check. An image name that is too long is left out. */
function detailLines(screen: Screen, { image }: Scorecard): string[] {
  const text = (name: string): string => `Details: scoville report${name}, scoville explain ID`;
  const whole = text(` ${shown(screen, shellWord(image))}`);
  const line = textWidth(whole) <= screen.width - 2 ? whole : text('');
  return ['', ...wrapped(line, screen.width - 2).map((one) => ` ${screen.colors.dim(one)}`)];
}

/** One line for an image with the same verdict as before, what to do next, how to see the rest. */
function unchangedLines(screen: Screen, scorecard: Scorecard, { steps }: Card): readonly string[] {
  const { level, overall } = scorecard;
  const tail = `  sha256:${shortDigest(scorecard.digest)}  level ${level}, grade ${overall.grade} (unchanged)`;
  const room = Math.max(8, screen.width - tail.length - 4);
  const name = fitted(shown(screen, scorecard.image), room, screen.marks.ellipsis);
  const line = `${name}${tail}`;
  return [
    ` ${markOf(screen, 'pass')} ${fitted(line, screen.width - 4, screen.marks.ellipsis)}`,
    ...steps
      .slice(0, 1)
      .map(({ command }) => ` Next step: ${screen.colors.cyan(shown(screen, command))}`),
    ...detailLines(screen, scorecard).slice(1),
  ];
}

/**
 * The scorecard for a terminal, at most `width` columns wide; ends with a newline. First the level,
 * then the next level's problems, then the steps. Nothing from the image can move the cursor.
 */
export function terminalReport(input: ReportInput, options: TerminalOptions): string {
  const { scorecard, unchanged = false } = input;
  const screen = screenOf(options);
  const { colors, width, marks } = screen;
  const card = cardOf(input);
  const notes = card.notes.flatMap((note) => noteBlock(screen, note));
  const verbose = options.verbose === true;
  const { heading: asked = '', unmet = [] } = card.gate ?? {};
  const gate = { id: 'gate', heading: `${marks.failed} ${asked}`, lines: unmet };
  if (unchanged && !verbose && unmet.length === 0)
    return `${[...unchangedLines(screen, scorecard, card), ...notes].join('\n')}\n`;
  const { claims } = card;
  const dim = (text: string): string => ` ${colors.dim(text)}`;
  const lines = [
    ...header(screen, scorecard, card),
    ...(claims === undefined ? [] : [` ${dim(fitted(claims, width - 4, marks.ellipsis))}`]),
    ...vectorLines(screen, card),
    ...platformLines(screen, scorecard),
    ...(unmet.length === 0 ? [] : noteBlock(screen, gate)),
    ...notes,
    ...card.groups.flatMap(({ heading, counts, rows }) => [
      ...['', ` ${colors.bold(heading)}: ${counts}`],
      ...rows.flatMap((row) => rowLines(screen, row)),
    ]),
    ...(verbose
      ? VECTORS.flatMap((vector) => vectorBlock(screen, scorecard, vector))
      : [...(card.groups.length === 0 ? [''] : []), ...wrapped(card.rest, width - 2).map(dim)]),
    ...(card.steps.length === 0 ? [] : ['', ` ${colors.bold(card.stepsHeading)}`]),
    ...card.steps.flatMap((step, index) => stepLines(screen, step, `${index + 1}. `)),
    ...(card.profile.length === 0 ? [] : ['', ` ${colors.bold(PROFILE_HEADING)}`]),
    // Commands and settings to paste are never cut.
    ...card.profile.map(({ where, text }) => `  ${where}: ${colors.cyan(shown(screen, text))}`),
    ...detailLines(screen, scorecard),
  ];
  return `${lines.join('\n')}\n`;
}

/** A step: the whole command with its purpose and gain. */
function stepLines(screen: Screen, step: Card['steps'][number], number: string): string[] {
  const { colors, marks, width } = screen;
  const indent = ' '.repeat(number.length + 1);
  const command = shown(screen, step.command);
  const why = shown(screen, `${step.text}: ${step.gain}`);
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

const NAME = 25;
const COLUMN = 9;

type Painted = readonly [text: string, paint?: (text: string) => string];

/** The numbered images, then tables of as many as fit side by side. */
function tables(screen: Screen, { images, criteria }: Sheet): string[] {
  const { width, marks } = screen;
  const digits = String(images.length).length + 2;
  const legend = images.map(({ image, digest, level, levelName }, index) => {
    const tail = `level ${level} ${levelName}`;
    const room = Math.max(8, width - digits - textWidth(tail) - 18);
    const name = padded(fitted(shown(screen, image), room, marks.ellipsis), room);
    const row = ` ${padded(`[${index + 1}]`, digits)} ${name} ${shortDigest(digest)} ${tail}`;
    return fitted(row, width, marks.ellipsis).trimEnd();
  });
  const rows: readonly (readonly [name: string, cells: readonly Painted[]])[] = [
    ['', images.map((_, at) => [`[${at + 1}]`])],
    ['Level', images.map(({ level }) => [String(level)])],
    ...measures(images).map(
      ({ name, cells }) => [name, cells.map((one) => scoreCell(screen, one))] as const,
    ),
    ...(criteria.length === 0 ? [] : [['', []] as const]),
    ...criteria.map(
      ({ id, level, outcomes }) =>
        [
          `${level} ${id}`,
          outcomes.map((one): Painted =>
            one === undefined ? [''] : [marks.outcome[one], () => markOf(screen, one)],
          ),
        ] as const,
    ),
  ];
  const fit = Math.max(1, Math.floor((width - NAME - 2) / COLUMN));
  const blocks = Array.from({ length: Math.ceil(images.length / fit) }, (_, index) =>
    rows.map(([name, cells]) => {
      const own = cells.slice(index * fit, (index + 1) * fit).map(([text, paint]) => {
        const blank = ' '.repeat(Math.max(0, COLUMN - textWidth(text)));
        return (paint?.(text) ?? text) + blank;
      });
      return ` ${padded(fitted(name, NAME, marks.ellipsis), NAME)} ${own.join('')}`.trimEnd();
    }),
  );
  return [...legend, ...blocks.flatMap((block) => ['', ...block])];
}

/** A line an image, with what it lacks; then of each criterion how many have it. */
function longList(screen: Screen, sheet: Sheet): string[] {
  const { width, marks, colors } = screen;
  const lacks = lacking(sheet);
  const name = Math.max(...sheet.images.map(({ image }) => textWidth(shown(screen, image))));
  const room = Math.max(8, Math.min(name, Math.floor((width - 20) * 0.6)));
  const fit = (text: string) => padded(fitted(text, room, marks.ellipsis), room);
  const line = (text: string, rest: string, lack: string): string => {
    const left = width - room - textWidth(rest) - 3;
    return ` ${text} ${rest} ${left < 4 ? '' : fitted(lack, left, marks.ellipsis)}`.trimEnd();
  };
  return [
    colors.bold(line(fit('image'), 'level  grade   ', 'for the next level')),
    ...sheet.images.map(({ image, level, overall }, at) => {
      const score = `${padded(overall.grade, 2)} ${overall.points}/${overall.total}`;
      return line(fit(shown(screen, image)), `${level}      ${padded(score, 8)}`, lacks[at] ?? '');
    }),
    '',
    ...sheet.criteria.map(({ id, level, outcomes }) => {
      const counts = outcomeCounts(outcomes).map(
        ([outcome, count]) => `${markOf(screen, outcome)} ${String(count).padEnd(4)}`,
      );
      return ` ${padded(`${level} ${id}`, NAME)} ${counts.join('')}`.trimEnd();
    }),
  ];
}

function scoreCell(screen: Screen, of: Score | string): Painted {
  if (typeof of === 'string') return [of];
  return [`${padded(of.grade, 2)} ${of.points}/${of.total}`, heat(screen, of.grade)];
}

const PACKAGES_SHOWN = 20;

function changeRow(screen: Screen, change: CriterionChange): string {
  const { before, after, gain, id, level, summary } = change;
  const { arrow, ellipsis } = screen.marks;
  const sign = gain > 0 ? '+' : gain < 0 ? '-' : ' ';
  const [was = '', is = ''] = [before, after].map((one) =>
    one === undefined ? ' ' : markOf(screen, one),
  );
  const room = screen.width - 33 - arrow.length;
  const why = room < 10 ? '' : fitted(shown(screen, summary), room, ellipsis);
  return ` ${sign} ${was} ${arrow} ${is} ${level} ${padded(id, 20)}  ${why}`.trimEnd();
}

/** Several images side by side, or changes in the newer of two; ends with a newline. */
export function terminalSheet(sheet: Sheet, options: TerminalOptions): string {
  const screen = screenOf(options);
  const { colors, width, marks } = screen;
  const { changes, packages } = sheet;
  const more = (packages?.lines.length ?? 0) - PACKAGES_SHOWN;
  const none = changes?.length === 0;
  const lines = [
    ...(sheet.images.length > MOST_COLUMNS ? longList : tables)(screen, sheet),
    ...(changes === undefined
      ? []
      : ['', none ? ' Every criterion came out as before' : ` ${colors.bold('Changed criteria')}`]),
    ...(changes ?? []).map((one) => changeRow(screen, one)),
    ...(packages === undefined ? [] : ['', ` ${colors.bold(packages.heading)}`]),
    ...(packages?.lines ?? [])
      .slice(0, PACKAGES_SHOWN)
      .map((one) => ` ${fitted(shown(screen, one), width - 2, marks.ellipsis)}`),
    ...(more > 0 ? [`   and ${more} more: --report json names them all`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
