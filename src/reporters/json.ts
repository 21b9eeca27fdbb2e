import type { ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { compareScorecards } from './compare.ts';
import { diffScorecards } from './difference.ts';
import { jsonText } from './json-text.ts';

function ordered(scorecard: Scorecard): Scorecard {
  const { schemaVersion, image, digest, platforms, notGraded, level, levelName } = scorecard;
  const { overall, checked, vectors, criteria, suggestions, waivers, gradedAt, tool } = scorecard;
  const { trust, notices, withoutClaims } = scorecard;
  return {
    schemaVersion,
    image,
    digest,
    platforms,
    ...(notGraded === undefined ? {} : { notGraded }),
    ...(trust === undefined ? {} : { trust }),
    ...(notices === undefined ? {} : { notices }),
    level,
    levelName,
    overall,
    checked,
    ...(withoutClaims === undefined ? {} : { withoutClaims }),
    vectors,
    criteria,
    suggestions,
    waivers,
    gradedAt,
    tool,
  };
}

/** The scorecard as JSON, described by schema/scorecard-1.json; ends with a newline. */
export function jsonReport(scorecard: Scorecard): string {
  return jsonText(ordered(scorecard));
}

/** Several images as JSON (schema/comparison-1.json): the comparison and all scorecards in full. */
export function jsonComparison(images: readonly ReportInput[]): string {
  const scorecards = images.map(({ scorecard }) => ordered(scorecard));
  return jsonText({
    schemaVersion: '1',
    kind: 'comparison',
    ...withNulls(compareScorecards(images)),
    scorecards,
  });
}

/** Two images as JSON, described by schema/difference-1.json. */
export function jsonDifference(before: ReportInput, after: ReportInput): string {
  const { criteria, ...rest } = diffScorecards(before, after);
  return jsonText({
    schemaVersion: '1',
    kind: 'difference',
    ...rest,
    criteria: criteria.map((one) => ({
      ...one,
      before: one.before ?? null,
      after: one.after ?? null,
    })),
  });
}

/** An outcome that is not there keeps its place in the list. */
function withNulls({ images, criteria }: ReturnType<typeof compareScorecards>): object {
  return {
    images,
    criteria: criteria.map((one) => ({ ...one, outcomes: one.outcomes.map((o) => o ?? null) })),
  };
}
