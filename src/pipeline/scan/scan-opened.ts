import type { ImageContent } from '../../facts/image-facts.ts';
import { vexOfAttestations } from '../../facts/vex/vex-attestations.ts';
import type { VexImage } from '../../facts/vex/vex-match.ts';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import type { AttestationsFact, Fact, VulnerabilitiesFact } from '../../model/facts.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import { parseReference } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import type { PipelineContext } from '../context.ts';
import { scanImage } from './scan-image.ts';
import { vulnerabilityCache } from './scan-platforms.ts';

/**
 * Scans one platform of an opened image by the packages that were found in it: its layers are not laid out anywhere. VEX documents are
 * those that are given, and those that hang on the image.
 */
export async function scanOpened(
  context: PipelineContext,
  image: OpenedImage,
  platform: OpenedPlatform,
  content: ImageContent,
  attestations: Fact<AttestationsFact>,
  { scanner, offline, osv }: Settings,
  vex: readonly VexDocument[],
): Promise<Fact<VulnerabilitiesFact>> {
  const reference = parseReference(image.name);
  const named: VexImage = {
    digests: [platform.descriptor.digest, image.root.digest],
    references: reference.ok ? [reference.value] : [],
  };
  const attached = attestations.known ? attestations.value.attestations : [];
  return scanImage(context, {
    scanner,
    content,
    image: named,
    vex: [...vex, ...vexOfAttestations(attached, named)],
    offline,
    osvUrl: osv.url,
    cache: vulnerabilityCache(context),
  });
}
