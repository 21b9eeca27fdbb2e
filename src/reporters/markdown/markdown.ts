import { type CriterionResult, type Outcome, VECTORS } from '../../model/criterion.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { badgesReport } from '../badges/badges.ts';
import { evidenceText } from '../evidence-text.ts';
import { readerNotes, withoutClaimsText } from '../reader-notes.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { code, literal } from './markdown-text.ts';

export const MARKS: Readonly<Record<Outcome, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  unknown: '❔ unknown',
  'not-applicable': '➖ n/a',
};

const EVIDENCE_SHOWN = 10;
/** GitHub takes comments of 65,536 characters; evidence that would not fit is left to the other reports. */
const LONGEST_REPORT = 60_000;

function row(result: CriterionResult): string {
  const declared = result.source === 'unverified-attestation' ? ' (self-declared)' : '';
  const settle = result.settle === undefined ? '' : ` Settle: ${code(result.settle, 'cell')}`;
  const cells = [
    result.id,
    String(result.level),
    MARKS[result.outcome],
    literal(result.summary) + declared + settle,
  ];
  return `| ${cells.join(' | ')} |`;
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

function suggestionLines(scorecard: Scorecard): string[] {
  return scorecard.suggestions
    .slice(0, 3)
    .map(({ title, criterion, gains, example, fix }, index) => {
      const commands = [example, fix].flatMap((text) => (text === undefined ? [] : [code(text)]));
      const how = commands.length === 0 ? '' : `: ${commands.join(' or ')}`;
      return `${index + 1}. ${literal(title)} (${criterion}; then grade ${gains.grade}, level ${gains.level})${how}`;
    });
}

function heading(scorecard: Scorecard): string[] {
  const { image, level, levelName, overall, digest, platforms } = scorecard;
  const unclaimed = withoutClaimsText(scorecard);
  return [
    `## ${literal(image)}`,
    '',
    badgesReport(scorecard),
    `Level ${level} (${levelName}), grade ${overall.grade}, ${overall.points} of ${overall.total} criteria, ${code(digest)}`,
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

function vectorTables({ vectors, criteria }: Scorecard): string[] {
  return VECTORS.flatMap((vector) => {
    const { grade, points, total } = vectors[vector];
    return [
      '',
      `### ${VECTOR_NAMES[vector]}: ${grade} (${points}/${total})`,
      '',
      '| criterion | level | outcome | why |',
      '| --- | --- | --- | --- |',
      ...criteria.filter((one) => one.vector === vector).map(row),
    ];
  });
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

/** The scorecard as GitHub-flavoured Markdown, for a pull request or a job summary; ends with a newline. */
export function markdownReport(scorecard: Scorecard): string {
  const next = suggestionLines(scorecard);
  const before = [
    ...heading(scorecard),
    ...vectorTables(scorecard),
    ...(next.length === 0 ? [] : ['', '### Next', '', ...next]),
  ];
  const evidence = evidenceBlock(scorecard);
  const after = waived(scorecard);
  const whole = `${[...before, ...evidence, ...after].join('\n')}\n`;
  return whole.length <= LONGEST_REPORT ? whole : `${[...before, ...after].join('\n')}\n`;
}
