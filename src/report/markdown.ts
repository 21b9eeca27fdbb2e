import { plural } from '../lib/text.ts';
import { type CriterionResult, type Outcome, VECTORS } from '../model/criterion.ts';
import type {
  ComparedImage,
  CriterionChange,
  ReportInput,
  ScorecardDifference,
} from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
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
import { compareScorecards, diffScorecards, measures, packageTexts } from './compare.ts';
import { code, evidenceText, literal, shortDigest } from './text.ts';

export const MARKS: Readonly<Record<Outcome, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  unknown: '❔ not checked',
  'not-applicable': '➖ n/a',
};

const EVIDENCE_SHOWN = 10;
/** GitHub allows 65,536 characters in a comment; longer reports leave out the evidence. */
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
 * then the next level's problems and steps, all else folded. Ends with a newline.
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

function mark(outcome: Outcome | undefined): string {
  return outcome === undefined ? '' : MARKS[outcome];
}

/** Images as columns, measures as rows; overall scores are bold. */
function imageRows(images: readonly ComparedImage[]): string[] {
  return [
    cells(
      '',
      ...images.map(
        ({ image, digest }) => `${literal(image)} ${code(shortDigest(digest), 'cell')}`,
      ),
    ),
    cells('---', ...images.map(() => '---')),
    cells('**Level**', ...images.map(({ level, levelName }) => `${level} ${levelName}`)),
    ...measures(images).map(({ name, cells: row }, index) => {
      const texts = row.map((one = '?') =>
        typeof one === 'string' ? one : `${one.grade} (${one.points}/${one.total})`,
      );
      const bold = index === 0 ? texts.map((text) => `**${text}**`) : texts;
      return cells(index > VECTORS.length ? name : `**${name}**`, ...bold);
    }),
  ];
}

/** Images as columns, criteria as rows; ends with a newline. */
export function markdownComparison(inputs: readonly ReportInput[]): string {
  const { images, criteria } = compareScorecards(inputs);
  const lines = [
    ...imageRows(images),
    ...criteria.map(({ id, level, outcomes }) =>
      cells(`${id} (level ${level})`, ...outcomes.map(mark)),
    ),
  ];
  return `## ${images.length} images\n\n${lines.join('\n')}\n`;
}

function changeRow({ id, level, before, after, gain, summary }: CriterionChange): string {
  const sign = gain > 0 ? '🟢 ' : gain < 0 ? '🔴 ' : '';
  return cells(`${sign}${id} (level ${level})`, mark(before), mark(after), literal(summary));
}

function packageLines(packages: ScorecardDifference['packages']): string[] {
  if (packages === undefined) return [];
  const { heading, lines } = packageTexts(packages, '→');
  if (lines.length === 0) return ['', 'The same packages.'];
  const rest = lines.length - PACKAGES_SHOWN;
  return [
    '',
    `<details><summary>${heading}</summary>`,
    '',
    ...lines.slice(0, PACKAGES_SHOWN).map((one) => `- ${code(one)}`),
    ...(rest > 0 ? [`- and ${rest} more`] : []),
    '',
    '</details>',
  ];
}

/** Changes in the newer image; ends with a newline. */
export function markdownDifference(old: ReportInput, now: ReportInput): string {
  const { before, after, criteria, packages } = diffScorecards(old, now);
  const changes =
    criteria.length === 0
      ? ['Every criterion came out as before.']
      : [
          cells('criterion', 'before', 'after', 'why'),
          cells('---', '---', '---', '---'),
          ...criteria.map(changeRow),
        ];
  const lines = [
    `## ${literal(before.image)} → ${literal(after.image)}`,
    '',
    ...imageRows([before, after]),
    '',
    ...changes,
    ...packageLines(packages),
  ];
  return `${lines.join('\n')}\n`;
}
