import { type CriterionResult, type Outcome, VECTORS } from '../model/criterion.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { badgesReport } from './badges.ts';
import { cleanText } from './clean-text.ts';
import { evidenceText } from './evidence-text.ts';
import { VECTOR_NAMES } from './vector-names.ts';

const MARKS: Readonly<Record<Outcome, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  unknown: '❔ unknown',
  'not-applicable': '➖ n/a',
};

const EVIDENCE_SHOWN = 10;

/** Text from an image as literal Markdown: no markup, link, table cell or HTML comes out of it. */
function literal(text: string): string {
  return cleanText(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~@-]/g, '\\$&');
}

/** A code span, whose fence is longer than any run of backticks in it. */
function code(text: string): string {
  const clean = cleanText(text).replace(/\|/g, '\\|');
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${clean}${fence}` : `${fence} ${clean} ${fence}`;
}

function row(result: CriterionResult): string {
  const declared = result.source === 'unverified-attestation' ? ' (self-declared)' : '';
  const settle = result.settle === undefined ? '' : ` Settle: ${code(result.settle)}`;
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
  return scorecard.suggestions.slice(0, 3).map(({ title, criterion, gains, example }, index) => {
    const how = example === undefined ? '' : `: ${code(example)}`;
    return `${index + 1}. ${literal(title)} (${criterion}; then grade ${gains.grade}, level ${gains.level})${how}`;
  });
}

/** The scorecard as GitHub-flavoured Markdown, for a pull request or a job summary; ends with a newline. */
export function markdownReport(scorecard: Scorecard): string {
  const { overall, vectors, criteria, waivers } = scorecard;
  const open = criteria.filter(({ outcome }) => outcome === 'fail');
  const parts = [
    `## ${literal(scorecard.image)}`,
    '',
    badgesReport(scorecard),
    `Level ${scorecard.level} (${scorecard.levelName}), grade ${overall.grade}, ${overall.points} of ${overall.total} criteria, ${code(scorecard.digest)}`,
  ];
  for (const vector of VECTORS) {
    const { grade, points, total } = vectors[vector];
    const heading = `### ${VECTOR_NAMES[vector]}: ${grade} (${points}/${total})`;
    const rows = criteria.filter((one) => one.vector === vector).map(row);
    parts.push(
      '',
      heading,
      '',
      '| criterion | level | outcome | why |',
      '| --- | --- | --- | --- |',
      ...rows,
    );
  }
  if (scorecard.suggestions.length > 0)
    parts.push('', '### Next', '', ...suggestionLines(scorecard));
  if (open.length > 0)
    parts.push(
      '',
      '<details><summary>Evidence</summary>',
      '',
      ...open.flatMap(evidenceOf),
      '',
      '</details>',
    );
  if (waivers.length > 0)
    parts.push(
      '',
      '### Waived',
      '',
      ...waivers.map((w) => `- ${literal(w.criterion)}: ${literal(w.reason)}`),
    );
  return `${parts.join('\n')}\n`;
}
