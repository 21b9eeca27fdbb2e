import { plural, sizeText } from '../lib/text.ts';
import { type CriterionResult, type Outcome, type Vector, VECTORS } from '../model/criterion.ts';
import type {
  ComparedImage,
  CriterionChange,
  PackageChange,
  ReportInput,
  ScorecardDifference,
} from '../model/report.ts';
import type { Score, Scorecard } from '../model/scorecard.ts';
import { badgesReport } from './badges.ts';
import {
  type Card,
  cardOf,
  type CardRow,
  gainText,
  gateHeading,
  gradeText,
  groupTexts,
  levelText,
  PROFILE_HEADING,
  profileLines,
  readerNotes,
  restText,
  stepsHeading,
  VECTOR_NAMES,
  withoutClaimsText,
} from './card.ts';
import { compareScorecards, diffScorecards } from './compare.ts';
import { code, evidenceText, literal, shortDigest } from './text.ts';

export const MARKS: Readonly<Record<Outcome, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  unknown: '❔ not checked',
  'not-applicable': '➖ n/a',
};

const EVIDENCE_SHOWN = 10;
/** GitHub allows 65,536 characters in a comment; a longer report leaves out the evidence. */
const LONGEST_REPORT = 60_000;

function gateLines({ gate }: ReportInput): string[] {
  const heading = gateHeading(gate);
  if (heading === undefined) return [];
  const unmet = gate?.unmet ?? [];
  return [
    `${unmet.length === 0 ? '✅' : '❌'} **${literal(heading)}**`,
    '',
    ...unmet.map((line) => `- ${literal(line)}`),
    ...(unmet.length === 0 ? [] : ['']),
  ];
}

function heading(input: ReportInput, card: Card): string[] {
  const { scorecard } = input;
  const { image, digest, platforms } = scorecard;
  const unclaimed = withoutClaimsText(scorecard);
  const vectors = card.vectors.map(({ vector, score, checked }) =>
    checked === 0
      ? `${VECTOR_NAMES[vector]} not checked`
      : `${VECTOR_NAMES[vector]} ${score.points}/${score.total}`,
  );
  return [
    `## ${literal(image)}`,
    '',
    ...gateLines(input),
    `**${levelText(scorecard)}** · ${gradeText(scorecard)}`,
    '',
    `${vectors.join(' · ')} · ${code(digest)}`,
    '',
    badgesReport(scorecard).trimEnd(),
    ...(unclaimed === undefined ? [] : ['', unclaimed]),
    ...(platforms.length < 2
      ? []
      : [
          '',
          `Platforms, the worst counts: ${platforms.map((one) => `${literal(one.platform)} level ${one.level}, ${one.overall.grade}`).join('; ')}`,
        ]),
    ...readerNotes(scorecard).flatMap(({ heading, lines }) => [
      '',
      `⚠️ ${heading}:`,
      '',
      ...lines.map((line) => `- ${literal(line)}`),
    ]),
  ];
}

function problemRow({ outcome, ids, problem, place, waived }: CardRow): string {
  const what = `${literal(problem)}${waived ? ' (waived)' : ''}`;
  const where = place === undefined ? '' : code(place, 'cell');
  return `| ${MARKS[outcome].split(' ')[0] ?? ''} ${ids.join(', ')} | ${what} | ${where} |`;
}

function groupLines(card: Card): string[] {
  const groups = card.groups.flatMap((group, index) => {
    const [heading, counts] = groupTexts(group, index === 0);
    return [
      '',
      `### ${heading}: ${counts}`,
      '',
      '| check | problem | place |',
      '| --- | --- | --- |',
      ...group.rows.map(problemRow),
    ];
  });
  return [...groups, '', restText(card)];
}

function stepLines({ steps }: Card, scorecard: Scorecard): string[] {
  if (steps.length === 0) return [];
  return [
    '',
    `### ${stepsHeading(steps)}`,
    '',
    ...steps.map(
      (step, index) =>
        `${index + 1}. ${code(step.command)}: ${literal(step.text)} (${gainText(step, scorecard)})`,
    ),
  ];
}

function profileBlock(input: ReportInput): string[] {
  const lines = profileLines(input);
  if (lines.length === 0) return [];
  return [
    '',
    `### ${PROFILE_HEADING}`,
    '',
    ...lines.map(({ where, text }) => `- ${where}: ${code(text)}`),
  ];
}

function row(result: CriterionResult): string {
  const declared = result.source === 'unverified-attestation' ? ' (self-declared)' : '';
  const settle = result.settle === undefined ? '' : `. To check: ${code(result.settle, 'cell')}`;
  const cells = [
    result.id,
    String(result.level),
    MARKS[result.outcome],
    literal(result.summary) + declared + settle,
  ];
  return `| ${cells.join(' | ')} |`;
}

function vectorTables({ vectors, criteria }: Scorecard): string[] {
  const tables = VECTORS.flatMap((vector) => {
    const { grade, points, total } = vectors[vector];
    return [
      '',
      `**${VECTOR_NAMES[vector]}: ${grade} (${points}/${total})**`,
      '',
      '| check | level | outcome | why |',
      '| --- | --- | --- | --- |',
      ...criteria.filter((one) => one.vector === vector).map(row),
    ];
  });
  const summary = `<summary>All ${plural(criteria.length, 'check')}</summary>`;
  return ['', `<details>${summary}`, ...tables, '', '</details>'];
}

function evidenceOf(result: CriterionResult): string[] {
  const shown = result.evidence.slice(0, EVIDENCE_SHOWN);
  const rest = result.evidence.length - shown.length;
  return [
    `- **${result.id}**: ${literal(result.summary)}`,
    ...shown.map((one) => `  - ${code(evidenceText(one))}`),
    ...(rest > 0 ? [`  - and ${rest} more`] : []),
  ];
}

function evidenceBlock({ criteria }: Scorecard): string[] {
  const open = criteria.filter(({ outcome }) => outcome === 'fail');
  if (open.length === 0) return [];
  const lines = open.flatMap(evidenceOf);
  return ['', '<details><summary>Evidence</summary>', '', ...lines, '', '</details>'];
}

function waived({ waivers }: Scorecard): string[] {
  if (waivers.length === 0) return [];
  const lines = waivers.map(({ criterion, reason, expires }) => {
    const until = expires === undefined ? '' : ` (until ${literal(expires)})`;
    return `- ${literal(criterion)}: ${literal(reason)}${until}`;
  });
  return ['', '### Waived', '', ...lines];
}

/**
 * The scorecard as GitHub-flavored Markdown, for a pull request or a job summary: the gate first,
 * then what the next level lacks and what to do, all else behind folds. Ends with a newline.
 */
export function markdownReport(input: ReportInput): string {
  const { scorecard } = input;
  const card = cardOf(scorecard, input.steps);
  const before = [
    ...heading(input, card),
    ...groupLines(card),
    ...stepLines(card, scorecard),
    ...profileBlock(input),
    ...vectorTables(scorecard),
  ];
  const evidence = evidenceBlock(scorecard);
  const after = waived(scorecard);
  const whole = `${[...before, ...evidence, ...after].join('\n')}\n`;
  return whole.length <= LONGEST_REPORT ? whole : `${[...before, ...after].join('\n')}\n`;
}

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
