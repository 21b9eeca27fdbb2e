import type { Digest } from '../model/digest.ts';
import type { HistoryEntry, ImageConfig } from '../model/oci.ts';

/** Where a layer comes from. */
interface LayerKind {
  readonly diffId: Digest;
  /** The base image's: never rewritten. */
  readonly isBase: boolean;
  /** First word of the instruction, upper case; undefined where the history does not tell. */
  readonly instruction: string | undefined;
  /** Made by COPY or ADD: the times in it are the context's. */
  readonly copied: boolean;
  /** `created_by` of the layer's history entry. */
  readonly createdBy: string | undefined;
}

/** How much of an image is its base's: layers, and history entries (also those without a layer). */
export interface BasePart {
  readonly layers: number;
  readonly history: number;
}

/** One per layer, bottom first. Where history and layers differ in number, kinds are unknown. */
export function layerKinds(config: ImageConfig, base: BasePart): LayerKind[] {
  const diffIds = config.rootfs.diff_ids;
  const entries = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  const isComplete = entries.length === diffIds.length;
  return diffIds.map((diffId, i) => {
    const createdBy = isComplete ? entries[i]?.created_by : undefined;
    const instruction = instructionOf(entries[i], isComplete);
    return {
      diffId,
      isBase: i < base.layers,
      instruction,
      copied: instruction === 'COPY' || instruction === 'ADD',
      createdBy,
    };
  });
}

/**
 * BuildKit writes the instruction itself; the classic builder writes `/bin/sh -c #(nop) COPY …`,
 * and a RUN as its shell command.
 */
function instructionOf(entry: HistoryEntry | undefined, isComplete: boolean): string | undefined {
  const text = entry?.created_by;
  if (!isComplete || text === undefined) return undefined;
  const classic = /#\(nop\)\s+([A-Z]+)\b/.exec(text);
  if (classic?.[1] !== undefined) return classic[1];
  const first = /^([A-Z]+)(?=\s)/.exec(text)?.[1];
  return first ?? (text.startsWith('/bin/sh -c ') ? 'RUN' : undefined);
}
