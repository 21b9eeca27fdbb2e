import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { parseReference } from '../../model/reference.ts';
import { writeSmallLayout } from '../../oci/layout/small-layout.ts';
import { notationConfigDirs, verifyNotation } from '../../tools/notation/notation.ts';
import type { PipelineContext } from '../context.ts';
import type { AttachedEvidence } from './read-attachments.ts';

/** The outcome. A policy of the user's names who may sign, so another signer's signature fails. */
interface Checked {
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
  readonly reason?: string;
  readonly isUnchecked?: boolean;
}

/**
 * Verifies one notation signature by the user's trust policy: subject, signature and nothing else
 * in a layout of its own, so that the answer is about this signature.
 */
export async function verifyNotationSignature(
  context: PipelineContext,
  image: OpenedImage,
  { attachment, blob }: AttachedEvidence,
  place: { readonly subject: Descriptor; readonly folder: string },
): Promise<Checked> {
  try {
    const { subject, folder } = place;
    await writeSmallLayout(
      folder,
      (one) => image.readBlob(one),
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

/** Trust policies name repositories; an image by a file's name has none. */
function scopeOf(name: string): string | undefined {
  const reference = parseReference(name.replace(/^(?:registry|store|docker):(?:\/\/)?/, ''));
  return reference.ok ? `${reference.value.registry}/${reference.value.repository}` : undefined;
}
