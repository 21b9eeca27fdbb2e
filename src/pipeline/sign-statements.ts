import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import type { Descriptor } from '../model/oci.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import type { BlobStore } from '../oci/blob-store.ts';
import { writeBundleReferrer } from '../oci/referrers.ts';
import { signStatement } from '../tools/cosign-sign.ts';
import { verifyBundle } from '../tools/cosign-verify.ts';
import type { StatementToSign } from './attestation-documents.ts';
import type { PipelineContext } from './context.ts';
import { publicKeyOf, type Signer } from './signer.ts';

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

/** A statement that is signed and stored, as a referrer of its subject. */
export interface SignedStatement {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subject: Digest;
  readonly referrer: Descriptor;
  /** The public key or identity that cosign verified the bundle with; undefined where it was not verified here. */
  readonly verifiedBy: string | undefined;
}

/**
 * Has cosign sign each statement, verifies the image's own signatures with the public key, and stores every bundle as a
 * referrer in the layout. One that fails stops all; what was stored until then is tagged by nothing.
 */
export async function signStatements(
  context: PipelineContext,
  blobs: BlobStore,
  signer: Signer,
  statements: readonly StatementToSign[],
): Promise<readonly SignedStatement[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'scoville-sign-'));
  try {
    const queue = statements.map((statement, i) => ({ statement, i }));
    const signed: SignedStatement[] = [];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        signed[next.i] = await signOne(
          context,
          blobs,
          signer,
          next.statement,
          join(scratch, String(next.i)),
        );
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return signed;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function signOne(
  context: PipelineContext,
  blobs: BlobStore,
  signer: Signer,
  { predicateType, predicate, subject }: StatementToSign,
  scratch: string,
): Promise<SignedStatement> {
  context.signal.throwIfAborted();
  const predicatePath = `${scratch}.predicate.json`;
  await writeFile(predicatePath, JSON.stringify(predicate), { mode: 0o600 });
  const request = {
    manifestPath: blobs.path(subject.digest),
    predicateType,
    predicatePath,
    scratchDir: join(scratch, '..'),
    signal: context.signal,
  };
  const bundle = await signStatement(context.run, { ...request, key: signer });
  const verifiedBy =
    predicateType === PREDICATE_TYPE.cosignSign
      ? await verified(context, signer, bundle, `${scratch}.bundle.json`, request)
      : undefined;
  const referrer = await writeBundleReferrer(blobs, { subject, bundle, predicateType });
  return { predicateType, predicate, subject: subject.digest, referrer, verifiedBy };
}

/** Checks a signature that was just made with the public key beside the private one; a keyless one rests on cosign's own check. */
async function verified(
  context: PipelineContext,
  signer: Signer,
  bundle: Uint8Array,
  bundlePath: string,
  request: {
    readonly manifestPath: string;
    readonly predicateType: string;
    readonly scratchDir: string;
  },
): Promise<string | undefined> {
  const publicKey = signer.kind === 'key' ? publicKeyOf(signer.ref) : undefined;
  if (publicKey === undefined) return undefined;
  await writeFile(bundlePath, bundle, { mode: 0o600 });
  const result = await verifyBundle(context.run, {
    ...request,
    bundlePath,
    signer: { kind: 'key', publicKey },
    signal: context.signal,
  });
  if (result.outcome === 'verified') return result.verifiedBy;
  throw new UserError(
    `the signature that was just made does not verify with ${publicKey}: ${result.reason}`,
    {
      nextStep: `look whether ${publicKey} belongs to the private key beside it`,
    },
  );
}
