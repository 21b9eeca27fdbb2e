import type { Scorecard } from '../../model/scorecard.ts';

/** A verdict in a few words. */
export function gradeText({ level, levelName, overall }: Scorecard): string {
  return `level ${level} (${levelName}), ${overall.grade}`;
}
