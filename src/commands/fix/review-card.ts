import { levelOf, scoreOf, type Scored } from '../../grading/score.ts';
import { type CriterionResult, isMet, SPEC_URL } from '../../model/criterion.ts';
import type { PlannedEdit } from '../../model/planned-edit.ts';
import type { NextStep, Score, Scorecard } from '../../model/scorecard.ts';
import {
  gainText as stepGain,
  gradeText,
  groupTexts,
  levelText,
  restText,
} from '../../reporters/card-words.ts';
import { type Card, cardOf } from '../../reporters/card.ts';
import { evidenceText, shortDigest } from '../../reporters/evidence-text.ts';
import { gainText } from '../../reporters/fix/fix-text.ts';
import { VECTOR_NAMES } from '../../reporters/vector-names.ts';
import type { CardView, EditView, FindingView, ScoreBar } from '../../ui/review-model.ts';

/** A scorecard for the screen, compared with the one before: what a card says, all levels whole. */
export function cardView(
  scorecard: Scorecard,
  before: readonly Scored[] | undefined,
  steps: readonly NextStep[] = [],
): CardView {
  const card = cardOf(scorecard, steps, Infinity);
  return {
    image: scorecard.image,
    digest: `sha256:${shortDigest(scorecard.digest)}`,
    level: scorecard.level,
    levelText: levelText(scorecard),
    gradeText: gradeText(scorecard),
    overall: bar('Overall', scorecard.overall, true, before),
    vectors: card.vectors.map(({ vector, score, checked }) =>
      bar(
        VECTOR_NAMES[vector],
        score,
        checked > 0,
        before?.filter((one) => one.vector === vector),
      ),
    ),
    findings: findingsOf(card, scorecard, before),
    restText: restText(card),
    steps: card.steps.map((step) => ({
      command: step.command,
      text: `${step.text}: ${stepGain(step, scorecard)}`,
    })),
    ...(before === undefined
      ? {}
      : { before: { level: levelOf(before), grade: scoreOf(before).grade } }),
  };
}

function findingsOf(
  { groups }: Card,
  { criteria }: Scorecard,
  before: readonly Scored[] | undefined,
): readonly FindingView[] {
  const old = new Map(before?.map(({ id, outcome }) => [id, outcome]));
  const results = new Map(criteria.map((one) => [one.id, one]));
  const unmet = groups.flatMap((group, index) => {
    const heading = groupTexts(group, index === 0).join(': ');
    return group.rows.flatMap(({ ids: [id, ...also] }) => {
      const result = results.get(id);
      return result === undefined
        ? []
        : [findingView(result, old.get(id), { group: heading, also })];
    });
  });
  const met = criteria.filter(({ outcome }) => isMet(outcome));
  return [
    ...unmet,
    ...met.map((one) => findingView(one, old.get(one.id), { group: '', also: [] })),
  ];
}

function bar(
  name: string,
  score: Score,
  isChecked: boolean,
  before: readonly Scored[] | undefined,
): ScoreBar {
  const change = before === undefined ? {} : { change: score.points - scoreOf(before).points };
  return { name, ...score, isChecked, ...change };
}

function findingView(
  result: CriterionResult,
  before: CriterionResult['outcome'] | undefined,
  where: Pick<FindingView, 'group' | 'also'>,
): FindingView {
  const { id, title, vector, level, outcome, summary, remedies, settle, spec } = result;
  return {
    id,
    title,
    vector: VECTOR_NAMES[vector],
    level,
    outcome,
    summary,
    evidence: result.evidence.map(evidenceText),
    remedies,
    ...where,
    ...(settle === undefined ? {} : { settle }),
    ...(spec === undefined ? {} : { spec: SPEC_URL + spec }),
    ...(before === undefined || before === outcome ? {} : { before }),
  };
}

/** An edit as the screen shows it, with its own diff. */
export function editView(edit: PlannedEdit, diff: string): EditView {
  const { id, title, why, risk, riskReason, gain } = edit;
  return {
    id,
    title,
    why,
    risk: `${risk}: ${riskReason}`,
    diff,
    ...(gain === undefined ? {} : { gain: gainText(gain) }),
  };
}
