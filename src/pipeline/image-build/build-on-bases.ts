import { diskError, DiskError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import { formatReference } from '../../model/reference.ts';
import { type Base, checkBases } from '../bases/check-bases.ts';
import { requireBases } from '../bases/require-bases.ts';
import type { PipelineContext } from '../context.ts';
import { Registries } from '../registries.ts';
import { resolveSigner, type Signer } from '../sign/signer.ts';
import { buildFact } from './build-fact.ts';
import { exportOf } from './read-export.ts';
import { type BuildKitRun, runBuildKit } from './run-buildkit.ts';
import type { Build, Built } from './states.ts';

/** A build this long makes a new image, which will be signed; the key is opened meanwhile. */
const SOON_MS = 1000;

/**
 * Runs BuildKit on bases whose signatures verify, while the signing key is opened. An exit code
 * where buildx failed. Throws UserError where a base that has to be signed is not.
 */
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
    const times = { startedAt, finishedAt };
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
  const registries = (own: PipelineContext): Registries => new Registries(own, settings.registries);
  const bases = needed.map(({ reference }): Base => {
    const name = formatReference(reference);
    return images.find((one) => one.name === name) ?? { reference, name, digest: reference.digest };
  });
  return checkBases({ context, registries, settings }, bases);
}

/** A key that does not open stops the build early. */
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
  const early = opening.then((key) => openSoon(key, running));
  early.catch(() => undefined);
  const signer = await opening.catch(async (error: unknown) => {
    // Not before buildx has ended: it writes into the folder that is about to go. A build that
    // failed by itself keeps its own code.
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

async function openSoon(signer: Signer | undefined, running: Promise<unknown>): Promise<void> {
  if (signer?.kind !== 'key' || signer.opened === undefined) return;
  const { opened } = signer;
  const timer = setTimeout(() => void opened().catch(() => undefined), SOON_MS);
  await running.finally(() => {
    clearTimeout(timer);
  });
}
