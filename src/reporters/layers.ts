import type { Digest } from '../model/digest.ts';
import type { HistoryEntry } from '../model/oci.ts';
import type { Package } from '../model/packages.ts';
import type { ImageContents } from '../model/report.ts';

/** A layer with what is known of where it comes from, lowest first. */
export interface LayerRow {
  readonly digest: Digest;
  /** Compressed bytes. */
  readonly size: number;
  /** The instruction from the image's history; undefined if history and layers do not match. */
  readonly createdBy: string | undefined;
  /** Undefined where nothing says which layers the base brought. */
  readonly fromBase: boolean | undefined;
  readonly packages: number;
}

/** One entry per layer; undefined if counts differ (OCI image-spec, config.md, "history"). */
function layerHistory(
  history: readonly HistoryEntry[] | undefined,
  layers: number,
): readonly HistoryEntry[] | undefined {
  const made = history?.filter((entry) => entry.empty_layer !== true);
  return made?.length === layers ? made : undefined;
}

const SECRET_WORD =
  '(?:token|secret|passw(?:or)?d|passphrase|credentials?|api_?key|access_?key|private_?key)';
const ASSIGNED = new RegExp(
  `((?<![\\w-])(?=[\\w-]*${SECRET_WORD})[\\w-]+\\s*[=:]\\s*)(?:"[^"]*"|'[^']*'|\\S+)`,
  'gi',
);

const FLAGGED = new RegExp(
  `((?<![\\w-])--(?=[\\w-]*${SECRET_WORD})[\\w-]+\\s+)(?:"[^"]*"|'[^']*'|[^\\s-]\\S*)`,
  'gi',
);

/** A report need not repeat what the history shows everybody. */
function masked(text: string): string {
  return text
    .replace(ASSIGNED, '$1…')
    .replace(FLAGGED, '$1…')
    .replace(/(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 …')
    .replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, '$1…@');
}

/** Removes what BuildKit and the classic builder add to an instruction, such as argument values. */
function instructionOf(createdBy: string): string {
  return masked(createdBy)
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, '')
    .replace(/^(?:RUN )?\|\d+ .*?(?=\/bin\/sh -c )/, '')
    .replace(/^(?:RUN )?\/bin\/sh -c /, 'RUN ')
    .replace(/(?<!\s)\s*# buildkit$/, '')
    .trim();
}

/** The instruction, or what a base that was not built from a Dockerfile says of itself. */
function saidBy(entry: HistoryEntry | undefined): string | undefined {
  const said = [entry?.created_by, entry?.comment].map((text) => text?.trim() ?? '');
  return said.find((text) => text !== '' && !text.startsWith('buildkit.'));
}

/** The manifest's layers with their history; empty if the manifest is not known. */
export function layerRows({ facts, baseLayers }: ImageContents): readonly LayerRow[] {
  if (!facts.image.known) return [];
  const { manifest, config } = facts.image.value;
  const counts = packagesByLayer(facts.packages.known ? facts.packages.value : []);
  const history = layerHistory(config.history, manifest.layers.length);
  return manifest.layers.map(({ digest, size }, index) => {
    const createdBy = saidBy(history?.[index]);
    return {
      digest,
      size,
      createdBy: createdBy === undefined ? undefined : instructionOf(createdBy.slice(0, 4096)),
      fromBase: baseLayers === undefined ? undefined : index < baseLayers,
      packages: counts.get(digest) ?? 0,
    };
  });
}

function packagesByLayer(packages: readonly Package[]): ReadonlyMap<Digest, number> {
  const counts = new Map<Digest, number>();
  for (const { location } of packages)
    counts.set(location.layer, (counts.get(location.layer) ?? 0) + 1);
  return counts;
}

/** Compressed bytes of all layers; undefined where the manifest is not known. */
export function layersSize({ facts }: ImageContents): number | undefined {
  return facts.image.known
    ? facts.image.value.manifest.layers.reduce((sum, { size }) => sum + size, 0)
    : undefined;
}
