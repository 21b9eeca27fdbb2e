import { createPublicKey } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import type { OpenedKey } from '../../attestations/opened-key.ts';
import { digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { openCache, type JsonCache } from '../../oci/layout/caches.ts';
import { findCommand } from '../../tools/command-path.ts';
import { verifyBundle } from '../../tools/cosign/cosign-verify.ts';
import { missingTool } from '../../tools/tool-names.ts';
import { commandSearch, type PipelineContext } from '../context.ts';

/** A bundle that was just made, in files that cosign can read. */
export interface BundleToProve {
  readonly manifestPath: string;
  readonly predicateType: string;
  readonly scratchDir: string;
  readonly bundlePath: string;
}

const SCHEMA = 1;

/**
 * Has cosign verify the first bundle that is made with a key: signing in this process is worth what
 * an independent verifier says of it. Asked once for each key, release of this tool and cosign
 * program, since it costs what a signature does. Throws UserError where cosign does not agree.
 */
export async function proveByCosign(
  context: PipelineContext,
  key: OpenedKey,
  bundle: BundleToProve,
): Promise<void> {
  const proven = await provenKey(context, key);
  if ((await cache(context).get(proven)) === true) return;
  const publicKey = `${bundle.bundlePath}.pub`;
  await writeFile(publicKey, publicKeyPem(key), { mode: 0o600 });
  const result = await verifyBundle(context.run, {
    ...bundle,
    signer: { kind: 'key', publicKey },
    signal: context.signal,
  });
  if (result.outcome !== 'verified')
    throw new UserError(`cosign does not verify what was just signed: ${result.reason}`, {
      nextStep: 'scoville doctor',
    });
  await cache(context).set(proven, true);
}

/** Throws UserError where cosign is not there: better before a long build than after. */
export function requireCosign(context: PipelineContext): string {
  const found = findCommand('cosign', commandSearch(context));
  if (found === undefined) throw missingTool('cosign');
  return found;
}

function publicKeyPem(key: OpenedKey): string {
  const made = createPublicKey({ key: key.publicKey, format: 'der', type: 'spki' });
  return made.export({ format: 'pem', type: 'spki' }).toString();
}

/** A cosign that was installed again is asked again. */
async function provenKey(context: PipelineContext, key: OpenedKey): Promise<string> {
  const cosign = requireCosign(context);
  const { size, mtimeMs } = await stat(cosign);
  return JSON.stringify([digestOf(key.publicKey), context.version, cosign, size, mtimeMs]);
}

function cache(context: PipelineContext): JsonCache {
  return openCache(context, 'proofs', SCHEMA);
}
