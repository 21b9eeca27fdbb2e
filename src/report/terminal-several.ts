import type {
  ComparedImage,
  Comparison,
  CriterionChange,
  ReportInput,
  ScorecardDifference,
} from '../model/report.ts';
import { compareScorecards, diffScorecards, measures, packageTexts } from './compare.ts';
import { heat, markOf, type Screen, screenOf, shown, type TerminalOptions } from './terminal.ts';
import { fitted, padded, textWidth } from './text-width.ts';
import { shortDigest } from './text.ts';

const NAME = 25;
const COLUMN = 9;

function line(screen: Screen, name: string, cells: readonly string[]): string {
  return ` ${padded(fitted(name, NAME, screen.marks.ellipsis), NAME)} ${cells.join('')}`.trimEnd();
}

/** Text to paint after padding. */
function cell(text: string, paint: (text: string) => string = (one) => one): string {
  return paint(text) + ' '.repeat(Math.max(0, COLUMN - textWidth(text)));
}

/** The numbered images, then tables of as many as fit side by side. */
function tables(
  screen: Screen,
  images: readonly ComparedImage[],
  criteria: Comparison['criteria'] = [],
): string[] {
  const digits = String(images.length).length + 2;
  const legend = images.map(({ image, digest, level, levelName }, index) => {
    const tail = `level ${level} ${levelName}`;
    const room = Math.max(8, screen.width - digits - textWidth(tail) - 18);
    const name = padded(fitted(shown(screen, image), room, screen.marks.ellipsis), room);
    const row = ` ${padded(`[${index + 1}]`, digits)} ${name} ${shortDigest(digest)} ${tail}`;
    return fitted(row, screen.width, screen.marks.ellipsis).trimEnd();
  });
  const fit = Math.max(1, Math.floor((screen.width - NAME - 2) / COLUMN));
  const blocks = Array.from({ length: Math.ceil(images.length / fit) }, (_, index) => {
    const from = index * fit;
    const part = images.slice(from, from + fit);
    return [
      '',
      line(
        screen,
        '',
        part.map((_, at) => cell(`[${from + at + 1}]`)),
      ),
      line(
        screen,
        'Level',
        part.map(({ level }) => cell(String(level))),
      ),
      ...measures(part)
        .filter(({ cells }) => cells.some((one) => one !== undefined))
        .map(({ name, cells }) =>
          line(
            screen,
            name,
            cells.map((one = '?') =>
              typeof one === 'string'
                ? cell(one)
                : cell(
                    `${padded(one.grade, 2)} ${one.points}/${one.total}`,
                    heat(screen, one.grade),
                  ),
            ),
          ),
        ),
      ...(criteria.length === 0 ? [] : ['']),
      ...criteria.map(({ id, level, outcomes }) =>
        line(
          screen,
          `${level} ${id}`,
          outcomes
            .slice(from, from + fit)
            .map((one) =>
              one === undefined
                ? cell('')
                : cell(screen.marks.outcome[one], () => markOf(screen, one)),
            ),
        ),
      ),
    ];
  });
  return [...legend, ...blocks.flat()];
}

/** Images side by side for a terminal; ends with a newline. */
export function terminalComparison(
  images: readonly ReportInput[],
  options: TerminalOptions,
): string {
  const { images: columns, criteria } = compareScorecards(images);
  return `${tables(screenOf(options), columns, criteria).join('\n')}\n`;
}

const PACKAGES_SHOWN = 20;

function criterionRow(screen: Screen, change: CriterionChange): string {
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

function packageLines(screen: Screen, packages: ScorecardDifference['packages']): string[] {
  if (packages === undefined) return [];
  const { heading, lines } = packageTexts(packages, screen.marks.arrow);
  const rest = lines.length - PACKAGES_SHOWN;
  return [
    '',
    ` ${screen.colors.bold(heading)}`,
    ...lines
      .slice(0, PACKAGES_SHOWN)
      .map((one) => ` ${fitted(shown(screen, one), screen.width - 2, screen.marks.ellipsis)}`),
    ...(rest > 0 ? [`   and ${rest} more: --report json names them all`] : []),
  ];
}

/** Changes in the newer image, for a terminal; ends with a newline. */
export function terminalDifference(
  old: ReportInput,
  now: ReportInput,
  options: TerminalOptions,
): string {
  const screen = screenOf(options);
  const { before, after, criteria, packages } = diffScorecards(old, now);
  const lines = [
    ...tables(screen, [before, after]),
    '',
    criteria.length === 0
      ? ' Every criterion came out as before'
      : ` ${screen.colors.bold('Changed criteria')}`,
    ...criteria.map((one) => criterionRow(screen, one)),
    ...packageLines(screen, packages),
  ];
  return `${lines.join('\n')}\n`;
}
