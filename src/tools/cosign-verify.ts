import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../model/digest.ts';
import type { RunTool } from '../model/run.ts';
import type { Statement } from '../model/statement.ts';
import { checkBundle } from './bundle.ts';
import { completed } from './completed-run.ts';
import { type CosignDialect, cosignDialect } from './cosign-dialect.ts';
import { cosignSaid, verificationFailure } from './cosign-errors.ts';
import { EMPTY_TRUSTED_ROOT } from './cosign-trust.ts';

/** Who must have signed. A key needs no network; an identity needs sigstore's trusted root, which cosign fetches. */
export type Signer =
  | { readonly kind: 'key'; readonly publicKey: string }
  | { readonly kind: 'identity'; readonly identity: string; readonly issuer: string };

export interface VerifyRequest {
  readonly bundlePath: string;
  readonly manifestPath: string;
  readonly predicateType: string;
  readonly signer: Signer;
  /** An existing folder for a file of this call, which is removed. */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/** `failed`: signature, signer or statement is wrong. `unknown`: it could not be checked. Neither counts as verified. */
export type Verification =
  | { readonly outcome: 'verified'; readonly verifiedBy: string; readonly statement: Statement }
  | { readonly outcome: 'failed' | 'unknown'; readonly reason: string };

/**
 * Verifies a bundle against the manifest and the signer. Subject and predicate type are checked here as well: cosign 2.5 takes
 * any predicate type in a bundle, whatever `--type` says.
 */
export async function verifyBundle(run: RunTool, request: VerifyRequest): Promise<Verification> {
  const stated = checkBundle(await readFile(request.bundlePath), {
    subject: digestOf(await readFile(request.manifestPath)),
    predicateType: request.predicateType,
  });
  if (!stated.ok) return { outcome: 'failed', reason: stated.error };
  const dialect = await cosignDialect(run);
  const trust = join(request.scratchDir, `cosign-${randomUUID()}.trust`);
  try {
    if (request.signer.kind === 'key')
      await writeFile(trust, EMPTY_TRUSTED_ROOT, { flag: 'wx', mode: 0o600 });
    const result = await completed(run, 'cosign', {
      command: 'cosign',
      args: verifyArgs(request, dialect.kind, trust),
      timeoutMs: 120_000,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    if (result.exitCode === 0)
      return {
        outcome: 'verified',
        verifiedBy: signerName(request.signer),
        statement: stated.value,
      };
    return { outcome: verificationFailure(result.stderr), reason: cosignSaid(result.stderr) };
  } finally {
    await rm(trust, { force: true });
  }
}

/** The arguments of `cosign verify-blob-attestation` in either dialect. */
export function verifyArgs(
  request: Omit<VerifyRequest, 'scratchDir' | 'signal'>,
  dialect: CosignDialect['kind'],
  trust: string,
): readonly string[] {
  const { signer } = request;
  return [
    'verify-blob-attestation',
    ...(dialect === 'flags' ? ['--new-bundle-format'] : []),
    ...(signer.kind === 'key'
      ? ['--key', signer.publicKey, '--insecure-ignore-tlog', '--trusted-root', trust]
      : ['--certificate-identity', signer.identity, '--certificate-oidc-issuer', signer.issuer]),
    '--bundle',
    request.bundlePath,
    '--type',
    request.predicateType,
    request.manifestPath,
  ];
}

function signerName(signer: Signer): string {
  return signer.kind === 'key' ? signer.publicKey : `${signer.identity} (${signer.issuer})`;
}
