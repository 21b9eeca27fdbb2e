import { plural } from '../../lib/text.ts';
import { type Outcome, VECTORS } from '../../model/criterion.ts';
import { digestHex } from '../../model/reference.ts';
import type {
  ComparedImage,
  ImageComparison,
  ImageDifference,
  ReportInput,
  ScorecardDifference,
} from '../../model/report.ts';
import { VECTOR_NAMES } from '../card.ts';
import {
  byClass,
  byLayer,
  compareScorecards,
  diffScorecards,
  type LayerGroup,
  measures,
  placeText,
} from '../compare.ts';
import { shortDigest, shortened } from '../text.ts';
import { type Content, documentOf, h } from './document.ts';
import {
  chillis,
  codeBlock,
  fold,
  gradeOf,
  heatBar,
  muted,
  outcomeIcon,
  section,
  table,
  tag,
} from './parts.ts';
import { brand } from './report.ts';

function outcomeWord(of: Outcome | undefined): Content {
  return of === undefined ? null : h('span.o', outcomeIcon(of), ' ', h('span', of));
}

function criterionName({ title, level }: { title: string; level: number }): Content {
  return [title, ' ', h('small', 'level ', level)];
}

function gradedImage({ image, digest, level, levelName }: ComparedImage): Content {
  return [
    ...[h('span.name', image), ' ', h('code', shortDigest(digest)), chillis(level)],
    h('small', level === 0 ? 'level 0' : `level ${level}, ${levelName}`),
  ];
}

function measureRows(images: readonly ComparedImage[]): readonly (readonly Content[])[] {
  return measures(images).map(({ name, cells }) => [
    name,
    ...cells.map((one) => {
      if (one === undefined) return muted('not known');
      return typeof one === 'string' ? one : [gradeOf(one), heatBar(one)];
    }),
  ]);
}

/** Several images side by side as one self-contained page. */
export function htmlComparison(inputs: readonly ReportInput[]): string {
  const { images, criteria } = compareScorecards(inputs);
  const rows = VECTORS.flatMap((vector) => {
    const there = criteria.filter((one) => one.vector === vector);
    if (there.length === 0) return [];
    const whole = { scope: 'rowgroup', colSpan: images.length + 1 };
    return [
      h('tr.group', h('th', whole, VECTOR_NAMES[vector])),
      ...there.map((one) => [criterionName(one), ...one.outcomes.map(outcomeWord)]),
    ];
  });
  const options = { kind: 'compare', isNamed: true };
  const all = [...measureRows(images), ...rows];
  return documentOf(`${images.length} images compared`, [
    h('header.top', brand('comparison', `${images.length} images side by side`)),
    h(
      'section',
      { 'aria-label': 'Comparison' },
      table(['', ...images.map(gradedImage)], all, (one) => one, options),
    ),
  ]);
}

const MOST = { packages: 5000, entries: 2000 };

/** Changes in the newer image, as one self-contained page. */
export function htmlDifference(before: ReportInput, after: ReportInput): string {
  const { before: old, after: now, criteria, packages } = diffScorecards(before, after);
  const changes = [
    change(now.overall.points - old.overall.points),
    ...VECTORS.map((one) => change(now.vectors[one].points - old.vectors[one].points)),
  ];
  const scores = table(
    ['', gradedImage(old), gradedImage(now), 'Points'],
    measureRows([old, now]),
    (one, index) => [...one, changes[index]],
    { kind: 'compare', isNamed: true },
  );
  const changed = table(
    ['Criterion', 'Before', 'After', 'Points', 'Why'],
    criteria,
    (one) => [
      criterionName(one),
      outcomeWord(one.before),
      outcomeWord(one.after),
      change(one.gain),
      one.summary,
    ],
    { isNamed: true },
  );
  const none = h('p', 'Every criterion came out as before.');
  return documentOf(`${old.image} and ${now.image}`, [
    h('header.top', brand('difference', now.image)),
    section('scores', 'Before and after', scores),
    section('criteria', 'Changed criteria', criteria.length === 0 ? none : changed),
    packages !== undefined && changedPackages(packages),
  ]);
}

function change(by: number): Content {
  if (by === 0) return muted('same');
  return tag(by > 0 ? 'cool' : 'hot', by > 0 ? `+${by}` : `−${-by}`);
}

function changedPackages(all: NonNullable<ScorecardDifference['packages']>): Content {
  const kinds = ['added', 'removed', 'changed'] as const;
  const rows = kinds.flatMap((what) => all[what].map((one) => ({ what, ...one })));
  const counts = kinds.map((what) => `${all[what].length} ${what}`).join(', ');
  const changed = table(
    ['Package', 'Change', 'Type', 'Before', 'After'],
    rows,
    ({ what, type, name, before, after }) => [
      shortened(name, 120),
      what,
      type,
      shortened(before.join(', '), 160),
      shortened(after.join(', '), 160),
    ],
    { sortedAs: 'packages', most: MOST.packages, what: 'package' },
  );
  const same = h('p', 'The same packages.');
  const title = ['Packages ', h('small', counts)];
  return section('packages', title, rows.length === 0 ? same : changed);
}

/** A comparison of two images as a self-contained page: the answer, the causes, files by layer. */
export function htmlImageDifferences(comparison: ImageComparison): string {
  const { first, second, reproducible, platforms, differences, omitted, source } = comparison;
  const found = plural(differences.length + omitted, 'difference');
  const answer = [
    tag(reproducible ? 'cool' : 'hot', reproducible ? 'the same' : 'not the same'),
    ' ',
    reproducible ? 'Every image manifest has the same digest.' : `${found}.`,
  ];
  const by =
    source?.verifiedBy === undefined ? 'was not verified' : `is signed by ${source.verifiedBy}`;
  const manifests = table(['Platform', 'Answer', 'First', 'Second'], platforms, manifestRow, {
    isNamed: true,
  });
  return documentOf(`${first.name}: ${reproducible ? 'the same' : found}`, [
    h(
      'header.top',
      brand(source === undefined ? 'two images, bit for bit' : 'reproduction', first.name),
      h('p.level.name', answer),
      source !== undefined &&
        h(
          'p.figures',
          ...['built again from ', source.url, ' at ', h('code', source.revision)],
          ...['; the provenance that names it ', by],
        ),
    ),
    h(
      'section.cards',
      { 'aria-label': 'Images' },
      imageCard('First', first),
      imageCard('Second', second),
    ),
    section('manifests', 'Image manifests', manifests),
    causes(differences),
    byLayer(differences).map((group, index) => layer(group, `layer-${index}`)),
    omitted > 0 && h('p.muted', omitted, ' more differences are not listed.'),
  ]);
}

function imageCard(which: string, { name, digest }: ImageComparison['first']): Content {
  return h('div.card', h('p.muted', which), h('p.name', name), h('p.digest', digest));
}

function manifestRow({
  platform,
  first,
  second,
}: ImageComparison['platforms'][number]): readonly Content[] {
  const same = first !== undefined && first === second;
  const digest = (one: typeof first): Content =>
    one === undefined ? 'not there' : h('code', { title: one }, `sha256:${shortDigest(one)}`);
  return [
    platform,
    tag(same ? 'cool' : 'hot', same ? 'the same' : 'differs'),
    digest(first),
    same ? 'the same' : digest(second),
  ];
}

/** Each cause once, most frequent first. */
function causes(of: readonly ImageDifference[]): Content {
  if (of.length === 0) return null;
  const rows = table(
    ['Class', '#Found', 'Why', 'What to do'],
    byClass(of),
    ({ id, cause, remedy, count }) => [
      ...[id, count, cause],
      remedy === undefined ? '–' : h('code', remedy),
    ],
    { isNamed: true },
  );
  return section('causes', 'Why, and what to do', rows);
}

function layer({ entries, first }: LayerGroup, id: string): Content {
  const { platform, layer: digest, layerIndex, instruction } = first;
  const where = placeText(first);
  const place =
    digest === undefined
      ? 'config and annotations'
      : `layer ${layerIndex ?? ''}${where === undefined ? '' : `, ${where}`}`;
  return section(
    id,
    [`${platform}: ${place} `, h('small', plural(entries.length, 'difference'))],
    digest !== undefined && h('p.digest', 'sha256:', h('wbr'), digestHex(digest)),
    instruction !== undefined && codeBlock(instruction),
    table(
      ['Path', 'Kind', 'Class', 'Where it differs'],
      entries,
      ({ path, kind, class: cause, detail, deeper }) => [
        ...[path === '' ? kind : path, kind, cause],
        [detail, deeper !== undefined && fold('details.more', 'diffoscope', codeBlock(deeper))],
      ],
      { sortedAs: 'files', most: MOST.entries },
    ),
  );
}
