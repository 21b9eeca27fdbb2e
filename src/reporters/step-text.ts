import type { NextStep, Scorecard } from '../model/scorecard.ts';
import { plural } from './size-text.ts';

/** What a step changes, and nothing that stays: `+5 points, grade C, level 2`. */
export function gainWords({ gains }: NextStep, { overall, level }: Scorecard): string {
  return [
    `+${plural(gains.points, 'point')}`,
    ...(gains.grade === overall.grade ? [] : [`grade ${gains.grade}`]),
    ...(gains.level === level ? [] : [`level ${gains.level}`]),
  ].join(', ');
}
