import { tracedLayers } from '../../difference/pair-layers.ts';
import { copiedStage } from '../../dockerfile/copied-stage.ts';
import { layerLines } from '../../dockerfile/layer-lines.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { LineOf } from './compare-images.ts';

/** The Dockerfile line of each layer of the image built from it, and the stage it copies from. */
export function linesOf(
  dockerfile: DockerfileModel | undefined,
  { platforms }: OpenedImage,
): LineOf | undefined {
  if (dockerfile === undefined) return undefined;
  const lines = new Map<string, number>();
  for (const { layers, config } of platforms) {
    const found = layerLines(
      dockerfile,
      tracedLayers(layers, config).map(({ createdBy }) => createdBy),
    );
    for (const [i, line] of found.entries()) {
      const digest = layers[i]?.blob.digest;
      if (digest !== undefined && line !== undefined) lines.set(digest, line);
    }
  }
  return ({ blob }) => {
    const line = lines.get(blob.digest);
    if (line === undefined) return undefined;
    const copiedFrom = copiedStage(dockerfile, line);
    return { line, ...(copiedFrom === undefined ? {} : { copiedFrom }) };
  };
}
