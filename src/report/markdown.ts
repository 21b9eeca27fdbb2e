import { plural } from '../lib/text.ts';
import { type CriterionResult, type Outcome, VECTORS } from '../model/criterion.ts';
import type { CriterionChange, ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { badgesReport } from './badges.ts';
import { type Card, cardOf, type CardRow, PROFILE_HEADING, VECTOR_NAMES } from './card.ts';
import { lacking, measures, MOST_COLUMNS, outcomeCounts, type Sheet } from './compare.ts';
import { evidenceText } from './evidence.ts';
import { code, literal, shortDigest } from './text.ts';

export const MARKS: Readonly<Record<Outcome, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  unknown: '❔ not checked',
  'not-applicable': '➖ n/a',
};

const EVIDENCE_SHOWN = 10;
/** GitHub allows 65,536 characters in a comment; longer reports leave out the evidence. */
const LONGEST_REPORT = 60_000;

function gateLines({ gate }: Card): string[] {
  if (gate === undefined) return [];
  const { heading, unmet } = gate;
  const lines = unmet.map((line) => `- ${literal(line)}`);
  const mark = unmet.length === 0 ? '✅' : '❌';
  return [`${mark} **${literal(heading)}**`, '', ...lines, ...(unmet.length === 0 ? [] : [''])];
}

function heading(scorecard: Scorecard, card: Card): string[] {
  const { image, digest, platforms } = scorecard;
  const vectors = card.vectors.map(({ name, score, isChecked }) =>
    isChecked ? `${name} ${score.points}/${score.total}` : `${name} not checked`,
  );
  const each = platforms.map(
    ({ platform, level, overall }) => `${literal(platform)} level ${level}, ${overall.grade}`,
  );
  return [
    ...[`## ${literal(image)}`, ''],
    ...gateLines(card),
    ...[`**${card.level}** · ${card.grade}`, ''],
    ...[`${vectors.join(' · ')} · ${code(digest)}`, ''],
    badgesReport(scorecard).trimEnd(),
    ...(card.claims === undefined ? [] : ['', card.claims]),
    ...(platforms.length < 2 ? [] : ['', `Platforms, the worst counts: ${each.join('; ')}`]),
    ...card.notes.flatMap(({ heading, lines }) => [
      ...['', `⚠️ ${heading}:`, ''],
      ...lines.map((line) => `- ${literal(line)}`),
    ]),
  ];
}

function problemRow({ outcome, ids, problem, place, waived }: CardRow): string {
  const what = `${literal(problem)}${waived ? ' (waived)' : ''}`;
  const where = place === undefined ? '' : code(place, 'cell');
  return cells(`${MARKS[outcome].split(' ')[0] ?? ''} ${ids.join(', ')}`, what, where);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines];
}

function row(result: CriterionResult): string {
  const declared = result.source === 'unverified-attestation' ? ' (self-declared)' : '';
  const settle = result.settle === undefined ? '' : `. To check: ${code(result.settle, 'cell')}`;
  const why = literal(result.summary) + declared + settle;
  return cells(result.id, String(result.level), MARKS[result.outcome], why);
}

function vectorTables({ vectors, criteria }: Scorecard): string[] {
  const tables = VECTORS.flatMap((vector) => {
    const { grade, points, total } = vectors[vector];
    return [
      '',
      `**${VECTOR_NAMES[vector]}: ${grade} (${points}/${total})**`,
      '',
      ...[cells('check', 'level', 'outcome', 'why'), cells('---', '---', '---', '---')],
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

/**
 * The scorecard as GitHub-flavored Markdown, for a pull request or a job summary: the gate first,
 * then the next level's problems and steps, all else folded. Ends with a newline.
 */
export function markdownReport(input: ReportInput): string {
  const { scorecard } = input;
  const card = cardOf(input);
  const steps = card.steps.map(
    ({ command, text, gain }, index) =>
      `${index + 1}. ${code(command)}: ${literal(text)} (${gain})`,
  );
  const profile = card.profile.map(({ where, text }) => `- ${where}: ${code(text)}`);
  const before = [
    ...heading(scorecard, card),
    ...card.groups.flatMap(({ heading, counts, rows }) =>
      section(`${heading}: ${counts}`, [
        ...[cells('check', 'problem', 'place'), cells('---', '---', '---')],
        ...rows.map(problemRow),
      ]),
    ),
    ...['', card.rest],
    ...section(card.stepsHeading, steps),
    ...section(PROFILE_HEADING, profile),
    ...vectorTables(scorecard),
  ];
  const waived = scorecard.waivers.map(({ criterion, reason, expires }) => {
    const until = expires === undefined ? '' : ` (until ${literal(expires)})`;
    return `- ${literal(criterion)}: ${literal(reason)}${until}`;
  });
  const after = section('Waived', waived);
  const whole = `${[...before, ...evidenceBlock(scorecard), ...after].join('\n')}\n`;
  return whole.length <= LONGEST_REPORT ? whole : `${[...before, ...after].join('\n')}\n`;
}

const PACKAGES_SHOWN = 100;

function cells(...list: readonly string[]): string {
  return `| ${list.join(' | ')} |`;
}

function mark(outcome: Outcome | undefined): string {
  return outcome === undefined ? '' : MARKS[outcome];
}

/** A line an image, with what it lacks; then of each criterion how many have it. */
function longRows(sheet: Sheet): readonly string[] {
  const lacks = lacking(sheet);
  return [
    ...[cells('image', 'level', 'grade', 'for the next level'), cells('---', '---', '---', '---')],
    ...sheet.images.map(({ image, level, levelName, overall: { grade, points, total } }, at) =>
      cells(
        literal(image),
        `${level} ${levelName}`,
        `${grade} (${points}/${total})`,
        lacks[at] ?? '',
      ),
    ),
    ...['', cells('criterion', 'images'), cells('---', '---')],
    ...sheet.criteria.map(({ id, level, outcomes }) => {
      const counts = outcomeCounts(outcomes).map(([outcome, count]) => `${mark(outcome)} ${count}`);
      return cells(`${id} (level ${level})`, counts.join(', '));
    }),
  ];
}

/** Images as columns, or changes in the newer of two; ends with a newline. */
export function markdownSheet(sheet: Sheet): string {
  const { title, images, criteria, changes, packages } = sheet;
  const heads = images.map(
    ({ image, digest }) => `${literal(image)} ${code(shortDigest(digest), 'cell')}`,
  );
  const columns = [
    cells('', ...heads),
    cells('---', ...images.map(() => '---')),
    cells('**Level**', ...images.map(({ level, levelName }) => `${level} ${levelName}`)),
    ...measures(images).map(({ name, cells: row }) => {
      const texts = row.map((one) =>
        typeof one === 'string' ? one : `${one.grade} (${one.points}/${one.total})`,
      );
      return cells(`**${name}**`, ...texts);
    }),
    ...criteria.map(({ id, level, outcomes }) =>
      cells(`${id} (level ${level})`, ...outcomes.map(mark)),
    ),
  ];
  const rows = images.length > MOST_COLUMNS ? longRows(sheet) : columns;
  const lines = [
    ...[`## ${literal(title)}`, '', ...rows],
    ...(changes === undefined ? [] : ['', ...changeRows(changes)]),
    ...(packages === undefined ? [] : ['', ...packageLines(packages)]),
  ];
  return `${lines.join('\n')}\n`;
}

function changeRows(changes: readonly CriterionChange[]): readonly string[] {
  if (changes.length === 0) return ['Every criterion came out as before.'];
  const rows = changes.map(({ id, level, before, after, gain, summary }) => {
    const sign = gain > 0 ? '🟢 ' : gain < 0 ? '🔴 ' : '';
    return cells(`${sign}${id} (level ${level})`, mark(before), mark(after), literal(summary));
  });
  const head = cells('criterion', 'before', 'after', 'why');
  return [head, cells('---', '---', '---', '---'), ...rows];
}

function packageLines({ heading, lines }: NonNullable<Sheet['packages']>): readonly string[] {
  if (lines.length === 0) return [`${heading}.`];
  const rest = lines.length - PACKAGES_SHOWN;
  return [
    ...[`<details><summary>${heading}</summary>`, ''],
    ...lines.slice(0, PACKAGES_SHOWN).map((one) => `- ${code(one)}`),
    ...(rest > 0 ? [`- and ${rest} more`] : []),
    ...['', '</details>'],
  ];
}
