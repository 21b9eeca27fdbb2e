import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '../../config/schema.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, MEDIA_TYPE, platformNameOf } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { RecordedBuild } from '../../model/recorded-build.ts';
import { formatReference } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { readExportedIndex } from '../../oci/image-index.ts';
import type { BuildDirectory } from '../../oci/layout/build-directory.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { parseBuildArgs } from '../../plans/flags/parse-build-args.ts';
import { sentDockerfile } from '../../plans/hermetic/sent-dockerfile.ts';
import { plainExport } from '../../plans/reproduce/plain-export.ts';
import type { RebuildWords } from '../../plans/reproduce/rebuild-words.ts';
import { offered } from '../../plans/reproduce/steady-inputs.ts';
import { PRELOAD } from '../../plans/reproduce/steady-library.ts';
import type { PipelineContext } from '../context.ts';
import { noStdin } from '../contexts/context-source.ts';
import { type FetchedInputs, fetchInputs } from '../hermetic/fetch-inputs.ts';
import { normaliseBuilt } from '../image-build/normalise-built.ts';
import { readBuild } from '../image-build/read-build.ts';
import { exportOf } from '../image-build/read-export.ts';
import { runBuildKit } from '../image-build/run-buildkit.ts';
import type { Build } from '../image-build/states.ts';
import { settingsOf } from '../load-settings.ts';
import { type FetchedSource, unverifiable } from './fetch-source.ts';
import { recordedInputs } from './recorded-inputs.ts';

/** Modes in which another Dockerfile is sent than the source has. */
const OFFERING = new Set<string>(['aggressive', 'deterministic']);

interface RebuildRequest {
  readonly image: OpenedImage;
  readonly record: RecordedBuild;
  readonly words: RebuildWords;
  readonly source: FetchedSource;
  /** Of the user of this machine. */
  readonly settings: Settings;
  readonly store: LayoutStore;
  readonly directory: BuildDirectory;
}

interface Rebuilt {
  /** The index or manifest that came out. */
  readonly root: Descriptor;
  readonly dockerfile: DockerfileModel | undefined;
  /** Why what its RUNs were given may not be all that they had. */
  readonly gaps: readonly string[];
}

/**
 * Builds what a provenance describes, from the fetched source, uncached, with the recorded images
 * and files enforced: as this program does, or for an image that BuildKit itself published with its
 * own export. An exit code where buildx failed. Throws UserError where the source does not fit the
 * record.
 */
export async function rebuild(
  context: PipelineContext,
  request: RebuildRequest,
): Promise<Rebuilt | number> {
  const { image, record, store, directory } = request;
  const inputs =
    record.inputs === undefined
      ? undefined
      : await fetchInputs(image, record.inputs, directory.dir, context.signal).catch(
          (error: unknown) => {
            if (!(error instanceof UserError)) throw error;
            const { message, nextStep } = error;
            throw unverifiable(message, nextStep === undefined ? {} : { nextStep });
          },
        );
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

/** Where it is known what the RUNs fetched, they are given that, and have no network. */
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

/** The normalizer's compressor, by the last layer; without layers of its own it does not matter. */
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
  const parsed = parseBuildArgs(
    [
      '--no-cache',
      `--platform=${platforms.join(',')}`,
      `--file=${source.dockerfile}`,
      ...words.words,
      source.context,
    ],
    context.env,
  );
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
  const prepared = await readBuild(context, {
    parsed: parsed.value,
    stdin: noStdin(),
    store,
    directory,
    recorded: inputs,
  }).catch((error: unknown) => {
    // Another lock or setting would fix a build of one's own, but not this one.
    if (error instanceof UserError) throw unverifiable(error.message);
    throw error;
  });
  if (prepared.kind === 'passthrough') throw unverifiable(prepared.plan.reason);
  return prepared;
}

function sourceSettings(context: PipelineContext, source: FetchedSource): Promise<Settings> {
  const places = { named: undefined, startDir: source.context, userDir: undefined } as const;
  return settingsOf({ ...places, task: 'project', now: context.now(), anyCriterion: true });
}

/**
 * Requires the provenance's Dockerfile, if any, in the source: another may have been piped in, or
 * lain outside of the repository.
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
  // Which images ask for LD_PRELOAD was found out by running them.
  const isDeclared = new RegExp(`^ARG ${PRELOAD}\\r?\\n`, 'gm');
  if (recorded.replaceAll(isDeclared, '') !== sent?.replaceAll(isDeclared, ''))
    throw unverifiable('it was built with another Dockerfile than its source contains');
}

/** An image with no digest in the record or Dockerfile would be what its tag points to now. */
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
  return image.descriptor;
}
