import { CATALOGUE } from '../../criteria/catalogue.ts';
import { given } from '../../lib/json.ts';
import { countText, plural } from '../../lib/text.ts';
import { LEVEL_NAMES } from '../../model/criterion.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, fold, list, section } from '../../report/html/parts.ts';
import type { AppDeps } from '../parts.ts';
import type { FleetSummary } from '../records-images.ts';
import type { ImageRow } from '../shapes.ts';
import * as frame from './frame.ts';

const { agoOf, imageLink, pageOf, pathOf } = frame;
type Query = frame.PageRequest['query'];

/** The specification's build horizon: older images lack updates. */
const HORIZON_DAYS = 30;
/** Rows of the lists beside each other. */
const MOST_SHORT = 5;
const ROWS = 50;

/** All images, or those that match. */
export async function fleet(deps: AppDeps, request: frame.PageRequest): Promise<string> {
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
  const found = [frame.imagesTable(images.rows, caption, now), frame.turn('/', query, images)];
  const body = [
    h('h1', isWhole ? plural(summary.images, 'image') : 'Images'),
    levels(summary, query),
    isWhole && h('div.pair', worse(summary, now), oldest(summary, old.rows, now)),
    section(
      ...['images', title, search(query, hosts)],
      images.rows.length === 0 ? h('p', 'No image matches.') : found,
      isFiltered && h('p.small', h('a', { href: '/' }, 'All images')),
    ),
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
    return h(
      'a',
      { href: pathOf('/', { level }), 'aria-current': current },
      ...[h('b', h(`i.l${level}`), countText(count)), ' ', h('span', `Level ${level}`), ' '],
      h('small', frame.levelName(level)),
    );
  });
  return h(
    'section.levels',
    { 'aria-label': 'Levels' },
    h('p.bar', { role: 'img', 'aria-label': said }, bar),
    list(legend),
    ungraded > 0 && h('p.small.muted', `${plural(ungraded, 'image')} without a grade.`),
  );
}

function worse({ worse: rows }: FleetSummary, now: number): Content {
  const lines = rows.map(({ image, latest, before }) => {
    const points = `${before?.overall.points ?? 0} to ${latest?.overall.points ?? 0} points`;
    const change = ` level ${before?.level ?? 0} to ${latest?.level ?? 0}, ${points}, `;
    return [imageLink(image), h('span.muted', change, agoOf(latest?.gradedAt, now))];
  });
  const more = lines.slice(MOST_SHORT);
  return section(
    ...['worse', 'Worse this week', short(lines, 'No image got worse in 7 days.')],
    more.length > 0 && fold('details.more', `${more.length} more`, list(more, 'ul.rest')),
  );
}

function oldest({ old }: FleetSummary, rows: readonly ImageRow[], now: number): Content {
  const lines = rows.map(({ image, latest }) => [
    ...[imageLink(image), h('span.muted', ' built ', agoOf(latest?.builtAt, now))],
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
    const options = of.map(([value, text]) => h('option', { value }, text));
    const chosen = { name, defaultValue: query[name] };
    return h(
      'label',
      h('span', label),
      h('select', chosen, h('option', { value: '' }, 'any'), options),
    );
  });
  const field = { ...frame.FIELD, name: 'q', defaultValue: query.q, placeholder: 'shop/api' };
  return h(
    'form.find',
    { action: '/', role: 'search', 'aria-label': 'Images' },
    h('label.wide', h('span', 'Name'), h('input', field)),
    ...[selects, h('button', 'Search')],
  );
}
