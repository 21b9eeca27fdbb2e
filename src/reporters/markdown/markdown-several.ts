import { type Outcome, type Vector, VECTORS } from '../../model/criterion.ts';
import { sizeText } from '../../model/quantity.ts';
import type {
  ComparedImage,
  CriterionChange,
  PackageChange,
  ReportInput,
  ScorecardDifference,
} from '../../model/report.ts';
import type { Score } from '../../model/scorecard.ts';
import { compareScorecards } from '../compare.ts';
import { diffScorecards } from '../difference.ts';
import { shortDigest } from '../evidence-text.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { code, literal } from './markdown-text.ts';
import { MARKS } from './markdown.ts';

const PACKAGES_SHOWN = 100;

function cells(...list: readonly string[]): string {
  return `| ${list.join(' | ')} |`;
}

function score({ grade, points, total }: Score): string {
  return `${grade} (${points}/${total})`;
}

function mark(outcome: Outcome | undefined): string {
  return outcome === undefined ? '' : MARKS[outcome];
}

function named({ image, digest }: ComparedImage): string {
  return `${literal(image)} ${code(shortDigest(digest), 'cell')}`;
}

/** Images as columns, criteria as rows; ends with a newline. */
export function markdownComparison(inputs: readonly ReportInput[]): string {
  const { images, criteria } = compareScorecards(inputs);
  const row = (name: string, cell: (image: ComparedImage) => string): string =>
    cells(name, ...images.map(cell));
  const known = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '?' : text(value);
  const lines = [
    cells('', ...images.map(named)),
    cells('---', ...images.map(() => '---')),
    row('**Level**', ({ level, levelName }) => `${level} ${levelName}`),
    row('**Overall**', ({ overall }) => `**${score(overall)}**`),
    ...VECTORS.map((vector) =>
      row(`**${VECTOR_NAMES[vector]}**`, (one) => score(one.vectors[vector])),
    ),
    row('Size', ({ size }) => known(size, sizeText)),
    row('Packages', ({ packages }) => known(packages, String)),
    ...criteria.map(({ id, level, outcomes }) =>
      cells(`${id} (level ${level})`, ...outcomes.map(mark)),
    ),
  ];
  return `## ${images.length} images\n\n${lines.join('\n')}\n`;
}

function scoreRows({ before, after }: ScorecardDifference): string[] {
  const size = (one: ComparedImage): string => (one.size === undefined ? '?' : sizeText(one.size));
  return [
    cells('', named(before), named(after)),
    cells('---', '---', '---'),
    cells('**Level**', `${before.level} ${before.levelName}`, `${after.level} ${after.levelName}`),
    cells('**Overall**', score(before.overall), `**${score(after.overall)}**`),
    ...VECTORS.map((vector: Vector) =>
      cells(
        `**${VECTOR_NAMES[vector]}**`,
        score(before.vectors[vector]),
        score(after.vectors[vector]),
      ),
    ),
    cells('Size', size(before), size(after)),
  ];
}

function changeRow({ id, level, before, after, gain, summary }: CriterionChange): string {
  const sign = gain > 0 ? '🟢 ' : gain < 0 ? '🔴 ' : '';
  return cells(`${sign}${id} (level ${level})`, mark(before), mark(after), literal(summary));
}

function packageLines(packages: ScorecardDifference['packages']): string[] {
  if (packages === undefined) return [];
  const { added, removed, changed } = packages;
  const one =
    (sign: string) =>
    (change: PackageChange): string => {
      const versions = [change.before, change.after].filter((list) => list.length > 0);
      const text = `${sign} ${change.type} ${change.name} ${versions.map((list) => list.join(', ')).join(' → ')}`;
      return `- ${code(text)}`;
    };
  const lines = [...added.map(one('+')), ...removed.map(one('-')), ...changed.map(one('~'))];
  if (lines.length === 0) return ['', 'The same packages.'];
  const rest = lines.length - PACKAGES_SHOWN;
  const heading = `<details><summary>Packages: ${added.length} added, ${removed.length} removed, ${changed.length} changed</summary>`;
  return [
    '',
    heading,
    '',
    ...lines.slice(0, PACKAGES_SHOWN),
    ...(rest > 0 ? [`- and ${rest} more`] : []),
    '',
    '</details>',
  ];
}

/** What is another in the newer image; ends with a newline. */
export function markdownDifference(before: ReportInput, after: ReportInput): string {
  const difference = diffScorecards(before, after);
  const { criteria } = difference;
  const changes =
    criteria.length === 0
      ? ['Every criterion came out as before.']
      : [
          cells('criterion', 'before', 'after', 'why'),
          cells('---', '---', '---', '---'),
          ...criteria.map(changeRow),
        ];
  const lines = [
    `## ${literal(difference.before.image)} → ${literal(difference.after.image)}`,
    '',
    ...scoreRows(difference),
    '',
    ...changes,
    ...packageLines(difference.packages),
  ];
  return `${lines.join('\n')}\n`;
}
