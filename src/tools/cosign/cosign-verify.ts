import { readFile } from 'node:fs/promises';
import { digestOf } from '../../model/digest.ts';
import type { RunTool } from '../../model/run.ts';
import type { Statement } from '../../model/statement.ts';
import { checkBundle } from './bundle.ts';
import { type Signer, signerName } from './cosign-signer.ts';
import { verifyAttached } from './cosign-verify-attached.ts';

interface VerifyRequest {
  readonly bundlePath: string;
  readonly manifestPath: string;
  readonly predicateType: string;
  readonly signer: Signer;
  /** An existing folder for a file of this call, which is removed. */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/** `failed`: wrong signature, signer or statement. `unknown`: not checked. Neither is verified. */
type Verification =
  | { readonly outcome: 'verified'; readonly verifiedBy: string; readonly statement: Statement }
  | { readonly outcome: 'failed' | 'unknown'; readonly reason: string };

/**
 * Verifies a bundle that states one thing of one manifest, as this tool makes them, against the
 * signer. Subject and predicate type are checked here as well: cosign 2.5 takes any predicate type
 * in a bundle, whatever `--type` says.
 */
export async function verifyBundle(run: RunTool, request: VerifyRequest): Promise<Verification> {
  const { manifestPath, predicateType, signer } = request;
  const stated = checkBundle(await readFile(request.bundlePath), {
    subject: digestOf(await readFile(manifestPath)),
    predicateType,
  });
  if (!stated.ok) return { outcome: 'failed', reason: stated.error };
  const answer = await verifyAttached(run, { ...request, blobPath: manifestPath });
  return answer.outcome === 'verified'
    ? { outcome: 'verified', verifiedBy: signerName(signer), statement: stated.value }
    : answer;
}
