import { plural } from '../../lib/text.ts';
import { formatReference } from '../../model/reference.ts';
import { BADGES } from '../../report/badges.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, gradeOf, section, table } from '../../report/html/parts.ts';
import { reportBody, reportTitle } from '../../report/html/report.ts';
import { imageNameOf, imageRow, reportOf, type StoredDetail } from '../api.ts';
import { ApiProblem } from '../http.ts';
import type { AppDeps } from '../parts.ts';
import type { Ask, Counts, GradeRow } from '../shapes.ts';
import * as frame from './frame.ts';

const { agoOf, dateOf, gradePath, imagePath, pageOf, pathOf } = frame;

/** Grades of a chart: a year of days, and pushes. */
const HISTORY = 500;

/** An image with its newest grade: the report, and what the service knows besides. */
export async function image(deps: AppDeps, request: frame.PageRequest): Promise<string> {
  const { records } = deps;
  const now = deps.now();
  const image = imageNameOf(request.params['*']);
  const name = formatReference(image);
  const [row, ask, history] = await Promise.all([
    imageRow(deps, image),
    records.lastAsk(image),
    records.history(image, { limit: HISTORY }),
  ]);
  if (row === undefined && ask === undefined)
    throw new ApiProblem('not-found', 'nobody asked for a grade of this image', {
      nextStep: `scoville serve ask ${name}`,
    });
  const grade = row?.latest && (await records.detail(row.latest.id));
  const head = [
    frame.headOf(image, 'image', name),
    row?.goneAt !== undefined && note('gone', row.goneAt, now),
    stateOf(ask, grade, now),
  ];
  if (grade === undefined) return pageOf(name, head);
  const grades = history.rows.length === 0 ? [grade] : history.rows.toReversed();
  const all = `/api/v1/history/${encodeURI(name)}`;
  const isTag = image.digest === undefined;
  const parts = [
    section('history', 'History', historyOf(grades, now, all)),
    about(grade, now),
    isTag && section('badges', 'Badges', badgesOf(name, frame.urlOf(deps, request))),
  ];
  const links = { history: 'History', grade: 'This grade', ...(isTag ? { badges: 'Badges' } : {}) };
  const input = reportOf(grade);
  return pageOf(
    reportTitle(input),
    reportBody(input, { head, links: Object.entries(links), parts }),
  );
}

const STATES = {
  queued: ['unknown', 'A grade is queued', 'asked for '],
  running: ['unknown', 'A grade is made now', 'asked for '],
  failed: ['fail', 'The grade failed', 'asked for '],
  gone: ['fail', 'Its registry does not have this image any more', 'seen '],
} as const;

/** What a reader must know before the report. */
function note(of: keyof typeof STATES, at: Date, now: number, more?: Content): Content {
  const [kind, heading, when] = STATES[of];
  const icon = h('svg.icon', { 'aria-hidden': true }, h('use', { href: `#i-${kind}` }));
  const line = [icon, ' ', h('b', heading), ', ', when, agoOf(at, now)];
  return h(`section.gate.${kind}`, { 'aria-label': heading }, h('p', line), more);
}

/** An ask that is open or failed, and newer than the grade. */
function stateOf(ask: Ask | undefined, grade: StoredDetail | undefined, now: number): Content {
  if (ask === undefined || ask.state === 'done') return null;
  const { state, image: of, askedAt, progress, error } = ask;
  if (grade !== undefined && askedAt < grade.gradedAt) return null;
  return note(state, askedAt, now, [
    ...[progress, error?.message].map((line) => line !== undefined && h('p', line)),
    error?.nextStep !== undefined && h('p', 'Next: ', error.nextStep),
    state !== 'failed' && h('p', h('a', { href: imagePath(of) }, 'Look again')),
  ]);
}

function about(grade: StoredDetail, now: number): Content {
  const { id, gradedAt, advisoriesAt, builtAt, digest } = grade;
  const rows: Readonly<Record<string, Content>> = {
    Graded: [dateOf(gradedAt), ', ', agoOf(gradedAt, now)],
    By: frame.gradedBy(grade),
    'Advisories of': advisoriesAt === undefined ? 'not known' : dateOf(advisoriesAt),
    Built: builtAt === undefined ? 'not known' : [dateOf(builtAt), ', ', agoOf(builtAt, now)],
    Digest: h('code', digest),
    'To keep': [
      h('a', { href: gradePath(id) }, 'report as one file'),
      ', ',
      h('a', { href: pathOf(gradePath(id), { form: 'json' }) }, 'JSON'),
    ],
  };
  const each = Object.entries(rows).map(([name, of]) => h('div', h('dt', name), h('dd', of)));
  return section('grade', 'This grade', h('dl.facts', each));
}

function badgesOf(name: string, url: string): Content {
  const [path, page] = [`/badge/${encodeURI(name)}`, `${url}/images/${encodeURI(name)}`];
  const all = BADGES.map(({ label, alt }) => ({ src: `${path}/${label}.svg`, alt }));
  const images = all.map((one) => h('img', { ...one, height: 20 }));
  const lines = all.map(({ src, alt }) => `[![${alt}](${url}${src})](${page})`);
  const markdown = h('div.whole', codeBlock(lines.join('\n')));
  return [h('p.badges', images), h('p.small', 'Markdown for a README:'), markdown];
}

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
  const paths = {
    grid: grid.map((at) => `M0 ${at}h${WIDTH}`).join(''),
    high: bars(both),
    critical: bars(({ critical }) => critical),
    line: line.join(''),
    dots: dots.join(''),
  };
  const drawn = Object.entries(paths).map(([name, d]) => h(`path.${name}`, { d }));
  const plot = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', height: HEIGHT };
  const shown = { ...plot, width: '100%', role: 'img', 'aria-label': said };
  const key = ['level', 'critical', 'high'].map((name) => [h(`i.${name}`), `${name} `]);
  const axis = h('svg.axis', { width: 34, height: HEIGHT, 'aria-hidden': true }, labels);
  const words = [dateOf(new Date(start)), h('span.key', key), h('span', 'now')];
  return h('figure.chart', axis, h('svg', shown, drawn), h('figcaption', words));
}

/** Grades over time, oldest first, as a chart and in words. `all` is where more are. */
function historyOf(rows: readonly GradeRow[], now: number, all: string): Content {
  const heads = ['Graded', '#Level', 'Grade', 'Critical and high', 'By'];
  const cells = (row: GradeRow): readonly Content[] => [
    h('a', { href: gradePath(row.id) }, dateOf(row.gradedAt)),
    ...[row.level, gradeOf(row.overall), frame.countsOf(row.counts), frame.gradedBy(row)],
  ];
  const options = { caption: 'Grades, the newest first', most: MOST_ROWS, what: 'grade' };
  const words = table(heads, rows.toReversed(), cells, options);
  const summary = h('summary', plural(rows.length, 'grade'), ' in words');
  const more = rows.length > MOST_ROWS && h('p.small', h('a', { href: all }, 'All as JSON'));
  const details = h('details.table', { open: rows.length < 4 }, summary, words, more);
  return [rows.length > 1 && chart(rows, now), details];
}
