import { readJsonFile } from '../config/read-files.ts';
import { type CacheHome, type JsonCache, openCache } from '../image/caches.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { masked } from '../lib/text.ts';
import type { Fact, ImageFact } from '../model/facts.ts';
import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';

const SCHEMA = 3;

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

/** Removes what reports do not show: the filesystem, and predicates, which contain whole SBOMs. */
export function slim({ contents, ...input }: ReportInput): ReportInput {
  const kept = contents?.map(({ facts, ...platform }) => {
    const { packages, vulnerabilities, attestations } = facts;
    const rest = { image: slimImage(facts.image), packages, vulnerabilities };
    if (!attestations.known) return { ...platform, facts: { ...rest, attestations } };
    const value = {
      ...attestations.value,
      attestations: attestations.value.attestations.map((one) => ({ ...one, predicate: {} })),
    };
    return { ...platform, facts: { ...rest, attestations: { ...attestations, value } } };
  });
  return { ...input, ...(kept === undefined ? {} : { contents: kept }) };
}

/** What reports show of an image: its layers, with a history whose secrets are masked. */
function slimImage(fact: Fact<ImageFact>): Fact<ImageFact> {
  if (!fact.known) return fact;
  const { config, manifest } = fact.value;
  const { architecture, os, rootfs, created, history } = config;
  const shown = history?.map(({ created_by: by, comment, ...entry }) => ({
    ...entry,
    ...given({ created_by: by && masked(by), comment: comment && masked(comment) }),
  }));
  const value = {
    ...fact.value,
    config: { architecture, os, rootfs, ...given({ created, history: shown }) },
    manifest: { ...manifest, annotations: {} },
    annotations: { index: {}, manifest: {}, labels: {} },
  };
  return { ...fact, value };
}

/** Keeps what was graded in the folder `cwd`. */
export async function keepReport(
  home: CacheHome & { readonly cwd: string },
  input: ReportInput,
): Promise<void> {
  const cache = cacheOf(home);
  const key = keyOf(input.scorecard.image);
  await cache.set(key, slim(input));
  await cache.set(LAST, key);
  await cache.set(`${LAST} in ${home.cwd}`, key);
}

/**
 * The last grade of an image, else of any: with `cwd` of those in that folder. Undefined where none
 * is kept.
 */
export async function keptReport(
  home: CacheHome & { readonly cwd?: string },
  image: string | undefined,
): Promise<ReportInput | undefined> {
  const cache = cacheOf(home);
  const last = home.cwd === undefined ? LAST : `${LAST} in ${home.cwd}`;
  const key = image === undefined ? await cache.get(last) : keyOf(image);
  return typeof key === 'string' ? ((await cache.get(key)) as ReportInput | undefined) : undefined;
}

/** What `--report json` wrote. Throws UserError if unreadable or not this version's scorecard. */
export async function readScorecard(file: string): Promise<Scorecard> {
  let value: unknown;
  try {
    value = await readJsonFile(file);
  } catch (error) {
    throw new UserError(`the scorecard ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { default: isScorecard } = await import('schema-check:scorecard-1');
  if (isScorecard(value)) return value as Scorecard;
  throw new UserError(`${file} is not a scorecard`, {
    nextStep: `write one: scoville grade --report json=FILE IMAGE`,
  });
}
