import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import { createCache, type JsonCache } from '../oci/layout/json-cache.ts';
import type { PipelineContext } from './context.ts';

const SCHEMA = 1;

type Where = Pick<PipelineContext, 'paths'>;

function cacheOf({ paths }: Where): JsonCache {
  return createCache(`${paths.cache}/reports`, SCHEMA);
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

/** Keeps an image's report for `scoville report`. If that fails, the image is still graded. */
export async function keepReport(context: Where, input: ReportInput): Promise<void> {
  const cache = cacheOf(context);
  const key = keyOf(input.scorecard.image);
  try {
    await cache.set(key, slim(input));
    await cache.set(LAST, key);
  } catch {
    // `scoville report` says then that it has none.
  }
}

/** The last grade of an image, or of any where none is named; undefined where none is kept. */
export async function keptReport(
  context: Where,
  image: string | undefined,
): Promise<ReportInput | undefined> {
  const cache = cacheOf(context);
  const key = image === undefined ? await cache.get(LAST) : keyOf(image);
  return typeof key === 'string' ? ((await cache.get(key)) as ReportInput | undefined) : undefined;
}
