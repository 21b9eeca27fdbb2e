import type { ReportInput } from '../model/report.ts';
import {
  type FailedLine,
  type FleetLine,
  type FleetTotals,
  type GradedLine,
  GRADES,
  type Scorecard,
} from '../model/scorecard.ts';
import { compareScorecards, diffScorecards } from './compare.ts';
import { jsonLine, jsonText, withNulls } from './text.ts';

/** The most important fields first. */
const FIELDS = [
  ...(['schemaVersion', 'image', 'digest', 'platforms', 'notGraded', 'trust', 'notices'] as const),
  ...(['level', 'levelName', 'overall', 'checked', 'withoutClaims', 'vectors'] as const),
  ...(['criteria', 'suggestions', 'waivers', 'gradedAt', 'tool'] as const),
] satisfies readonly (keyof Scorecard)[];

function ordered(scorecard: Scorecard): object {
  return Object.fromEntries(FIELDS.map((field) => [field, scorecard[field]]));
}

/** The scorecard as JSON, described by schema/scorecard-1.json; ends with a newline. */
export function jsonReport(scorecard: Scorecard): string {
  return jsonText(ordered(scorecard));
}

/** Several images as JSON (schema/comparison-1.json): the comparison and all scorecards in full. */
export function jsonComparison(images: readonly ReportInput[]): string {
  const { images: columns, criteria } = compareScorecards(images);
  return jsonText({
    schemaVersion: '1',
    kind: 'comparison',
    images: columns,
    criteria: withNulls(criteria),
    scorecards: images.map(({ scorecard }) => ordered(scorecard)),
  });
}

/** Two images as JSON, described by schema/difference-1.json. */
export function jsonDifference(before: ReportInput, after: ReportInput): string {
  const { criteria, ...rest } = diffScorecards(before, after);
  return jsonText({
    schemaVersion: '1',
    kind: 'difference',
    ...rest,
    criteria: withNulls(criteria),
  });
}

/** The start of every line: distinguishes other files from a line that was cut off. */
export const FLEET_LINE_START = '{"schemaVersion":"1","status":"';

/** Fields of every line. */
export type FleetLineOf = Pick<FleetLine, 'image' | 'asked' | 'tool' | 'at'>;

export function fleetLineText(line: FleetLine): string {
  const { schemaVersion, status, ...rest } = line;
  return jsonLine({ schemaVersion, status, ...rest });
}

export function gradedLine(
  { image, asked, tool, at }: FleetLineOf,
  card: Scorecard,
  short: readonly string[],
): GradedLine {
  return {
    schemaVersion: '1',
    status: 'graded',
    image,
    digest: card.digest,
    level: card.level,
    levelName: card.levelName,
    grade: card.overall.grade,
    overall: card.overall,
    vectors: card.vectors,
    criteria: Object.fromEntries(card.criteria.map(({ id, outcome }) => [id, outcome])),
    platforms: card.platforms.map(({ platform, digest, level, overall }) => ({
      platform,
      digest,
      level,
      grade: overall.grade,
    })),
    short,
    asked,
    tool,
    at,
  };
}

export function failedLine(
  { image, asked, tool, at }: FleetLineOf,
  error: FailedLine['error'],
): FailedLine {
  return { schemaVersion: '1', status: 'failed', image, error, asked, tool, at };
}

/** Reads a line of an earlier run; undefined if invalid or cut off. */
export function parseFleetLine(text: string): FleetLine | undefined {
  if (!text.startsWith(FLEET_LINE_START)) return undefined;
  try {
    // eslint-disable-next-line no-restricted-syntax -- our own lines
    const line = JSON.parse(text) as Partial<GradedLine>;
    const isWhole =
      typeof line.image === 'string' &&
      typeof line.asked === 'string' &&
      ((line.status as string) === 'failed' || isGraded(line));
    return isWhole ? (line as FleetLine) : undefined;
  } catch {
    return undefined;
  }
}

function isGraded(line: Partial<GradedLine>): boolean {
  return (
    line.status === 'graded' &&
    typeof line.level === 'number' &&
    typeof line.grade === 'string' &&
    typeof line.digest === 'string' &&
    Array.isArray(line.short) &&
    typeof line.criteria === 'object'
  );
}

const MOST_CRITERIA = 5;

export function fleetSummary(totals: FleetTotals): string {
  const { graded, short, failed, levels, grades, unmet } = totals;
  const byLevel = [...levels].sort(([a], [b]) => a - b);
  const byGrade = GRADES.filter((grade) => grades.has(grade));
  const most = unmet.slice(0, MOST_CRITERIA).map((one) => `${one.criterion} ${one.images}`);
  const ofGraded: readonly (readonly [string, string])[] = [
    ['levels', byLevel.map(([level, images]) => `${level}: ${images}`).join(', ')],
    ['grades', byGrade.map((grade) => `${grade}: ${grades.get(grade) ?? 0}`).join(', ')],
    ['unmet most', most.join(', ') || 'none'],
  ];
  const counts = `${graded} graded, ${short} short of the gate, ${failed} failed`;
  return [['images', `${graded + failed}: ${counts}`] as const, ...(graded > 0 ? ofGraded : [])]
    .map(([name, text]) => `${name.padEnd(12)}${text}\n`)
    .join('');
}
