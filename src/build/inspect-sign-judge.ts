import {
  assess,
  type AssessedPlatform,
  type Graded,
  inspect,
  type Inspected,
  type PlatformEvidence,
} from '../grade/assess.ts';
import { reproductionFact } from '../grade/grade-image.ts';
import { openStored } from '../image/layout/open-layout.ts';
import type { TaggedManifest } from '../image/referrers.ts';
import { given } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { part, phase, type PipelineContext } from '../model/context.ts';
import {
  type AttestationsFact,
  type Fact,
  known,
  type ReproductionFact,
  unknownFact,
} from '../model/facts.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import {
  type Digest,
  familiarReference,
  parseReference,
  referencesOf,
} from '../model/reference.ts';
import { type FoundAttestation, isAboutPlatform, PREDICATE_TYPE } from '../model/statement.ts';
import { downloadsOfImage } from '../reproduce/left-downloads.ts';
import { scanPlatforms } from '../scan/scan-image.ts';
import { vexOfAttestations } from '../scan/vex.ts';
import { keyName } from '../trust/keys.ts';
import { legacyAttestations, legacySignatures, signedAlone } from '../trust/older-form.ts';
import { profileStatements } from '../trust/profile-artifact.ts';
import {
  type DocumentInputs,
  earlyStatements,
  platformContent,
  rulesOf,
  sbomStatements,
  type SignedStatement,
  signStatements,
  type StatementToSign,
  wholeImage,
} from '../trust/sign.ts';
import type { Signer } from '../trust/signer.ts';
import { verdictStatements } from '../trust/verdict.ts';
import { vexStatements } from '../trust/vex-document.ts';
import { buildFact, recordedArguments } from './build-on-bases.ts';
import type { FinalImage, FinalPlatform } from './image-under-build.ts';
import { proofStatement } from './prove.ts';
import type { AttestedImage, Attesting, Checked, Proof } from './states.ts';

type BuiltEvidence = PlatformEvidence & { readonly own: FinalPlatform };

function evidenceOf(
  checked: Attesting,
  { platforms, root, name }: OpenedImage,
  image: FinalImage,
  finishedAt: number,
): readonly BuiltEvidence[] {
  const reference = parseReference(name);
  return image.platforms.map((own) => {
    const platform = platforms.find((p) => p.descriptor.digest === own.descriptor.digest);
    // One that is published and not judged must not go by unseen.
    if (platform === undefined)
      throw new Error(`${own.descriptor.digest} was built and cannot be opened`);
    const { built, baseLayers } = own;
    return {
      own,
      platform,
      build: buildFact(checked, built, finishedAt),
      buildArgs: recordedArguments(built),
      predicates: [built.provenance?.predicate],
      vex: [
        ...checked.vex,
        ...vexOfAttestations(checked.kept.attestations, {
          digests: [platform.descriptor.digest, root.digest],
          references: reference.ok ? [reference.value] : [],
        }),
      ],
      baseLayers,
    };
  });
}

function statementsOf(
  { own }: BuiltEvidence,
  image: FinalImage,
  signed: readonly SignedStatement[],
  { proof, kept }: Pick<Attesting, 'proof' | 'kept'>,
): Pick<AssessedPlatform, 'attestations' | 'reproduction'> {
  const digests = { root: image.index.digest, platform: own.descriptor.digest };
  const parts = image.platforms.map(({ descriptor }) => descriptor.digest);
  const mine = signed.filter(({ subjects }) => isAboutPlatform(subjects, digests, parts));
  const isSignature = ({ predicateType }: SignedStatement): boolean =>
    predicateType === PREDICATE_TYPE.cosignSign;
  const attestations = known<AttestationsFact>(
    {
      signatures: mine.filter(isSignature).map(({ verifiedBy, digest, origin }) => ({
        kind: 'cosign-bundle',
        verification: verifiedBy === undefined ? 'unverified' : 'verified',
        digest,
        ...given({ origin, verifiedBy }),
      })),
      attestations: [
        ...mine
          .filter((one) => !isSignature(one))
          .map(({ predicateType, predicate, subjects, digest }): FoundAttestation => {
            const about = { predicateType, predicate, subjects, digest };
            return { ...about, source: 'this-build', verification: 'verified' };
          }),
        ...kept.attestations,
      ],
    },
    'build',
  );
  return {
    attestations,
    reproduction: reproductionOf(attestations, [digests.root, digests.platform], proof),
  };
}

/** By the second build of this run, else by one that was attested before. */
function reproductionOf(
  attestations: Fact<AttestationsFact>,
  digests: readonly Digest[],
  proof: Proof | undefined,
): Fact<ReproductionFact> {
  if (proof !== undefined) {
    const { reproducible, differences } = proof;
    const value = { reproducible, differences: differences.length, statedBy: 'this-run' } as const;
    return known(value, 'build');
  }
  const before = reproductionFact(attestations, digests);
  return before.known
    ? before
    : unknownFact('not tested yet: the build ran once', 'scoville build --prove -t IMAGE .');
}

type WithInputs = Attesting & { readonly inputs: Descriptor | undefined };

interface Signed {
  readonly signed: readonly SignedStatement[];
  /** As cosign up to 2 looks for signatures. */
  readonly tagged: readonly TaggedManifest[];
}

const NONE: Signed = { signed: [], tagged: [] };

/**
 * Reads the layers, signs and attests, scans and grades, and signs the verdict. What needs no layer
 * is signed while they are read, for each call of cosign takes a fifth of a second. Where a person
 * has logged in, the slow part comes first instead: the login ends soon.
 */
export async function inspectSignJudge(
  context: PipelineContext,
  checked: Attesting,
  inputs: Descriptor | undefined,
  mayRead: Promise<unknown>,
): Promise<AttestedImage> {
  const { plan, image, signer, store, kept } = checked;
  const { settings, names, layout } = plan;
  const attesting: WithInputs = { ...checked, inputs };
  const waits = signer?.kind === 'keyless' && signer.session.isLogin;
  const signNow = (): Promise<Signed> =>
    signer === undefined
      ? Promise.resolve(NONE)
      : part(context, 'sign', () => signEarly(context, attesting, signer));
  let early = waits ? undefined : signNow();
  early?.catch(() => undefined);
  const reference = parseReference(names[0] ?? '');
  const name = reference.ok ? familiarReference(reference.value) : image.index.digest;
  const opened = await openStored(store.blobs, image.index, name);
  const evidence = evidenceOf(checked, opened, image, checked.times.finishedAt);
  await mayRead;
  const inspected = await inspect(context, opened, evidence, { secrets: true });
  const scanning = plan.grade
    ? scanPlatforms(context, opened, inspected, { settings, names, layout })
    : undefined;
  // The failure of a scan while signing still runs is noticed where the scan is awaited.
  scanning?.catch(() => undefined);
  if (early === undefined) {
    await scanning;
    early = signNow();
    early.catch(() => undefined);
  }
  const { sign } = plan.attest;
  if (!sign.on) context.emit({ kind: 'phase-off', phase: 'attest', reason: sign.offBecause });
  const { signed, tagged } =
    signer === undefined ? NONE : await attest(context, attesting, inspected, signer, early);
  const result = async (more: readonly SignedStatement[]) => {
    const all = [...signed, ...more];
    const isKept = ({ predicateType }: SignedStatement): boolean =>
      settings.sign.format !== 'legacy' || predicateType !== PREDICATE_TYPE.cosignSign;
    return {
      referrers: [
        ...signed.filter(isKept).flatMap((one) => one.referrers),
        ...kept.referrers,
        ...(inputs === undefined ? [] : [inputs]),
        ...more.flatMap((one) => one.referrers),
      ],
      tagged:
        settings.sign.format === 'bundle'
          ? tagged
          : [...tagged, ...(await legacyAttestations(store.blobs, all, signer))],
    };
  };
  if (scanning === undefined) {
    context.emit({ kind: 'phase-off', phase: 'grade', reason: '--grade=false' });
    return { ...(await result([])), scorecard: undefined, contents: [] };
  }
  const platforms = (await scanning).map((one) => ({
    ...one,
    ...statementsOf(one, image, signed, checked),
  }));
  const graded = await assess(context, opened, platforms, { settings, secrets: true });
  context.emit({ kind: 'scored', scorecard: graded.scorecard, settings });
  const verdict = await signVerdict(context, checked, graded);
  return { ...(await result(verdict)), ...graded };
}

/** Signs what can be stated before the layers are read, in both forms if both are set. */
async function signEarly(
  context: PipelineContext,
  attesting: WithInputs,
  signer: Signer,
): Promise<Signed> {
  const { plan, image, proof, profiles, vex } = attesting;
  const whole = wholeImage(image);
  const digests = [image.index.digest, ...whole.also.map(({ digest }) => digest)] as const;
  const statements = [
    ...earlyStatements(documentInputs(context, attesting)),
    ...(proof === undefined ? [] : [proofStatement(context, proof, whole)]),
    ...profiles.flatMap((profile) => profileStatements(profile, image.index)),
    ...vexStatements(vex, { names: plan.names, digests }, whole),
  ];
  return signBoth(context, attesting, signer, statements);
}

async function signBoth(
  context: PipelineContext,
  { plan, store, registries }: WithInputs,
  signer: Signer,
  statements: readonly StatementToSign[],
): Promise<Signed> {
  const { blobs } = store;
  const pushed = plan.destinations.find(({ kind }) => kind === 'registry');
  const repositories = referencesOf(plan.names).flatMap(({ registry, repository }) =>
    pushed?.kind === 'registry'
      ? [{ client: registries.client(registry, pushed.plainHttp), repository }]
      : [],
  );
  const { format } = plan.settings.sign;
  const place = { blobs, format, name: plan.names[0], repositories };
  const signed = await signStatements(context, blobs, signer, statements);
  return { signed, tagged: await legacySignatures(context, place, signer, signedAlone(signed)) };
}

async function attest(
  context: PipelineContext,
  attesting: WithInputs,
  inspected: readonly (BuiltEvidence & Inspected)[],
  signer: Signer,
  early: Promise<Signed>,
): Promise<Signed> {
  return phase(
    context,
    'attest',
    async () => {
      const { image } = attesting;
      const left = await downloadsOfImage(attesting, image);
      const inputs: DocumentInputs = {
        ...documentInputs(context, attesting),
        content: (platform) => {
          const content = inspected.find(({ own }) => own === platform)?.content;
          return content?.known === true
            ? platformContent(content.value, left.get(platform) ?? [])
            : undefined;
        },
      };
      const statements = sbomStatements(inputs, signer.kind);
      const [{ signed, tagged }, sboms] = await Promise.all([
        early,
        part(context, 'sbom', () => signBoth(context, attesting, signer, statements)),
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
  { image, plan, bases, inputs, recording, engine, times }: WithInputs,
): Omit<DocumentInputs, 'content'> {
  return {
    image,
    plan,
    bases,
    inputs,
    recording,
    toolVersion: context.version,
    env: context.env,
    versions: engine.docker === undefined ? {} : { docker: engine.docker.serverVersion },
    normaliser: rulesOf(plan),
    startedOn: new Date(times.startedAt).toISOString(),
    finishedOn: new Date(times.finishedAt).toISOString(),
  };
}

async function signVerdict(
  context: PipelineContext,
  { plan, store, image, signer }: Checked,
  graded: Graded,
): Promise<readonly SignedStatement[]> {
  if (signer === undefined || !plan.attest.verdict.on) return [];
  const named = { name: plan.names[0], ...wholeImage(image) };
  const statements = verdictStatements(context, named, graded, plan.settings);
  return signStatements(context, store.blobs, signer, statements);
}

function signerText(signer: Signer): string {
  if (signer.kind === 'key') return keyName(signer.ref);
  const { identity } = signer.session;
  return identity === undefined
    ? 'a keyless certificate'
    : `a certificate of ${identity.subject} (${identity.issuer})`;
}
