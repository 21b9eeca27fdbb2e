import { type KeyObject, verify } from 'node:crypto';
import { parseStrictJson } from '../image/formats/json.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { field, isObject, objectOf } from '../lib/json.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import type { ReadAttachment } from './attached.ts';
import {
  base64Of,
  certificateIdentity,
  certificateIn,
  listOf,
  readBundle,
  textOf,
} from './bundle.ts';
import { BUILD_TYPE, readPredicate, sbomType, VERIFIER_ID } from './identity.ts';
import { preAuthEncoding } from './keys.ts';
import {
  PROFILE_ARTIFACT,
  PROFILE_PREDICATE,
  readSecurityProfile,
  type SecurityProfile,
} from './profile-artifact.ts';
import { isProvenanceType } from './provenance-read.ts';
import { readReproduction, readSummary } from './verdict.ts';

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

export const PREDICATE_NAMES: readonly string[] = Object.keys(SHORT);

/** The type to sign for a name with several types; cosign's `slsaprovenance` is the older one. */
const SIGNED: Readonly<Record<string, string>> = {
  provenance: PREDICATE_TYPE.slsaProvenanceV1,
  slsaprovenance: PREDICATE_TYPE.slsaProvenanceV02,
};

/** The type to sign for a short name or URI; `sbom` is the type of the SBOM given with it. */
function signedType(asked: string, sbom: string | undefined): string | undefined {
  if (asked === 'sbom') return sbom;
  return SIGNED[asked] ?? SHORT[asked]?.[0] ?? asked;
}

/** True where a predicate type may be asked for: a short name, or a URI. */
export function isPredicateName(asked: string): boolean {
  return Object.hasOwn(SHORT, asked) || /^[a-z][a-z0-9+.-]*:\S+$/i.test(asked);
}

/**
 * True where a statement's type is what was asked for by short name or URI. A URI matches itself
 * and its versions (`https://spdx.dev/Document` matches `.../v2.3`), and nothing that merely begins
 * alike.
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

type Says =
  | { readonly kind: 'signature' }
  | { readonly kind: 'statement'; readonly predicateType: string; readonly predicate: unknown };

/**
 * What kind of the statements that a build makes this is: a newer one of the same kind and signer
 * says all that it says. Undefined for any other, also where another tool made a document of the
 * same type.
 */
export function madeKind(says: Says): string | undefined {
  if (says.kind === 'signature') return 'signature';
  const { predicateType, predicate } = says;
  const object = objectOf(predicate);
  if (isProvenanceType(predicateType))
    return textOf(objectOf(object['buildDefinition'])['buildType'])?.startsWith(OWN_BUILD) === true
      ? 'provenance'
      : undefined;
  switch (predicateType) {
    case PREDICATE_TYPE.slsaVsa:
      return textOf(objectOf(object['verifier'])['id']) === VERIFIER_ID ? 'verdict' : undefined;
    case PREDICATE_TYPE.testResult:
      return testKind(predicate);
    case PREDICATE_TYPE.cyclonedx:
      return isOfTool(objectOf(objectOf(object['metadata'])['tools'])) ? 'cyclonedx' : undefined;
    case PREDICATE_TYPE.spdx:
      return creators(object).some((one) => one.startsWith('Tool: scoville')) ? 'spdx' : undefined;
    default:
      return undefined;
  }
}

/** What a grade of ours attests; other test results and summaries are not replaced by it. */
export function isVerdict(says: Says): boolean {
  return ['verdict', 'tests'].includes(madeKind(says) ?? '');
}

/** Without the page's place in it, which moved once. */
const OWN_BUILD = BUILD_TYPE.slice(0, BUILD_TYPE.indexOf('#'));

function testKind(predicate: unknown): string | undefined {
  if (readReproduction(predicate) !== undefined) return 'second build';
  const names = listOf(objectOf(predicate)['configuration'], 100).map((one) =>
    textOf(objectOf(one)['name']),
  );
  return names.includes('CHPs') ? 'tests' : undefined;
}

function isOfTool({ components }: Readonly<Record<string, unknown>>): boolean {
  return listOf(components, 100).some((one) => textOf(objectOf(one)['name']) === 'scoville');
}

function creators(document: Readonly<Record<string, unknown>>): readonly string[] {
  return listOf(objectOf(document['creationInfo'])['creators'], 100).flatMap(
    (one) => textOf(one) ?? [],
  );
}

const MAX_SIGNATURE = 16 * 1024;
const HASHES = ['sha256', 'sha384', 'sha512'];

/**
 * The signer of what is attached, as a text to compare: the key of `keys` that verifies it, or the
 * names in the certificate whose key does. Undefined where nothing verifies, and for notation. That
 * certificate may be anyone's. So the answer separates own statements from those of others, and
 * gives nobody trust.
 */
export function signerOf(
  proof: ReadAttachment['proof'],
  keys: readonly KeyObject[],
): string | undefined {
  if (proof.kind === 'notation' || proof.kind === 'none') return undefined;
  const read = readBundle(proof.bundle);
  if (!read.ok) return undefined;
  const { envelope, certificates, signature: plain } = read.value;
  const payload = base64Of(envelope?.['payload'], MAX_BYTES_OF_ATTACHABLE);
  const type = textOf(envelope?.['payloadType'], 200);
  const message = proof.kind === 'message' ? proof.payload : undefined;
  const bytes =
    payload === undefined || type === undefined ? message : preAuthEncoding(type, payload);
  const [first] = listOf(envelope?.['signatures'], 1);
  const signature = base64Of(envelope === undefined ? plain : field(first, 'sig'), MAX_SIGNATURE);
  if (bytes === undefined || signature === undefined) return undefined;
  const [leaf] = certificates;
  if (leaf === undefined) {
    const key = keys.find((one) => holds(one, bytes, signature));
    return key?.export({ format: 'der', type: 'spki' }).toString('base64');
  }
  const certificate = certificateIn(leaf);
  const identity = certificateIdentity(leaf);
  return certificate !== undefined &&
    identity !== undefined &&
    holds(certificate.publicKey, bytes, signature)
    ? // A certificate lives for minutes, these names stay.
      JSON.stringify([identity.subject, identity.issuer, certificate.issuer])
    : undefined;
}

function holds(key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  const hashes = key.asymmetricKeyType === 'ed25519' ? [null] : HASHES;
  return hashes.some((hash) => {
    try {
      return verify(hash, bytes, key, signature);
    } catch {
      return false;
    }
  });
}

type Attachable =
  | { readonly kind: 'statement'; readonly predicateType: string; readonly predicate: unknown }
  | { readonly kind: 'profile'; readonly profile: SecurityProfile };

const MAX_BYTES_OF_ATTACHABLE = 16 * 1024 * 1024;

/**
 * The predicate in a file, of a type by short name or URI. The error says why it cannot be
 * attached. Its type is unknown, readers of JSON would see it differently, it is a document of
 * another kind, or it is a verdict, which only this tool makes.
 */
export function readAttachable(type: string, bytes: Uint8Array): Result<Attachable> {
  if (!isPredicateName(type))
    return err(
      `unknown type ${JSON.stringify(type)}; name a URI, or one of ${PREDICATE_NAMES.join(', ')}`,
    );
  for (const kind of ['seccomp', 'apparmor'] as const)
    if (isOfType(type, kind) || type === kind) {
      const profile = readSecurityProfile(bytes, kind);
      return profile.ok ? ok({ kind: 'profile', profile: profile.value }) : profile;
    }
  const parsed = parseStrictJson(bytes, 'the predicate', MAX_BYTES_OF_ATTACHABLE);
  if (!parsed.ok) return parsed;
  const predicate = parsed.value;
  // in-toto/attestation, spec/v1/predicate.md.
  if (!isObject(predicate)) return err('the predicate is not a JSON object');
  const predicateType = signedType(type, sbomType(predicate));
  if (predicateType === undefined)
    return err('the predicate is neither a CycloneDX nor an SPDX document');
  const reason = misfit(predicateType, predicate);
  return reason === undefined ? ok({ kind: 'statement', predicateType, predicate }) : err(reason);
}

function misfit(type: string, predicate: Readonly<Record<string, unknown>>): string | undefined {
  const own = 'Scoville states that itself, from what it found';
  if (type === PREDICATE_TYPE.cosignSign) return 'a signature is not an attestation';
  if (type === PREDICATE_TYPE.slsaVsa && readSummary(predicate).verifier.startsWith(VERIFIER_ID))
    return own;
  const says = { kind: 'statement', predicateType: type, predicate } as const;
  if (type === PREDICATE_TYPE.testResult && madeKind(says) !== undefined) return own;
  if (
    isOfType(type, 'sbom') &&
    sbomType(predicate) !==
      (isOfType(type, 'spdx') ? PREDICATE_TYPE.spdx : PREDICATE_TYPE.cyclonedx)
  )
    return `the predicate is not a document of the type ${type}`;
  const context = predicate['@context'];
  if (
    isOfType(type, 'openvex') &&
    (typeof context !== 'string' || !context.startsWith(PREDICATE_TYPE.openvex))
  )
    return 'the predicate is not an OpenVEX document';
  return undefined;
}
