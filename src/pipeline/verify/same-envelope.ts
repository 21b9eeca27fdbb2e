import { parseStrictJson } from '../../formats/strict-json.ts';
import { digestOf } from '../../model/digest.ts';
import { objectOf } from '../../model/json-value.ts';
import type { CheckedAttachment } from './checked-attachment.ts';
import type { AttachedEvidence } from './read-attachments.ts';

const LARGEST = 64 * 1024 * 1024;

/**
 * What tells one envelope from another that a key signed: payload and signatures, for nothing else
 * decides whether it verifies. An envelope about several parts of an image hangs on each of them,
 * and under cosign's tags as well. Undefined for what has none, and for what a certificate signed,
 * which more belongs to.
 */
export function envelopeName({ proof }: AttachedEvidence): string | undefined {
  if (proof.kind !== 'statement' || proof.signedWith !== 'key') return undefined;
  const parsed = parseStrictJson(proof.bundle, 'the bundle', LARGEST);
  if (!parsed.ok) return undefined;
  const envelope = objectOf(objectOf(parsed.value)['dsseEnvelope']);
  const { payloadType, payload, signatures } = envelope;
  const values = Array.isArray(signatures) ? signatures.map((one) => objectOf(one)['sig']) : [];
  return digestOf(JSON.stringify([payloadType, payload, values]));
}

/** Each verified statement once, as a bundle if there is one; all copies of unverified ones. */
export function withoutCopies(checked: readonly CheckedAttachment[]): readonly CheckedAttachment[] {
  const names = new Map(checked.map((one) => [one, nameOf(one)]));
  const isBundle = ({ evidence }: CheckedAttachment): boolean =>
    evidence.attachment.kind === 'referrer';
  const first = new Map<string, CheckedAttachment>();
  for (const one of [...checked.filter(isBundle), ...checked.filter((c) => !isBundle(c))]) {
    const name = names.get(one);
    if (name !== undefined && !first.has(name)) first.set(name, one);
  }
  return checked.filter((one) => {
    const name = names.get(one);
    return name === undefined || first.get(name) === one;
  });
}

function nameOf({ evidence, verification }: CheckedAttachment): string | undefined {
  if (verification !== 'verified' || evidence.proof.kind !== 'statement') return undefined;
  return envelopeName(evidence) ?? evidence.blob.digest;
}
