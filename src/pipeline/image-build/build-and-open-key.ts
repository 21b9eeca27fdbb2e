import { diskError, DiskError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import type { PipelineContext } from '../context.ts';
import { resolveSigner, type Signer } from '../sign/signer.ts';
import type { Prepared } from './prepare-build.ts';
import { type HermeticOutcome, runHermetic } from './run-hermetic.ts';

/** A build this long makes a new image, which will be signed; the key is opened meanwhile. */
const SOON_MS = 1000;

async function openSoon(signer: Signer | undefined, building: Promise<unknown>): Promise<void> {
  if (signer?.kind !== 'key' || signer.opened === undefined) return;
  const { opened } = signer;
  const timer = setTimeout(() => void opened().catch(() => undefined), SOON_MS);
  await building.finally(() => {
    clearTimeout(timer);
  });
}

/** Opens the signing key while BuildKit works; a key that does not open stops the build early. */
export async function buildAndOpenKey(
  context: PipelineContext,
  prepared: Prepared,
): Promise<{ readonly outcome: HermeticOutcome; readonly signer: Signer | undefined }> {
  const noKey = new AbortController();
  const { plan } = prepared;
  const { on } = plan.attest.sign;
  const opening = on ? resolveSigner(context, plan.settings.sign) : Promise.resolve(undefined);
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
  const building = runHermetic(during, prepared);
  building.catch(() => undefined);
  const early = opening.then((key) => openSoon(key, building));
  early.catch(() => undefined);
  const signer = await opening.catch(async (error: unknown) => {
    // Not before buildx has ended: it writes into the folder that is about to go. A build that
    // failed by itself keeps its own code.
    const failed = await building.then(
      ({ exitCode }) => exitCode !== 0,
      () => false,
    );
    if (!failed) throw error;
    late.forEach(context.emit);
    return undefined;
  });
  return { outcome: await building, signer };
}
