import type { FinalImage, FinalPlatform } from '../build/image-under-build.ts';
import type { BuildPlan } from '../build/plan.ts';
import type { ImageContent } from '../facts/layer-files.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { writeArtifact, writeBundleReferrer } from '../image/referrers.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import type { Incomplete, Recording } from '../model/build-analysis.ts';
import type { PipelineContext } from '../model/context.ts';
import { type Descriptor, platformOf } from '../model/image.ts';
import type { DownloadedFile } from '../model/packages.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import type { SignatureOrigin } from '../model/signature-origin.ts';
import { type Material, PREDICATE_TYPE } from '../model/statement.ts';
import { ruleSet } from '../normalize/catalogue.ts';
import { fetchedMaterials } from '../reproduce/recorded-fetches.ts';
import { bundleOrigin } from './bundle.ts';
import { proofByCosign, signStatement } from './cosign.ts';
import { builderId, runAddress, tooLarge, unreadable } from './identity.ts';
import { misstated, signBundle } from './keys.ts';
import { slsaProvenance } from './provenance.ts';
import { cyclonedxDocument, spdxDocument } from './sbom.ts';
import { type Signer, verifierName } from './signer.ts';
import { verifierOf, verifyAttached } from './trusted-signers.ts';

export interface StatementToSign {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subject: Descriptor;
  readonly also?: readonly Descriptor[];
  /** To be kept as an artifact, whose manifest is signed. */
  readonly artifact?: ArtifactToSign;
}

interface ArtifactToSign {
  readonly artifactType: string;
  readonly mediaType: string;
  readonly title: string;
  readonly bytes: Uint8Array;
  /** Why it is not a statement, for people; nothing where it never is one. */
  readonly reason?: string;
}

type PlatformContent = ReturnType<typeof platformContent>;

/** What an SBOM is made of. */
export function platformContent(
  { packages, filesystem, unreadablePackages: unreadable }: ImageContent,
  downloads: readonly DownloadedFile[],
) {
  const { osRelease, executables } = filesystem;
  const programs = executables.filter(({ type }) => type === 'file');
  return { packages, osRelease, programs, unreadable, downloads };
}

export interface DocumentInputs {
  readonly image: FinalImage;
  /** Undefined unless all layers were read: a partial SBOM would say that the rest is missing. */
  readonly content: (platform: FinalPlatform) => PlatformContent | undefined;
  readonly plan: BuildPlan;
  /** What RUNs fetched or were given; undefined where nobody looked. */
  readonly recording: Recording | undefined;
  readonly toolVersion: string;
  readonly env: PipelineContext['env'];
  readonly versions: Readonly<Record<string, string>>;
  /** Who signed an image that was used, by its digest. */
  readonly bases?: ReadonlyMap<string, string>;
  readonly inputs?: Descriptor | undefined;
  readonly normaliser: { readonly version: string; readonly rules: readonly string[] };
  readonly startedOn: string;
  readonly finishedOn: string;
}

/**
 * The statements about what was built: SBOMs, provenance, signatures. They are about the index,
 * which a tag means, and about the platforms' manifests, which engines pull; what is said of one
 * platform names that one. Those here are the signature and provenance, which need nothing from the
 * layers.
 */
export function earlyStatements(
  inputs: Omit<DocumentInputs, 'content'>,
): readonly StatementToSign[] {
  const { image } = inputs;
  return [
    // What `cosign sign` 3 makes: the subjects, and nothing said of them.
    { predicateType: PREDICATE_TYPE.cosignSign, predicate: {}, ...wholeImage(image) },
    ...image.platforms.flatMap((platform) => provenance(inputs, platform)),
  ];
}

/** The SBOMs, of the same subjects. One that is too large for a statement is an artifact. */
export function sbomStatements(
  inputs: DocumentInputs,
  signedBy: 'key' | 'keyless',
): readonly StatementToSign[] {
  return inputs.image.platforms.flatMap((platform) =>
    sboms(inputs, platform).map((statement) => withinSize(statement, signedBy)),
  );
}

/** The media types that registries and scanners know SBOMs by. */
const SBOM_TYPES: Readonly<Record<string, string>> = {
  [PREDICATE_TYPE.cyclonedx]: 'application/vnd.cyclonedx+json',
  [PREDICATE_TYPE.spdx]: 'application/spdx+json',
};

function withinSize(statement: StatementToSign, signedBy: 'key' | 'keyless'): StatementToSign {
  const bytes = Buffer.from(JSON.stringify(statement.predicate));
  const reason = tooLarge(bytes.length, signedBy);
  const mediaType = SBOM_TYPES[statement.predicateType];
  if (reason === undefined || mediaType === undefined) return statement;
  const artifact = { artifactType: mediaType, mediaType, title: 'sbom.json', bytes, reason };
  return { ...statement, artifact };
}

type Subjects = Pick<StatementToSign, 'subject'> & { readonly also: readonly Descriptor[] };

export function wholeImage({ index, platforms }: FinalImage): Subjects {
  return { subject: index, also: platforms.map(({ descriptor }) => descriptor) };
}

/** One platform and its index. With several platforms, the manifest comes first and names it. */
function onePlatform(image: FinalImage, { descriptor }: FinalPlatform): Subjects {
  return image.platforms.length === 1
    ? { subject: image.index, also: [descriptor] }
    : { subject: descriptor, also: [image.index] };
}

/** What an SBOM says of an image besides its name. */
export function imageSource({ annotations }: BuildPlan, { built, config }: FinalPlatform) {
  const vendor = annotations.manifest['org.opencontainers.image.vendor'];
  return { platform: platformOf({ descriptor: built.descriptor, config }), ...given({ vendor }) };
}

function sboms(
  { image: built, plan, content, toolVersion }: DocumentInputs,
  platform: FinalPlatform,
): readonly StatementToSign[] {
  const found = plan.attest.sbom.on ? content(platform) : undefined;
  if (found === undefined) return [];
  const subjects = onePlatform(built, platform);
  const { digest } = subjects.subject;
  const image = { name: plan.names[0] ?? digest, digest, ...imageSource(plan, platform) };
  const input = { ...found, image, created: plan.created, toolVersion };
  return plan.attest.sbomFormats.map((format) => {
    const write = format === 'cyclonedx' ? cyclonedxDocument : spdxDocument;
    return { predicateType: PREDICATE_TYPE[format], predicate: write(input), ...subjects };
  });
}

function provenance(
  inputs: Omit<DocumentInputs, 'content'>,
  platform: FinalPlatform,
): readonly StatementToSign[] {
  const { plan, image, recording } = inputs;
  const { built, touched } = platform;
  if (!plan.attest.provenance.on || built.provenance === undefined) return [];
  const { mode } = plan.settings.reproducible;
  const { vcs, epoch, hermetic } = plan;
  // BuildKit's own `vcs` does not say: buildx looks for changes only where it is asked to.
  const workingTree = vcs && (vcs.revision.endsWith('-dirty') ? 'dirty' : 'clean');
  const predicate = madeProvenance({
    buildkit: built.provenance.predicate,
    buildkitDigest: built.descriptor.digest,
    toolVersion: inputs.toolVersion,
    versions: inputs.versions,
    startedOn: inputs.startedOn,
    finishedOn: inputs.finishedOn,
    builderId: builderId(inputs.env),
    invocationId: runAddress(inputs.env),
    ...given({ vcs, signers: inputs.bases }),
    materials: [
      ...(vcs === undefined ? [] : sourceOf(vcs)),
      ...fetchedMaterials(recording?.fetches ?? new Map()),
    ],
    parameters: {
      ...given({
        sourceDateEpoch: epoch?.seconds,
        sourceDateEpochFrom: epoch?.reason,
        workingTree,
      }),
      normaliser: mode,
      ...(hermetic === undefined ? {} : fetchParameters(hermetic, recording?.incomplete)),
      pins: (plan.sourcePolicy?.pins ?? []).map((pin) => `${pin.from} -> ${pin.to}`),
    },
    normaliser: mode === 'off' ? undefined : { ...inputs.normaliser, mode, touched },
    runs: plan.steady,
    inputs: inputs.inputs,
  });
  const size = unreadable(Buffer.byteLength(JSON.stringify(predicate)));
  const nextStep = 'build with --provenance=mode=min, or record less';
  if (size !== undefined) throw new UserError(`the provenance has ${size}`, { nextStep });
  const predicateType = PREDICATE_TYPE.slsaProvenanceV1;
  return [{ predicateType, predicate, ...onePlatform(image, platform) }];
}

/** Throws UserError where BuildKit's cannot be read. */
export function madeProvenance(input: Parameters<typeof slsaProvenance>[0]) {
  const made = slsaProvenance(input);
  if (made.ok) return made.value;
  throw new UserError(`BuildKit's provenance could not be read: ${made.error}`, {
    nextStep: 'Build with --provenance=false to go without, and report this.',
  });
}

/** Whether what RUNs fetched was recorded or replayed, and why it is not known to be all. */
function fetchParameters(
  mode: 'record' | 'replay',
  incomplete: Incomplete = new Map(),
): Readonly<Record<string, string | readonly string[]>> {
  const fetches = mode === 'record' ? 'recorded' : 'replayed';
  if (incomplete.size === 0) return { fetches };
  return {
    fetches: `${fetches}-incomplete`,
    fetchesIncomplete: [...new Set([...incomplete.values()].flat())],
  };
}

export function rulesOf(plan: BuildPlan): {
  readonly version: string;
  readonly rules: readonly string[];
} {
  const { reproducible } = plan.settings;
  const set = ruleSet(reproducible.mode, reproducible);
  return { version: set.id, rules: set.rules.map((rule) => rule.id) };
}

/** The repository and the commit that were built, where the working tree is that commit. */
export function sourceOf({ source, revision }: NonNullable<BuildPlan['vcs']>): readonly Material[] {
  return source === undefined || !/^[0-9a-f]{40,64}$/.test(revision)
    ? []
    : [{ uri: `git+${source}@${revision}`, digest: { gitCommit: revision } }];
}

/** cosign calls under way at once; each is a process that computes. */
const AT_ONCE = 4;

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
  const signing = { context, blobs, signer };
  const done = await inParallel(statements, AT_ONCE, (one) => signOrKeep(signing, one));
  return done.flat();
}

interface Signing {
  readonly context: PipelineContext;
  readonly blobs: BlobStore;
  readonly signer: Signer;
}

/** A document that is kept as an artifact has its manifest signed. */
async function signOrKeep(
  signing: Signing,
  { artifact, ...statement }: StatementToSign,
): Promise<readonly SignedStatement[]> {
  if (artifact === undefined) return [await signOne(signing, statement)];
  const { predicateType, predicate, subject, also = [] } = statement;
  const { artifactType, mediaType, title, bytes: layer, reason } = artifact;
  const { blobs, context } = signing;
  if (reason !== undefined)
    context.emit({
      kind: 'notice',
      text: `the document of type ${predicateType} has ${reason}: attached as an artifact of type ${artifactType} with a signature of its own, and not as a statement`,
    });
  const keep = (about: Descriptor): Promise<Descriptor> =>
    writeArtifact(blobs, { subject: about, artifactType, layer, title, mediaType });
  const [first, others] = [await keep(subject), await Promise.all(also.map(keep))];
  const signature = await signOne(signing, {
    predicateType: PREDICATE_TYPE.cosignSign,
    predicate: {},
    subject: first,
    also: others,
  });
  const document = {
    ...signature,
    predicateType,
    predicate,
    subjects: [subject.digest, ...also.map((one) => one.digest)],
    referrers: [first, ...others],
    // As readers of what is attached name them: a profile by its artifact, an SBOM by its bytes.
    digest: reason === undefined ? first.digest : digestOf(layer),
  } as const;
  return [document, signature];
}

/** An opened key signs once for all subjects, cosign for one file; each has a referrer. */
async function signOne(signing: Signing, statement: StatementToSign): Promise<SignedStatement> {
  const { context, blobs, signer } = signing;
  context.signal.throwIfAborted();
  const { predicateType, predicate, subject: first, also = [] } = statement;
  const opened = signer.kind === 'key' ? await signer.opened?.() : undefined;
  const subjects = [first.digest, ...also.map(({ digest }) => digest)] as const;
  const ofAll = opened && signBundle(opened, { subjects, predicateType, predicate });
  const bundleOf = (subject: Descriptor): Buffer | Promise<Uint8Array> =>
    ofAll ?? byCosign(signing, statement, subject.digest);
  const bundle = await bundleOf(first);
  const isSignature = predicateType === PREDICATE_TYPE.cosignSign;
  const verifiedBy = isSignature ? await verified(signing, bundle, first.digest) : undefined;
  const store = (subject: Descriptor, signed: Uint8Array): Promise<Descriptor> =>
    writeBundleReferrer(blobs, { subject, bundle: signed, predicateType });
  const referrers: [Descriptor, ...Descriptor[]] = [await store(first, bundle)];
  for (const subject of also) referrers.push(await store(subject, await bundleOf(subject)));
  const origin = signer.kind === 'keyless' ? { origin: bundleOrigin(bundle) } : {};
  const digest = digestOf(bundle);
  return { predicateType, predicate, subjects, digest, referrers, verifiedBy, ...origin };
}

async function byCosign(
  { context, blobs, signer }: Signing,
  { predicateType, predicate }: StatementToSign,
  subject: Digest,
): Promise<Uint8Array> {
  const { run, signal } = context;
  const key = signer.kind === 'key' ? signer : await signer.session.key();
  const stated = { predicateType, predicate };
  const manifestPath = blobs.path(subject);
  const bundle = await signStatement(run, key, { manifestPath, ...stated }, signal);
  const wrong = misstated(bundle, { subjects: [subject], ...stated });
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
  { context, blobs, signer }: Signing,
  bundle: Uint8Array,
  subject: Digest,
): Promise<string | undefined> {
  const isOurs = signer.kind === 'key' && signer.opened !== undefined;
  const proof = isOurs ? await proofByCosign(context, signer.publicKey) : undefined;
  if (isOurs && proof?.isProven === true) return verifierName(signer);
  const blob = blobs.path(subject);
  const asked = { bundle, blob, predicateType: PREDICATE_TYPE.cosignSign, signal: context.signal };
  const { signer: by, name } = await verifierOf(signer);
  const answer = await verifyAttached(context.run, { ...asked, signer: by });
  if (answer.outcome === 'verified') {
    await proof?.keep();
    return name;
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
