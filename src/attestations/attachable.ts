import { parseStrictJson } from '../formats/strict-json.ts';
import { isObject } from '../model/json-value.ts';
import { err, ok, type Result } from '../model/result.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { VERIFIER_ID } from './identity.ts';
import { madeKind } from './made-kind.ts';
import { sbomType } from './predicate-kind.ts';
import { isOfType, isPredicateName, PREDICATE_NAMES, signedType } from './predicate-name.ts';
import { readSecurityProfile, type SecurityProfile } from './security-profile.ts';
import { readSummary } from './verdict-read.ts';

type Attachable =
  | { readonly kind: 'statement'; readonly predicateType: string; readonly predicate: unknown }
  | { readonly kind: 'profile'; readonly profile: SecurityProfile };

/** As readers of attestations take it (attachment-statement.ts). */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The predicate in a file, of a type by short name or URI. The error says why it cannot be
 * attached: an unknown type, what is not JSON that every reader sees alike, a document of another
 * kind, or a verdict, which this tool makes itself.
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
  const parsed = parseStrictJson(bytes, 'the predicate', MAX_BYTES);
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
