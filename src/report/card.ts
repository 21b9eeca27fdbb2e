import { groupBy } from '../lib/parallel.ts';
import { plural } from '../lib/text.ts';
import {
  type CriterionResult,
  type Evidence,
  type Level,
  LEVEL_NAMES,
  type Vector,
  VECTORS,
} from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import { parseReference } from '../model/reference.ts';
import type { GateAnswer, ReportInput } from '../model/report.ts';
import type { NextStep, NotGraded, Score, Scorecard } from '../model/scorecard.ts';
import { shortDigest } from './text.ts';

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
  readonly outcome: 'fail' | 'unknown';
  readonly ids: readonly [string, ...string[]];
  readonly waived: boolean;
  readonly problem: string;
  /** Unless the problem names it: `Dockerfile:5`, a path, an image. */
  readonly place?: string;
}

/** Problems that block one level. */
export interface CardGroup {
  readonly level: Level;
  readonly name: string;
  readonly rows: readonly CardRow[];
}

/** Levels whose problems are only counted. */
interface CardRest {
  readonly from: Level;
  readonly to: Level;
  readonly failed: number;
  readonly unchecked: number;
}

/** A scorecard for people: what blocks the next level first. */
export interface Card {
  readonly groups: readonly CardGroup[];
  readonly rest?: CardRest;
  readonly passed: number;
  readonly notApplicable: number;
  /** First steps, at most three. */
  readonly steps: readonly NextStep[];
  readonly vectors: readonly {
    readonly vector: Vector;
    readonly score: Score;
    /** Number of its criteria that were checked. */
    readonly checked: number;
  }[];
}

/** A second level has rows while the card stays this short. */
const MOST_ROWS = 10;

/** People do not read more. */
const MOST_STEPS = 3;

function placeOf(evidence: Evidence): string | undefined {
  switch (evidence.kind) {
    case 'dockerfile':
      return `Dockerfile:${evidence.startLine}`;
    case 'image':
      return evidence.line === undefined ? undefined : `Dockerfile:${evidence.line}`;
    case 'file':
      return `/${evidence.path}`;
    case 'config':
      return evidence.field;
    case 'attestation':
      return evidence.digest === undefined ? undefined : shortDigest(evidence.digest);
    case 'package':
    case 'vulnerability':
    case 'note':
      return undefined;
  }
}

/** The Dockerfile line, else the first place, unless the problem names it. */
function placeFor({ evidence, summary }: CriterionResult): string | undefined {
  const places = evidence
    .filter((one) => !('state' in one) || one.state !== 'held')
    .flatMap((one) => placeOf(one) ?? []);
  const place = places.find((one) => one.startsWith('Dockerfile:')) ?? places[0];
  return place === undefined || summary.includes(place.replace(/^\//, '')) ? undefined : place;
}

/** The reason of an open check, for grouping. Each failed check is a reason of its own. */
function causeOf({ outcome, id, summary }: CriterionResult): string {
  return outcome === 'unknown' ? `unknown ${summary}` : id;
}

const count = (results: readonly CriterionResult[], outcome: CriterionResult['outcome']): number =>
  results.filter((one) => one.outcome === outcome).length;

/** The first level, and more while the card stays short. */
function shownWhole(groups: readonly CardGroup[], mostRows: number): readonly CardGroup[] {
  let rows = 0;
  const past = groups.findIndex((group, index) => {
    rows += group.rows.length;
    return index > 0 && rows > mostRows;
  });
  return past === -1 ? groups : groups.slice(0, past);
}

function restOf(groups: readonly CardGroup[]): CardRest | undefined {
  const [first, last] = [groups[0], groups.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const ids = (outcome: CardRow['outcome']): number =>
    groups
      .flatMap(({ rows }) => rows.filter((row) => row.outcome === outcome))
      .flatMap((row) => row.ids).length;
  return { from: first.level, to: last.level, failed: ids('fail'), unchecked: ids('unknown') };
}

/**
 * Sorts a scorecard into a card. It leaves nothing out: checks without a row are counted. Levels
 * above the next one have rows while there are at most `mostRows`.
 */
export function cardOf(
  { criteria, vectors, waivers }: Scorecard,
  steps: readonly NextStep[] = [],
  mostRows = MOST_ROWS,
): Card {
  // By level; within a level, failed checks before unknown ones.
  const unmet = criteria
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
    .sort((a, b) => a.level - b.level || count([a], 'unknown') - count([b], 'unknown'));
  const waived = new Set(waivers.map(({ criterion }) => criterion));
  const rows = [...groupBy(unmet, causeOf).values()].map((same) => {
    const [first] = same as readonly [CriterionResult];
    const others = criteria.filter((one) => one !== first && same.includes(one));
    const place = placeFor(first);
    const row: CardRow = {
      outcome: first.outcome === 'unknown' ? 'unknown' : 'fail',
      ids: [first.id, ...others.map(({ id }) => id)],
      waived: waived.has(first.id),
      problem: first.summary,
      ...(place === undefined ? {} : { place }),
    };
    return { level: first.level, row };
  });
  const groups = [...groupBy(rows, ({ level }) => level)].map(([level, of]): CardGroup => ({
    level,
    name: LEVEL_NAMES[level],
    rows: of.map(({ row }) => row),
  }));
  const shown = shownWhole(groups, mostRows);
  const rest = restOf(groups.slice(shown.length));
  return {
    groups: shown,
    ...(rest === undefined ? {} : { rest }),
    passed: count(criteria, 'pass'),
    notApplicable: count(criteria, 'not-applicable'),
    steps: steps.slice(0, MOST_STEPS),
    vectors: VECTORS.map((vector) => {
      const own = criteria.filter((one) => one.vector === vector);
      return { vector, score: vectors[vector], checked: own.length - count(own, 'unknown') };
    }),
  };
}

/** The number of the shown step for a check, else undefined. */
export function stepOf({ steps }: Card, id: string): number | undefined {
  const index = steps.findIndex(({ criteria }) => criteria.includes(id));
  return index === -1 ? undefined : index + 1;
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

/** What the card only counts: higher levels, and passed checks. */
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

/** What a step changes: `+5 points, grade C, level 2`. */
export function gainText({ gains }: NextStep, { overall, level }: Scorecard): string {
  return [
    `+${plural(gains.points, 'point')}`,
    ...(gains.grade === overall.grade ? [] : [`grade ${gains.grade}`]),
    ...(gains.level === level ? [] : [`level ${gains.level}`]),
  ].join(', ');
}

/** The gate's answer in a line; undefined without a gate. */
export function gateHeading(gate: GateAnswer | undefined): string | undefined {
  if (gate === undefined) return undefined;
  return gate.unmet.length === 0
    ? `Gate met: ${gate.asked}`
    : `Gate not met: ${gate.asked} is asked for`;
}

export function stepsHeading(steps: readonly NextStep[]): string {
  return steps.length === 1 ? 'Next step' : 'Next steps';
}

export const OUTCOME_WORDS: Readonly<Record<CriterionResult['outcome'], string>> = {
  fail: 'failed',
  unknown: 'not checked',
  pass: 'passed',
  'not-applicable': 'not applicable',
};
