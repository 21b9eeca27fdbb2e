import { type Digest, parseDigest } from '../model/digest.ts';
import type { SignatureFact } from '../model/facts.ts';
import { isObject, objectOf } from '../model/json-value.ts';
import type { Annotations } from '../model/oci.ts';
import { err, ok, type Result } from '../model/result.ts';
import { type FoundAttestation, PREDICATE_TYPE, type Statement } from '../model/statement.ts';
import { type AttachedForm, NOTATION_ARTIFACT } from './attached-media.ts';
import { SIMPLE_SIGNING } from './attached-shapes.ts';
import { type ReadBundle, readBundle } from './bundle-read.ts';
import { legacyBundle } from './legacy-bundle.ts';
import { notationTarget } from './notation.ts';
import { readPredicate, sbomType } from './predicate-kind.ts';
import { parseStatement, statementIn, subjectDigests } from './statement.ts';
import { parseUntrustedJson, textOf } from './untrusted-json.ts';

/** A blob that hangs on an image, with what its place says of it. */
export interface AttachedBlob {
  readonly form: AttachedForm;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Of the manifest that lists the blob. */
  readonly artifactType: string | undefined;
  readonly annotations: Annotations | undefined;
  /** Where its manifest was found. */
  readonly place: FoundAttestation['source'];
  /** What the blob hangs on: counts where the blob does not name a subject. */
  readonly hangsOn: Digest;
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
  | { readonly kind: 'notation'; readonly envelope: Uint8Array }
  | { readonly kind: 'none'; readonly reason: string };

/** What was read of one attached blob; nothing of it is verified. */
export interface ReadAttachment {
  readonly says:
    | { readonly kind: 'signature'; readonly form: SignatureFact['kind'] }
    | {
        readonly kind: 'statement';
        readonly predicateType: string;
        readonly predicate: unknown;
        readonly source: FoundAttestation['source'];
      };
  /** The digests that it is about, as it says itself. */
  readonly subjects: readonly Digest[];
  readonly proof: Proof;
}

/** Bounds of one attached document, bytes. */
export const MAX_ATTACHED_BYTES = 16 * 1024 * 1024;

const UNSIGNED = 'nobody signed it';

/** Reads an attached blob by form, trusting nothing; the error says why it is not evidence. */
export function readAttachedBlob(blob: AttachedBlob): Result<ReadAttachment> {
  if (blob.bytes.length > MAX_ATTACHED_BYTES)
    return err(`it is larger than ${MAX_ATTACHED_BYTES} bytes`);
  switch (blob.form) {
    case 'bundle':
      return fromBundle(blob);
    case 'simple-signing':
      return fromSimpleSigning(blob);
    case 'dsse':
      return fromEnvelope(blob);
    case 'statement':
      return fromStatement(blob);
    case 'notation':
      return fromNotation(blob);
    case 'sbom':
    case 'document':
      return fromDocument(blob);
  }
}

function fromBundle({ bytes, hangsOn, place }: AttachedBlob): Result<ReadAttachment> {
  const bundle = readBundle(bytes, MAX_ATTACHED_BYTES);
  if (!bundle.ok) return bundle;
  const { content, signedWith } = bundle.value;
  if (content.kind === 'message')
    return ok({
      says: { kind: 'signature', form: 'cosign-bundle' },
      subjects: [content.digest ?? hangsOn],
      proof: { kind: 'message', bundle: bytes, payload: undefined, signedWith },
    });
  const statement = statementIn(content.envelope, MAX_ATTACHED_BYTES);
  if (!statement.ok) return statement;
  const { predicateType } = statement.value;
  const proof = { kind: 'statement', bundle: bytes, predicateType, signedWith } as const;
  if (predicateType === PREDICATE_TYPE.cosignSign)
    return ok({
      says: { kind: 'signature', form: 'cosign-bundle' },
      subjects: subjectDigests(statement.value),
      proof,
    });
  return ok(stated(statement.value, place, proof));
}

function fromSimpleSigning({ bytes, annotations }: AttachedBlob): Result<ReadAttachment> {
  const payload = parseSimpleSigning(bytes);
  if (!payload.ok) return payload;
  const made = legacyBundle({ kind: 'payload', bytes }, annotations);
  return ok({
    says: { kind: 'signature', form: 'cosign-tag' },
    subjects: [payload.value],
    proof: made.ok
      ? { kind: 'message', payload: bytes, ...made.value }
      : { kind: 'none', reason: made.error },
  });
}

function fromEnvelope({ bytes, annotations, place }: AttachedBlob): Result<ReadAttachment> {
  const parsed = parseUntrustedJson(bytes, 'the envelope', MAX_ATTACHED_BYTES);
  if (!parsed.ok) return parsed;
  const statement = statementIn(parsed.value, MAX_ATTACHED_BYTES);
  if (!statement.ok) return statement;
  const made = isObject(parsed.value)
    ? legacyBundle({ kind: 'envelope', envelope: parsed.value }, annotations)
    : err('the envelope is not a JSON object');
  const { predicateType } = statement.value;
  const proof: Proof = made.ok
    ? { kind: 'statement', predicateType, ...made.value }
    : { kind: 'none', reason: made.error };
  return ok(stated(statement.value, place, proof));
}

/** An unsigned statement from BuildKit; other tools put envelopes and bundles under its type. */
function fromStatement(blob: AttachedBlob): Result<ReadAttachment> {
  const parsed = parseUntrustedJson(blob.bytes, 'the attestation', MAX_ATTACHED_BYTES);
  if (!parsed.ok) return parsed;
  if (isObject(parsed.value) && 'payloadType' in parsed.value) return fromEnvelope(blob);
  if (isObject(parsed.value) && 'verificationMaterial' in parsed.value) return fromBundle(blob);
  const statement = parseStatement(blob.bytes, MAX_ATTACHED_BYTES);
  if (!statement.ok) return statement;
  return ok(stated(statement.value, blob.place, { kind: 'none', reason: UNSIGNED }));
}

function fromNotation({ bytes, mediaType }: AttachedBlob): Result<ReadAttachment> {
  const target = notationTarget(bytes, mediaType.toLowerCase());
  if (!target.ok) return target;
  return ok({
    says: { kind: 'signature', form: 'notation' },
    subjects: [target.value],
    proof: { kind: 'notation', envelope: bytes },
  });
}

/** An SBOM or profile attached as is (`oras attach`): unsigned, about what the blob hangs on. */
function fromDocument(blob: AttachedBlob): Result<ReadAttachment> {
  const parsed = parseUntrustedJson(blob.bytes, 'the document', MAX_ATTACHED_BYTES);
  const artifact = blob.artifactType ?? '';
  const type = artifact === '' || artifact === NOTATION_ARTIFACT ? blob.mediaType : artifact;
  // A profile may be plain text; an SBOM that is none is not read here.
  if (!parsed.ok && blob.form === 'sbom') return parsed;
  const predicate = parsed.ok ? parsed.value : new TextDecoder().decode(blob.bytes);
  const predicateType = blob.form === 'sbom' ? sbomType(predicate) : type;
  if (predicateType === undefined) return err('the SBOM is neither CycloneDX nor SPDX JSON');
  const subject = parseDigest(blob.hangsOn);
  return ok({
    says: { kind: 'statement', predicateType, predicate, source: blob.place },
    subjects: subject === undefined ? [] : [subject],
    proof: { kind: 'none', reason: UNSIGNED },
  });
}

function stated(
  statement: Statement,
  source: FoundAttestation['source'],
  proof: Proof,
): ReadAttachment {
  const read = readPredicate(statement.predicateType, statement.predicate);
  return {
    says: { kind: 'statement', ...read, source },
    subjects: subjectDigests(statement),
    proof,
  };
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
