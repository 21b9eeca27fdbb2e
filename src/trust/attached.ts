import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../lib/errors.ts';
import { isObject, type JsonObject, objectOf } from '../lib/json.ts';
import type { SignatureFact } from '../model/facts.ts';
import { type Annotations, type Descriptor, isBundleType, MEDIA_TYPE } from '../model/image.ts';
import { type Digest, parseDigest } from '../model/reference.ts';
import { type FoundAttestation, PREDICATE_TYPE, type Statement } from '../model/statement.ts';
import {
  base64Of,
  certificateIn,
  LOG_ENTRY,
  parseStatement,
  parseUntrustedJson,
  type ReadBundle,
  readBundle,
  SIMPLE_SIGNING,
  statementIn,
  subjectDigests,
  textOf,
} from './bundle.ts';
import { readPredicate, sbomType } from './identity.ts';

type AttachedForm =
  'bundle' | 'simple-signing' | 'dsse' | 'statement' | 'notation' | 'sbom' | 'document';

const SBOM =
  /^(?:application|text)\/(?:vnd\.cyclonedx|cyclonedx|spdx|vnd\.spdx)(?:\+json)?(?:;.*)?$/;
const NOTATION = new Set(['application/jose+json', 'application/cose']);
/** Types whose documents a criterion reads without a statement: security profiles and VEX. */
const DOCUMENT = /(?:seccomp|apparmor|selinux|security-?profile|openvex|vex\+json)/i;

/** Notary artifact type (notaryproject/specifications, signature-specification.md, "Storage"). */
const NOTATION_ARTIFACT = 'application/vnd.cncf.notary.signature';

/** A blob, with what its place says of it. */
export interface AttachedBlob {
  readonly blob: Descriptor;
  /** Of its manifest. Before OCI 1.1 the type of an artifact was that of its config. */
  readonly artifactType: string | undefined;
  readonly place: FoundAttestation['source'];
  /** What the blob hangs on: counts where the blob does not name a subject. */
  readonly hangsOn: Digest;
}

/**
 * The form of a blob, by its media type, else from the artifact type. Undefined for other kinds.
 * Parameters and letter case do not matter.
 */
export function attachedForm({ blob, artifactType }: AttachedBlob): AttachedForm | undefined {
  const own = blob.mediaType.toLowerCase();
  const artifact = (artifactType ?? '').toLowerCase();
  if (isBundleType(own)) return 'bundle';
  if (own === MEDIA_TYPE.simpleSigning) return 'simple-signing';
  if (own === MEDIA_TYPE.dsse) return 'dsse';
  if (NOTATION.has(own) && artifact === NOTATION_ARTIFACT) return 'notation';
  if (own === MEDIA_TYPE.inToto || artifact === MEDIA_TYPE.inToto) return 'statement';
  if (isBundleType(artifact)) return 'bundle';
  if (SBOM.test(own) || SBOM.test(artifact)) return 'sbom';
  return DOCUMENT.test(own) || DOCUMENT.test(artifact) ? 'document' : undefined;
}

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

/**
 * A signature in the form before bundles, as the sigstore bundle that says the same, which all
 * versions of cosign verify (3.1 dropped `--signature`). v0.1 where a certificate is
 * logged: it asks for the log's promise alone, which is all that the old form keeps. Nothing is
 * verified here, and nothing is added that the signer did not give.
 */
export function legacyBundle(
  content: LegacyContent,
  annotations: Annotations | undefined,
): Result<{ readonly bundle: Uint8Array } & Pick<ReadBundle, 'signedWith'>> {
  const text = (name: string): string | undefined => textOf(annotations?.[name], MAX_ANNOTATION);
  const chain = certificates(text(ANNOTATION.certificate), text(ANNOTATION.chain));
  const isKey = chain.length === 0;
  const entry = logEntry(text(ANNOTATION.rekor));
  if (!entry.ok) return entry;
  const signature = text(ANNOTATION.signature);
  if (content.kind === 'payload' && base64Of(signature, 16 * 1024) === undefined)
    return err(`the layer has no annotation ${ANNOTATION.signature} that is a signature`);
  const signed =
    content.kind === 'envelope'
      ? { dsseEnvelope: content.envelope }
      : {
          messageSignature: {
            messageDigest: {
              algorithm: 'SHA2_256',
              digest: createHash('sha256').update(content.bytes).digest('base64'),
            },
            signature,
          },
        };
  const bundle = {
    mediaType: isKey
      ? MEDIA_TYPE.sigstoreBundle
      : 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      ...(isKey
        ? { publicKey: { hint: '' } }
        : { x509CertificateChain: { certificates: chain.map((rawBytes) => ({ rawBytes })) } }),
      // A key needs no log, and an entry of a log that cannot be asked would make it fail.
      ...(isKey || entry.value === undefined ? {} : { tlogEntries: [entry.value] }),
    },
    ...signed,
  };
  const signedWith = isKey ? 'key' : 'certificate';
  return ok({ bundle: Buffer.from(JSON.stringify(bundle)), signedWith });
}

/**
 * The leaf first, then its chain without the root, which a bundle must not contain
 * (sigstore_bundle.proto, X509CertificateChain).
 */
function certificates(leaf: string | undefined, chain: string | undefined): readonly string[] {
  const found = [...(leaf?.match(PEM) ?? []).slice(0, 1), ...(chain?.match(PEM) ?? [])];
  if (leaf === undefined) return [];
  return found.slice(0, MAX_CERTIFICATES).flatMap((pem, at) => {
    const certificate = certificateIn(Buffer.from(pem));
    const isRoot = at > 0 && certificate?.subject === certificate?.issuer;
    return certificate === undefined || isRoot ? [] : [certificate.raw.toString('base64')];
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

/** How to verify it. `statement`: an envelope about a digest; `message`: a signature over bytes. */
type Proof =
  | {
      readonly kind: 'statement';
      readonly bundle: Uint8Array;
      /** As signed, which is what the verifier is asked for. */
      readonly predicateType: string;
      readonly signedWith: ReadBundle['signedWith'];
    }
  | {
      readonly kind: 'message';
      readonly bundle: Uint8Array;
      /** What is signed; undefined: the bytes of the subject itself. */
      readonly payload: Uint8Array | undefined;
      readonly signedWith: ReadBundle['signedWith'];
    }
  /** notation reads whom it is about: it has to be what the signature hangs on. */
  | { readonly kind: 'notation' }
  | { readonly kind: 'none'; readonly reason: string };

export interface ReadAttachment {
  readonly says:
    | { readonly kind: 'signature'; readonly form: SignatureFact['kind'] }
    | {
        readonly kind: 'statement';
        readonly predicateType: string;
        readonly predicate: unknown;
        readonly source: FoundAttestation['source'];
      };
  readonly subjects: readonly Digest[];
  readonly proof: Proof;
}

export const MAX_ATTACHED_BYTES = 16 * 1024 * 1024;

const UNSIGNED = 'nobody signed it';

type Reader = (bytes: Uint8Array, attached: AttachedBlob) => Result<ReadAttachment>;

const READERS: Readonly<Record<AttachedForm, Reader>> = {
  bundle: fromBundle,
  'simple-signing': fromSimpleSigning,
  dsse: fromEnvelope,
  statement: fromStatement,
  notation: fromNotation,
  sbom: fromDocument,
  document: fromDocument,
};

/** Reads an attached blob by form, trusting nothing; the error says why it is not evidence. */
export function readAttachedBlob(
  attached: AttachedBlob,
  bytes: Uint8Array,
): Result<ReadAttachment> {
  const form = attachedForm(attached);
  if (form === undefined) return err('it is not evidence');
  if (bytes.length > MAX_ATTACHED_BYTES)
    return err(`it is larger than ${MAX_ATTACHED_BYTES} bytes`);
  return READERS[form](bytes, attached);
}

function fromBundle(bytes: Uint8Array, { hangsOn, place }: AttachedBlob): Result<ReadAttachment> {
  const read = readBundle(bytes, MAX_ATTACHED_BYTES);
  if (!read.ok) return read;
  const { envelope, digest, signedWith } = read.value;
  const says = { kind: 'signature', form: 'cosign-bundle' } as const;
  if (envelope === undefined) {
    const proof = { kind: 'message', bundle: bytes, payload: undefined, signedWith } as const;
    return ok({ says, subjects: [digest ?? hangsOn], proof });
  }
  const statement = statementIn(envelope, MAX_ATTACHED_BYTES);
  if (!statement.ok) return statement;
  const { predicateType } = statement.value;
  const proof = { kind: 'statement', bundle: bytes, predicateType, signedWith } as const;
  return predicateType === PREDICATE_TYPE.cosignSign
    ? ok({ says, subjects: subjectDigests(statement.value), proof })
    : ok(stated(statement.value, place, proof));
}

function fromSimpleSigning(bytes: Uint8Array, { blob }: AttachedBlob): Result<ReadAttachment> {
  const payload = parseSimpleSigning(bytes);
  if (!payload.ok) return payload;
  const made = legacyBundle({ kind: 'payload', bytes }, blob.annotations);
  return ok({
    says: { kind: 'signature', form: 'cosign-tag' },
    subjects: [payload.value],
    proof: made.ok
      ? { kind: 'message', payload: bytes, ...made.value }
      : { kind: 'none', reason: made.error },
  });
}

function fromEnvelope(bytes: Uint8Array, { blob, place }: AttachedBlob): Result<ReadAttachment> {
  const parsed = parseUntrustedJson(bytes, 'the envelope', MAX_ATTACHED_BYTES);
  if (!parsed.ok) return parsed;
  const statement = statementIn(parsed.value, MAX_ATTACHED_BYTES);
  if (!statement.ok) return statement;
  const envelope = objectOf(parsed.value);
  const made = legacyBundle({ kind: 'envelope', envelope }, blob.annotations);
  const { predicateType } = statement.value;
  const proof: Proof = made.ok
    ? { kind: 'statement', predicateType, ...made.value }
    : { kind: 'none', reason: made.error };
  return ok(stated(statement.value, place, proof));
}

/** An unsigned statement from BuildKit; other tools put envelopes and bundles under its type. */
function fromStatement(bytes: Uint8Array, attached: AttachedBlob): Result<ReadAttachment> {
  const parsed = parseUntrustedJson(bytes, 'the attestation', MAX_ATTACHED_BYTES);
  if (!parsed.ok) return parsed;
  const document = objectOf(parsed.value);
  if ('payloadType' in document) return fromEnvelope(bytes, attached);
  if ('verificationMaterial' in document) return fromBundle(bytes, attached);
  const statement = parseStatement(bytes, MAX_ATTACHED_BYTES);
  if (!statement.ok) return statement;
  return ok(stated(statement.value, attached.place, { kind: 'none', reason: UNSIGNED }));
}

function fromNotation(_: Uint8Array, { hangsOn }: AttachedBlob): Result<ReadAttachment> {
  return ok({
    says: { kind: 'signature', form: 'notation' },
    subjects: [hangsOn],
    proof: { kind: 'notation' },
  });
}

/** An SBOM or profile attached as is (`oras attach`): unsigned, about what the blob hangs on. */
function fromDocument(bytes: Uint8Array, attached: AttachedBlob): Result<ReadAttachment> {
  const { blob, artifactType: artifact = '', place, hangsOn } = attached;
  const isSbom = attachedForm(attached) === 'sbom';
  const parsed = parseUntrustedJson(bytes, 'the document', MAX_ATTACHED_BYTES);
  // A profile may be plain text; an SBOM that is none is not read here.
  if (!parsed.ok && isSbom) return parsed;
  const predicate = parsed.ok ? parsed.value : new TextDecoder().decode(bytes);
  const type = artifact === '' || artifact === NOTATION_ARTIFACT ? blob.mediaType : artifact;
  const predicateType = isSbom ? sbomType(predicate) : type;
  if (predicateType === undefined) return err('the SBOM is neither CycloneDX nor SPDX JSON');
  return ok({
    says: { kind: 'statement', predicateType, predicate, source: place },
    subjects: [hangsOn],
    proof: { kind: 'none', reason: UNSIGNED },
  });
}

function stated(
  statement: Statement,
  source: FoundAttestation['source'],
  proof: Proof,
): ReadAttachment {
  const read = readPredicate(statement.predicateType, statement.predicate);
  const says = { kind: 'statement', ...read, source } as const;
  return { says, subjects: subjectDigests(statement), proof };
}

const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** Both are in use: cosign writes the first, skopeo and podman the second. */
const TYPES = new Set(['cosign container image signature', 'atomic container signature']);

/**
 * What the payload is about that cosign signed before bundles (sigstore/cosign,
 * specs/SIGNATURE_SPEC.md, "Payload").
 */
function parseSimpleSigning(payload: Uint8Array): Result<Digest> {
  const parsed = parseUntrustedJson(
    payload,
    'the signed payload',
    MAX_PAYLOAD_BYTES,
    SIMPLE_SIGNING,
  );
  if (!parsed.ok) return parsed;
  const critical = objectOf(objectOf(parsed.value)['critical']);
  if (!TYPES.has(textOf(critical['type'], 100) ?? ''))
    return err('the signed payload is not a signature of a container image');
  const digest = parseDigest(objectOf(critical['image'])['docker-manifest-digest']);
  return digest === undefined
    ? err('the signed payload does not name a sha256 digest')
    : ok(digest);
}
