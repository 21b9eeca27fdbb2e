import type { OpenedImage, Platform } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import { openSpooled } from './archive/open-archive.ts';
import { spooledBy } from './archive/spool.ts';

export interface EngineImages {
  /** Id of an image by name or id; undefined if unknown. Throws UserError if no engine answers. */
  readonly find: (image: string) => Promise<{ readonly id: Digest } | undefined>;
  /** `docker save` of an image, its tar chunk by chunk, each taken before the next comes. */
  readonly save: (id: Digest, take: (chunk: Uint8Array) => Promise<void>) => Promise<void>;
}

interface EngineOptions {
  readonly name: string;
  readonly id: Digest;
  readonly engine: EngineImages;
  readonly spoolDir: string;
  readonly platform?: Platform | undefined;
}

/**
 * Opens an image of Docker's store. The engine gives out images whole (`docker save`), into the
 * spool. Throws UserError.
 */
export async function openEngineImage(options: EngineOptions): Promise<OpenedImage> {
  const { id, name, engine, spoolDir, platform } = options;
  const file = await spooledBy(spoolDir, name, (take) => engine.save(id, take));
  return openSpooled(file, { name, platform }, 'engine');
}
