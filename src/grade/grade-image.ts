import { localImages } from '../build/docker.ts';
import { Registries } from '../build/registries.ts';
import type { CommandIo } from '../cli/io.ts';
import { imageSettings } from '../cli/operands.ts';
import { openCache } from '../image/caches.ts';
import { openStore } from '../image/layout/store.ts';
import {
  type ImageName,
  openImage,
  type OpenOptions,
  parseImageName,
} from '../image/open-image.ts';
import { chooseEntries, matchesPlatform, mayRunOn } from '../image/platforms.ts';
import { ToolError, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import {
  type AttestationsFact,
  type Fact,
  known,
  type ReproductionFact,
  type SignatureFact,
  unknownFact,
} from '../model/facts.ts';
import {
  type Descriptor,
  isIndex,
  type OpenedImage,
  type OpenedPlatform,
  type Platform,
  platformName,
  platformNameOf,
  platformOf,
} from '../model/image.ts';
import { originsBehind } from '../model/key-scheme.ts';
import { type Digest, parseReference, referencesOf } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import type { NotGraded, Scorecard } from '../model/scorecard.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import { type FoundAttestation, isAboutPlatform, PREDICATE_TYPE } from '../model/statement.ts';
import { scanPlatforms } from '../scan/scan-image.ts';
import type { VexDocument } from '../scan/vex-documents.ts';
import { readVexFiles, vexOfAttestations } from '../scan/vex.ts';
import { type TrustedSigners, trustedSigners } from '../trust/trusted-signers.ts';
import { readReproduction } from '../trust/verdict.ts';
import {
  type CheckedAttachment,
  imageDescriptors,
  namesake,
  partsOf,
  readAttachments,
  unreadEntry,
  verifyAttachments,
  withoutCopies,
} from '../trust/verify-attached.ts';
import {
  assess,
  type AssessedPlatform,
  type CarriedVerdict,
  type Graded,
  inspect,
  type Inspected,
  type PlatformEvidence,
} from './assess.ts';
import type { GradeFlags } from './flags.ts';
import {
  type BaseLayers,
  baseLayers,
  type GivenDockerfile,
  gradedBuild,
  readGivenDockerfile,
  withContradictions,
} from './grade-build.ts';

interface AskedPlatforms {
  readonly image: OpenedImage;
  /** What was asked for, or what the index lists, and cannot be judged here. */
  readonly notGraded: readonly NotGraded[];
}

/**
 * The image with the platforms that are asked for alone, all where none is; and those that are
 * missing. Throws UserError where none of those asked for is there.
 */
export function askedPlatforms(image: OpenedImage, asked: readonly Platform[]): AskedPlatforms {
  const { absent, unread, name } = image;
  const notGradedAs =
    (reason: NotGraded['reason']) =>
    ({ platform, digest }: Descriptor): NotGraded => ({
      platform: platform === undefined ? digest : platformName(platform),
      reason,
    });
  if (asked.length === 0)
    return {
      image,
      notGraded: [...absent.map(notGradedAs('not-held')), ...unread.map(notGradedAs('not-read'))],
    };
  const taken = asked.map((wanted) => takenFor(image, wanted, asked.length === 1));
  const [first, ...rest] = image.platforms.filter((one) =>
    taken.some((some) => some.includes(one)),
  );
  const isListed = (wanted: Platform): boolean =>
    absent.some(({ platform }) => platform !== undefined && matchesPlatform(platform, wanted));
  const notGraded = asked
    .filter((_, at) => taken[at]?.length === 0)
    .map((wanted): NotGraded => ({
      platform: platformName(wanted),
      reason: isListed(wanted) ? 'not-held' : 'not-listed',
    }));
  if (first === undefined)
    throw new UserError(
      `${name} has none of ${asked.map(platformName).join(', ')} here, but ${image.platforms.map(platformNameOf).join(', ')}`,
      { nextStep: 'Name one that it has: --platform OS/ARCH' },
    );
  return {
    image: { ...image, platforms: [first, ...rest] },
    notGraded: [...notGraded, ...unread.map(notGradedAs('not-read'))],
  };
}

/**
 * The platforms that a runtime of `wanted` may run: the nearest one. If the index is nested or
 * leaves out platforms, another may come first, so all that it could run count. An image that was
 * opened for this platform alone has no others.
 */
function takenFor(
  { platforms, index }: OpenedImage,
  wanted: Platform,
  isOpenedForIt: boolean,
): readonly OpenedPlatform[] {
  const isFlat = index?.manifests.every(
    ({ mediaType, platform }) => platform !== undefined && !isIndex(mediaType),
  );
  if (index === undefined || isFlat === false || isOpenedForIt)
    return platforms.filter((one) => mayRunOn(platformOf(one), wanted));
  const { chosen } = chooseEntries(index.manifests, wanted);
  return platforms.filter(({ descriptor }) =>
    chosen.some(({ digest }) => digest === descriptor.digest),
  );
}

/** Files and folders have another name than the image has in its registry. */
function settleOf({ place }: OpenedImage): string {
  return `scoville grade registry:${/^(?:engine|registry|store)$/.test(place) ? 'IMAGE' : 'NAME'}`;
}

/**
 * Attachments of one platform of an image, as the criteria read them: those about its manifest or
 * the index that lists it. Those about no part of this image count too, since the criteria have to
 * see them. Leaves out attachments of other platforms. A place that keeps no signatures may keep
 * BuildKit's attestations.
 */
export function attestationsFact(
  image: OpenedImage,
  platform: Digest,
  checked: readonly CheckedAttachment[],
  incomplete: string | undefined,
): Fact<AttestationsFact> {
  const all = new Set(imageDescriptors(image).map(({ digest }) => digest));
  const concerns = ({ evidence: { subjects } }: CheckedAttachment): boolean =>
    isAboutPlatform(subjects, { root: image.root.digest, platform }, partsOf(image)) ||
    !subjects.some((subject) => all.has(subject));
  const own = withoutCopies(checked.filter(concerns));
  if (incomplete !== undefined && own.length === 0) return unknownFact(incomplete, settleOf(image));
  const value: AttestationsFact = {
    signatures: own.flatMap(signatureOf),
    attestations: own.flatMap(attestationOf),
    ...given({
      incomplete,
      settle: image.withoutAttachments && settleOf(image),
      unsigned: unsignedParts(image, own),
    }),
  };
  return known(value, sourceOf(own));
}

/** Nobody vouches for what cannot be read; for what is elsewhere, only a signature of the index. */
function unsignedParts(
  { root, unread, namesakes = [], absent }: OpenedImage,
  own: readonly CheckedAttachment[],
): string | undefined {
  const [unanswered] = [...unread.map(unreadEntry), ...namesakes.map(namesake)];
  if (unanswered !== undefined) return unanswered;
  const isOfIndex = own.some(
    ({ evidence: { says, subjects }, verification }) =>
      says.kind === 'signature' && verification === 'verified' && subjects.includes(root.digest),
  );
  return absent.length === 0 || isOfIndex
    ? undefined
    : 'the index lists images that are not here, and no signature of the index verifies';
}

function signatureOf({ evidence, ...check }: CheckedAttachment): readonly SignatureFact[] {
  const { says, digest } = evidence;
  if (says.kind !== 'signature') return [];
  const { verification, verifiedBy, reason: detail, origin } = check;
  return [{ kind: says.form, verification, digest, ...given({ verifiedBy, detail, origin }) }];
}

export function attestationOf({
  evidence,
  ...check
}: CheckedAttachment): readonly FoundAttestation[] {
  const { says, digest, subjects } = evidence;
  if (says.kind !== 'statement') return [];
  const { predicateType, predicate, source } = says;
  const { verification, verifiedBy } = check;
  const about = { predicateType, predicate, subjects, source, digest };
  return [{ ...about, verification, ...given({ verifiedBy }) }];
}

function sourceOf(
  own: readonly CheckedAttachment[],
): 'verified-attestation' | 'unverified-attestation' {
  const isVerified = ({ verification }: CheckedAttachment): boolean => verification === 'verified';
  // One that verifies is what a verdict rests on; others hang beside it, of other keys. Each
  // statement carries its own.
  return own.some(isVerified) ? 'verified-attestation' : 'unverified-attestation';
}

/**
 * What a second build of this image showed, where somebody whom the user trusts states it of one of
 * `digests`: the platform's manifest or its index. Of several statements, one of a build that
 * differed counts.
 */
export function reproductionFact(
  attestations: Fact<AttestationsFact>,
  digests: readonly Digest[],
): Fact<ReproductionFact> {
  const stated = attestations.known ? attestations.value.attestations : [];
  const results = stated
    .filter(
      ({ predicateType, verification, subjects }) =>
        predicateType === PREDICATE_TYPE.testResult &&
        verification === 'verified' &&
        subjects.some((subject) => digests.includes(subject)),
    )
    .flatMap(({ predicate }) => readReproduction(predicate) ?? []);
  const result = results.find(({ reproducible }) => !reproducible) ?? results[0];
  return result === undefined
    ? unknownFact(
        'no verified attestation states a second build',
        'scoville reproduce --attest -t IMAGE .',
      )
    : known({ ...result, statedBy: 'verified-attestation' }, 'verified-attestation');
}

const SCHEMA = 1;

interface OpenRequest {
  readonly text: string;
  readonly platform?: Platform;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Look up what hangs on an image of Docker's store in its registry, unless `offline`. */
  readonly published?: { readonly offline: boolean };
}

/**
 * Opens what the user named, wherever it lies: Docker's store first, then what builds left in the
 * layout, then the registry. An image of Docker's store that this tool built is read from the
 * layout, where its signatures are. The caller closes it. Throws UserError.
 */
export async function openNamedImage(
  context: PipelineContext,
  registries: Registries,
  { text, platform, stdin, published }: OpenRequest,
): Promise<OpenedImage> {
  const options: OpenOptions = {
    order: ['engine', 'store', 'registry'],
    client: (registry) => registries.reader(registry),
    engine: localImages(context.run, context.signal),
    run: context.run,
    store: () => openStore(context.paths.store, context.now),
    stdin: () => stdin,
    spoolDir: `${context.paths.cache}/spool`,
    documents: openCache(context, 'documents', SCHEMA),
    signal: context.signal,
    ...given({ platform }),
  };
  const name = await parseImageName(text, context.cwd);
  const own = await fromOwnBuild(name, options);
  if (own !== undefined) return own;
  const image = await openImage(name, options);
  return published === undefined
    ? image
    : withRegistryAttachments(image, name, options, published.offline);
}

/** The same image in the layout of builds, by Docker's digest; undefined if not one of ours. */
async function fromOwnBuild(
  name: ImageName,
  options: OpenOptions,
): Promise<OpenedImage | undefined> {
  if (name.place !== 'named') return undefined;
  // An engine that does not answer is reported by what needs it.
  const found = await options.engine.find(name.text).catch((error: unknown) => {
    if (error instanceof UserError || error instanceof ToolError) return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const store = await options.store();
  if ((await store.lastOf(found.id)) === undefined) return undefined;
  const { registry, repository } = name.reference;
  const reference = { registry, repository, digest: found.id };
  return openImage({ place: 'store', text: name.text, reference }, options);
}

/**
 * An image of Docker's store with the signatures and attestations of the same digest in the
 * registry of its name, so that it is judged as there: Docker keeps none. A name without a host is
 * not asked for: it may be of this machine alone. Where they were not looked up,
 * `withoutAttachments` says why.
 */
async function withRegistryAttachments(
  image: OpenedImage,
  name: ImageName,
  options: OpenOptions,
  offline: boolean,
): Promise<OpenedImage> {
  const { withoutAttachments, ...local } = image;
  if (withoutAttachments === undefined || name.place !== 'named') return image;
  const { registry, repository } = name.reference;
  if (!name.text.startsWith(`${registry}/`)) return image;
  if (offline) return without(image, `${registry} was not asked (offline)`);
  const { digest } = image.root;
  const reference = { registry, repository, digest };
  const text = `${registry}/${repository}@${digest}`;
  let published: OpenedImage;
  try {
    published = await openImage({ place: 'registry', text, reference }, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return without(image, error.message);
  }
  return {
    ...local,
    attachments: published.attachments,
    readBlob: published.readBlob,
    attachedAt: registry,
    close: async () => {
      await Promise.all([image.close(), published.close()]);
    },
  };
}

function without(image: OpenedImage, why: string): OpenedImage {
  const reason = `Docker does not store signatures, and ${why}`;
  return {
    ...image,
    withoutAttachments: reason,
    attachments: async () => ({
      complete: false,
      found: (await image.attachments()).found,
      reason,
    }),
  };
}

export interface GradeOptions {
  readonly settings: Settings;
  readonly trusted: TrustedSigners;
  /** Used where the image's provenance does not contain one. */
  readonly dockerfile: GivenDockerfile | undefined;
  /** False leaves out the scan for secrets; its criterion is then unknown. */
  readonly secrets: boolean;
  /** The user's VEX documents, read once for all images. */
  readonly vex: readonly VexDocument[];
  /** Where bases are looked up that unsigned statements name. */
  readonly registries: Registries;
  /** What hangs on the image, where it was verified already. */
  readonly attached?: CheckedAttachments;
  readonly carried?: CarriedVerdict | undefined;
}

interface CheckedAttachments {
  readonly checked: readonly CheckedAttachment[];
  readonly incomplete: string | undefined;
}

type AttestedEvidence = PlatformEvidence & Pick<AssessedPlatform, 'attestations' | 'reproduction'>;

/** What is known of an image apart from vulnerabilities and age: it is so as long as its bytes. */
export interface InspectedImage {
  readonly image: Pick<OpenedImage, 'name' | 'place' | 'root' | 'index'>;
  readonly platforms: readonly (AttestedEvidence & Inspected)[];
  readonly notGraded: readonly NotGraded[];
}

/**
 * Grades an image that was opened somewhere, all its platforms or those that are asked for:
 * verifies its attachments, reads each layer once, scans, judges. Throws UserError where a layer or
 * a document is damaged or missing.
 */
export async function gradeOpened(
  context: PipelineContext,
  whole: OpenedImage,
  options: GradeOptions,
  asked: readonly Platform[] = [],
): Promise<Graded> {
  return judgeInspected(context, await inspectOpened(context, whole, options, asked), options);
}

/** The first half of it, which reads the image and what hangs on it. Throws as it does. */
export async function inspectOpened(
  context: PipelineContext,
  whole: OpenedImage,
  options: GradeOptions,
  asked: readonly Platform[] = [],
): Promise<InspectedImage> {
  const { image, notGraded } = askedPlatforms(whole, asked);
  const { settings, secrets } = options;
  const attached = options.attached ?? (await verifyAll(context, image, options.trusted));
  const bases = baseLayers(context, options.registries, settings, homeOf(image));
  const evidence = await Promise.all(
    image.platforms.map((one) => evidenceOf(image, one, attached, options, bases)),
  );
  const platforms = await inspect(context, image, evidence, { secrets });
  const { name, place, root, index } = image;
  return { image: { name, place, root, index }, platforms, notGraded };
}

/** The second half: vulnerabilities and age as of now, and the verdict. */
export async function judgeInspected(
  context: PipelineContext,
  { image, platforms: inspected, notGraded }: InspectedImage,
  { settings, secrets, carried }: GradeOptions,
): Promise<Graded> {
  const scan = { settings, names: [image.name] };
  const platforms = await scanPlatforms(context, image, inspected, scan);
  return assess(context, image, platforms, { settings, secrets, notGraded, carried });
}

/** Reads what hangs on an image, and verifies it against those whom the user trusts. */
export function verifyAll(
  context: PipelineContext,
  image: OpenedImage,
  trusted: TrustedSigners,
): Promise<CheckedAttachments> {
  return phase(
    context,
    'verify',
    async () => {
      const read = await readAttachments(image);
      const checked = await verifyAttachments(context, image, read, trusted);
      return { checked, incomplete: read.incomplete };
    },
    ({ checked, incomplete }) => {
      const verified = checked.filter(({ verification }) => verification === 'verified').length;
      const found = `${checked.length} signatures and attestations, ${verified} verified`;
      return { detail: incomplete === undefined ? found : `${found}; ${incomplete}` };
    },
  );
}

/** The image's registry, or the one that its statements came from. */
function homeOf({ place, name, attachedAt }: OpenedImage): string | undefined {
  if (attachedAt !== undefined) return attachedAt;
  const reference = parseReference(name.replace(/^(?:registry:|docker:\/\/)/, ''));
  return place === 'registry' && reference.ok ? reference.value.registry : undefined;
}

async function evidenceOf(
  image: OpenedImage,
  platform: OpenedPlatform,
  { checked, incomplete }: CheckedAttachments,
  options: GradeOptions,
  bases: BaseLayers,
): Promise<AttestedEvidence> {
  const digests = [platform.descriptor.digest, image.root.digest] as const;
  const attestations = await withContradictions(
    attestationsFact(image, platform.descriptor.digest, checked, incomplete),
    platform.config,
    bases,
  );
  const attached = attestations.known ? attestations.value.attestations : [];
  const { fact, ...build } = await gradedBuild(image, platform, attestations, options.dockerfile);
  const { withoutAttachments: unasked } = image;
  const unread = unasked && `signatures and attestations were not looked up: ${unasked}`;
  return {
    platform,
    attestations,
    reproduction: reproductionFact(attestations, digests),
    build: fact,
    ...build,
    notices: [...build.notices, ...(unread === undefined ? [] : [unread])],
    predicates: attached.map(({ predicate }) => predicate),
    vex: [
      ...options.vex,
      ...vexOfAttestations(attached, { digests, references: referencesOf([image.name]) }),
    ],
  };
}

export interface GradeSession {
  readonly flags: GradeFlags;
  readonly options: GradeOptions;
}

export async function gradeSettings(flags: GradeFlags, io: CommandIo): Promise<Settings> {
  const value = await imageSettings(flags.policy, io);
  return {
    ...value,
    origins: originsBehind(value.origins, {
      scanner: flags.scanner,
      offline: flags.offline,
      recentDays: flags.maxAge,
    }),
    scanner: flags.scanner ?? value.scanner,
    offline: flags.offline ?? value.offline,
    vex: [...value.vex, ...flags.vex],
    recentDays: flags.maxAge ?? value.recentDays,
    gate: { ...value.gate, ...flags.gate },
    registries: withPlainHttp(value.registries, flags.plainHttp),
  };
}

export async function gradeSession(
  context: PipelineContext,
  flags: GradeFlags,
  settings: Settings,
): Promise<GradeSession> {
  return {
    flags,
    options: {
      settings,
      trusted: await trustedSigners(context, settings, flags.signers),
      dockerfile:
        flags.file === undefined
          ? undefined
          : await readGivenDockerfile(context.cwd, flags.file, flags),
      secrets: flags.secrets,
      vex: await readVexFiles(settings.vex),
      registries: new Registries(context, settings.registries),
    },
  };
}

export async function gradeOne(
  context: PipelineContext,
  { flags, options }: GradeSession,
  text: string,
  stdin: AsyncIterable<Uint8Array>,
): Promise<ReportInput> {
  const { platforms } = flags;
  const [only] = platforms.length === 1 ? platforms : [];
  const published = { offline: options.settings.offline };
  const request = { text, stdin, published, ...given({ platform: only }) };
  const image = await phase(
    context,
    'open',
    () => openNamedImage(context, options.registries, request),
    ({ name, place, root }) => ({ detail: `${name}, ${PLACE[place]}, ${root.digest}` }),
    { detail: text },
  );
  try {
    const { scorecard, contents } = await gradeOpened(context, image, options, platforms);
    for (const one of scorecard.notGraded ?? [])
      context.emit({ kind: 'notice', text: notGradedText(one) });
    return { scorecard, contents, ...given({ dockerfile: flags.file }) };
  } finally {
    await image.close();
  }
}

/**
 * Platforms that could not be judged, if they were asked for by name or a gate depends on them.
 * Otherwise the report names them, and that is enough: Docker pulls one platform of many.
 */
export function unanswered(
  flags: GradeFlags,
  { minLevel, minGrade }: Settings['gate'],
  { notGraded = [] }: Scorecard,
): readonly string[] {
  const isGated = minLevel !== undefined || minGrade !== undefined;
  return flags.platforms.length > 0 || isGated ? notGraded.map(notGradedText) : [];
}

function notGradedText({ platform, reason }: NotGraded): string {
  if (reason === 'not-read')
    return `the image lists ${platform} as something that cannot be read as an image: an engine may run it, and it is not graded`;
  return reason === 'not-held'
    ? `the image has ${platform} too, which is not here and not graded`
    : `the image has no ${platform}`;
}

const PLACE = {
  registry: 'from the registry',
  engine: "from Docker's store",
  layout: 'from an OCI layout',
  archive: 'from an archive',
  store: 'from the layout of builds',
  copied: 'a copy by skopeo or podman',
  rootfs: 'a root file system',
} as const;
