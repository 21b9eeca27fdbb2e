import { inParallel } from '../../model/in-parallel.ts';
import { type Result, err, ok } from '../../model/result.ts';
import type { OsvHttp } from './osv-http.ts';
import { isOsvRecord, type OsvRecord, parseOsvRecord } from './osv-record.ts';

/** A cache of records between runs: it returns the JSON it was given, undefined if not there. */
export interface RecordCache {
  readonly get: (key: string) => Promise<unknown>;
  readonly set: (key: string, value: unknown) => Promise<void>;
}

/** Changes with what is kept of a record. */
const KEPT = 1;
const RECORDS_AT_ONCE = 16;

/** A record to fetch. `stamp`: when it was last modified, or the day for which it is fresh. */
export interface Wanted {
  readonly id: string;
  readonly stamp: string;
}

/**
 * The records of vulnerabilities by id, from the cache where they are unchanged, else from the
 * server, some at a time. A record that the server does not have is left out where `mayLack`, else
 * it is an error: what cannot be judged must not be passed over.
 */
export async function osvRecords(
  http: OsvHttp,
  server: string,
  cache: RecordCache,
  wanted: readonly Wanted[],
  mayLack: boolean,
): Promise<Result<ReadonlyMap<string, OsvRecord>>> {
  let failure: string | undefined;
  const records = new Map<string, OsvRecord>();
  await inParallel(wanted, RECORDS_AT_ONCE, async ({ id, stamp }) => {
    if (failure !== undefined) return;
    const key = [KEPT, server, id, stamp].join(' ');
    const kept = await cache.get(key);
    if (isOsvRecord(kept, id)) {
      records.set(id, kept);
      return;
    }
    const answer = await http.json(`/v1/vulns/${encodeURIComponent(id)}`);
    if (!answer.ok) {
      if (!mayLack || answer.error.status !== 404) failure ??= answer.error.reason;
      return;
    }
    const record = parseOsvRecord(answer.value, id);
    if (record === undefined) {
      failure ??= `its record of ${id} cannot be read`;
      return;
    }
    records.set(id, record);
    await cache.set(key, record);
  });
  return failure === undefined ? ok(records) : err(failure);
}
