import { countText, plural } from '../../lib/text.ts';
import { type Criterion, LEVEL_NAMES } from '../../model/criterion.ts';
import { type Content, h } from '../../report/html/document.ts';
import { codeBlock, list, section } from '../../report/html/parts.ts';
import type { FleetSummary, ImageFilter, Page } from '../deps.ts';
import type { ImageRow } from '../shapes.ts';
import { agoOf, FIELD, imageLink, imagesTable, pageOf, pathOf, turn } from './frame.ts';

/** The specification's build horizon: older images lack updates. */
export const HORIZON_DAYS = 30;
/** Rows of the lists beside each other. */
export const MOST_SHORT = 5;

export interface Fleet {
  readonly summary: FleetSummary;
  readonly filter: ImageFilter;
  readonly images: Page<ImageRow>;
  /** The oldest beyond the horizon. */
  readonly old: readonly ImageRow[];
  readonly isFirst: boolean;
  readonly registries: readonly string[];
  readonly criteria: readonly Pick<Criterion, 'id' | 'title'>[];
  readonly url: string;
  readonly now: number;
}

export function fleetPage(fleet: Fleet): string {
  const { summary, filter, isFirst } = fleet;
  if (summary.images === 0) return emptyPage(fleet);
  const isWhole = isFirst && Object.keys(filter).length === 0;
  const body = [
    h('h1', isWhole ? plural(summary.images, 'image') : 'Images'),
    levels(summary, filter),
    isWhole && h('div.pair', worse(fleet), old(fleet)),
    section('images', isWhole ? 'All images' : 'Search', search(fleet), results(fleet)),
  ];
  return pageOf(isWhole ? 'Images' : 'Search', body, '/');
}

/** What to type for the first grade. */
function emptyPage({ registries, url }: Fleet): string {
  const name = `${registries[0] ?? 'HOST'}/REPOSITORY:TAG`;
  const asked = `curl -H "Authorization: Bearer TOKEN" --json '{"image": "${name}"}' \\\n  ${url}/api/v1/grades`;
  const part = (id: string, title: string, command: string, what: string): Content =>
    section(id, title, codeBlock(command), h('p.small.muted', what));
  const hosts = registries.length === 0 ? 'none, until it has --registry' : registries.join(', ');
  const body = [
    h('h1', 'No image has been graded yet'),
    h('p.lead', 'Ask for the first grade. Registries that may be graded: ', hosts),
    part(
      'ask',
      'Where the service runs',
      `scoville serve ask ${name}`,
      'It prints the address of a badge.',
    ),
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
      h('small', level === 0 ? 'not on the scale' : LEVEL_NAMES[level]),
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

function worse({ summary, now }: Fleet): Content {
  const lines = summary.worse.slice(0, MOST_SHORT).map(({ image, latest, before }) => {
    const points = `${before?.overall.points ?? 0} to ${latest?.overall.points ?? 0} points`;
    const change = ` level ${before?.level ?? 0} to ${latest?.level ?? 0}, ${points}, `;
    return [imageLink(image), h('span.muted', change, agoOf(latest?.gradedAt, now))];
  });
  const more = summary.worse.length - lines.length;
  return section(
    'worse',
    'Worse this week',
    lines.length === 0 ? h('p.muted', 'No image got worse in 7 days.') : list(lines, 'ul.short'),
    more > 0 && h('p.small.muted', `and ${more} more`),
  );
}

function old({ summary, old: rows, now }: Fleet): Content {
  const lines = rows.map(({ image, latest }) => [
    ...[imageLink(image), h('span.muted', ' built ', agoOf(latest?.builtAt, now))],
  ]);
  const all = { href: pathOf('/', { olderThan: HORIZON_DAYS }) };
  return section(
    'old',
    ['Past the build horizon ', h('small', 'built over 30 days ago')],
    lines.length === 0 ? h('p.muted', 'None.') : list(lines, 'ul.short'),
    summary.old > lines.length && h('p.small', h('a', all, `All ${countText(summary.old)}`)),
  );
}

type Option = readonly [value: string | number, text: string];

function search({ filter, registries, criteria }: Fleet): Content {
  const choice = (name: string, label: string, chosen: string | number = '', of: Option[]) => {
    // What the address says stays chosen, though it is not offered.
    const isOffered = chosen === '' || of.some(([value]) => value === chosen);
    const options: Option[] = [['', 'any'], ...of];
    const all: Option[] = isOffered ? options : [...options, [chosen, String(chosen)]];
    const each = all.map(([value, text]) => h('option', { value }, text));
    return h('label', h('span', label), h('select', { name, defaultValue: chosen }, each));
  };
  const { q, level, registry, fails, olderThanDays } = filter;
  const named = LEVEL_NAMES.map((name, at): Option => [at, `${at} ${name}`]);
  const hosts = registries.map((one): Option => [one, one]);
  const ids = criteria.map(({ id, title }): Option => [id, title]);
  const ages = [30, 90, 365].map((days): Option => [days, `over ${days} days ago`]);
  const field = { ...FIELD, name: 'q', defaultValue: q, placeholder: 'shop/api' };
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

function results({ images, filter, isFirst, now }: Fleet): Content {
  const { olderThanDays: olderThan, ...rest } = filter;
  const isFiltered = Object.keys(filter).length > 0;
  const all = isFiltered && h('p.small', h('a', { href: '/' }, 'All images'));
  if (images.rows.length === 0) return [h('p', 'No image matches.'), all];
  return [
    imagesTable(images.rows, isFiltered ? 'Images that match' : 'Images by name', now),
    turn('/', { ...rest, olderThan }, images, isFirst),
    all,
  ];
}
