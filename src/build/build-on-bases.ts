import { analyseDockerfile } from '../dockerfile/analyse-dockerfile.ts';
import { buildFact as assemble, type EnforcedImage } from '../facts/build-facts.ts';
import { diskError, DiskError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import type { LinkedTarget, PipelineEvent } from '../model/events.ts';
import type { BuildFact, Fact } from '../model/facts.ts';
import { formatReference, parseDigest } from '../model/reference.ts';
import { fetchedMaterials } from '../reproduce/recorded-fetches.ts';
import { type Base, checkBases, requireBases, withSigners } from '../trust/bases.ts';
import { parseProvenance, type ReadProvenance } from '../trust/provenance-read.ts';
import { resolveSigner, type Signer } from '../trust/signer.ts';
import { headStartOf } from './head-start.ts';
import type { BuiltPlatform } from './image-under-build.ts';
import { exportOf } from './normalise-built.ts';
import { Registries } from './registries.ts';
import { type BuildKitRun, runBuildKit } from './run-buildkit.ts';
import type { Build, Built } from './states.ts';

type Known = Pick<Built, 'dockerfile' | 'analysis' | 'plan' | 'bases' | 'recording' | 'together'>;

/** How this build was made: its Dockerfile, its images with BuildKit's digests, its actual end. */
export function buildFact(build: Known, built: BuiltPlatform, finishedAt: number): Fact<BuildFact> {
  const provenance = withoutLinks(provenanceOf(built), build.together.linked);
  const { plan, recording } = build;
  // A recording, or one with gaps, pinned no fetch.
  const isReplayed = plan.hermetic === 'replay' && recording?.incomplete.size === 0;
  const fact = assemble({
    dockerfile: dockerfileOf(build, provenance),
    noDockerfile: 'the Dockerfile of this context could not be read, before or after the build',
    // The policy of one build pins nothing for tomorrow; only a lock file does.
    enforced: enforcedByLock(plan),
    finishedAt: new Date(finishedAt).toISOString(),
    ...given({
      epoch: plan.epoch?.seconds,
      replayed: isReplayed ? fetchedMaterials(recording.fetches) : undefined,
      provenance: provenance && ({ view: provenance, source: 'build' } as const),
    }),
  });
  return withSigners(fact, build.bases);
}

/** Targets of the same bake are not external; the Dockerfile's model has what they contributed. */
function withoutLinks(
  provenance: ReadProvenance | undefined,
  links: readonly LinkedTarget[],
): ReadProvenance | undefined {
  if (provenance === undefined || links.length === 0) return provenance;
  const own = links.filter(({ dockerfile }) => dockerfile !== undefined);
  const isOwn = ({ uri, digest }: ReadProvenance['materials'][number]): boolean =>
    uri.startsWith('pkg:oci/') && own.some((link) => link.digest === `sha256:${digest['sha256']}`);
  return { ...provenance, materials: provenance.materials.filter((one) => !isOwn(one)) };
}

/** Images that the lock file pins. Those of the engine's own store it cannot pin. */
function enforcedByLock(plan: Known['plan']): readonly EnforcedImage[] {
  if (plan.lock === undefined) return [];
  return (plan.sourcePolicy?.pins ?? []).flatMap(({ from, to }) => {
    const digest = parseDigest(to.slice(to.indexOf('@') + 1));
    return digest === undefined ? [] : [{ text: from, digest }];
  });
}

export function recordedArguments(built: BuiltPlatform): Readonly<Record<string, string>> {
  return provenanceOf(built)?.buildArgs ?? {};
}

export function provenanceOf({ provenance }: BuiltPlatform): ReadProvenance | undefined {
  const read = provenance === undefined ? undefined : parseProvenance(provenance.predicate);
  return read?.ok === true ? read.value : undefined;
}

function dockerfileOf(
  { dockerfile, analysis: analyse }: Known,
  provenance: ReadProvenance | undefined,
): Parameters<typeof assemble>[0]['dockerfile'] {
  const analysis = analyse();
  if (dockerfile !== undefined && analysis !== undefined)
    return { model: dockerfile, analysis, source: 'build' };
  const text = provenance?.dockerfile?.text;
  if (provenance === undefined || text === undefined) return undefined;
  const { buildArgs, buildContexts, target, frontend } = provenance;
  const options = { built: true, buildArgs, buildContexts };
  const more = given({ target, frontend: frontend.source });
  const read = analyseDockerfile(text, { ...options, ...more });
  return read.ok ? { ...read.value, source: 'build' } : undefined;
}

/** Runs BuildKit on verified bases; buildx' exit code where it failed. Throws UserError. */
export async function buildOnBases(
  context: PipelineContext,
  build: Build,
): Promise<Built | number> {
  const { plan, store } = build;
  const checks = startChecks(context, build);
  const startedAt = context.now();
  context.emit({ kind: 'phase-started', phase: 'build' });
  try {
    await checks.required();
    const { run, signer } = await runAndOpenKey(context, build);
    const bases = checks.verified();
    if (run.exitCode !== 0) return run.exitCode;
    const finishedAt = context.now();
    const exported = await exportOf(plan, store.blobs);
    context.emit({
      kind: 'phase-done',
      phase: 'build',
      detail: exported.length === 1 ? '1 platform' : `${exported.length} platforms`,
      seconds: (finishedAt - startedAt) / 1000,
    });
    const early = headStartOf(context.run)?.startedIn(plan.layout);
    const times = { startedAt: early ?? startedAt, finishedAt };
    const built = { ...build, exported, recording: run.recording, times, bases, signer };
    requireBases(
      plan.settings,
      exported.map((one) => buildFact(built, one, finishedAt)),
    );
    return built;
  } finally {
    checks.verified();
  }
}

/** Bases that settings require are waited for; others are checked during the build. */
function startChecks(
  context: PipelineContext,
  { plan, images }: Build,
): ReturnType<typeof checkBases> {
  const { settings, needed } = plan;
  const bases = needed.map(({ reference }): Base => {
    const name = formatReference(reference);
    return images.find((one) => one.name === name) ?? { reference, name, digest: reference.digest };
  });
  const registries = (own: PipelineContext): Registries => new Registries(own, settings.registries);
  return checkBases({ context, registries, settings }, bases);
}

async function runAndOpenKey(
  context: PipelineContext,
  build: Build,
): Promise<{ readonly run: BuildKitRun; readonly signer: Signer | undefined }> {
  const noKey = new AbortController();
  const { attest, settings } = build.plan;
  const opening = attest.sign.on
    ? resolveSigner(context, settings.sign)
    : Promise.resolve(undefined);
  opening.catch((error: unknown) => {
    // A full disk is buildx's too, and what it says of it is the build's own end.
    if (!(diskError(error) instanceof DiskError)) noKey.abort();
  });
  // What buildx says of being stopped is not the reason; what it says of its own failure is.
  const late: PipelineEvent[] = [];
  const during = {
    ...context,
    signal: AbortSignal.any([context.signal, noKey.signal]),
    emit: (event: PipelineEvent): void => {
      if (noKey.signal.aborted) late.push(event);
      else context.emit(event);
    },
  };
  const running = runBuildKit(during, build);
  running.catch(() => undefined);
  const signer = await opening.catch(async (error: unknown) => {
    // Not before buildx has ended: it writes into the folder that is about to be removed. A build
    // that failed for its own reasons keeps its exit code.
    const failed = await running.then(
      ({ exitCode }) => exitCode !== 0,
      () => false,
    );
    if (!failed) throw error;
    late.forEach(context.emit);
    return undefined;
  });
  return { run: await running, signer };
}
