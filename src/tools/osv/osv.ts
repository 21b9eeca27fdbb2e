import type { VulnerabilitiesFact } from '../../model/facts.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { OsRelease, Package } from '../../model/packages.ts';
import { type Result, err, ok } from '../../model/result.ts';
import { canConnect } from '../can-connect.ts';
import { isCve } from '../scanners/alias-names.ts';
import { type Report, onePerCve } from '../scanners/one-per-cve.ts';
import { askBatches } from './osv-batch.ts';
import { OsvHttp, type OsvHttpOptions } from './osv-http.ts';
import type { OsvMatch } from './osv-names.ts';
import { type OsvPlan, planOsv } from './osv-queries.ts';
import { isOsvRecord, type OsvRecord, parseOsvRecord } from './osv-record.ts';
import { osvReports } from './osv-reports.ts';
import { isJudged, unratedField } from './osv-severity.ts';

/** How long to wait for a connection before the machine counts as offline. */
const CONNECT_MS = 3000;

const OSV_URL = 'https://api.osv.dev';

/** A cache of records between runs: it returns the JSON it was given, undefined if not there. */
export interface RecordCache {
  readonly get: (key: string) => Promise<unknown>;
  readonly set: (key: string, value: unknown) => Promise<void>;
}

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
  request: OsvRequest,
  matches: readonly OsvMatch[],
): Promise<Result<ReadonlyMap<string, OsvRecord>>> {
  const wanted = new Map(matches.map(({ id, modified }) => [id, modified]));
  const found = await fetchRecords(http, request, wanted, false);
  if (!found.ok) return found;
  const silent = [...found.value.values()].filter((record) => !isJudged(record));
  const cves = silent.flatMap(({ names }) => names.filter(isCve));
  const today = new Date(request.now).toISOString().slice(0, 10);
  const behind = new Map(cves.filter((id) => !found.value.has(id)).map((id) => [id, today]));
  const upstream = await fetchRecords(http, request, behind, true);
  return upstream.ok ? ok(new Map([...upstream.value, ...found.value])) : upstream;
}

/** Changes with what is kept of a record. */
const KEPT = 1;
const RECORDS_AT_ONCE = 16;

/**
 * Records by id, from the cache where they are unchanged, else from the server. `wanted` has when
 * each was last modified, or the day for which it is fresh. A record that the server does not have
 * is left out where `mayLack`, else it is an error: what cannot be judged must not be passed over.
 */
async function fetchRecords(
  http: OsvHttp,
  { url, cache }: OsvRequest,
  wanted: ReadonlyMap<string, string>,
  mayLack: boolean,
): Promise<Result<ReadonlyMap<string, OsvRecord>>> {
  let failure: string | undefined;
  const records = new Map<string, OsvRecord>();
  await inParallel([...wanted], RECORDS_AT_ONCE, async ([id, stamp]) => {
    if (failure !== undefined) return;
    const key = [KEPT, url, id, stamp].join(' ');
    const kept = await cache.get(key);
    if (isOsvRecord(kept, id)) {
      records.set(id, kept);
      return;
    }
    const answer = await http.json(`/v1/vulns/${encodeURIComponent(id)}`);
    const record = answer.ok ? parseOsvRecord(answer.value, id) : undefined;
    if (record !== undefined) {
      records.set(id, record);
      await cache.set(key, record);
    } else if (answer.ok) failure ??= `its record of ${id} cannot be read`;
    else if (!mayLack || answer.error.status !== 404) failure ??= answer.error.reason;
  });
  return failure === undefined ? ok(records) : err(failure);
}
