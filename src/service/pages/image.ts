import { formatReference } from '../../model/reference.ts';
import { BADGES } from '../../report/badges.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, section } from '../../report/html/parts.ts';
import { reportBody, reportTitle } from '../../report/html/report.ts';
import { imageNameOf, imageRow, reportOf, type StoredDetail } from '../answers.ts';
import type { AppDeps } from '../parts.ts';
import { ApiProblem } from '../problems.ts';
import type { Ask } from '../shapes.ts';
import { historyOf } from './chart.ts';
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

/** When, by what and on which data an image was graded. */
function about(grade: StoredDetail, now: number): Content {
  const { id, gradedAt, advisoriesAt, builtAt, digest } = grade;
  const rows: Readonly<Record<string, Content>> = {
    Graded: [dateOf(gradedAt), ', ', agoOf(gradedAt, now)],
    By: frame.gradedBy(grade),
    'Advisories of': advisoriesAt === undefined ? 'not known' : dateOf(advisoriesAt),
    Built: builtAt === undefined ? 'not known' : [dateOf(builtAt), ', ', agoOf(builtAt, now)],
    Digest: h('code', digest),
    'To keep': [
      ...[h('a', { href: gradePath(id) }, 'report as one file'), ', '],
      h('a', { href: pathOf(gradePath(id), { form: 'json' }) }, 'JSON'),
    ],
  };
  const each = Object.entries(rows).map(([name, of]) => h('div', h('dt', name), h('dd', of)));
  return section('grade', 'This grade', h('dl.facts', each));
}

function badgesOf(name: string, url: string): Content {
  const [path, page] = [`/badge/${encodeURI(name)}`, `${url}/images/${encodeURI(name)}`];
  const lines = BADGES.map(({ label, alt }) => `[![${alt}](${url}${path}/${label}.svg)](${page})`);
  const images = BADGES.map(({ label, alt }) =>
    h('img', { src: `${path}/${label}.svg`, height: 20, alt }),
  );
  return [
    h('p.badges', images),
    h('p.small', 'Markdown for a README:'),
    h('div.whole', codeBlock(lines.join('\n'))),
  ];
}
