import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import type { CertificateIdentity } from '../../model/signature-origin.ts';
import { bundleOrigin } from './bundle-origin.ts';
import { bundleSignature } from './bundle.ts';
import { type KeylessKey, signingCall, type SigningKey } from './cosign-call.ts';
import { runSigning } from './cosign-errors.ts';

interface BlobRequest {
  readonly payload: Uint8Array;
  readonly key: SigningKey;
  /** An existing folder for the files of this call, which are removed. */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/**
 * Signs bytes with a key and gives the signature alone, base64: what the signature format before
 * bundles is made of. No network is used. Throws UserError for what the user can fix, else
 * ToolError.
 */
export async function signBlob(run: RunTool, request: BlobRequest): Promise<string> {
  const signature = bundleSignature(await signBlobBundle(run, request));
  if (signature.ok) return signature.value;
  throw new UserError(`cosign gave no signature (${signature.error})`);
}

/**
 * Has Fulcio make a certificate out, and gives whom it names: a trial of the token and of the
 * service. Nothing is logged in Rekor; the certificate itself is in the log of certificates. Throws
 * UserError that says what failed.
 */
export async function certificateFor(
  run: RunTool,
  key: KeylessKey,
  place: Pick<BlobRequest, 'scratchDir' | 'signal'>,
): Promise<CertificateIdentity> {
  const payload = Buffer.from('scoville\n');
  const bundle = await signBlobBundle(run, { payload, key, ...place }, true);
  const { identity } = bundleOrigin(bundle);
  if (identity !== undefined) return identity;
  throw new UserError(
    `Fulcio (${key.sigstore.services.fulcio}) made out a certificate that names nobody`,
  );
}

/** The sigstore bundle over plain bytes; keyless, it is logged. */
export async function signBlobBundle(
  run: RunTool,
  { payload, key, scratchDir, signal }: BlobRequest,
  certificateOnly = false,
): Promise<Uint8Array> {
  const file = join(scratchDir, `cosign-${randomUUID()}.payload`);
  const call = await signingCall(run, key, { scratchDir, certificateOnly });
  try {
    await writeFile(file, payload, { flag: 'wx', mode: 0o600 });
    const args = ['sign-blob', '--yes', ...call.args, '--bundle', call.bundle, file];
    await runSigning(run, { ...call, args }, signal);
    return await readFile(call.bundle);
  } finally {
    await Promise.all([call.remove(), rm(file, { force: true })]);
  }
}
