import { type Outcome, VECTORS } from '../../model/criterion.ts';
import { sizeText } from '../../model/quantity.ts';
import type { ComparedImage, Comparison, ReportInput } from '../../model/report.ts';
import type { Score } from '../../model/scorecard.ts';
import { compareScorecards } from '../compare.ts';
import { shortDigest } from '../evidence-text.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import {
  heat,
  markOf,
  type Screen,
  screenOf,
  shown,
  type TerminalOptions,
} from './terminal-screen.ts';
import { fitted, padded, textWidth } from './text-width.ts';

const NAME = 25;
const COLUMN = 9;

function line(screen: Screen, name: string, cells: readonly string[]): string {
  return ` ${padded(fitted(name, NAME, screen.marks.ellipsis), NAME)} ${cells.join('')}`.trimEnd();
}

function scoreCell(screen: Screen, { points, total, grade }: Score): string {
  const text = `${padded(grade, 2)} ${points}/${total}`;
  return heat(screen, grade)(text) + ' '.repeat(Math.max(0, COLUMN - textWidth(text)));
}

function outcomeLine(
  screen: Screen,
  { id, level, outcomes }: Comparison['criteria'][number],
  columns: { readonly from: number; readonly to: number },
): string {
  const cells = outcomes
    .slice(columns.from, columns.to)
    .map((outcome: Outcome | undefined) =>
      outcome === undefined ? ' '.repeat(COLUMN) : markOf(screen, outcome) + ' '.repeat(COLUMN - 1),
    );
  return ` ${level} ${padded(fitted(id, NAME - 2, screen.marks.ellipsis), NAME - 2)} ${cells.join('')}`.trimEnd();
}

/** A table of as many images as fit beside each other. */
function block(screen: Screen, comparison: Comparison, from: number, to: number): string[] {
  const images = comparison.images.slice(from, to);
  const texts = (name: string, cell: (image: ComparedImage, index: number) => string): string =>
    line(
      screen,
      name,
      images.map((image, index) => padded(cell(image, index), COLUMN)),
    );
  const scores = (name: string, score: (image: ComparedImage) => Score): string =>
    line(
      screen,
      name,
      images.map((image) => scoreCell(screen, score(image))),
    );
  return [
    '',
    texts('', (_, index) => `[${from + index + 1}]`),
    texts('Level', ({ level }) => String(level)),
    scores('Overall', ({ overall }) => overall),
    ...VECTORS.map((vector) => scores(VECTOR_NAMES[vector], ({ vectors }) => vectors[vector])),
    ...(images.some(({ size }) => size !== undefined)
      ? [texts('Size', ({ size }) => (size === undefined ? '?' : sizeText(size)))]
      : []),
    ...(images.some(({ packages }) => packages !== undefined)
      ? [texts('Packages', ({ packages }) => String(packages ?? '?'))]
      : []),
    '',
    ...comparison.criteria.map((one) => outcomeLine(screen, one, { from, to })),
  ];
}

function legend(screen: Screen, { images }: Comparison): string[] {
  const digits = String(images.length).length + 2;
  return images.map(({ image, digest, level, levelName }, index) => {
    const tail = `level ${level} ${levelName}`;
    const room = screen.width - digits - textWidth(tail) - 18;
    const number = padded(`[${index + 1}]`, digits);
    const name = fitted(shown(screen, image), Math.max(8, room), screen.marks.ellipsis);
    const row = ` ${number} ${padded(name, Math.max(8, room))} ${shortDigest(digest)} ${tail}`;
    return fitted(row, screen.width, screen.marks.ellipsis).trimEnd();
  });
}

/** Images side by side for a terminal; ends with a newline. */
export function terminalComparison(
  images: readonly ReportInput[],
  options: TerminalOptions,
): string {
  const screen = screenOf(options);
  const comparison = compareScorecards(images);
  const fit = Math.max(1, Math.floor((screen.width - NAME - 2) / COLUMN));
  const blocks = Array.from({ length: Math.ceil(images.length / fit) }, (_, index) =>
    block(screen, comparison, index * fit, (index + 1) * fit),
  );
  return `${[...legend(screen, comparison), ...blocks.flat()].join('\n')}\n`;
}
