import { isDigest } from '../../model/digest.ts';
import { isObject } from '../../model/json-value.ts';
import { type Platform, platformName } from '../../model/oci.ts';
import { createCache, type JsonCache } from '../../oci/layout/json-cache.ts';
import type { PipelineContext } from '../context.ts';
import type { FoundImage } from '../resolve-images.ts';

const SCHEMA = 1;

type Known = Pick<FoundImage, 'created' | 'layers'>;

/**
 * What registries have said of images at a digest, which does not change: a replay asks nobody again.
 */
export class KnownImages {
  readonly #cache: JsonCache;
  readonly #platform: string;

  constructor({ paths }: Pick<PipelineContext, 'paths'>, platform: Platform) {
    this.#cache = createCache(`${paths.cache}/images`, SCHEMA);
    this.#platform = platformName(platform);
  }

  async recall({ name, digest }: Pick<FoundImage, 'name' | 'digest'>): Promise<Known | undefined> {
    const found = await this.#cache.get(this.#key(name, digest));
    if (!isObject(found)) return undefined;
    const { created, layers } = found;
    if (typeof created !== 'string' || !Array.isArray(layers) || !layers.every(isDigest))
      return undefined;
    return { created, layers };
  }

  async remember({ name, digest, created, layers }: FoundImage): Promise<void> {
    if (digest === undefined || created === undefined || layers === undefined) return;
    await this.#cache.set(this.#key(name, digest), { created, layers });
  }

  #key(name: string, digest: string | undefined): string {
    return `${name}@${digest ?? ''} ${this.#platform}`;
  }
}
