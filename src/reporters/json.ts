import type { ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { compareScorecards } from './compare.ts';
import { diffScorecards } from './difference.ts';
import { jsonText, withNulls } from './json-text.ts';

/** What a reader looks for first stands first. */
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
