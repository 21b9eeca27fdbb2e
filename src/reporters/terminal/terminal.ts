import { type CriterionResult, type Vector, VECTORS } from '../../model/criterion.ts';
import type { Scorecard, Suggestion } from '../../model/scorecard.ts';
import { criterionLine } from '../criterion-line.ts';
import { shortDigest } from '../evidence-text.ts';
import { NOT_GRADED_HEADING, notGradedLines } from '../not-graded.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import {
  heat,
  markOf,
  scoreLine,
  type Screen,
  screenOf,
  shown,
  type TerminalOptions,
} from './terminal-screen.ts';
import { fitted, padded, textWidth, wrapped } from './text-width.ts';

const SUGGESTIONS_SHOWN = 3;

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
  const commands = [suggestion.example?.split('\n')[0], suggestion.fix];
  const how = wrapped(shown(screen, suggestion.detail), width - 8, marks.ellipsis).map(
    (line) => `     ${colors.dim(line)}`,
  );
  return [
    `  ${index + 1}. ${title}  ${colors.green(gain)}`,
    ...how,
    ...commands.flatMap((text) =>
      text === undefined
        ? []
        : [`     ${colors.cyan(fitted(shown(screen, text), width - 8, marks.ellipsis))}`],
    ),
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

function notGradedBlock(screen: Screen, scorecard: Scorecard): string[] {
  const lines = notGradedLines(scorecard);
  if (lines.length === 0) return [];
  return [
    '',
    ` ${screen.colors.bold(NOT_GRADED_HEADING)}`,
    ...lines.map(
      (line) => `  ${fitted(shown(screen, line), screen.width - 4, screen.marks.ellipsis)}`,
    ),
  ];
}

/** The scorecard for a terminal, at most `width` columns wide; ends with a newline. Nothing from the image can move the cursor. */
export function terminalReport(scorecard: Scorecard, options: TerminalOptions): string {
  const screen = screenOf(options);
  const next = scorecard.suggestions.slice(0, SUGGESTIONS_SHOWN);
  const lines = [
    ...header(screen, scorecard),
    '',
    scoreLine(screen, 'Overall', scorecard.overall),
    ...VECTORS.map((vector) => scoreLine(screen, VECTOR_NAMES[vector], scorecard.vectors[vector])),
    ...platformLines(screen, scorecard),
    ...notGradedBlock(screen, scorecard),
    ...VECTORS.flatMap((vector) => vectorBlock(screen, scorecard, vector)),
    ...(next.length === 0 ? [] : ['', ` ${screen.colors.bold('Next, and what each gains')}`]),
    ...next.flatMap((suggestion, index) => suggestionBlock(screen, suggestion, index)),
  ];
  return `${lines.join('\n')}\n`;
}
