import { createHash, X509Certificate } from 'node:crypto';
import { isObject, type JsonObject, objectOf } from '../model/json-value.ts';
import type { Annotations } from '../model/oci.ts';
import { err, ok, type Result } from '../model/result.ts';
import { LOG_ENTRY } from './attached-shapes.ts';
import { base64Of, parseUntrustedJson, textOf } from './untrusted-json.ts';

/**
 * Annotations in which cosign before bundles keeps what verifies a layer (sigstore/cosign,
 * specs/SIGNATURE_SPEC.md).
 */
export const ANNOTATION = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
  rekor: 'dev.sigstore.cosign/bundle',
} as const;
const MAX_ANNOTATION = 256 * 1024;
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_CERTIFICATES = 10;

/** `payload`: the annotation signs the layer's bytes. `envelope`: the layer is a DSSE envelope. */
type LegacyContent =
  | { readonly kind: 'payload'; readonly bytes: Uint8Array }
  | { readonly kind: 'envelope'; readonly envelope: JsonObject };

interface LegacyBundle {
  readonly bundle: Uint8Array;
  readonly signedWith: 'certificate' | 'key';
}

/**
 * A signature in the form before bundles, as the sigstore bundle that says the same, which all
 * versions of cosign verify (3.1 dropped `--signature`). v0.1 where a certificate is
 * logged: it asks for the log's promise alone, which is all that the old form keeps. Nothing is
 * verified here, and nothing is added that the signer did not give.
 */
export function legacyBundle(
  content: LegacyContent,
  annotations: Annotations | undefined,
): Result<LegacyBundle> {
  const text = (name: string): string | undefined => textOf(annotations?.[name], MAX_ANNOTATION);
  const chain = certificates(text(ANNOTATION.certificate), text(ANNOTATION.chain));
  const entry = logEntry(text(ANNOTATION.rekor));
  if (!entry.ok) return entry;
  const signed = signedContent(content, text(ANNOTATION.signature));
  if (!signed.ok) return signed;
  const material =
    chain.length > 0
      ? { x509CertificateChain: { certificates: chain.map((rawBytes) => ({ rawBytes })) } }
      : { publicKey: { hint: '' } };
  // A key needs no log, and an entry of a log that cannot be asked would make it fail.
  const logged = chain.length > 0 && entry.value !== undefined ? [entry.value] : [];
  const bundle = {
    mediaType:
      chain.length > 0
        ? 'application/vnd.dev.sigstore.bundle+json;version=0.1'
        : 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { ...material, ...(logged.length > 0 ? { tlogEntries: logged } : {}) },
    ...signed.value,
  };
  return ok({
    bundle: Buffer.from(JSON.stringify(bundle)),
    signedWith: chain.length > 0 ? 'certificate' : 'key',
  });
}

function signedContent(
  content: LegacyContent,
  signature: string | undefined,
): Result<Readonly<Record<string, unknown>>> {
  if (content.kind === 'envelope') return ok({ dsseEnvelope: content.envelope });
  if (signature === undefined || base64Of(signature, 16 * 1024)?.length === undefined)
    return err(`the layer has no annotation ${ANNOTATION.signature} that is a signature`);
  const digest = createHash('sha256').update(content.bytes).digest('base64');
  return ok({ messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature } });
}

/**
 * The leaf first, then its chain without the root, which a bundle must not contain
 * (sigstore_bundle.proto, X509CertificateChain).
 */
function certificates(leaf: string | undefined, chain: string | undefined): readonly string[] {
  const found = [...(leaf?.match(PEM) ?? []).slice(0, 1), ...(chain?.match(PEM) ?? [])];
  if (leaf === undefined) return [];
  return found.slice(0, MAX_CERTIFICATES).flatMap((pem, at) => {
    try {
      const certificate = new X509Certificate(pem);
      const isRoot = at > 0 && certificate.subject === certificate.issuer;
      return isRoot ? [] : [certificate.raw.toString('base64')];
    } catch {
      return [];
    }
  });
}

/** Rekor's entry: `{SignedEntryTimestamp, Payload: {body, integratedTime, logIndex, logID}}`. */
function logEntry(annotation: string | undefined): Result<JsonObject | undefined> {
  if (annotation === undefined) return ok(undefined);
  const parsed = parseUntrustedJson(
    annotation,
    'the log entry of the signature',
    MAX_ANNOTATION,
    LOG_ENTRY,
  );
  if (!parsed.ok) return parsed;
  const { SignedEntryTimestamp: promise, Payload: payload } = objectOf(parsed.value);
  const { body, integratedTime, logIndex, logID } = objectOf(payload);
  const kind = kindVersion(body);
  if (
    typeof promise !== 'string' ||
    !Number.isSafeInteger(integratedTime) ||
    !Number.isSafeInteger(logIndex) ||
    typeof logID !== 'string' ||
    !/^[0-9a-f]{64}$/i.test(logID) ||
    kind === undefined
  )
    return err('the log entry of the signature is malformed');
  return ok({
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: kind,
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: promise },
    canonicalizedBody: body,
  });
}

function kindVersion(body: unknown): JsonObject | undefined {
  const bytes = base64Of(body, MAX_BODY_BYTES);
  if (bytes === undefined) return undefined;
  const parsed = parseUntrustedJson(bytes, 'the body', MAX_BODY_BYTES);
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  const { kind, apiVersion } = parsed.value;
  return typeof kind === 'string' && typeof apiVersion === 'string'
    ? { kind, version: apiVersion }
    : undefined;
}
