import type { Descriptor } from '../../model/oci.ts';
import { quantity } from '../../model/quantity.ts';
import { parseReference } from '../../model/reference.ts';
import type { ImageContents } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { TaggedManifest } from '../../oci/legacy-signature.ts';
import { keyName } from '../../tools/cosign/key-uri.ts';
import { assess, type Graded } from '../assess/assess.ts';
import type { Inspected } from '../assess/evidence.ts';
import { inspect } from '../assess/inspect.ts';
import type { KeptAttachments } from '../attach/attached-before.ts';
import { profileStatements } from '../attach/profile-statements.ts';
import { vexStatements } from '../attach/vex-statements.ts';
import { part, type PipelineContext, phase } from '../context.ts';
import { downloadsOfImage } from '../hermetic/left-downloads.ts';
import type { BuildTimes, FinalImage } from '../image-under-build.ts';
import { scanPlatforms } from '../scan/scan-platforms.ts';
import {
  type DocumentInputs,
  earlyStatements,
  rulesOf,
  sbomStatements,
  type StatementToSign,
  wholeImage,
} from '../sign/attestation-documents.ts';
import { legacyAttestations } from '../sign/legacy-attestations.ts';
import { legacySignatures, signedAlone } from '../sign/legacy-signatures.ts';
import { type SignedStatement, signStatements } from '../sign/sign-statements.ts';
import type { Signer } from '../sign/signer.ts';
import { verdictStatements } from '../sign/verdict-statements.ts';
import { type BuiltEvidence, evidenceOf, openBuilt, statementsOf } from './built-evidence.ts';
import type { Prepared } from './prepare-build.ts';
import { type Proof, proofStatement } from './prove-build.ts';

/** What an image carries when it is published, and how it was judged. */
export interface AttestedImage {
  readonly referrers: readonly Descriptor[];
  /** Signatures as cosign up to 2 looks for them, by tag. */
  readonly tagged: readonly TaggedManifest[];
  readonly scorecard: Scorecard | undefined;
  /** What reports show beside the scorecard. */
  readonly contents?: readonly ImageContents[];
}

/** A build, with its proof by a second build, the digest's attachments, and what it fetched. */
type Attesting = Prepared & {
  readonly proof: Proof | undefined;
  readonly kept: KeptAttachments;
  readonly inputs: Descriptor | undefined;
};

/** Inspect, sign and attest, grade, attest the verdict. */
export async function attestAndGrade(
  context: PipelineContext,
  prepared: Attesting,
  image: FinalImage,
  times: BuildTimes,
  signer: Signer | undefined,
): Promise<AttestedImage> {
  const { plan } = prepared;
  const { sign } = plan.attest;
  // Where cosign signs, each call takes a fifth of a second: what needs no layer is signed while
  // the layers are inspected. A person's login ends soon, so what takes long comes before it.
  const waits = signer?.kind === 'keyless' && signer.session.isLogin;
  const signNow = (by: Signer): Promise<Attested> =>
    part(context, 'sign', () => signEarly(context, prepared, image, times, by));
  let early = signer === undefined || waits ? undefined : signNow(signer);
  early?.catch(() => undefined);
  const opened = await openBuilt(prepared, image);
  const evidence = evidenceOf(prepared, opened, image, times.finishedAt);
  const inspected = await inspect(context, opened, evidence, { secrets: true });
  const { settings, names, layout } = plan;
  const scanning = plan.own.grade
    ? scanPlatforms(context, opened, inspected, { settings, names, layout })
    : undefined;
  // The failure of a scan while signing still runs is noticed where the scan is awaited.
  scanning?.catch(() => undefined);
  if (signer !== undefined && waits) {
    await scanning;
    early = signNow(signer);
    early.catch(() => undefined);
  }
  if (!sign.on) context.emit({ kind: 'phase-off', phase: 'attest', reason: sign.offBecause });
  const { signed, tagged } =
    signer === undefined || early === undefined
      ? { signed: [], tagged: [] }
      : await attest(context, prepared, image, times, inspected, signer, early);
  const isKept = ({ predicateType }: SignedStatement): boolean =>
    plan.settings.sign.format !== 'legacy' || predicateType !== PREDICATE_TYPE.cosignSign;
  const referrers = [
    ...signed.filter(isKept).flatMap((one) => one.referrers),
    ...prepared.kept.referrers,
  ];
  const alsoTagged = async (
    made: readonly SignedStatement[],
  ): Promise<readonly TaggedManifest[]> =>
    plan.settings.sign.format === 'bundle'
      ? tagged
      : [...tagged, ...(await legacyAttestations(prepared.store.blobs, made, signer))];
  if (scanning === undefined) {
    context.emit({ kind: 'phase-off', phase: 'grade', reason: '--grade=false' });
    return { referrers, tagged: await alsoTagged(signed), scorecard: undefined };
  }
  const platforms = (await scanning).map((one) => ({
    ...one,
    ...statementsOf(one, image, signed, prepared),
  }));
  const graded = await assess(context, opened, platforms, {
    settings,
    secrets: true,
  });
  const verdict = await signVerdict(context, prepared, image, graded, signer);
  return {
    referrers: [...referrers, ...verdict.flatMap((one) => one.referrers)],
    tagged: await alsoTagged([...signed, ...verdict]),
    ...graded,
  };
}

interface Attested {
  readonly signed: readonly SignedStatement[];
  readonly tagged: readonly TaggedManifest[];
}

/** Signs what can be stated before the image's layers are read, in both forms if both are set. */
async function signEarly(
  context: PipelineContext,
  prepared: Attesting,
  image: FinalImage,
  times: BuildTimes,
  signer: Signer,
): Promise<Attested> {
  const { plan } = prepared;
  const statements = [
    ...earlyStatements(documentInputs(context, prepared, image, times)),
    ...(prepared.proof === undefined
      ? []
      : [proofStatement(context, prepared.proof, wholeImage(image))]),
    ...prepared.profiles.flatMap((profile) => profileStatements(profile, image.index)),
    ...vexStatements(
      prepared.vex,
      {
        names: plan.names,
        digests: [
          image.index.digest,
          ...image.platforms.map(({ descriptor }) => descriptor.digest),
        ],
      },
      wholeImage(image),
    ),
  ];
  return signBoth(context, prepared, signer, statements);
}

/** As bundles, and what is signed alone in the older form too. */
async function signBoth(
  context: PipelineContext,
  { plan, store, registries }: Attesting,
  signer: Signer,
  statements: readonly StatementToSign[],
): Promise<Attested> {
  const { blobs } = store;
  const pushed = plan.destinations.find(({ kind }) => kind === 'registry');
  const repositories = plan.names.flatMap((name) => {
    const reference = parseReference(name);
    if (pushed?.kind !== 'registry' || !reference.ok) return [];
    const { registry, repository } = reference.value;
    return [{ client: registries.client(registry, pushed.plainHttp), repository }];
  });
  const { format } = plan.settings.sign;
  const place = { blobs, format, name: plan.names[0], repositories };
  const signed = await signStatements(context, blobs, signer, statements);
  return { signed, tagged: await legacySignatures(context, place, signer, signedAlone(signed)) };
}

/** Signs what is said of its content, and waits for the rest. */
async function attest(
  context: PipelineContext,
  prepared: Attesting,
  image: FinalImage,
  times: BuildTimes,
  inspected: readonly (BuiltEvidence & Inspected)[],
  signer: Signer,
  early: Promise<Attested>,
): Promise<Attested> {
  return phase(
    context,
    'attest',
    async () => {
      const left = await downloadsOfImage(prepared, image);
      const inputs: DocumentInputs = {
        ...documentInputs(context, prepared, image, times),
        content: (platform) => {
          const content = inspected.find(({ own }) => own === platform)?.content;
          if (content?.known !== true) return undefined;
          const { packages, filesystem, unreadablePackages } = content.value;
          return {
            packages,
            osRelease: filesystem.osRelease,
            programs: filesystem.executables.filter(({ type }) => type === 'file'),
            ...{ unreadable: unreadablePackages, downloads: left.get(platform) ?? [] },
          };
        },
      };
      const statements = sbomStatements(inputs, signer.kind);
      const [{ signed, tagged }, sboms] = await Promise.all([
        early,
        part(context, 'sbom', () => signBoth(context, prepared, signer, statements)),
      ]);
      return { signed: [...signed, ...sboms.signed], tagged: [...tagged, ...sboms.tagged] };
    },
    ({ signed }) => ({
      detail: `${quantity(signed.length, 'statement')} signed with ${signerText(signer)}`,
    }),
  );
}

function documentInputs(
  context: PipelineContext,
  prepared: Attesting,
  image: FinalImage,
  times: BuildTimes,
): Omit<DocumentInputs, 'content'> {
  const { plan, docker, bases = new Map<string, string>() } = prepared;
  return {
    ...{ image, plan, bases, inputs: prepared.inputs },
    toolVersion: context.version,
    env: context.env,
    versions: docker === undefined ? {} : { docker: docker.serverVersion },
    normaliser: rulesOf(plan),
    startedOn: new Date(times.startedAt).toISOString(),
    finishedOn: new Date(times.finishedAt).toISOString(),
  };
}

async function signVerdict(
  context: PipelineContext,
  prepared: Attesting,
  image: FinalImage,
  graded: Graded,
  signer: Signer | undefined,
): Promise<readonly SignedStatement[]> {
  const { plan, store } = prepared;
  if (signer === undefined || !plan.attest.verdict.on) return [];
  const statements = verdictStatements(
    context,
    { name: plan.names[0], ...wholeImage(image) },
    graded,
    plan.settings,
  );
  return signStatements(context, store.blobs, signer, statements);
}

function signerText(signer: Signer): string {
  if (signer.kind === 'key') return keyName(signer.ref);
  const { identity } = signer.session;
  return identity === undefined
    ? 'a keyless certificate'
    : `a certificate of ${identity.subject} (${identity.issuer})`;
}
