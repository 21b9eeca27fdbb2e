import { completed } from '../lib/run-result.ts';
import type { RunTool } from '../lib/run-tool.ts';
import {
  CallFiles,
  type CosignDialect,
  cosignDialect,
  cosignSaid,
  EMPTY_TRUSTED_ROOT,
  verificationFailure,
  VERIFY_ENV,
} from './cosign.ts';
import { type Signer, signerArgs, signerEnv } from './trusted-signers.ts';

/** A sigstore bundle of another's making, in files that cosign can read. */
interface AttachedToVerify {
  readonly bundlePath: string;
  /** The signed bytes, or the manifest that the statement is about. */
  readonly blobPath: string;
  /** Predicate type of the statement; undefined where plain bytes are signed. */
  readonly predicateType: string | undefined;
  readonly signer: Signer;
  /** An existing folder for a file of this call, which is removed. */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/** `failed`: this signer did not sign this. `unknown`: not checked. Neither counts as verified. */
export type CosignAnswer =
  | { readonly outcome: 'verified' }
  | { readonly outcome: 'failed' | 'unknown'; readonly reason: string };

/**
 * Asks cosign whether the signer signed. That the statement is about the blob and of the type is
 * checked by cosign here, and has to be checked by the caller too: cosign 2.5 takes any type. No
 * registry is asked; with a key, no network at all.
 */
export async function verifyAttached(
  run: RunTool,
  request: AttachedToVerify,
): Promise<CosignAnswer> {
  const dialect = await cosignDialect(run);
  const files = new CallFiles(request.scratchDir);
  try {
    const trust = await files.write('trust', EMPTY_TRUSTED_ROOT);
    const result = await completed(run, 'cosign', {
      command: 'cosign',
      args: verifyAttachedArgs(request, dialect.kind, trust),
      env: { ...VERIFY_ENV, ...signerEnv(request.signer) },
      timeoutMs: 60_000,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    if (result.exitCode === 0) return { outcome: 'verified' };
    return refusal(result.stderr);
  } finally {
    await files.remove();
  }
}

/** cosign up to 2.5 reads an entry of Rekor v2 as one without a time. */
const NEW_LOG = /nil value in transaction log entry/i;

function refusal(stderr: string): CosignAnswer {
  const reason = cosignSaid(stderr);
  return NEW_LOG.test(reason)
    ? {
        outcome: 'unknown',
        reason: 'it is logged in Rekor v2, which this cosign cannot read: install cosign 3',
      }
    : { outcome: verificationFailure(stderr), reason };
}

/** The arguments of `cosign verify-blob` or `verify-blob-attestation` in either dialect. */
export function verifyAttachedArgs(
  request: Omit<AttachedToVerify, 'scratchDir' | 'signal'>,
  dialect: CosignDialect['kind'],
  emptyTrust: string,
): readonly string[] {
  const { predicateType } = request;
  return [
    predicateType === undefined ? 'verify-blob' : 'verify-blob-attestation',
    ...(dialect === 'flags' ? ['--new-bundle-format'] : []),
    ...signerArgs(request.signer, emptyTrust),
    '--bundle',
    request.bundlePath,
    ...(predicateType === undefined ? [] : ['--type', predicateType]),
    request.blobPath,
  ];
}
