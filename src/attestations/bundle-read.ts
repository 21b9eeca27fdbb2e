import { type Digest, parseDigest } from '../model/digest.ts';
import { isObject, objectOf } from '../model/json-value.ts';
import { isBundleType } from '../model/oci.ts';
import { err, ok, type Result } from '../model/result.ts';
import { BUNDLE } from './attached-shapes.ts';
import { base64Of, parseUntrustedJson, textOf } from './untrusted-json.ts';

/** A sigstore bundle. With a certificate it is verified by identity, else by key. */
export interface ReadBundle {
  readonly content:
    | { readonly kind: 'envelope'; readonly envelope: unknown }
    | { readonly kind: 'message'; readonly digest: Digest | undefined };
  readonly signedWith: 'certificate' | 'key';
}

/**
 * Reads a sigstore bundle (protobuf-specs, sigstore_bundle.proto, v0.1 to v0.3) without checking
 * its signatures. Of a signed message the digest is what the bundle says it is.
 */
export function readBundle(bytes: Uint8Array, maxBytes: number): Result<ReadBundle> {
  const parsed = parseUntrustedJson(bytes, 'the bundle', maxBytes, BUNDLE);
  if (!parsed.ok) return parsed;
  const bundle = objectOf(parsed.value);
  if (!isBundleType(textOf(bundle['mediaType'], 200) ?? ''))
    return err('the media type of the bundle is not known');
  const material = objectOf(bundle['verificationMaterial']);
  const signedWith =
    isObject(material['certificate']) || isObject(material['x509CertificateChain'])
      ? 'certificate'
      : 'key';
  if (isObject(bundle['dsseEnvelope']))
    return ok({ content: { kind: 'envelope', envelope: bundle['dsseEnvelope'] }, signedWith });
  const message = bundle['messageSignature'];
  if (!isObject(message)) return err('the bundle contains neither an envelope nor a signature');
  const stated = objectOf(message['messageDigest']);
  const raw = stated['algorithm'] === 'SHA2_256' ? (base64Of(stated['digest'], 32) ?? []) : [];
  const digest = parseDigest(`sha256:${Buffer.from(raw).toString('hex')}`);
  return ok({ content: { kind: 'message', digest }, signedWith });
}
