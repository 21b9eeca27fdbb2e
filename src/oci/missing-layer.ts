import { UserError } from '../model/errors.ts';
import type { Descriptor } from '../model/oci.ts';

/** A layer whose bytes its place lacks. Facts that need its contents are unknown. */
export class MissingLayerError extends UserError {
  /** True where the layer was never meant to be there: its `urls` name somebody else's server. */
  readonly foreign: boolean;

  constructor(layer: Descriptor, place: string, cause?: unknown) {
    const foreign = isForeign(layer);
    super(
      foreign
        ? `layer ${layer.digest} is foreign (non-distributable) and ${place} does not contain it; the address it names is not asked`
        : `${place} lacks layer ${layer.digest}`,
      {
        nextStep: foreign
          ? 'Push the image with its foreign layers (Docker: allow-nondistributable-artifacts), then grade it again.'
          : 'Fetch or save the image again: it is not complete.',
        ...(cause === undefined ? {} : { cause }),
      },
    );
    this.foreign = foreign;
  }
}

/**
 * True for layers that registries need not hold (image-spec, layer.md, "Non-Distributable Layers"):
 * their `urls` say where else they are.
 */
export function isForeign({ urls }: Descriptor): boolean {
  return (urls?.length ?? 0) > 0;
}
