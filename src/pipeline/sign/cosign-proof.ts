import { stat } from 'node:fs/promises';
import { digestOf } from '../../model/digest.ts';
import { openCache } from '../../oci/layout/caches.ts';
import { findCommand } from '../../tools/command-path.ts';
import { missingTool } from '../../tools/tool-names.ts';
import { commandSearch, type PipelineContext } from '../context.ts';

const SCHEMA = 1;

/** Throws UserError where cosign is not installed: better before a long build than after. */
export function requireCosign(context: PipelineContext): string {
  const found = findCommand('cosign', commandSearch(context));
  if (found === undefined) throw missingTool('cosign');
  return found;
}

/**
 * Whether this cosign verified a bundle that this release made with the key (PEM): signing in this
 * process is worth what an independent verifier says of it, which costs what a signature does. A
 * cosign that was installed again is asked again.
 */
export async function proofByCosign(
  context: PipelineContext,
  publicKey: string,
): Promise<{ readonly isProven: boolean; readonly keep: () => Promise<void> }> {
  const cosign = requireCosign(context);
  const { size, mtimeMs } = await stat(cosign);
  const name = JSON.stringify([digestOf(publicKey), context.version, cosign, size, mtimeMs]);
  const proofs = openCache(context, 'proofs', SCHEMA);
  return { isProven: (await proofs.get(name)) === true, keep: () => proofs.set(name, true) };
}
