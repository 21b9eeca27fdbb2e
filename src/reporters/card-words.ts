import type { CriterionResult } from '../model/criterion.ts';
import { plural } from '../model/quantity.ts';
import type { GateAnswer } from '../model/report.ts';
import type { NextStep, Scorecard } from '../model/scorecard.ts';
import type { Card, CardGroup } from './card.ts';

/** `Level 0 of 5: not on the scale yet`. */
export function levelText({ level, levelName }: Pick<Scorecard, 'level' | 'levelName'>): string {
  return level === 0 ? 'Level 0 of 5: not on the scale yet' : `Level ${level} of 5: ${levelName}`;
}

/** The grade over all checks, and the one over those checked, if some were not checked. */
export function gradeText({ overall, checked }: Pick<Scorecard, 'overall' | 'checked'>): string {
  const whole = `Grade ${overall.grade}, ${overall.points} of ${overall.total}`;
  if (checked.total === overall.total) return whole;
  return `${whole}; ${checked.grade} over the ${checked.total} checked`;
}

/** `2 failed, 1 not checked`; only what there is. */
function countsText(counts: readonly (readonly [count: number, what: string])[]): string {
  return counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ');
}

/** `For level 1 (Pimiento)` and `2 to fix, 1 not checked`. */
export function groupTexts(
  { level, name, rows }: CardGroup,
  isFirst: boolean,
): readonly [string, string] {
  const failed = rows.filter(({ outcome }) => outcome === 'fail').length;
  return [
    `For level ${level} (${name})`,
    countsText([
      [failed, isFirst ? 'to fix' : 'more to fix'],
      [rows.length - failed, 'not checked'],
    ]),
  ];
}

/** What the card does not show whole: the levels above, and what is met. */
export function restText({ rest, passed, notApplicable }: Card): string {
  const levels =
    rest === undefined
      ? ''
      : `${rest.from === rest.to ? `Level ${rest.from}` : `Levels ${rest.from} to ${rest.to}`}: ${countsText(
          [
            [rest.failed, 'failed'],
            [rest.unchecked, 'not checked'],
          ],
        )}. `;
  const none = notApplicable === 0 ? '' : `, ${notApplicable} not applicable`;
  return `${levels}Passed: ${passed}${none}.`;
}

/** What a step changes, and nothing that stays: `+5 points, grade C, level 2`. */
export function gainText({ gains }: NextStep, { overall, level }: Scorecard): string {
  return [
    `+${plural(gains.points, 'point')}`,
    ...(gains.grade === overall.grade ? [] : [`grade ${gains.grade}`]),
    ...(gains.level === level ? [] : [`level ${gains.level}`]),
  ].join(', ');
}

/** The gate's answer in a line; undefined where no gate was asked for. */
export function gateHeading(gate: GateAnswer | undefined): string | undefined {
  if (gate === undefined) return undefined;
  return gate.unmet.length === 0
    ? `Gate met: ${gate.asked}`
    : `Gate not met: ${gate.asked} is asked for`;
}

/** The heading above the steps. */
export function stepsHeading(steps: readonly NextStep[]): string {
  return steps.length === 1 ? 'Next step' : 'Next steps';
}

/** Each outcome in words. */
export const OUTCOME_WORDS: Readonly<Record<CriterionResult['outcome'], string>> = {
  fail: 'failed',
  unknown: 'not checked',
  pass: 'passed',
  'not-applicable': 'not applicable',
};
