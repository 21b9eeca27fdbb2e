import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTATION_ARTIFACT } from '../../attestations/attached-media.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { BlobStore } from '../../oci/blobs/blob-store.ts';
import { parseIndex, parseManifest } from '../../oci/documents.ts';
import { writeSmallLayout } from '../../oci/layout/small-layout.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { findCommand } from '../../tools/command-path.ts';
import { notationMissing, signWithNotation } from '../../tools/notation/notation-sign.ts';
import { commandSearch, type PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

/** Throws UserError where `sign.notation` asks for what is not installed. */
export function requireNotation(context: PipelineContext, key: string | undefined): void {
  if (key === undefined) return;
  if (findCommand('notation', commandSearch(context)) === undefined) throw notationMissing();
}

/**
 * Signatures of the key of notation that `sign.notation` names, if any: one for each of the
 * manifests, stored as their referrers. Each is made in a layout of its own, that holds the
 * manifest alone. Throws UserError where notation cannot sign, or what it wrote is not about the
 * manifest.
 */
export async function notationSignatures(
  context: PipelineContext,
  blobs: BlobStore,
  { settings }: BuildPlan,
  { subject: index, also }: { readonly subject: Descriptor; readonly also: readonly Descriptor[] },
): Promise<readonly Descriptor[]> {
  const key = settings.sign.notation;
  if (key === undefined) return [];
  const made: Descriptor[] = [];
  for (const subject of [index, ...also]) {
    await inTemporaryFolder('notation', async (folder) => {
      await writeSmallLayout(folder, (one) => blobs.readDocument(one), [subject], []);
      const { signal, run } = context;
      await signWithNotation(run, { layoutDir: folder, subject: subject.digest, key, signal });
      made.push(await takeSignature(blobs, folder, subject));
    });
  }
  return made;
}

/** The one manifest that notation added to the layout, with what it is made of. */
async function takeSignature(
  blobs: BlobStore,
  folder: string,
  subject: Descriptor,
): Promise<Descriptor> {
  const layout = new BlobStore(join(folder, 'blobs'));
  const index = parseIndex(await readFile(join(folder, 'index.json')), 'the layout of notation');
  const [added, ...more] = index.manifests.filter(({ digest }) => digest !== subject.digest);
  const bytes = added === undefined ? undefined : await layout.readDocument(added);
  if (added === undefined || bytes === undefined || more.length > 0) throw foreign(subject);
  const manifest = parseManifest(bytes, added.digest);
  const isSignature =
    (manifest.artifactType ?? manifest.config.mediaType) === NOTATION_ARTIFACT &&
    manifest.subject?.digest === subject.digest;
  if (!isSignature) throw foreign(subject);
  for (const blob of [manifest.config, ...manifest.layers])
    await blobs.write(await layout.readDocument(blob));
  await blobs.write(bytes);
  const { mediaType, digest, size } = added;
  return { mediaType, digest, size, artifactType: NOTATION_ARTIFACT };
}

function foreign({ digest }: Descriptor): UserError {
  return new UserError(`notation did not leave one signature of ${digest}`, {
    nextStep: 'notation version; 1.0 and newer sign in a layout',
  });
}
