import type { Evidence, Verdict } from '../../../model/criterion.ts';
import type { AttestationsFact, EvidenceSource, ImageFact } from '../../../model/facts.ts';
import { field } from '../../../model/json-value.ts';
import type { FoundAttestation } from '../../../model/statement.ts';
import { fail, note, unknown } from './verdict.ts';

/** Attestations of a kind, by whether they speak of this image. */
interface Attested {
  /** With this manifest or its index as subject, and no failed signature; the best source first. */
  readonly own: readonly FoundAttestation[];
  /** Nobody is known to have signed it, and it does not fit the image. */
  readonly unfit: readonly FoundAttestation[];
  /** Subject is another image. */
  readonly foreign: readonly FoundAttestation[];
  /** A signature was checked and did not hold. */
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
  if (found.verification !== 'verified')
    return found.source === 'this-build' ? 'build' : 'unverified-attestation';
  return found.source === 'this-build' ? 'build' : 'verified-attestation';
}

export function attestationEvidence(found: FoundAttestation, detail?: string): Evidence {
  const trust =
    found.verification === 'verified'
      ? `verified${found.verifiedBy === undefined ? '' : ` against ${found.verifiedBy}`}`
      : found.verification;
  return {
    kind: 'attestation',
    predicateType: found.predicateType,
    ...(found.digest === undefined ? {} : { digest: found.digest }),
    detail: detail === undefined ? trust : `${detail}, ${trust}`,
  };
}

export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' && found.trim() !== '' ? found : undefined;
}

export function listField(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/**
 * The verdict where no attestation of a kind is this image's own: `fail`, with what was found
 * instead; `unknown` where a place that may hold one could not be asked.
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
