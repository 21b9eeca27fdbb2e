import type { VulnerabilitiesFact } from '../../model/facts.ts';
import type { OsRelease, Package } from '../../model/packages.ts';
import { type Result, err, ok } from '../../model/result.ts';
import { canConnect } from '../can-connect.ts';
import { isCve } from '../scanners/alias-names.ts';
import { type Report, onePerCve } from '../scanners/one-per-cve.ts';
import { askBatches } from './osv-batch.ts';
import { osvRecords, type RecordCache, type Wanted } from './osv-details.ts';
import { OsvHttp, type OsvHttpOptions } from './osv-http.ts';
import type { OsvMatch } from './osv-names.ts';
import { type OsvPlan, planOsv } from './osv-queries.ts';
import type { OsvRecord } from './osv-record.ts';
import { osvReports } from './osv-reports.ts';
import { isJudged, unratedField } from './osv-severity.ts';

/** How long to wait for a connection before the machine counts as offline. */
const CONNECT_MS = 3000;

const OSV_URL = 'https://api.osv.dev';

export interface OsvRequest extends OsvHttpOptions {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  readonly cache: RecordCache;
  /** Present time, milliseconds since 1970: the date of an answer that is always fresh. */
  readonly now: number;
  /** The address that has to answer: a proxy's, where one is asked for `url`. */
  readonly proxy?: string | undefined;
}

/**
 * Known vulnerabilities of packages by the OSV.dev API: which (`querybatch`), then their records by
 * id, kept between runs. An error, with the reason, where it cannot be reached or asked to the end:
 * nothing is said on half of the evidence.
 */
export async function scanWithOsv(request: OsvRequest): Promise<Result<VulnerabilitiesFact>> {
  const url = request.url.replace(/(?<!\/)\/+$/, '');
  const failed = (reason: string): Result<never> => err(`OSV (${new URL(url).host}): ${reason}`);
  const plan = planOsv(request.packages, request.osRelease);
  if (plan.questions.length > 0) {
    const reached = await canConnect(request.proxy ?? url, CONNECT_MS);
    if (!reached.ok)
      return failed(
        request.proxy === undefined
          ? reached.error
          : `the proxy ${new URL(request.proxy).host}: ${reached.error}`,
      );
  }
  const http = new OsvHttp({ ...request, url });
  const asked = await askBatches(http, plan);
  if (!asked.ok) return failed(asked.error);
  const { matches, unknown } = asked.value;
  const records = await recordsOf(http, { ...request, url }, matches);
  if (!records.ok) return failed(records.error);
  const reports = await osvReports(plan, matches, records.value);
  return ok(factOf(request, plan, unknown, reports));
}

function factOf(
  request: OsvRequest,
  plan: OsvPlan,
  unknown: readonly string[],
  reports: readonly Report[],
): VulnerabilitiesFact {
  const vulnerabilities = onePerCve(reports);
  const gaps = [...plan.gaps, ...unknown.map((name) => `OSV has no data for ${name}`)];
  return {
    scanner: scannerName(request.url),
    scannerVersion: 'API v1',
    databaseDate: new Date(request.now).toISOString(),
    vulnerabilities,
    ...unratedField(vulnerabilities),
    suppressedByVex: 0,
    ...(gaps.length === 0 ? {} : { gaps }),
  };
}

/** `OSV.dev` for that alone: of another server the address is shown. */
function scannerName(url: string): string {
  const { origin, pathname } = new URL(url);
  const address = `${origin}${pathname}`.replace(/(?<!\/)\/+$/, '');
  return address === OSV_URL ? 'OSV.dev' : `OSV at ${address}`;
}

/** The records of the matches, and of the CVEs behind those without a severity. */
async function recordsOf(
  http: OsvHttp,
  { url, cache, now }: OsvRequest,
  matches: readonly OsvMatch[],
): Promise<Result<ReadonlyMap<string, OsvRecord>>> {
  const wanted = [...new Map(matches.map(({ id, modified }) => [id, modified]))];
  const found = await osvRecords(
    http,
    url,
    cache,
    wanted.map(([id, modified]): Wanted => ({ id, stamp: modified })),
    false,
  );
  if (!found.ok) return found;
  const silent = [...found.value.values()].filter((record) => !isJudged(record));
  const cves = new Set(silent.flatMap(({ names }) => names.filter(isCve)));
  const today = new Date(now).toISOString().slice(0, 10);
  const upstream = await osvRecords(
    http,
    url,
    cache,
    [...cves].filter((id) => !found.value.has(id)).map((id): Wanted => ({ id, stamp: today })),
    true,
  );
  return upstream.ok ? ok(new Map([...upstream.value, ...found.value])) : upstream;
}
