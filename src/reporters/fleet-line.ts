import type { FailedLine, FleetLine, GradedLine } from '../model/fleet.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { jsonLine } from './json-text.ts';

/** How every line starts, so that another kind of file is not taken for a line that was cut off. */
export const FLEET_LINE_START = '{"schemaVersion":"1","status":"';

/** What stands on every line. */
export type FleetLineOf = Pick<FleetLine, 'image' | 'asked' | 'tool' | 'at'>;

/** An image's line as JSON, without a line end. */
export function fleetLineText(line: FleetLine): string {
  const { schemaVersion, status, ...rest } = line;
  return jsonLine({ schemaVersion, status, ...rest });
}

/** The line of an image that was graded. */
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

/** The line of an image that could not be graded. */
export function failedLine(
  { image, asked, tool, at }: FleetLineOf,
  error: FailedLine['error'],
): FailedLine {
  return { schemaVersion: '1', status: 'failed', image, error, asked, tool, at };
}

/** Reads a line that an earlier run wrote; undefined where it is none, or not whole. */
export function parseFleetLine(text: string): FleetLine | undefined {
  if (!text.startsWith(FLEET_LINE_START)) return undefined;
  try {
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
