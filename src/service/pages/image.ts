import { formatReference } from '../../model/reference.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, section } from '../../report/html/parts.ts';
import { reportBody, reportTitle } from '../../report/html/report.ts';
import { imageNameOf, imageRow, notFound, reportOf, type StoredDetail } from '../answers.ts';
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
  const [row, ask, history] = await Promise.all([
    imageRow(deps, image),
    records.lastAsk(image),
    records.history(image, { limit: HISTORY }),
  ]);
  if (row === undefined && ask === undefined)
    throw new ApiProblem('not-found', 'nobody asked for a grade of this image', {
      nextStep: `scoville serve ask ${formatReference(image)}`,
    });
  const grade = row?.latest && (await records.detail(row.latest.id));
  const name = formatReference(image);
  const head = [
    frame.headOf(image, 'image', name),
    row?.goneAt !== undefined && note('gone', row.goneAt, now),
    stateOf(ask, grade, now),
  ];
  if (grade === undefined) return pageOf(name, head);
  const grades = history.rows.length === 0 ? [grade] : history.rows.toReversed();
  const parts = [
    section('history', 'History', historyOf(grades, now, `/api/v1${imagePath(image)}/history`)),
    about(grade, now),
    image.digest === undefined &&
      section('badges', 'Badges', badgesOf(name, frame.urlOf(deps, request))),
  ];
  const all = [['history', 'History'] as const, ['grade', 'This grade'] as const];
  const links = image.digest === undefined ? [...all, ['badges', 'Badges'] as const] : all;
  const input = reportOf(grade);
  return pageOf(reportTitle(input), reportBody(input, { head, links, parts }));
}

/** One grade as it was made, by its id or that of what was asked for. */
export async function grade(
  { records, now }: AppDeps,
  { params: { '*': id } }: frame.PageRequest,
): Promise<string> {
  const ask = await records.ask(id);
  const grade = await records.detail(ask?.gradeId ?? id);
  const image = grade?.image ?? ask?.image;
  if (image === undefined) throw notFound();
  const name = formatReference(image);
  if (grade === undefined)
    return pageOf(name, [frame.headOf(image, 'image', name), stateOf(ask, grade, now())]);
  const newest = h('a', { href: imagePath(image) }, 'The newest grade of this image');
  const head = [frame.headOf(image, 'one grade', name), h('p.figures', newest)];
  const own = { head, links: [['grade', 'This grade'] as const], parts: about(grade, now()) };
  const title = `${name}, graded ${grade.gradedAt.toISOString().slice(0, 10)}`;
  return pageOf(title, reportBody(reportOf(grade), own));
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
    progress !== undefined && h('p', progress),
    error !== undefined && h('p', error.message),
    error?.nextStep !== undefined && h('p', 'Next: ', error.nextStep),
    state !== 'failed' && h('p', h('a', { href: imagePath(of) }, 'Look again')),
  ]);
}

/** When, by what and on which data an image was graded. */
function about(grade: StoredDetail, now: number): Content {
  const { id, gradedAt, advisoriesAt, builtAt, digest } = grade;
  const form = (form: string): string =>
    pathOf(`/api/v1/grades/${encodeURIComponent(id)}/report`, { form });
  const kept = [
    ...[h('a', { href: gradePath(id) }, 'this grade'), ', '],
    ...[h('a', { href: form('html') }, 'report as one file'), ', '],
    h('a', { href: form('json') }, 'JSON'),
  ];
  const rows: Readonly<Record<string, Content>> = {
    Graded: [dateOf(gradedAt), ', ', agoOf(gradedAt, now)],
    By: frame.gradedBy(grade),
    'Advisories of': advisoriesAt === undefined ? 'not known' : dateOf(advisoriesAt),
    Built: builtAt === undefined ? 'not known' : [dateOf(builtAt), ', ', agoOf(builtAt, now)],
    Digest: h('code', digest),
    'To keep': kept,
  };
  const each = Object.entries(rows).map(([name, of]) => h('div', h('dt', name), h('dd', of)));
  return section('grade', 'This grade', h('dl.facts', each));
}

/** The specification's, and the level: file name and text for screen readers. */
const BADGES = Object.entries({
  ...{ overall: 'CHPs Score', minimalism: 'Minimalism', provenance: 'Provenance' },
  ...{ config: 'Config', CVEs: 'Vulns', level: 'CHPs Level' },
});

function badgesOf(name: string, url: string): Content {
  const [path, page] = [`/badge/${encodeURI(name)}`, `${url}/images/${encodeURI(name)}`];
  const lines = BADGES.map(([file, alt]) => `[![${alt}](${url}${path}/${file}.svg)](${page})`);
  const image = (file: string) => ({ src: `${path}/${file}.svg`, height: 20 });
  const images = BADGES.map(([file, alt]) => h('img', { ...image(file), alt }));
  return [
    h('p.badges', images),
    h('p.small', 'Markdown for a README:'),
    h('div.whole', codeBlock(lines.join('\n'))),
  ];
}
