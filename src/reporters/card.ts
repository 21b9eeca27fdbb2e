import {
  type CriterionResult,
  type Evidence,
  type Level,
  LEVEL_NAMES,
  type Vector,
  VECTORS,
} from '../model/criterion.ts';
import type { NextStep, Score, Scorecard } from '../model/scorecard.ts';
import { shortDigest } from './evidence-text.ts';

/** A check that did not pass, or several with the same reason. */
export interface CardRow {
  readonly outcome: 'fail' | 'unknown';
  readonly ids: readonly [string, ...string[]];
  readonly waived: boolean;
  readonly problem: string;
  /** Where it is, unless the problem says so: `Dockerfile:5`, a path, an image. */
  readonly place?: string;
}

/** What keeps the image from one level. */
export interface CardGroup {
  readonly level: Level;
  readonly name: string;
  readonly rows: readonly CardRow[];
}

/** The levels whose problems are only counted. */
interface CardRest {
  readonly from: Level;
  readonly to: Level;
  readonly failed: number;
  readonly unchecked: number;
}

/** A scorecard as a person reads it: what is in the way of the next level first. */
export interface Card {
  readonly groups: readonly CardGroup[];
  readonly rest?: CardRest;
  readonly passed: number;
  readonly notApplicable: number;
  readonly unchecked: number;
  /** What to do first, at most three. */
  readonly steps: readonly NextStep[];
  readonly vectors: readonly {
    readonly vector: Vector;
    readonly score: Score;
    /** How many of its criteria were checked. */
    readonly checked: number;
  }[];
}

/** A second level is shown whole while the card stays this short. */
const MOST_ROWS = 10;

/** More steps than these are not read. */
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

/** The line of the Dockerfile, else the first place, unless the problem names it itself. */
function placeFor({ evidence, summary }: CriterionResult): string | undefined {
  const places = evidence
    .filter((one) => !('state' in one) || one.state !== 'held')
    .flatMap((one) => placeOf(one) ?? []);
  const place = places.find((one) => one.startsWith('Dockerfile:')) ?? places[0];
  return place === undefined || summary.includes(place.replace(/^\//, '')) ? undefined : place;
}

/** Why a check is open; what several share is named once. What failed has a reason of its own. */
function causeOf({ outcome, id, summary }: CriterionResult): string {
  return outcome === 'unknown' ? `unknown ${summary}` : id;
}

function rowOf(
  result: CriterionResult,
  ids: readonly [string, ...string[]],
  waived: ReadonlySet<string>,
): CardRow {
  const place = placeFor(result);
  return {
    outcome: result.outcome === 'unknown' ? 'unknown' : 'fail',
    ids,
    waived: waived.has(result.id),
    problem: result.summary,
    ...(place === undefined ? {} : { place }),
  };
}

const count = (results: readonly CriterionResult[], outcome: CriterionResult['outcome']): number =>
  results.filter((one) => one.outcome === outcome).length;

/** How many levels are shown whole: the first, and more while the card stays short. */
function shownWhole(groups: readonly CardGroup[], mostRows: number): number {
  let rows = 0;
  const past = groups.findIndex((group, index) => {
    rows += group.rows.length;
    return index > 0 && rows > mostRows;
  });
  return past === -1 ? groups.length : past;
}

function restOf(groups: readonly CardGroup[]): CardRest | undefined {
  const [first] = groups;
  const last = groups.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const rows = groups.flatMap((group) => group.rows);
  const ids = (outcome: CardRow['outcome']): number =>
    rows.filter((row) => row.outcome === outcome).flatMap((row) => row.ids).length;
  return { from: first.level, to: last.level, failed: ids('fail'), unchecked: ids('unknown') };
}

/**
 * Sorts a scorecard into what a card shows. Nothing is left out: what has no row is counted. The
 * levels above the next one have rows while there are at most `mostRows`.
 */
export function cardOf(
  { criteria, vectors, waivers }: Scorecard,
  steps: readonly NextStep[] = [],
  mostRows = MOST_ROWS,
): Card {
  const unmet = criteria.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown');
  const levels = [...new Set(unmet.map(({ level }) => level))].sort((a, b) => a - b);
  const waived = new Set(waivers.map(({ criterion }) => criterion));
  const groups: CardGroup[] = [];
  const named = new Set<string>();
  for (const level of levels) {
    // What fails comes before what could not be checked.
    const results = unmet
      .filter((one) => one.level === level)
      .sort((a, b) => Number(a.outcome === 'unknown') - Number(b.outcome === 'unknown'));
    const rows = results.flatMap((one): CardRow[] => {
      if (named.has(causeOf(one))) return [];
      named.add(causeOf(one));
      const others = unmet.filter((other) => causeOf(other) === causeOf(one) && other !== one);
      return [rowOf(one, [one.id, ...others.map(({ id }) => id)], waived)];
    });
    groups.push({ level, name: LEVEL_NAMES[level], rows });
  }
  const full = groups.filter(({ rows }) => rows.length > 0);
  const shown = full.slice(0, shownWhole(full, mostRows));
  const rest = restOf(full.slice(shown.length));
  return {
    groups: shown,
    ...(rest === undefined ? {} : { rest }),
    passed: count(criteria, 'pass'),
    notApplicable: count(criteria, 'not-applicable'),
    unchecked: count(criteria, 'unknown'),
    steps: steps.slice(0, MOST_STEPS),
    vectors: VECTORS.map((vector) => {
      const own = criteria.filter((one) => one.vector === vector);
      return { vector, score: vectors[vector], checked: own.length - count(own, 'unknown') };
    }),
  };
}

/** The number of the step that answers a check; undefined where none of those shown does. */
export function stepOf({ steps }: Card, id: string): number | undefined {
  const index = steps.findIndex(({ criteria }) => criteria.includes(id));
  return index === -1 ? undefined : index + 1;
}
