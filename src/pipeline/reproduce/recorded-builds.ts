import { recordedBuild } from '../../attestations/recorded-build.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { RecordedBuild } from '../../model/recorded-build.ts';
import type { PipelineContext } from '../context.ts';
import { attestationsFact } from '../grade/attestations-fact.ts';
import { chooseProvenance } from '../grade/provenance-choice.ts';
import type { TrustedSigners } from '../sign/trusted-signers.ts';
import { readAttachments } from '../verify/read-attachments.ts';
import { verifyAttachments } from '../verify/verify-attachments.ts';
import { unverifiable } from './fetch-source.ts';

/** How an image says that it was built, and who signed for that. */
interface RecordedImage {
  readonly record: RecordedBuild;
  /** Key or identity that the statement was verified with; undefined where it was not. */
  readonly verifiedBy: string | undefined;
}

/**
 * The provenance of each of the image's platforms, all of which have to describe one build. Where
 * signers were named, only what one of them signed counts. Throws UserError where there is none
 * that can be used.
 */
export async function recordedBuilds(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
): Promise<RecordedImage> {
  const read = await readAttachments(image);
  const checked = await verifyAttachments(context, image, read, trusted);
  const incomplete = image.withoutAttachments ?? read.incomplete;
  const records = image.platforms.map(({ descriptor }): RecordedImage => {
    const fact = attestationsFact(image, descriptor.digest, checked, incomplete);
    const stated = fact.known ? fact.value.attestations : [];
    const usable = trusted.named
      ? stated.filter(({ verification }) => verification === 'verified')
      : stated;
    const chosen = chooseProvenance(usable, [descriptor.digest, image.root.digest]);
    if (chosen === undefined) throw noProvenance(trusted, incomplete);
    for (const text of chosen.notices) context.emit({ kind: 'warning', text });
    const record = recordedBuild(chosen.predicate);
    if (!record.ok) throw unverifiable(record.error);
    return { record: record.value, verifiedBy: chosen.verifiedBy };
  });
  const [first, ...others] = records;
  if (first === undefined) throw noProvenance(trusted, incomplete);
  if (others.some(({ record }) => essence(record) !== essence(first.record)))
    throw unverifiable('its platforms were built differently', {
      nextStep: '--platform OS/ARCH names one of them',
    });
  const verified = records.every(({ verifiedBy }) => verifiedBy !== undefined);
  return { record: first.record, verifiedBy: verified ? first.verifiedBy : undefined };
}

function noProvenance({ named, signers }: TrustedSigners, incomplete: string | undefined): Error {
  const by = signers.map(({ name }) => name).join(' or ');
  const what = named ? `no provenance of it is signed by ${by}` : 'nothing says how it was built';
  return unverifiable(incomplete === undefined ? what : `${what} (${incomplete})`, {
    nextStep: named
      ? 'look whom it is signed by: scoville verify IMAGE'
      : 'name it by its registry reference, where its provenance is',
  });
}

/** What has to be the same for platforms that one build makes: all but what names the platform. */
function essence({ builder, source, args, normaliser, epoch, secrets }: RecordedBuild): string {
  const entries = Object.entries(args).filter(([key]) => key !== 'platform');
  return JSON.stringify([builder, source, entries.sort(), normaliser, epoch, secrets]);
}
