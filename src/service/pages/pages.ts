import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CATALOGUE } from '../../criteria/catalogue.ts';
import { given } from '../../lib/json.ts';
import { countText, plural } from '../../lib/text.ts';
import { LEVEL_NAMES } from '../../model/criterion.ts';
import { formatReference, parseReference } from '../../model/reference.ts';
import { sheetOf } from '../../report/compare.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, fold, list, section } from '../../report/html/parts.ts';
import { sheetBody } from '../../report/html/several.ts';
import { newestOf, notFound, reportOf, type StoredDetail } from '../api.ts';
import { ApiProblem, problemFor, problemOf } from '../http.ts';
import type { AppDeps } from '../parts.ts';
import type { FleetSummary } from '../records-images.ts';
import type { ImageRow } from '../shapes.ts';
import * as frame from './frame.ts';
import { image } from './image.ts';

const { agoOf, imageLink, pageOf, pathOf } = frame;
type PageRequest = frame.PageRequest;
type Query = PageRequest['query'];

const PAGES: Readonly<Record<string, (deps: AppDeps, request: PageRequest) => Promise<string>>> = {
  '/': fleet,
  '/images/*': image,
  '/repositories/*': repository,
  '/compare': comparison,
};

/** The pages. They read and change nothing, so that no other site can make a browser do it. */
export function registerPages(app: FastifyInstance, deps: AppDeps): void {
  const send = (reply: FastifyReply, page: string): FastifyReply =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', frame.POLICY)
      .send(page);
  app.setErrorHandler((error, request, reply) => {
    const problem = problemFor(error, request, deps.log);
    void reply.code(problem.status).headers({ 'cache-control': 'no-store', ...problem.headers });
    return send(reply, frame.faultPage(problemOf(problem, request.id)));
  });
  for (const { path, text, type } of frame.ASSETS)
    app.get(path, { config: { access: 'open', rateLimit: false } }, (_, reply) =>
      reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(text),
    );
  const options = {
    schema: { querystring: frame.QUERY },
    // A field of a form that was left empty is not given.
    preValidation: (request: FastifyRequest, _: FastifyReply, done: () => void) => {
      const fields = Object.entries(request.query as Record<string, string | string[]>)
        .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value] as const)
        .filter(([, value]) => value !== '');
      request.query = Object.fromEntries(fields);
      done();
    },
    config: { isTagged: true },
  };
  for (const [path, pageOf] of Object.entries(PAGES))
    app.get(path, options, async (request, reply) =>
      send(reply, await pageOf(deps, request as PageRequest)),
    );
  // People get a page for what is nowhere, programs what they got before.
  app.get('/*', ({ headers }, reply) => {
    if (headers.accept?.includes('text/html') === true)
      throw notFound('there is nothing at this address');
    reply.callNotFound();
    return reply;
  });
}

/** The specification's build horizon: older images lack updates. */
const HORIZON_DAYS = 30;
/** Rows of the lists beside each other. */
const MOST_SHORT = 5;
const ROWS = 50;

/** All images, or those that match. */
async function fleet(deps: AppDeps, request: PageRequest): Promise<string> {
  const { records, settings } = deps;
  const { query } = request;
  const { cursor, olderThan: olderThanDays, ...filter } = query;
  const now = deps.now();
  const [summary, images, old] = await Promise.all([
    records.summary(),
    records.search({ ...filter, ...given({ olderThanDays }) }, { limit: ROWS, cursor }),
    records.search({ olderThanDays: HORIZON_DAYS }, { limit: MOST_SHORT }),
  ]);
  const hosts = settings.registries.map((one) => one.host);
  if (summary.images === 0) return emptyPage(hosts, frame.urlOf(deps, request));
  const isFiltered = Object.keys(query).some((name) => name !== 'cursor');
  const isWhole = cursor === undefined && !isFiltered;
  const title = isWhole ? 'All images' : 'Search';
  const caption = isFiltered ? 'Images that match' : 'Images by name';
  const table = [frame.imagesTable(images.rows, caption, now), frame.turn('/', query, images)];
  const found = images.rows.length === 0 ? h('p', 'No image matches.') : table;
  const back = isFiltered && h('p.small', h('a', { href: '/' }, 'All images'));
  const body = [
    h('h1', isWhole ? plural(summary.images, 'image') : 'Images'),
    levels(summary, query),
    isWhole && h('div.pair', worse(summary, now), oldest(summary, old.rows, now)),
    section('images', title, search(query, hosts), found, back),
  ];
  return pageOf(isWhole ? 'Images' : title, body, '/');
}

function emptyPage(registries: readonly string[], url: string): string {
  const name = `${registries[0] ?? 'HOST'}/REPOSITORY:TAG`;
  const asked = `curl -H "Authorization: Bearer TOKEN" \\\n  --json '{"image": "${name}"}' \\\n  ${url}/api/v1/grades`;
  const body = [
    h('h1', 'No image has been graded yet'),
    h('p.lead', 'Ask for the first grade. Registries that may be graded: ', registries.join(', ')),
    section('ask', 'Where the service runs', codeBlock(`scoville serve ask ${name}`)),
    section('api', 'From anywhere', codeBlock(asked)),
  ];
  return pageOf('No images yet', body, '/');
}

/** Parts of the bar; each level that has images has one. */
const PARTS = 120;

/** How many images are at which level: a bar, and links with the counts. */
function levels({ levels: counts, ungraded }: FleetSummary, { level: at }: Query): Content {
  const rows = [5, 4, 3, 2, 1, 0].map((level) => ({ level, count: counts[level] ?? 0 }));
  const graded = rows.reduce((sum, { count }) => sum + count, 0);
  const bar = rows.flatMap(({ level, count }) =>
    Array.from({ length: Math.ceil((count / graded) * PARTS) || 0 }, () => h(`i.l${level}`)),
  );
  const said = rows.map((one) => `level ${one.level}: ${one.count}`).join();
  const legend = rows.map(({ level, count }) => {
    const current = level === at ? 'true' : undefined;
    const number = h('b', h(`i.l${level}`), countText(count));
    const name = [h('span', `Level ${level}`), ' ', h('small', frame.levelName(level))];
    return h('a', { href: pathOf('/', { level }), 'aria-current': current }, number, ' ', name);
  });
  const glance = h('p.bar', { role: 'img', 'aria-label': said }, bar);
  const others =
    ungraded > 0 && h('p.small.muted', `${plural(ungraded, 'image')} without a grade.`);
  return h('section.levels', { 'aria-label': 'Levels' }, glance, list(legend), others);
}

function worse({ worse: rows }: FleetSummary, now: number): Content {
  const lines = rows.map(({ image, latest, before }) => {
    const points = `${before?.overall.points ?? 0} to ${latest?.overall.points ?? 0} points`;
    const change = ` level ${before?.level ?? 0} to ${latest?.level ?? 0}, ${points}, `;
    return [imageLink(image), h('span.muted', change, agoOf(latest?.gradedAt, now))];
  });
  const rest = lines.slice(MOST_SHORT);
  const more =
    rest.length > 0 && fold('details.more', `${rest.length} more`, list(rest, 'ul.rest'));
  const first = short(lines, 'No image got worse in 7 days.');
  return section('worse', 'Worse this week', first, more);
}

function oldest({ old }: FleetSummary, rows: readonly ImageRow[], now: number): Content {
  const lines = rows.map(({ image, latest }) => [
    imageLink(image),
    h('span.muted', ' built ', agoOf(latest?.builtAt, now)),
  ]);
  const all = { href: pathOf('/', { olderThan: HORIZON_DAYS }) };
  const title = ['Past the build horizon ', h('small', 'built over 30 days ago')];
  const more = old > lines.length && h('p.small', h('a', all, `All ${countText(old)}`));
  return section('old', title, short(lines, 'None.'), more);
}

function short(lines: readonly Content[], none: string): Content {
  return lines.length === 0 ? h('p.muted', none) : list(lines.slice(0, MOST_SHORT), 'ul.short');
}

/** What the address says stays chosen, though it would not be offered. */
function search(query: Query, hosts: readonly string[]): Content {
  const named = (all: readonly (string | number)[], of: (one: string | number) => string) =>
    [...new Set(all)].map((one) => [one, of(one)] as const);
  const { registry = hosts[0] ?? '', olderThan = HORIZON_DAYS } = query;
  const choices = {
    level: ['Level', LEVEL_NAMES.map((_, at) => [at, `${at} ${frame.levelName(at)}`] as const)],
    registry: ['Registry', named([...hosts, registry], String)],
    fails: ['Fails', CATALOGUE.map(({ id, title }) => [id, title] as const)],
    olderThan: ['Built', named([30, 90, 365, olderThan], (days) => `over ${days} days ago`)],
  } as const;
  const selects = (Object.keys(choices) as (keyof typeof choices)[]).map((name) => {
    const [label, of] = choices[name];
    const options = [['', 'any'] as const, ...of].map(([value, text]) =>
      h('option', { value }, text),
    );
    const chosen = { name, defaultValue: query[name] };
    return h('label', h('span', label), h('select', chosen, options));
  });
  const field = { ...frame.FIELD, name: 'q', defaultValue: query.q, placeholder: 'shop/api' };
  const name = h('label.wide', h('span', 'Name'), h('input', field));
  const form = { action: '/', role: 'search', 'aria-label': 'Images' };
  return h('form.find', form, name, selects, h('button', 'Search'));
}

/** Tags side by side; these first, as in the specification. */
const COLUMNS = 4;
const FIRST_TAGS = ['latest', 'slim', 'debug'];

/** The tags of a repository, side by side and as a list. */
async function repository(
  { records, now }: AppDeps,
  { params: { '*': text }, query }: PageRequest,
): Promise<string> {
  const read = parseReference(text);
  if (!read.ok || read.value.tag !== undefined || read.value.digest !== undefined)
    throw new ApiProblem('malformed', 'this is not the name of a repository');
  const of = { registry: read.value.registry, repository: read.value.repository };
  const { cursor } = query;
  const [tags, ...first] = await Promise.all([
    records.tags(of.registry, of.repository, { limit: ROWS, cursor }),
    ...FIRST_TAGS.map((tag) => records.image({ ...of, tag })),
  ]);
  if (tags.rows.length === 0 && cursor === undefined)
    throw notFound('nobody asked for a grade of an image of this repository');
  const rows = [...first, ...tags.rows].filter((row) => row?.goneAt === undefined);
  const ids = [...new Set(rows.flatMap((row) => row?.latest?.id ?? []))].slice(0, COLUMNS);
  const found = await Promise.all(ids.map((id) => records.detail(id)));
  const columns = found.flatMap((one) => one ?? []);
  const tagLinks = columns.map(({ image }) => h('a', { href: frame.imagePath(image) }, image.tag));
  const [before, ...others] = columns;
  const against = others.map((other) =>
    h('a', { href: comparePath(before, other) }, `${before?.image.tag} and ${other.image.tag}`),
  );
  const sheet = sheetOf({ kind: 'comparison', images: columns.map(reportOf) });
  const side = sheetBody(sheet, (_, at) => tagLinks[at]);
  const differ = [h('p.small.muted', 'What differs between'), list(against, 'ul.against')];
  const name = `${of.registry}/${of.repository}`;
  const table = frame.imagesTable(tags.rows, `Tags of ${name}`, now());
  return pageOf(name, [
    frame.headOf(of, 'repository', name),
    against.length > 0 && section('side', 'Side by side', side, differ),
    section('tags', 'Tags', table, frame.turn(frame.repositoryPath(of), query, tags)),
  ]);
}

function comparePath(...two: readonly (StoredDetail | undefined)[]): string {
  const [a, b] = two.map((one) => one && formatReference(one.image));
  return pathOf('/compare', { a, b });
}

async function comparison(deps: AppDeps, { query }: PageRequest): Promise<string> {
  const names = { a: 'First image', b: 'Second image' };
  const sides = await Promise.all([query.a, query.b].map((text) => sideOf(deps, text)));
  const fields = Object.entries(names).map(([name, label], at) => {
    const { text, why } = sides[at] ?? {};
    const wrong = why !== undefined && { 'aria-invalid': true, 'aria-describedby': `why-${name}` };
    const placeholder = 'registry.example.com/shop/api:1';
    const input = { ...frame.FIELD, name, defaultValue: text, placeholder, ...wrong };
    const said = why !== undefined && h('span.why', { id: `why-${name}` }, why);
    return h('label.wide', h('span', label), h('input', input), said);
  });
  const form = h('form.find', { action: '/compare' }, fields, h('button', 'Compare'));
  const head = [h('h1', 'Compare two images'), form];
  const [first, second] = sides.map(({ grade }) => grade);
  if (first === undefined || second === undefined) return pageOf('Compare', head, '/compare');
  const sheet = sheetOf({ kind: 'difference', before: reportOf(first), after: reportOf(second) });
  const column = (_: string, index: number): Content => {
    const { image, gradedAt } = index === 0 ? first : second;
    const when = h('small', 'graded ', agoOf(gradedAt, deps.now()));
    return [imageLink(image), when];
  };
  const back = h('a', { href: comparePath(second, first) }, 'The other way round');
  const body = [head, sheetBody(sheet, column), h('p.small', back)];
  return pageOf('Compare', body, '/compare');
}

/** What was written in a field, and the newest grade of that image, or why there is none. */
async function sideOf(deps: AppDeps, text: string | undefined) {
  try {
    return text === undefined ? {} : { text, grade: await newestOf(deps, text) };
  } catch (error) {
    if (error instanceof ApiProblem) return { text, why: error.message };
    throw error;
  }
}
