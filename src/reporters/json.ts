import type { Scorecard } from '../model/scorecard.ts';

/** The scorecard as JSON, described by schema/scorecard-1.json; ends with a newline. */
export function jsonReport(scorecard: Scorecard): string {
  const { schemaVersion, image, digest, platforms, level, levelName } = scorecard;
  const { overall, vectors, criteria, suggestions, waivers, gradedAt, tool } = scorecard;
  const ordered = {
    schemaVersion,
    image,
    digest,
    platforms,
    level,
    levelName,
    overall,
    vectors,
    criteria,
    suggestions,
    waivers,
    gradedAt,
    tool,
  };
  return `${JSON.stringify(ordered, undefined, 2)}\n`;
}
