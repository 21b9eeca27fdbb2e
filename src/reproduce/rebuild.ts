import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rfc3339 } from '../build/annotations.ts';
import { offered } from '../build/clock.ts';
import { parseBuildArgs } from '../build/command-line.ts';
import { noStdin } from '../build/context-source.ts';
import { exportOf, normaliseBuilt } from '../build/normalise-built.ts';
import { lockedRemotes } from '../build/plan-lock.ts';
import { type BuildPlan, layoutOutput, type RecordedValues } from '../build/plan.ts';
import { readBuild, type RecordedInputs } from '../build/read-build.ts';
import { runBuildKit } from '../build/run-buildkit.ts';
import { CLOCK_CONTEXT, sentDockerfile } from '../build/sent-dockerfile.ts';
import type { Build } from '../build/states.ts';
import { settingsOf } from '../config/find-settings.ts';
import { DEFAULT_SETTINGS } from '../config/schema.ts';
import { imageOfPurl } from '../facts/build-facts.ts';
import { readExportedIndex } from '../image/image-index.ts';
import type { BuildDirectory, LayoutStore } from '../image/layout/store.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { byName } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import {
  type Descriptor,
  type Manifest,
  MEDIA_TYPE,
  type OpenedImage,
  platformNameOf,
} from '../model/image.ts';
import type { LockedImage, LockFile, RecordedBuild, RecordedMount } from '../model/lock.ts';
import {
  formatReference,
  parseDigest,
  parseReference,
  withDefaultTag,
} from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { ruleSet } from '../normalize/catalogue.ts';
import { NORMALISER_ANNOTATION } from '../normalize/rebuild.ts';
import { OF_THE_RUN } from '../trust/provenance-read.ts';
import { PRELOAD } from './clock.ts';
import { type FetchedSource, unverifiable } from './fetch-source.ts';
import { type FetchedInputs, fetchInputs } from './inputs.ts';

/** Inputs from the user, since provenance does not contain them. */
export interface GivenInputs {
  /** `NAME=VALUE`. */
  readonly buildArgs: readonly string[];
  /** In the form of `--secret`: `id=...,src=...`. */
  readonly secrets: readonly string[];
  readonly ssh: readonly string[];
}

/** A recorded build as flags of `scoville build`. */
interface RebuildWords {
  readonly words: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Why it cannot be rebuilt as it was; empty if it can. */
  readonly obstacles: readonly string[];
  /** What can change the image although all else is equal; a difference then proves nothing. */
  readonly doubts: readonly string[];
}

/** As `SecretMask` writes it into provenance. */
const MASK = '[masked]';
/** They change where a build fetches from, not what; a stranger's proxy is not used. */
const PROXY = /^(?:https?|ftp|all|no)_proxy$/i;
/** Named by the Dockerfile itself, or by where it lies. */
const OF_THE_FILE = /^(?:filename|cmdline|source)$/;

/** Flags for the same build, and obstacles. Pure; hostile text of `record` stays in one word. */
export function rebuildWords(record: RecordedBuild, given: GivenInputs): RebuildWords {
  const words: string[] = [];
  const labels: Record<string, string> = {};
  const obstacles = record.otherLocals
    .filter((name) => name !== CLOCK_CONTEXT)
    .map((name) => `it was given the folder ${shown(name)}`);
  const own = new Set(given.buildArgs.map((text) => text.split('=', 1)[0] ?? ''));
  for (const [key, value] of byName(Object.entries(record.args))) {
    const [, kind = key, name = ''] = /^([^:]*):(.*)$/s.exec(key) ?? [];
    const isMasked = value.includes(MASK);
    if (kind === 'build-arg' && (PROXY.test(name) || own.has(name))) continue;
    if (isMasked) obstacles.push(`the value of ${shown(key)} is masked`);
    else if (kind === 'build-arg') {
      // Our record sets the epoch of our builds; buildx adds it to the arguments automatically.
      if (name !== 'SOURCE_DATE_EPOCH' || record.builder !== 'scoville')
        words.push(`--build-arg=${name}=${value}`);
    } else if (kind === 'label')
      Object.defineProperty(labels, name, { value, enumerable: true, configurable: true });
    else if (kind === 'context' && name === CLOCK_CONTEXT) continue;
    else if (kind === 'context') words.push(...imageContext(name, value, obstacles));
    else words.push(...attribute(key, value, obstacles));
  }
  obstacles.push(...ungiven('secret', record.secrets, given.secrets.map(idOf)));
  obstacles.push(...ungiven('SSH agent', record.ssh, given.ssh.map(sshId)));
  if (!record.isComplete) obstacles.push('the provenance leaves build arguments out (mode=min)');
  return {
    words: [
      ...words,
      ...given.buildArgs.map((text) => `--build-arg=${text}`),
      ...given.secrets.map((text) => `--secret=${text}`),
      ...given.ssh.map((text) => `--ssh=${text}`),
    ],
    labels,
    obstacles,
    doubts: record.secrets
      .filter(({ id, optional }) => optional && !given.secrets.map(idOf).includes(id))
      .map(({ id }) => `it may have been given the secret ${shown(id)}`),
  };
}

/** Anyone can get an image that replaces a name, but not the publisher's folder or repository. */
function imageContext(name: string, value: string, obstacles: string[]): readonly string[] {
  if (value.startsWith('docker-image://') && /^[\w./:@-]+$/.test(name))
    return [`--build-context=${name}=${value}`];
  obstacles.push(`it was given the context ${shown(name)}`);
  return [];
}

function attribute(key: string, value: string, obstacles: string[]): readonly string[] {
  if (OF_THE_RUN.test(key) || OF_THE_FILE.test(key)) return [];
  if (key === 'target' || key === 'shm-size') return [`--${key}=${value}`];
  if (key === 'ulimit') return value.split(',').map((one) => `--ulimit=${one}`);
  if (key === 'add-hosts')
    return value.split(',').map((one) => `--add-host=${one.replace('=', ':')}`);
  if (key === 'force-network-mode' && value === 'none') return ['--network=none'];
  if (key === 'force-network-mode' && value !== 'host') return [];
  obstacles.push(
    key === 'force-network-mode'
      ? 'it was built in the network of its host, which a stranger’s build is not given'
      : `it was built with ${shown(key)}, which cannot be repeated`,
  );
  return [];
}

function ungiven(
  what: string,
  wanted: readonly RecordedMount[],
  given: readonly string[],
): readonly string[] {
  return wanted
    .filter(({ id, optional }) => !optional && !given.includes(id))
    .map(({ id }) => `it was given the ${what} ${shown(id)}`);
}

function idOf(secret: string): string {
  return /(?:^|,)id=([^,]*)/.exec(secret)?.[1] ?? '';
}

function sshId(text: string): string {
  return text.split('=', 1)[0] ?? '';
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/**
 * The environment of the recorded build. A lock with images by digest and files of ADD by checksum;
 * the epoch; `created`, annotations and labels of the published image. `own` are the settings of
 * this machine's user. Of the `source`'s settings only the rules count. Throws UserError if this
 * version lacks the rules that normalized the image.
 */
function recordedInputs(
  image: OpenedImage,
  record: RecordedBuild & { readonly remotes?: LockFile['remotes'] | undefined },
  labels: Readonly<Record<string, string>>,
  { own, source }: { readonly own: Settings; readonly source: Settings },
): RecordedInputs {
  const mode = record.normaliser?.mode ?? 'off';
  const reproducible = { ...source.reproducible, mode, pin: true };
  const rules = ruleSet(mode, reproducible).id;
  const used = record.normaliser?.id ?? '';
  if (used !== '' && used !== rules)
    throw unverifiable(`its layers were normalized by rules ${used}, and here they are ${rules}`, {
      nextStep: 'take the version of scoville that its provenance names',
    });
  return {
    settings: { ...own, reproducible, sign: { ...own.sign, enabled: false }, lock: false },
    lock: {
      request: {
        path: 'its provenance',
        before: lockOf(record, rules),
        locked: false,
        dockerfile: undefined,
        normaliser: rules,
      },
      text: undefined,
      found: undefined,
    },
    values: valuesOf(image, record, labels),
  };
}

/** Image names that BuildKit used, with the digests it found. */
function recordedImages({ materials }: RecordedBuild): ReadonlyMap<string, LockedImage> {
  const images = new Map<string, LockedImage>();
  for (const { uri, digest: digests } of materials) {
    const digest = parseDigest(`sha256:${digests['sha256'] ?? ''}`);
    const reference = parseReference(imageOfPurl(uri) ?? '');
    if (digest === undefined || !reference.ok) continue;
    const name = formatReference(withDefaultTag(reference.value));
    images.set(name, { digest, local: false, platforms: new Map() });
  }
  return images;
}

function lockOf(record: Parameters<typeof recordedInputs>[1], normaliser: string): LockFile {
  return {
    images: recordedImages(record),
    builder: {},
    normaliser,
    snapshots: [],
    // Materials of a recorded build include what RUNs fetched.
    remotes: record.remotes ?? lockedRemotes(record.materials).remotes,
    packages: new Map(),
  };
}

function valuesOf(
  { index, platforms: [first, ...others] }: OpenedImage,
  { epoch, steady }: RecordedBuild,
  labels: Readonly<Record<string, string>>,
): RecordedValues {
  const entry = index?.manifests.find(({ digest }) => digest === first.descriptor.digest);
  const source = { source: 'lock', reason: 'the image’s provenance' } as const;
  return {
    epoch: epoch === undefined ? undefined : { seconds: epoch, ...source },
    steady,
    created: first.config.created ?? rfc3339(epoch ?? 0),
    annotations: {
      labels,
      index: index?.annotations ?? {},
      indexDescriptor: {},
      manifest: {},
      manifestDescriptor: entry?.annotations ?? {},
      byPlatform: [first, ...others].flatMap((one) => {
        const at = { platform: platformNameOf(one), level: 'manifest' } as const;
        return Object.entries(one.manifest.annotations ?? {})
          .filter(([key]) => key !== NORMALISER_ANNOTATION)
          .map(([key, value]) => ({ ...at, key, value }));
      }),
    },
  };
}

/** BuildKit's note on a layer whose times its exporter limited, in seconds since 1970. */
const REWRITTEN = 'buildkit/rewritten-timestamp';

/**
 * The build with BuildKit's own export, for an image that BuildKit published: its compressor, its
 * annotations, and rewritten times if a layer says so. `published` is that image's manifest.
 */
export function plainExport(plan: BuildPlan, published: Manifest): BuildPlan {
  const { layers, annotations = {} } = published;
  const top = layers.at(-1)?.mediaType;
  const isRewritten = layers.some((one) => one.annotations?.[REWRITTEN] !== undefined);
  const output = layoutOutput(plan.layout, [
    ...(top === MEDIA_TYPE.layerZstd ? ['compression=zstd'] : []),
    ...(top === MEDIA_TYPE.layer ? ['compression=uncompressed'] : []),
    ...(isRewritten ? ['rewrite-timestamp=true'] : []),
    ...Object.entries(annotations).map(([key, value]) => `annotation-manifest.${key}=${value}`),
  ]);
  return { ...plan, invocation: { ...plan.invocation, outputs: [output] } };
}

/** Modes that send another Dockerfile than the source's. */
const OFFERING = new Set<string>(['aggressive', 'deterministic']);

interface RebuildRequest {
  readonly image: OpenedImage;
  readonly record: RecordedBuild;
  readonly words: RebuildWords;
  readonly source: FetchedSource;
  /** Of this machine's user. */
  readonly settings: Settings;
  readonly store: LayoutStore;
  readonly directory: BuildDirectory;
}

/**
 * Builds what a provenance describes, from the fetched source, uncached, with the recorded images
 * and files enforced. Uses our export, or BuildKit's own for an image that BuildKit published.
 * Returns an exit code if buildx failed, else the resulting index or manifest, and why its RUNs may
 * have had more inputs than they were given. Throws UserError if the source does not fit the
 * record.
 */
export async function rebuild(context: PipelineContext, request: RebuildRequest) {
  const { image, record, store, directory } = request;
  const fetched = record.inputs && fetchInputs(image, record.inputs, directory.dir, context.signal);
  const inputs = await fetched?.catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw unverifiable(error.message, given({ nextStep: error.nextStep }));
  });
  const prepared = await prepare(context, request, inputs);
  requireSameDockerfile(prepared, record);
  requireRecorded(prepared.plan);
  for (const text of prepared.plan.notices) context.emit({ kind: 'notice', text });
  const isOurs = record.builder === 'scoville';
  const planned = isOurs
    ? ourBuild(prepared, compressionOf(image), inputs)
    : { ...prepared, plan: plainExport(prepared.plan, image.platforms[0].manifest) };
  context.emit({ kind: 'phase-started', phase: 'build' });
  const startedAt = context.now();
  const { exitCode, recording } = await runBuildKit(context, planned);
  if (exitCode !== 0) return exitCode;
  const seconds = (context.now() - startedAt) / 1000;
  context.emit({ kind: 'phase-done', phase: 'build', detail: 'built again', seconds });
  const { dockerfile } = prepared;
  const gaps = [...new Set([...(recording?.incomplete.values() ?? [])].flat())];
  if (!isOurs) return { root: await exportedRoot(directory.dir), dockerfile, gaps };
  const built = await exportOf(planned.plan, store.blobs);
  return { root: (await normaliseBuilt(context, planned, built)).index, dockerfile, gaps };
}

/** RUNs get the recorded fetches, if known, and no network. */
function ourBuild(
  prepared: Build,
  compression: 'gzip' | 'zstd',
  inputs: FetchedInputs | undefined,
): Build {
  const plan = { ...prepared.plan, compression };
  if (inputs === undefined) return { ...prepared, plan };
  const { fetches, incomplete = new Map<string, string[]>() } = inputs.lock;
  const replayed = { recording: { fetches, incomplete }, store: inputs.store };
  return {
    ...prepared,
    plan: { ...plan, hermetic: 'replay' },
    attached: { ...prepared.attached, replayed },
  };
}

/**
 * The normalizer's compressor, from the last layer; it does not matter without layers of its own.
 */
function compressionOf({ platforms: [{ manifest }] }: OpenedImage): 'gzip' | 'zstd' {
  return manifest.layers.at(-1)?.mediaType === MEDIA_TYPE.layerZstd ? 'zstd' : 'gzip';
}

async function prepare(
  context: PipelineContext,
  request: RebuildRequest,
  fetched: FetchedInputs | undefined,
): Promise<Build> {
  const { image, record, words, source, settings, store, directory } = request;
  const platforms = image.platforms.map(platformNameOf);
  const argv = ['--no-cache', `--platform=${platforms.join(',')}`, `--file=${source.dockerfile}`];
  const parsed = parseBuildArgs([...argv, ...words.words, source.context], context.env);
  if (!parsed.ok || parsed.value.kind === 'help')
    throw unverifiable(
      `its arguments are none that buildx takes${parsed.ok ? '' : `: ${parsed.error.message}`}`,
    );
  const own =
    record.source?.byBuildKit === true ? DEFAULT_SETTINGS : await sourceSettings(context, source);
  const inputs = recordedInputs(
    image,
    { ...record, remotes: fetched?.lock.remotes },
    words.labels,
    { own: settings, source: own },
  );
  const from = { parsed: parsed.value, stdin: noStdin(), store, directory, recorded: inputs };
  const prepared = await readBuild(context, from).catch((error: unknown) => {
    // Advice to change a lock or setting does not fit a rebuild.
    if (error instanceof UserError) throw unverifiable(error.message);
    throw error;
  });
  if (prepared.kind === 'passthrough') throw unverifiable(prepared.plan.reason);
  return prepared;
}

function sourceSettings(context: PipelineContext, source: FetchedSource): Promise<Settings> {
  const places = { named: undefined, startDir: source.context, userDir: undefined } as const;
  const { env } = context;
  return settingsOf({ ...places, env, task: 'project', now: context.now(), anyCriterion: true });
}

/**
 * The source must contain the provenance's Dockerfile: another may have been piped in, or been
 * outside of the repository.
 */
function requireSameDockerfile({ source, dockerfile }: Build, record: RecordedBuild): void {
  const { dockerfileText } = source;
  if (dockerfileText === undefined)
    throw unverifiable('the source has no Dockerfile where the provenance says');
  const { dockerfileText: recorded, normaliser } = record;
  if (recorded === undefined || recorded === dockerfileText) return;
  const isOffered = normaliser !== undefined && OFFERING.has(normaliser.mode);
  const sent =
    isOffered && dockerfile !== undefined
      ? sentDockerfile(dockerfileText, dockerfile, offered(dockerfile, record.steady))?.text
      : undefined;
  // The build found the images that declare LD_PRELOAD by running them.
  const isDeclared = new RegExp(`^ARG ${PRELOAD}\\r?\\n`, 'gm');
  if (recorded.replaceAll(isDeclared, '') !== sent?.replaceAll(isDeclared, ''))
    throw unverifiable('it was built with another Dockerfile than its source contains');
}

/** An image without a digest in record or Dockerfile would be what its tag points to now. */
function requireRecorded({ needed, lock }: BuildPlan): void {
  const free = needed
    .map(({ reference }) => ({ reference, name: formatReference(reference) }))
    .find(
      ({ reference, name }) =>
        reference.digest === undefined && lock?.before?.images.has(name) !== true,
    );
  if (free !== undefined)
    throw unverifiable(`its provenance does not say which ${free.name} it was built on`);
}

async function exportedRoot(layout: string): Promise<Descriptor> {
  const [image] = readExportedIndex(await readFile(join(layout, 'index.json')));
  if (image === undefined) throw unverifiable('buildx exported no image');
  return image;
}
