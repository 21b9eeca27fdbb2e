import { sizeText } from '../lib/text.ts';
import { type Outcome, VECTORS } from '../model/criterion.ts';
import type {
  ComparedImage,
  Comparison,
  CriterionChange,
  PackageChange,
  ReportInput,
  ScorecardDifference,
} from '../model/report.ts';
import type { Score } from '../model/scorecard.ts';
import { VECTOR_NAMES } from './card.ts';
import { compareScorecards, diffScorecards } from './compare.ts';
import { heat, markOf, type Screen, screenOf, shown, type TerminalOptions } from './terminal.ts';
import { fitted, padded, textWidth } from './text-width.ts';
import { shortDigest } from './text.ts';

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

const PACKAGES_SHOWN = 20;

/** `+3`, `-1`, or nothing. */
function signed(change: number): string {
  return change === 0 ? '' : change > 0 ? `+${change}` : String(change);
}

function sign(gain: number): string {
  return gain > 0 ? '+' : gain < 0 ? '-' : ' ';
}

/** Narrow terminals cut the names, not the figures. */
function nameColumns({ width }: Screen): number {
  return Math.max(8, Math.min(25, width - 32));
}

function scoreRow(screen: Screen, name: string, before: Score, after: Score): string {
  const { marks } = screen;
  const was = `${padded(before.grade, 2)} ${padded(`${before.points}/${before.total}`, 6)}`;
  const is = `${padded(after.grade, 2)} ${padded(`${after.points}/${after.total}`, 6)}`;
  const change = signed(after.points - before.points);
  const columns = nameColumns(screen);
  const head = padded(fitted(name, columns, marks.ellipsis), columns);
  return ` ${head} ${was} ${marks.arrow} ${heat(screen, after.grade)(is)} ${change}`.trimEnd();
}

function criterionRow(screen: Screen, change: CriterionChange): string {
  const { before, after, gain, id, level, summary } = change;
  const { arrow, ellipsis } = screen.marks;
  const was = before === undefined ? ' ' : markOf(screen, before);
  const is = after === undefined ? ' ' : markOf(screen, after);
  const room = screen.width - 33 - arrow.length;
  const why = room < 10 ? '' : fitted(shown(screen, summary), room, ellipsis);
  return ` ${sign(gain)} ${was} ${arrow} ${is} ${level} ${padded(id, 20)}  ${why}`.trimEnd();
}

function packageRow(
  screen: Screen,
  mark: string,
  { type, name, before, after }: PackageChange,
): string {
  const versions = [before, after].filter((list) => list.length > 0).map((list) => list.join(', '));
  const text = `${mark} ${type} ${name} ${versions.join(` ${screen.marks.arrow} `)}`;
  return ` ${fitted(shown(screen, text), screen.width - 2, screen.marks.ellipsis)}`;
}

function packageLines(screen: Screen, packages: ScorecardDifference['packages']): string[] {
  if (packages === undefined) return [];
  const { added, removed, changed } = packages;
  const heading = `Packages: ${added.length} added, ${removed.length} removed, ${changed.length} changed`;
  const rows = [
    ...added.map((one) => packageRow(screen, '+', one)),
    ...removed.map((one) => packageRow(screen, '-', one)),
    ...changed.map((one) => packageRow(screen, '~', one)),
  ];
  const rest = rows.length - PACKAGES_SHOWN;
  return [
    '',
    ` ${screen.colors.bold(heading)}`,
    ...rows.slice(0, PACKAGES_SHOWN),
    ...(rest > 0 ? [`   and ${rest} more: --report json names them all`] : []),
  ];
}

function sizeLine(screen: Screen, { before, after }: ScorecardDifference): string[] {
  if (before.size === undefined || after.size === undefined) return [];
  const change = after.size - before.size;
  const by = change === 0 ? '' : ` (${change > 0 ? '+' : '-'}${sizeText(Math.abs(change))})`;
  const text = ` ${padded('Size', nameColumns(screen))} ${sizeText(before.size)}, now ${sizeText(after.size)}${by}`;
  return [fitted(text, screen.width, screen.marks.ellipsis)];
}

/** What is another in the newer image, for a terminal; ends with a newline. */
export function terminalDifference(
  before: ReportInput,
  after: ReportInput,
  options: TerminalOptions,
): string {
  const screen = screenOf(options);
  const difference = diffScorecards(before, after);
  const { before: old, after: now, criteria } = difference;
  const name = (one: typeof old): string =>
    `${fitted(shown(screen, one.image), screen.width - 27, screen.marks.ellipsis)}  ${screen.colors.dim(shortDigest(one.digest))}`;
  const level =
    old.level === now.level
      ? `Level ${now.level} ${now.levelName}, as before`
      : `Level ${now.level} ${now.levelName}, was ${old.level} ${old.levelName}`;
  const lines = [
    ` before  ${name(old)}`,
    ` after   ${name(now)}`,
    ` ${heat(screen, now.overall.grade)(screen.colors.bold(level))}`,
    '',
    scoreRow(screen, 'Overall', old.overall, now.overall),
    ...VECTORS.map((v) => scoreRow(screen, VECTOR_NAMES[v], old.vectors[v], now.vectors[v])),
    ...sizeLine(screen, difference),
    '',
    criteria.length === 0
      ? ' Every criterion came out as before'
      : ` ${screen.colors.bold('Changed criteria')}`,
    ...criteria.map((one) => criterionRow(screen, one)),
    ...packageLines(screen, difference.packages),
  ];
  return `${lines.join('\n')}\n`;
}
