import { nextSteps } from '../../criteria/next-steps.ts';
import { given } from '../../lib/json.ts';
import { formatReference } from '../../model/reference.ts';
import type { ReportInput } from '../../model/report.ts';
import { sheetOf } from '../../report/compare.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, list, section } from '../../report/html/parts.ts';
import { reportBody, reportTitle } from '../../report/html/report.ts';
import { sheetBody } from '../../report/html/several.ts';
import type { Page } from '../deps.ts';
import type { Ask, GradeDetail, GradeRow, ImageName, ImageRow } from '../shapes.ts';
import { historyOf } from './chart.ts';
import * as frame from './frame.ts';

const { agoOf, dateOf, FIELD, gradePath, imagePath, pageOf, pathOf } = frame;

/** A grade with what its report shows. */
export interface Graded extends GradeDetail {
  readonly contents?: ReportInput['contents'];
}

function inputOf({ scorecard, contents }: Graded): ReportInput {
  return { scorecard, steps: nextSteps(scorecard), ...given({ contents }) };
}

interface OfImage {
  readonly image: ImageName;
  readonly grade?: Graded | undefined;
  /** The newest; shown while it is open or failed. */
  readonly ask?: Ask | undefined;
  readonly goneAt?: Date | undefined;
  /** Oldest first. */
  readonly history: readonly GradeRow[];
  readonly url: string;
  readonly now: number;
}

/** An image with its newest grade: the report, and what the service knows besides. */
export function imagePage(of: OfImage): string {
  const { image, grade, history, url, now } = of;
  const name = formatReference(image);
  const head = [frame.headOf(image, 'image', name), state(of)];
  if (grade === undefined) return pageOf(name, head);
  const parts = [
    section('history', 'History', historyOf(history, now, `/api/v1${imagePath(image)}/history`)),
    about(grade, now),
    image.digest === undefined && section('badges', 'Badges', badgesOf(name, url)),
  ];
  const all: Record<string, string> = { history: 'History', grade: 'This grade' };
  if (image.digest === undefined) all['badges'] = 'Badges';
  const links = Object.entries(all);
  const input = inputOf(grade);
  return pageOf(reportTitle(input), reportBody(input, { head, links, parts }));
}

/** One grade, as it was made. */
export function gradePage(grade: Graded, now: number): string {
  const { image, gradedAt } = grade;
  const name = formatReference(image);
  const newest = h('a', { href: imagePath(image) }, 'The newest grade of this image');
  const head = [frame.headOf(image, 'one grade', name), h('p.figures', newest)];
  const own = { head, links: [['grade', 'This grade'] as const], parts: about(grade, now) };
  const title = `${name}, graded ${gradedAt.toISOString().slice(0, 10)}`;
  return pageOf(title, reportBody(inputOf(grade), own));
}

const STATES = {
  queued: ['unknown', 'A grade is queued', 'asked for '],
  running: ['unknown', 'A grade is made now', 'asked for '],
  failed: ['fail', 'The grade failed', 'asked for '],
  gone: ['fail', 'Its registry does not have this image any more', 'seen '],
} as const;

/** What a reader must know before the report: an open or failed ask, an image that is gone. */
function state({ ask, goneAt, grade, now }: OfImage): Content {
  const note = (of: keyof typeof STATES, at: Date, more?: Content): Content => {
    const [kind, heading, when] = STATES[of];
    const icon = h('svg.icon', { 'aria-hidden': true }, h('use', { href: `#i-${kind}` }));
    const line = [icon, ' ', h('b', heading), ', ', when, agoOf(at, now)];
    return h(`section.gate.${kind}`, { 'aria-label': heading }, h('p', line), more);
  };
  const isOver = ask === undefined || ask.state === 'done';
  const isOld = isOver || (grade !== undefined && ask.askedAt < grade.gradedAt);
  return [
    goneAt !== undefined && note('gone', goneAt),
    !isOld &&
      note(ask.state, ask.askedAt, [
        ask.progress !== undefined && h('p', ask.progress),
        ask.error !== undefined && h('p', ask.error.message),
        ask.error?.nextStep !== undefined && h('p', 'Next: ', ask.error.nextStep),
        ask.state !== 'failed' && h('p', h('a', { href: imagePath(ask.image) }, 'Look again')),
      ]),
  ];
}

/** When, by what and on which data an image was graded. */
function about(grade: Graded, now: number): Content {
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

interface OfRepository extends Pick<ImageName, 'registry' | 'repository'> {
  /** Side by side. */
  readonly columns: readonly Graded[];
  readonly tags: Page<ImageRow>;
  readonly isFirst: boolean;
  readonly now: number;
}

/** The tags of a repository, side by side and as a list. */
export function repositoryPage(of: OfRepository): string {
  const { registry, repository, columns, tags, isFirst, now } = of;
  const name = `${registry}/${repository}`;
  const tagAt = (index: number): string => columns[index]?.image.tag ?? '';
  const paths = columns.map(({ image }) => imagePath(image));
  const column = (_: string, at: number): Content => h('a', { href: paths[at] }, tagAt(at));
  const against = columns.slice(1).map((other, index) => {
    const href = comparePath(columns[0] ?? other, other);
    return h('a', { href }, `${tagAt(0)} and ${tagAt(index + 1)}`);
  });
  const sheet = sheetOf({ kind: 'comparison', images: columns.map(inputOf) });
  const side = [sheetBody(sheet, column), h('p.small.muted', 'What differs between')];
  const rows = frame.imagesTable(tags.rows, `Tags of ${name}`, now);
  return pageOf(name, [
    frame.headOf(of, 'repository', name),
    against.length > 0 && section('side', 'Side by side', side, list(against, 'ul.against')),
    section('tags', 'Tags', rows, frame.turn(frame.repositoryPath(of), {}, tags, isFirst)),
  ]);
}

function comparePath(a: GradeDetail, b: GradeDetail): string {
  return pathOf('/compare', { a: formatReference(a.image), b: formatReference(b.image) });
}

/** What was written in a field, and the grade that it names, or why there is none. */
export interface Side {
  readonly text: string;
  readonly grade?: Graded | undefined;
  readonly why?: string | undefined;
}

/** Two images, and what differs between their newest grades. */
export function comparePage(a: Side, b: Side, now: number): string {
  const field = (name: string, label: string, { text, why }: Side): Content => {
    const wrong = why !== undefined && { 'aria-invalid': true, 'aria-describedby': `why-${name}` };
    const placeholder = 'registry.example.com/shop/api:1';
    const input = { ...FIELD, name, defaultValue: text, placeholder, ...wrong };
    const said = why !== undefined && h('span.why', { id: `why-${name}` }, why);
    return h('label.wide', h('span', label), h('input', input), said);
  };
  const fields = [field('a', 'First image', a), field('b', 'Second image', b)];
  const form = h('form.find', { action: '/compare' }, fields, h('button', 'Compare'));
  const head = [h('h1', 'Compare two images'), form];
  const [first, second] = [a.grade, b.grade];
  if (first === undefined || second === undefined) return pageOf('Compare', head, '/compare');
  const sheet = sheetOf({ kind: 'difference', before: inputOf(first), after: inputOf(second) });
  const column = (_: string, index: number): Content => {
    const [{ text }, one] = index === 0 ? [a, first] : [b, second];
    const href = text === one.id ? gradePath(one.id) : imagePath(one.image);
    const when = h('small', 'graded ', agoOf(one.gradedAt, now));
    return [h('a', { href }, formatReference(one.image)), when];
  };
  const back = h('a', { href: comparePath(second, first) }, 'The other way round');
  return pageOf('Compare', [head, sheetBody(sheet, column), h('p.small', back)], '/compare');
}

/** An error as a page. */
export function faultPage(status: number, title: string, why: string, nextStep?: string): string {
  return pageOf(title, [
    ...[h('p.crumbs', `Error ${status}`), h('h1', title), h('p.lead', why)],
    nextStep !== undefined && h('p.lead', 'Next: ', h('code', nextStep)),
    h('p.small', h('a', { href: '/' }, 'All images')),
  ]);
}
