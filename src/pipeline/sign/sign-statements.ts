import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signBundle } from '../../attestations/sign-bundle.ts';
import { type Digest, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { SignatureOrigin } from '../../model/signature-origin.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { writeArtifact, writeBundleReferrer } from '../../oci/referrers.ts';
import { bundleOrigin } from '../../tools/cosign/bundle-origin.ts';
import { signStatement } from '../../tools/cosign/cosign-sign.ts';
import type { Signer as Verifier } from '../../tools/cosign/cosign-signer.ts';
import { verifyBundle } from '../../tools/cosign/cosign-verify.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import type { StatementToSign } from './attestation-documents.ts';
import { type BundleToProve, proveByCosign } from './cosign-proof.ts';
import { type Signer, verifierName } from './signer.ts';

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

/** A statement that is signed and stored, as a referrer of its subject. */
export interface SignedStatement {
  readonly predicateType: string;
  readonly predicate: unknown;
  /** All that it is about, the first what it is named by. */
  readonly subjects: readonly [Digest, ...Digest[]];
  /** Of the first bundle; of an artifact that of its manifest. */
  readonly digest: Digest;
  /** One for each subject, in their order. */
  readonly referrers: readonly [Descriptor, ...Descriptor[]];
  /** The public key or identity that cosign verified it with; undefined if not verified here. */
  readonly verifiedBy: string | undefined;
  /** Who signed by a certificate, and where that is logged. */
  readonly origin?: SignatureOrigin;
}

/**
 * Signs each statement, with the opened key or through cosign, verifies the image's own signatures
 * with the public key, and stores every bundle as a referrer in the layout. One that fails stops
 * all; what was stored until then is tagged by nothing.
 */
export async function signStatements(
  context: PipelineContext,
  blobs: BlobStore,
  signer: Signer,
  statements: readonly StatementToSign[],
): Promise<readonly SignedStatement[]> {
  return inTemporaryFolder('sign', async (scratch) => {
    const queue = statements.map((statement, i) => ({ statement, i }));
    const done: (readonly SignedStatement[])[] = [];
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const failures: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { statement: given, i: at } = next;
        tellOfArtifact(context, given);
        const own = { ...context, signal };
        done[at] = await signOrKeep(
          (statement) => signOne(own, blobs, signer, statement, join(scratch, String(at))),
          blobs,
          given,
        );
      }
    };
    const workers = Array.from({ length: AT_ONCE }, () =>
      worker().catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      }),
    );
    // Also the others have ended before their files are removed.
    await Promise.all(workers);
    if (failures.length > 0) throw failures[0];
    return done.flat();
  });
}

/** Signs a statement, or keeps an artifact beside each subject and signs it as it does an image. */
async function signOrKeep(
  sign: (statement: StatementToSign) => Promise<SignedStatement>,
  blobs: BlobStore,
  { artifact, ...statement }: StatementToSign,
): Promise<readonly SignedStatement[]> {
  if (artifact === undefined) return [await sign(statement)];
  const { predicateType, predicate, subject, also = [] } = statement;
  const { artifactType, mediaType, title, bytes: layer } = artifact;
  const keep = (about: Descriptor): Promise<Descriptor> =>
    writeArtifact(blobs, { subject: about, artifactType, layer, title, mediaType });
  const [first, others] = [await keep(subject), await Promise.all(also.map(keep))];
  const signature = await sign({
    predicateType: PREDICATE_TYPE.cosignSign,
    predicate: {},
    subject: first,
    also: others,
  });
  const kept = {
    subjects: [subject.digest, ...also.map(({ digest }) => digest)],
    referrers: [first, ...others],
  } as const;
  // As readers of what is attached name them: a profile by its artifact, an SBOM by its bytes.
  const digest = artifact.reason === undefined ? first.digest : digestOf(layer);
  return [{ ...signature, predicateType, predicate, ...kept, digest }, signature];
}

/** Says what is not where a reader of statements looks for it. */
function tellOfArtifact({ emit }: PipelineContext, { predicateType, artifact }: StatementToSign) {
  if (artifact?.reason === undefined) return;
  emit({
    kind: 'notice',
    text: `the document of type ${predicateType} has ${artifact.reason}: attached as an artifact of type ${artifact.artifactType} with a signature of its own, and not as a statement`,
  });
}

/** An opened key signs once for all subjects, cosign for one file; each subject has a referrer. */
async function signOne(
  context: PipelineContext,
  blobs: BlobStore,
  signer: Signer,
  statement: StatementToSign,
  scratch: string,
): Promise<SignedStatement> {
  context.signal.throwIfAborted();
  const { predicateType, predicate, subject: first, also = [] } = statement;
  const opened = signer.kind === 'key' ? await signer.opened?.() : undefined;
  const filesOf = (subject: Descriptor): BundleToProve => ({
    manifestPath: blobs.path(subject.digest),
    bundlePath: `${scratch}.bundle.json`,
    scratchDir: join(scratch, '..'),
    predicateType,
  });
  const subjects = [first.digest, ...also.map(({ digest }) => digest)] as const;
  const ofAll =
    opened === undefined ? undefined : signBundle(opened, { subjects, predicateType, predicate });
  const bundleOf = (subject: Descriptor): Buffer | Promise<Uint8Array> =>
    ofAll ?? signWithCosign(context, signer, predicate, filesOf(subject));
  const bundle = await bundleOf(first);
  const verifiedBy =
    predicateType === PREDICATE_TYPE.cosignSign
      ? await verified(context, signer, bundle, filesOf(first))
      : undefined;
  const store = (subject: Descriptor, signed: Uint8Array): Promise<Descriptor> =>
    writeBundleReferrer(blobs, { subject, bundle: signed, predicateType });
  const others: Descriptor[] = [];
  const referrer = await store(first, bundle);
  for (const subject of also) others.push(await store(subject, await bundleOf(subject)));
  const origin = signer.kind === 'keyless' ? { origin: bundleOrigin(bundle) } : {};
  const referrers = [referrer, ...others] as const;
  const digest = digestOf(bundle);
  return { predicateType, predicate, subjects, digest, referrers, verifiedBy, ...origin };
}

async function signWithCosign(
  context: PipelineContext,
  signer: Signer,
  predicate: unknown,
  files: BundleToProve,
): Promise<Uint8Array> {
  const predicatePath = `${files.bundlePath}.predicate.json`;
  await writeFile(predicatePath, JSON.stringify(predicate), { mode: 0o600 });
  const request = { ...files, predicatePath, signal: context.signal };
  const key = signer.kind === 'key' ? signer : await signer.session.key();
  const bundle = await signStatement(context.run, { ...request, key });
  if (signer.kind === 'keyless') await signer.session.meet(bundleOrigin(bundle).identity);
  return bundle;
}

/**
 * Has cosign check the image's signature: with the public half of the key, or with the identity
 * that the certificate names. Undefined where it could not be checked, which a warning says.
 */
async function verified(
  context: PipelineContext,
  signer: Signer,
  bundle: Uint8Array,
  files: BundleToProve,
): Promise<string | undefined> {
  await writeFile(files.bundlePath, bundle, { mode: 0o600 });
  if (signer.kind === 'key' && signer.opened !== undefined) {
    await proveByCosign(context, await signer.opened(), files);
    return verifierName(signer);
  }
  const { signal } = context;
  const by = await verifierOf(signer, files);
  const result = await verifyBundle(context.run, { ...files, signer: by, signal });
  if (result.outcome === 'verified')
    return signer.kind === 'key' ? verifierName(signer) : result.verifiedBy;
  if (result.outcome === 'failed') {
    if (signer.kind === 'keyless') throw await signer.session.failure(result.reason);
    throw new UserError(`the signature that was just made does not verify: ${result.reason}`, {
      nextStep: 'scoville doctor',
    });
  }
  context.emit({
    kind: 'warning',
    text: `the signature could not be checked: ${result.reason}`,
    nextStep: 'name the trusted root of the sigstore that signs: --trusted-root FILE',
  });
  return undefined;
}

async function verifierOf(signer: Signer, { bundlePath }: BundleToProve): Promise<Verifier> {
  if (signer.kind === 'key') {
    const publicKey = `${bundlePath}.pub`;
    await writeFile(publicKey, signer.publicKey, { mode: 0o600 });
    return { kind: 'key', publicKey };
  }
  const { session } = signer;
  const { subject, issuer } = await session.meet(session.identity);
  const { trustedRoot } = session.sigstore;
  return {
    kind: 'identity',
    identity: { exact: subject },
    issuer: { exact: issuer },
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
  };
}
