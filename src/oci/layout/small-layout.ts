import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import { digestHex, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';

/**
 * Writes a layout for another program: these manifests, listed, and these blobs, nothing else.
 * Throws UserError where bytes are not what their digest says.
 */
export async function writeSmallLayout(
  folder: string,
  read: (descriptor: Descriptor) => Promise<Uint8Array>,
  manifests: readonly Descriptor[],
  blobs: readonly Descriptor[],
): Promise<void> {
  const blobDir = join(folder, 'blobs', 'sha256');
  await makeFolders(blobDir, { mode: 0o700 });
  for (const descriptor of [...manifests, ...blobs]) {
    const bytes = await read(descriptor);
    if (digestOf(bytes) !== descriptor.digest)
      throw new UserError(`${descriptor.digest} is not what lies under its digest`);
    await writeFile(join(blobDir, digestHex(descriptor.digest)), bytes, { mode: 0o600 });
  }
  const listed = manifests.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const index = { schemaVersion: 2, manifests: listed };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
