import type { FastifyRequest } from 'fastify';
import { given } from '../../lib/json.ts';
import { plural } from '../../lib/text.ts';
import { LEVEL_NAMES } from '../../model/criterion.ts';
import { digestHex, digestOf, formatReference } from '../../model/reference.ts';
import { type Content, framed, h, SCRIPT, STYLE } from '../../report/html/document.ts';
import { chillis, gradeOf, muted, SEVERITY_TONES, table, tag } from '../../report/html/parts.ts';
import { shortDigest } from '../../report/text.ts';
import type { Page, problemOf } from '../http.ts';
import type { AppDeps } from '../parts.ts';
import type { Counts, GradeRow, ImageName, ImageRow } from '../shapes.ts';
import OWN from './pages.css?raw';

/** A file of ours under an address that changes with it, so that it can be kept for ever. */
function asset(text: string, ending: string, type: string) {
  return { path: `/assets/${digestHex(digestOf(text)).slice(0, 16)}.${ending}`, text, type };
}

const CSS = asset(`${STYLE}\n${OWN}`, 'css', 'text/css; charset=utf-8');
/** The report's: search in tables. Pages are whole without it. */
const JS = asset(SCRIPT, 'js', 'text/javascript; charset=utf-8');
export const ASSETS = [CSS, JS];

export const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const TEXT = { type: 'string', pattern: '^[^\\0]*$' };
export const QUERY = {
  type: 'object',
  properties: {
    level: { type: 'integer', minimum: 0, maximum: 5 },
    olderThan: { type: 'integer', minimum: 0, maximum: 100_000 },
    q: TEXT,
    registry: TEXT,
    fails: TEXT,
    cursor: TEXT,
    a: TEXT,
    b: TEXT,
  },
};
type Query = { readonly [K in 'level' | 'olderThan']?: number } & {
  readonly [K in 'q' | 'registry' | 'fails' | 'cursor' | 'a' | 'b']?: string;
};
export type PageRequest = FastifyRequest<{ Params: { '*': string }; Querystring: Query }>;

export function faultPage({ status, title, detail, nextStep }: ReturnType<typeof problemOf>) {
  return pageOf(title, [
    h('p.crumbs', `Error ${status}`),
    h('h1', title),
    h('p.lead', `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`),
    nextStep !== undefined && h('p.lead', 'Next: ', h('code', nextStep)),
    h('p.small', h('a', { href: '/' }, 'All images')),
  ]);
}

const PAGES = { '/': 'Images', '/compare': 'Compare', '/openapi.json': 'API' };

/** A page of the service. `at` is the path of the one above that it is. */
export function pageOf(title: string, body: Content, at?: string): string {
  const links = Object.entries(PAGES).map(([href, name]) => {
    const current = href === at ? 'page' : undefined;
    return [h('a', { href, 'aria-current': current }, name), ' '];
  });
  const field = h('input', { ...FIELD, name: 'q', 'aria-label': 'Image', placeholder: 'Find' });
  const search = h('form', { role: 'search', action: '/', 'aria-label': 'Find an image' }, field);
  const pages = h('nav', { 'aria-label': 'Pages' }, links);
  const skip = h('a.skip', { href: '#main' }, 'Skip to the content');
  const head = h('header.site', h('div', h('b', 'Scoville'), ' ', pages), at !== '/' && search);
  const content = h('div', skip, head, h('main', { id: 'main', tabIndex: -1 }, body));
  return framed(`${title} · Scoville`, content, {
    style: `<link rel="icon" href="data:,">\n<link rel="stylesheet" href="${CSS.path}">`,
    script: `<script src="${JS.path}"></script>\n`,
  });
}

/** For names, which browsers should not correct. */
export const FIELD = { type: 'search', autoComplete: 'off', spellCheck: false, maxLength: 1000 };

type Repository = Pick<ImageName, 'registry' | 'repository'>;

export function headOf({ registry, repository }: Repository, kind: string, title: string): Content {
  const href = repositoryPath({ registry, repository });
  const up = kind === 'repository' ? repository : h('a', { href }, repository);
  return [
    h('p.crumbs', h('a', { href: pathOf('/', { registry }) }, registry), ' / ', up, ` · ${kind}`),
    h('h1', title),
  ];
}

type Shown = Readonly<Record<string, string | number | undefined>>;

export function pathOf(path: string, query: Shown): string {
  const fields = new URLSearchParams(given(query) as Record<string, string>);
  return fields.size === 0 ? path : `${path}?${fields.toString()}`;
}

export function imagePath(image: ImageName): string {
  return `/images/${encodeURI(formatReference(image))}`;
}

export function repositoryPath({ registry, repository }: Repository): string {
  return `/repositories/${encodeURI(`${registry}/${repository}`)}`;
}

/** The report of one grade, as it was made. */
export function gradePath(id: string): string {
  return `/api/v1/grades/${encodeURIComponent(id)}/report`;
}

/** The registry is small: most images share it. */
export function imageLink(image: ImageName): Content {
  const { registry, repository, tag: name, digest } = image;
  const end = digest === undefined ? `:${name ?? ''}` : `@${shortDigest(digest)}`;
  const shown = [h('small', registry, '/'), h('wbr'), h('span', repository, h('b', end))];
  return h('a.image', { href: imagePath(image) }, shown);
}

export function levelName(level: number): string {
  return level === 0 ? 'not on the scale' : (LEVEL_NAMES[level] ?? '');
}

export function imagesTable(rows: readonly ImageRow[], caption: string, now: number): Content {
  const gradeCells = ({ level, overall, counts, builtAt, gradedAt }: GradeRow) => [
    h('span.lv-of', chillis(level), ' ', h('small', level, ' ', level > 0 && levelName(level))),
    ...[gradeOf(overall), countsOf(counts)],
    [h('span.on', 'built '), agoOf(builtAt, now)],
    [h('span.on', 'graded '), agoOf(gradedAt, now)],
  ];
  const cells = ({ image, latest, goneAt }: ImageRow): readonly Content[] => [
    [imageLink(image), goneAt !== undefined && [' ', h('em', 'gone')]],
    ...(latest === undefined ? [muted('not graded'), null, null, null, null] : gradeCells(latest)),
  ];
  const heads = ['Image', 'Level', 'Grade', 'Vulnerabilities', 'Built', 'Graded'];
  return table(heads, rows, cells, { kind: 'images', caption, isNamed: true });
}

export function turn(path: string, { cursor, ...query }: Query, { next }: Page<unknown>): Content {
  const there = { href: pathOf(path, { ...query, cursor: next }), rel: 'next' };
  const first = cursor !== undefined && h('a', { href: pathOf(path, query) }, 'First page');
  const more = next !== undefined && h('a', there, 'Next page');
  return h('nav.turn', { 'aria-label': 'Pages of the list' }, first, more);
}

/** Those that decide. */
export function countsOf(counts: Counts | undefined): Content {
  if (counts === undefined) return muted('not scanned');
  const worst = (['critical', 'high'] as const).filter((severity) => counts[severity] > 0);
  if (worst.length === 0) return muted('no critical or high');
  return worst.map((one) => [tag(SEVERITY_TONES[one], `${counts[one]} ${one}`), ' ']);
}

export function gradedBy({ origin, signer, scoville }: GradeRow): Content {
  if (origin === 'service') return `this service, Scoville ${scoville}`;
  return [h('em', 'verdict'), ` of a build, signed by ${signer ?? 'nobody known'}`];
}

export function dateOf(date: Date): Content {
  const iso = date.toISOString();
  return h('time', { dateTime: iso }, `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`);
}

const UNITS = Object.entries({ day: 86_400, hour: 3600, minute: 60 });

/** `3 hours ago`, with the date for machines. */
export function agoOf(date: Date | undefined, now: number): Content {
  if (date === undefined) return muted('not known');
  const seconds = (now - date.getTime()) / 1000;
  const [name, length] = UNITS.find(([, one]) => seconds >= one) ?? [];
  const text = length && `${plural(Math.floor(seconds / length), name ?? '')} ago`;
  const dateTime = date.toISOString();
  return h('time', { dateTime, title: dateTime }, text ?? 'just now');
}

/** The service's address, as settings say or as it was asked. */
export function urlOf({ settings }: AppDeps, { protocol, host }: PageRequest): string {
  return settings.url ?? `${protocol}://${host}`;
}
