import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { gunzip, gzip } from 'node:zlib';
import { FACTS_SCHEMA } from '../facts/layer-facts.ts';
import type { InspectedImage } from '../grade/grade-image.ts';
import type { JsonCache } from '../image/caches.ts';
import { numberField, textField } from '../lib/json.ts';
import { DAY_MS } from '../lib/time.ts';

/** Changes with InspectedImage in form or meaning. */
export const INSPECTIONS_SCHEMA = `1-${FACTS_SCHEMA}`;

/**
 * Most signatures and attestations are attached within hours of the build. So they are looked up
 * again with the next grade of a young image, and otherwise once a week.
 */
const YOUNG_MS = 2 * DAY_MS;
const LOOK_AGAIN_MS = 7 * DAY_MS;

/** Thrown where a verdict asks for a path that was not asked for when the inspection was kept. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
}

export interface KeptInspection {
  readonly inspected: InspectedImage;
  /** By platform and path, whether it is there: the paths that criteria asked for. */
  readonly paths: Map<string, boolean>;
}

/**
 * Inspections of images by name and digest, on this machine: grading the same bytes again then asks
 * for vulnerabilities and age alone. `by` is what else they depend on, such as whom to trust.
 */
export class KeptInspections {
  readonly #cache: JsonCache;
  readonly #by: string;

  constructor(cache: JsonCache, by: unknown) {
    this.#cache = cache;
    this.#by = createHash('sha256').update(JSON.stringify(by)).digest('hex').slice(0, 16);
  }

  async get(name: string, digest: string, now: number): Promise<InspectedImage | undefined> {
    const kept = await this.#cache.get(this.#key(name, digest));
    const packed = textField(kept, 'packed');
    if (packed === undefined || now >= (numberField(kept, 'until') ?? 0)) return undefined;
    try {
      const bytes = await promisify(gunzip)(Buffer.from(packed, 'base64'));
      // Written by this program on this machine.
      const { inspected, paths } = deserialize(bytes) as KeptInspection;
      return withHas(inspected, (_, at) => (path) => {
        const found = paths.get(`${at} ${path}`);
        if (found === undefined) throw new NotKept(path);
        return found;
      });
    } catch {
      return undefined;
    }
  }

  async set(
    name: string,
    digest: string,
    { now, builtAt }: { readonly now: number; readonly builtAt: number | undefined },
    { inspected, paths }: KeptInspection,
  ): Promise<void> {
    if (builtAt !== undefined && now - builtAt < YOUNG_MS) return;
    // A function cannot be kept; its answers are in `paths`.
    const bytes = serialize({ inspected: withHas(inspected, () => undefined), paths });
    const packed = (await promisify(gzip)(bytes, { level: 1 })).toString('base64');
    await this.#cache.set(this.#key(name, digest), { until: now + LOOK_AGAIN_MS, packed });
  }

  #key(name: string, digest: string): string {
    return `${this.#by} ${name} ${digest}`;
  }
}

/** The same, and what criteria will ask for. */
export function noting(inspected: InspectedImage): KeptInspection {
  const paths = new Map<string, boolean>();
  const asked = withHas(inspected, (has, at) => (path) => {
    const found = has(path);
    paths.set(`${at} ${path}`, found);
    return found;
  });
  return { inspected: asked, paths };
}

type Has = (path: string) => boolean;

function withHas(
  inspected: InspectedImage,
  hasOf: (has: Has, platform: number) => Has | undefined,
): InspectedImage {
  const platforms = inspected.platforms.map((one, at) => {
    if (!one.content.known) return one;
    const { filesystem, ...more } = one.content.value;
    const has = hasOf(filesystem.has, at) as Has;
    const value = { ...more, filesystem: { ...filesystem, has } };
    return { ...one, content: { ...one.content, value } };
  });
  return { ...inspected, platforms };
}
