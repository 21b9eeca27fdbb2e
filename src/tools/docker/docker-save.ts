import { cleanText } from '../../model/clean-text.ts';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { inspectLocalImages, type LocalImage } from './docker-images.ts';
import { docker, engineError } from './docker.ts';

/** The engine's store, to read images from. */
interface LocalImages {
  /** An image by name or id; undefined if there is none. Throws UserError if no engine answers. */
  readonly find: (image: string) => Promise<LocalImage | undefined>;
  /**
   * `docker save` of an image, its tar chunk by chunk, each taken before the next. Throws
   * UserError, Interrupted, and what `take` throws.
   */
  readonly save: (id: Digest, take: (chunk: Uint8Array) => Promise<void>) => Promise<void>;
}

/** The store of the engine that `docker` talks to. */
export function localImages(run: RunTool, signal?: AbortSignal): LocalImages {
  return {
    find: async (image) => (await inspectLocalImages(run, [image], signal))[0],
    save: (id, take) => dockerSave(run, id, take, signal),
  };
}

async function dockerSave(
  run: RunTool,
  id: Digest,
  take: (chunk: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await docker(run, ['save', id], signal, {
    onStdout: take,
    timeoutMs: { unlimited: 'an image may be of any size' },
  });
  if (result.exitCode === 0) return;
  const said = cleanText(result.stderr).trim().split('\n').at(-1) ?? '';
  if (/no such image|reference does not exist/i.test(said))
    throw new UserError(`Docker no longer has the image ${id}`, {
      nextStep: 'docker image ls',
    });
  if (/cannot connect|permission denied|daemon running|connection refused/i.test(said))
    throw engineError(result.stderr);
  throw new UserError(`docker save failed: ${said || `exit code ${result.exitCode}`}`, {
    nextStep: `Check the engine: docker save ${id} > /dev/null`,
  });
}
