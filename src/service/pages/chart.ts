import { plural } from '../../lib/text.ts';
import { type Content, h } from '../../report/html/document.ts';
import { gradeOf, table } from '../../report/html/parts.ts';
import type { GradeRow } from '../shapes.ts';
import { countsOf, dateOf, gradedBy, gradePath } from './frame.ts';

/** Across, the chart is as wide as its place; down, these are pixels. */
const WIDTH = 1000;
const STEP = 18;
const LEVEL_0 = 8 + 5 * STEP;
const MOST_AT = LEVEL_0 + 26;
const NONE_AT = MOST_AT + 64;
const HEIGHT = NONE_AT + 8;
const LEVELS = [0, 1, 2, 3, 4, 5];
const MOST_ROWS = 100;

type Rows = readonly [GradeRow, ...GradeRow[]];

/** Level as a line, and critical and high vulnerabilities as areas below it, over time. */
function chart(rows: Rows, now: number): Content {
  const [first] = rows;
  const start = first.gradedAt.getTime();
  const across = (time: number): number =>
    Math.round(((time - start) / Math.max(1, now - start)) * WIDTH * 10) / 10;
  const ends = rows.map((_, index) => across(rows[index + 1]?.gradedAt.getTime() ?? now));
  const steps = (height: (row: GradeRow) => number): string =>
    rows.map((row, index) => `V${height(row)}H${ends[index] ?? WIDTH}`).join('');
  const high = ({ counts }: GradeRow): number => (counts?.critical ?? 0) + (counts?.high ?? 0);
  const most = Math.max(1, ...rows.map(high));
  const area = (count: (row: GradeRow) => number): string =>
    `M0 ${NONE_AT}${steps((row) => Math.round(NONE_AT - (count(row) / most) * 64))}V${NONE_AT}Z`;
  const levelAt = ({ level }: GradeRow): number => LEVEL_0 - level * STEP;
  const changes = rows.filter((row, index) => row.level !== (rows[index - 1] ?? row).level);
  const dots = [first, ...changes].map(
    (row) => `M${across(row.gradedAt.getTime())} ${levelAt(row)}h0`,
  );
  const grid = [...LEVELS.map((level) => LEVEL_0 - level * STEP), MOST_AT, NONE_AT];
  const labels = [...LEVELS, most, 0].map((text, at) =>
    h('text', { x: 26, y: (grid[at] ?? 0) + 4 }, text),
  );
  const said = `Level ${first.level} at first, ${rows.at(-1)?.level ?? 0} now, ${plural(changes.length, 'change')}`;
  const plot = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', height: HEIGHT };
  return h(
    'figure.chart',
    h('svg.axis', { width: 34, height: HEIGHT, 'aria-hidden': true }, labels),
    h(
      'svg',
      { ...plot, width: '100%', role: 'img', 'aria-label': said },
      h('path.grid', { d: grid.map((y) => `M0 ${y}h${WIDTH}`).join('') }),
      h('path.high', { d: area(high) }),
      h('path.critical', { d: area(({ counts }) => counts?.critical ?? 0) }),
      h('path.line', { d: `M0 ${levelAt(first)}${steps(levelAt)}` }),
      h('path.dots', { d: dots.join('') }),
    ),
    h(
      'figcaption',
      h('span', dateOf(first.gradedAt)),
      h('span.key', h('i.level'), 'level ', h('i.critical'), 'critical ', h('i.high'), 'high'),
      h('span', 'now'),
    ),
  );
}

/** Grades over time, oldest first, as a chart and in words. `all` is where more are. */
export function historyOf(rows: readonly GradeRow[], now: number, all: string): Content {
  const heads = ['Graded', '#Level', 'Grade', 'Critical and high', 'By'];
  const cells = (row: GradeRow): readonly Content[] => [
    h('a', { href: gradePath(row.id) }, dateOf(row.gradedAt)),
    row.level,
    gradeOf(row.overall),
    countsOf(row.counts),
    gradedBy(row),
  ];
  const options = { caption: 'Grades, the newest first', most: MOST_ROWS, what: 'grade' };
  return [
    rows.length > 1 && chart(rows as Rows, now),
    h(
      'details.table',
      { open: rows.length < 4 },
      h('summary', plural(rows.length, 'grade'), ' in words'),
      table(heads, rows.toReversed(), cells, options),
      rows.length > MOST_ROWS && h('p.small', h('a', { href: all }, 'All as JSON')),
    ),
  ];
}
