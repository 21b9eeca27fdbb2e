import { isForeign } from '../image/attachments.ts';
import { given } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { ImageVerification, VerifiedItem } from '../model/criterion.ts';
import { type Descriptor, type OpenedImage, platformName } from '../model/image.ts';
import type { Digest } from '../model/reference.ts';
import type { SignatureOrigin } from '../model/signature-origin.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { isOfType, madeKind } from './statement-kinds.ts';
import type { TrustedSigners } from './trusted-signers.ts';
import { readReproduction, readSummary, readTestResult, type StatedLevel } from './verdict.ts';
import {
  type CheckedAttachment,
  namesake,
  partsOf,
  readAttachments,
  unreadEntry,
  verifyAttachments,
  withoutCopies,
} from './verify-attached.ts';

/** Who signed an image, and with what. A logged signature counts more than an unlogged one. */
export function signedBy(
  signed: readonly CheckedAttachment[],
): Pick<ImageVerification, 'signedBy' | 'signedWith'> {
  const one = signed.find(({ origin }) => origin !== undefined) ?? signed[0];
  if (one?.verifiedBy === undefined) return {};
  const { proof } = one.evidence;
  const kind =
    proof.kind === 'statement' || proof.kind === 'message' ? proof.signedWith : 'notation';
  return { signedBy: signerText(one.verifiedBy, one.origin), signedWith: { kind, ...one.origin } };
}

/** Who signed, and where a pattern was asked for, who fitted it. */
function signerText(verifiedBy: string, { identity }: SignatureOrigin = {}): string {
  if (identity === undefined) return verifiedBy;
  const name = `${identity.subject} (${identity.issuer})`;
  return verifiedBy.startsWith(name) ? verifiedBy : `${name}, which fits ${verifiedBy}`;
}

const EXPECTED = { provenance: 'provenance', SBOM: 'sbom', verdict: 'vsa' } as const;

export interface VerifyDemands {
  readonly types: readonly string[];
  readonly minLevel: number | undefined;
}

/**
 * Whether an image may be deployed. A trusted signer's signature of its digest verifies, and so do
 * the attestations that are asked for, about the index or about each of several platforms.
 */
export async function verifyImage(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
  demands: VerifyDemands,
): Promise<ImageVerification> {
  return (await verifyWithEvidence(context, image, trusted, demands)).answer;
}

/** The same, with each signature and statement that the answer rests on. */
export async function verifyWithEvidence(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
  demands: VerifyDemands,
): Promise<{
  readonly answer: ImageVerification;
  readonly verified: readonly CheckedAttachment[];
}> {
  const read = await readAttachments(image);
  const all = await verifyAttachments(context, image, read, trusted);
  const checked = withoutCopies(all);
  const covers = coverage(image);
  const verified = checked.filter(({ verification }) => verification === 'verified');
  const signed = covers(verified.filter(isSignature));
  const incomplete = image.withoutAttachments ?? read.incomplete;
  const isBare = incomplete === undefined && !checked.some(isSignature);
  const level = statedLevel(verified, covers);
  const stated = (type: string): readonly CheckedAttachment[] =>
    covers(verified.filter((one) => isStatement(one, type)));
  const shortOf = [
    ...(signed.length > 0 ? [] : [unsignedText(image, verified.filter(isSignature), isBare)]),
    ...demands.types
      .filter((type) => stated(type).length === 0)
      .map((type) => `no verified attestation of type ${type}`),
    ...levelShortfall(level?.level, demands.minLevel),
  ];
  const open = shortOf.length === 0 ? [] : doubts(checked, trusted, incomplete);
  // Even where it is signed: nobody can say what it lets in.
  const { unread, namesakes = [] } = image;
  const reasons = [...unread.map(unreadEntry), ...namesakes.map(namesake), ...shortOf, ...open];
  const [tested] = covers(verified.filter(({ evidence }) => madeKind(evidence.says) === 'tests'));
  const says = tested?.evidence.says;
  const tests = says?.kind === 'statement' ? readTestResult(says.predicate) : undefined;
  const answer: ImageVerification = {
    image: image.name,
    digest: image.root.digest,
    outcome: reasons.length === 0 ? 'verified' : open.length > 0 ? 'unjudged' : 'short',
    reasons,
    ...signedBy(signed),
    missing: [
      ...(signed.length > 0 ? [] : [isBare ? 'signature' : 'verified signature']),
      ...Object.entries(EXPECTED).flatMap(([name, type]) =>
        stated(type).length > 0 ? [] : [name],
      ),
    ],
    signatures: checked.filter(isSignature).map(itemOf),
    attestations: checked.filter((one) => !isSignature(one)).map(itemOf),
    ...(level?.level === undefined ? {} : { level: level.level, gradedAt: level.timeVerified }),
    ...given({ tests }),
    ...reproductionOf(verified, covers),
  };
  // Engines look in one place: a copy under a tag is there for them.
  return { answer, verified: all.filter(({ verification }) => verification === 'verified') };
}

/** About the root and all named platforms: by the root's name a statement on one is found. */
function isAboutWhole(subjects: readonly Digest[], image: OpenedImage): boolean {
  const isNamed = (digest: Digest): boolean => subjects.includes(digest);
  const all = [...image.platforms.map(({ descriptor }) => descriptor), ...image.absent];
  return (
    isNamed(image.root.digest) &&
    (!partsOf(image).some(isNamed) || all.every(({ digest }) => isNamed(digest)))
  );
}

type Covering = (found: readonly CheckedAttachment[]) => readonly CheckedAttachment[];

/** Those of `found` about the whole image: its root, or every one of its platforms; else none. */
function coverage(image: OpenedImage): Covering {
  const platforms = image.platforms.map(({ descriptor }) => descriptor.digest);
  const about = (digest: Digest) => (one: CheckedAttachment) =>
    one.evidence.subjects.includes(digest);
  return (found) => {
    const whole = found.filter(({ evidence: { subjects } }) => isAboutWhole(subjects, image));
    // A platform that is not here cannot be checked: only what is about the root speaks for it.
    if (whole.length > 0 || image.absent.length > 0) return whole;
    const parts = platforms.map((digest) => found.filter(about(digest)));
    return parts.every((part) => part.length > 0) ? parts.flat() : [];
  };
}

/** An index may list thousands. */
const SHOWN_ENTRIES = 5;

/** What lacks a signature: the digest itself, or index entries with no verified signature. */
function unsignedText(
  image: OpenedImage,
  verified: readonly CheckedAttachment[],
  isBare: boolean,
): string {
  if (isBare) return 'no signature of this digest is attached';
  if (verified.length === 0) return 'no signature of this digest verifies';
  const isSigned = ({ digest }: Descriptor): boolean =>
    verified.some(({ evidence }) => evidence.subjects.includes(digest));
  const entries = [
    ...image.platforms.map(({ descriptor, config }) => ({ platform: config, ...descriptor })),
    ...image.absent,
  ];
  const bare = entries.filter((entry) => !isSigned(entry));
  const named = (bare.length > 0 ? bare : image.absent).map(({ platform, digest }) =>
    platform === undefined ? digest : `${platformName(platform)} (${digest})`,
  );
  const distinct = [...new Set(named)];
  const more =
    distinct.length > SHOWN_ENTRIES ? ` and ${distinct.length - SHOWN_ENTRIES} more` : '';
  const shown = distinct.slice(0, SHOWN_ENTRIES).join(', ');
  return `no signature verifies for the index, nor for ${shown}${more}`;
}

function isSignature({ evidence }: CheckedAttachment): boolean {
  return evidence.says.kind === 'signature';
}

function isStatement({ evidence: { says } }: CheckedAttachment, type: string): boolean {
  return says.kind === 'statement' && isOfType(says.predicateType, type);
}

/** Each subject's newest verdict counts, since it may be judged again; of platforms, the lowest. */
function statedLevel(
  verified: readonly CheckedAttachment[],
  covers: Covering,
): StatedLevel | undefined {
  const time = ({ timeVerified }: StatedLevel): number => Date.parse(timeVerified) || 0;
  const newest = new Map<string, StatedLevel>();
  const verdicts = verified.filter((one) => isStatement(one, PREDICATE_TYPE.slsaVsa));
  for (const { evidence } of covers(verdicts)) {
    if (evidence.says.kind !== 'statement') continue;
    const stated = readSummary(evidence.says.predicate);
    const key = evidence.subjects.join(' ');
    const before = newest.get(key);
    if (before === undefined || time(stated) >= time(before)) newest.set(key, stated);
  }
  return [...newest.values()]
    .map((stated) => (stated.passed ? stated : { ...stated, level: undefined }))
    .sort((a, b) => (a.level ?? -1) - (b.level ?? -1))[0];
}

function levelShortfall(level?: number, minLevel?: number): readonly string[] {
  if (minLevel === undefined || (level ?? -1) >= minLevel) return [];
  return [
    level === undefined
      ? `no verified verdict states a level; ${minLevel} is asked for`
      : `level ${level} is stated, ${minLevel} is asked for`,
  ];
}

/** A second build is also a test result, of another configuration. One that differed goes first. */
function reproductionOf(
  verified: readonly CheckedAttachment[],
  covers: Covering,
): Pick<ImageVerification, 'reproduction'> {
  const stated = verified.filter((one) => secondBuild(one) !== undefined);
  const differed = stated.flatMap((one) => secondBuild(one) ?? []).find((r) => !r.reproducible);
  if (differed !== undefined) return { reproduction: differed };
  const [found] = covers(stated);
  return given({ reproduction: found && secondBuild(found) });
}

function secondBuild({ evidence: { says } }: CheckedAttachment) {
  return says.kind === 'statement' && says.predicateType === PREDICATE_TYPE.testResult
    ? readReproduction(says.predicate)
    : undefined;
}

/** Why what is missing may be there all the same: then the answer is not no, but unknown. */
function doubts(
  checked: readonly CheckedAttachment[],
  trusted: TrustedSigners,
  incomplete: string | undefined,
): readonly string[] {
  const unchecked = checked.flatMap(({ isUnchecked, reason }) =>
    isUnchecked === true && reason !== undefined ? [reason] : [],
  );
  return [
    ...(incomplete === undefined ? [] : [incomplete]),
    ...(trusted.signers.length > 0 || checked.length === 0
      ? []
      : ['no key or identity to verify with']),
    ...new Set(unchecked),
  ];
}

function itemOf(one: CheckedAttachment): VerifiedItem {
  const { evidence, verification, verifiedBy, reason, origin } = one;
  const { says, digest, subjects } = evidence;
  const type = says.kind === 'signature' ? says.form : says.predicateType;
  return {
    type,
    verification,
    ...given({ verifiedBy, reason }),
    digest,
    subjects,
    ...given({ origin }),
  };
}

const AT_ONCE = 2;

/**
 * Reads every layer of an archive or layout directory: a registry and an engine check what they
 * take, a file was carried about. Throws UserError where one is missing, or is not what its digest
 * says.
 */
export async function checkBlobs(image: OpenedImage, signal: AbortSignal): Promise<void> {
  const { place, whole, platforms } = image;
  if (whole === undefined || (place !== 'archive' && place !== 'layout')) return;
  const layers = platforms.flatMap((platform) => platform.layers.map(({ blob }) => blob));
  const distinct = [...new Map(layers.map((blob) => [blob.digest, blob])).values()];
  await inParallel(distinct, AT_ONCE, async (blob) => {
    if (isForeign(blob) && !(await whole.content.has(blob.digest))) return;
    const bytes = whole.content.openRead(blob.digest, { size: blob.size });
    const reading = bytes[Symbol.asyncIterator]();
    while ((await reading.next()).done !== true) signal.throwIfAborted();
  });
}
