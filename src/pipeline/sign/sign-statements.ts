import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { misstated, signBundle } from '../../attestations/sign-bundle.ts';
import { type Digest, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { SignatureOrigin } from '../../model/signature-origin.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { writeArtifact, writeBundleReferrer } from '../../oci/referrers.ts';
import { bundleOrigin } from '../../tools/cosign/bundle-origin.ts';
import { signStatement } from '../../tools/cosign/cosign-sign.ts';
import { type Signer as Verifier, signerName } from '../../tools/cosign/cosign-signer.ts';
import { verifyAttached } from '../../tools/cosign/cosign-verify-attached.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import type { StatementToSign } from './attestation-documents.ts';
import { proofByCosign } from './cosign-proof.ts';
import { type Signer, verifierName } from './signer.ts';

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

/** Files of one signature. */
interface SigningFiles {
  readonly manifestPath: string;
  readonly predicateType: string;
  readonly scratchDir: string;
  readonly bundlePath: string;
}

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
  const filesOf = (subject: Descriptor): SigningFiles => ({
    manifestPath: blobs.path(subject.digest),
    bundlePath: `${scratch}.bundle.json`,
    scratchDir: join(scratch, '..'),
    predicateType,
  });
  const subjects = [first.digest, ...also.map(({ digest }) => digest)] as const;
  const ofAll =
    opened === undefined ? undefined : signBundle(opened, { subjects, predicateType, predicate });
  const bundleOf = (subject: Descriptor): Buffer | Promise<Uint8Array> =>
    ofAll ?? signWithCosign(context, signer, predicate, filesOf(subject), subject.digest);
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
  files: SigningFiles,
  subject: Digest,
): Promise<Uint8Array> {
  const predicatePath = `${files.bundlePath}.predicate.json`;
  await writeFile(predicatePath, JSON.stringify(predicate), { mode: 0o600 });
  const request = { ...files, predicatePath, signal: context.signal };
  const key = signer.kind === 'key' ? signer : await signer.session.key();
  const bundle = await signStatement(context.run, { ...request, key });
  const { predicateType } = files;
  const wrong = misstated(bundle, { subjects: [subject], predicateType, predicate });
  if (wrong !== undefined)
    throw new UserError(`cosign signed something else: ${wrong}`, { nextStep: 'scoville doctor' });
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
  files: SigningFiles,
): Promise<string | undefined> {
  const isOurs = signer.kind === 'key' && signer.opened !== undefined;
  const proof = isOurs ? await proofByCosign(context, signer.publicKey) : undefined;
  if (isOurs && proof?.isProven === true) return verifierName(signer);
  await writeFile(files.bundlePath, bundle, { mode: 0o600 });
  const by = await verifierOf(signer, files);
  const blobPath = files.manifestPath;
  const request = { ...files, blobPath, signer: by, signal: context.signal };
  const answer = await verifyAttached(context.run, request);
  if (answer.outcome === 'verified') {
    await proof?.keep();
    return signer.kind === 'key' ? verifierName(signer) : signerName(by);
  }
  if (answer.outcome === 'failed' || isOurs) {
    if (signer.kind === 'keyless') throw await signer.session.failure(answer.reason);
    throw new UserError(`cosign does not verify what was just signed: ${answer.reason}`, {
      nextStep: 'scoville doctor',
    });
  }
  context.emit({
    kind: 'warning',
    text: `the signature could not be checked: ${answer.reason}`,
    nextStep: 'name the trusted root of the sigstore that signs: --trusted-root FILE',
  });
  return undefined;
}

async function verifierOf(signer: Signer, { bundlePath }: SigningFiles): Promise<Verifier> {
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
