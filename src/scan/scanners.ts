import { err, ok, type Result } from '../lib/errors.ts';
import { field, given, isObject, listField, parseJson, textField } from '../lib/json.ts';
import { completed } from '../lib/run-result.ts';
import type { RunTool, ToolRun } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import { type ToolName, TOOLS } from '../lib/tool-names.ts';
import type { VulnerabilitiesFact } from '../model/facts.ts';
import { isSystemType, readPurl } from '../model/packages.ts';
import {
  nearestFix,
  purlType,
  type Report,
  reportText,
  reportUrl,
  scanFact,
  severityOf,
  severityOfScore,
} from './severity.ts';

export type ScanTarget =
  | { readonly kind: 'layout'; readonly dir: string }
  | { readonly kind: 'sbom'; readonly file: string };

export interface ScanRequest {
  readonly target: ScanTarget;
  readonly offline: boolean;
  /** Present time, milliseconds since 1970: the date of a service that is always fresh. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs a scanner to its end and gives what it printed, or why it could not scan: its last word. It
 * runs in the root folder, so that neither a project nor a layout from elsewhere brings it ignore
 * rules. Throws on abort only.
 */
export async function scanOutput(
  run: RunTool,
  tool: ToolName,
  args: readonly string[],
  options: Pick<ToolRun, 'signal' | 'env'> = {},
): Promise<Result<string>> {
  const report: string[] = [];
  let size = 0;
  const result = await completed(run, tool, {
    command: TOOLS[tool].command,
    args,
    cwd: '/',
    timeoutMs: 600_000,
    stdout: 'lines',
    onStdoutLine: (line) => {
      size += line.length;
      if (size <= MOST_CHARACTERS) report.push(line);
    },
    ...options,
  });
  if (result.exitCode !== 0)
    return err(scannerSaid(result.stderr) || `exit code ${result.exitCode}`);
  if (size > MOST_CHARACTERS) return err('its report is too large');
  // A line end inside of JSON means nothing, and a line too long for one call comes in pieces.
  return ok(report.join(''));
}

/** Of a report; grype writes about 10 KB for each match. */
const MOST_CHARACTERS = 128 * 1024 * 1024;

/** The stderr line with the reason; a missing database first, which scanners say a lot about. */
function scannerSaid(stderr: string): string {
  const lines = cleanText(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.findLast(
    (line) => /database|\bDB\b/i.test(line) && /err|fail|unable|fatal/i.test(line),
  );
  return (telling ?? lines.at(-1) ?? '').slice(0, 500);
}

/** What a scanner reports; an error where the report, or one entry of it, cannot be read. */
function factOf(
  reports: readonly (Report | undefined)[] | undefined,
  scanner: string,
  version: string | undefined,
  more: {
    readonly databaseDate: string | undefined;
    readonly gaps?: readonly string[];
    /** How many it left out by ignore rules of its own. */
    readonly ignored?: number;
  },
): Result<VulnerabilitiesFact> {
  const { ignored = 0, ...rest } = more;
  const read = reports?.filter((one) => one !== undefined);
  if (read === undefined || read.length !== reports?.length)
    return err('its report cannot be read');
  const notices =
    ignored === 0 ? [] : [`${scanner} left out ${ignored} by ignore rules of its own`];
  return ok(scanFact(read, { scanner, scannerVersion: version ?? 'unknown', ...rest, notices }));
}

/**
 * Scans with one scanner, as it is; an error where its database cannot be had, or it fails. docker
 * scout is a service: packages are found here and looked up at Docker, which wants a login.
 */
export async function scanWith(
  name: 'grype' | 'trivy' | 'docker-scout',
  run: RunTool,
  { target, offline, now, signal }: ScanRequest,
): Promise<Result<VulnerabilitiesFact>> {
  const output = (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Result<string>> => scanOutput(run, name, args, given({ signal, env }));
  const isLayout = target.kind === 'layout';
  switch (name) {
    case 'grype': {
      const what = isLayout ? `oci-dir:${target.dir}` : `sbom:${target.file}`;
      const found = await output([what, '--output', 'json', '--quiet'], {
        GRYPE_CHECK_FOR_APP_UPDATE: 'false',
        // A database of any age: its age is shown.
        ...(offline ? { GRYPE_DB_AUTO_UPDATE: 'false', GRYPE_DB_VALIDATE_AGE: 'false' } : {}),
      });
      return found.ok ? parseGrype(found.value) : found;
    }
    case 'trivy': {
      const found = await output([
        ...(isLayout
          ? ['image', '--input', target.dir, '--scanners', 'vuln']
          : ['sbom', target.file]),
        // Not --quiet: of some failures trivy only logs the cause.
        ...['--format', 'json', '--no-progress'],
        ...(offline ? ['--offline-scan', '--skip-db-update', '--skip-java-db-update'] : []),
      ]);
      if (!found.ok) return found;
      // Asked after the scan, which may have brought a newer database.
      const version = await output(['version', '--format', 'json']);
      return parseTrivy(found.value, parseTrivyVersion(version.ok ? version.value : ''));
    }
    case 'docker-scout': {
      if (offline)
        return err('it looks everything up at Docker, and the network is not to be used');
      if (!isLayout) return err('it needs the image itself');
      const found = await output(['scout', 'cves', '--format', 'sarif', `oci-dir://${target.dir}`]);
      return found.ok ? parseDockerScout(found.value, now) : found;
    }
  }
}

/**
 * Reads grype's JSON report. Its severity is that of the matched namespace, the distribution's own
 * for its packages; where that is unknown, the related records' (NVD) counts.
 */
export function parseGrype(json: string): Result<VulnerabilitiesFact> {
  const report = parseJson(json);
  const descriptor = field(report, 'descriptor');
  const matches = field(report, 'matches');
  const isReport = isObject(descriptor) && Array.isArray(matches);
  const database = field(descriptor, 'db');
  return factOf(
    isReport ? matches.map(grypeReport) : undefined,
    'grype',
    reportText(descriptor, 'version'),
    {
      databaseDate: reportText(database, 'built') ?? reportText(field(database, 'status'), 'built'),
      gaps: distributionAlerts(report),
      ignored: listField(report, 'ignoredMatches').length,
    },
  );
}

/** Grype's warnings about a distribution: unknown, past its end of life, or not looked up. */
function distributionAlerts(report: unknown): readonly string[] {
  const alerts = listField(report, 'alertsByPackage').flatMap((one) => listField(one, 'alerts'));
  const types = new Set(alerts.map((alert) => textField(alert, 'type')));
  return [
    ...(types.has('distro-eol') ? ['grype knows its distribution as past its end of life'] : []),
    ...(types.has('distro-unknown') ? ['grype does not know its distribution'] : []),
    ...(types.has('distro-disabled') ? ['grype was set not to look up its distribution'] : []),
  ];
}

function grypeReport(match: unknown): Report | undefined {
  const record = field(match, 'vulnerability');
  const artifact = field(match, 'artifact');
  const id = reportText(record, 'id');
  const name = reportText(artifact, 'name');
  if (id === undefined || name === undefined) return undefined;
  const related = listField(match, 'relatedVulnerabilities');
  const fixes = listField(field(record, 'fix'), 'versions')
    .map((version) => reportText({ version }, 'version'))
    .filter((version) => version !== undefined);
  const version = reportText(artifact, 'version') ?? '';
  const purl = reportText(artifact, 'purl');
  return {
    id,
    package: name,
    version,
    aliases: related.slice(0, 500).flatMap((other) => reportText(other, 'id') ?? []),
    ...judged(record, related),
    ...given({
      fixedIn: nearestFix(version, fixes, purlType(purl)),
      fixedVersions: fixes.length < 2 ? undefined : fixes,
      url: reportUrl(record, 'dataSource'),
      path: reportText(listField(artifact, 'locations')[0], 'path')?.replace(/^\/+/, ''),
      purl,
    }),
  };
}

function judged(
  record: unknown,
  related: readonly unknown[],
): Pick<Report, 'severity' | 'severitySource' | 'weight'> {
  const own = severityOf(textField(record, 'severity'));
  const namespace = reportText(record, 'namespace') ?? '';
  if (own !== 'unknown')
    return {
      severity: own,
      severitySource: namespace.split(':', 1)[0] ?? '',
      weight: namespace.includes(':distro:') ? 2 : 1,
    };
  const other = related
    .map((one) => severityOf(textField(one, 'severity')))
    .find((severity) => severity !== 'unknown');
  return { severity: other ?? 'unknown', weight: 0, severitySource: 'nvd' };
}

interface TrivyVersion {
  readonly version: string;
  readonly databaseDate: string | undefined;
}

export function parseTrivyVersion(json: string): TrivyVersion {
  const answer = parseJson(json);
  return {
    version: reportText(answer, 'Version') ?? 'unknown',
    databaseDate: reportText(field(answer, 'VulnerabilityDB'), 'UpdatedAt'),
  };
}

/** Reads trivy's JSON report (schema 2). Severity is the vendor's if there is one, else NVD's. */
export function parseTrivy(
  json: string,
  { version, databaseDate }: TrivyVersion,
): Result<VulnerabilitiesFact> {
  const report = parseJson(json);
  const results = listField(report, 'Results');
  const all = (name: string): readonly unknown[] =>
    results.flatMap((result) => listField(result, name));
  const isEnded = field(field(field(report, 'Metadata'), 'OS'), 'EOSL') === true;
  return factOf(
    field(report, 'SchemaVersion') === 2 ? all('Vulnerabilities').map(trivyReport) : undefined,
    'trivy',
    version,
    {
      databaseDate,
      gaps: isEnded ? ['trivy knows its distribution as past its end of life'] : [],
      ignored: all('ExperimentalModifiedFindings').length,
    },
  );
}

function trivyReport(found: unknown): Report | undefined {
  const id = reportText(found, 'VulnerabilityID');
  const name = reportText(found, 'PkgName');
  if (id === undefined || name === undefined) return undefined;
  const source = reportText(found, 'SeveritySource');
  // Of several release branches trivy lists the fixes of all, with commas.
  const fixes = reportText(found, 'FixedVersion')?.split(/,\s*/) ?? [];
  const version = reportText(found, 'InstalledVersion') ?? '';
  const purl = reportText(field(found, 'PkgIdentifier'), 'PURL');
  return {
    id,
    package: name,
    version,
    severity: severityOf(textField(found, 'Severity')),
    weight: source === undefined || source === 'nvd' ? 0 : source === 'ghsa' ? 1 : 2,
    aliases: listField(found, 'VendorIDs')
      .slice(0, 500)
      .filter((alias) => typeof alias === 'string'),
    ...given({
      severitySource: source,
      fixedIn: nearestFix(version, fixes, purlType(purl)),
      fixedVersions: fixes.length < 2 ? undefined : fixes,
      url: reportUrl(found, 'PrimaryURL'),
      path: reportText(found, 'PkgPath'),
      purl,
    }),
  };
}

/** Reads docker scout's SARIF: a rule for each vulnerability, the packages in its properties. */
export function parseDockerScout(json: string, now: number): Result<VulnerabilitiesFact> {
  const run = listField(parseJson(json), 'runs')[0];
  const driver = field(field(run, 'tool'), 'driver');
  const rules = listField(driver, 'rules');
  const named = new Set(rules.map((rule) => textField(rule, 'id')));
  const isWhole =
    /scout/i.test(textField(driver, 'name') ?? '') &&
    listField(run, 'results').every((result) => named.has(textField(result, 'ruleId')));
  return factOf(
    isWhole ? rules.flatMap(reportsOf) : undefined,
    'docker scout',
    reportText(driver, 'version'),
    { databaseDate: new Date(now).toISOString() },
  );
}

function reportsOf(rule: unknown): readonly (Report | undefined)[] {
  const id = reportText(rule, 'id');
  const properties = field(rule, 'properties');
  const several = listField(properties, 'purls').filter((purl) => typeof purl === 'string');
  const one = reportText(properties, 'purl');
  const purls = one === undefined ? several : [one];
  if (id === undefined || purls.length === 0) return [undefined];
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
