import type { RunTool } from '../lib/run-tool.ts';
import {
  CallFiles,
  cosignDialect,
  cosignSaid,
  EMPTY_TRUSTED_ROOT,
  runCosign,
  verificationFailure,
  VERIFY_ENV,
} from './cosign.ts';
import { type Signer, signerArgs, signerEnv } from './trusted-signers.ts';

interface AttachedToVerify {
  readonly bundlePath: string;
  /** The signed bytes, or the manifest that the statement is about. */
  readonly blobPath: string;
  /** Predicate type of the statement; undefined where plain bytes are signed. */
  readonly predicateType: string | undefined;
  readonly signer: Signer;
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/** `failed`: this signer did not sign this. `unknown`: not checked. Neither counts as verified. */
export type CosignAnswer =
  | { readonly outcome: 'verified' }
  | { readonly outcome: 'failed' | 'unknown'; readonly reason: string };

/** cosign up to 2.5 reads an entry of Rekor v2 as one without a time. */
const NEW_LOG = /nil value in transaction log entry/i;

/**
 * Asks cosign whether the signer signed. That the statement is about the blob and of the type is
 * checked by cosign here, and has to be checked by the caller too: cosign 2.5 takes any type. No
 * registry is asked; with a key, no network at all.
 */
export async function verifyAttached(
  run: RunTool,
  { bundlePath, blobPath, predicateType, signer, scratchDir, signal }: AttachedToVerify,
): Promise<CosignAnswer> {
  const { kind } = await cosignDialect(run);
  const files = new CallFiles(scratchDir);
  try {
    const args = [
      predicateType === undefined ? 'verify-blob' : 'verify-blob-attestation',
      ...(kind === 'flags' ? ['--new-bundle-format'] : []),
      ...signerArgs(signer, await files.write('trust', EMPTY_TRUSTED_ROOT)),
      ...['--bundle', bundlePath],
      ...(predicateType === undefined ? [] : ['--type', predicateType]),
      blobPath,
    ];
    const env = { ...VERIFY_ENV, ...signerEnv(signer) };
    const { exitCode, stderr } = await runCosign(run, args, { env, signal });
    if (exitCode === 0) return { outcome: 'verified' };
    const reason = cosignSaid(stderr);
    return NEW_LOG.test(reason)
      ? {
          outcome: 'unknown',
          reason: 'it is logged in Rekor v2, which this cosign cannot read: install cosign 3',
        }
      : { outcome: verificationFailure(stderr), reason };
  } finally {
    await files.remove();
  }
}
