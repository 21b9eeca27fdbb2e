import type { FetchedFile } from '../../model/fix-rule.ts';
import { inParallel } from '../../model/in-parallel.ts';
import { quantity } from '../../model/quantity.ts';
import { err, type Result } from '../../model/result.ts';
import { isLoopback } from '../../oci/registry/registry-ways.ts';
import { shownAddress } from '../../rules/verified-downloads/edit.ts';
import { fetchDigest } from '../../tools/fetch-digest.ts';
import { phase, type PipelineContext } from '../context.ts';
import type { FactsRequest } from '../grade/facts-request.ts';

const AT_ONCE = 4;
/** A Dockerfile with more is not one that a person wrote. */
const MOST = 64;

/** Digests of what the Dockerfile downloads without a check, taken now, by address. */
export async function fixHashes(
  context: PipelineContext,
  { read, plainHttp, settings }: FactsRequest,
): Promise<ReadonlyMap<string, Result<FetchedFile>>> {
  const wanted = read.analysis.downloads.flatMap(({ kind, url, verifiedBy }) =>
    ['curl', 'wget', 'add'].includes(kind) && url !== undefined && verifiedBy === undefined
      ? [url]
      : [],
  );
  const urls = [...new Set(wanted)].slice(0, MOST);
  if (settings.offline) return new Map(urls.map((url) => [url, err('nothing is fetched offline')]));
  const found = new Map<string, Result<FetchedFile>>();
  const fetchOne = async (url: string): Promise<void> => {
    context.emit({ kind: 'notice', text: `fetching ${shownAddress(url)} for its hash` });
    found.set(
      url,
      await fetchDigest(url, {
        allowsPlain: ({ hostname, host }) => isLoopback(hostname) || plainHttp.includes(host),
        userAgent: `scoville/${context.version}`,
        signal: context.signal,
      }),
    );
  };
  if (urls.length > 0)
    await phase(
      context,
      'inspect',
      () => inParallel(urls, AT_ONCE, fetchOne),
      () => ({ detail: `${fetched(found)} of ${quantity(urls.length, 'download')} fetched` }),
    );
  return found;
}

function fetched(found: ReadonlyMap<string, Result<FetchedFile>>): number {
  return [...found.values()].filter(({ ok }) => ok).length;
}
