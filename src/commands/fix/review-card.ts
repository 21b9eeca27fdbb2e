import { levelOf, scoreOf, type Scored } from '../../grading/score.ts';
import { type CriterionResult, SPEC_URL, VECTORS } from '../../model/criterion.ts';
import type { PlannedEdit } from '../../model/planned-edit.ts';
import type { Score, Scorecard } from '../../model/scorecard.ts';
import { evidenceText, shortDigest } from '../../reporters/evidence-text.ts';
import { gainText } from '../../reporters/fix/fix-text.ts';
import { VECTOR_NAMES } from '../../reporters/vector-names.ts';
import type { CardView, EditView, FindingView, ScoreBar } from '../../ui/review-model.ts';

/** What is not met comes first: what fails, then what is not known. */
const ORDER = { fail: 0, unknown: 1, pass: 2, 'not-applicable': 3 } as const;

/** A scorecard as the screen shows it, held against the one before. */
export function cardView(scorecard: Scorecard, before: readonly Scored[] | undefined): CardView {
  const old = new Map(before?.map(({ id, outcome }) => [id, outcome]));
  const findings = scorecard.criteria
    .map((one) => findingView(one, old.get(one.id)))
    .sort((a, b) => ORDER[a.outcome] - ORDER[b.outcome] || a.level - b.level);
  return {
    image: scorecard.image,
    digest: `sha256:${shortDigest(scorecard.digest)}`,
    level: scorecard.level,
    levelName: scorecard.levelName,
    overall: bar('Overall', scorecard.overall, before),
    vectors: VECTORS.map((vector) =>
      bar(
        VECTOR_NAMES[vector],
        scorecard.vectors[vector],
        before?.filter((one) => one.vector === vector),
      ),
    ),
    findings,
    ...(before === undefined
      ? {}
      : { before: { level: levelOf(before), grade: scoreOf(before).grade } }),
  };
}

function bar(name: string, score: Score, before: readonly Scored[] | undefined): ScoreBar {
  const change = before === undefined ? {} : { change: score.points - scoreOf(before).points };
  return { name, ...score, ...change };
}

function findingView(
  result: CriterionResult,
  before: CriterionResult['outcome'] | undefined,
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
