import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import { type CacheHome, openCache, type JsonCache } from '../oci/layout/caches.ts';

const SCHEMA = 1;

function cacheOf(home: CacheHome): JsonCache {
  return openCache(home, 'reports', SCHEMA);
}

const LAST = 'last';

/** `app` and `docker.io/library/app:latest` are one image; invalid references are kept as typed. */
function keyOf(image: string): string {
  const reference = parseReference(image);
  const name = reference.ok ? formatReference(withDefaultTag(reference.value)) : image;
  return `image ${name}`;
}

/** Without what no report shows: the predicates, which hold whole SBOMs, and the filesystem. */
function slim({ contents, ...input }: ReportInput): ReportInput {
  const kept = contents?.map(({ facts, ...platform }) => {
    const { image, packages, vulnerabilities, attestations } = facts;
    const rest = { image, packages, vulnerabilities };
    if (!attestations.known) return { ...platform, facts: { ...rest, attestations } };
    const value = {
      ...attestations.value,
      attestations: attestations.value.attestations.map((one) => ({ ...one, predicate: {} })),
    };
    return { ...platform, facts: { ...rest, attestations: { ...attestations, value } } };
  });
  return { ...input, ...(kept === undefined ? {} : { contents: kept }) };
}

/** Keeps an image's report for `scoville report`. */
export async function keepReport(home: CacheHome, input: ReportInput): Promise<void> {
  const cache = cacheOf(home);
  const key = keyOf(input.scorecard.image);
  await cache.set(key, slim(input));
  await cache.set(LAST, key);
}

/** The last grade of an image, or of any where none is named; undefined where none is kept. */
export async function keptReport(
  home: CacheHome,
  image: string | undefined,
): Promise<ReportInput | undefined> {
  const cache = cacheOf(home);
  const key = image === undefined ? await cache.get(LAST) : keyOf(image);
  return typeof key === 'string' ? ((await cache.get(key)) as ReportInput | undefined) : undefined;
}
