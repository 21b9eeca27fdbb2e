import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import type { BuildInvocation } from '../../model/build-invocation.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../../model/oci.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { parseImageConfig, parseIndex, parseManifest } from '../../oci/documents.ts';
import { readExportedIndex } from '../../oci/image-index.ts';
import { flag, layoutOutput } from '../../plans/build-invocation.ts';
import type { BuildOutcome } from '../../tools/buildx/buildx.ts';

const GOOD: BuildOutcome = { exitCode: 0, stdout: '', errorText: '' };

/**
 * Builds each platform by itself and puts one index together: buildx exports no OCI layout where
 * several nodes build. The node of each platform is buildx' choice. Ends with the first that fails.
 */
export async function runByPlatform(
  layout: string,
  blobs: BlobStore,
  invocation: BuildInvocation,
  platforms: readonly string[],
  run: (one: BuildInvocation) => Promise<BuildOutcome>,
): Promise<BuildOutcome> {
  const folder = join(layout, 'platforms');
  const entries: Descriptor[] = [];
  try {
    for (const [i, platform] of platforms.entries()) {
      const into = join(folder, String(i));
      await makeFolders(into);
      await symlink('../../blobs', join(into, 'blobs'));
      const outcome = await run(forPlatform(invocation, platform, into));
      if (outcome.exitCode !== 0) return outcome;
      entries.push(...(await exported(into, blobs)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: entries };
  const written = await blobs.write(Buffer.from(JSON.stringify(index)));
  const top = { schemaVersion: 2, manifests: [{ mediaType: MEDIA_TYPE.index, ...written }] };
  await writeFile(join(layout, 'index.json'), JSON.stringify(top));
  return GOOD;
}

/** The same for one platform, into its own layout over the same blobs. */
export function forPlatform(
  invocation: BuildInvocation,
  platform: string,
  into: string,
): BuildInvocation {
  const flags = invocation.flags.filter(({ name }) => name !== 'platform');
  return {
    ...invocation,
    outputs: [layoutOutput(into)],
    flags: [flag('platform', platform), ...flags],
  };
}

async function exported(folder: string, blobs: BlobStore): Promise<readonly Descriptor[]> {
  const [image] = readExportedIndex(await readFile(join(folder, 'index.json')));
  if (image === undefined) throw new UserError('buildx exported no image into the layout');
  const { descriptor } = image;
  const bytes = await blobs.readDocument(descriptor);
  if (isIndex(descriptor.mediaType)) return parseIndex(bytes, descriptor.digest).manifests;
  const { config } = parseManifest(bytes, descriptor.digest);
  const { os, architecture, variant } = parseImageConfig(
    await blobs.readDocument(config),
    config.digest,
  );
  const { mediaType, digest, size } = descriptor;
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return [{ mediaType, digest, size, platform }];
}
