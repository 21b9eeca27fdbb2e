import { field, given } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import type { Evidence, Verdict } from '../model/criterion.ts';
import type { AttestationsFact, EvidenceSource, ImageFact, SignatureFact } from '../model/facts.ts';
import { loggedText } from '../model/signature-origin.ts';
import { type FoundAttestation, PREDICATE_TYPE } from '../model/statement.ts';
import { criterion, fail, note, pass, unknown } from './criterion.ts';

/** Attestations of a kind, by whether they speak of this image. */
interface Attested {
  /** With this manifest or its index as subject, and no failed signature; the best source first. */
  readonly own: readonly FoundAttestation[];
  /** Nobody is known to have signed it, and it does not fit the image. */
  readonly unfit: readonly FoundAttestation[];
  /** Subject is another image. */
  readonly foreign: readonly FoundAttestation[];
  /** A signature was checked and is not valid. */
  readonly broken: readonly FoundAttestation[];
}

export function attested(
  fact: AttestationsFact,
  image: ImageFact,
  isOfKind: (predicateType: string) => boolean,
): Attested {
  const ofKind = fact.attestations.filter(({ predicateType }) => isOfKind(predicateType));
  const broken = ofKind.filter(({ verification }) => verification === 'failed');
  const sound = ofKind.filter(({ verification }) => verification !== 'failed');
  const isOwn = ({ subjects }: FoundAttestation): boolean =>
    subjects.some((subject) => subject === image.manifestDigest || subject === image.indexDigest);
  const isFit = ({ contradicts }: FoundAttestation): boolean => contradicts === undefined;
  const own = sound.filter(isOwn);
  const rank = (found: FoundAttestation): number => RANKS.indexOf(trustIn(found));
  return {
    own: own.filter(isFit).sort((a, b) => rank(a) - rank(b)),
    unfit: own.filter((found) => !isFit(found)),
    foreign: sound.filter((found) => !isOwn(found)),
    broken,
  };
}

const RANKS: readonly EvidenceSource[] = [
  'build',
  'verified-attestation',
  'unverified-attestation',
];

/** What a verdict on this attestation rests on. */
export function trustIn(found: FoundAttestation): EvidenceSource {
  if (found.source === 'this-build') return 'build';
  return found.verification === 'verified' ? 'verified-attestation' : 'unverified-attestation';
}

export function attestationEvidence(found: FoundAttestation, detail?: string): Evidence {
  const trust =
    found.verification === 'verified'
      ? `verified${found.verifiedBy === undefined ? '' : ` against ${found.verifiedBy}`}`
      : found.verification;
  const { predicateType, digest } = found;
  const said = detail === undefined ? trust : `${detail}, ${trust}`;
  return { kind: 'attestation', predicateType, ...given({ digest }), detail: said };
}

export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' && found.trim() !== '' ? found : undefined;
}

/**
 * The verdict where no attestation of a kind is this image's own: `fail`, with what was found
 * instead. It is `unknown` where a place that may have one could not be asked.
 */
export function noneOwn(
  found: Attested,
  kind: string,
  { incomplete, settle }: AttestationsFact,
): Verdict {
  const evidence = [
    ...found.broken.map((one) => attestationEvidence(one, 'its signature does not verify')),
    ...found.unfit.map((one) =>
      attestationEvidence(one, `it does not fit the image: ${one.contradicts ?? ''}`),
    ),
    ...found.foreign.map((one) =>
      attestationEvidence(one, `its subject is ${one.subjects.join(', ') || 'nothing'}`),
    ),
  ];
  if (found.broken.length > 0) return fail(`the ${kind}’s signature does not verify`, evidence);
  if (found.unfit.length > 0)
    return fail(`the ${kind}, which nobody signed, does not fit the image`, evidence);
  if (incomplete !== undefined)
    return unknown(`no ${kind} was found, but ${incomplete}`, settle, evidence);
  return found.foreign.length > 0
    ? fail(`the ${kind} is about another image`, evidence)
    : fail(`no ${kind}`, [note(`no ${kind} is attached to the image`)]);
}

const SLSA = /^https:\/\/slsa\.dev\/provenance\/v(?:0\.[12]|1(?:\.\d+)?)$/;

/** Builder and build type, from SLSA v1 (`buildDefinition`, `runDetails`) or v0.2 provenance. */
function builderOf({ predicate, predicateType }: FoundAttestation): {
  builder: string | undefined;
  buildType: string | undefined;
} {
  if (predicateType.startsWith(PREDICATE_TYPE.slsaProvenanceV1))
    return {
      builder: textField(field(field(predicate, 'runDetails'), 'builder'), 'id'),
      buildType: textField(field(predicate, 'buildDefinition'), 'buildType'),
    };
  return {
    builder: textField(field(predicate, 'builder'), 'id'),
    buildType: textField(predicate, 'buildType') ?? textField(field(predicate, 'recipe'), 'type'),
  };
}

/** Undefined where the statement is sound. */
function flawOf(found: FoundAttestation): string | undefined {
  const { builder, buildType } = builderOf(found);
  if (buildType === undefined)
    return 'it does not state a build type, so it is not SLSA provenance';
  return builder === undefined ? 'it does not name a builder' : undefined;
}

export const provenanceAttested = criterion({
  id: 'provenance',
  title: 'SLSA provenance attestation',
  vector: 'provenance',
  level: 4,
  spec: '#slsa-provenance-attestations',
  why: 'Provenance states from which source, by which builder and with which inputs the image was built.',
  needs: ['image', 'attestations'],
  decidedBy:
    'A SLSA provenance statement (v0.2 or v1) that parses, names its builder and has this ' +
    'image as its subject: its manifest or the index that lists it. Another subject, an ' +
    'empty builder id or a signature that does not verify fails. An unverified statement ' +
    'passes where it fits the image’s history and `created`, and is marked as self-declared.',
  check: ({ image, attestations }) => {
    const found = attested(attestations, image, (type) => SLSA.test(type));
    if (found.own.length === 0) return noneOwn(found, 'provenance', attestations);
    const sound = found.own.find((one) => flawOf(one) === undefined);
    if (sound === undefined)
      return fail(
        found.own.map(flawOf).find((flaw) => flaw !== undefined) ?? 'no sound provenance',
        found.own.map((one) => attestationEvidence(one, flawOf(one))),
      );
    const builder = builderOf(sound).builder ?? '';
    return pass(`built by ${builder}`, [attestationEvidence(sound, `builder ${builder}`)], {
      source: trustIn(sound),
    });
  },
  remedies: [
    {
      title: 'Attach SLSA provenance',
      detail:
        'Build with scoville, which attests SLSA v1 provenance for the image it publishes, or give buildx --provenance=mode=max and a named builder.',
      example: 'scoville build --sign -t IMAGE .',
    },
  ],
});

/** An identity or issuer pattern that any signer satisfies: such a check proves nothing. */
const ANYONE = /(?:^|[\s=,'"])[\^(]*(?:\.[*+]\??|\.\{[01],\}|\[\\s\\S\][*+]|\*)[)$]*(?=$|[\s,'"])/;

function namesSigner({ verifiedBy }: SignatureFact): boolean {
  return verifiedBy !== undefined && verifiedBy.trim() !== '' && !ANYONE.test(verifiedBy);
}

function evidenceOf(signature: SignatureFact): Evidence {
  const against = signature.verifiedBy === undefined ? '' : ` against ${signature.verifiedBy}`;
  const detail = signature.detail === undefined ? '' : `: ${signature.detail}`;
  const { origin } = signature;
  const logged = origin === undefined ? '' : loggedText(origin);
  return {
    kind: 'attestation',
    predicateType: signature.kind,
    ...given({ digest: signature.digest }),
    detail: `${signature.verification}${against}${detail}${logged === '' ? '' : `, ${logged}`}`,
    ...given({ origin }),
  };
}

const SIGN_INDEX = 'push an index of images alone, and sign it: cosign sign REPOSITORY@DIGEST';

export const signed = criterion({
  id: 'signed',
  title: 'Image signed',
  vector: 'provenance',
  level: 2,
  spec: '#sign-images',
  why: 'A signature proves who published the image, and that nobody changed it on the way.',
  needs: ['attestations'],
  decidedBy:
    'A cosign or notation signature for this image’s digest that verifies with the key or ' +
    'identity that the user names, or with this build’s own. A signature that cannot be ' +
    'verified is unknown. A signature that was checked and does not verify fails, and so ' +
    'does an image without a signature. Verification against any identity does not count. ' +
    'Neither does a signature where the index lists something that cannot be read as an ' +
    'image, since an engine may run it.',
  check: ({ attestations }) => {
    const { signatures, incomplete, settle: elsewhere, unsigned } = attestations;
    if (signatures.length === 0 && incomplete !== undefined)
      return unknown(`no signature was found, but ${incomplete}`, elsewhere);
    if (signatures.length === 0)
      return fail('no signature', [note('no cosign or notation signature is attached')], {
        source: 'image',
      });
    const evidence = signatures.map(evidenceOf);
    const verified = signatures.filter(({ verification }) => verification === 'verified');
    const good = verified.find(namesSigner);
    if (good !== undefined && unsigned !== undefined)
      return unknown(`a signature verifies, but ${unsigned}`, SIGN_INDEX, evidence);
    if (good !== undefined) return pass(`verified against ${good.verifiedBy ?? ''}`, evidence);
    const settle =
      'scoville grade --key FILE, or --certificate-identity with --certificate-oidc-issuer';
    if (verified.length > 0)
      return unknown(
        'verified against any identity or none, which proves no signer',
        settle,
        evidence,
      );
    if (signatures.every(({ verification }) => verification === 'failed'))
      return fail(`${quantity(signatures.length, 'signature')}, none verifies`, evidence, {
        source: 'image',
      });
    return unknown(
      `${quantity(signatures.length, 'signature')}, but no key or identity to verify with`,
      settle,
      evidence,
      'unverified-attestation',
    );
  },
  remedies: [
    {
      title: 'Sign the image',
      detail:
        'Build with scoville, which signs what it publishes, or sign the pushed digest with cosign or notation.',
      example: 'cosign sign --key cosign.key REPOSITORY@DIGEST',
    },
  ],
});

export const reproducible = criterion({
  id: 'reproducible',
  title: 'Fully reproducible',
  vector: 'provenance',
  level: 5,
  spec: '#full-reproducibility',
  why: 'If a second build gives the same bytes, anyone can check that the image comes from its source and from nothing else.',
  needs: ['reproduction'],
  settle: 'scoville reproduce --attest -t IMAGE .',
  decidedBy:
    'A second, uncached build in another directory, at another time, gave the same image manifest digest: here (`scoville build --prove`, `scoville reproduce`) or stated by a ' +
    'verified attestation. Nothing else counts; without either the answer is unknown.',
  check: ({ reproduction }) => {
    const { statedBy, reproducible: isSame, differences } = reproduction;
    const [by, source] =
      statedBy === 'this-run'
        ? (['a second build on this machine', 'build'] as const)
        : (['a verified attestation of a second build', 'verified-attestation'] as const);
    if (isSame) return pass('a second build gave the same digest', [note(by)], { source });
    const evidence = [note(`${by}: ${quantity(differences, 'difference')}`)];
    return fail(`a second build differs in ${quantity(differences, 'place')}`, evidence, {
      source,
    });
  },
  remedies: [
    {
      title: 'Learn what differs between two builds, and what to change',
      detail:
        'scoville reproduce changes nothing: it names each file that differs, its Dockerfile line, the cause and the change to make. Then scoville build --prove builds a second time and attests the result.',
      example: 'scoville reproduce -t IMAGE .',
    },
  ],
});
