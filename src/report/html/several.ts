import { plural } from '../../lib/text.ts';
import { type Outcome, VECTORS } from '../../model/criterion.ts';
import type { CriterionChange, ImageComparison } from '../../model/report.ts';
import { VECTOR_NAMES } from '../card.ts';
import { answerText, byClass, byLayer, groupHeading, measures, type Sheet } from '../compare.ts';
import { shortDigest } from '../text.ts';
import { type Content, documentOf, h } from './document.ts';
import {
  chillis,
  codeBlock,
  fold,
  gradeOf,
  heatBar,
  list,
  more,
  outcomeIcon,
  section,
  table,
  tag,
} from './parts.ts';
import { brand } from './report.ts';

const MOST = { packages: 5000, entries: 2000 };

function outcomeWord(of: Outcome | undefined): Content {
  return of === undefined ? null : h('span.o', outcomeIcon(of), ' ', h('span', of));
}

function criterionName({ title, level }: { title: string; level: number }): Content {
  return [title, ' ', h('small', 'level ', level)];
}

/** Several images side by side, or two that differ, as one self-contained page. */
export function htmlSheet(sheet: Sheet): string {
  const { title, changes } = sheet;
  return documentOf(title, [
    h('header.top', brand(changes === undefined ? 'comparison' : 'difference', title)),
    sheetBody(sheet, (image) => image),
  ]);
}

/** All of it but the head; `name` says how an image is named above its column. */
export function sheetBody(
  { images, criteria, changes, packages }: Sheet,
  name: (image: string, index: number) => Content,
): Content {
  const heads = images.map(({ image, digest, level, levelName }, index) => [
    ...[h('span.name', name(image, index)), ' ', h('code', shortDigest(digest)), chillis(level)],
    h('small', level === 0 ? 'level 0' : `level ${level}, ${levelName}`),
  ]);
  const whole = { scope: 'rowgroup', colSpan: images.length + 1 };
  const rows = [
    ...measures(images).map(({ name: measure, cells }) => [
      measure,
      ...cells.map((one) => (typeof one === 'string' ? one : [gradeOf(one), heatBar(one)])),
    ]),
    ...VECTORS.flatMap((vector) => {
      const there = criteria.filter((one) => one.vector === vector);
      const each = there.map((one) => [criterionName(one), ...one.outcomes.map(outcomeWord)]);
      return each.length === 0
        ? []
        : [h('tr.group', h('th', whole, VECTOR_NAMES[vector])), ...each];
    }),
  ];
  const options = { kind: 'compare', isNamed: true, caption: 'Scores and outcomes' };
  return [
    h(
      'section',
      { 'aria-label': 'Comparison' },
      table(['', ...heads], rows, (one) => one, options),
    ),
    changes !== undefined && section('criteria', 'Changed criteria', changedCriteria(changes)),
    packages !== undefined &&
      section(
        'packages',
        packages.heading,
        list(packages.lines.slice(0, MOST.packages)),
        more(packages.lines.length - MOST.packages),
      ),
  ];
}

function changedCriteria(changes: readonly CriterionChange[]): Content {
  if (changes.length === 0) return h('p', 'Every criterion came out as before.');
  return table(
    ['Criterion', 'Before', 'After', 'Points', 'Why'],
    changes,
    (one) => [
      criterionName(one),
      outcomeWord(one.before),
      outcomeWord(one.after),
      one.gain === 0 ? '' : tag(one.gain > 0 ? 'cool' : 'hot', one.gain > 0 ? '+1' : '−1'),
      one.summary,
    ],
    { isNamed: true, caption: 'Criteria with another outcome' },
  );
}

/** A comparison of two images as a self-contained page: the answer, the causes, files by layer. */
export function htmlImageDifferences(comparison: ImageComparison): string {
  const { first, second, platforms, differences, omitted, source } = comparison;
  const isSigned = source?.verifiedBy !== undefined;
  const by = isSigned ? `is signed by ${source.verifiedBy}` : 'was not verified';
  const manifests = table(
    ['Platform', `First: ${first.name}`, `Second: ${second.name}`],
    [{ platform: 'all', first: first.digest, second: second.digest }, ...platforms],
    ({ platform, first: a = 'not there', second: b = 'not there' }) => [
      platform,
      h('code', a),
      a === b ? tag('cool', 'the same') : h('code', b),
    ],
    { isNamed: true },
  );
  const causes = table(
    ['Class', '#Found', 'Why', 'What to do'],
    byClass(differences),
    ({ id, cause, remedy = '–', count }) => [id, count, cause, h('code', remedy)],
    { isNamed: true },
  );
  return documentOf(`${first.name}: ${answerText(comparison)}`, [
    h(
      'header.top',
      brand(source === undefined ? 'two images, bit for bit' : 'reproduction', first.name),
      h('p.level.name', answerText(comparison)),
      source !== undefined &&
        h(
          'p.figures',
          ...['built again from ', source.url, ' at ', h('code', source.revision)],
          ...['; the provenance that names it ', by],
        ),
    ),
    section('manifests', 'Image manifests', manifests),
    differences.length > 0 && section('causes', 'Why, and what to do', causes),
    byLayer(differences).map((group, index) =>
      section(
        `layer-${index}`,
        [groupHeading(group), ' ', h('small', plural(group.entries.length, 'difference'))],
        group.first.instruction !== undefined && codeBlock(group.first.instruction),
        table(
          ['Path', 'Kind', 'Class', 'Where it differs'],
          group.entries,
          ({ path, kind, class: cause, detail, deeper }) => [
            ...[path === '' ? kind : path, kind, cause],
            [detail, deeper !== undefined && fold('details.more', 'diffoscope', codeBlock(deeper))],
          ],
          { sortedAs: 'files', most: MOST.entries },
        ),
      ),
    ),
    omitted > 0 && h('p.muted', omitted, ' more differences are not listed.'),
  ]);
}
