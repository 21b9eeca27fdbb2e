import { given } from '../lib/json.ts';
import { byCodeUnit, quantity } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Criterion, CriterionResult, Evidence, Verdict } from '../model/criterion.ts';
import type { Facts, Severity, VulnerabilitiesFact, Vulnerability } from '../model/facts.ts';
import { criterion, fail, listed, note, pass, unknown } from './criterion.ts';

/** A database older than this many days carries a warning: a week brings some hundred new CVEs. */
const STALE_DAYS = 7;
/** Lines of advice and of what was set aside, before the findings themselves. */
const MOST_NOTES = 25;

const SCAN_SETTLE = 'Install Grype or Trivy, then run: scoville grade IMAGE';

/** Met by a scan without CVEs of a severity, or of any where none is named. */
function scanCriterion(
  severity: Severity | undefined,
  own: Pick<Criterion, 'id' | 'level' | 'spec' | 'why'>,
): Criterion {
  const which = severity ?? 'known';
  return criterion({
    ...own,
    title: `No ${which} CVEs`,
    vector: 'vulnerabilities',
    needs: ['vulnerabilities'],
    uses: ['declarations'],
    settle: SCAN_SETTLE,
    decidedBy:
      `The scanner reports no CVE of ${severity === undefined ? 'any severity' : `severity ${severity}`}, ` +
      'after given or verified VEX statements. ' +
      (severity === undefined
        ? 'CVEs of unknown severity count here only. '
        : 'Each CVE counts once. ') +
      'The verdict names its scanner, the version and the date of the database, and applies to ' +
      'those. A database more than a week old causes a warning, and one older than ' +
      '`databaseDays` finds nothing out. Without a scanner it is unknown. So is an empty result that proves nothing: a distribution without data, a ' +
      'release past its end of support, no record of packages, or a database without a date.',
    check: ({ vulnerabilities, declarations }) =>
      judgeScan(vulnerabilities, severity, declarations),
    remedies: [
      {
        title: `${severity === undefined ? 'Update or remove' : 'Update'} the packages with ${which} CVEs`,
        detail:
          'Update the base image or the packages, or remove them. If a CVE does not affect you, say so in a VEX document.',
        example: 'scoville build --pull .',
      },
    ],
  });
}

export const noCritical = scanCriterion('critical', {
  id: 'no-critical',
  level: 2,
  spec: '#no-critical',
  why: 'Attackers use published vulnerabilities first: an exploit for a critical one is often public within days.',
});

export const noHigh = scanCriterion('high', {
  id: 'no-high',
  level: 3,
  spec: '#no-high',
  why: 'A vulnerability of high severity often gives an attacker the container, and is usually fixed in a newer version.',
});

export const noMedium = scanCriterion('medium', {
  id: 'no-medium',
  level: 4,
  spec: '#no-medium',
  why: 'Medium vulnerabilities are the steps between a first foothold and the host. Most go away with an update.',
});

export const noKnownCves = scanCriterion(undefined, {
  id: 'no-known-cves',
  level: 5,
  spec: '#no-cves',
  why: 'An image without any known vulnerability needs no triage, and each new one stands out.',
});

/** True where a newer version of something would help. */
export function hasFixedCves({ vector, outcome, evidence }: CriterionResult): boolean {
  if (vector !== 'vulnerabilities' || outcome !== 'fail') return false;
  return evidence.some((one) => one.kind === 'vulnerability' && one.fixedIn !== undefined);
}

/**
 * Judges a scan by the CVEs of one severity, or by all; a CVE in several packages counts once.
 * Without any it is a pass only where everything was checked by a database of a known date. An old
 * database gives a warning.
 */
export function judgeScan(
  scan: VulnerabilitiesFact,
  severity: Severity | undefined,
  declarations: Facts['declarations'],
): Verdict {
  const isCounted = (found: Vulnerability): boolean =>
    severity === undefined || found.severity === severity;
  const counted = scan.vulnerabilities.filter(isCounted);
  const ids = [...new Set(counted.map(({ id }) => id))];
  const name = severity === undefined ? 'known CVE' : `${severity} CVE`;
  const age = ageOf(scan, declarations);
  const asOf = asOfText(scan, age);
  const aside = (scan.suppressed ?? []).filter(({ vulnerability }) => isCounted(vulnerability));
  const evidence = [
    scanEvidence(scan, age),
    ...upgrades(counted),
    ...asideEvidence(aside),
    ...[...(scan.gaps ?? []), ...(scan.notices ?? [])].slice(0, MOST_NOTES).map(note),
    ...counted.map(evidenceOf),
  ];
  if (ids.length > 0) {
    return fail(`${quantity(ids.length, name)}: ${listed(affected(counted), 2)}${asOf}`, evidence);
  }
  if (scan.notScanned !== undefined)
    return unknown(`not scanned: ${scan.notScanned}`, SCAN_SETTLE, [
      note(`${scan.scanner} found nothing in the image that it could look up`),
      ...evidence.slice(1),
    ]);
  const [gap] = scan.gaps ?? [];
  if (gap !== undefined) {
    const [what = '', command] = gap.split('. Run: ');
    const settle = command === undefined ? SCAN_SETTLE : `${command} && scoville grade IMAGE`;
    return unknown(`not scanned whole by ${scan.scanner}: ${what}`, settle, evidence);
  }
  const unrated = unratedText(scan, severity);
  if (unrated !== undefined) return unknown(unrated, scan.unrated, evidence);
  if (age === undefined)
    return unknown(`${scan.scanner} does not say how old its database is`, SCAN_SETTLE, evidence);
  return pass(`no ${name}${waivedText(aside)}, says ${scan.scanner}${asOf}`, evidence);
}

/** Says which CVEs may be of that severity, since nobody states theirs. */
function unratedText(
  { scanner, unrated, vulnerabilities }: VulnerabilitiesFact,
  severity: Severity | undefined,
): string | undefined {
  if (severity === undefined || unrated === undefined) return undefined;
  const ids = new Set(
    vulnerabilities
      .filter((one) => one.severity === 'unknown' && one.id.startsWith('CVE-'))
      .map(({ id }) => id),
  );
  return ids.size === 0
    ? undefined
    : `${scanner} has no severity for ${quantity(ids.size, 'CVE')}: ${listed([...ids], 2)}`;
}

/** Database age in whole days; undefined without a date. Fresh if the present time is unknown. */
function ageOf(
  { databaseDate }: VulnerabilitiesFact,
  declarations: Facts['declarations'],
): number | undefined {
  const built = Date.parse(databaseDate ?? '');
  if (Number.isNaN(built)) return undefined;
  const now = declarations.known ? declarations.value.now : built;
  return Math.max(0, Math.floor((now - built) / DAY_MS));
}

function asOfText({ databaseDate }: VulnerabilitiesFact, age: number | undefined): string {
  if (age === undefined || databaseDate === undefined) return '';
  const date = new Date(Date.parse(databaseDate)).toISOString().slice(0, 10);
  const warning = age > STALE_DAYS ? `, ${age} days old: update it` : '';
  return ` as of ${date}${warning}`;
}

function scanEvidence(scan: VulnerabilitiesFact, age: number | undefined): Evidence {
  const { databaseDate } = scan;
  const database =
    databaseDate === undefined ? 'database of unknown date' : `database of ${databaseDate}`;
  const stale = age !== undefined && age > STALE_DAYS ? `, ${age} days old` : '';
  const vex = scan.suppressedByVex === 0 ? '' : `, ${scan.suppressedByVex} set aside by VEX`;
  return note(`${scan.scanner} ${scan.scannerVersion}, ${database}${stale}${vex}`);
}

/** Each package with its CVEs and the version that fixes it; the one with the most CVEs first. */
function affected(counted: readonly Vulnerability[]): readonly string[] {
  const packages = new Map<string, { ids: Set<string>; fixes: Set<string> }>();
  for (const { id, package: name, version, fixedIn } of counted) {
    const one = packages.get(`${name} ${version}`) ?? { ids: new Set(), fixes: new Set() };
    packages.set(`${name} ${version}`, one);
    one.ids.add(id);
    if (fixedIn !== undefined) one.fixes.add(fixedIn);
  }
  return [...packages]
    .sort(([a, one], [b, other]) => other.ids.size - one.ids.size || byCodeUnit(a, b))
    .map(([name, { ids, fixes }]) => {
      const what = ids.size === 1 ? [...ids].join('') : String(ids.size);
      const fix = fixes.size === 0 ? '' : ` (fixed in ${listed([...fixes], 1)})`;
      return `${what} in ${name}${fix}`;
    });
}

/** Which versions fix which CVEs: one line for each package, most CVEs first. */
function upgrades(counted: readonly Vulnerability[]): readonly Evidence[] {
  const byPackage = new Map<string, Set<string>>();
  for (const { id, package: name, version, fixedIn } of counted) {
    if (fixedIn === undefined) continue;
    const line = `upgrade ${name} from ${version} to ${fixedIn}`;
    byPackage.set(line, (byPackage.get(line) ?? new Set()).add(id));
  }
  return [...byPackage]
    .sort(([a, fixes], [b, others]) => others.size - fixes.size || byCodeUnit(a, b))
    .slice(0, MOST_NOTES)
    .map(([line, ids]) => note(`${line}: ${listed([...ids], 3)}`));
}

type Suppressed = NonNullable<VulnerabilitiesFact['suppressed']>;

/** What was found and set aside is not the same as nothing found. */
function waivedText(aside: Suppressed): string {
  const ids = [...new Set(aside.map(({ vulnerability }) => vulnerability.id))];
  return ids.length === 0 ? '' : ` but ${ids.length} waived by VEX (${listed(ids, 2)})`;
}

function asideEvidence(aside: Suppressed): readonly Evidence[] {
  const shown = aside
    .slice(0, MOST_NOTES)
    .map(({ vulnerability, status, justification, until, source }) => {
      const why = justification === undefined ? '' : ` (${justification})`;
      const end = until === undefined ? '' : `, until ${until}`;
      const { id, severity, package: name, version } = vulnerability;
      return note(
        `set aside: ${id} ${severity} in ${name} ${version}: ${status}${why}, says ${source}${end}`,
      );
    });
  const rest = aside.length - shown.length;
  return rest > 0 ? [...shown, note(`and ${rest} more set aside`)] : shown;
}

function evidenceOf({ id, severity, package: name, version, fixedIn }: Vulnerability): Evidence {
  return { kind: 'vulnerability', id, severity, package: name, version, ...given({ fixedIn }) };
}
