import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { gunzip, gzip } from 'node:zlib';
import { FACTS_SCHEMA, isLayerFacts, type LayerFacts } from '../facts/layer-facts.ts';
import type { InspectedImage } from '../grade/grade-image.ts';
import { type CacheHome, openCache } from '../image/caches.ts';
import { numberField, parseJson, textField } from '../lib/json.ts';
import { Recent } from '../lib/recent.ts';
import { DAY_MS } from '../lib/time.ts';
import type { KeptFacts } from '../model/context.ts';

/** The table that all workers share, by keys that say the schema. */
export interface SharedFacts {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, facts: Uint8Array): Promise<void>;
}

/** As large as an entry of this machine's cache may be. */
const MOST_PLAIN = 64 * 1024 * 1024;
/** Larger ones are few, and would fill the table. */
const MOST_PACKED = 8 * 1024 * 1024;

export function sharedKey(key: string): string {
  return createHash('sha256').update(`v${FACTS_SCHEMA} ${key}`).digest('hex');
}

/** Key and facts, packed: the key inside says that the entry is of this layer. */
export async function packFacts(key: string, facts: string): Promise<Uint8Array | undefined> {
  if (facts.length > MOST_PLAIN) return undefined;
  const packed = await promisify(gzip)(`${key}\n${facts}`, { level: 3 });
  return packed.length > MOST_PACKED ? undefined : packed;
}

/** Undefined for an entry that is damaged, of another layer, or of another schema. */
export async function unpackFacts(
  key: string,
  packed: Uint8Array,
): Promise<{ readonly facts: LayerFacts; readonly length: number } | undefined> {
  if (packed.length > MOST_PACKED) return undefined;
  const plain = await promisify(gunzip)(packed, { maxOutputLength: MOST_PLAIN }).catch(() => '');
  const text = plain.toString();
  const facts = text.startsWith(`${key}\n`) ? parseJson(text.slice(key.length + 1)) : undefined;
  return isLayerFacts(facts) ? { facts, length: text.length } : undefined;
}

/**
 * Facts of layers: the parsed ones of the last images, then this machine's, then those of all
 * machines. Those of one digest never change.
 *
 * @param mostHeld characters of JSON; parsed they take some three times as many bytes
 */
export function factsOfLayers(home: CacheHome, shared: SharedFacts, mostHeld: number): KeptFacts {
  const here = openCache(home, 'facts', FACTS_SCHEMA);
  const held = new Recent<unknown>(mostHeld);
  const hold = (key: string, facts: unknown, length: number): void => {
    if (length <= mostHeld / 4) held.set(key, facts, length);
  };
  return {
    get: async (key) => {
      const before = held.get(key);
      if (before !== undefined) return before;
      const own = await here.get(key);
      if (isLayerFacts(own)) {
        hold(key, own, JSON.stringify(own).length);
        return own;
      }
      const packed = await shared.get(sharedKey(key));
      const found = packed && (await unpackFacts(key, packed));
      if (found === undefined) return undefined;
      hold(key, found.facts, found.length);
      await here.set(key, found.facts);
      return found.facts;
    },
    set: async (key, facts) => {
      const text = JSON.stringify(facts);
      hold(key, facts, text.length);
      await here.set(key, facts);
      const packed = await packFacts(key, text);
      if (packed !== undefined) await shared.put(sharedKey(key), packed);
    },
  };
}

/** Changes with InspectedImage in form or meaning. */
const INSPECTIONS_SCHEMA = `2-${FACTS_SCHEMA}`;

/**
 * Most signatures and attestations are attached within hours of the build. So they are looked up
 * again with the next grade of a young image, and otherwise once a week.
 */
const YOUNG_MS = 2 * DAY_MS;
const LOOK_AGAIN_MS = 7 * DAY_MS;

/**
 * Inspections of images by name and digest, on this machine: grading the same bytes again then asks
 * for vulnerabilities and age alone. `by` is what else they depend on, such as whom to trust.
 */
export function keptInspections(home: CacheHome, by: unknown) {
  const cache = openCache(home, 'inspections', INSPECTIONS_SCHEMA);
  const head = createHash('sha256').update(JSON.stringify(by)).digest('hex').slice(0, 16);
  return {
    /** To judge it throws where an SBOM names files alone: then it is inspected again. */
    get: async (name: string, now: number): Promise<InspectedImage | undefined> => {
      const kept = await cache.get(`${head} ${name}`);
      if (!(now < (numberField(kept, 'until') ?? 0))) return undefined;
      try {
        const bytes = Buffer.from(textField(kept, 'packed') ?? '', 'base64');
        // Written by this program on this machine.
        return deserialize(await promisify(gunzip)(bytes)) as InspectedImage;
      } catch {
        return undefined;
      }
    },
    set: async (
      name: string,
      { now, builtAt }: { readonly now: number; readonly builtAt: Date | undefined },
      inspected: InspectedImage,
    ): Promise<void> => {
      if (builtAt !== undefined && now - builtAt.getTime() < YOUNG_MS) return;
      const platforms = inspected.platforms.map(({ content, ...one }) => {
        if (!content.known) return { ...one, content };
        // A function cannot be kept.
        const filesystem = { ...content.value.filesystem, has: undefined };
        return { ...one, content: { ...content, value: { ...content.value, filesystem } } };
      });
      const bytes = serialize({ ...inspected, platforms });
      const packed = (await promisify(gzip)(bytes, { level: 1 })).toString('base64');
      await cache.set(`${head} ${name}`, { until: now + LOOK_AGAIN_MS, packed });
    },
  };
}
