import { LEVEL_NAMES } from '../../model/criterion.ts';
import { quantity } from '../../model/quantity.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import type { FixProof, ProvenBuild, TakenBack } from '../../model/verified-fix.ts';
import { cleanText } from '../clean-text.ts';

/** What the builds before and after show, and each edit taken back, with the end of its failure. */
export function fixProofText({ before, after, takenBack, builds }: FixProof): string {
  const [was, is] = [before.scorecard, after.scorecard];
  const lines = takenBack.flatMap(takenBackLines);
  return [
    ...lines,
    `verified by ${quantity(builds, 'build')}: ${levelText(was)} → ${levelText(is)}, grade ${was.overall.grade} → ${is.overall.grade}, ${was.overall.points} → ${is.overall.points} of ${is.overall.total} points; ${answerText(after)}`,
    '',
  ].join('\n');
}

function levelText({ level }: Scorecard): string {
  return level === 0 ? 'level 0' : `level ${level} (${LEVEL_NAMES[level] ?? ''})`;
}

function answerText({ smoke }: ProvenBuild): string {
  if (!smoke.answers) return `whether it answers is not known: ${cleanText(smoke.reason)}`;
  const how = {
    'smoke command': 'it answers the smoke command',
    HEALTHCHECK: 'its HEALTHCHECK is healthy',
    'staying up': 'it stays up (--smoke would ask it)',
    'ending well': 'it ends with 0',
  }[smoke.judge];
  return smoke.rights === 'none' ? `${how}, without any capability` : how;
}

const BROKE = {
  build: 'it breaks the build',
  answer: 'the image does not answer any more',
  grade: 'the image is graded lower',
} as const;

function takenBackLines({ edit, broke, reason, log }: TakenBack): readonly string[] {
  return [
    `taken back: ${cleanText(edit.id)}: ${BROKE[broke]}: ${cleanText(reason)}`,
    ...log
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `  | ${cleanText(line)}`),
  ];
}

/** The proof as part of fix's JSON. */
export function fixProofJson({ before, after, takenBack, builds }: FixProof): object {
  return {
    builds,
    before: buildJson(before),
    after: buildJson(after),
    takenBack: takenBack.map(({ edit, ...why }) => ({ id: edit.id, ...why })),
  };
}

function buildJson({ scorecard, smoke }: ProvenBuild): object {
  const { level, overall, criteria } = scorecard;
  return {
    level,
    grade: overall.grade,
    points: overall.points,
    total: overall.total,
    criteria: Object.fromEntries(criteria.map(({ id, outcome }) => [id, outcome])),
    smoke,
  };
}
