import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { parseReference } from '../../model/reference.ts';
import { notationConfigDirs, verifyNotation } from '../../tools/notation/notation.ts';
import type { PipelineContext } from '../context.ts';
import type { AttachedEvidence } from './read-attachments.ts';

/** What it came to; a policy of the user's own names who may sign, so one of another signer fails. */
interface Checked {
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  readonly reason?: string;
  readonly isUnchecked?: boolean;
}

/**
 * Verifies one notation signature by the user's trust policy: subject, signature and nothing else in a layout of its own, so that the
 * answer is about this signature.
 */
export async function verifyNotationSignature(
  context: PipelineContext,
  image: OpenedImage,
  { attachment, blob }: AttachedEvidence,
  place: { readonly subject: Descriptor; readonly folder: string },
): Promise<Checked> {
  try {
    const { subject, folder } = place;
    await writeLayout(
      image,
      folder,
      [subject, attachment.descriptor],
      [attachment.manifest.config, blob],
    );
    const answer = await verifyNotation(context.run, {
      layoutDir: folder,
      subject: subject.digest,
      scope: scopeOf(image.name),
      configDirs: notationConfigDirs(context.env, process.platform),
      signal: context.signal,
    });
    if (answer.outcome === 'verified')
      return { verification: 'verified', verifiedBy: answer.verifiedBy };
    return answer.outcome === 'failed'
      ? { verification: 'failed', reason: answer.reason }
      : { verification: 'unverified', reason: answer.reason, isUnchecked: true };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { verification: 'unverified', reason: error.message };
  }
}

async function writeLayout(
  image: OpenedImage,
  folder: string,
  manifests: readonly Descriptor[],
  blobs: readonly Descriptor[],
): Promise<void> {
  const blobDir = join(folder, 'blobs', 'sha256');
  await mkdir(blobDir, { recursive: true, mode: 0o700 });
  for (const descriptor of [...manifests, ...blobs]) {
    const bytes = await image.readBlob(descriptor);
    if (digestOf(bytes) !== descriptor.digest)
      throw new UserError(`${descriptor.digest} is not what lies under its digest`);
    await writeFile(join(blobDir, digestHex(descriptor.digest)), bytes, { mode: 0o600 });
  }
  const listed = manifests.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const index = { schemaVersion: 2, manifests: listed };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

/** Trust policies name repositories; an image by a file's name has none. */
function scopeOf(name: string): string | undefined {
  const reference = parseReference(name.replace(/^(?:registry|store|docker):(?:\/\/)?/, ''));
  return reference.ok ? `${reference.value.registry}/${reference.value.repository}` : undefined;
}
