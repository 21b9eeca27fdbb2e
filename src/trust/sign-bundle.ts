import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { MEDIA_TYPE } from '../model/image.ts';
import { type Digest, digestHex } from '../model/reference.ts';
import { parseStatement, parseUntrustedJson, subjectDigests } from './bundle.ts';
import type { OpenedKey } from './keys.ts';

interface Claim {
  readonly subjects: readonly Digest[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/**
 * The sigstore bundle (protobuf-specs, sigstore_bundle.proto, v0.3) of an in-toto statement, signed
 * with a key: what `cosign attest-blob --key` writes, without a log entry. The signature is checked
 * with the public half before the bundle is given out.
 */
export function signBundle(key: OpenedKey, { subjects, predicateType, predicate }: Claim): Buffer {
  const statement = {
    // The version that both generations of cosign read.
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject: subjects.map((subject) => ({
      name: digestHex(subject),
      digest: { sha256: digestHex(subject) },
    })),
    predicate,
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const signed = preAuthEncoding(MEDIA_TYPE.inToto, payload);
  return Buffer.from(
    JSON.stringify({
      mediaType: MEDIA_TYPE.sigstoreBundle,
      verificationMaterial: {
        publicKey: { hint: createHash('sha256').update(key.publicKey).digest('base64') },
      },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: MEDIA_TYPE.inToto,
        signatures: [{ sig: signBytes(key, signed) }],
      },
    }),
  );
}

/** Why a bundle that was just made does not state the claim alone; undefined where it does. */
export function misstated(
  bundle: Uint8Array,
  { subjects, predicateType, predicate }: Claim,
): string | undefined {
  const found = parseStatement(bundle);
  if (!found.ok) return found.error;
  const { value: statement } = found;
  const about = subjectDigests(statement);
  if (statement.subject.length !== subjects.length || !isDeepStrictEqual(about, subjects))
    return `its subject is ${about.join(', ') || 'nothing'}, not ${subjects.join(', ')}`;
  if (statement.predicateType !== predicateType)
    return `its predicate type is ${statement.predicateType}, not ${predicateType}`;
  const given = parseUntrustedJson(JSON.stringify(predicate), 'the predicate');
  return given.ok && isDeepStrictEqual(statement.predicate, given.value)
    ? undefined
    : 'its predicate is not the one that was given';
}

/** A signature over plain bytes, base64, checked with the public half. */
export function signBytes(key: OpenedKey, bytes: Uint8Array): string {
  const signature = key.sign(bytes);
  if (!key.verifies(bytes, signature))
    throw new Error('a signature that was just made does not verify with its own public key');
  return signature.toString('base64');
}

/** What a DSSE signature is over (secure-systems-lab/dsse, protocol.md, PAE). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}
