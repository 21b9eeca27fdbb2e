import { PREDICATE_TYPE } from '../model/statement.ts';
import { readPredicate } from './predicate-kind.ts';
import { PROFILE_ARTIFACT, PROFILE_PREDICATE } from './security-profile.ts';

/** Short names as cosign's `--type` knows them, those of the verdict, and those of profiles. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  provenance: ['https://slsa.dev/provenance/'],
  slsaprovenance: ['https://slsa.dev/provenance/'],
  slsaprovenance02: [PREDICATE_TYPE.slsaProvenanceV02],
  slsaprovenance1: [PREDICATE_TYPE.slsaProvenanceV1],
  sbom: [PREDICATE_TYPE.cyclonedx, PREDICATE_TYPE.spdx],
  cyclonedx: [PREDICATE_TYPE.cyclonedx],
  spdx: [PREDICATE_TYPE.spdx],
  spdxjson: [PREDICATE_TYPE.spdx],
  openvex: [PREDICATE_TYPE.openvex],
  vex: [PREDICATE_TYPE.openvex],
  vuln: ['https://cosign.sigstore.dev/attestation/vuln/v1'],
  link: ['https://in-toto.io/Link/v1'],
  custom: ['https://cosign.sigstore.dev/attestation/v1'],
  seccomp: [PROFILE_PREDICATE.seccomp, PROFILE_ARTIFACT.seccomp],
  apparmor: [PROFILE_PREDICATE.apparmor, PROFILE_ARTIFACT.apparmor],
  vsa: [PREDICATE_TYPE.slsaVsa],
  'test-result': [PREDICATE_TYPE.testResult],
};

/** Short names of types, for help and errors. */
export const PREDICATE_NAMES: readonly string[] = Object.keys(SHORT);

/** The type to sign for a name with several types; cosign's `slsaprovenance` is the older one. */
const SIGNED: Readonly<Record<string, string>> = {
  provenance: PREDICATE_TYPE.slsaProvenanceV1,
  slsaprovenance: PREDICATE_TYPE.slsaProvenanceV02,
};

/** The type to sign for a short name or URI; `sbom` is the type of the SBOM given with it. */
export function signedType(asked: string, sbom: string | undefined): string | undefined {
  if (asked === 'sbom') return sbom;
  return SIGNED[asked] ?? SHORT[asked]?.[0] ?? asked;
}

/** True where a predicate type may be asked for: a short name, or a URI. */
export function isPredicateName(asked: string): boolean {
  return Object.hasOwn(SHORT, asked) || /^[a-z][a-z0-9+.-]*:\S+$/i.test(asked);
}

/**
 * True where a statement's type is what was asked for by short name or URI. A URI asks for itself,
 * or for a version of itself (`https://spdx.dev/Document` takes `.../v2.3`); it does not take what
 * merely begins alike.
 */
export function isOfType(predicateType: string, asked: string): boolean {
  const wanted = Object.hasOwn(SHORT, asked) ? (SHORT[asked] ?? []) : [asked];
  const found = readPredicate(predicateType, undefined).predicateType;
  return wanted.some(
    (type) =>
      found === type ||
      (found.startsWith(type) &&
        (type.endsWith('/') || /^[/-]v?\d/.test(found.slice(type.length)))),
  );
}
