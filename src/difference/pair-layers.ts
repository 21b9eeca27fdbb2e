import type { Digest } from '../model/digest.ts';
import type { Descriptor, ImageConfig } from '../model/oci.ts';

/** A layer with the instruction that wrote it, as the image's history has it. */
export interface TracedLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly createdBy: string | undefined;
}

export interface LayerPair {
  readonly first: TracedLayer | undefined;
  readonly second: TracedLayer | undefined;
}

/** Layers with their non-empty history entries, in order (OCI image-spec, config.md, "history"). */
export function tracedLayers(
  layers: readonly { readonly blob: Descriptor; readonly diffId: Digest }[],
  config: ImageConfig,
): readonly TracedLayer[] {
  const written = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  // A history that does not fit says nothing of which layer is whose.
  const fits = written.length === layers.length;
  return layers.map((layer, i) => ({
    ...layer,
    createdBy: fits ? written[i]?.created_by : undefined,
  }));
}

/**
 * Which layer of one image to compare with which of the other: the same instruction where the
 * histories say so, else the same place. The longest common sequence of instructions; what is left
 * over stands alone.
 */
export function pairLayers(
  first: readonly TracedLayer[],
  second: readonly TracedLayer[],
): readonly LayerPair[] {
  const known = [...first, ...second].every(({ createdBy }) => createdBy !== undefined);
  if (first.length === second.length || !known || first.length * second.length > 1_000_000)
    return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => ({
      first: first[i],
      second: second[i],
    }));
  return bySequence(first, second);
}

function bySequence(
  first: readonly TracedLayer[],
  second: readonly TracedLayer[],
): readonly LayerPair[] {
  const width = second.length + 1;
  const lengths = new Uint16Array((first.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  const same = (i: number, j: number): boolean => first[i]?.createdBy === second[j]?.createdBy;
  for (let i = first.length - 1; i >= 0; i -= 1)
    for (let j = second.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = same(i, j)
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: LayerPair[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && same(i, j))
      pairs.push({ first: first[i++], second: second[j++] });
    else if (j >= second.length || (i < first.length && at(i + 1, j) >= at(i, j + 1)))
      pairs.push({ first: first[i++], second: undefined });
    else pairs.push({ first: undefined, second: second[j++] });
  }
  return pairs;
}
