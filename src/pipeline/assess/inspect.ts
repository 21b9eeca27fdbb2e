import { joined, manifestSecrets, statementSecrets } from '../../facts/secrets/document-secrets.ts';
import { known, unknownFact } from '../../model/facts.ts';
import { platformNameOf } from '../../model/oci.ts';
import type { OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import { quantity } from '../../model/quantity.ts';
import { isForeign, MissingLayerError } from '../../oci/missing-layer.ts';
import { type PipelineContext, phase } from '../context.ts';
import { inspectPlatform } from '../layers/inspect-image.ts';
import type { Inspected, InspectedPlatform, PlatformEvidence } from './evidence.ts';

/**
 * Reads the layers of every platform, each layer once, and searches them and the documents around
 * them for secrets. `secrets: false` leaves out that search in the layers. Throws UserError where
 * a layer is missing or damaged; one that may not be handed out makes the content unknown.
 */
export function inspect<E extends PlatformEvidence>(
  context: PipelineContext,
  image: OpenedImage,
  evidence: readonly E[],
  { secrets }: { readonly secrets: boolean },
): Promise<readonly (E & Inspected)[]> {
  return phase(
    context,
    'inspect',
    async () => {
      const inspected: (E & Inspected)[] = [];
      for (const one of evidence) {
        const { platform, buildArgs, predicates } = one;
        const documents = [image.index, platform.manifest];
        const elsewhere = joined([
          ...documents.map(manifestSecrets),
          ...predicates.map(statementSecrets),
        ]);
        try {
          const options = { secrets, elsewhere };
          const found = await inspectPlatform(context, image, platform, buildArgs, options);
          if (found.read < platform.layers.length) await requireLayers(image, platform);
          inspected.push({ ...one, content: known(found.content, 'image'), read: found.read });
        } catch (error) {
          if (!(error instanceof MissingLayerError && error.foreign)) throw error;
          inspected.push({ ...one, content: unknownFact(error.message, error.nextStep), read: 0 });
        }
      }
      return inspected;
    },
    (all) => ({
      detail: all.map((one) => found(one, all.length > 1)).join('; '),
      cached: all.every(({ content, read }) => content.known && read === 0),
    }),
    toRead(evidence),
  );
}

/** Reading less than that takes no time that needs a word. */
const MUCH_BYTES = 32e6;

function toRead(evidence: readonly PlatformEvidence[]): { detail?: string; bytes?: number } {
  const layers = evidence.flatMap(({ platform }) => platform.layers);
  const bytes = layers.reduce((sum, { blob }) => sum + blob.size, 0);
  return bytes < MUCH_BYTES ? {} : { detail: quantity(layers.length, 'layer'), bytes };
}

/** Facts that were kept do not make an image whole. Throws MissingLayerError. */
async function requireLayers(image: OpenedImage, { layers }: OpenedPlatform): Promise<void> {
  const held = await Promise.all(
    layers.map(async ({ blob }) => isForeign(blob) || (await image.hasLayer(blob))),
  );
  const missing = layers[held.indexOf(false)];
  if (missing !== undefined) throw new MissingLayerError(missing.blob, image.name);
}

function found({ platform, content, read }: InspectedPlatform, isNamed: boolean): string {
  const name = isNamed ? `${platformNameOf(platform)}: ` : '';
  if (!content.known) return `${name}${content.reason}`;
  const { packages, filesystem } = content.value;
  const counts = [quantity(packages.length, 'package'), quantity(filesystem.fileCount, 'file')];
  const layers = `${read} of ${quantity(platform.layers.length, 'layer')} read`;
  return `${name}${[...counts, layers].join(', ')}`;
}
