import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layerLines } from '../dockerfile/layer-lines.ts';
import { listedFiles } from '../facts/filesystem.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { openCache } from '../image/caches.ts';
import { parseImageConfig, parseManifest } from '../image/documents.ts';
import { imageParts, readExportedIndex } from '../image/image-index.ts';
import { plainLayer } from '../image/walk/unpack-layer.ts';
import { UserError } from '../lib/errors.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { type Descriptor, MEDIA_TYPE, platformOf } from '../model/image.ts';
import { fileTimeOf } from '../model/lock.ts';
import type { Digest } from '../model/reference.ts';
import { PREDICATE_TYPE, type Statement } from '../model/statement.ts';
import { ruleSet } from '../normalize/catalogue.ts';
import { layerKey, type NormalisedLayer, normaliseLayer } from '../normalize/normalise-layer.ts';
import { type BasePart, layerKinds, rebuildImage } from '../normalize/rebuild.ts';
import { restoredProvenance, withoutInjected } from '../reproduce/recorded-fetches.ts';
import { parseStatement } from '../trust/bundle.ts';
import { EARLIEST_EPOCH } from './annotations.ts';
import { SEED } from './clock.ts';
import type { BuiltPlatform, FinalImage, FinalPlatform } from './image-under-build.ts';
import type { BuildPlan } from './plan.ts';
import type { FoundImage } from './registries.ts';
import type { Build } from './states.ts';
import { annotationsFor, warnOfLost, writeIndex } from './write-index.ts';

const PREDICATE_ANNOTATION = 'in-toto.io/predicate-type';
const MAX_STATEMENT = 32 * 1024 * 1024;

/** What BuildKit exported, as it would be without what puts RUNs behind a proxy. */
export async function exportOf(
  { layout, hermetic }: Pick<BuildPlan, 'layout' | 'hermetic'>,
  blobs: BlobStore,
): Promise<readonly BuiltPlatform[]> {
  const built = await readExport(layout, blobs);
  return hermetic === undefined ? built : built.map(restored);
}

function restored(built: BuiltPlatform): BuiltPlatform {
  const { config, provenance } = built;
  const history = config.history?.flatMap((entry) => withoutInjected(entry) ?? []);
  return {
    ...built,
    config: { ...config, ...(history === undefined ? {} : { history }) },
    provenance: provenance && {
      ...provenance,
      predicate: restoredProvenance(provenance.predicate),
    },
  };
}

/** Reads a layout that buildx exported: platforms, provenance. Throws UserError if unreadable. */
export async function readExport(
  layout: string,
  blobs: BlobStore,
): Promise<readonly BuiltPlatform[]> {
  const [image, second] = readExportedIndex(await readFile(join(layout, 'index.json')));
  if (image === undefined || second !== undefined)
    throw new UserError('buildx exported no image, or more than one, into the layout', {
      nextStep:
        'Run the build again; if it stays so, report it with the output of `docker buildx version`.',
    });
  const { manifests, attestations } = await imageParts(image, (d) => blobs.readDocument(d));
  return Promise.all(
    manifests.map(async (descriptor) => {
      const manifest = parseManifest(await blobs.readDocument(descriptor), descriptor.digest);
      const { digest } = manifest.config;
      const config = parseImageConfig(await blobs.readDocument(manifest.config), digest);
      const mine = attestations.find(({ subject }) => subject === descriptor.digest);
      const provenance = mine && (await provenanceOf(mine.descriptor, blobs));
      return { descriptor, manifest, config, provenance };
    }),
  );
}

async function provenanceOf(
  descriptor: Descriptor,
  blobs: BlobStore,
): Promise<Statement | undefined> {
  const manifest = parseManifest(await blobs.readDocument(descriptor), descriptor.digest);
  const { slsaProvenanceV02, slsaProvenanceV1 } = PREDICATE_TYPE;
  for (const layer of manifest.layers) {
    const type = layer.annotations?.[PREDICATE_ANNOTATION];
    if (type !== slsaProvenanceV02 && type !== slsaProvenanceV1) continue;
    const statement = parseStatement(await blobs.read(layer.digest, MAX_STATEMENT));
    if (statement.ok) return statement.value;
    // An image without provenance is not what was asked for.
    throw new UserError(`BuildKit's provenance could not be read: ${statement.error}`, {
      nextStep: 'build with --provenance=false to go without, and report this',
    });
  }
  return undefined;
}

type How = Omit<Parameters<typeof layerKey>[0], 'sourceDiffId' | 'copied' | 'earlier'>;

/** Rewrites own layers, keeps base layers, renews config and manifest (repro.md, "layer epoch"). */
async function normalisePlatform(
  context: PipelineContext,
  { plan, store, images, together }: Build,
  built: BuiltPlatform,
  how: How,
): Promise<{ readonly platform: FinalPlatform; readonly rewritten: number }> {
  const { blobs } = store;
  const linked = together.linked.flatMap((link) => link.layers.map((layers) => ({ layers })));
  const base = baseOf(built, [...images, ...linked]);
  const cache = openCache(context, 'layers', how.rules.id);
  const layers: NormalisedLayer[] = [];
  let rewritten = 0;
  for (const [i, { isBase, copied }] of layerKinds(built.config, base).entries()) {
    if (isBase) continue;
    context.signal.throwIfAborted();
    const below = layers.at(-1);
    const input = { ...how, copied, ...(below === undefined ? {} : { earlier: below.trail }) };
    const key = layerKey({ ...input, sourceDiffId: sourceOf(built, i).diffId });
    const before = (await cache.get(key)) as NormalisedLayer | undefined;
    const isKept = before !== undefined && (await blobs.size(before.digest)) === before.size;
    const layer = isKept ? before : await rewrittenLayer(context, blobs, sourceOf(built, i), input);
    layers.push(layer);
    if (isKept) continue;
    await cache.set(key, layer);
    rewritten += 1;
  }
  const { config, manifest } = rebuildImage({
    manifest: built.manifest,
    config: built.config,
    base,
    layers,
    epoch: how.epoch,
    created: plan.created,
    annotations: annotationsFor(plan.annotations, 'manifest', platformOf(built)),
    ruleSetId: how.rules.id,
  });
  await blobs.write(config.bytes);
  await blobs.write(manifest.bytes);
  const files = (pick: 'touched' | 'reports'): FinalPlatform['touched'] =>
    layers.flatMap((layer) =>
      layer[pick].map(({ path, rule }) => ({ layer: layer.digest, path, rule })),
    );
  const platform = {
    built,
    descriptor: manifest.descriptor,
    manifest: documentOf(manifest.bytes) as FinalPlatform['manifest'],
    config: documentOf(config.bytes) as FinalPlatform['config'],
    baseLayers: base.layers,
    touched: files('touched'),
    reports: files('reports'),
  };
  return { rewritten, platform };
}

function documentOf(bytes: Uint8Array): unknown {
  // eslint-disable-next-line no-restricted-syntax -- documents that this build normalized and wrote
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

interface SourceLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
}

function sourceOf({ config, manifest, descriptor }: BuiltPlatform, index: number): SourceLayer {
  const diffId = config.rootfs.diff_ids[index];
  const blob = manifest.layers[index];
  if (diffId === undefined || blob === undefined)
    throw new UserError(`BuildKit's image ${descriptor.digest} has no layer ${index}`);
  return { blob, diffId };
}

/** From this size on, reading a layer again takes longer than loading the code that reads it. */
const LARGE = 16 * 1024 * 1024;

async function rewrittenLayer(
  context: PipelineContext,
  blobs: BlobStore,
  { blob, diffId }: SourceLayer,
  input: How & { readonly copied: boolean; readonly earlier?: NormalisedLayer['trail'] },
): Promise<NormalisedLayer> {
  const { signal, emit } = context;
  const { digest, size } = blob;
  const isPlain = blob.mediaType === MEDIA_TYPE.layer;
  // Read again only for a file in a compressed layer, which must be read from the start.
  const open = async function* (): AsyncIterable<Uint8Array> {
    let done = 0;
    for await (const chunk of plainLayer(blobs, digest)) {
      done += chunk.length;
      emit({ kind: 'transfer', phase: 'normalise', digest, done, total: isPlain ? size : 0 });
      yield chunk;
    }
  };
  const writer = await blobs.createWriter();
  const rewrite = (onPlain?: (plain: Uint8Array) => void): Promise<NormalisedLayer> =>
    normaliseLayer({
      ...input,
      open,
      onPlain,
      ...(isPlain ? { openAt: (start: number) => blobs.openRead(digest, { start }) } : {}),
      write: (chunk) => {
        // A layer may take minutes; Ctrl-C does not wait for its end.
        signal.throwIfAborted();
        return writer.write(chunk);
      },
    });
  try {
    const layer =
      size < LARGE
        ? await rewrite()
        : await (await import('../grade/inspect-layers.ts')).collectWhile(context, rewrite);
    if (layer.sourceDiffId !== diffId)
      throw new UserError(
        `layer ${digest} in the layout is damaged: its content has another diffID`,
        { nextStep: 'scoville prune --all, then build again' },
      );
    await writer.commit(layer.digest);
    return layer;
  } finally {
    await writer.abort();
  }
}

/** Layers of the base: by its diffIDs, else those that BuildKit left compressed. */
function baseOf(built: BuiltPlatform, bases: readonly Pick<FoundImage, 'layers'>[]): BasePart {
  const own = built.config.rootfs.diff_ids;
  const known = bases.flatMap(({ layers }) =>
    layers !== undefined && layers.every((diffId, i) => own[i] === diffId) ? [layers.length] : [],
  );
  const firstPlain = built.manifest.layers.findIndex(
    ({ mediaType }) => mediaType === MEDIA_TYPE.layer,
  );
  const layers = known.length > 0 ? Math.max(...known) : firstPlain < 0 ? own.length : firstPlain;
  return { layers, history: historyOf(built, layers) };
}

function historyOf(built: BuiltPlatform, layers: number): number {
  let left = layers;
  const entries = built.config.history ?? [];
  const end = entries.findIndex((entry) => {
    if (left === 0) return true;
    if (entry.empty_layer !== true) left -= 1;
    return false;
  });
  return end < 0 ? entries.length : end;
}

const KEYS = new Set(['private-keys', 'fresh-certificates']);
/** Found by its name alone, and never drawn. */
const GIT_DIRECTORY = 'git-directory';
/** Drawn at random by what installs or first starts them, and a secret whatever they say. */
const DRAWN =
  /(?:^|\/)(?:\.erlang\.cookie|releases\/COOKIE|random[-_]seed|\.rnd|prng_exch|ssh_host_[a-z0-9]+_key|machine-id)$/;
/** Names of keys in forms that no rule reads (bytes, base64, hex); not in usr/share or usr/lib. */
const NAMED =
  /^(?!usr\/(?:share|lib)\/)(?:.*\/)?(?:[^/]*\.(?:key|psk|secret|secrets|keytab|keyring|private|priv)|[^/]*[-_](?:secret|secret_key|private_key)|keyfile|tsig\.conf|sasl_passwd|\.k5\.[^/]+|wireguard\/[^/]+)$/i;
const SHOWN = 5;

/** True for a file that a seeded build may not write, whatever is in it: it fails closed. */
export function isSecretName(path: string): boolean {
  return DRAWN.test(path) || NAMED.test(path);
}

interface Place {
  readonly path: string;
  readonly what: string;
  readonly line: number | undefined;
}

/** True if RUNs draw seeded random numbers: by a setting, or a seed in Dockerfile or arguments. */
export function isSeeded({ plan, source }: Pick<Build, 'plan' | 'source'>): boolean {
  const { steady, invocation } = plan;
  const isGiven = invocation.flags.some(
    (one) => one.name === 'build-arg' && one.value.startsWith(SEED),
  );
  return steady?.seed !== undefined || isGiven || source.dockerfileText?.includes(SEED) === true;
}

/** Throws UserError for secrets in a seeded build: the seed is public, so anyone can make them. */
async function refusePredictable(
  context: PipelineContext,
  build: Build,
  platforms: readonly FinalPlatform[],
): Promise<void> {
  if (!isSeeded(build)) return;
  const places: Place[] = [];
  for (const platform of platforms) places.push(...(await secretPlaces(context, build, platform)));
  const [first] = places;
  if (first === undefined) return;
  const named = places
    .slice(0, SHOWN)
    .map(
      ({ path, what, line }) =>
        `${path} (${what}${line === undefined ? '' : `, Dockerfile line ${line}`})`,
    );
  const more = places.length > SHOWN ? `, and ${places.length - SHOWN} more` : '';
  throw new UserError(
    `predictable secrets: with seeded random numbers, anyone can make ${named.join(', ')}${more}`,
    {
      nextStep:
        'make them when the container starts or mount them, and remove them in the same RUN; or build without the seed',
    },
  );
}

async function secretPlaces(
  context: PipelineContext,
  { store, dockerfile }: Build,
  { manifest, config, baseLayers, reports }: FinalPlatform,
): Promise<readonly Place[]> {
  const layers = manifest.layers.flatMap((blob, i) => {
    const diffId = config.rootfs.diff_ids[i];
    return diffId === undefined ? [] : [{ blob, diffId }];
  });
  const { tracedLayers } = await import('../reproduce/compare-entries.ts');
  const made = tracedLayers(layers, config).map(({ createdBy }) => createdBy);
  const lines = dockerfile === undefined ? [] : layerLines(dockerfile, made);
  const own = layers.slice(baseLayers);
  const { inspectLayers } = await import('../grade/inspect-layers.ts');
  const { facts } = await inspectLayers(
    own,
    { openLayer: ({ digest }) => Promise.resolve(store.blobs.openRead(digest)) },
    { cache: context, signal: context.signal },
  );
  const lineOf = (digest: string): number | undefined =>
    lines[layers.findIndex(({ blob }) => blob.digest === digest)];
  const found = facts.flatMap((layer, i) => {
    const line = lines[baseLayers + i];
    const drawn = listedFiles(layer)
      .filter(isSecretName)
      .map((path) => ({ path, what: 'named as a secret', line }));
    const said = layer.secrets
      .filter(({ rule }) => rule !== GIT_DIRECTORY)
      .map(({ path, rule }) => ({ path, what: rule, line }));
    return withOthers(said, drawn);
  });
  const reported = reports
    .filter(({ rule }) => KEYS.has(rule))
    .map(({ path, rule, layer }) => ({ path, what: rule, line: lineOf(layer) }));
  return withOthers(found, reported);
}

function withOthers(places: readonly Place[], others: readonly Place[]): readonly Place[] {
  return [...places, ...others.filter(({ path }) => !places.some((one) => one.path === path))];
}

/** Rewrites own layers and makes the index. Throws UserError for secrets of a seeded build. */
export async function normaliseBuilt(
  context: PipelineContext,
  build: Build,
  built: readonly BuiltPlatform[],
): Promise<FinalImage> {
  const { plan } = build;
  const { steady, settings } = plan;
  warnOfLost(context, plan.annotations, built.map(platformOf));
  const rules = ruleSet(settings.reproducible.mode, settings.reproducible);
  const how: How = {
    rules,
    compression: plan.compression === 'zstd' ? 'zstd' : 'gzip',
    // With the rules off any will do, as nothing is later than it.
    epoch: plan.epoch?.seconds ?? EARLIEST_EPOCH,
    fileTime: steady && fileTimeOf(steady),
  };
  const done = await phase(
    context,
    'normalise',
    async () => {
      const all = [];
      for (const one of built) all.push(await normalisePlatform(context, build, one, how));
      return all;
    },
    (all) => {
      const rewritten = all.reduce((sum, one) => sum + one.rewritten, 0);
      const touched = all.flatMap(({ platform }) => platform.touched).length;
      return {
        detail: `${quantity(rewritten, 'layer')} made reproducible, ${quantity(touched, 'file')} changed`,
        cached: rewritten === 0,
      };
    },
  );
  const platforms = done.map(({ platform }) => platform);
  for (const { touched } of platforms)
    for (const file of touched) context.emit({ kind: 'file-normalised', ...file });
  await refusePredictable(context, build, platforms);
  return { index: await writeIndex(context, build, platforms), platforms };
}
