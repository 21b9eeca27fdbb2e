import { Interrupted, messageOf, UserError } from '../lib/errors.ts';
import { field, given } from '../lib/json.ts';
import { groupBy, inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Attachment, Attachments, Descriptor, OpenedImage } from '../model/image.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import type { FoundAttestation } from '../model/statement.ts';
import {
  type AttachedBlob,
  attachedForm,
  MAX_ATTACHED_BYTES,
  readAttachedBlob,
  type ReadAttachment,
} from './attached.ts';
import { bundleOrigin, readBundle } from './bundle.ts';
import { TRUST_VARIABLES } from './cosign.ts';
import { type Check, unchecked, verifyNotationSignature } from './notation.ts';
import {
  type CosignAnswer,
  needsNetwork,
  type TrustedSigner,
  type TrustedSigners,
  verifyAttached,
} from './trusted-signers.ts';

export interface AttachedEvidence extends ReadAttachment {
  readonly digest: Digest;
  readonly attachment: Attachment;
  readonly blob: Descriptor;
}

export interface ReadAttachments {
  readonly found: readonly AttachedEvidence[];
  /** Blobs that claim to be evidence and could not be read, a reason each. */
  readonly unreadable: readonly { readonly digest: Digest; readonly reason: string }[];
  readonly incomplete: string | undefined;
}

const AT_ONCE = 4;
const MAX_BLOBS = 2000;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

const PLACE: Readonly<Record<Attachment['kind'], FoundAttestation['source']>> = {
  referrer: 'bundle-referrer',
  'cosign-signature-tag': 'cosign-tag',
  'cosign-attestation-tag': 'cosign-tag',
  'buildkit-attestation': 'buildkit-manifest',
};

/**
 * Fetches and reads what hangs on the image: signatures, attestations, SBOM and profile documents,
 * each of at most 16 MiB, 256 MiB in all. One that cannot be read does not hide the others. Nothing
 * is verified here.
 */
export async function readAttachments(image: OpenedImage): Promise<ReadAttachments> {
  const attachments = await image.attachments();
  const wanted = wantedBlobs(attachments);
  let total = 0;
  const within = wanted.slice(0, MAX_BLOBS).filter(({ blob }) => {
    total += blob.size;
    return total <= MAX_TOTAL_BYTES;
  });
  const reads = await inParallel(within, AT_ONCE, (one) => readOne(image, one));
  const failed = reads.flatMap((read) => (read.kind === 'found' ? [] : [read]));
  // What could not be fetched may be the very statement that is looked for.
  const missing = failed.find(({ kind }) => kind === 'missing')?.reason;
  const reasons = [
    attachments.complete ? undefined : attachments.reason,
    missing,
    within.length < wanted.length ? 'more hangs on the image than is read' : undefined,
  ];
  return {
    found: reads.flatMap((read) => (read.kind === 'found' ? [read.evidence] : [])),
    unreadable: failed.map(({ digest, reason }) => ({ digest, reason })),
    incomplete: reasons.find((reason) => reason !== undefined),
  };
}

interface Wanted extends AttachedBlob {
  readonly attachment: Attachment;
}

/** Each blob once for each subject and annotations: a list may name one referrer twice. */
function wantedBlobs({ found }: Attachments): readonly Wanted[] {
  const wanted = found.flatMap((attachment) => {
    const { kind, subject: hangsOn, manifest } = attachment;
    const artifactType = manifest.artifactType ?? manifest.config.mediaType;
    const about = { attachment, artifactType, place: PLACE[kind], hangsOn };
    return manifest.layers
      .map((blob): Wanted => ({ ...about, blob }))
      .filter((one) => attachedForm(one) !== undefined);
  });
  const key = ({ hangsOn, blob }: Wanted): string =>
    JSON.stringify([hangsOn, blob.digest, blob.annotations]);
  return [...new Map(wanted.map((one) => [key(one), one])).values()];
}

type Read =
  | { readonly kind: 'found'; readonly evidence: AttachedEvidence }
  | {
      readonly kind: 'missing' | 'malformed';
      readonly digest: Digest;
      readonly reason: string;
    };

async function readOne(image: OpenedImage, wanted: Wanted): Promise<Read> {
  const { attachment, blob } = wanted;
  const failed = (kind: 'missing' | 'malformed', reason: string): Read => ({
    kind,
    digest: blob.digest,
    reason,
  });
  if (blob.size > MAX_ATTACHED_BYTES)
    return failed('missing', `${blob.digest} is larger than ${MAX_ATTACHED_BYTES} bytes`);
  let bytes: Uint8Array;
  try {
    bytes = await image.readBlob(blob);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed('missing', messageOf(error));
  }
  const read = readAttachedBlob(wanted, bytes);
  if (!read.ok) return failed('malformed', read.error);
  // A document is known by the artifact that runtimes pull.
  const isWhole = attachment.kind === 'buildkit-attestation' || attachedForm(wanted) === 'document';
  const digest = isWhole ? attachment.descriptor.digest : blob.digest;
  return { kind: 'found', evidence: { ...read.value, digest, attachment, blob } };
}

export interface CheckedAttachment extends Check {
  readonly evidence: AttachedEvidence;
}

/** What signatures of this image may be about: the index or manifest of its name, its platforms. */
export function imageDescriptors(image: OpenedImage): readonly Descriptor[] {
  return [image.root, ...image.platforms.map(({ descriptor }) => descriptor)];
}

/** All manifests that the root lists, also unopened ones; none if the root is itself a manifest. */
export function partsOf({ index, platforms }: OpenedImage): readonly Digest[] {
  const opened = platforms.map(({ descriptor }) => descriptor.digest);
  return index === undefined ? [] : [...index.manifests.map(({ digest }) => digest), ...opened];
}

function artifactsOf({ found }: ReadAttachments): readonly Descriptor[] {
  return found.flatMap(({ says, proof, attachment }) =>
    says.kind === 'statement' && proof.kind === 'none' && attachment.kind === 'referrer'
      ? [attachment.descriptor]
      : [],
  );
}

/**
 * A signature of an artifact's manifest, whose subject is the image, verifies the document in it;
 * it does not sign the image.
 */
function withArtifacts(
  checked: readonly CheckedAttachment[],
  image: OpenedImage,
): readonly CheckedAttachment[] {
  const own = new Set(imageDescriptors(image).map(({ digest }) => digest));
  const isOfArtifact = ({ evidence: { attachment } }: CheckedAttachment): boolean =>
    !own.has(attachment.subject);
  const vouching = checked.filter(
    (one) =>
      isOfArtifact(one) &&
      one.verification === 'verified' &&
      one.evidence.says.kind === 'signature',
  );
  return checked
    .filter((one) => !isOfArtifact(one))
    .map((one) => {
      const { proof, attachment } = one.evidence;
      const by =
        proof.kind === 'none' &&
        vouching.find(({ evidence }) => evidence.subjects.includes(attachment.descriptor.digest));
      return by
        ? {
            evidence: one.evidence,
            verification: 'verified',
            ...given({ verifiedBy: by.verifiedBy }),
          }
        : one;
    });
}

/**
 * Payload and signatures of an envelope that a key signed: nothing else decides whether it
 * verifies. An envelope about several parts of an image is attached to each of them, and under
 * cosign's tags as well. Undefined without an envelope, and where a certificate signed, since more
 * belongs to that.
 */
function envelopeName({ proof }: AttachedEvidence): string | undefined {
  if (proof.kind !== 'statement' || proof.signedWith !== 'key') return undefined;
  const read = readBundle(proof.bundle);
  if (!read.ok) return undefined;
  const { payloadType, payload, signatures } = read.value.envelope ?? {};
  const values = Array.isArray(signatures) ? signatures.map((one) => field(one, 'sig')) : [];
  return digestOf(JSON.stringify([payloadType, payload, values]));
}

/** Each verified statement once, as a bundle if there is one; all copies of unverified ones. */
export function withoutCopies(checked: readonly CheckedAttachment[]): readonly CheckedAttachment[] {
  const names = new Map(
    checked.map((one) => {
      const { evidence, verification } = one;
      const isStatement = verification === 'verified' && evidence.proof.kind === 'statement';
      return [one, isStatement ? (envelopeName(evidence) ?? evidence.blob.digest) : undefined];
    }),
  );
  const isTagged = ({ evidence }: CheckedAttachment): number =>
    Number(evidence.attachment.kind !== 'referrer');
  const bundlesFirst = checked.toSorted((a, b) => isTagged(a) - isTagged(b));
  const copies = groupBy(bundlesFirst, (one) => names.get(one));
  return checked.filter((one) => {
    const name = names.get(one);
    return name === undefined || copies.get(name)?.[0] === one;
  });
}

/** cosign calls under way at once; each is a process that computes. */
const CALLS_AT_ONCE = 4;
/** More than any image has; a hostile one must not keep cosign busy for hours. */
const MAX_CHECKS = 400;

/**
 * Has cosign, and notation where the user set it up, verify what hangs on the image against those
 * whom the user trusts. A blob about another image is not verified: it proves nothing here. An
 * envelope that verified once verifies anywhere; others are checked again in each place. Throws
 * UserError where a signer was named and cosign is missing.
 */
export async function verifyAttachments(
  context: PipelineContext,
  image: OpenedImage,
  read: ReadAttachments,
  trusted: TrustedSigners,
): Promise<readonly CheckedAttachment[]> {
  tellOfVariables(context, trusted);
  const verifier: Verifier = {
    context,
    image,
    trusted,
    signable: [...imageDescriptors(image), ...artifactsOf(read)],
    subjects: new Map(),
    noTrustedRoot: undefined,
  };
  const envelopes = new Map<string, Promise<Check>>();
  const checked = await inParallel(
    [...read.found.entries()],
    CALLS_AT_ONCE,
    async ([at, evidence]) => {
      context.signal.throwIfAborted();
      const name = envelopeName(evidence);
      const before = name === undefined ? undefined : await envelopes.get(name);
      if (before?.verification === 'verified') return { evidence, ...before };
      const check = checkOf(verifier, evidence, at);
      if (name !== undefined) envelopes.set(name, check);
      return { evidence, ...(await check) };
    },
  );
  return withArtifacts(checked, image);
}

/** People who set them expect them to count. */
function tellOfVariables({ env, emit }: PipelineContext, { signers }: TrustedSigners): void {
  if (!signers.some(({ signer }) => signer.kind === 'identity')) return;
  const found = TRUST_VARIABLES.filter((name) => (env[name] ?? '') !== '');
  if (found.length > 0)
    emit({
      kind: 'notice',
      text: `${found.join(', ')} in the environment: not used for verifying; --trusted-root FILE names a root of your own`,
    });
}

interface Verifier {
  readonly context: PipelineContext;
  readonly image: OpenedImage;
  readonly trusted: TrustedSigners;
  readonly signable: readonly Descriptor[];
  /** The bytes of indexes and manifests, read once for all that is about them. */
  readonly subjects: Map<Digest, Promise<Uint8Array>>;
  /** A missing network is asked once, not for each signature. */
  noTrustedRoot: CosignAnswer | undefined;
}

async function checkOf(verifier: Verifier, evidence: AttachedEvidence, at: number): Promise<Check> {
  const { context, image, trusted, signable, subjects: read } = verifier;
  const { proof, says, subjects } = evidence;
  const subject = signable.find(({ digest }) => subjects.includes(digest));
  if (subject === undefined)
    return {
      // A statement about another image does no harm: its subjects say so.
      verification: says.kind === 'signature' ? 'failed' : 'unverified',
      reason: `it is about ${subjects.slice(0, 3).join(', ') || 'nothing'}, not this image`,
    };
  if (at >= MAX_CHECKS) return unchecked(`more than ${MAX_CHECKS} signatures hang on the image`);
  if (proof.kind === 'none') return { verification: 'unverified', reason: proof.reason };
  if (proof.kind === 'notation') {
    const reason = 'another signer is named than notation’s policy';
    if (trusted.named) return { verification: 'unverified', reason };
    return verifyNotationSignature(context, image, evidence, subject);
  }
  const { bundle, signedWith } = proof;
  const bytes = read.get(subject.digest) ?? image.readBlob(subject);
  read.set(subject.digest, bytes);
  const blob = (proof.kind === 'message' ? proof.payload : undefined) ?? (await bytes);
  const predicateType = proof.kind === 'statement' ? proof.predicateType : undefined;
  const { run, signal } = context;
  const check = await bySigners(verifier, signedWith, ({ signer }) =>
    verifyAttached(run, { bundle, blob, predicateType, signer, signal }),
  );
  if (signedWith === 'key') return check;
  const origin = bundleOrigin(bundle);
  if (check.verification === 'verified') return { ...check, origin };
  if (check.verification !== 'failed' || origin.identity === undefined) return check;
  const { subject: who, issuer } = origin.identity;
  // First, since what follows may be cut.
  return { ...check, reason: `its certificate names ${who} (${issuer}): ${check.reason ?? ''}` };
}

type Ask = (trusted: TrustedSigner) => Promise<CosignAnswer>;

/** The first signer that verifies: identities for a certificate, keys for a bare signature. */
async function bySigners(
  verifier: Verifier,
  signedWith: 'certificate' | 'key',
  ask: Ask,
): Promise<Check> {
  const { named, signers } = verifier.trusted;
  const kind = signedWith === 'certificate' ? 'identity' : 'key';
  const fitting = signers.filter(({ signer }) => signer.kind === kind);
  // Who signed in another way than the user named is neither confirmed nor refuted.
  if (fitting.length === 0) return { verification: 'unverified', reason: NOBODY[kind] };
  const answers: Exclude<CosignAnswer, { outcome: 'verified' }>[] = [];
  for (const trusted of fitting) {
    const answer = await answerOf(verifier, ask, trusted);
    if (answer.outcome === 'verified')
      return { verification: 'verified', verifiedBy: trusted.name };
    answers.push(answer);
  }
  const open = answers.find(({ outcome }) => outcome === 'unknown');
  if (open !== undefined) return unchecked(open.reason);
  if (!named) return { verification: 'unverified', reason: 'no key at hand verifies it' };
  const said = answers[0]?.reason ?? '';
  const who = fitting.map(({ name }) => name).join(' or ');
  const isRoot = said.startsWith('the trusted root ');
  return { verification: 'failed', reason: isRoot ? said : `not signed by ${who} (${said})` };
}

/** If the user named nobody, a missing or broken cosign just leaves the signature unverified. */
async function answerOf(verifier: Verifier, ask: Ask, one: TrustedSigner): Promise<CosignAnswer> {
  const { context, trusted } = verifier;
  const isIdentity = one.signer.kind === 'identity';
  if (trusted.offline === true && needsNetwork(one.signer))
    return { outcome: 'unknown', reason: isIdentity ? OFFLINE_IDENTITY : OFFLINE_KEY };
  if (isIdentity && verifier.noTrustedRoot !== undefined) return verifier.noTrustedRoot;
  try {
    const answer = withRoot(await ask(one), one);
    if (!isIdentity || answer.outcome !== 'unknown' || !/\btuf\b/i.test(answer.reason))
      return answer;
    return (verifier.noTrustedRoot = {
      outcome: 'unknown',
      reason: `sigstore’s trusted root cannot be had, --trusted-root FILE names one (${answer.reason})`,
    });
  } catch (error) {
    if (trusted.named || error instanceof Interrupted || context.signal.aborted) throw error;
    return { outcome: 'unknown', reason: messageOf(error) };
  }
}

const OFFLINE_IDENTITY =
  'sigstore’s trusted root is fetched from the network, which is not to be used: --trusted-root FILE names one';
const OFFLINE_KEY = 'the key is asked for over the network, which is not to be used';

/** Why nobody knows what such an index lets in: an engine may read what we cannot. */
export function unreadEntry({ digest, mediaType }: Descriptor): string {
  const type = JSON.stringify(mediaType.slice(0, 100));
  return `the index lists ${digest} as ${type}, which cannot be read as an image; an engine may run it`;
}

/** Why an archive with such an image is not answered for by another of that name. */
export function namesake({ digest }: Descriptor): string {
  return `${digest} is there under the same name, and an engine may load it: verify without --platform and digest`;
}

/** The certificate's authority, the promise of its log or the entry's log is not in the root. */
const ANOTHER_ROOT = /leaf certificate verification failed|not enough verified /i;

function withRoot(answer: CosignAnswer, { signer }: TrustedSigner): CosignAnswer {
  const root = signer.kind === 'identity' ? signer.trustedRoot : undefined;
  if (answer.outcome === 'verified' || root === undefined || !ANOTHER_ROOT.test(answer.reason))
    return answer;
  const reason = `the trusted root ${root} does not vouch for it: name the trusted_root.json of the sigstore that signed (${answer.reason})`;
  return { ...answer, reason };
}

const NOBODY = {
  identity:
    'it is signed with a certificate: --certificate-identity and --certificate-oidc-issuer verify it',
  key: 'it is signed with a key: --key FILE verifies it',
} as const;
