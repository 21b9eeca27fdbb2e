import { type CriterionResult, isMet, type Outcome } from '../model/criterion.ts';
import { byCodeUnit } from '../model/order.ts';
import type { Package } from '../model/packages.ts';
import type {
  CriterionChange,
  ImageContents,
  PackageChange,
  ReportInput,
  ScorecardDifference,
} from '../model/report.ts';
import { comparedImage } from './compare.ts';

function points(outcome: Outcome | undefined): 0 | 1 {
  return outcome !== undefined && isMet(outcome) ? 1 : 0;
}

function change(
  before: CriterionResult | undefined,
  after: CriterionResult | undefined,
): CriterionChange[] {
  const one = after ?? before;
  if (one === undefined || before?.outcome === after?.outcome) return [];
  const { id, title, vector, level } = one;
  const gain = (points(after?.outcome) - points(before?.outcome)) as -1 | 0 | 1;
  const summary = after?.summary ?? 'no longer judged';
  return [
    { id, title, vector, level, before: before?.outcome, after: after?.outcome, gain, summary },
  ];
}

function criterionChanges(
  before: readonly CriterionResult[],
  after: readonly CriterionResult[],
): CriterionChange[] {
  const old = new Map(before.map((one) => [one.id, one]));
  const now = new Set(after.map(({ id }) => id));
  return [
    ...after.flatMap((one) => change(old.get(one.id), one)),
    ...before.filter(({ id }) => !now.has(id)).flatMap((one) => change(one, undefined)),
  ];
}

interface Versions {
  readonly type: string;
  readonly name: string;
  readonly versions: ReadonlySet<string>;
}

/** Versions by type and name on all platforms; undefined if a platform's packages are unknown. */
function versionsOf(
  contents: readonly ImageContents[] | undefined,
): Map<string, Versions> | undefined {
  if (contents === undefined || contents.length === 0) return undefined;
  const found = new Map<string, { type: string; name: string; versions: Set<string> }>();
  const add = ({ type, name, version }: Package): void => {
    const key = `${type}\n${name}`;
    const there = found.get(key);
    if (there === undefined) found.set(key, { type, name, versions: new Set([version]) });
    else there.versions.add(version);
  };
  for (const { facts } of contents) {
    if (!facts.packages.known) return undefined;
    facts.packages.value.forEach(add);
  }
  return found;
}

function sorted(versions: ReadonlySet<string> | undefined): readonly string[] {
  return versions === undefined ? [] : [...versions].sort();
}

function packageChanges(before: ReportInput, after: ReportInput): ScorecardDifference['packages'] {
  const old = versionsOf(before.contents);
  const now = versionsOf(after.contents);
  if (old === undefined || now === undefined) return undefined;
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((key): PackageChange[] => {
    const [a, b] = [old.get(key), now.get(key)];
    const one = b ?? a;
    const row = { before: sorted(a?.versions), after: sorted(b?.versions) };
    if (one === undefined || row.before.join('\n') === row.after.join('\n')) return [];
    return [{ type: one.type, name: one.name, ...row }];
  });
  changes.sort((a, b) => byCodeUnit(a.name, b.name) || byCodeUnit(a.type, b.type));
  return {
    added: changes.filter((one) => one.before.length === 0),
    removed: changes.filter((one) => one.after.length === 0),
    changed: changes.filter((one) => one.before.length > 0 && one.after.length > 0),
  };
}

/**
 * What differs in `after`: outcomes in the order of criteria, packages by name over all platforms,
 * and both heads for level, points and size.
 */
export function diffScorecards(before: ReportInput, after: ReportInput): ScorecardDifference {
  const packages = packageChanges(before, after);
  return {
    before: comparedImage(before),
    after: comparedImage(after),
    criteria: criterionChanges(before.scorecard.criteria, after.scorecard.criteria),
    ...(packages === undefined ? {} : { packages }),
  };
}
