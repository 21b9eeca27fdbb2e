import { given, isObject, type JsonObject } from '../lib/json.ts';
import {
  type Annotations,
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type Manifest,
  MEDIA_TYPE,
} from '../model/image.ts';
import { type Digest, digestOf } from '../model/reference.ts';

interface LayerKind {
  readonly diffId: Digest;
  /** The base image's: never rewritten. */
  readonly isBase: boolean;
  /** First word of the instruction, upper case; undefined if the history does not say it. */
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

/** Manifest annotation: the `RuleSet.id` that made the own layers. */
export const NORMALISER_ANNOTATION = 'dev.scoville.normaliser';
/** BuildKit's note on a layer, which ours would contradict. */
const BUILDKIT_TIMES = 'buildkit/rewritten-timestamp';

/** The part of `NormalisedLayer` that counts here. */
interface NewLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly diffId: Digest;
  readonly mediaType: string;
}

export interface RebuildInput {
  /** As parsed; fields that the types do not know are kept. */
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly base: BasePart;
  /** The own layers, bottom first. */
  readonly layers: readonly NewLayer[];
  /** The layers' epoch, in seconds: history entries of the image's own get it. */
  readonly epoch: number;
  /** RFC 3339; the image's own `created`, usually the commit's time. */
  readonly created: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Annotations;
  readonly ruleSetId: string;
}

interface StoredDocument {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/**
 * Config and manifest of the image with its own layers replaced, as canonical JSON. Layers and
 * history of the base stay as they are. Throws where `layers` are not as many as the image has of
 * its own.
 */
export function rebuildImage(input: RebuildInput): {
  readonly config: StoredDocument;
  readonly manifest: StoredDocument;
} {
  const { manifest, config, base } = input;
  const total = config.rootfs.diff_ids.length;
  if (manifest.layers.length !== total || base.layers + input.layers.length !== total)
    throw new Error(
      `image has ${manifest.layers.length} layers and ${total} diffIDs, of which ${base.layers} are the base's and ${input.layers.length} were rewritten`,
    );
  const newConfig = stored(rebuiltConfig(input), manifest.config);
  const mediaType = manifest.mediaType ?? MEDIA_TYPE.manifest;
  const annotations = {
    ...manifest.annotations,
    ...input.annotations,
    [NORMALISER_ANNOTATION]: input.ruleSetId,
  };
  const newManifest: Manifest = {
    ...manifest,
    mediaType,
    config: newConfig.descriptor,
    layers: manifest.layers.map((layer, i) => rebuiltLayer(layer, i, input, mediaType)),
    annotations,
  };
  return { config: newConfig, manifest: stored(newManifest, { mediaType }) };
}

function rebuiltConfig({
  config,
  base,
  layers,
  epoch,
  created,
  labels,
}: RebuildInput): ImageConfig {
  const diffIds = config.rootfs.diff_ids.slice(0, base.layers);
  const time = new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
  const history = config.history?.map((entry, i): HistoryEntry =>
    i < base.history ? entry : { ...entry, ...steadyWords(entry), created: time },
  );
  const hasLabels = labels !== undefined && Object.keys(labels).length > 0;
  return {
    ...config,
    created,
    rootfs: { type: 'layers', diff_ids: [...diffIds, ...layers.map(({ diffId }) => diffId)] },
    ...given({
      history,
      config: hasLabels
        ? { ...config.config, Labels: { ...config.config?.Labels, ...labels } }
        : config.config,
    }),
  };
}

function rebuiltLayer(
  layer: Descriptor,
  index: number,
  { base, layers }: RebuildInput,
  manifestType: string,
): Descriptor {
  const { annotations, ...rest } = layer;
  const kept = Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([key]) => key !== BUILDKIT_TIMES),
  );
  const noted = Object.keys(kept).length === 0 ? rest : { ...rest, annotations: kept };
  const own = layers[index - base.layers];
  if (index < base.layers || own === undefined) return noted;
  const isDocker = manifestType === MEDIA_TYPE.dockerManifest;
  return {
    ...noted,
    mediaType:
      isDocker && own.mediaType === MEDIA_TYPE.layerGzip
        ? MEDIA_TYPE.dockerLayerGzip
        : own.mediaType,
    digest: own.digest,
    size: own.size,
  };
}

function stored(value: unknown, as: { readonly mediaType: string }): StoredDocument {
  const bytes = Buffer.from(canonicalJson(value), 'utf8');
  return { bytes, descriptor: { ...as, digest: digestOf(bytes), size: bytes.length } };
}

/** JSON without white space, keys in code unit order: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isObject(part) ? sorted(part) : part));
}

function sorted(value: JsonObject): Record<string, unknown> {
  // No prototype: a label may be named `__proto__`.
  const out = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) out[key] = value[key];
  return out;
}

const NAME = /^[A-Za-z_]\w*(?==|$)/;

/**
 * The words of a history entry for EXPOSE and ARG, the same for every BuildKit. Docker 26 writes
 * `EXPOSE map[80/tcp:{}]` and `ARG A`, Docker 28 `EXPOSE [80/tcp]` and `ARG A=1` for the same
 * build. Ports are sorted, and arguments keep their names only: a RUN's own entry has the values
 * that it used.
 */
function steadyWords({ created_by: text }: HistoryEntry): Pick<HistoryEntry, 'created_by'> {
  const ports = /^EXPOSE (?:map)?\[([^\]]*)\]$/.exec(text ?? '')?.[1];
  if (ports !== undefined) {
    const names = new Set(ports.split(' ').map((port) => port.replace(/:\{\}$/, '')));
    return { created_by: `EXPOSE [${[...names].sort().join(' ')}]` };
  }
  const declared = /^ARG (.*)$/s.exec(text ?? '')?.[1];
  if (declared === undefined) return {};
  const names = declared.split(/\s+/).flatMap((word) => NAME.exec(word)?.[0] ?? []);
  return { created_by: `ARG ${names.join(' ')}` };
}
