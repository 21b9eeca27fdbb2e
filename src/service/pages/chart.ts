import { plural } from '../../lib/text.ts';
import { type Content, h } from '../../report/html/document.ts';
import { gradeOf, table } from '../../report/html/parts.ts';
import type { Counts, GradeRow } from '../shapes.ts';
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

/** Level as a line, and critical and high vulnerabilities as areas below it, over time. */
function chart(rows: readonly GradeRow[], now: number): Content {
  const times = [...rows.map(({ gradedAt }) => gradedAt.getTime()), now];
  const [start = now] = times;
  const xs = times.map(
    (time) => Math.round(((time - start) / Math.max(1, now - start)) * WIDTH * 10) / 10,
  );
  const y = ({ level }: GradeRow): number => LEVEL_0 - level * STEP;
  const both = ({ critical, high }: Counts): number => critical + high;
  const most = Math.max(1, ...rows.map(({ counts }) => (counts ? both(counts) : 0)));
  /** A bar from each grade to the next; a gap where nobody looked. */
  const bars = (of: (counts: Counts) => number): string =>
    rows
      .map(({ counts }, i) => {
        if (counts === undefined) return '';
        const top = Math.round(NONE_AT - (of(counts) / most) * 64);
        return `M${xs[i]} ${NONE_AT}V${top}H${xs[i + 1]}V${NONE_AT}Z`;
      })
      .join('');
  const line = rows.map((row, i) => `${i === 0 ? 'M0 ' : 'V'}${y(row)}H${xs[i + 1]}`);
  const dots = rows.flatMap((row, i) =>
    row.level === rows[i - 1]?.level ? [] : [`M${xs[i]} ${y(row)}h0`],
  );
  const grid = [...LEVELS.map((level) => LEVEL_0 - level * STEP), MOST_AT, NONE_AT];
  const labels = [...LEVELS, most, 0].map((text, at) =>
    h('text', { x: 26, y: (grid[at] ?? 0) + 4 }, text),
  );
  const [first, last] = [rows[0]?.level, rows.at(-1)?.level];
  const said = `Level ${first} at first, ${last} now, ${plural(dots.length - 1, 'change')}`;
  const plot = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', height: HEIGHT };
  const key = ['level', 'critical', 'high'].map((name) => [h(`i.${name}`), `${name} `]);
  return h(
    'figure.chart',
    h('svg.axis', { width: 34, height: HEIGHT, 'aria-hidden': true }, labels),
    h(
      'svg',
      { ...plot, width: '100%', role: 'img', 'aria-label': said },
      h('path.grid', { d: grid.map((at) => `M0 ${at}h${WIDTH}`).join('') }),
      h('path.high', { d: bars(both) }),
      h('path.critical', { d: bars(({ critical }) => critical) }),
      h('path.line', { d: line.join('') }),
      h('path.dots', { d: dots.join('') }),
    ),
    h('figcaption', dateOf(new Date(start)), h('span.key', key), h('span', 'now')),
  );
}

/** Grades over time, oldest first, as a chart and in words. `all` is where more are. */
export function historyOf(rows: readonly GradeRow[], now: number, all: string): Content {
  const heads = ['Graded', '#Level', 'Grade', 'Critical and high', 'By'];
  const cells = (row: GradeRow): readonly Content[] => [
    h('a', { href: gradePath(row.id) }, dateOf(row.gradedAt)),
    ...[row.level, gradeOf(row.overall), countsOf(row.counts), gradedBy(row)],
  ];
  const options = { caption: 'Grades, the newest first', most: MOST_ROWS, what: 'grade' };
  return [
    rows.length > 1 && chart(rows, now),
    h(
      'details.table',
      { open: rows.length < 4 },
      h('summary', plural(rows.length, 'grade'), ' in words'),
      table(heads, rows.toReversed(), cells, options),
      rows.length > MOST_ROWS && h('p.small', h('a', { href: all }, 'All as JSON')),
    ),
  ];
}
