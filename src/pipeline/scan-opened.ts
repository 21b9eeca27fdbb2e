import type { ImageContent } from '../facts/image-facts.ts';
import type { Fact, VulnerabilitiesFact } from '../model/facts.ts';
import type { OpenedImage, OpenedPlatform } from '../model/opened-image.ts';
import { parseReference } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import type { PipelineContext } from './context.ts';
import { scanImage } from './scan-image.ts';
import { vulnerabilityCache } from './scan-platforms.ts';
import { readVexFiles } from './vex-files.ts';

/** Scans one platform of an opened image by the packages that were found in it: its layers are not laid out anywhere. */
export async function scanOpened(
  context: PipelineContext,
  image: OpenedImage,
  platform: OpenedPlatform,
  content: ImageContent,
  { scanner, offline, osv, vex }: Settings,
): Promise<Fact<VulnerabilitiesFact>> {
  const reference = parseReference(image.name);
  return scanImage(context, {
    scanner,
    content,
    image: {
      digests: [platform.descriptor.digest, image.root.digest],
      references: reference.ok ? [reference.value] : [],
    },
    vex: await readVexFiles(vex),
    offline,
    osvUrl: osv.url,
    cache: vulnerabilityCache(context),
  });
}
