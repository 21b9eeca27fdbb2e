import { CATALOGUE } from '../../criteria/catalogue.ts';
import { given } from '../../lib/json.ts';
import { countText, plural } from '../../lib/text.ts';
import { LEVEL_NAMES } from '../../model/criterion.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, fold, list, section } from '../../report/html/parts.ts';
import type { AppDeps } from '../parts.ts';
import type { FleetSummary, ImageFilter } from '../records-images.ts';
import type { ImageRow } from '../shapes.ts';
import * as frame from './frame.ts';

const { agoOf, imageLink, numberOf, pageOf, pathOf, textOf } = frame;

/** The specification's build horizon: older images lack updates. */
const HORIZON_DAYS = 30;
/** Rows of the lists beside each other. */
const MOST_SHORT = 5;
const ROWS = 50;

/** All images, or those that match. */
export async function fleet(deps: AppDeps, request: frame.PageRequest): Promise<string> {
  const { records, settings } = deps;
  const { query } = request;
  const now = deps.now();
  const filter: ImageFilter = given({
    q: textOf(query, 'q'),
    level: numberOf(query, 'level', 5),
    registry: textOf(query, 'registry'),
    fails: textOf(query, 'fails'),
    olderThanDays: numberOf(query, 'olderThan', 100_000),
  });
  const cursor = textOf(query, 'cursor');
  const [summary, images, old] = await Promise.all([
    records.summary(),
    records.search(filter, { limit: ROWS, ...given({ cursor }) }),
    records.search({ olderThanDays: HORIZON_DAYS }, { limit: MOST_SHORT }),
  ]);
  const hosts = settings.registries.map((one) => one.host);
  if (summary.images === 0) return emptyPage(hosts, frame.urlOf(deps, request));
  const isFiltered = Object.keys(filter).length > 0;
  const isWhole = cursor === undefined && !isFiltered;
  const title = isWhole ? 'All images' : 'Search';
  const caption = isFiltered ? 'Images that match' : 'Images by name';
  const { olderThanDays: olderThan, ...rest } = filter;
  const found = [
    frame.imagesTable(images.rows, caption, now),
    frame.turn('/', { ...rest, olderThan }, images, cursor === undefined),
  ];
  const body = [
    h('h1', isWhole ? plural(summary.images, 'image') : 'Images'),
    levels(summary, filter),
    isWhole && h('div.pair', worse(summary, now), oldest(summary, old.rows, now)),
    section(
      ...['images', title, search(filter, hosts)],
      images.rows.length === 0 ? h('p', 'No image matches.') : found,
      isFiltered && h('p.small', h('a', { href: '/' }, 'All images')),
    ),
  ];
  return pageOf(isWhole ? 'Images' : title, body, '/');
}

/** What to type for the first grade. */
function emptyPage(registries: readonly string[], url: string): string {
  const name = `${registries[0] ?? 'HOST'}/REPOSITORY:TAG`;
  const asked = `curl -H "Authorization: Bearer TOKEN" \\\n  --json '{"image": "${name}"}' \\\n  ${url}/api/v1/grades`;
  const part = (id: string, title: string, command: string, what: string): Content =>
    section(id, title, codeBlock(command), h('p.small.muted', what));
  const own = ['ask', 'Where the service runs', `scoville serve ask ${name}`] as const;
  const hosts = registries.length === 0 ? 'none, until it has --registry' : registries.join(', ');
  const body = [
    h('h1', 'No image has been graded yet'),
    h('p.lead', 'Ask for the first grade. Registries that may be graded: ', hosts),
    part(...own, 'It prints the address of a badge.'),
    part('api', 'From anywhere', asked, 'For a token: scoville serve token create NAME'),
  ];
  return pageOf('No images yet', body, '/');
}

/** A smaller share of the bar would not be seen. */
const LEAST = 0.008;
const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);

/** How many images are at which level: a bar, and links with the counts. */
function levels({ levels: counts, ungraded }: FleetSummary, { level: at }: ImageFilter): Content {
  const rows = [5, 4, 3, 2, 1, 0].map((level) => ({ level, count: counts[level] ?? 0 }));
  const widths = rows.map(({ count }) => count && Math.max(count, sum(counts) * LEAST));
  const bar = {
    ...{ viewBox: `0 0 ${sum(widths)} 1`, preserveAspectRatio: 'none', width: '100%', height: 22 },
    ...{ role: 'img', 'aria-label': rows.map((one) => `level ${one.level}: ${one.count}`).join() },
  };
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
    h(
      'svg',
      bar,
      widths.map((width, index) =>
        h(`rect.l${5 - index}`, { x: sum(widths.slice(0, index)), width, height: 1 }),
      ),
    ),
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
  const [first, more] = [lines.slice(0, MOST_SHORT), lines.slice(MOST_SHORT)];
  const none = h('p.muted', 'No image got worse in 7 days.');
  return section(
    ...['worse', 'Worse this week', lines.length === 0 ? none : list(first, 'ul.short')],
    more.length > 0 && fold('details.more', `${more.length} more`, list(more, 'ul.rest')),
  );
}

function oldest({ old }: FleetSummary, rows: readonly ImageRow[], now: number): Content {
  const lines = rows.map(({ image, latest }) => [
    ...[imageLink(image), h('span.muted', ' built ', agoOf(latest?.builtAt, now))],
  ]);
  const all = { href: pathOf('/', { olderThan: HORIZON_DAYS }) };
  return section(
    ...['old', ['Past the build horizon ', h('small', 'built over 30 days ago')]],
    lines.length === 0 ? h('p.muted', 'None.') : list(lines, 'ul.short'),
    old > lines.length && h('p.small', h('a', all, `All ${countText(old)}`)),
  );
}

type Option = readonly [value: string | number, text: string];

function search(filter: ImageFilter, registries: readonly string[]): Content {
  const choice = (name: string, label: string, chosen: string | number = '', of: Option[]) => {
    // What the address says stays chosen, though it is not offered.
    const isOffered = chosen === '' || of.some(([value]) => value === chosen);
    const all: Option[] = [
      ['', 'any'],
      ...of,
      ...(isOffered ? [] : [[chosen, `${chosen}`] as const]),
    ];
    const each = all.map(([value, text]) => h('option', { value }, text));
    return h('label', h('span', label), h('select', { name, defaultValue: chosen }, each));
  };
  const { q, level, registry, fails, olderThanDays } = filter;
  const named = LEVEL_NAMES.map((_, at): Option => [at, `${at} ${frame.levelName(at)}`]);
  const hosts = registries.map((one): Option => [one, one]);
  const ids = CATALOGUE.map(({ id, title }): Option => [id, title]);
  const ages = [30, 90, 365].map((days): Option => [days, `over ${days} days ago`]);
  const field = { ...frame.FIELD, name: 'q', defaultValue: q, placeholder: 'shop/api' };
  return h(
    'form.find',
    { action: '/', role: 'search', 'aria-label': 'Images' },
    h('label.wide', h('span', 'Name'), h('input', field)),
    choice('level', 'Level', level, named),
    choice('registry', 'Registry', registry, hosts),
    choice('fails', 'Fails', fails, ids),
    choice('olderThan', 'Built', olderThanDays, ages),
    h('button', 'Search'),
  );
}
