import { VECTORS } from '../../model/criterion.ts';
import type { ReportInput } from '../../model/report.ts';
import type { Scorecard, NextStep } from '../../model/scorecard.ts';
import { shellWord } from '../../model/shell-word.ts';
import { gradeText, levelText, restText, gainText, stepsHeading } from '../card-words.ts';
import { type Card, cardOf } from '../card.ts';
import { shortDigest } from '../evidence-text.ts';
import { PROFILE_HEADING, profileLines } from '../profile-lines.ts';
import { type ReaderNote, readerNotes, withoutClaimsText } from '../reader-notes.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { groupLines } from './card-rows.ts';
import { vectorBlock } from './criteria-table.ts';
import {
  bar,
  heat,
  markOf,
  type Screen,
  screenOf,
  shown,
  type TerminalOptions,
  twoSides,
  WIDE_FROM,
} from './terminal-screen.ts';
import { fitted, padded, textWidth, wrapped } from './text-width.ts';

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

/** `Minimalism 1/4  Provenance 5/9 ...`, on as many lines as it takes. */
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

/** Commands and settings to be pasted: never cut. */
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

/** Commands that show more: the whole report, and one check. An image name too long is left out. */
function detailLines(screen: Screen, { image }: Scorecard): string[] {
  const text = (name: string): string => `Details: scoville report${name}, scoville explain ID`;
  const whole = text(` ${shown(screen, shellWord(image))}`);
  const line = textWidth(whole) <= screen.width - 2 ? whole : text('');
  return ['', ...wrapped(line, screen.width - 2).map((one) => ` ${screen.colors.dim(one)}`)];
}

/** One line for an image that was judged as before; what a reader has to know stands below it. */
function unchangedLine(screen: Screen, scorecard: Scorecard): string {
  const { level, overall } = scorecard;
  const tail = `  sha256:${shortDigest(scorecard.digest)}  level ${level}, grade ${overall.grade} (unchanged)`;
  const room = Math.max(8, screen.width - tail.length - 4);
  const name = fitted(shown(screen, scorecard.image), room, screen.marks.ellipsis);
  const line = `${name}${tail}`;
  return ` ${markOf(screen, 'pass')} ${fitted(line, screen.width - 4, screen.marks.ellipsis)}`;
}

/**
 * The scorecard for a terminal, at most `width` columns wide; ends with a newline. The level comes
 * first, then what the next level lacks, then what to do. Nothing from the image can move the
 * cursor.
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
  // A command is never cut: it is there to be pasted.
  if (number.length + textWidth(command) + 4 + textWidth(why) <= width)
    return twoSides(screen, [number + command, colors.cyan], [why, colors.dim]);
  return [
    ` ${number}${colors.cyan(command)}`,
    ...wrapped(why, width - indent.length - 2, marks.ellipsis).map(
      (line) => `${indent}${colors.dim(line)}`,
    ),
  ];
}

/** The steps, numbered, each a whole command with what it does and gains. */
export function stepLines(screen: Screen, scorecard: Scorecard, { steps }: Card): string[] {
  if (steps.length === 0) return [];
  return [
    '',
    ` ${screen.colors.bold(stepsHeading(steps))}`,
    ...steps.flatMap((step, index) => lines(screen, step, scorecard, `${index + 1}. `)),
  ];
}
