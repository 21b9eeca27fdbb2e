import type { Fetch, Fetches } from '../../model/fetches.ts';
import { byCodeUnit } from '../../model/order.ts';

/** The stage of what no step is known to have fetched. */
export const UNKNOWN_STAGE = 'unknown';

/** What was fetched, by stage, in the order of the requests; the same answer to the same request once. */
export function fetchesByStage(
  found: readonly { readonly fetch: Fetch; readonly stages: readonly string[] }[],
): Fetches {
  const stages = new Map<string, { readonly list: Fetch[]; readonly last: Map<string, string> }>();
  for (const { fetch, stages: names } of found)
    for (const name of names.length === 0 ? [UNKNOWN_STAGE] : names) {
      const stage = stages.get(name) ?? { list: [], last: new Map<string, string>() };
      stages.set(name, stage);
      const key = askedKey(fetch);
      const answer = JSON.stringify([fetch.status, fetch.digest, fetch.headers]);
      if (stage.last.get(key) === answer) continue;
      stage.last.set(key, answer);
      stage.list.push(fetch);
    }
  return new Map(
    [...stages].sort(([a], [b]) => byCodeUnit(a, b)).map(([name, { list }]) => [name, list]),
  );
}

/** All fetches of all stages, each address with its digest once, as materials of a provenance. */
export function fetchedMaterials(
  fetches: Fetches,
): readonly { readonly uri: string; readonly digest: Readonly<Record<string, string>> }[] {
  return [...fetches.values()]
    .flat()
    .filter(
      ({ status }) => status === undefined || (status >= 200 && status < 300 && status !== 204),
    )
    .map(({ address, digest }) => ({
      uri: address,
      digest: { sha256: digest.slice('sha256:'.length) },
    }));
}

function askedKey({ method = 'GET', address, request }: Fetch): string {
  return `${method} ${address} ${request ?? ''}`;
}
