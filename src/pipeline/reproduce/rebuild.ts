import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '../../config/default-settings.ts';
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
import { plainExport } from '../../plans/reproduce/plain-export.ts';
import type { RebuildWords } from '../../plans/reproduce/rebuild-words.ts';
import { offeredDockerfile } from '../../plans/reproduce/steady-inputs.ts';
import type { PipelineContext } from '../context.ts';
import { noStdin } from '../contexts/context-source.ts';
import { normaliseBuilt } from '../image-build/normalise-built.ts';
import { prepareBuild, type Prepared } from '../image-build/prepare-build.ts';
import { readExport } from '../image-build/read-export.ts';
import { runBuildKit } from '../image-build/run-buildkit.ts';
import { sendGitModes } from '../image-build/send-modes.ts';
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
  /** Of whoever builds again. */
  readonly settings: Settings;
  readonly store: LayoutStore;
  readonly directory: BuildDirectory;
}

interface Rebuilt {
  /** The index or manifest that came out. */
  readonly root: Descriptor;
  readonly dockerfile: DockerfileModel | undefined;
}

/**
 * Builds what a provenance tells of, from the fetched source, uncached, with the recorded images and files enforced: as this program does, or for an
 * image that BuildKit itself published with its own export. An exit code where buildx failed. Throws UserError where the source does not fit the record.
 */
export async function rebuild(
  context: PipelineContext,
  request: RebuildRequest,
): Promise<Rebuilt | number> {
  const { image, record, store, directory } = request;
  const prepared = await prepare(context, request);
  requireSameDockerfile(prepared, record);
  requireRecorded(prepared.plan);
  for (const text of prepared.plan.notices) context.emit({ kind: 'notice', text });
  const isOurs = record.builder === 'scoville';
  const planned = isOurs
    ? { ...prepared, plan: { ...prepared.plan, compression: compressionOf(image) } }
    : { ...prepared, plan: plainExport(prepared.plan, image.platforms[0].manifest) };
  context.emit({ kind: 'phase-started', phase: 'build' });
  const sent = await sendGitModes(context, planned);
  const startedAt = context.now();
  const { exitCode } = await runBuildKit(context, sent.prepared).finally(sent.release);
  if (exitCode !== 0) return exitCode;
  const seconds = (context.now() - startedAt) / 1000;
  context.emit({ kind: 'phase-done', phase: 'build', detail: 'built again', seconds });
  const { dockerfile } = prepared;
  if (!isOurs) return { root: await exportedRoot(directory.dir), dockerfile };
  const built = await readExport(directory.dir, store.blobs);
  return { root: (await normaliseBuilt(context, planned, built)).index, dockerfile };
}

/** The normaliser's compressor, told by the last layer: with none of the image's own it does not matter. */
function compressionOf({ platforms: [{ manifest }] }: OpenedImage): 'gzip' | 'zstd' {
  return manifest.layers.at(-1)?.mediaType === MEDIA_TYPE.layerZstd ? 'zstd' : 'gzip';
}

async function prepare(context: PipelineContext, request: RebuildRequest): Promise<Prepared> {
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
  const inputs = recordedInputs(image, record, words.labels, { own: settings, source: own });
  const prepared = await prepareBuild(
    context,
    parsed.value,
    noStdin(),
    store,
    directory,
    'build',
    inputs,
  ).catch((error: unknown) => {
    // What would mend a build of one's own, another lock or setting, does not mend this one.
    if (error instanceof UserError) throw unverifiable(error.message);
    throw error;
  });
  if (prepared.kind === 'passthrough') throw unverifiable(prepared.plan.reason);
  return prepared;
}

function sourceSettings(context: PipelineContext, source: FetchedSource): Promise<Settings> {
  const places = { named: undefined, startDir: source.context, userDir: undefined } as const;
  return settingsOf({ ...places, task: 'project', now: context.now() });
}

/** Where the provenance holds the Dockerfile, the source has to hold the same: another was piped in, or lay outside of the repository. */
function requireSameDockerfile({ source, dockerfile }: Prepared, record: RecordedBuild): void {
  const { dockerfileText } = source;
  if (dockerfileText === undefined)
    throw unverifiable('the source has no Dockerfile where the provenance says');
  const { dockerfileText: recorded, normaliser } = record;
  if (recorded === undefined || recorded === dockerfileText) return;
  const isOffered = normaliser !== undefined && OFFERING.has(normaliser.mode);
  const sent =
    isOffered && dockerfile !== undefined
      ? offeredDockerfile(dockerfileText, dockerfile, record.steady)?.text
      : undefined;
  if (recorded !== sent)
    throw unverifiable('it was built with another Dockerfile than its source contains');
}

/** An image that neither the record nor the Dockerfile holds to a digest would be whatever its tag leads to now. */
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
