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

/** Level as a line, and critical and high vulnerabilities as areas below it, over time. */
function chart(rows: readonly GradeRow[], now: number): Content {
  const times = [...rows.map(({ gradedAt }) => gradedAt.getTime()), now];
  const [start = now] = times;
  const across = times.map((time) => ((time - start) / Math.max(1, now - start)) * WIDTH);
  const xs = across.map((x) => Math.round(x * 10) / 10);
  const steps = (down: readonly number[]): string =>
    down.map((y, index) => `V${y}H${xs[index + 1] ?? WIDTH}`).join('');
  const levels = rows.map(({ level }) => LEVEL_0 - level * STEP);
  const critical = rows.map(({ counts }) => counts?.critical ?? 0);
  const both = rows.map(({ counts }) => (counts?.critical ?? 0) + (counts?.high ?? 0));
  const most = Math.max(1, ...both);
  const area = (counts: readonly number[]): string =>
    `M0 ${NONE_AT}${steps(counts.map((one) => Math.round(NONE_AT - (one / most) * 64)))}V${NONE_AT}Z`;
  const dots = levels.map((y, at) => (y === levels[at - 1] ? '' : `M${xs[at] ?? 0} ${y}h0`));
  const grid = [...LEVELS.map((level) => LEVEL_0 - level * STEP), MOST_AT, NONE_AT];
  const labels = [...LEVELS, most, 0].map((text, at) =>
    h('text', { x: 26, y: (grid[at] ?? 0) + 4 }, text),
  );
  const changes = plural(dots.filter(Boolean).length - 1, 'change');
  const said = `Level ${rows[0]?.level ?? 0} at first, ${rows.at(-1)?.level ?? 0} now, ${changes}`;
  const plot = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', height: HEIGHT };
  const key = ['level ', 'critical ', 'high '].map((name) => [h(`i.${name.trim()}`), name]);
  return h(
    'figure.chart',
    h('svg.axis', { width: 34, height: HEIGHT, 'aria-hidden': true }, labels),
    h(
      'svg',
      { ...plot, width: '100%', role: 'img', 'aria-label': said },
      h('path.grid', { d: grid.map((y) => `M0 ${y}h${WIDTH}`).join('') }),
      h('path.high', { d: area(both) }),
      h('path.critical', { d: area(critical) }),
      h('path.line', { d: `M0 ${levels[0] ?? 0}${steps(levels)}` }),
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
    row.level,
    gradeOf(row.overall),
    countsOf(row.counts),
    gradedBy(row),
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
