import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { plural } from '../lib/text.ts';
import {
  type CriterionResult,
  type Level,
  LEVEL_NAMES,
  type Vector,
  VECTORS,
} from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import { parseReference } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import type { NextStep, NotGraded, Score, Scorecard } from '../model/scorecard.ts';
import { evidenceParts } from './evidence.ts';

/** As in the heads of the specification's summary table. */
export const VECTOR_NAMES: Readonly<Record<Vector, string>> = {
  minimalism: 'Minimalism',
  provenance: 'Provenance',
  configuration: 'Configuration & Metadata',
  vulnerabilities: 'Vulnerabilities',
};

/** Why a finding is waived; undefined if not, or if the waiver ended before the verdict's day. */
export function waiverReason(
  criterion: string,
  { waivers, gradedAt }: Scorecard,
): string | undefined {
  const day = gradedAt.slice(0, 10);
  return waivers.find((one) => one.criterion === criterion && (one.expires ?? day) >= day)?.reason;
}

const NOT_GRADED = 'Not graded, so that the score does not speak of it';
const REASONS: Readonly<Record<NotGraded['reason'], string>> = {
  'not-held': 'the index lists it, the place that was read does not contain it',
  'not-read':
    'the index lists it as something that cannot be read as an image; an engine may run it',
  'not-listed': 'the image has none',
};

export function notGradedLines({ notGraded = [] }: Scorecard): readonly string[] {
  return notGraded.map(({ platform, reason }) => `${platform}: ${REASONS[reason]}`);
}

/** What a reader must know beside the score. */
export interface ReaderNote {
  /** For anchors: a-z and -. */
  readonly id: string;
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Platforms without a verdict, doubts about the evidence, and the files of trust settings. */
export function readerNotes(scorecard: Scorecard): readonly ReaderNote[] {
  const notes: readonly ReaderNote[] = [
    { id: 'not-graded', heading: NOT_GRADED, lines: notGradedLines(scorecard) },
    { id: 'notices', heading: 'About the evidence', lines: scorecard.notices ?? [] },
    { id: 'trust', heading: 'Trust settings from files', lines: trustLines(scorecard) },
  ];
  return notes.filter(({ lines }) => lines.length > 0);
}

const WHOSE = { named: 'named by a flag', user: 'your own', project: 'the project’s' } as const;

/** Reports are published, so paths of the author's machine are left out (JSON has them). */
function trustLines({ trust = [] }: Scorecard): readonly string[] {
  return trust.map(({ setting, source, file }) => {
    const shown = source === 'project' ? file.replace(/^.*\//, '') : file;
    return `${setting}: ${shown} (${WHOSE[source]})`;
  });
}

/** `14/23 (B) without what only the image says about itself`; undefined if that adds nothing. */
export function withoutClaimsText({ withoutClaims }: Scorecard): string | undefined {
  if (withoutClaims === undefined) return undefined;
  const { points, total, grade } = withoutClaims.overall;
  return `${points}/${total} (${grade}) without what only the image says about itself`;
}

/** How to apply an image's profile in one place. */
interface ProfileLine {
  readonly where: string;
  readonly text: string;
}

const SECCOMP = /seccomp/i;
/** The artifact that runtimes pull (KEP-6061). */
const ARTIFACT = /^application\/vnd\.cncf\.seccomp-profile\.config/;

/** The image's place; `registry:5000/app` is a host with its port. */
const PLACE = /^(?:registry|store|docker|docker-daemon):(?!\d+\/)(?:\/\/)?(?=[^/]+\/)/;

export const PROFILE_HEADING = 'Run it with its profile';

/**
 * Lines that run an image with its attached seccomp profile, since runtimes do not apply one
 * automatically. Empty without a profile, or without a trusted signature on it.
 */
export function profileLines({
  scorecard: { image },
  contents = [],
}: Pick<ReportInput, 'scorecard' | 'contents'>): readonly ProfileLine[] {
  const found = contents.flatMap(({ facts: { attestations } }) =>
    attestations.known
      ? attestations.value.attestations.filter(
          ({ predicateType, verification }) =>
            verification === 'verified' && SECCOMP.test(predicateType),
        )
      : [],
  );
  if (found.length === 0) return [];
  const name = image.replace(PLACE, '');
  const lines = [
    { where: 'Docker', text: `docker run --security-opt seccomp=seccomp.json ${shellWord(name)}` },
    { where: 'Compose', text: 'security_opt: [seccomp=seccomp.json]' },
  ];
  const artifact = found.find(({ predicateType }) => ARTIFACT.test(predicateType))?.digest;
  const reference = parseReference(name);
  if (artifact === undefined || !reference.ok) return lines;
  const { registry, repository } = reference.value;
  // A name without a registry is local: nobody can pull its artifact.
  if (!name.startsWith(`${registry}/`)) return lines;
  const at = `${registry}/${repository}@${artifact}`;
  return [
    ...lines,
    { where: 'Kubernetes 1.38', text: `seccompProfile: {type: OCI, oci: {reference: "${at}"}}` },
    { where: 'CRI-O', text: `seccomp-profile.crio.io/POD: ${at}` },
  ];
}

/** A check that did not pass, or several with one reason. */
export interface CardRow {
  readonly level: Level;
  readonly outcome: 'fail' | 'unknown';
  readonly ids: readonly [string, ...string[]];
  readonly waived: boolean;
  readonly problem: string;
  /** Unless the problem names it: `Dockerfile:5`, a path, an image. */
  readonly place?: string;
  /** The number of the shown step that helps. */
  readonly step?: number;
}

/** What a report says of one image to people, in the words of all forms. */
export interface Card {
  readonly level: string;
  readonly grade: string;
  readonly claims: string | undefined;
  readonly gate: { readonly heading: string; readonly unmet: readonly string[] } | undefined;
  readonly vectors: readonly {
    readonly vector: Vector;
    readonly name: string;
    readonly score: Score;
    /** False where none of its criteria could be checked. */
    readonly isChecked: boolean;
  }[];
  readonly notes: readonly ReaderNote[];
  /** Problems that block one level: `For level 1 (Pimiento)` and `2 to fix, 1 not checked`. */
  readonly groups: readonly {
    readonly heading: string;
    readonly counts: string;
    readonly rows: readonly CardRow[];
  }[];
  /** What is only counted: higher levels, and passed checks. */
  readonly rest: string;
  /** Steps to the next level, at most three; `gain`: `a build, +5 points, grade C, level 2`. */
  readonly steps: readonly (NextStep & { readonly gain: string })[];
  readonly stepsHeading: string;
  readonly profile: readonly ProfileLine[];
}

/** A second level has rows while the card stays this short. */
const MOST_ROWS = 10;
/** People do not read more. */
const MOST_STEPS = 3;

/** Sorts a scorecard into a card. It leaves nothing out: checks without a row are counted. */
export function cardOf(input: ReportInput): Card {
  const { scorecard, gate } = input;
  const { criteria, vectors } = scorecard;
  // Of a higher level nothing helps while a lower one is open.
  const next = Math.min(...(input.steps ?? []).map(({ level }) => level));
  const steps = (input.steps ?? []).filter(({ level }) => level === next).slice(0, MOST_STEPS);
  const levels = [...groupBy(rowsOf(scorecard, steps), ({ level }) => level)];
  let rows = 0;
  const past = levels.findIndex(([, of], index) => {
    rows += of.length;
    return index > 0 && rows > MOST_ROWS;
  });
  const shown = past === -1 ? levels : levels.slice(0, past);
  return {
    level: levelText(scorecard),
    grade: gradeText(scorecard),
    claims: withoutClaimsText(scorecard),
    gate: gate && {
      heading:
        gate.unmet.length === 0 ? `Gate met: ${gate.asked}` : `Short of the gate: ${gate.asked}`,
      unmet: gate.unmet,
    },
    vectors: VECTORS.map((vector) => ({
      vector,
      name: VECTOR_NAMES[vector],
      score: vectors[vector],
      isChecked: criteria.some((one) => one.vector === vector && one.outcome !== 'unknown'),
    })),
    notes: readerNotes(scorecard),
    groups: shown.map(([level, of], index) => {
      const failed = count(of, 'fail');
      return {
        heading: `For level ${level} (${LEVEL_NAMES[level]})`,
        counts: countsText([
          [failed, index === 0 ? 'to fix' : 'more to fix'],
          [of.length - failed, 'not checked'],
        ]),
        rows: of,
      };
    }),
    rest: restText(
      levels.slice(shown.length).flatMap(([, of]) => of),
      scorecard,
    ),
    steps: steps.map((step) => ({ ...step, gain: gainText(step, scorecard) })),
    stepsHeading: steps.length === 1 ? 'Next step' : 'Next steps',
    profile: profileLines(input),
  };
}

/** By level; within a level, failed checks before unknown ones. Those of one reason are one. */
function rowsOf({ criteria, waivers }: Scorecard, steps: readonly NextStep[]): readonly CardRow[] {
  const unmet = criteria
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
    .sort((a, b) => a.level - b.level || count([a], 'unknown') - count([b], 'unknown'));
  const reasons = groupBy(unmet, ({ outcome, id, summary }) =>
    outcome === 'unknown' ? `unknown ${summary}` : id,
  );
  return [...reasons.values()].map((same) => {
    const [first] = same as readonly [CriterionResult];
    const others = criteria.filter((one) => one !== first && same.includes(one));
    const step = steps.findIndex((one) => one.criteria.includes(first.id)) + 1;
    return {
      level: first.level,
      outcome: first.outcome === 'unknown' ? 'unknown' : 'fail',
      ids: [first.id, ...others.map(({ id }) => id)],
      waived: waivers.some(({ criterion }) => criterion === first.id),
      problem: first.summary,
      ...given({ place: placeFor(first), step: step === 0 ? undefined : step }),
    };
  });
}

/** The Dockerfile line, else the first place, unless the problem names it. */
function placeFor({ evidence, summary }: CriterionResult): string | undefined {
  const places = evidence
    .filter((one) => !('state' in one) || one.state !== 'held')
    .flatMap((one) => evidenceParts(one).place ?? []);
  const place = places.find((one) => one.startsWith('Dockerfile:')) ?? places[0];
  return place === undefined || summary.includes(place.replace(/^\//, '')) ? undefined : place;
}

function count(
  results: readonly Pick<CriterionResult, 'outcome'>[],
  outcome: CriterionResult['outcome'],
): number {
  return results.filter((one) => one.outcome === outcome).length;
}

/** `Level 0 of 5: not on the scale yet`. */
export function levelText({ level, levelName }: Pick<Scorecard, 'level' | 'levelName'>): string {
  return level === 0 ? 'Level 0 of 5: not on the scale yet' : `Level ${level} of 5: ${levelName}`;
}

/** The grade over all checks; if some are unknown, the one over the others too. */
export function gradeText({ overall, checked }: Pick<Scorecard, 'overall' | 'checked'>): string {
  const whole = `Grade ${overall.grade}, ${overall.points} of ${overall.total}`;
  if (checked.total === overall.total) return whole;
  return `${whole}; ${checked.grade} over the ${checked.total} checked`;
}

/** `2 failed, 1 not checked`, without zeros. */
function countsText(counts: readonly (readonly [count: number, what: string])[]): string {
  return counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ');
}

function restText(rows: readonly CardRow[], { criteria }: Scorecard): string {
  const [from, to] = [rows[0]?.level, rows.at(-1)?.level];
  const ids = (outcome: CardRow['outcome']): number =>
    rows.filter((row) => row.outcome === outcome).flatMap((row) => row.ids).length;
  const open = countsText([
    [ids('fail'), 'failed'],
    [ids('unknown'), 'not checked'],
  ]);
  const levels = from === to ? `Level ${from ?? ''}` : `Levels ${from ?? ''} to ${to ?? ''}`;
  const none = count(criteria, 'not-applicable');
  const passed = `Passed: ${count(criteria, 'pass')}${none === 0 ? '' : `, ${none} not applicable`}.`;
  return from === undefined ? passed : `${levels}: ${open}. ${passed}`;
}

function gainText(
  { cost, gains, isLeast }: NextStep,
  { overall, level }: Pick<Scorecard, 'overall' | 'level'>,
): string {
  const least = isLeast === true ? 'at least ' : '';
  return [
    cost,
    gains.points === 0 ? 'may help' : `${least}+${plural(gains.points, 'point')}`,
    ...(gains.grade === overall.grade ? [] : [`grade ${gains.grade}`]),
    ...(gains.level === level ? [] : [`level ${gains.level}`]),
  ].join(', ');
}

export const OUTCOME_WORDS: Readonly<Record<CriterionResult['outcome'], string>> = {
  fail: 'failed',
  unknown: 'not checked',
  pass: 'passed',
  'not-applicable': 'not applicable',
};
