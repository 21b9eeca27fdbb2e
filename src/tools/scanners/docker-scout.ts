import type { VulnerabilitiesFact } from '../../model/facts.ts';
import { field, isObject, listField, parseJson, textField } from '../../model/json-value.ts';
import { isSystemType } from '../../model/packages.ts';
import { readPurl } from '../../model/purl.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { RunTool } from '../../model/run.ts';
import { TOOLS } from '../tool-names.ts';
import { onePerCve, type Report } from './one-per-cve.ts';
import { given, reportText, reportUrl } from './report-text.ts';
import { scanOutput, type ScanRequest, type ScanTarget, unreadable } from './scanner.ts';
import { severityOf, severityOfScore } from './severity.ts';

/**
 * Scans with docker scout, a service: packages are found here and looked up at Docker, which wants
 * a login. An error where that fails, and offline.
 */
export async function scanWithDockerScout(
  run: RunTool,
  { target, offline, signal, now }: ScanRequest,
): Promise<Result<VulnerabilitiesFact>> {
  if (offline) return err('it looks everything up at Docker, and the network is not to be used');
  if (target.kind === 'sbom') return err('it needs the image itself');
  const output = await scanOutput(run, 'docker-scout', dockerScoutArgs(target), given({ signal }));
  return output.ok ? parseDockerScout(output.value, now) : err(output.error);
}

/** `docker scout cves oci-dir://DIR --format sarif`. */
export function dockerScoutArgs(
  target: ScanTarget & { readonly kind: 'layout' },
): readonly string[] {
  return ['scout', 'cves', '--format', 'sarif', `oci-dir://${target.dir}`];
}

/** Reads docker scout's SARIF: a rule for each vulnerability, the packages in its properties. */
export function parseDockerScout(json: string, now: number): Result<VulnerabilitiesFact> {
  const run = listField(parseJson(json), 'runs')[0];
  const driver = field(field(run, 'tool'), 'driver');
  if (!isObject(driver) || !/scout/i.test(textField(driver, 'name') ?? '')) return unreadable();
  const rules = listField(driver, 'rules');
  const results = listField(run, 'results');
  const reports = rules.map(reportsOf);
  const named = new Set(rules.map((rule) => textField(rule, 'id')));
  const isWhole = results.every((result) => named.has(textField(result, 'ruleId')));
  if (reports.includes(undefined) || !isWhole) return unreadable();
  return ok({
    scanner: 'docker scout',
    scannerVersion: reportText(driver, 'version') ?? 'unknown',
    databaseDate: new Date(now).toISOString(),
    vulnerabilities: onePerCve(reports.flatMap((some) => some ?? [])),
    suppressedByVex: 0,
  });
}

function reportsOf(rule: unknown): readonly Report[] | undefined {
  const id = reportText(rule, 'id');
  const properties = field(rule, 'properties');
  const several = listField(properties, 'purls').filter((purl) => typeof purl === 'string');
  const one = reportText(properties, 'purl');
  const purls = one === undefined ? several : [one];
  if (id === undefined || purls.length === 0) return undefined;
  const words = [textField(properties, 'cvssV3_severity'), ...listField(properties, 'tags')];
  const said = words
    .map((word) => severityOf(typeof word === 'string' ? word : undefined))
    .find((judged) => judged !== 'unknown');
  const score = Number(textField(properties, 'security-severity') ?? 'none');
  const severity = said ?? (score > 0 && score <= 10 ? severityOfScore(score) : 'unknown');
  const fixed = reportText(properties, 'fixed_version');
  return purls.slice(0, 10_000).map((purl) => ({
    id,
    ...packageOf(purl),
    severity,
    weight: said === undefined ? 0 : 1,
    ...given({
      fixedIn: fixed === 'not fixed' ? undefined : fixed,
      url: reportUrl(rule, 'helpUri'),
      severitySource: severity === 'unknown' ? undefined : 'docker scout',
    }),
  }));
}

/** Name and version of a package URL; the whole where it is none. */
function packageOf(purl: string): Pick<Report, 'package' | 'version' | 'purl'> {
  const text = purl.slice(0, 512);
  const read = readPurl(text);
  if (read === undefined) return { package: text, version: '' };
  const name = isSystemType(read.type) ? (read.path.at(-1) ?? '') : read.path.join('/');
  return { package: name, version: read.version ?? '', purl: text };
}

export async function hasDockerScout(run: RunTool): Promise<boolean> {
  const { command, versionArgs } = TOOLS['docker-scout'];
  const result = await run({ command, args: versionArgs, timeoutMs: 20_000 });
  return result.ended === 'exit' && result.exitCode === 0;
}
