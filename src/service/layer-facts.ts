import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { FACTS_SCHEMA, isLayerFacts, type LayerFacts } from '../facts/layer-facts.ts';
import type { JsonCache } from '../image/caches.ts';
import { parseJson } from '../lib/json.ts';
import type { KeptFacts } from '../model/context.ts';
import type { Records } from './deps.ts';
import { Recent } from './recent.ts';

/** The table that all workers share, by keys that say the schema. */
export interface SharedFacts {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, facts: Uint8Array): Promise<void>;
}

/** As large as an entry of this machine's cache may be. */
const MOST_PLAIN = 64 * 1024 * 1024;
/** Larger ones are few, and would fill the table. */
const MOST_PACKED = 8 * 1024 * 1024;

/** What the table has for a key: short, whatever the facts were asked for. */
export function sharedKey(key: string): string {
  return createHash('sha256').update(`v${FACTS_SCHEMA} ${key}`).digest('hex');
}

/** Key and facts, packed: the key inside says that the entry is of this layer. */
export async function packFacts(key: string, facts: unknown): Promise<Uint8Array | undefined> {
  const text = `${key}\n${JSON.stringify(facts)}`;
  if (text.length > MOST_PLAIN) return undefined;
  const packed = await promisify(gzip)(text, { level: 3 });
  return packed.length > MOST_PACKED ? undefined : packed;
}

/** Undefined for an entry that is damaged, of another layer, or of another schema. */
export async function unpackFacts(
  key: string,
  packed: Uint8Array,
): Promise<{ readonly facts: LayerFacts; readonly length: number } | undefined> {
  if (packed.length > MOST_PACKED) return undefined;
  const limit = { maxOutputLength: MOST_PLAIN };
  const plain = await promisify(gunzip)(packed, limit).catch(() => undefined);
  const head = Buffer.from(`${key}\n`);
  if (plain?.subarray(0, head.length).equals(head) !== true) return undefined;
  const facts = parseJson(plain.subarray(head.length).toString());
  return isWhole(facts) ? { facts, length: plain.length } : undefined;
}

/** Who can write into the table can write what a layer is said to have, but nothing that breaks. */
function isWhole(value: unknown): value is LayerFacts {
  if (!isLayerFacts(value)) return false;
  const facts: Readonly<Record<string, unknown>> = { ...value };
  const lists = ['attributes', 'packages', 'unreadable', 'secrets', 'suppressedSecrets'].concat(
    'secretGaps',
  );
  return (
    typeof facts['paths'] === 'string' &&
    typeof facts['needsLower'] === 'boolean' &&
    typeof facts['secretsScanned'] === 'boolean' &&
    lists.every((name) => Array.isArray(facts[name])) &&
    ['files', 'licenses', 'unopenedFiles'].every((name) => facts[name] instanceof Object)
  );
}

/**
 * Facts of layers: the parsed ones of the last images, then this machine's, then those of all
 * machines. Those of one digest never change.
 */
export class FactsOfLayers implements KeptFacts {
  readonly #here: JsonCache;
  readonly #shared: SharedFacts;
  readonly #mostHeld: number;
  /** By the length of each as JSON. */
  readonly #held: Recent<unknown>;

  /** @param mostHeld characters of JSON; parsed they take some three times as many bytes */
  constructor(here: JsonCache, shared: SharedFacts, mostHeld: number) {
    this.#here = here;
    this.#shared = shared;
    this.#mostHeld = mostHeld;
    this.#held = new Recent(mostHeld);
  }

  async get(key: string): Promise<unknown> {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const here = await this.#here.get(key);
    if (isLayerFacts(here)) {
      this.#hold(key, here, JSON.stringify(here).length);
      return here;
    }
    const packed = await this.#shared.get(sharedKey(key));
    const found = packed && (await unpackFacts(key, packed));
    if (found === undefined) return undefined;
    this.#hold(key, found.facts, found.length);
    await this.#here.set(key, found.facts);
    return found.facts;
  }

  async set(key: string, facts: unknown): Promise<void> {
    this.#hold(key, facts, JSON.stringify(facts).length);
    await this.#here.set(key, facts);
    const packed = await packFacts(key, facts);
    if (packed !== undefined) await this.#shared.put(sharedKey(key), packed);
  }

  #hold(key: string, facts: unknown, length: number): void {
    if (length <= this.#mostHeld / 4) this.#held.set(key, facts, length);
  }
}

/** Those of the database, which has them by whole lists of keys. */
export function factsInDatabase(
  records: Pick<Records, 'layerFacts' | 'putLayerFacts'>,
): SharedFacts {
  return {
    get: async (key) => (await records.layerFacts([key])).get(key),
    put: (key, facts) => records.putLayerFacts(key, facts),
  };
}
